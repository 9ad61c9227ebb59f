//! Content-Transfer-Encoding (RFC 2045, section 6), forgiving.

use std::borrow::Cow;

/// How the bytes of a part are wrapped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Encoding {
    #[default]
    Identity,
    Base64,
    QuotedPrintable,
}

impl Encoding {
    /// From the value of the header field; what is unknown is taken as it stands.
    pub(crate) fn from_header(value: &str) -> Self {
        let token = value.trim_start().split(|c: char| c == ';' || c.is_whitespace()).next().unwrap_or_default();
        match token.trim_matches('"').to_ascii_lowercase().as_str() {
            "base64" => Self::Base64,
            "quoted-printable" => Self::QuotedPrintable,
            _ => Self::Identity,
        }
    }

    /// The bytes that were meant. Damaged input gives what can be saved of it.
    pub(crate) fn decode(self, bytes: &[u8]) -> Cow<'_, [u8]> {
        match self {
            Self::Identity => Cow::Borrowed(bytes),
            Self::Base64 => Cow::Owned(decode_base64(bytes)),
            Self::QuotedPrintable => Cow::Owned(decode_quoted_printable(bytes)),
        }
    }
}

/// Base64, with whatever else got in left out.
pub(crate) fn decode_base64(bytes: &[u8]) -> Vec<u8> {
    mail_parser::decoders::base64::base64_decode(bytes).unwrap_or_else(|| {
        // Something that is not base64 got in, such as a list's footer or an escaped dot.
        let alphabet = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=');
        let cleaned: Vec<u8> = bytes.iter().copied().filter(alphabet).collect();
        mail_parser::decoders::base64::base64_decode(&cleaned).unwrap_or_default()
    })
}

fn decode_quoted_printable(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let (line, next) = crate::header::line_at(bytes, at);
        let broken = next > at + line.len();
        let line = line.trim_ascii_end();
        let (line, soft) = line.strip_suffix(b"=").map_or((line, false), |line| (line, true));
        decode_escapes(line, &mut out);
        if broken && !soft {
            out.push(b'\n');
        }
        at = next;
    }
    out
}

/// The `=XX` of quoted-printable and of `Q` words; a bare `=` is what it is.
pub(crate) fn decode_escapes(mut line: &[u8], out: &mut Vec<u8>) {
    while let Some(mark) = memchr::memchr(b'=', line) {
        out.extend_from_slice(&line[..mark]);
        line = &line[mark..];
        let hex = |b: &u8| char::from(*b).to_digit(16);
        match line {
            [_, high, low, rest @ ..] if hex(high).is_some() && hex(low).is_some() => {
                let byte = hex(high).unwrap_or_default() * 16 + hex(low).unwrap_or_default();
                out.push(u8::try_from(byte).unwrap_or_default());
                line = rest;
            }
            [mark, rest @ ..] => {
                out.push(*mark);
                line = rest;
            }
            [] => {}
        }
    }
    out.extend_from_slice(line);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn good_and_damaged_input() {
        let qp = Encoding::from_header(" Quoted-Printable ");
        assert_eq!(&*qp.decode(b"a=3Db =\r\nc  \r\nd=E9=zz=4"), b"a=b c\nd\xe9=zz=4");
        let base64 = Encoding::from_header("BASE64");
        assert_eq!(&*base64.decode(b"aGVs\r\nbG8="), b"hello");
        assert_eq!(&*base64.decode(b"aGVs!bG8"), b"hello");
        assert_eq!(&*Encoding::from_header("8bit").decode(b"x=3D"), b"x=3D");
    }
}
