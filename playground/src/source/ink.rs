//! The document's text in pieces: names, texts, numbers and words, which are written in different inks.

/// What a piece of a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ink {
    /// Brackets, commas, space, and whatever has no place in a document.
    Plain,
    /// The name of a value.
    Name,
    /// A text.
    Text,
    /// A number.
    Number,
    /// `true`, `false`, `null`.
    Word,
}

/// The pieces of a text in their order: together they are the text, whatever it says.
pub fn pieces(text: &str) -> Vec<(Ink, &str)> {
    let mut pieces: Vec<(Ink, &str)> = Vec::new();
    let (mut plain, mut at) = (0, 0);
    while let Some(first) = text[at..].chars().next() {
        let Some((ink, length)) = piece(first, &text[at..]) else {
            at += first.len_utf8();
            continue;
        };
        if plain < at {
            pieces.push((Ink::Plain, &text[plain..at]));
        }
        pieces.push((ink, &text[at..at + length]));
        at += length;
        plain = at;
    }
    if plain < text.len() {
        pieces.push((Ink::Plain, &text[plain..]));
    }
    pieces
}

/// The piece with which `rest` begins, and its length in bytes; none where that is plain.
fn piece(first: char, rest: &str) -> Option<(Ink, usize)> {
    let run = |takes: fn(char) -> bool| rest.find(|c| !takes(c)).unwrap_or(rest.len());
    match first {
        '"' => {
            let length = quoted(rest);
            let is_name = rest[length..].trim_start().starts_with(':');
            Some((if is_name { Ink::Name } else { Ink::Text }, length))
        }
        '-' | '0'..='9' => Some((Ink::Number, run(|c| matches!(c, '0'..='9' | '+' | '-' | '.' | 'e' | 'E')))),
        'a'..='z' => Some((Ink::Word, run(|c| c.is_ascii_lowercase()))),
        _ => None,
    }
}

/// How long the text in quotes is with which `rest` begins. One that is not ended ends with its line.
fn quoted(rest: &str) -> usize {
    let mut is_escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            '\n' => return at,
            '"' if !is_escaped => return at + 1,
            _ => is_escaped = c == '\\' && !is_escaped,
        }
    }
    rest.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use loadpath_core::topology::three_tier;

    #[test]
    fn names_texts_numbers_and_words_are_told_apart() {
        let inks: Vec<(Ink, &str)> = pieces("{\"a\\\"\": -1.5e3, \"b\" : [\"12ms\", true]}")
            .into_iter()
            .filter(|(ink, _)| *ink != Ink::Plain)
            .collect();
        assert_eq!(
            inks,
            [
                (Ink::Name, "\"a\\\"\""),
                (Ink::Number, "-1.5e3"),
                (Ink::Name, "\"b\""),
                (Ink::Text, "\"12ms\""),
                (Ink::Word, "true"),
            ]
        );
    }

    #[test]
    fn the_pieces_are_the_text_also_where_it_is_broken_off() {
        let whole = three_tier().to_json_pretty() + "\"é\n\\\"–";
        for (end, _) in whole.char_indices() {
            let text = &whole[..end];
            assert_eq!(pieces(text).into_iter().map(|(_, piece)| piece).collect::<String>(), text);
        }
    }
}
