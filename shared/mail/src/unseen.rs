//! Characters that nobody sees, which leave no mail of ours.

use std::borrow::Cow;

/// Whether a character has no shape, or turns what stands beside it around. Joiners stay: scripts and emoji need them.
pub fn is_unseen(c: char) -> bool {
    (c.is_control() && !matches!(c, '\t' | '\n' | '\r'))
        || matches!(c,
            // Soft hyphen, zero-width space, word joiner and invisible operators, byte order mark.
            '\u{ad}' | '\u{200b}' | '\u{2060}'..='\u{2064}' | '\u{feff}' | '\u{180e}' | '\u{34f}'
            // Bidirectional embeddings, overrides and isolates.
            | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{206f}'
            // Line and paragraph separators; interlinear annotation.
            | '\u{2028}' | '\u{2029}' | '\u{fff9}'..='\u{fffb}'
            // Fillers that are letters without a shape.
            | '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}'
            // Tags and supplementary variation selectors: text for machines only.
            | '\u{e0000}'..='\u{e0fff}')
}

/// Whether a character parts neither words nor the labels of a host, whatever it looks like: what nobody sees, joiners and
/// the marks of a direction.
pub(crate) fn is_ignorable(c: char) -> bool {
    is_unseen(c) || matches!(c, '\u{200c}'..='\u{200f}')
}

/// The flags of England, Scotland and Wales: the emoji that are spelled with tags (Unicode Technical Standard 51, those that are
/// recommended for general interchange).
const FLAGS_OF_TAGS: [&str; 3] = [
    "\u{1f3f4}\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}",
    "\u{1f3f4}\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}",
    "\u{1f3f4}\u{e0067}\u{e0062}\u{e0077}\u{e006c}\u{e0073}\u{e007f}",
];

/// `text` without what [`is_unseen`] names, but for what a flag is spelled with. Says each character that is left out.
pub(crate) fn without_unseen(text: &str, mut left_out: impl FnMut(char)) -> Cow<'_, str> {
    if !text.contains(is_unseen) {
        return Cow::Borrowed(text);
    }
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let flag = FLAGS_OF_TAGS.iter().find(|flag| rest.starts_with(**flag));
        let (taken, after) = rest.split_at(flag.map_or(c.len_utf8(), |flag| flag.len()));
        if flag.is_some() || !is_unseen(c) {
            kept.push_str(taken);
        } else {
            left_out(c);
        }
        rest = after;
    }
    Cow::Owned(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_stay_in_the_three_flags_only() {
        let kept = |text: &str| without_unseen(text, |_| ()).into_owned();
        for flag in FLAGS_OF_TAGS {
            assert_eq!(kept(&format!("a {flag} b")), format!("a {flag} b"));
        }
        // A flag that is none, a flag that is not ended, and a sentence for machines behind one.
        assert_eq!(kept("\u{1f3f4}\u{e0075}\u{e0073}\u{e007f}"), "\u{1f3f4}");
        assert_eq!(kept("\u{1f3f4}\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}"), "\u{1f3f4}");
        let [england, ..] = FLAGS_OF_TAGS;
        assert_eq!(kept(&format!("{england}\u{e0070}\u{e0061}\u{e0079}")), england);
    }

    #[test]
    fn each_one_left_out_is_said() {
        let mut said = Vec::new();
        assert_eq!(without_unseen("a\u{200b}b\u{202e}", |c| said.push(c)), "ab");
        assert_eq!(said, ['\u{200b}', '\u{202e}']);
    }
}
