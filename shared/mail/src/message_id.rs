//! Message-IDs (RFC 5322, section 3.6.4): read from any header value, and the checked form that may be written.

use crate::{encoded_word, header::decode_words, limits::MAX_MESSAGE_ID_BYTES};

/// The ids in a field value, in order, without angle brackets. Folded ids are joined; text around them, unclosed
/// brackets and over-long ids are tolerated. Without any bracket, words with an `@` count. Addresses of people within the
/// text (`Message from Ada <ada@example.com> of "Mon, 27 Apr" <id@example.com>`, as nmh and exmh write it) are no ids.
pub(crate) fn parse_list(value: &str) -> Vec<String> {
    // Some clients put the whole list into encoded words.
    let decoded = encoded_word::has_mark(value).then(|| decode_words(value));
    let value = decoded.as_deref().unwrap_or(value);
    // Most fields hold one id and nothing else.
    let only = value.strip_prefix('<').and_then(|rest| rest.strip_suffix('>'));
    if let Some(id) = only.filter(|id| is_plain(id)) {
        return clean(id).into_iter().collect();
    }
    let mut ids = Vec::new();
    if value.contains('<') {
        let mut pieces = value.split('<');
        let mut before = pieces.next().unwrap_or_default();
        let mut pieces = pieces.peekable();
        let mut is_only = true;
        while let Some(piece) = pieces.next() {
            // An unclosed bracket swallows what follows only up to the first blank; a closed one was folded there.
            let closed = piece.split_once('>');
            let (id, after) =
                closed.or_else(|| piece.trim_start().split_once(char::is_whitespace)).unwrap_or((piece, ""));
            is_only &= pieces.peek().is_none();
            // Without an `@`, only brackets make an id: what was cut, or a sentence, would join strangers.
            let is_id = id.contains('@') || (closed.is_some() && !id.trim().contains(char::is_whitespace));
            if is_id && !is_of_person(before, after, is_only) {
                ids.extend(clean(id));
            }
            before = after;
        }
    } else {
        let words = value.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';'));
        ids.extend(words.filter(|word| word.contains('@')).filter_map(clean));
    }
    ids
}

/// Whether the bracket between these texts holds the address of the author of what is answered: `from Ada <…>`, or
/// `Ada <…>'s message of …`. `is_only`: there is no other bracket, so it may well be the id.
fn is_of_person(before: &str, after: &str, is_only: bool) -> bool {
    let starts_date = |word: &str| ["of", "on", "at", "dated"].iter().any(|start| word.eq_ignore_ascii_case(start));
    if ["'s ", "’s "].iter().any(|of_whom| after.starts_with(of_whom)) {
        return true;
    }
    if is_only && !after.split_whitespace().next().is_some_and(starts_date) {
        return false;
    }
    // What stands between quotes is a name or a date.
    let words = before.split('"').step_by(2).flat_map(str::split_whitespace);
    words.fold(false, |from, word| !starts_date(word) && (from || word.eq_ignore_ascii_case("from")))
}

/// The id in a field that holds one, such as `Message-ID` or `Content-ID`; a bare word without an `@` is one, too.
pub(crate) fn parse_one(value: &str) -> Option<String> {
    let id = parse_list(value).into_iter().next();
    id.or_else(|| Some(value).filter(|v| !v.contains(char::is_whitespace)).and_then(clean))
}

/// Whether there is nothing in an id to leave out.
fn is_plain(id: &str) -> bool {
    id.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'<' | b'>'))
}

fn clean(id: &str) -> Option<String> {
    let is_other = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>');
    let id = if is_plain(id) { id.to_owned() } else { id.replace(is_other, "") };
    (!id.is_empty() && id.len() <= MAX_MESSAGE_ID_BYTES).then_some(id)
}

/// A Message-ID that may be written into a header: printable ASCII without blanks or angle brackets, at most
/// [`MAX_MESSAGE_ID_BYTES`]. It need not be of the form `left@right`: an answer cites what its author wrote (RFC 5322,
/// section 3.6.4), for that is the only name the mail has.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct MessageIdText(String);

/// The text is not a Message-ID that can be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a Message-ID such as 0197f3a0@example.com: printable ASCII, at most 900 bytes")]
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
        let valid = (1..=MAX_MESSAGE_ID_BYTES).contains(&id.len())
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
            ("< cut@of here", &["cut@of"]),
            ("<a@b> <2026.", &["a@b"]),
            ("<a@b> <2026. 4711", &["a@b"]),
            ("<2026", &[]),
            ("<20260505.4711> <a@b>", &["20260505.4711", "a@b"]),
            ("<your message of Monday>", &[]),
            ("a@b, c@d", &["a@b", "c@d"]),
            ("Message from \"Mia\" <mia@b> of \"Mon, 27 Apr\" <a@b>", &["a@b"]),
            ("Message from \"Bank of X\" <mia@b> of \"Mon, 27 Apr\"", &[]),
            ("Message of Mon, 27 Apr 2026 from Mia <mia@b> <a@b> <c@d>", &["a@b", "c@d"]),
            ("Message of Mon, 27 Apr 2026 from Mia <a@b>", &["a@b"]),
            ("Message from mia@b of \"Mon, 27 Apr\" <a@b>", &["a@b"]),
            ("Mia <mia@b>'s message of Monday <a@b>", &["a@b"]),
            ("<a@b> (Mia's message of Monday)", &["a@b"]),
            ("<a@b> from \"Mia\" at Apr 27", &["a@b"]),
            ("=?utf-8?Q?=3Ca@b=3E?= =?utf-8?Q?=3Cc@d=3E?=", &["a@b", "c@d"]),
            ("", &[]),
            ("<>", &[]),
            ("nonsense", &[]),
        ] {
            assert_eq!(parse_list(value), expected, "{value:?}");
        }
    }

    #[test]
    fn addresses_of_the_mail_are_no_ids() {
        let mail = crate::parse(
            b"From: Ada <ada@x>\nTo: mia@x\nCc: Bob <bob@y>\nReply-To: desk@y\nIn-Reply-To: Ada <a@x> <MIA@x> \
              <desk@y>\nReferences: <ada@x> <r@x> <bob@Y>\n\nhello",
        );
        assert_eq!((mail.in_reply_to, mail.references), (vec!["a@x".to_owned()], vec!["r@x".to_owned()]));
    }

    #[test]
    fn only_safe_ids_can_be_written() {
        assert_eq!("<a@b>".parse::<MessageIdText>().expect("valid").as_str(), "a@b");
        let long = format!("{}@b", "a".repeat(MAX_MESSAGE_ID_BYTES));
        assert_eq!("<20260505101112.4711>".parse::<MessageIdText>().expect("valid").as_str(), "20260505101112.4711");
        for bad in ["", "<>", "a b@c", "a@b\r\nBcc: x@y", "a@b>\n", "<a@b", "é@b", "a@b\0", long.as_str()] {
            assert_eq!(bad.parse::<MessageIdText>(), Err(InvalidMessageId), "{bad:?}");
        }
    }
}
