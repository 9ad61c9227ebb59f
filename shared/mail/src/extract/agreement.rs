//! Whether the text and the HTML of a mail are the same mail.

use crate::html::Rendered;

/// Words looked at of each.
const MAX_WORDS: usize = 4_000;
/// An HTML with fewer words than these says too little to be compared (a picture with a caption).
const MIN_WORDS: usize = 5;

/// Whether most words of each stand in the other, too. A text that only says "your client cannot show this mail", or
/// one written for machines alone, does not say what a person reads.
pub(super) fn say_the_same(text: &str, page: &Rendered) -> bool {
    if text.trim().is_empty() {
        return false;
    }
    let shown = words(page.lines().map(|(line, _)| line));
    if shown.len() < MIN_WORDS {
        return true;
    }
    let said = words(text.lines());
    let common = count_common(&said, &shown);
    2 * common >= said.len() && 2 * common >= shown.len()
}

/// The distinct words, as hashes, sorted. Web addresses say nothing: texts spell them out, pages hide them.
fn words<'a>(lines: impl Iterator<Item = &'a str>) -> Vec<u64> {
    let mut hashes = Vec::new();
    'all: for token in lines.flat_map(str::split_whitespace).filter(|token| !token.contains("://")) {
        let mut hash = Hash::default();
        for c in token.chars() {
            if c >= '\u{2e80}' {
                // Scripts without blanks: lines break anywhere, so every character is a word.
                hashes.extend(hash.finish());
                hash.add(c);
                hashes.extend(hash.finish());
            } else if c.is_alphanumeric() {
                hash.add(c.to_ascii_lowercase());
            } else {
                hashes.extend(hash.finish());
            }
            if hashes.len() >= MAX_WORDS {
                break 'all;
            }
        }
        hashes.extend(hash.finish());
    }
    hashes.sort_unstable();
    hashes.dedup();
    hashes
}

fn count_common(a: &[u64], b: &[u64]) -> usize {
    let (mut at, mut common) = (0, 0);
    for word in a {
        while b.get(at).is_some_and(|other| other < word) {
            at += 1;
        }
        common += usize::from(b.get(at) == Some(word));
    }
    common
}

/// FNV-1a.
#[derive(Default)]
struct Hash(Option<u64>);

impl Hash {
    fn add(&mut self, c: char) {
        let hash = self.0.unwrap_or(0xcbf2_9ce4_8422_2325);
        self.0 = Some((hash ^ u64::from(u32::from(c))).wrapping_mul(0x0100_0000_01b3));
    }

    fn finish(&mut self) -> Option<u64> {
        self.0.take()
    }
}
