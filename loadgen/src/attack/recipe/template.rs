//! Text with places to fill in: "/item/{key}".
use std::fmt::Write as _;

/// Text with places. `{name}` is a place when it is a word; every other brace stands for itself, so that JSON need not be
/// escaped, and `{{` is a brace too.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Template {
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    /// The value of the name at this place.
    Value(usize),
}

/// Where a template stands: it decides how values are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In a path: all but letters, digits and -._~ is percent-encoded, so that a value stays one segment.
    Path,
    /// In a header: as it is.
    Header,
    /// In a body: as it is.
    Body,
}

impl Template {
    /// Reads a text whose places have these names.
    ///
    /// # Errors
    /// A sentence, when a place has another name.
    pub fn parse(text: &str, names: &[String]) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        while let Some(at) = rest.find('{') {
            plain.push_str(&rest[..at]);
            rest = &rest[at + 1..];
            if let Some(after) = rest.strip_prefix('{') {
                plain.push('{');
                rest = after;
            } else if let Some(name) = word(rest) {
                let place =
                    names.iter().position(|known| known == name).ok_or_else(|| unknown(text, name, names))?;
                if !plain.is_empty() {
                    parts.push(Part::Text(std::mem::take(&mut plain)));
                }
                parts.push(Part::Value(place));
                rest = &rest[name.len() + 1..];
            } else {
                plain.push('{');
            }
        }
        plain.push_str(rest);
        if !plain.is_empty() {
            parts.push(Part::Text(plain));
        }
        Ok(Self { parts })
    }

    /// Whether there is anything to fill in.
    pub fn has_places(&self) -> bool {
        self.parts.iter().any(|part| matches!(part, Part::Value(_)))
    }

    /// The text with these values, in the order of the names it was read with.
    pub fn render(&self, values: &[&str], place: Place) -> String {
        let mut text = String::new();
        for part in &self.parts {
            match part {
                Part::Text(plain) => text.push_str(plain),
                // A name without a value is empty: `new` of whoever renders has seen to it that there is none.
                Part::Value(at) => {
                    let value = values.get(*at).copied().unwrap_or_default();
                    if place == Place::Path { encode(value, &mut text) } else { text.push_str(value) }
                }
            }
        }
        text
    }
}

fn encode(value: &str, into: &mut String) {
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            into.push(char::from(byte));
        } else {
            // A string takes every write.
            let _ = write!(into, "%{byte:02X}");
        }
    }
}

/// The word before the next closing brace, if it is one.
fn word(rest: &str) -> Option<&str> {
    let name = &rest[..rest.find('}')?];
    let starts = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    (starts && name.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c))).then_some(name)
}

fn unknown(text: &str, name: &str, names: &[String]) -> String {
    let known: Vec<String> = names.iter().map(|name| format!("{{{name}}}")).collect();
    format!(
        "\"{text}\": nothing is called {{{name}}}; there is {} (a brace itself is written {{{{)",
        known.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_places_json_is_not_and_a_path_keeps_its_segments() {
        let names = ["key", "sku"].map(str::to_owned);
        let render =
            |text: &str, place| Template::parse(text, &names).unwrap().render(&["7", "a/b c\r\n"], place);
        assert_eq!(render("/item/{key}?s={sku}", Place::Path), "/item/7?s=a%2Fb%20c%0D%0A");
        assert_eq!(
            render(r#"{"sku": "{sku}", "n": {key}}"#, Place::Body),
            "{\"sku\": \"a/b c\r\n\", \"n\": 7}"
        );
        assert_eq!(render("{{key}", Place::Body), "{key}");
        assert_eq!(render("{", Place::Body), "{");
        let fault = Template::parse("/x/{kex}", &names).unwrap_err();
        assert!(fault.contains("{kex}") && fault.contains("{key}, {sku}"), "{fault}");
    }
}
