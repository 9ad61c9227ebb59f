//! The header section of a message as bytes: found, listed, rewritten; never decoded, never reordered.

use std::ops::Range;

use serde_json::{Map, Value, json};

/// One header field of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Field {
    /// Name as written.
    pub(crate) name: String,
    /// Value, unfolded and trimmed; octets that are not UTF-8 are replaced.
    pub(crate) value: String,
    /// The field's octets in the message, line ends included.
    range: Range<usize>,
}

impl Field {
    fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }
}

/// The fields of a message's header section, in order, and where the section ends.
#[derive(Clone, Debug)]
pub(crate) struct Headers {
    pub(crate) fields: Vec<Field>,
    /// Offset of the empty line that ends the section (or of the end of the message).
    end: usize,
}

impl Headers {
    /// Reads the header section of `raw`. Lines that are no field (before the empty line) are left out.
    pub(crate) fn parse(raw: &[u8]) -> Self {
        let mut fields = Vec::new();
        let mut start = 0;
        while start < raw.len() {
            let mut end = line_end(raw, start);
            if raw[start..end].iter().all(|byte| matches!(byte, b'\r' | b'\n')) {
                break;
            }
            while matches!(raw.get(end), Some(b' ' | b'\t')) {
                end = line_end(raw, end);
            }
            let line = &raw[start..end];
            if let Some(colon) = line.iter().position(|byte| *byte == b':') {
                let name = String::from_utf8_lossy(&line[..colon]).trim_end().to_owned();
                let value = unfold(&line[colon + 1..]);
                fields.push(Field { name, value, range: start..end });
            }
            start = end;
        }
        Self { fields, end: start }
    }

    /// The value of the first field named `name`.
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|field| field.is(name)).map(|field| field.value.as_str())
    }

    /// How many fields are named `name`.
    pub(crate) fn count(&self, name: &str) -> usize {
        self.fields.iter().filter(|field| field.is(name)).count()
    }

    /// The addresses of every field named `name`, each as written (with its display name).
    pub(crate) fn addresses(&self, name: &str) -> Vec<String> {
        let named = self.fields.iter().filter(|field| field.is(name));
        named.flat_map(|field| split_addresses(&field.value)).collect()
    }

    /// Writes the message again with `set` in place of the fields of the same name (at the first one's place, or at
    /// the end of the section) and without those named in `drop`. Every other octet stays as it is.
    pub(crate) fn rewrite(&self, raw: &[u8], set: &[(&str, String)], drop: &[&str]) -> Vec<u8> {
        let line_break: &[u8] = match raw.iter().position(|byte| *byte == b'\n') {
            Some(at) if at > 0 && raw[at - 1] == b'\r' => b"\r\n",
            Some(_) => b"\n",
            None => b"\r\n",
        };
        let mut out = Vec::with_capacity(raw.len() + 256);
        let mut pending: Vec<&(&str, String)> = set.iter().collect();
        let mut kept_until = 0;
        for field in &self.fields {
            let replaced = set.iter().any(|(name, _)| field.is(name));
            if !replaced && !drop.iter().any(|name| field.is(name)) {
                continue;
            }
            out.extend_from_slice(&raw[kept_until..field.range.start]);
            kept_until = field.range.end;
            if let Some(at) = pending.iter().position(|(name, _)| field.is(name)) {
                write_field(&mut out, pending.remove(at), line_break);
            }
        }
        out.extend_from_slice(&raw[kept_until..self.end]);
        if !out.is_empty() && !out.ends_with(b"\n") {
            out.extend_from_slice(line_break);
        }
        for field in pending {
            write_field(&mut out, field, line_break);
        }
        if self.end == raw.len() {
            out.extend_from_slice(line_break);
        }
        out.extend_from_slice(&raw[self.end..]);
        out
    }

    /// The fields as `mail.headers` of SES's events, and whether they were cut at SES's 10 KB.
    pub(crate) fn to_event(&self) -> (Vec<Value>, bool) {
        const LIMIT_BYTES: usize = 10 * 1024;
        let mut listed = Vec::new();
        let mut size = 0;
        for field in &self.fields {
            size += field.name.len() + field.value.len();
            if size > LIMIT_BYTES {
                return (listed, true);
            }
            listed.push(json!({"name": field.name, "value": field.value}));
        }
        (listed, false)
    }

    /// `mail.commonHeaders` of SES's events.
    pub(crate) fn common(&self) -> Map<String, Value> {
        let mut common = Map::new();
        common.insert("from".to_owned(), json!(self.addresses("From")));
        for (key, name) in [("to", "To"), ("cc", "Cc"), ("replyTo", "Reply-To")] {
            let addresses = self.addresses(name);
            if !addresses.is_empty() {
                common.insert(key.to_owned(), json!(addresses));
            }
        }
        for (key, name) in [("date", "Date"), ("messageId", "Message-ID"), ("subject", "Subject")] {
            if let Some(value) = self.value(name) {
                common.insert(key.to_owned(), json!(value));
            }
        }
        common
    }
}

fn write_field(out: &mut Vec<u8>, (name, value): &(&str, String), line_break: &[u8]) {
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b": ");
    out.extend_from_slice(value.as_bytes());
    out.extend_from_slice(line_break);
}

/// Offset just after the line that begins at `start`.
fn line_end(raw: &[u8], start: usize) -> usize {
    raw[start..].iter().position(|byte| *byte == b'\n').map_or(raw.len(), |at| start + at + 1)
}

fn unfold(value: &[u8]) -> String {
    let text: Vec<u8> = value.iter().copied().filter(|byte| !matches!(byte, b'\r' | b'\n')).collect();
    String::from_utf8_lossy(&text).trim().to_owned()
}

/// Splits an address list at its commas; those inside quotes, comments and angle brackets separate nothing.
pub(crate) fn split_addresses(list: &str) -> Vec<String> {
    let mut addresses = Vec::new();
    let mut current = String::new();
    let (mut quoted, mut escaped, mut depth) = (false, false, 0_u32);
    for character in list.chars() {
        let was_escaped = std::mem::take(&mut escaped);
        match character {
            '\\' if !was_escaped => escaped = true,
            '"' if !was_escaped => quoted = !quoted,
            '(' | '<' if !quoted => depth += 1,
            ')' | '>' if !quoted => depth = depth.saturating_sub(1),
            ',' if !quoted && depth == 0 => {
                addresses.push(std::mem::take(&mut current));
                continue;
            }
            _ => {}
        }
        current.push(character);
    }
    addresses.push(current);
    addresses.iter().map(|address| address.trim().to_owned()).filter(|address| !address.is_empty()).collect()
}

/// The bare address of `Name <local@domain>` or `local@domain`; `None` without a local part or a domain.
pub(crate) fn bare_address(written: &str) -> Option<&str> {
    let written = written.trim();
    let address = match written.strip_suffix('>') {
        Some(inner) => inner.rsplit_once('<')?.1,
        None => written,
    };
    let (local, domain) = address.trim().rsplit_once('@')?;
    let clean = |part: &str| {
        !part.is_empty() && !part.chars().any(|c| c.is_control() || c.is_whitespace() || c == '<' || c == '>')
    };
    (clean(local) && clean(domain)).then(|| address.trim())
}

/// The domain of a bare address, lower case; empty without one.
pub(crate) fn domain_of(address: &str) -> String {
    address.rsplit_once('@').map(|(_, domain)| domain.trim_end_matches('.').to_ascii_lowercase()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rewriting_replaces_in_place_adds_what_is_missing_and_touches_nothing_else() {
        let raw = b"From: a@b.test\r\nMessage-ID: <x@y>\r\nBcc: hidden@c.test,\r\n other@c.test\r\nSubject: \xff\r\n\r\nbody\r\n.\r\n";
        let headers = Headers::parse(raw);
        let out = headers.rewrite(raw, &[("Message-ID", "<new@z>".into()), ("Date", "now".into())], &["Bcc"]);
        let expected: &[u8] =
            b"From: a@b.test\r\nMessage-ID: <new@z>\r\nSubject: \xff\r\nDate: now\r\n\r\nbody\r\n.\r\n";
        assert_eq!(out, expected);
    }

    #[test]
    fn a_message_of_headers_only_gets_an_empty_line() {
        let headers = Headers::parse(b"From: a@b.test");
        assert_eq!(
            headers.rewrite(b"From: a@b.test", &[("Date", "now".into())], &[]),
            b"From: a@b.test\r\nDate: now\r\n\r\n"
        );
    }

    #[test]
    fn lines_that_are_no_field_are_kept_and_not_listed() {
        let raw = b"From x@y Mon\nTo: a@b\n\tc@d\n\nbody";
        let headers = Headers::parse(raw);
        assert_eq!(headers.fields.len(), 1);
        assert_eq!(headers.value("to"), Some("a@b\tc@d"));
        assert_eq!(headers.rewrite(raw, &[], &[]), raw);
    }

    #[test]
    fn any_octets_are_read_and_kept() {
        let alphabet = b"a: \r\n\xff";
        let mut inputs: Vec<Vec<u8>> = vec![Vec::new()];
        for _ in 0..6 {
            let longer =
                inputs.iter().flat_map(|input| alphabet.iter().map(move |octet| [input, &[*octet][..]].concat()));
            inputs = longer.collect();
            for input in &inputs {
                let headers = Headers::parse(input);
                assert!(headers.rewrite(input, &[], &[]).starts_with(input), "{input:?}");
                let added = headers.rewrite(input, &[("a", "new".to_owned())], &["a"]);
                assert_eq!(Headers::parse(&added).count("a"), 1, "{input:?} {added:?}");
            }
        }
    }

    #[test]
    fn address_lists_split_only_at_their_own_commas() {
        assert_eq!(
            split_addresses(r#""Doe, \"J\"" <j@x.test>, (a, b) k@x.test,, l@x.test"#),
            [r#""Doe, \"J\"" <j@x.test>"#, "(a, b) k@x.test", "l@x.test"]
        );
        assert_eq!(bare_address("J <j@x.test>"), Some("j@x.test"));
        assert_eq!(bare_address("j@x.test"), Some("j@x.test"));
        assert_eq!(bare_address("@x.test"), None);
        assert_eq!(bare_address("j at x"), None);
        assert_eq!(bare_address("a@b\r\nc@d"), None);
    }
}
