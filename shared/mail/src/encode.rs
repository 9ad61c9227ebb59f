//! Header values that hold any text, written so that every reader joins them right.
//!
//! Encoded words (RFC 2047) are cut between characters, and all but the last of a run hold whole groups of base64: some
//! readers join the base64 of neighbours before they decode it, and stop at padding in the middle.

use mail_builder::headers::raw::Raw;

use crate::build::OutboundMailbox;

/// Bytes of text in one word: 60 characters of base64, which with `=?utf-8?B?…?=` stays below the 75 allowed.
const WORD_BYTES: usize = 45;
/// A plain word longer than this cannot be folded well.
const PLAIN_WORD_BYTES: usize = 60;

/// A subject or another unstructured value.
pub(crate) fn unstructured(text: &str) -> Raw<'static> {
    Raw::new(if is_plain(text) { text.to_owned() } else { words(text) })
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
