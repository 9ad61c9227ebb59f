//! Text as a person sees it: what would be invisible, or would reorder what is beside it, is made visible first.

use actionlayer_domain::Timestamp;
use actionlayer_mail::is_unseen;

/// What stands in for a character that nobody would see.
const VISIBLE: char = '\u{fffd}';

/// A text in many lines. Line ends become `\n`; a character that could hide or reorder text becomes `�`, so that nobody
/// approves what they could not see.
pub fn lines(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\r' => {
                chars.next_if_eq(&'\n');
                out.push('\n');
            }
            '\n' | '\t' => out.push(c),
            c if is_unseen(c) => out.push(VISIBLE),
            c => out.push(c),
        }
    }
    out
}

/// A text in one line: line breaks and tabs become blanks.
pub fn line(text: &str) -> String {
    lines(text).replace(['\n', '\t'], " ").trim().to_owned()
}

/// A time for people: `2026-04-30 14:22 UTC`.
pub fn moment(at: Timestamp) -> String {
    let text = at.to_string();
    match (text.get(..10), text.get(11..16)) {
        (Some(day), Some(time)) => format!("{day} {time} UTC"),
        _ => text,
    }
}

/// A text and whether it is only its beginning.
#[derive(Debug, PartialEq, Eq)]
pub struct Cut {
    pub text: String,
    pub more: bool,
}

/// The first `max_chars` characters.
pub fn cut(text: &str, max_chars: usize) -> Cut {
    match text.char_indices().nth(max_chars) {
        Some((end, _)) => Cut { text: format!("{}…", text[..end].trim_end()), more: true },
        None => Cut { text: text.trim_end().to_owned(), more: false },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_hides() {
        assert_eq!(lines("a\u{202e}b\u{200b}c\u{e0041}\0"), "a\u{fffd}b\u{fffd}c\u{fffd}\u{fffd}");
        assert_eq!(lines("Grüße, 你好, مرحبا 👩‍💻"), "Grüße, 你好, مرحبا 👩‍💻");
    }

    #[test]
    fn line_ends_are_one() {
        assert_eq!(lines("a\r\nb\rc\n\td"), "a\nb\nc\n\td");
        assert_eq!(line(" a\r\nb\tc "), "a b c");
    }

    #[test]
    fn a_cut_says_so() {
        assert_eq!(cut("äöü", 3), Cut { text: "äöü".to_owned(), more: false });
        assert_eq!(cut("äö üx", 3), Cut { text: "äö…".to_owned(), more: true });
    }

    #[test]
    fn a_moment_is_read_by_people() {
        assert_eq!(moment(Timestamp::from_unix_ms(1_777_559_331_005)), "2026-04-30 14:28 UTC");
    }
}
