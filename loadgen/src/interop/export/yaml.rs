//! Writes YAML: the data by a serializer, before it a head of comments.
use serde::Serialize;

/// The data as YAML. Texts that any version of YAML could read as something else are quoted.
pub(super) fn yaml(data: &impl Serialize) -> String {
    serde_saphyr::to_string(data).expect("the data are maps with texts as keys, lists and scalars")
}

/// Lines of comment, each of the first line's text alone: no character in it ends a comment.
pub(super) fn comment(head: &mut String, text: &str) {
    let plain: String = text
        .chars()
        .take(400)
        .map(|c| if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}') { ' ' } else { c })
        .collect();
    head.push_str("# ");
    head.push_str(plain.trim_end());
    head.push('\n');
}

/// The head of a file: what it is, what a person must supply, what is lost.
pub(super) fn head(what: &str, name: &str, supply: &[String], lost: &[String]) -> String {
    let mut head = String::new();
    comment(
        &mut head,
        &format!("{what} of the design \"{name}\", written by loadgen {}.", env!("CARGO_PKG_VERSION")),
    );
    for (title, lines) in
        [("You must supply:", supply), ("What the design says and this file does not:", lost)]
    {
        if !lines.is_empty() {
            comment(&mut head, title);
            lines.iter().for_each(|line| comment(&mut head, &format!("- {line}")));
        }
    }
    head
}
