//! A design as Kubernetes manifests: each part a Deployment or a StatefulSet with its Service, probes and configuration.
use super::part::{Health, Image, Part, Setting, Site};
use super::parts::{TooMany, parts};
use super::yaml::{head, yaml};
use super::{Exported, Images};
use loadpath_core::export::label;
use loadpath_core::topology::{Autoscaling, NodeKind, Plan, ScaleBy, Topology};
use serde_json::{Map, Value, json};

/// Where the secrets are that a person makes.
const SECRETS: &str = "design-secrets";
/// Where zones are told apart.
const ZONE: &str = "topology.kubernetes.io/zone";
/// The longest that an autoscaler can be made to wait, in seconds (autoscaling/v2).
const LONGEST_COOLDOWN: u64 = 3_600;

/// The design as `kubectl apply -f` reads it, in a namespace of its own.
///
/// # Errors
/// When it has too many parts for one file.
pub fn kubernetes(document: &Topology, plan: &Plan, images: &Images) -> Result<Exported, TooMany> {
    let namespace = super::super::slug(&plan.name, "design");
    let mut all = parts(document, plan, images, Site::Kubernetes { namespace: &namespace })?;
    remark(&mut all.supply, &mut all.lost, plan, &all.parts, &namespace);
    let writer = Writer { document, plan, namespace: &namespace };
    let mut manifests =
        vec![json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": namespace } })];
    for part in &all.parts {
        manifests.extend(writer.config_map(part));
        manifests.push(writer.workload(part));
        manifests.extend(writer.service(part));
        manifests.extend(writer.autoscaler(part));
        manifests.extend(writer.budget(part));
    }
    let text = head("Kubernetes manifests", &plan.name, &all.supply, &all.lost);
    let text = manifests.iter().fold(text, |text, manifest| text + "---\n" + &yaml(manifest));
    Ok(Exported { text, supply: all.supply, lost: all.lost })
}

fn remark(supply: &mut Vec<String>, lost: &mut Vec<String>, plan: &Plan, parts: &[Part], namespace: &str) {
    let settings = || parts.iter().flat_map(|part| &part.environment);
    let is_asked = |wanted: fn(&Setting) -> bool| settings().any(|(_, setting)| wanted(setting));
    if is_asked(|setting| matches!(setting, Setting::Secret(_) | Setting::Supplied(_))) {
        let line = "kubectl create secret generic";
        supply.push(format!("what is supplied as secrets and variables, in one secret: {line} {SECRETS} --namespace {namespace} --from-literal=NAME=VALUE ..."));
    }
    if !plan.zones.is_empty() {
        let zones: Vec<&str> = plan.zones.iter().map(|zone| zone.id.as_str()).collect();
        supply.push(format!("nodes labelled {ZONE} with the design's zones: {}", zones.join(", ")));
        lost.push("how far the zones are from one another: the cluster's are as far as they are".to_owned());
    }
    let scales = plan.nodes.iter().filter_map(|node| autoscaling(&node.kind));
    if scales.into_iter().any(|scaling| scaling.by == ScaleBy::Backlog) {
        supply.push("a metrics adapter that tells the backlog of each pod as \"backlog\"".to_owned());
    }
}

fn autoscaling(kind: &NodeKind) -> Option<&Autoscaling> {
    match kind {
        NodeKind::Service(spec) => spec.autoscaling.as_ref(),
        NodeKind::Workers(spec) => spec.autoscaling.as_ref(),
        _ => None,
    }
}

struct Writer<'d> {
    document: &'d Topology,
    plan: &'d Plan,
    namespace: &'d str,
}

impl Writer<'_> {
    fn metadata(&self, part: &Part, name: &str) -> Value {
        let title = label(&self.document.nodes[part.node]);
        json!({
            "name": name,
            "namespace": self.namespace,
            "labels": labels(part),
            "annotations": { "loadpath/node": self.plan.nodes[part.node].id, "loadpath/label": title },
        })
    }

    fn config_map(&self, part: &Part) -> Option<Value> {
        let data: Map<String, Value> =
            part.files.iter().map(|file| (file.name.to_owned(), json!(file.content))).collect();
        let whole = |data| json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": self.metadata(part, &part.name), "data": data });
        (!data.is_empty()).then(|| whole(data))
    }

    fn workload(&self, part: &Part) -> Value {
        let mut spec = json!({
            "selector": { "matchLabels": labels(part) },
            "template": { "metadata": { "labels": labels(part) }, "spec": self.pod(part) },
        });
        // Where an autoscaler decides, the file says nothing: applying it again would undo what was decided.
        if autoscaling(&self.plan.nodes[part.node].kind).is_none() {
            spec["replicas"] = json!(part.instances);
        }
        let kind = if part.data.is_some() { "StatefulSet" } else { "Deployment" };
        if part.data.is_some() {
            spec["serviceName"] = json!(part.name);
            spec["volumeClaimTemplates"] = json!([{
                "metadata": { "name": "data" },
                "spec": { "accessModes": ["ReadWriteOnce"], "resources": { "requests": { "storage": "10Gi" } } },
            }]);
        }
        json!({ "apiVersion": "apps/v1", "kind": kind, "metadata": self.metadata(part, &part.name), "spec": spec })
    }

    fn pod(&self, part: &Part) -> Value {
        let mut pod =
            json!({ "containers": [self.container(part)], "topologySpreadConstraints": self.spread(part) });
        if !part.files.is_empty() {
            pod["volumes"] = json!([{ "name": "files", "configMap": { "name": part.name } }]);
        }
        if let Some((_, number)) = part.user {
            pod["securityContext"] = json!({ "runAsUser": number, "runAsGroup": number, "fsGroup": number });
        }
        if let Some(zone) = self.plan.nodes[part.node].zone {
            let zone = &self.plan.zones[usize::from(zone)].id;
            let term = json!({ "matchExpressions": [{ "key": ZONE, "operator": "In", "values": [zone] }] });
            pod["affinity"] = json!({
                "nodeAffinity": { "requiredDuringSchedulingIgnoredDuringExecution": { "nodeSelectorTerms": [term] } },
            });
        }
        pod
    }

    /// Instances apart: over machines, and over zones where the design puts them in none.
    fn spread(&self, part: &Part) -> Value {
        let over = |key: &str| {
            json!({
                "maxSkew": 1, "topologyKey": key, "whenUnsatisfiable": "ScheduleAnyway",
                "labelSelector": { "matchLabels": labels(part) },
            })
        };
        let mut keys = vec!["kubernetes.io/hostname"];
        if self.plan.nodes[part.node].zone.is_none() {
            keys.push(ZONE);
        }
        keys.into_iter().map(over).collect()
    }

    fn container(&self, part: &Part) -> Value {
        let id = &self.plan.nodes[part.node].id;
        let image = match &part.image {
            Image::Of(name) => name.clone(),
            // No registry can have this name (RFC 2606 §2): it is not pulled, and says why.
            Image::Missing => format!("image-to-supply.invalid/{}:latest", id.trim_end_matches('-')),
        };
        let mut container = json!({ "name": part.name, "image": image });
        if !part.command.is_empty() {
            // An image's entry point reads what it runs as arguments, unless that is a program of its own.
            let key = if part.user.is_some() { "command" } else { "args" };
            container[key] = part.command.iter().map(|word| variables(word)).collect();
        }
        if !part.environment.is_empty() {
            container["env"] = environment(part);
        }
        if let Some(port) = part.port {
            container["ports"] = json!([{ "name": "main", "containerPort": port }]);
        }
        if let Some(health) = &part.health {
            container["readinessProbe"] = probe(health, 5, 3);
            // Later than it is taken out of service: a restart loses what it works on.
            container["livenessProbe"] = probe(health, 10, 6);
            container["startupProbe"] = probe(health, 2, 60);
        }
        let mut mounts: Vec<Value> = part
            .files
            .iter()
            .map(|file| json!({ "name": "files", "mountPath": file.path, "subPath": file.name, "readOnly": true }))
            .collect();
        mounts.extend(part.data.map(|path| json!({ "name": "data", "mountPath": path })));
        if !mounts.is_empty() {
            container["volumeMounts"] = Value::Array(mounts);
        }
        if let Some(resources) = resources(part) {
            container["resources"] = resources;
        }
        container
    }

    fn service(&self, part: &Part) -> Option<Value> {
        let port = part.port?;
        let mut spec = json!({ "selector": labels(part), "ports": [{ "name": "main", "port": port, "targetPort": "main" }] });
        if part.entry {
            spec["type"] = json!("LoadBalancer");
        } else {
            // Without an address of its own its name leads to each pod: balancers of the design pick themselves.
            spec["clusterIP"] = json!("None");
        }
        Some(
            json!({ "apiVersion": "v1", "kind": "Service", "metadata": self.metadata(part, &part.name), "spec": spec }),
        )
    }

    fn autoscaler(&self, part: &Part) -> Option<Value> {
        let scaling = autoscaling(&self.plan.nodes[part.node].kind)?;
        let cpu = |target: f64| {
            let percent = (target * 100.0).round().clamp(1.0, 100.0) as u64;
            json!({ "type": "Resource", "resource": { "name": "cpu", "target": { "type": "Utilization", "averageUtilization": percent } } })
        };
        let metric = match scaling.by {
            ScaleBy::Target | ScaleBy::Step => cpu(scaling.target),
            ScaleBy::Backlog => {
                let value = (scaling.target * 1_000.0).round().max(1.0) as u64;
                json!({ "type": "Pods", "pods": { "metric": { "name": "backlog" }, "target": { "type": "AverageValue", "averageValue": format!("{value}m") } } })
            }
        };
        let wait = scaling.cooldown.0.div_ceil(1_000_000_000).min(LONGEST_COOLDOWN);
        let mut behavior = json!({ "scaleDown": { "stabilizationWindowSeconds": wait } });
        if scaling.by == ScaleBy::Step {
            let one = json!([{ "type": "Pods", "value": 1, "periodSeconds": 60 }]);
            behavior["scaleDown"]["policies"] = one.clone();
            behavior["scaleUp"] = json!({ "policies": one });
        }
        Some(json!({
            "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": self.metadata(part, &part.name),
            "spec": {
                "scaleTargetRef": { "apiVersion": "apps/v1", "kind": "Deployment", "name": part.name },
                "minReplicas": scaling.min, "maxReplicas": scaling.max, "metrics": [metric], "behavior": behavior,
            },
        }))
    }

    /// Whoever empties machines takes one instance at a time.
    fn budget(&self, part: &Part) -> Option<Value> {
        let most = self.plan.nodes[part.node].kind.most_instances();
        let several =
            part.instances > 1 || autoscaling(&self.plan.nodes[part.node].kind).is_some() && most > 1;
        several.then(|| {
            json!({
                "apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": self.metadata(part, &part.name),
                "spec": { "maxUnavailable": 1, "selector": { "matchLabels": labels(part) } },
            })
        })
    }
}

fn labels(part: &Part) -> Value {
    json!({ "app.kubernetes.io/name": part.name })
}

/// A text as Kubernetes reads it after filling in variables.
fn variables(text: &str) -> String {
    text.replace("$(", "$$(")
}

fn environment(part: &Part) -> Value {
    // Of a name that is set twice the last counts, as in docker-compose.
    let all: std::collections::BTreeMap<&String, &Setting> =
        part.environment.iter().map(|(name, setting)| (name, setting)).collect();
    let secret = |key: &str| json!({ "secretKeyRef": { "name": SECRETS, "key": key } });
    let one = |(name, setting): (&String, &Setting)| match setting {
        Setting::Text(text) => json!({ "name": name, "value": variables(text) }),
        Setting::Secret(key) => json!({ "name": name, "valueFrom": secret(key) }),
        Setting::Supplied(key) => json!({ "name": name, "valueFrom": secret(key) }),
    };
    all.into_iter().map(one).collect()
}

fn probe(health: &Health, period: u32, failures: u32) -> Value {
    let mut probe = match health {
        Health::Http(port) => json!({ "httpGet": { "path": "/healthz", "port": port } }),
        Health::Runs(command) => json!({ "exec": { "command": command } }),
    };
    probe["periodSeconds"] = json!(period);
    probe["failureThreshold"] = json!(failures);
    probe["timeoutSeconds"] = json!(3);
    probe
}

fn resources(part: &Part) -> Option<Value> {
    let mut limits = Map::new();
    limits.extend(part.cores.map(|cores| ("cpu".to_owned(), json!(cores.to_string()))));
    limits.extend(part.memory_mib.map(|mib| ("memory".to_owned(), json!(format!("{mib}Mi")))));
    (!limits.is_empty()).then(|| json!({ "requests": limits.clone(), "limits": limits }))
}
