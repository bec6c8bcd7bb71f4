//! Whom a message is for: exchanges as in AMQP 0-9-1 (§3.1.3 and §2.1.4 of its specification, 2008).

/// How an exchange compares a message's routing key with a binding's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExchangeKind {
    /// They must be equal.
    Direct,
    /// They are not compared: every bound queue gets every message.
    FanOut,
    /// Both are words between dots; in the binding's, `*` stands for one word and `#` for zero or more.
    Topic,
}

/// An exchange and the queues that are bound to it.
#[derive(Clone, Debug)]
pub struct Exchange {
    kind: ExchangeKind,
    /// Binding keys and queues, in the order in which they were bound, each pair once.
    bindings: Vec<(String, u16)>,
}

impl Exchange {
    /// An exchange to which nothing is bound: it drops what it gets.
    pub const fn new(kind: ExchangeKind) -> Self {
        Self { kind, bindings: Vec::new() }
    }

    /// Binds `queue` by `key`; whether that is new. A queue may be bound by several keys. O(bindings).
    pub fn bind(&mut self, key: &str, queue: u16) -> bool {
        let fresh = !self.bindings.iter().any(|(k, q)| k == key && *q == queue);
        if fresh {
            self.bindings.push((key.to_owned(), queue));
        }
        fresh
    }

    /// Undoes [`Exchange::bind`]; whether there was such a binding.
    pub fn unbind(&mut self, key: &str, queue: u16) -> bool {
        let before = self.bindings.len();
        self.bindings.retain(|(k, q)| k != key || *q != queue);
        self.bindings.len() < before
    }

    /// Puts into `queues` who gets a message with this routing key, in rising order, each once however many of its bindings
    /// match. None: the message is dropped, or returned to its publisher. O(bindings × product of the keys' words); where the
    /// routing keys are few, ask once for each.
    pub fn route(&self, key: &str, queues: &mut Vec<u16>) {
        queues.clear();
        let matching = self.bindings.iter().filter(|(binding, _)| match self.kind {
            ExchangeKind::Direct => binding == key,
            ExchangeKind::FanOut => true,
            ExchangeKind::Topic => matches(binding, key),
        });
        queues.extend(matching.map(|&(_, queue)| queue));
        queues.sort_unstable();
        queues.dedup();
    }
}

/// Words of a key; an empty one has none, as in RabbitMQ.
fn words(key: &str) -> impl Iterator<Item = &str> + Clone {
    key.split('.').filter(move |_| !key.is_empty())
}

/// Whether the topic `pattern` takes `key`. When a word does not fit, only the last `#` needs to take one more word: whatever an
/// earlier one could take, the last can too. So it ends in words × words steps, whatever a stranger writes.
fn matches(pattern: &str, key: &str) -> bool {
    let (mut pattern, mut key) = (words(pattern), words(key));
    // After the last `#`, and the words that it had not taken yet.
    let mut retry = None;
    loop {
        let mut rest = pattern.clone();
        match (rest.next(), key.clone().next()) {
            (Some("#"), _) => {
                retry = Some((rest.clone(), key.clone()));
                pattern = rest;
            }
            (None, None) => return true,
            (Some(want), Some(word)) if want == "*" || want == word => {
                pattern = rest;
                key.next();
            }
            _ => {
                let Some((after, untaken)) = &mut retry else { return false };
                if untaken.next().is_none() {
                    return false;
                }
                (pattern, key) = (after.clone(), untaken.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Seed;

    fn routed(kind: ExchangeKind, bindings: &[(&str, u16)], key: &str) -> Vec<u16> {
        let mut exchange = Exchange::new(kind);
        bindings.iter().for_each(|&(key, queue)| assert!(exchange.bind(key, queue)));
        let mut queues = vec![99];
        exchange.route(key, &mut queues);
        queues
    }

    #[test]
    fn direct_compares_and_fan_out_does_not() {
        let bindings = [("a", 2), ("b", 1), ("a", 0), ("", 2)];
        assert_eq!(routed(ExchangeKind::Direct, &bindings, "a"), [0, 2]);
        assert!(routed(ExchangeKind::Direct, &bindings, "*").is_empty());
        assert_eq!(routed(ExchangeKind::FanOut, &bindings, "x"), [0, 1, 2]);
        let mut exchange = Exchange::new(ExchangeKind::FanOut);
        assert!(
            exchange.bind("", 1)
                && !exchange.bind("", 1)
                && exchange.unbind("", 1)
                && !exchange.unbind("", 1)
        );
    }

    /// The first pairs are the examples of AMQP 0-9-1, §3.1.3.3: `*.stock.#` takes usd.stock and eur.stock.db, not stock.nasdaq.
    #[test]
    fn a_topic_takes_what_the_specification_says() {
        for (pattern, key, takes) in [
            ("*.stock.#", "usd.stock", true),
            ("*.stock.#", "eur.stock.db", true),
            ("*.stock.#", "stock.nasdaq", false),
            ("#", "", true),
            ("#", "a.b.c", true),
            ("*", "", false),
            ("*", "a.b", false),
            ("", "", true),
            ("a.#.b", "a.b", true),
            ("a.#.b", "a.x.b.y.b", true),
            ("a.#.b", "a.x.b.y", false),
            ("#.*", "a", true),
            ("#.*", "", false),
            ("a.*.c", "a..c", true),
        ] {
            assert_eq!(
                routed(ExchangeKind::Topic, &[(pattern, 0)], key).len() == 1,
                takes,
                "{pattern} {key}"
            );
        }
    }

    /// The twin: the definition, word by word.
    fn twin(pattern: &[&str], key: &[&str]) -> bool {
        match (pattern.split_first(), key.split_first()) {
            (None, None) => true,
            (Some((&"#", rest)), _) => (0..=key.len()).any(|taken| twin(rest, &key[taken..])),
            (Some((&want, rest)), Some((&word, others))) => {
                (want == "*" || want == word) && twin(rest, others)
            }
            _ => false,
        }
    }

    #[test]
    fn a_topic_takes_what_its_definition_takes() {
        let mut rng = Seed(4).stream("test");
        let mut taken = 0;
        for _ in 0..50_000 {
            let mut draw = |from: &[&'static str]| {
                (0..rng.below(6)).map(|_| from[rng.below(from.len() as u64) as usize]).collect::<Vec<_>>()
            };
            let (pattern, key) = (draw(&["a", "b", "*", "#"]), draw(&["a", "b"]));
            let expected = twin(&pattern, &key);
            taken += u32::from(expected);
            assert_eq!(matches(&pattern.join("."), &key.join(".")), expected, "{pattern:?} {key:?}");
        }
        assert!(taken > 5_000);
    }

    #[test]
    fn a_hostile_pattern_ends() {
        let (pattern, key) = (["#", "a"].repeat(2_000).join("."), ["a"].repeat(1_999).join("."));
        assert!(!matches(&pattern, &key));
    }
}
