//! Bytes to text, whatever the label says.

use std::borrow::Cow;

use encoding_rs::{Encoding, ISO_2022_JP, REPLACEMENT, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
use mail_parser::decoders::charsets::map::charset_decoder;

/// Decodes `bytes` as the charset named `label`: every label of the WHATWG, and the older names that mail still uses
/// (UTF-7, IBM code pages). Where the label is missing or unknown, or the bytes show that it is wrong, the most likely
/// reading is taken: UTF-8, ISO-2022-JP by its escapes, else Windows-1252.
pub(crate) fn decode(bytes: &[u8], label: Option<&str>) -> String {
    let label = label.map(|label| label.trim_matches([' ', '\t', '"', '\''])).unwrap_or_default();
    // A byte order mark of UTF-8 is never an accident.
    if bytes.starts_with(b"\xef\xbb\xbf") {
        return decode_unlabelled(bytes);
    }
    match Encoding::for_label(label.as_bytes()).filter(|encoding| *encoding != REPLACEMENT) {
        Some(encoding) => decode_labelled(bytes, encoding),
        None => match charset_decoder(label.as_bytes()) {
            // ISO-2022-KR and its like, which no browser reads any more, come as what they are: ASCII with escapes.
            Some(decode) if Encoding::for_label(label.as_bytes()).is_none() && !label.is_empty() => decode(bytes),
            _ => decode_unlabelled(bytes),
        },
    }
}

fn decode_labelled(bytes: &[u8], encoding: &'static Encoding) -> String {
    // `us-ascii` and `iso-8859-1` are Windows-1252 to the WHATWG, and stand on much mail that is UTF-8.
    if encoding == UTF_8 || (encoding == WINDOWS_1252 && is_surely_utf8(bytes)) {
        return decode_unlabelled(bytes);
    }
    // A text of UTF-16 without a single zero byte in its first characters is one of a byte-wise charset.
    if (encoding == UTF_16LE || encoding == UTF_16BE)
        && !bytes.starts_with(b"\xff\xfe")
        && !bytes.starts_with(b"\xfe\xff")
        && bytes.is_ascii()
        && !bytes.contains(&0)
    {
        return decode_unlabelled(bytes);
    }
    let (text, damaged) = encoding.decode_without_bom_handling(strip_utf16_bom(bytes, encoding));
    if damaged && is_surely_utf8(bytes) {
        return decode_unlabelled(bytes);
    }
    text.into_owned()
}

fn strip_utf16_bom<'a>(bytes: &'a [u8], encoding: &'static Encoding) -> &'a [u8] {
    let mark: &[u8] = match encoding {
        e if e == UTF_16LE => b"\xff\xfe",
        e if e == UTF_16BE => b"\xfe\xff",
        _ => return bytes,
    };
    bytes.strip_prefix(mark).unwrap_or(bytes)
}

/// Whether bytes hold characters of UTF-8 and nothing that is not: in another charset, such text would be nonsense.
fn is_surely_utf8(bytes: &[u8]) -> bool {
    !bytes.is_ascii()
        && std::str::from_utf8(bytes).is_ok_and(|text| !text.chars().any(|c| matches!(c, '\u{80}'..='\u{9f}')))
}

/// Decodes bytes about which nothing is known.
pub(crate) fn decode_unlabelled(bytes: &[u8]) -> String {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    match std::str::from_utf8(bytes) {
        Ok(_) if looks_like_iso_2022_jp(bytes) => into_text(ISO_2022_JP, bytes),
        Ok(text) => text.to_owned(),
        // One good multi-byte sequence means UTF-8 that was cut or damaged; none at all means a single-byte charset.
        Err(_) if bytes.utf8_chunks().any(|chunk| !chunk.valid().is_ascii()) => {
            String::from_utf8_lossy(bytes).into_owned()
        }
        Err(_) => into_text(WINDOWS_1252, bytes),
    }
}

/// [`decode_unlabelled`] of bytes that are not needed any more.
pub(crate) fn decode_owned(bytes: Vec<u8>) -> String {
    if !bytes.is_ascii() || looks_like_iso_2022_jp(&bytes) {
        return decode_unlabelled(&bytes);
    }
    String::from_utf8(bytes).unwrap_or_else(|not_utf8| decode_unlabelled(not_utf8.as_bytes()))
}

fn into_text(encoding: &'static Encoding, bytes: &[u8]) -> String {
    let (text, _): (Cow<'_, str>, bool) = encoding.decode_without_bom_handling(bytes);
    text.into_owned()
}

fn looks_like_iso_2022_jp(bytes: &[u8]) -> bool {
    memchr::memchr(b'\x1b', bytes).is_some()
        && [b"\x1b$B", b"\x1b$@"].iter().any(|escape| memchr::memmem::find(bytes, *escape).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_label_is_believed_where_it_can_be_true() {
        for (bytes, label, text) in [
            (&b"caf\xe9"[..], "iso-8859-1", "café"),
            (b"caf\xe9", "\"ISO-8859-1\"", "café"),
            (b"\x83n\x83\x8D\x81[", "Shift_JIS", "ハロー"),
            (b"\xbf\xe0\xd8\xd2\xd5\xe2", "iso-8859-5", "Привет"),
            (b"\xc4\xe3\xba\xc3", "gb2312", "你好"),
            (b"\xa7A\xa6n", "big5", "你好"),
            (b"\xbe\xc8\xb3\xe7", "ks_c_5601-1987", "안녕"),
            (b"\xff\xfeh\0i\0", "utf-16", "hi"),
            (b"\0h\0i", "utf-16be", "hi"),
            (b"\xe9\xe0", "windows-1255", "יא"),
            (b"\x93quoted\x94", "iso-8859-1", "“quoted”"),
            (b"Hi Mom -+Jjo--!", "utf-7", "Hi Mom -☺-!"),
            (b"\x82", "ibm850", "é"),
        ] {
            assert_eq!(decode(bytes, Some(label)), text, "{label}");
        }
    }

    #[test]
    fn a_wrong_or_missing_label_is_seen_through() {
        for label in [None, Some("us-ascii"), Some("utf-8"), Some("iso-8859-1"), Some("x-unknown"), Some("iso-2022-kr")]
        {
            assert_eq!(decode("café".as_bytes(), label), "café", "{label:?}");
            assert_eq!(decode(b"caf\xe9 \x80", label), "café €", "{label:?}");
        }
        for label in ["gb2312", "iso-2022-jp", "euc-kr", "utf-16"] {
            assert_eq!(decode(b"plain", Some(label)), "plain", "{label}");
        }
        // Bytes that cannot be what the label says, but are UTF-8.
        assert_eq!(decode("Grüße, ça".as_bytes(), Some("iso-2022-jp")), "Grüße, ça");
        assert_eq!(decode(b"\xef\xbb\xbfcaf\xc3\xa9", Some("windows-1252")), "café");
        assert_eq!(decode(b"\x1b$B%O%m!<\x1b(B", None), "ハロー");
        assert_eq!(decode("naïve \u{20ac}".as_bytes().split_last().expect("not empty").1, None), "naïve \u{fffd}");
    }

    /// The labels of <https://encoding.spec.whatwg.org/#names-and-labels>, apart from those of `replacement`.
    #[test]
    fn every_whatwg_label_is_known() {
        let labels = include_str!("charset/whatwg-labels.txt");
        assert_eq!(labels.split_whitespace().count(), 222);
        for label in labels.split_whitespace() {
            assert!(Encoding::for_label(label.as_bytes()).is_some_and(|e| e != REPLACEMENT), "{label}");
            let word = format!("=?{label}?Q?a=C3?=");
            assert_eq!(crate::header::decode_words(&word), decode(b"a\xc3", Some(label)), "{label}");
        }
    }
}
