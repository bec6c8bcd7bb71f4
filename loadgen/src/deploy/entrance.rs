//! What a request asks for, read from its path before anything is done.
use super::cookies::Cookies;
use super::node::Ask;
use super::origin::Origin;
use hyper::Method;
use loadpath_core::id::NodeIndex;
use loadpath_core::time::{Span, Time};
use loadpath_core::topology::{NodeKind, Plan};
use loadpath_core::workload::Operation;

/// What is known of requests before they come: whose they are when they do not say so themselves.
pub(super) struct Entrance {
    /// The classes, in the plan's order.
    classes: Vec<(String, Operation)>,
    /// How long the clients wait that call this node, and how long the network takes one way; none when none do.
    clients: Option<(Span, Span)>,
}

impl Entrance {
    /// Of the node that the assignment names.
    pub(super) fn new(plan: &Plan, index: NodeIndex) -> Self {
        let mut clients: Option<(Span, Span)> = None;
        for edge in plan.edges.iter().filter(|edge| edge.to == index) {
            if let NodeKind::Clients(spec) = &plan.node(edge.from).kind {
                let (timeout, latency) = clients.unwrap_or_default();
                clients = Some((timeout.max(spec.timeout), latency.max(edge.latency)));
            }
        }
        let classes = plan.classes.iter().map(|class| (class.name.clone(), class.operation)).collect();
        Self { classes, clients }
    }

    /// Reads `/c/{class}/{key}?u={user}` and `/k/{key}`; what the caller says in a header goes before what they say.
    pub(super) fn read(&self, method: &Method, target: &str, says: Option<Origin>, now: Time) -> Option<Ask> {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let (class, key) = match *path.strip_prefix('/')?.split('/').collect::<Vec<_>>() {
            ["c", class, key] => (Some(class), key.parse().ok()?),
            ["k", key] => (None, key.parse().ok()?),
            _ => return None,
        };
        if ![Method::GET, Method::PUT, Method::DELETE].contains(method) {
            return None;
        }
        let by_method = if method == Method::GET { Operation::Read } else { Operation::Write };
        let found = self.classes.iter().position(|(name, _)| class == Some(name.as_str()));
        let operation = found.map_or(by_method, |place| self.classes[place].1);
        let origin = says.unwrap_or_else(|| {
            let user = query.strip_prefix("u=").and_then(|user| user.parse().ok()).unwrap_or(0);
            let (deadline, way) = self.clients.map_or((Time::NEVER, Span::ZERO), |(timeout, latency)| {
                (now + timeout.saturating_sub(latency), latency)
            });
            Origin { class: found.unwrap_or(0) as u16, user, deadline, way }
        });
        let (method, path, cookies) = (method.clone(), target.to_owned(), Cookies::default());
        Some(Ask { method, path, key, operation, origin, cookies })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use loadpath_core::topology::{check, three_tier};

    #[test]
    fn an_ask_is_read_from_its_path_and_strangers_are_not() {
        let plan = check(&three_tier()).unwrap();
        let entrance = Entrance::new(&plan, plan.find("lb").unwrap());
        let read = |method: &Method, path: &str| entrance.read(method, path, None, Time(7));
        let class = &plan.classes[1].name;
        let ask = read(&Method::PUT, &format!("/c/{class}/17?u=3")).unwrap();
        assert_eq!((ask.key, ask.origin.class, ask.origin.user), (17, 1, 3));
        assert_eq!(
            (ask.operation, ask.of_key(Method::GET).path.as_str()),
            (plan.classes[1].operation, "/k/17")
        );
        assert!(
            ask.origin.deadline > Time(7) && ask.origin.deadline < Time::NEVER,
            "users do not wait for ever"
        );
        assert!(read(&Method::DELETE, "/k/0").is_some());
        for path in
            ["", "/", "/k", "/k/", "/k/-1", "/k/1/2", "/c/17", "/c/a/b", "k/1", "/k/99999999999999999999999"]
        {
            assert_eq!(read(&Method::GET, path), None, "{path}");
        }
        assert_eq!(read(&Method::POST, "/k/1"), None);
        let says = Origin { class: 0, user: 9, deadline: Time(8), way: Span(1) };
        let ask = entrance.read(&Method::GET, "/c/anything/1?u=3", Some(says), Time(7)).unwrap();
        assert_eq!(ask.origin, says);
    }
}
