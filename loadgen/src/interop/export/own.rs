//! Parts that run a person's own program: what their environment tells them of the others.
use super::engines::is_nats;
use super::part::{Health, Image, Part, Setting, variable};
use super::parts::Maker;
use loadpath_core::export::parameter;
use loadpath_core::id::EdgeIndex;
use loadpath_core::topology::{Engine, NodeKind, QueueMode, QueueNode, Work, catalog};

impl Maker<'_> {
    /// A part that runs the person's own program.
    pub(super) fn own(&mut self, node: usize, work: &Work, serves: bool) -> Part {
        let (kind, id) = (&self.plan.nodes[node].kind, &self.plan.nodes[node].id);
        let mut part = Part::new(self.names[node][0].clone(), node, Image::Missing);
        if serves {
            part = part.serving(8080, Health::Http(8080));
            part.set("PORT", "8080");
        }
        part.instances = kind.instances();
        part.set("WORKERS", work.workers.to_string());
        if self.plan.nodes[node].host.is_none() {
            part.cores = Some(if work.cores > 0 { work.cores } else { work.workers });
        }
        if !self.images.contains_key(id) {
            let does = if serves {
                ", which answers on port $PORT, and 200 at /healthz"
            } else {
                ", which takes messages from its queue"
            };
            self.supply.insert(format!("an image for {}{does}: --image {id}=IMAGE", self.title(node)));
        }
        for (edge, to) in self.called(node) {
            self.tell_of(&mut part, edge, to);
        }
        let published = self.plan.edges.iter().enumerate().filter(|(_, edge)| edge.to.index() == node);
        let from_queues: Vec<_> = published
            .filter(|(_, edge)| matches!(self.plan.node(edge.from).kind, NodeKind::Queue(_)))
            .map(|(i, edge)| (EdgeIndex(i as u16), edge.from.index()))
            .collect();
        for (edge, queue) in from_queues {
            self.tell_of(&mut part, edge, queue);
        }
        part
    }

    /// Tells a part in its environment where another is, and what the edge between them says.
    fn tell_of(&mut self, part: &mut Part, index: EdgeIndex, other: usize) {
        let (node, edge) = (&self.plan.nodes[other], self.plan.edge(index));
        let names = &self.names[other];
        let url = |of: &dyn Fn(&String) -> String| names.iter().map(of).collect::<Vec<_>>().join(",");
        let name = variable(&node.id, "_URL");
        match &node.kind {
            NodeKind::Cache(spec) if spec.engine == Engine::Memcached => {
                part.set(&name, url(&|name| format!("memcached://{name}:11211")));
            }
            NodeKind::Cache(_) => part.set(&name, url(&|name| format!("redis://{name}:6379"))),
            NodeKind::Database(_) if self.is_relational(other) => {
                part.set(&name, url(&|name| format!("postgresql://app@{name}:5432/app")));
                part.environment.push(("PGPASSWORD".to_owned(), Setting::Secret("POSTGRES_PASSWORD")));
            }
            NodeKind::Database(_) => part.set(&name, names.join(",")),
            NodeKind::Queue(spec) => tell_of_queue(part, &node.id, &names[0], spec, &edge.binding),
            NodeKind::External(_) => {
                self.supply.insert(format!("where {} is: the variable {name}", self.title(other)));
                part.environment.push((name.clone(), Setting::Supplied(name)));
            }
            _ => part.set(&name, url(&|name| format!("http://{name}:8080"))),
        }
        if let Some(timeout) = edge.timeout {
            part.set(&variable(&node.id, "_TIMEOUT"), timeout.to_string());
        }
        for (suffix, number) in [("_RETRIES", edge.retries), ("_CONNECTIONS", edge.connections.unwrap_or(0))]
        {
            if number > 0 {
                part.set(&variable(&node.id, suffix), number.to_string());
            }
        }
        part.environment.dedup();
        part.after.extend(self.names[other].iter().cloned());
    }

    pub(super) fn is_relational(&self, node: usize) -> bool {
        let kind = catalog::kind("database").expect("the catalog has databases");
        parameter(&self.document.nodes[node], kind, "model") == "relational"
    }
}

fn tell_of_queue(part: &mut Part, id: &str, name: &str, spec: &QueueNode, binding: &str) {
    let capacity = spec.capacity;
    if is_nats(spec) {
        part.set(&variable(id, "_URL"), format!("nats://{name}:4222"));
        let discard = if spec.drop_oldest { "old" } else { "new" };
        let mut stream = serde_json::json!({ "name": variable(id, ""), "subjects": [format!("{id}.>")], "max_msgs": capacity, "discard": discard });
        if spec.mode == QueueMode::Log {
            part.set(&variable(id, "_PARTITIONS"), spec.partitions.to_string());
        } else {
            // A message is kept until whoever is to have it has acknowledged it: one, or each that is bound.
            let retention = if spec.mode == QueueMode::Direct { "workqueue" } else { "interest" };
            stream["retention"] = retention.into();
            part.set(
                &variable(id, "_CONSUMER"),
                serde_json::json!({ "max_deliver": spec.deliveries }).to_string(),
            );
        }
        if spec.mode == QueueMode::Topic {
            part.set(&variable(id, "_BINDING"), binding);
        }
        part.set(&variable(id, "_STREAM"), stream.to_string());
        return;
    }
    part.set(&variable(id, "_URL"), format!("amqp://app@{name}:5672/"));
    part.environment.push(("RABBITMQ_PASSWORD".to_owned(), Setting::Secret("RABBITMQ_PASSWORD")));
    let exchange = match spec.mode {
        QueueMode::Direct | QueueMode::Log => "direct",
        QueueMode::FanOut => "fanout",
        QueueMode::Topic => "topic",
    };
    part.set(&variable(id, "_EXCHANGE_TYPE"), exchange);
    if spec.mode == QueueMode::Topic {
        part.set(&variable(id, "_BINDING"), binding);
    }
    let overflow = if spec.drop_oldest { "drop-head" } else { "reject-publish" };
    let arguments = serde_json::json!({
        "x-queue-type": "quorum", "x-max-length": capacity, "x-overflow": overflow, "x-delivery-limit": spec.deliveries,
    });
    part.set(&variable(id, "_QUEUE_ARGUMENTS"), arguments.to_string());
}
