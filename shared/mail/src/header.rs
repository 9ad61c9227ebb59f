//! Splits a header block into fields, within bounds, and decodes what may stand in them.

use std::ops::Range;

use encoding_rs::Encoding;

use crate::{
    charset::{decode_as, guess, is_plain_ascii},
    encoded_word,
    limits::HeaderLimits,
    line::line_at,
    parameters::Parameters,
};

/// The fields of a block, in the order they stand: names in lower case, values unfolded, as text, not yet decoded.
#[derive(Debug, Clone, Default)]
pub(crate) struct Fields {
    /// All names and values, one behind the other.
    text: String,
    places: Vec<Place>,
    /// The [`mark`] of each name: most names that are asked for stand nowhere.
    marks: u64,
}

/// Where the name and the value of a field stand.
#[derive(Debug, Clone)]
struct Place {
    name: Range<usize>,
    value: Range<usize>,
}

impl Fields {
    /// The first field of that name: the one a person's mail client shows when there are several.
    pub(crate) fn first(&self, name: &str) -> Option<&str> {
        let first = self.possible(name).iter().find(|place| self.is_named(place, name))?;
        self.text.get(first.value.clone())
    }

    /// All fields of that name.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let places = self.possible(name).iter().filter(|place| self.is_named(place, name));
        places.filter_map(|place| self.text.get(place.value.clone()))
    }

    /// Those that may have that name.
    fn possible(&self, name: &str) -> &[Place] {
        if self.marks & mark(name) == 0 { &[] } else { &self.places }
    }

    fn is_named(&self, place: &Place, name: &str) -> bool {
        place.name.len() == name.len() && self.text.get(place.name.clone()) == Some(name)
    }

    /// Whether there is any field at all.
    pub(crate) fn is_empty(&self) -> bool {
        self.places.is_empty()
    }
}

/// One bit, by the length and the first letter of a name.
fn mark(name: &str) -> u64 {
    let first = name.bytes().next().map(usize::from).unwrap_or_default();
    1 << ((name.len() + 3 * first) % 64)
}

/// What reading a block gave.
#[derive(Debug)]
pub(crate) struct Block {
    pub(crate) fields: Fields,
    /// Where the body starts, from the start of the input.
    pub(crate) body: usize,
    /// Whether something was left out because of a limit.
    pub(crate) limited: bool,
    /// Whether the empty line that ends the block is missing.
    pub(crate) unterminated: bool,
}

/// Reads the header block at the start of `bytes`. `is_boundary` tells lines (without their line break) that end a part
/// and so its headers.
pub(crate) fn read_block(bytes: &[u8], limits: HeaderLimits, is_boundary: impl Fn(&[u8]) -> bool) -> Block {
    let mut fields = RawFields::with_room(bytes.len());
    let mut limited = false;
    let mut kept_bytes = 0;
    let mut encoded_words = 0;
    let mut at = 0;
    let mut body = None;
    // The line above was a field behind blanks, as are all of a mail that was indented.
    let mut is_indented = false;
    while at < bytes.len() {
        let (line, next) = line_at(bytes, at);
        if line.is_empty() {
            body = Some(next);
            break;
        }
        if is_boundary(line) {
            break;
        }
        if kept_bytes >= limits.block_bytes || fields.places.len() > limits.fields {
            // Nothing more is kept: only where the block ends matters. A line of nonsense may end it, too, as above.
            limited = true;
            let is_field = matches!(line.first(), Some(b' ' | b'\t')) || memchr::memchr(b':', line).is_some();
            if !is_field {
                break;
            }
            at = next;
            continue;
        }
        let is_fold = matches!(line.first(), Some(b' ' | b'\t'));
        // The first field of a mail may have lost its place: nothing stands before it that it could belong to, or what the
        // host that received it wrote there.
        let is_lost =
            is_fold && fields.last_name().is_none_or(|above| (is_indented || is_trace(above)) && is_common_field(line));
        is_indented = is_lost || (is_indented && is_fold);
        let field = if is_lost { line.trim_ascii_start() } else { line };
        let text = if is_fold && !is_lost {
            Some(line).filter(|_| !fields.places.is_empty())
        } else if let Some((name, value)) = split_field(field) {
            fields.begin(name);
            Some(value)
        } else if is_lost || is_mbox_separator(line) || split_field(line_at(bytes, next).0).is_some() {
            // Not a field, but fields go on after it.
            None
        } else {
            break;
        };
        if let Some(text) = text {
            let in_field = fields.last_length();
            if in_field >= limits.field_bytes {
                limited = true;
                at = next;
                continue;
            }
            let room = limits.field_bytes.saturating_sub(in_field).min(limits.block_bytes.saturating_sub(kept_bytes));
            let text = if text.len() > room {
                limited = true;
                text.get(..room).unwrap_or_default()
            } else {
                text
            };
            let begins_word = |at: &usize| text.get(..*at).is_some_and(|before| before.ends_with(b"="));
            encoded_words += memchr::memchr_iter(b'?', text).filter(begins_word).count();
            if encoded_words > limits.encoded_words {
                limited = true;
            } else {
                fields.go_on(text);
                kept_bytes += text.len();
            }
        }
        at = next;
    }
    fields.places.truncate(limits.fields);
    Block { fields: fields.decoded(), body: body.unwrap_or(at), limited, unterminated: body.is_none() }
}

/// Fields whose charset is not known yet.
struct RawFields {
    bytes: Vec<u8>,
    places: Vec<Place>,
}

impl RawFields {
    /// None yet, of a block in so many bytes.
    fn with_room(bytes: usize) -> Self {
        /// What the block of a usual mail takes.
        const USUAL_BYTES: usize = 1024;
        const USUAL_FIELDS: usize = 16;
        Self { bytes: Vec::with_capacity(bytes.min(USUAL_BYTES)), places: Vec::with_capacity(USUAL_FIELDS) }
    }

    /// Begins a field that has no value yet.
    fn begin(&mut self, name: &[u8]) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(name);
        let end = self.bytes.len();
        self.bytes.get_mut(start..).unwrap_or_default().make_ascii_lowercase();
        self.places.push(Place { name: start..end, value: end..end });
    }

    /// Adds to the value of the last field.
    fn go_on(&mut self, text: &[u8]) {
        self.bytes.extend_from_slice(text);
        if let Some(last) = self.places.last_mut() {
            last.value.end = self.bytes.len();
        }
    }

    fn last_name(&self) -> Option<&[u8]> {
        self.places.last().and_then(|place| self.bytes.get(place.name.clone()))
    }

    /// The length of the last value.
    fn last_length(&self) -> usize {
        self.places.last().map_or(0, |place| place.value.len())
    }

    /// The fields as text.
    fn decoded(self) -> Fields {
        let (text, mut places) = if is_plain_ascii(&self.bytes) {
            // Most blocks are text as they stand.
            (String::from_utf8(self.bytes).unwrap_or_default(), self.places)
        } else {
            self.decoded_one_by_one()
        };
        let mut marks = 0;
        for place in &mut places {
            marks |= mark(text.get(place.name.clone()).unwrap_or_default());
            let value = text.get(place.value.clone()).unwrap_or_default();
            let without_end = value.trim_end();
            place.value.end = place.value.start + without_end.len();
            place.value.start = place.value.end - without_end.trim_start().len();
        }
        Fields { text, places, marks }
    }

    /// One program wrote them all: those that are not UTF-8 are read in one charset, and that of the content, when it is
    /// said, is the likeliest.
    fn decoded_one_by_one(&self) -> (String, Vec<Place>) {
        let of = |range: &Range<usize>| self.bytes.get(range.clone()).unwrap_or_default();
        let of_content = || {
            let place = self.places.iter().find(|place| of(&place.name) == b"content-type")?;
            let content_type = String::from_utf8_lossy(of(&place.value));
            let content_type = Parameters::parse(&content_type);
            Encoding::for_label(content_type.parameter("charset")?.as_bytes())
        };
        let charset = guess(self.places.iter().map(|place| of(&place.value)), of_content);
        let mut text = String::with_capacity(self.bytes.len());
        let mut add = |piece: &str| {
            let start = text.len();
            text.push_str(piece);
            start..text.len()
        };
        let place = |place: &Place| Place {
            name: add(&String::from_utf8_lossy(of(&place.name))),
            value: add(&decode_as(of(&place.value), || charset)),
        };
        let places = self.places.iter().map(place).collect();
        (text, places)
    }
}

/// Whether the host that receives a mail writes a field of this name above it.
fn is_trace(name: &[u8]) -> bool {
    matches!(name, b"received" | b"return-path" | b"delivered-to" | b"received-spf" | b"authentication-results")
        || name.starts_with(b"x-ses-")
}

/// Whether a line that begins with a blank is a field that mails begin with. A signature that lists their names puts no blank
/// behind the colon.
fn is_common_field(line: &[u8]) -> bool {
    #[rustfmt::skip]
    const NAMES: [&str; 13] = [
        "from", "to", "cc", "subject", "date", "message-id", "reply-to", "sender", "mime-version", "content-type", "in-reply-to", "references",
        "received",
    ];
    let line = line.trim_ascii_start();
    let name = memchr::memchr(b':', line).and_then(|colon| line.split_at_checked(colon));
    name.is_some_and(|(name, rest)| {
        rest.starts_with(b": ") && NAMES.iter().any(|known| name.eq_ignore_ascii_case(known.as_bytes()))
    })
}

/// The name and the value of a line that begins a field.
pub(crate) fn split_field(line: &[u8]) -> Option<(&[u8], &[u8])> {
    const MAX_NAME_BYTES: usize = 100;
    let colon = memchr::memchr(b':', line.get(..line.len().min(MAX_NAME_BYTES + 20))?)?;
    let name = line.get(..colon)?.trim_ascii_end();
    let valid = (1..=MAX_NAME_BYTES).contains(&name.len()) && name.iter().all(u8::is_ascii_graphic);
    let value = line.get(colon + 1..)?;
    valid.then(|| (name, value.trim_ascii_start()))
}

/// `text` without the blanks at its ends, in its own place.
fn trimmed(mut text: String) -> String {
    text.truncate(text.trim_end().len());
    text.drain(..text.len() - text.trim_start().len());
    text
}

fn is_mbox_separator(line: &[u8]) -> bool {
    line.starts_with(b"From ") || line.starts_with(b">From ")
}

/// Decodes the encoded words (RFC 2047) of unstructured text. What decodes to a control character becomes a space, so
/// that no value can hold a line break.
pub(crate) fn decode_words(value: &str) -> String {
    let decoded = encoded_word::decode(value);
    let decoded = decoded.trim();
    if is_plain(decoded) {
        return decoded.to_owned();
    }
    let mut clean = String::with_capacity(decoded.len());
    for c in decoded.chars() {
        let c = if c.is_control() { ' ' } else { c };
        if c != ' ' || !clean.ends_with(' ') {
            clean.push(c);
        }
    }
    trimmed(clean)
}

/// Whether there is nothing in it to clean: printable ASCII without two blanks in a row.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' '..=b'~')) && !text.contains("  ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::TOP_HEADERS;

    fn read(text: &str) -> Block {
        read_block(text.as_bytes(), TOP_HEADERS, |_| false)
    }

    #[test]
    fn folds_garbage_and_missing_separators() {
        let block = read("From a@b Mon\r\nSubject : a\r\n b\r\nnonsense\r\nTo: c@d\r\n\r\nbody");
        assert_eq!(block.fields.first("subject"), Some("a b"));
        assert_eq!(block.fields.first("to"), Some("c@d"));
        assert!(!block.unterminated && block.body > 0);

        for first in [" From: a@b\n", "\tFrom: a@b\r\n", "  From: a@b\n x\n", " \nFrom: a@b\n", " words\nFrom: a@b\n"] {
            let block = read(&format!("{first}To: c@d\n\nbody"));
            assert!(block.fields.first("from").is_some_and(|from| from.starts_with("a@b")), "{first:?}");
            assert_eq!(block.fields.first("to"), Some("c@d"));
        }

        for above in [
            "Received: by mx.example;\r\n Thu, 7 May 2026\r\n",
            "Return-Path: <a@b>\r\n",
            "X-SES-Receipt: AEFBQU\r\n",
            "Received-SPF: pass client-ip=192.0.2.1;\r\n",
            "Authentication-Results: amazonses.com;\r\n spf=pass;\r\n dkim=pass header.i=@b;\r\n",
        ] {
            let block = read(&format!("{above}\tFrom: a@b\r\nTo: c@d\r\n\r\nbody"));
            assert_eq!((block.fields.first("from"), block.fields.first("to")), (Some("a@b"), Some("c@d")), "{above:?}");
        }
        let block = read("  Subject: x\n  From: a@b\n   (Ada)\n  To: c@d\nCc: e@f\n\nbody");
        let first = |name| block.fields.first(name).map(|value| value.split_whitespace().collect::<Vec<_>>().join(" "));
        assert_eq!(
            ["subject", "from", "to", "cc"].map(first),
            ["x", "a@b (Ada)", "c@d", "e@f"].map(|s| Some(s.to_owned()))
        );
        for folded in ["Subject: see\n From: Berlin\n", "X-SES-DKIM-Signature: h=\n From:To:Subject;\n"] {
            assert_eq!(read(&format!("{folded}To: c@d\n\nbody")).fields.first("from"), None, "{folded:?}");
        }

        let block = read("Subject: x\nHello there,\nthis is text");
        assert!(block.unterminated);
        assert_eq!(block.body, "Subject: x\n".len());
    }

    #[test]
    fn limits_cut_and_say_so() {
        let block = read(&format!("Subject: {}\r\nTo: a@b\r\n\r\n", "x".repeat(100_000)));
        assert!(block.limited);
        assert_eq!(block.fields.first("to"), Some("a@b"));
        let block = read(&format!("{}\r\nbody", "A: b\r\n".repeat(5_000)));
        assert!(block.limited);
        assert_eq!(block.body, 5_000 * 6 + 2);
    }

    #[test]
    fn words_decode_without_line_breaks() {
        assert_eq!(decode_words("=?utf-8?B?R3LDvMOfZQ==?= =?utf-8?Q?=20an_dich?= x"), "Grüße an dich x");
        assert_eq!(decode_words("=?utf-8?Q?a=0D=0ABcc:_x@y.z?="), "a Bcc: x@y.z");
        assert_eq!(decode_words("=?bad"), "=?bad");
        assert_eq!(decode_words("\0 nu\0l\0"), "nu l");
    }
}
