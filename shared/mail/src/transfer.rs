//! Content-Transfer-Encoding (RFC 2045, section 6), forgiving.

use std::borrow::Cow;

use crate::{line::line_at, uuencode};

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
        let token = token.trim_matches('"');
        let is = |name: &str| token.eq_ignore_ascii_case(name);
        if is("base64") {
            Self::Base64
        } else if is("quoted-printable") {
            Self::QuotedPrintable
        } else if ["x-uuencode", "uuencode", "x-uue", "uue", "x-uu"].into_iter().any(is) {
            Self::Uuencode
        } else {
            Self::Identity
        }
    }

    /// The bytes that were meant. Damaged input gives what can be saved of it.
    pub(crate) fn decode(self, bytes: &[u8]) -> Cow<'_, [u8]> {
        match self {
            Self::Identity => Cow::Borrowed(bytes),
            Self::Base64 if is_plain_text(bytes) => base64_above_words(bytes).map_or(Cow::Borrowed(bytes), Cow::Owned),
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
    if is_short_word(start) {
        return true;
    }
    let start = start.get(..MAX_BYTES).unwrap_or(start);
    let is_within_line = |at: &usize| start.get(at + 1).is_some_and(|next| !next.is_ascii_whitespace());
    let blanks = memchr::memchr2_iter(b' ', b'\t', start).filter(is_within_line);
    // In pieces whose count fits into a byte, so that many bytes are looked at in one step.
    let count_others = |piece: &[u8]| -> u8 {
        piece.iter().map(|byte| u8::from(!is_base64(*byte) && !byte.is_ascii_whitespace())).sum()
    };
    let others: usize = start.chunks(u8::MAX.into()).map(|piece| usize::from(count_others(piece))).sum();
    blanks.count() * MIN_PIECE > start.len() || others * 4 >= start.len()
}

/// Whether bytes are a word such as `Yes`: letters alone, that would be no text if they were base64.
fn is_short_word(bytes: &[u8]) -> bool {
    /// The longest word.
    const MAX_BYTES: usize = 20;
    (1..=MAX_BYTES).contains(&bytes.len())
        && bytes.iter().all(u8::is_ascii_alphabetic)
        && std::str::from_utf8(&decode_base64(bytes)).is_err()
}

/// What stands in base64, with the words that a list put below it as they are, from an empty line or a rule on. In a file
/// they are none.
fn base64_above_words(bytes: &[u8]) -> Option<Vec<u8>> {
    /// So many characters without a blank are no word.
    const MIN_BYTES: usize = 40;
    let mut at = 0;
    let mut characters = 0;
    let mut is_padded = false;
    while at < bytes.len() {
        let (line, next) = line_at(bytes, at);
        let line = line.trim_ascii_end();
        if line.is_empty() || line.iter().any(|byte| !is_base64(*byte)) {
            break;
        }
        characters += line.len();
        is_padded = line.ends_with(b"=");
        at = next;
    }
    let (above, words) = bytes.split_at_checked(at)?;
    let is_apart = words.starts_with(b"__") || words.starts_with(b"--") || line_at(words, 0).0.trim_ascii().is_empty();
    if !(is_apart && characters % 4 == 0 && (is_padded || characters >= MIN_BYTES)) {
        return None;
    }
    let mut content = mail_parser::decoders::base64::base64_decode(above)?;
    if !content.contains(&0) {
        content.push(b'\n');
        content.extend_from_slice(words);
    }
    Some(content)
}

const fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=')
}

/// Base64, with whatever else got in left out.
pub(crate) fn decode_base64(bytes: &[u8]) -> Vec<u8> {
    mail_parser::decoders::base64::base64_decode(bytes).unwrap_or_else(|| {
        // Something that is not base64 got in, such as a list's footer or an escaped dot.
        if let Some(content) = base64_above_words(bytes) {
            return content;
        }
        let cleaned: Vec<u8> = bytes.iter().copied().filter(|byte| is_base64(*byte)).collect();
        mail_parser::decoders::base64::base64_decode(&cleaned).unwrap_or_default()
    })
}

/// A line break stands for CRLF (RFC 2045, section 6.7, rule 4), whatever the lines end in on the way: the sums and
/// signatures of files are over these bytes.
fn decode_quoted_printable(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    loop {
        // Often one follows another at once, where looking far ahead costs more than it finds.
        let at = match rest {
            [b'=' | b'\n', ..] => 0,
            _ => match memchr::memchr2(b'=', b'\n', rest) {
                Some(at) => at,
                None => break,
            },
        };
        let (plain, special) = rest.split_at(at);
        rest = match special {
            // Blanks at the end of a line were added on the way.
            [b'\n', after @ ..] => {
                out.extend_from_slice(plain.trim_ascii_end());
                out.extend_from_slice(b"\r\n");
                after
            }
            [_, high, low, after @ ..] if let Some(byte) = from_hex(*high, *low) => {
                out.extend_from_slice(plain);
                out.push(byte);
                after
            }
            [mark, after @ ..] => {
                out.extend_from_slice(plain);
                let blanks = after.iter().take_while(|byte| **byte != b'\n' && byte.is_ascii_whitespace()).count();
                match after.get(blanks..) {
                    // A soft break.
                    Some([b'\n', after @ ..]) => after,
                    Some([]) => &[],
                    _ => {
                        out.push(*mark);
                        after
                    }
                }
            }
            [] => &[],
        };
    }
    out.extend_from_slice(rest.trim_ascii_end());
    out
}

/// The byte of two hexadecimal digits.
fn from_hex(high: u8, low: u8) -> Option<u8> {
    let digit = |digit: u8| match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    };
    Some(digit(high)? << 4 | digit(low)?)
}

/// The `=XX` of quoted-printable and of `Q` words; a bare `=` is what it is.
pub(crate) fn decode_escapes(mut line: &[u8], out: &mut Vec<u8>) {
    while let Some(mark) = memchr::memchr(b'=', line) {
        out.extend_from_slice(&line[..mark]);
        line = &line[mark..];
        match line {
            [_, high, low, rest @ ..] if let Some(byte) = from_hex(*high, *low) => {
                out.push(byte);
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
        for (lines, meant) in [
            (&b"two=20\none  \nend =\t\r\n."[..], &b"two \r\none\r\nend ."[..]),
            (b"==\n=", b"="),
            (b"a=0D=0Ab=", b"a\r\nb"),
            (b"= x=4\n1 \t", b"= x=4\r\n1"),
        ] {
            assert_eq!(&*qp.decode(lines), meant);
        }
        let base64 = Encoding::from_header("BASE64");
        assert_eq!(&*base64.decode(b"aGVs\r\nbG8="), b"hello");
        assert_eq!(&*base64.decode(b"aGVs!bG8"), b"hello");
        for words in ["Hello Mia,\r\nplease call.", "Grüße", "日本語", "Bonjour!\n\nÀ demain ?"] {
            assert_eq!(&*base64.decode(words.as_bytes()), words.as_bytes());
        }
        for word in ["Yes", "Okay", "Thanks\r\n"] {
            assert_eq!(&*base64.decode(word.as_bytes()), word.as_bytes());
        }
        // A list put its footer below; a heading is none.
        let footer = b"SGVsbG8gTWlh\nLg==\n____________________\nwood mailing list\nwood@lists.example\n";
        assert_eq!(
            &*base64.decode(footer),
            b"Hello Mia.\n____________________\nwood mailing list\nwood@lists.example\n"
        );
        let long = b"SGVsbG8gTWlhLCBwbGVhc2UgY2FsbCBtZSB0b21vcnJvdyBhdCB0\nZW4sIGFuZCBicmluZyB0aGUgcGFwZXJzLg==\n\n____\nwood\n";
        let read = base64.decode(long);
        assert_eq!(&*read, b"Hello Mia, please call me tomorrow at ten, and bring the papers.\n\n____\nwood\n");
        assert_eq!(&*base64.decode(b"AAECAwQFBgc=\n____\nwood\n"), b"\0\x01\x02\x03\x04\x05\x06\x07");
        for words in [&b"Greeting\n\nDear Mia, please call me.\n"[..], b"Greetings\nplease call me, Mia.\n"] {
            assert_eq!(&*base64.decode(words), words);
        }
        let folded = b"SGVsbG8gTWlhLCBwbGVhc2UgY2FsbCBtZSB0b21vcnJvdyBhdCB0\r\n ZW4sIGFuZCBicmluZyB0aGUgcGFwZXJzLg==";
        assert_eq!(&*base64.decode(folded), b"Hello Mia, please call me tomorrow at ten, and bring the papers.");
        assert_eq!(&*Encoding::from_header("8bit").decode(b"x=3D"), b"x=3D");
    }
}
