//! Header values and bodies that hold any text, written so that every reader joins them right.
//!
//! Encoded words (RFC 2047) are cut between characters, and all but the last of a run hold whole groups of base64: some
//! readers join the base64 of neighbours before they decode it, and stop at padding in the middle.

use std::fmt::Write as _;

use mail_builder::headers::raw::Raw;

use crate::outbound_mailbox::OutboundMailbox;

/// Bytes of text in one word: 60 characters of base64, which with `=?utf-8?B?…?=` stays below the 75 allowed.
const WORD_BYTES: usize = 45;
/// A plain word longer than this cannot be folded well.
const PLAIN_WORD_BYTES: usize = 60;

/// A subject or another unstructured value.
pub(crate) fn unstructured(text: &str) -> Raw<'static> {
    Raw::new(if is_plain(text) { text.to_owned() } else { words(text) })
}

/// A text of a body, with `\n` line breaks, as it stands in the mail, and its `Content-Transfer-Encoding`: as it is where it
/// can be, else quoted-printable, with line breaks of CRLF (RFC 2045, section 6.7). Never base64: filters take base64 for
/// a disguise, and its line breaks would have to be made CRLF before (section 6.8).
pub(crate) fn text(text: &str) -> (&'static str, String) {
    if text.split('\n').all(stands_as_it_is) {
        return ("7bit", text.replace('\n', "\r\n"));
    }
    let mut out = String::with_capacity(text.len() + text.len() / 4);
    for (number, line) in text.split('\n').enumerate() {
        if number > 0 {
            out.push_str("\r\n");
        }
        quoted_printable(line, &mut out);
    }
    ("quoted-printable", out)
}

/// The longest line of quoted-printable (RFC 2045, section 6.7).
const MAX_LINE: usize = 76;

/// Whether a line of a text can pass any host unchanged.
fn stands_as_it_is(line: &str) -> bool {
    line.len() <= MAX_LINE
        && line.bytes().all(|b| matches!(b, b' '..=b'~'))
        && !line.ends_with(' ')
        && !is_altered(line)
}

/// Lines that hosts and mailboxes alter: the start of a mail in an mbox, the end of one in SMTP.
fn is_altered(line: &str) -> bool {
    line.starts_with("From ") || line.starts_with('.')
}

fn quoted_printable(line: &str, out: &mut String) {
    let mut width = 0;
    let last = line.len().saturating_sub(1);
    for (at, byte) in line.bytes().enumerate() {
        let plain = match byte {
            // A blank at the end of a line gets lost.
            b' ' | b'\t' => at < last,
            _ => matches!(byte, b'!'..=b'~') && byte != b'=',
        };
        // Room for the `=` of a soft line break, but at the end of the line.
        let needed = if plain { 1 } else { 3 };
        if width + needed + usize::from(at < last) > MAX_LINE {
            out.push_str("=\r\n");
            width = 0;
        }
        if plain && !(width == 0 && line.get(at..).is_some_and(is_altered)) {
            out.push(char::from(byte));
            width += 1;
        } else {
            let _ = write!(out, "={byte:02X}");
            width += 3;
        }
    }
}

/// A list of mailboxes.
pub(crate) fn mailboxes<'a>(list: impl IntoIterator<Item = &'a OutboundMailbox>) -> Raw<'static> {
    let written: Vec<String> = list.into_iter().map(mailbox).collect();
    Raw::new(written.join(", "))
}

fn mailbox(mailbox: &OutboundMailbox) -> String {
    let email = mailbox.email.as_str();
    match mailbox.name.as_ref().map(|name| name.as_str()).filter(|name| !name.trim().is_empty()) {
        None => email.to_owned(),
        Some(name) if is_plain(name) => format!("\"{}\" <{email}>", name.replace('\\', "\\\\").replace('"', "\\\"")),
        Some(name) => format!("{} <{email}>", words(name)),
    }
}

/// Whether text can stand as it is: ASCII that no reader takes for an encoded word and that folds without loss.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|b| (b' '..=b'~').contains(&b))
        && !text.contains("=?")
        && !text.contains("  ")
        && text.trim() == text
        && text.split(' ').all(|word| word.len() <= PLAIN_WORD_BYTES)
}

fn words(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    let mut rest = text;
    while !rest.is_empty() {
        let (word, after) = rest.split_at(cut(rest));
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str("=?utf-8?B?");
        base64(word.as_bytes(), &mut out);
        out.push_str("?=");
        rest = after;
    }
    out
}

/// Where the next word ends: at the last border between characters that needs no padding, if there is one.
fn cut(text: &str) -> usize {
    if text.len() <= WORD_BYTES {
        return text.len();
    }
    let borders = || (1..=WORD_BYTES).rev().filter(|at| text.is_char_boundary(*at));
    borders().find(|at| at % 3 == 0).or_else(|| borders().next()).unwrap_or(text.len())
}

fn base64(bytes: &[u8], out: &mut String) {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for group in bytes.chunks(3) {
        let mut number = 0_usize;
        for at in 0..3 {
            number = number << 8 | usize::from(group.get(at).copied().unwrap_or_default());
        }
        for at in 0..4 {
            let digit = ALPHABET.get(number >> (18 - 6 * at) & 63).copied().unwrap_or(b'=');
            out.push(char::from(if at <= group.len() { digit } else { b'=' }));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_quoted_printable_or_as_they_are() {
        let long = "x".repeat(76);
        for (given, encoding, written) in [
            ("Hello\nyou\n", "7bit", "Hello\r\nyou\r\n".to_owned()),
            (&long, "7bit", long.clone()),
            ("Grüße = \t\n-- \nMia", "quoted-printable", "Gr=C3=BC=C3=9Fe =3D =09\r\n--=20\r\nMia".to_owned()),
            ("From me\n.\n\x7f", "quoted-printable", "=46rom me\r\n=2E\r\n=7F".to_owned()),
            (&format!("{long}x"), "quoted-printable", format!("{}=\r\nxx", "x".repeat(75))),
            (&format!("{long}\t"), "quoted-printable", format!("{}=\r\nx=09", "x".repeat(75))),
            (&format!("ü{}", "x".repeat(70)), "quoted-printable", format!("=C3=BC{}", "x".repeat(70))),
        ] {
            let (found, lines) = text(given);
            assert_eq!((found, lines.as_str()), (encoding, written.as_str()), "{given:?}");
        }
        for given in ["字".repeat(300), "aé€😀\t \n".repeat(100), " ".repeat(200), "=".repeat(99)] {
            let (found, lines) = text(&given);
            assert!(lines.split("\r\n").all(|line| line.len() <= 76), "{given:?}");
            let read = crate::transfer::Encoding::from_header(found).decode(lines.as_bytes()).into_owned();
            assert_eq!(String::from_utf8(read).map(|text| text.replace('\r', "")), Ok(given));
        }
    }

    #[test]
    fn words_join_again() {
        for text in [
            "Grüße",
            "aé€😀".repeat(40).as_str(),
            "Привет, это очень длинная тема письма, которая не помещается",
            "ab",
            "=?utf-8?Q?x?=",
        ] {
            let written = words(text);
            assert!(written.split(' ').all(|word| word.len() <= 75), "{written}");
            let inner = written.split(' ').rev().skip(1).all(|word| !word.contains("==") && !word.contains("=?="));
            assert!(inner || !text.contains('П'), "{written}");
            assert_eq!(crate::header::decode_words(&written), text);
        }
        assert!(is_plain("Re: order (4711)") && !is_plain("a  b") && !is_plain(" a") && !is_plain("é"));
    }
}
