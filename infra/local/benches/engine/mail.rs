//! Mails of about a kilobyte, each with other words, from a few hundred people.

use std::fmt::Write as _;

pub(crate) const ADDRESS: &str = "support@bench.test";
const PEOPLE: usize = 300;
const WORDS: usize = 90;
/// Of how many words a mail's are drawn.
const VOCABULARY: u64 = 4_000;

pub(crate) fn sender(number: usize) -> String {
    format!("person{}@customer.example", number % PEOPLE)
}

/// A word that is in this mail and no other.
#[allow(dead_code, reason = "the benchmark looks mails up by it")]
pub(crate) fn own_word(number: usize) -> String {
    format!("order{number}")
}

pub(crate) fn mail(number: usize) -> String {
    let mut state = u64::try_from(number).unwrap().wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut text = String::new();
    for position in 0..WORDS {
        // xorshift64: the same mails in every run.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let end = if position % 12 == 11 { ".\r\n" } else { " " };
        // Squared, so that some words are frequent and most are rare.
        let word = (state % VOCABULARY) * (state / 7 % VOCABULARY) / VOCABULARY;
        _ = write!(text, "{}{end}", spelled(word));
    }
    format!(
        "Message-ID: <{number}@customer.example>\r\nFrom: Person {number} <{}>\r\nTo: {ADDRESS}\r\n\
         Subject: Question about {}\r\nDate: Thu, 30 Apr 2026 12:00:00 +0000\r\nMIME-Version: 1.0\r\n\
         Content-Type: text/plain; charset=utf-8\r\n\r\nHello,\r\n\r\n{text}\r\n\r\nKind regards\r\nPerson\r\n",
        sender(number),
        own_word(number),
    )
}

/// A number as a word that could be one.
fn spelled(mut number: u64) -> String {
    const SYLLABLES: [&str; 16] =
        ["ba", "ce", "di", "fo", "gu", "la", "me", "ni", "po", "ru", "sa", "te", "vi", "wo", "zu", "ka"];
    let mut word = String::new();
    for _ in 0..3 {
        word.push_str(SYLLABLES[usize::try_from(number % 16).unwrap()]);
        number /= 16;
    }
    word
}
