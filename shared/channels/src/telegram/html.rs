//! Telegram's HTML, within 4,096 UTF-16 units of what is read. See "Formatting options", core.telegram.org/bots/api.

use crate::units::{cut_utf16, utf16_len};

/// The most of a message after its entities were parsed.
pub(crate) const MESSAGE_UNITS: usize = 4_096;

/// Between characters that would otherwise become a link, a mention, a command or a hashtag. Nobody sees it.
const WORD_JOINER: char = '\u{2060}';

/// A message being written: what is read of it is counted, markup is not.
#[derive(Debug, Default)]
pub(crate) struct Html {
    text: String,
    units: usize,
}

impl Html {
    /// Room that is left, in UTF-16 code units.
    pub(crate) fn room(&self) -> usize {
        MESSAGE_UNITS.saturating_sub(self.units)
    }

    pub(crate) fn into_text(self) -> String {
        self.text
    }

    /// Words of ours, or somebody's made inert, as far as there is room.
    pub(crate) fn text(&mut self, text: &str) -> &mut Self {
        let (text, _) = cut_utf16(text, self.room());
        self.units += utf16_len(&text);
        self.text.push_str(&escaped(&text));
        self
    }

    /// The same between a pair of tags such as `b`.
    pub(crate) fn tagged(&mut self, tag: &str, text: &str) -> &mut Self {
        if text.is_empty() || self.room() == 0 {
            return self;
        }
        let name = tag.split(' ').next().unwrap_or(tag);
        self.open("<").open(tag).open(">").text(text).open("</").open(name).open(">")
    }

    /// Markup that has no text of its own.
    pub(crate) fn open(&mut self, markup: &str) -> &mut Self {
        self.text.push_str(markup);
        self
    }

    /// Another piece, whole. The caller has seen to it that there is room.
    pub(crate) fn append(&mut self, other: &Self) -> &mut Self {
        self.units += other.units;
        self.text.push_str(&other.text);
        self
    }

    /// What is read of it, in UTF-16 code units.
    pub(crate) fn units(&self) -> usize {
        self.units
    }

    /// A link to an address of ours.
    pub(crate) fn link(&mut self, label: &str, url: &str) -> &mut Self {
        let url = escaped(url).replace('"', "&quot;");
        self.open("<a href=\"").open(&url).open("\">").text(label).open("</a>")
    }
}

pub(crate) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Somebody's text so that Telegram finds nothing in it to act on: it makes links, mentions, commands, hashtags and
/// cashtags out of plain text, also in HTML. An unseen joiner behind the sign they take is not part of any.
pub(crate) fn inert(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 16);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        out.push(c);
        if takes(c) && chars.peek().is_some_and(|next| !next.is_whitespace()) {
            out.push(WORD_JOINER);
        }
    }
    out
}

/// The same of a piece that more text may follow: Telegram reads on across its own tags.
pub(crate) fn inert_piece(text: &str) -> String {
    let mut out = inert(text);
    if text.ends_with(takes) {
        out.push(WORD_JOINER);
    }
    out
}

/// Whether Telegram takes what follows this sign for part of something.
fn takes(c: char) -> bool {
    matches!(c, '@' | '/' | '#' | '$' | '.' | ':' | '。' | '．' | '｡')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_counted() {
        let mut html = Html::default();
        html.tagged("b", "a<b").text("😀");
        assert_eq!((html.room(), html.into_text().as_str()), (MESSAGE_UNITS - 5, "<b>a&lt;b</b>😀"));
    }

    #[test]
    fn nothing_acts() {
        assert_eq!(
            inert("https://a.example @eve /start #tag"),
            "https:\u{2060}/\u{2060}/\u{2060}a.\u{2060}example @\u{2060}eve /\u{2060}start #\u{2060}tag"
        );
        assert_eq!(inert("Yes. At 9: see."), "Yes. At 9: see.");
        assert_eq!(inert_piece("by @") + &inert_piece("eve"), "by @\u{2060}eve");
    }
}
