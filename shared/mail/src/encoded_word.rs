//! Encoded words (RFC 2047): text of any charset inside a header, as it really comes.

use std::borrow::Cow;

use crate::{charset, transfer};

/// Decodes the encoded words of unstructured text, in time linear in its length.
///
/// More is taken than the RFC allows, because senders do it: blanks inside a word, words within words, characters cut in
/// two between neighbours (their bytes are joined before they are read), a language (RFC 2231, section 5).
pub(crate) fn decode(value: &str) -> Cow<'_, str> {
    let mark = if has_mark(value) { value.find("=?") } else { None };
    let Some(first) = mark else { return Cow::Borrowed(value) };
    let mut out = String::with_capacity(value.len());
    let mut pending = Pending::default();
    let (mut plain, mut rest) = value.split_at(first);
    loop {
        // Blanks between two words are not text (section 6.2).
        if !plain.trim_matches([' ', '\t']).is_empty() || !pending.is_open() {
            pending.flush(&mut out);
            out.push_str(plain);
            plain = "";
        }
        if rest.is_empty() {
            pending.flush(&mut out);
            out.push_str(plain);
            return Cow::Owned(out);
        }
        let next_mark = |text: &str| text.find("=?").unwrap_or(text.len());
        match Word::read(rest) {
            Read::Word(word) => {
                pending.add(&word, &mut out);
                (plain, rest) = word.after.split_at(next_mark(word.after));
            }
            Read::NotOne => {
                pending.flush(&mut out);
                out.push_str(plain);
                let (mark, after) = rest.split_at(2);
                out.push_str(mark);
                (plain, rest) = after.split_at(next_mark(after));
            }
            // Nothing that follows ends a word either.
            Read::NoEnd => {
                pending.flush(&mut out);
                out.push_str(plain);
                out.push_str(rest);
                return Cow::Owned(out);
            }
        }
    }
}

/// Whether the mark of an encoded word stands in `value`.
pub(crate) fn has_mark(value: &str) -> bool {
    value.contains('?') && value.contains("=?")
}

/// Where the encoded word ends that `text` begins with: behind its mark when it is none. `None` when neither this nor any
/// that follows ends.
pub(crate) fn end(text: &str) -> Option<usize> {
    match Word::read(text) {
        Read::Word(word) => Some(text.len() - word.after.len()),
        Read::NotOne => Some(2),
        Read::NoEnd => None,
    }
}

struct Word<'a> {
    charset: &'a str,
    is_base64: bool,
    text: &'a str,
    after: &'a str,
}

enum Read<'a> {
    Word(Word<'a>),
    NotOne,
    NoEnd,
}

impl<'a> Word<'a> {
    /// Reads the word at the start of `text`, which begins with `=?`.
    fn read(text: &'a str) -> Read<'a> {
        const MAX_CHARSET_BYTES: usize = 80;
        let body = text.get(2..).unwrap_or_default();
        let Some((charset, rest)) = body.split_once('?') else { return Read::NoEnd };
        let mut letter = rest.chars();
        let is_base64 = match letter.next() {
            Some('b' | 'B') => true,
            Some('q' | 'Q') => false,
            _ => return Read::NotOne,
        };
        let Some(rest) = letter.as_str().strip_prefix('?') else { return Read::NotOne };
        if charset.is_empty() || charset.len() > MAX_CHARSET_BYTES || charset.contains([' ', '\t', '=', '<', '>']) {
            return Read::NotOne;
        }
        let Some((text, after)) = rest.split_once("?=") else { return Read::NoEnd };
        let charset = charset.split('*').next().unwrap_or_default();
        Read::Word(Self { charset, is_base64, text, after })
    }

    fn bytes(&self) -> Vec<u8> {
        if self.is_base64 {
            return transfer::decode_base64(self.text.as_bytes());
        }
        let mut bytes = Vec::with_capacity(self.text.len());
        transfer::decode_escapes(self.text.replace('_', " ").as_bytes(), &mut bytes);
        bytes
    }
}

/// The bytes of neighbouring words of one charset.
#[derive(Default)]
struct Pending<'a> {
    charset: Option<&'a str>,
    bytes: Vec<u8>,
}

impl<'a> Pending<'a> {
    const fn is_open(&self) -> bool {
        self.charset.is_some()
    }

    fn add(&mut self, word: &Word<'a>, out: &mut String) {
        if self.charset.is_some_and(|charset| !charset.eq_ignore_ascii_case(word.charset)) {
            self.flush(out);
        }
        self.charset = Some(word.charset);
        self.bytes.extend(word.bytes());
    }

    fn flush(&mut self, out: &mut String) {
        if let Some(charset) = self.charset.take() {
            out.push_str(&charset::decode(&self.bytes, Some(charset)));
            self.bytes.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_as_they_come() {
        for (value, text) in [
            ("plain", "plain"),
            ("=?utf-8?B?R3LDvMOfZQ==?= =?utf-8?Q?=20an_dich?= x", "Grüße an dich x"),
            ("a =?utf-8?q?b?= c =?utf-8?q?d?=\t=?UTF-8?Q?e?=", "a b c de"),
            // A character cut in two.
            ("=?utf-8?Q?caf=C3?= =?utf-8?Q?=A9?=", "café"),
            ("=?utf-8?B?4oI=?= =?utf-8?B?rA==?=", "€"),
            ("=?iso-8859-1*en?Q?caf=E9?=", "café"),
            ("=?utf-8?Q?with blanks inside?=", "with blanks inside"),
            ("=?utf-8?Q??=x", "x"),
            ("=?utf-8?Q?what??=", "what?"),
            ("=?iso-8859-1?Q?=E4?= =?utf-8?Q?=C3=A4?=", "ää"),
            ("x=?utf-8?Q?y?=z", "xyz"),
            ("=?bad", "=?bad"),
            ("=?utf-8?X?a?= b", "=?utf-8?X?a?= b"),
            ("=?utf-8?Q?a?= =?utf-8?Q?open", "a =?utf-8?Q?open"),
            ("=?utf-8?Q?a?=  ", "a  "),
            ("what=?no =?utf-8?Q?yes?=", "what=?no yes"),
            ("=?iso-2022-jp?B?GyRCJU8lbSE8GyhC?=", "ハロー"),
            // Every word of a stateful charset ends in ASCII.
            ("=?ISO-2022-JP?B?GyRCJU8bKEI=?= =?ISO-2022-JP?B?GyRCJW0hPBsoQg==?=", "ハロー"),
        ] {
            assert_eq!(decode(value), text, "{value:?}");
        }
    }
}
