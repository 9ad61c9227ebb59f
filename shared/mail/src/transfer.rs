//! Content-Transfer-Encoding (RFC 2045, section 6), forgiving.

use std::borrow::Cow;

use crate::uuencode;

/// How the bytes of a part are wrapped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Encoding {
    #[default]
    Identity,
    Base64,
    QuotedPrintable,
    /// The one private encoding that every common reader knows: uuencode.
    Uuencode,
}

impl Encoding {
    /// From the value of the header field; what is unknown is taken as it stands.
    pub(crate) fn from_header(value: &str) -> Self {
        let token = value.trim_start().split(|c: char| c == ';' || c.is_whitespace()).next().unwrap_or_default();
        match token.trim_matches('"').to_ascii_lowercase().as_str() {
            "base64" => Self::Base64,
            "quoted-printable" => Self::QuotedPrintable,
            "x-uuencode" | "uuencode" | "x-uue" | "uue" => Self::Uuencode,
            _ => Self::Identity,
        }
    }

    /// The bytes that were meant. Damaged input gives what can be saved of it.
    pub(crate) fn decode(self, bytes: &[u8]) -> Cow<'_, [u8]> {
        match self {
            Self::Identity => Cow::Borrowed(bytes),
            Self::Base64 if is_plain_text(bytes) => Cow::Borrowed(bytes),
            Self::Base64 => Cow::Owned(decode_base64(bytes)),
            Self::QuotedPrintable => Cow::Owned(decode_quoted_printable(bytes)),
            Self::Uuencode => uuencode::find(bytes, 0).map_or(Cow::Borrowed(bytes), |file| Cow::Owned(file.content)),
        }
    }
}

/// Whether bytes said to be base64 are words as they stand: it has no blanks within its lines, but for those of a few that
/// were folded, and little that is not of its alphabet.
fn is_plain_text(bytes: &[u8]) -> bool {
    /// The start of it tells.
    const MAX_BYTES: usize = 1024;
    /// The shortest pieces that base64 is folded into.
    const MIN_PIECE: usize = 30;
    let start = bytes.trim_ascii();
    let start = start.get(..MAX_BYTES).unwrap_or(start);
    let blanks = start.windows(2).filter(|pair| matches!(pair, [b' ' | b'\t', next] if !next.is_ascii_whitespace()));
    let is_other = |b: &&u8| !is_base64(**b) && !b.is_ascii_whitespace();
    blanks.count() * MIN_PIECE > start.len() || start.iter().filter(is_other).count() * 4 > start.len()
}

const fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=')
}

/// Base64, with whatever else got in left out.
pub(crate) fn decode_base64(bytes: &[u8]) -> Vec<u8> {
    mail_parser::decoders::base64::base64_decode(bytes).unwrap_or_else(|| {
        // Something that is not base64 got in, such as a list's footer or an escaped dot.
        let cleaned: Vec<u8> = bytes.iter().copied().filter(|byte| is_base64(*byte)).collect();
        mail_parser::decoders::base64::base64_decode(&cleaned).unwrap_or_default()
    })
}

/// A line break stands for CRLF (RFC 2045, section 6.7, rule 4), whatever the lines end in on the way: the sums and
/// signatures of files are over these bytes.
fn decode_quoted_printable(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let (line, next) = crate::line::line_at(bytes, at);
        let broken = next > at + line.len();
        let line = line.trim_ascii_end();
        let (line, soft) = line.strip_suffix(b"=").map_or((line, false), |line| (line, true));
        decode_escapes(line, &mut out);
        if broken && !soft {
            out.extend_from_slice(b"\r\n");
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
        assert_eq!(&*qp.decode(b"a=3Db =\r\nc  \r\nd=E9=zz=4"), b"a=b c\r\nd\xe9=zz=4");
        for lines in [&b"a;b\r\n1;=\r\n2\r\n\r\n"[..], b"a;b\n1;=\n2\n\n"] {
            assert_eq!(&*qp.decode(lines), b"a;b\r\n1;2\r\n\r\n");
        }
        let base64 = Encoding::from_header("BASE64");
        assert_eq!(&*base64.decode(b"aGVs\r\nbG8="), b"hello");
        assert_eq!(&*base64.decode(b"aGVs!bG8"), b"hello");
        for words in ["Hello Mia,\r\nplease call.", "Grüße", "日本語", "Bonjour!\n\nÀ demain ?"] {
            assert_eq!(&*base64.decode(words.as_bytes()), words.as_bytes());
        }
        let folded = b"SGVsbG8gTWlhLCBwbGVhc2UgY2FsbCBtZSB0b21vcnJvdyBhdCB0\r\n ZW4sIGFuZCBicmluZyB0aGUgcGFwZXJzLg==";
        assert_eq!(&*base64.decode(folded), b"Hello Mia, please call me tomorrow at ten, and bring the papers.");
        assert_eq!(&*Encoding::from_header("8bit").decode(b"x=3D"), b"x=3D");
    }
}
