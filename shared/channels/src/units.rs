//! Lengths as Slack and Telegram count them, in UTF-16 code units, and cuts that never split what a person sees as one
//! character.

use unicode_normalization::char::is_combining_mark;

/// The length of a text in UTF-16 code units.
pub(crate) fn utf16_len(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

/// What fits into `max_units` UTF-16 code units, and what is left. A character stays with the marks, joiners and modifiers
/// that follow it, unless it alone is longer than that.
pub(crate) fn split_utf16(text: &str, max_units: usize) -> (&str, &str) {
    let mut units = 0;
    let mut whole = 0;
    let mut fitting = 0;
    let mut previous = None;
    for (at, c) in text.char_indices() {
        if !extends(previous, c) {
            whole = at;
        }
        if units + c.len_utf16() > max_units {
            // A cluster that is longer than the room is cut inside: its beginning is better than nothing.
            return text.split_at(if whole == 0 { fitting } else { whole });
        }
        units += c.len_utf16();
        fitting = at + c.len_utf8();
        previous = Some(c);
    }
    (text, "")
}

/// The first `max_units` UTF-16 code units of a text, with an ellipsis where something is left out.
pub(crate) fn cut_utf16(text: &str, max_units: usize) -> (String, bool) {
    if utf16_len(text) <= max_units {
        return (text.to_owned(), false);
    }
    let (kept, _) = split_utf16(text, max_units.saturating_sub(1));
    (format!("{}…", kept.trim_end()), max_units > 0)
}

/// Pieces of at most `max_units` UTF-16 code units, cut at the end of a line where there is one in the second half.
pub(crate) fn pieces_utf16(text: &str, max_units: usize) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while utf16_len(rest) > max_units {
        let (mut piece, _) = split_utf16(rest, max_units);
        if let Some(end) = piece.rfind('\n').filter(|end| *end >= piece.len() / 2) {
            piece = &piece[..end];
        }
        if piece.is_empty() {
            break;
        }
        pieces.push(piece);
        rest = &rest[piece.len()..];
        rest = rest.strip_prefix('\n').unwrap_or(rest);
    }
    if !rest.is_empty() {
        pieces.push(rest);
    }
    pieces
}

/// Whether `c` belongs to the character before it.
fn extends(previous: Option<char>, c: char) -> bool {
    const JOINER: char = '\u{200d}';
    let Some(previous) = previous else { return false };
    previous == JOINER
        || c == JOINER
        || is_combining_mark(c)
        // Variation selectors, skin tones, the second half of a flag.
        || matches!(c, '\u{fe00}'..='\u{fe0f}' | '\u{1f3fb}'..='\u{1f3ff}' | '\u{20e3}')
        || (is_regional_indicator(previous) && is_regional_indicator(c))
}

fn is_regional_indicator(c: char) -> bool {
    matches!(c, '\u{1f1e6}'..='\u{1f1ff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn emoji_count_twice_and_stay_whole() {
        assert_eq!(utf16_len("a👩‍💻"), 1 + 2 + 1 + 2);
        assert_eq!(split_utf16("a👩‍💻b", 4), ("a", "👩‍💻b"));
        assert_eq!(split_utf16("ae\u{301}b", 2), ("a", "e\u{301}b"));
        assert_eq!(split_utf16("👩‍💻", 3), ("👩\u{200d}", "💻"));
        assert_eq!(split_utf16("ab", 2), ("ab", ""));
        assert_eq!(split_utf16("😀", 1), ("", "😀"));
    }

    #[test]
    fn a_cut_fits_and_says_so() {
        assert_eq!(cut_utf16("abc", 3), ("abc".to_owned(), false));
        assert_eq!(cut_utf16("abcd", 3), ("ab…".to_owned(), true));
        assert_eq!(cut_utf16("a😀b", 3), ("a…".to_owned(), true));
    }

    #[test]
    fn pieces_are_the_text_again() {
        assert_eq!(pieces_utf16("one two\nthree four", 12), ["one two", "three four"]);
        assert_eq!(pieces_utf16("abcdef", 4), ["abcd", "ef"]);
        assert_eq!(pieces_utf16("", 4), Vec::<&str>::new());
        let long = "wörd 👩‍💻 ".repeat(500);
        let pieces = pieces_utf16(&long, 100);
        assert!(pieces.iter().all(|piece| utf16_len(piece) <= 100));
        assert_eq!(pieces.concat(), long);
    }
}
