//! Character references.

use std::borrow::Cow;

use mail_parser::decoders::{charsets::map::charset_decoder, html::add_html_token};

/// The longest name a reference has (`&CounterClockwiseContourIntegral;`).
const MAX_BYTES: usize = 34;

/// `text` with its character references resolved.
pub(super) fn decode(text: &str) -> Cow<'_, str> {
    if memchr::memchr(b'&', text.as_bytes()).is_none() {
        return Cow::Borrowed(text);
    }
    let mut decoded = String::with_capacity(text.len());
    decode_into(text, &mut decoded);
    Cow::Owned(decoded)
}

fn decode_into(text: &str, out: &mut String) {
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let length = rest
            .bytes()
            .take(MAX_BYTES)
            .skip(1)
            .position(|b| !(b.is_ascii_alphanumeric() || b == b'#'))
            .filter(|length| *length > 0 && rest.as_bytes().get(length + 1) == Some(&b';'));
        let Some(length) = length else {
            out.push('&');
            rest = &rest[1..];
            continue;
        };
        let (reference, after) = rest.split_at(length + 2);
        match c1_control(reference) {
            Some(c) => out.push_str(&c),
            None => add_html_token(out, reference.as_bytes(), false),
        }
        rest = after;
    }
    out.push_str(rest);
}

/// `&#128;` to `&#159;` mean Windows-1252 (WHATWG HTML, "numeric character reference end state").
fn c1_control(reference: &str) -> Option<String> {
    let digits = reference.strip_prefix("&#")?.strip_suffix(';')?;
    let code = match digits.strip_prefix(['x', 'X']) {
        Some(hex) => u8::from_str_radix(hex, 16).ok()?,
        None => digits.parse::<u8>().ok()?,
    };
    let decode = charset_decoder(b"windows-1252").filter(|_| (0x80..=0x9f).contains(&code))?;
    Some(decode(&[code]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_in_every_form() {
        assert_eq!(decode("a &amp; b &lt;&#99;&#x64;&euro; &#146;"), "a & b <cd€ \u{2019}");
        assert_eq!(decode("AT&T &nosuch; &; &#xZZ; &"), "AT&T &nosuch; &; &#xZZ; &");
        assert_eq!(decode("&é;"), "&é;");
    }
}
