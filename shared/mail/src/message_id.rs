//! Message-IDs (RFC 5322, section 3.6.4): read from any header value, and the checked form that may be written.

use crate::{header::decode_words, limits::MAX_MESSAGE_ID_BYTES};

/// The ids in a field value, in order, without angle brackets. Folded ids are joined; text around them, unclosed
/// brackets and over-long ids are tolerated. Without any bracket, words with an `@` count.
pub(crate) fn parse_list(value: &str) -> Vec<String> {
    // Some clients put the whole list into encoded words.
    let decoded = (value.contains('?') && value.contains("=?")).then(|| decode_words(value));
    let value = decoded.as_deref().unwrap_or(value);
    let mut ids = Vec::new();
    if value.contains('<') {
        for piece in value.split('<').skip(1) {
            let id = piece.split('>').next().unwrap_or_default();
            // An unclosed bracket swallows what follows only up to the first blank; a closed one was folded there.
            let id = if piece.contains('>') { id } else { id.split_whitespace().next().unwrap_or_default() };
            ids.extend(clean(id));
        }
    } else {
        let words = value.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';'));
        ids.extend(words.filter(|word| word.contains('@')).filter_map(clean));
    }
    ids
}

/// The id in a field that holds one, such as `Message-ID` or `Content-ID`; a bare word without an `@` is one, too.
pub(crate) fn parse_one(value: &str) -> Option<String> {
    let id = parse_list(value).into_iter().next();
    id.or_else(|| Some(value).filter(|v| !v.contains(char::is_whitespace)).and_then(clean))
}

fn clean(id: &str) -> Option<String> {
    let is_other = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>');
    let id = if id.contains(is_other) { id.replace(is_other, "") } else { id.to_owned() };
    (!id.is_empty() && id.len() <= MAX_MESSAGE_ID_BYTES).then_some(id)
}

/// A Message-ID that may be written into a header: printable ASCII, an `@`, no blanks or angle brackets, at most
/// [`MAX_MESSAGE_ID_BYTES`].
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct MessageIdText(String);

/// The text is not a Message-ID that can be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a Message-ID such as 0197f3a0@example.com: printable ASCII with an @, at most 900 bytes")]
pub struct InvalidMessageId;

impl MessageIdText {
    /// The id without angle brackets.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::str::FromStr for MessageIdText {
    type Err = InvalidMessageId;

    /// Takes an id with or without its angle brackets.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let id = text.strip_prefix('<').and_then(|t| t.strip_suffix('>')).unwrap_or(text);
        let valid = (3..=MAX_MESSAGE_ID_BYTES).contains(&id.len())
            && id.contains('@')
            && id.bytes().all(|b| b.is_ascii_graphic() && b != b'<' && b != b'>');
        valid.then(|| Self(id.to_owned())).ok_or(InvalidMessageId)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_in_every_state() {
        for (value, expected) in [
            ("<a@b>", &["a@b"][..]),
            ("<a@b> <c@d>\t<e@f>", &["a@b", "c@d", "e@f"]),
            ("<a@b><c@d>", &["a@b", "c@d"]),
            ("<lon g@fol ded>", &["long@folded"]),
            ("Your message of \"Mon\" <a@b> (comment)", &["a@b"]),
            ("<a@b> <cut@of", &["a@b", "cut@of"]),
            ("a@b, c@d", &["a@b", "c@d"]),
            ("=?utf-8?Q?=3Ca@b=3E?= =?utf-8?Q?=3Cc@d=3E?=", &["a@b", "c@d"]),
            ("", &[]),
            ("<>", &[]),
            ("nonsense", &[]),
        ] {
            assert_eq!(parse_list(value), expected, "{value:?}");
        }
    }

    #[test]
    fn only_safe_ids_can_be_written() {
        assert_eq!("<a@b>".parse::<MessageIdText>().expect("valid").as_str(), "a@b");
        let long = format!("{}@b", "a".repeat(MAX_MESSAGE_ID_BYTES));
        for bad in ["", "@", "ab", "a b@c", "a@b\r\nBcc: x@y", "a@b>\n", "<a@b", "é@b", "a@b\0", long.as_str()] {
            assert_eq!(bad.parse::<MessageIdText>(), Err(InvalidMessageId), "{bad:?}");
        }
    }
}
