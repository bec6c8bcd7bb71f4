//! What a user's browser keeps of where his sessions are, by node; it goes along with every request of his.
use hyper::header::{HeaderName, HeaderValue};

/// In which header a request brings what its user has, and an answer brings what he is to keep.
pub(super) const COOKIES: HeaderName = HeaderName::from_static("loadpath-cookies");

/// Instances by node: of a stateful service the one that has the session, of a balancer the target that the user stays with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Cookies(Vec<(String, u16)>);

impl Cookies {
    /// Reads `web=1,lb=0`; what is not that is nothing.
    pub(super) fn read(value: Option<&HeaderValue>) -> Self {
        let text = value.and_then(|value| value.to_str().ok()).unwrap_or_default();
        let pair = |pair: &str| {
            let (node, instance) = pair.split_once('=')?;
            Some((node.to_owned(), instance.parse().ok()?))
        };
        Self(text.split(',').filter_map(pair).collect())
    }

    /// As the header's value; none when there is nothing to say.
    pub(super) fn header(&self) -> Option<HeaderValue> {
        let pairs: Vec<String> = self.0.iter().map(|(node, place)| format!("{node}={place}")).collect();
        if pairs.is_empty() { None } else { HeaderValue::try_from(pairs.join(",")).ok() }
    }

    /// What is kept of a node.
    pub(super) fn get(&self, node: &str) -> Option<u16> {
        self.0.iter().find(|(of, _)| of == node).map(|&(_, place)| place)
    }

    /// Keeps this of a node, instead of what was kept of it before.
    pub(super) fn set(&mut self, node: &str, place: u16) {
        match self.0.iter_mut().find(|(of, _)| of == node) {
            Some(kept) => kept.1 = place,
            None => self.0.push((node.to_owned(), place)),
        }
    }

    /// Keeps what others brings.
    pub(super) fn merge(&mut self, others: &Self) {
        others.0.iter().for_each(|(node, place)| self.set(node, *place));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_are_read_as_they_are_written_and_the_last_one_counts() {
        let mut cookies = Cookies::default();
        assert_eq!(cookies.header(), None);
        cookies.set("web", 1);
        cookies.set("lb", 0);
        let mut later = Cookies::default();
        later.set("web", 3);
        cookies.merge(&later);
        let read = Cookies::read(cookies.header().as_ref());
        assert_eq!((read.get("web"), read.get("lb"), read.get("db")), (Some(3), Some(0), None));
        assert_eq!(Cookies::read(Some(&HeaderValue::from_static("web=x,=,1"))), Cookies(vec![]));
    }
}
