//! Where a mail begins and how its lines end, when programs got that wrong.

use std::borrow::Cow;

use crate::{header::split_field, limits::MAX_RAW_BYTES, line::line_at};

/// The mail in `raw`: without a byte order mark or blank lines before its header, and with line feeds when its header has
/// carriage returns alone.
pub(crate) fn unframed(raw: &[u8]) -> Cow<'_, [u8]> {
    let raw = raw.strip_prefix(b"\xef\xbb\xbf").unwrap_or(raw);
    let blank = raw.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
    let mail = raw.get(blank..).unwrap_or_default();
    if ends_lines_by_cr(mail) && mail.len() <= MAX_RAW_BYTES {
        let mut copy = mail.to_vec();
        for at in memchr::memchr_iter(b'\r', mail) {
            if mail.get(at + 1) != Some(&b'\n')
                && let Some(byte) = copy.get_mut(at)
            {
                *byte = b'\n';
            }
        }
        return Cow::Owned(copy);
    }
    // What comes after blank lines is a body, unless it reads like a header.
    let is_header = blank > 0 && split_field(line_at(mail, 0).0).is_some();
    Cow::Borrowed(if is_header { mail } else { raw })
}

/// Whether the header, up to its empty line, has carriage returns and no line feed.
fn ends_lines_by_cr(mail: &[u8]) -> bool {
    let Some(first) = memchr::memchr2(b'\r', b'\n', mail) else { return false };
    let is_field = mail.get(..first).is_some_and(|line| split_field(line).is_some());
    if !is_field || !mail.get(first..).is_some_and(|end| end.starts_with(b"\r")) {
        return false;
    }
    let header = memchr::memmem::find(mail, b"\r\r").unwrap_or(mail.len());
    memchr::memchr(b'\n', mail.get(..header).unwrap_or(mail)).is_none()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{all_attachment_bytes, parse};

    #[test]
    fn beginnings_and_line_ends() {
        for (raw, expected) in [
            (&b"From: a@b\rTo: c@d\r\rone\rtwo\r"[..], &b"From: a@b\nTo: c@d\n\none\ntwo\n"[..]),
            (b"From: a@b\r\rone\r\ntwo\r", b"From: a@b\n\none\r\ntwo\n"),
            (b"From: a@b\rTo: c@d", b"From: a@b\nTo: c@d"),
            (b"\xef\xbb\xbfFrom: a@b\n\nx", b"From: a@b\n\nx"),
            (b"\r\n\nFrom: a@b\n\nx", b"From: a@b\n\nx"),
            // These are what they are.
            (b"From: a@b\r\nSubject: hi\rBcc: c@d\r\n\r\nx\ry", b"From: a@b\r\nSubject: hi\rBcc: c@d\r\n\r\nx\ry"),
            (b"From: a@b\n\nx\ry\r\r", b"From: a@b\n\nx\ry\r\r"),
            (b"\n\nhello", b"\n\nhello"),
            (b"progress 1\rprogress 2\r\r", b"progress 1\rprogress 2\r\r"),
            (b"\xef\xbb\xbf", b""),
            (b"", b""),
        ] {
            assert_eq!(&*unframed(raw), expected, "{:?}", String::from_utf8_lossy(raw));
        }
    }

    #[test]
    fn files_of_such_mail_are_found() {
        let mail = "From: a@b.c\rContent-Type: multipart/mixed; boundary=b\r\r--b\r\rhello\r--b\rContent-Type: a/b\r\rfile\r--b--\r";
        let read = parse(mail.as_bytes());
        assert_eq!((read.text.as_str(), read.attachments.len()), ("hello", 1));
        assert_eq!(all_attachment_bytes(mail.as_bytes()).collect::<Vec<_>>(), [&b"file"[..]]);
        let mail = format!("\u{feff}\r\n{}", mail.replace('\r', "\n"));
        assert_eq!(all_attachment_bytes(mail.as_bytes()).collect::<Vec<_>>(), [&b"file"[..]]);
    }
}
