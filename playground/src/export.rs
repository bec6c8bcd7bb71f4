//! Designs for the world outside: as a document, a drawing, a diagram's text, a frame in another page.
mod svg;

pub use loadpath_core::export::mermaid;
pub use svg::{Drawing, Ink, drawing};

/// In which form a design leaves the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// The document.
    Json,
    /// A drawing.
    Svg {
        /// In dark colours.
        dark: bool,
    },
    /// A picture.
    Png {
        /// In dark colours.
        dark: bool,
    },
    /// A Mermaid flowchart.
    Mermaid,
    /// A frame for another page, into the clipboard.
    Embed,
}

/// A file name made of a design's name: small letters, digits and hyphens.
pub fn file_name(name: &str, ending: &str) -> String {
    let words: Vec<String> = name
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_ascii_lowercase)
        .collect();
    let name = if words.is_empty() { "design".to_owned() } else { words.join("-") };
    format!("{}.{ending}", &name[..name.len().min(60)])
}

/// The HTML that shows a design inside another page. The page's address is without query and fragment.
pub fn embed(address: &str, fragment: &str, name: &str) -> String {
    let title = if name.is_empty() { "A design" } else { name };
    format!(
        "<iframe src=\"{}?embed=1#{}\" title=\"{} – Loadpath\" width=\"800\" height=\"500\" loading=\"lazy\" \
         style=\"border:1px solid #ccc\"></iframe>",
        escaped(address),
        escaped(fragment),
        escaped(title)
    )
}

/// A text as XML and HTML write it, in an element or an attribute. What XML cannot say at all is left out.
pub fn escaped(text: &str) -> String {
    let mut written = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => written.push_str("&amp;"),
            '<' => written.push_str("&lt;"),
            '>' => written.push_str("&gt;"),
            '"' => written.push_str("&quot;"),
            '\'' => written.push_str("&#39;"),
            '\t' | '\n' | '\r' => written.push(' '),
            // XML 1.0, §2.2: control characters and these two are no characters.
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => {}
            c => written.push(c),
        }
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_name_is_letters_digits_and_hyphens_whatever_the_design_is_called() {
        assert_eq!(file_name("Three tiers, v2", "svg"), "three-tiers-v2.svg");
        assert_eq!(file_name("../../etc/passwd", "png"), "etc-passwd.png");
        assert_eq!(file_name("äöü", "mmd"), "design.mmd");
        assert_eq!(file_name(&"x".repeat(500), "svg").len(), 64);
    }

    #[test]
    fn a_name_cannot_leave_the_frames_attributes() {
        let code = embed("http://127.0.0.1/", "d1.abc", "\"><script>alert(1)</script>");
        assert!(!code.contains("<script") && code.matches('"').count() == 12, "{code}");
        assert!(code.contains("src=\"http://127.0.0.1/?embed=1#d1.abc\""));
    }

    #[test]
    fn what_xml_cannot_say_is_left_out() {
        assert_eq!(escaped("a\0b\u{1b}c\u{ffff}d\ne'&"), "abcd e&#39;&amp;");
    }
}
