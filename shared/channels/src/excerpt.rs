//! A diff as a person reads it on a phone: what changed, with a few words around it.

use crate::word_diff::Change;

/// How much of an unchanged text stands before and after a change, in characters.
const AROUND_CHARS: usize = 40;

/// A piece of a diff as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    Kept(String),
    Removed(String),
    Added(String),
}

/// The changes with what stands next to them; `…` where something is left out. Empty when nothing changed.
pub(crate) fn excerpt(changes: &[Change<'_>]) -> Vec<Piece> {
    let mut pieces = Vec::new();
    for (at, change) in changes.iter().enumerate() {
        match change {
            Change::Removed(text) => pieces.push(Piece::Removed((*text).to_owned())),
            Change::Added(text) => pieces.push(Piece::Added((*text).to_owned())),
            Change::Kept(text) => {
                let after = at > 0;
                let before = at + 1 < changes.len();
                if after || before {
                    pieces.push(Piece::Kept(around(text, after, before)));
                }
            }
        }
    }
    pieces
}

/// The beginning of a text, if a change stands before it, and its end, if one follows.
fn around(text: &str, after_change: bool, before_change: bool) -> String {
    let chars: Vec<char> = text.chars().collect();
    let (head, tail) = (if after_change { AROUND_CHARS } else { 0 }, if before_change { AROUND_CHARS } else { 0 });
    if chars.len() <= head + tail + 2 {
        return text.to_owned();
    }
    let head: String = chars[..head].iter().collect();
    let tail: String = chars[chars.len() - tail..].iter().collect();
    format!("{head}…{tail}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::word_diff::word_diff;

    #[test]
    fn only_what_is_near_a_change_is_shown() {
        let long = "word ".repeat(100);
        let pieces = excerpt(&word_diff(&format!("{long}nine{long}"), &format!("{long}ten{long}")));
        assert_eq!(pieces.len(), 4);
        assert!(matches!(&pieces[0], Piece::Kept(text) if text.starts_with('…') && text.chars().count() == 41));
        assert!(excerpt(&word_diff("same", "same")).is_empty());
    }
}
