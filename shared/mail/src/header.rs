//! Splits a header block into fields, within bounds, and decodes what may stand in them.

use encoding_rs::Encoding;

use crate::{
    charset::{decode_owned, guess},
    encoded_word,
    limits::HeaderLimits,
    line::line_at,
    parameters::Parameters,
};

/// One field: its name in lower case, its value unfolded, as text, not yet decoded.
#[derive(Debug, Clone)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) value: String,
}

/// The fields of a block, in the order they stand.
#[derive(Debug, Clone, Default)]
pub(crate) struct Fields(Vec<Field>);

impl Fields {
    /// The first field of that name: the one a person's mail client shows when there are several.
    pub(crate) fn first(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|field| field.name == name).map(|field| field.value.as_str())
    }

    /// All fields of that name.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |field| field.name == name).map(|field| field.value.as_str())
    }

    /// Whether there is any field at all.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
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
    let mut raw_fields: Vec<(String, Vec<u8>)> = Vec::new();
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
        if kept_bytes >= limits.block_bytes || raw_fields.len() > limits.fields {
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
        let is_lost = is_fold
            && raw_fields.last().is_none_or(|(above, _)| (is_indented || is_trace(above)) && is_common_field(line));
        is_indented = is_lost || (is_indented && is_fold);
        let field = if is_lost { line.trim_ascii_start() } else { line };
        let text = if is_fold && !is_lost {
            raw_fields.last_mut().map(|(_, value)| (value, line))
        } else if let Some((name, value)) = split_field(field) {
            raw_fields.push((name, Vec::new()));
            raw_fields.last_mut().map(|(_, kept)| (kept, value))
        } else if is_lost || is_mbox_separator(line) || split_field(line_at(bytes, next).0).is_some() {
            // Not a field, but fields go on after it.
            None
        } else {
            break;
        };
        if let Some((kept, text)) = text {
            if kept.len() >= limits.field_bytes {
                limited = true;
                at = next;
                continue;
            }
            let room = limits.field_bytes.saturating_sub(kept.len()).min(limits.block_bytes.saturating_sub(kept_bytes));
            let text = if text.len() > room {
                limited = true;
                text.get(..room).unwrap_or_default()
            } else {
                text
            };
            if memchr::memchr(b'?', text).is_some() {
                encoded_words += memchr::memmem::find_iter(text, b"=?").count();
            }
            if encoded_words > limits.encoded_words {
                limited = true;
            } else {
                kept.extend_from_slice(text);
                kept_bytes += text.len();
            }
        }
        at = next;
    }
    raw_fields.truncate(limits.fields);
    Block { fields: decoded(raw_fields), body: body.unwrap_or(at), limited, unterminated: body.is_none() }
}

/// The fields as text. One program wrote them all: those that are not UTF-8 are read in one charset, and that of the
/// content, when it is said, is the likeliest.
fn decoded(raw_fields: Vec<(String, Vec<u8>)>) -> Fields {
    let of_content = || {
        let (_, value) = raw_fields.iter().find(|(name, _)| name == "content-type")?;
        let content_type = Parameters::parse(&String::from_utf8_lossy(value));
        Encoding::for_label(content_type.parameter("charset")?.as_bytes())
    };
    let charset = guess(raw_fields.iter().map(|(_, value)| value.as_slice()), of_content);
    let field = |(name, value)| Field { name, value: trimmed(decode_owned(value, charset)) };
    Fields(raw_fields.into_iter().map(field).collect())
}

/// Whether the host that receives a mail writes a field of this name above it.
fn is_trace(name: &str) -> bool {
    matches!(name, "received" | "return-path" | "delivered-to" | "received-spf" | "authentication-results")
        || name.starts_with("x-ses-")
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

/// The name, in lower case, and the value of a line that begins a field.
pub(crate) fn split_field(line: &[u8]) -> Option<(String, &[u8])> {
    const MAX_NAME_BYTES: usize = 100;
    let colon = memchr::memchr(b':', line.get(..line.len().min(MAX_NAME_BYTES + 20))?)?;
    let name = line.get(..colon)?.trim_ascii_end();
    let valid = (1..=MAX_NAME_BYTES).contains(&name.len()) && name.iter().all(u8::is_ascii_graphic);
    let value = line.get(colon + 1..)?;
    valid.then(|| (String::from_utf8_lossy(name).to_ascii_lowercase(), value.trim_ascii_start()))
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
    let mut before = 0;
    text.bytes().all(|byte| {
        let plain = matches!(byte, b' '..=b'~') && !(byte == b' ' && before == b' ');
        before = byte;
        plain
    })
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
