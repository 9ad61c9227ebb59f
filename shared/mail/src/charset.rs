//! Bytes to text, whatever the label says.

use mail_parser::decoders::charsets::map::charset_decoder;

/// Decodes `bytes` as the charset named `label` (every WHATWG label, and the usual aliases). Without a label, with an
/// unknown one, or where the label promises ASCII or UTF-8 and the bytes are neither, the most likely reading is taken:
/// UTF-8, ISO-2022-JP by its escapes, else Windows-1252.
pub(crate) fn decode(bytes: &[u8], label: Option<&str>) -> String {
    let label = label.map(str::trim).unwrap_or_default().to_ascii_lowercase();
    // Labels that the WHATWG reads as Windows-1252 but that senders also put on UTF-8.
    let promises_ascii = matches!(label.as_str(), "us-ascii" | "ascii" | "ansi_x3.4-1968" | "iso646-us" | "us");
    let decoder = if promises_ascii { None } else { charset_decoder(label.as_bytes()) };
    decoder.map_or_else(|| decode_unlabelled(bytes), |decode| decode(bytes))
}

/// Decodes bytes about which nothing is known.
pub(crate) fn decode_unlabelled(bytes: &[u8]) -> String {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if bytes.is_ascii()
        && looks_like_iso_2022_jp(bytes)
        && let Some(decode) = charset_decoder(b"iso-2022-jp")
    {
        return decode(bytes);
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        // One good multi-byte sequence means UTF-8 that was cut or damaged; none at all means a single-byte charset.
        Err(_) if bytes.utf8_chunks().any(|chunk| !chunk.valid().is_ascii()) => {
            String::from_utf8_lossy(bytes).into_owned()
        }
        Err(_) => match charset_decoder(b"windows-1252") {
            Some(decode) => decode(bytes),
            None => String::from_utf8_lossy(bytes).into_owned(),
        },
    }
}

fn looks_like_iso_2022_jp(bytes: &[u8]) -> bool {
    memchr::memmem::find(bytes, b"\x1b$B").is_some() || memchr::memmem::find(bytes, b"\x1b$@").is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_label_is_believed_where_it_can_be_true() {
        assert_eq!(decode(b"caf\xe9", Some("iso-8859-1")), "café");
        assert_eq!(decode(b"\x83n\x83\x8D\x81[", Some("Shift_JIS")), "ハロー");
        assert_eq!(decode(b"\xbf\xe0\xd8\xd2\xd5\xe2", Some("iso-8859-5")), "Привет");
    }

    #[test]
    fn a_wrong_or_missing_label_is_seen_through() {
        for label in [None, Some("us-ascii"), Some("utf-8"), Some("x-unknown")] {
            assert_eq!(decode("café".as_bytes(), label), "café");
            assert_eq!(decode(b"caf\xe9 \x80", label), "café €");
        }
        assert_eq!(decode(b"\x1b$B%O%m!<\x1b(B", None), "ハロー");
        assert_eq!(decode("naïve \u{20ac}".as_bytes().split_last().expect("not empty").1, None), "naïve \u{fffd}");
    }
}
