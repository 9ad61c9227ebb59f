//! How words and the families that have them are written: a **posting** of a few mails, and a **segment** of many.
//!
//! A segment is sorted by word and cut into blocks; its directory says with which word each begins, so that a search reads
//! the directory and one block, however large the segment is.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Read as _,
    ops::Range,
};

use actionlayer_domain::{Family, search::Word};

/// What is stored is none of ours, or damaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Damaged;

/// Blocks are about this long before they are compressed.
const BLOCK_BYTES: usize = 16 * 1024;
/// No posting, directory or block is longer; a bound against damaged data. A word that every mail has makes the longest.
const MAX_PART_BYTES: u64 = 64 * 1024 * 1024;
const LEVEL: i32 = 3;
const MAGIC: [u8; 4] = *b"alw1";
/// The magic, and the length of the directory.
const HEAD_BYTES: usize = 8;

/// Which families have which words.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Words(BTreeMap<String, BTreeSet<u64>>);

fn inflate(bytes: &[u8]) -> Result<Vec<u8>, Damaged> {
    let mut raw = Vec::new();
    let decoder = zstd::stream::read::Decoder::new(bytes).map_err(|_| Damaged)?;
    decoder.take(MAX_PART_BYTES).read_to_end(&mut raw).map_err(|_| Damaged)?;
    Ok(raw)
}

fn deflate(raw: &[u8]) -> Result<Vec<u8>, Damaged> {
    zstd::bulk::compress(raw, LEVEL).map_err(|_| Damaged)
}

/// Takes bytes from the front.
fn take<'a>(bytes: &mut &'a [u8], count: usize) -> Result<&'a [u8], Damaged> {
    let (front, rest) = bytes.split_at_checked(count).ok_or(Damaged)?;
    *bytes = rest;
    Ok(front)
}

fn take_u32(bytes: &mut &[u8]) -> Result<usize, Damaged> {
    let number = take(bytes, 4)?.try_into().map_err(|_| Damaged)?;
    usize::try_from(u32::from_le_bytes(number)).map_err(|_| Damaged)
}

fn put_u32(number: usize, into: &mut Vec<u8>) -> Result<(), Damaged> {
    into.extend(u32::try_from(number).map_err(|_| Damaged)?.to_le_bytes());
    Ok(())
}

fn take_word<'a>(bytes: &mut &'a [u8]) -> Result<&'a str, Damaged> {
    let length = take(bytes, 1)?.first().copied().ok_or(Damaged)?;
    std::str::from_utf8(take(bytes, usize::from(length))?).map_err(|_| Damaged)
}

fn put_word(word: &str, into: &mut Vec<u8>) -> Result<(), Damaged> {
    into.push(u8::try_from(word.len()).map_err(|_| Damaged)?);
    into.extend(word.as_bytes());
    Ok(())
}

/// Whether a stored word is one that a search asks for.
fn is_meant(stored: &str, word: &Word) -> bool {
    if word.is_prefix { stored.starts_with(&word.text) } else { stored == word.text }
}

/// Writes the words of some mails, each with the family of its thread.
pub(crate) fn posting<'a>(mails: impl IntoIterator<Item = (Family, &'a BTreeSet<String>)>) -> Result<Vec<u8>, Damaged> {
    let mut raw = Vec::new();
    for (family, words) in mails {
        raw.extend(family.bits().to_le_bytes());
        put_u32(words.len(), &mut raw)?;
        for word in words {
            put_word(word, &mut raw)?;
        }
    }
    deflate(&raw)
}

impl Words {
    /// Takes in a posting.
    pub(crate) fn add_posting(&mut self, posting: &[u8]) -> Result<(), Damaged> {
        let raw = inflate(posting)?;
        let mut rest = raw.as_slice();
        while !rest.is_empty() {
            let family = u64::from_le_bytes(take(&mut rest, 8)?.try_into().map_err(|_| Damaged)?);
            for _ in 0..take_u32(&mut rest)? {
                let word = take_word(&mut rest)?;
                match self.0.get_mut(word) {
                    Some(families) => _ = families.insert(family),
                    None => _ = self.0.insert(word.to_owned(), BTreeSet::from([family])),
                }
            }
        }
        Ok(())
    }

    /// Takes in a segment.
    pub(crate) fn add_segment(&mut self, segment: &[u8]) -> Result<(), Damaged> {
        let directory = Directory::read(segment)?;
        let blocks = segment.get(directory.blocks_at..).ok_or(Damaged)?;
        for (_, range) in &directory.blocks {
            each_word(blocks.get(range.clone()).ok_or(Damaged)?, |word, families| {
                self.0.entry(word.to_owned()).or_default().extend(families);
            })?;
        }
        Ok(())
    }

    /// The families that have a word.
    pub(crate) fn families(&self, word: &Word) -> BTreeSet<u64> {
        let from = self.0.range(word.text.clone()..);
        let meant =
            from.take_while(|(stored, _)| stored.starts_with(&word.text)).filter(|(stored, _)| is_meant(stored, word));
        meant.flat_map(|(_, families)| families).copied().collect()
    }

    /// Writes a segment.
    pub(crate) fn segment(&self) -> Result<Vec<u8>, Damaged> {
        let (mut directory, mut blocks) = (Vec::new(), Vec::new());
        let (mut block, mut first): (Vec<u8>, Option<&str>) = (Vec::new(), None);
        let mut close = |first: &str, block: &mut Vec<u8>| {
            let deflated = deflate(block)?;
            put_word(first, &mut directory)?;
            put_u32(deflated.len(), &mut directory)?;
            blocks.extend(deflated);
            block.clear();
            Ok(())
        };
        for (word, families) in &self.0 {
            put_word(word, &mut block)?;
            put_u32(families.len(), &mut block)?;
            block.extend(families.iter().flat_map(|family| family.to_le_bytes()));
            let begins_with = *first.get_or_insert(word);
            if block.len() >= BLOCK_BYTES {
                close(begins_with, &mut block)?;
                first = None;
            }
        }
        if let Some(begins_with) = first {
            close(begins_with, &mut block)?;
        }
        let directory = deflate(&directory)?;
        let mut segment = MAGIC.to_vec();
        put_u32(directory.len(), &mut segment)?;
        segment.extend(directory);
        segment.extend(blocks);
        Ok(segment)
    }
}

fn each_word(block: &[u8], mut found: impl FnMut(&str, Vec<u64>)) -> Result<(), Damaged> {
    let raw = inflate(block)?;
    let mut rest = raw.as_slice();
    while !rest.is_empty() {
        let word = take_word(&mut rest)?;
        let count = take_u32(&mut rest)?;
        let families = take(&mut rest, count.checked_mul(8).ok_or(Damaged)?)?;
        found(word, families.as_chunks().0.iter().map(|family| u64::from_le_bytes(*family)).collect());
    }
    Ok(())
}

/// Where the blocks of a segment are.
#[derive(Debug)]
pub(crate) struct Directory {
    /// The first word of each block, and where it lies behind `blocks_at`.
    blocks: Vec<(String, Range<usize>)>,
    /// Where in the segment the first block begins.
    pub(crate) blocks_at: usize,
}

impl Directory {
    /// How long a segment's beginning must be for its directory to be in it.
    pub(crate) fn end(head: &[u8]) -> Result<usize, Damaged> {
        let mut rest = head;
        if take(&mut rest, MAGIC.len())? != MAGIC {
            return Err(Damaged);
        }
        Ok(HEAD_BYTES + take_u32(&mut rest)?)
    }

    /// Reads it from the beginning of a segment.
    pub(crate) fn read(segment: &[u8]) -> Result<Self, Damaged> {
        let blocks_at = Self::end(segment)?;
        let raw = inflate(segment.get(HEAD_BYTES..blocks_at).ok_or(Damaged)?)?;
        let (mut rest, mut blocks, mut at) = (raw.as_slice(), Vec::new(), 0_usize);
        while !rest.is_empty() {
            let first = take_word(&mut rest)?.to_owned();
            let end = at.checked_add(take_u32(&mut rest)?).ok_or(Damaged)?;
            blocks.push((first, at..end));
            at = end;
        }
        Ok(Self { blocks, blocks_at })
    }

    /// The blocks that may have a word; they lie one behind the other.
    fn of(&self, word: &Word) -> &[(String, Range<usize>)] {
        // The last block that begins before the word, or with it, may have it as well.
        let from = self.blocks.partition_point(|(first, _)| *first <= word.text).saturating_sub(1);
        let until = self.blocks.partition_point(|(first, _)| *first <= word.text || is_meant(first, word));
        self.blocks.get(from..until).unwrap_or_default()
    }

    /// Which bytes behind `blocks_at` a search for a word reads; none when nothing can be there.
    pub(crate) fn range(&self, word: &Word) -> Option<Range<usize>> {
        let blocks = self.of(word);
        Some(blocks.first()?.1.start..blocks.last()?.1.end)
    }

    /// The families that have a word, from the bytes of [`Self::range`].
    pub(crate) fn families(&self, word: &Word, bytes: &[u8]) -> Result<BTreeSet<u64>, Damaged> {
        let mut found = BTreeSet::new();
        let mut rest = bytes;
        for (_, range) in self.of(word) {
            each_word(take(&mut rest, range.len())?, |stored, families| {
                if is_meant(stored, word) {
                    found.extend(families);
                }
            })?;
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn family(number: u64) -> Family {
        Family::of_hash(number)
    }

    fn word(text: &str, is_prefix: bool) -> Word {
        Word { text: text.to_owned(), is_prefix }
    }

    /// Mails of which each has `common`, a word of its own, and one that every tenth has.
    fn many(count: u64) -> Words {
        let mut words = Words::default();
        for i in 0..count {
            let of_mail: BTreeSet<String> =
                ["common".to_owned(), format!("own{i:06}"), format!("tenth{}", i % 10)].into_iter().collect();
            words.add_posting(&posting([(family(i), &of_mail)]).unwrap()).unwrap();
        }
        words
    }

    #[test]
    fn what_is_written_is_found_in_a_posting_a_segment_and_a_part_of_one() {
        let words = many(2_000);
        let segment = words.segment().unwrap();
        let mut read = Words::default();
        read.add_segment(&segment).unwrap();
        assert_eq!(read, words);
        let directory = Directory::read(&segment[..Directory::end(&segment).unwrap()]).unwrap();
        assert!(directory.blocks.len() > 2, "{}", directory.blocks.len());
        for (text, is_prefix, count) in [
            ("common", false, 2_000),
            ("com", false, 0),
            ("com", true, 2_000),
            ("own000007", false, 1),
            ("own0000", true, 100),
            ("own", true, 2_000),
            ("tenth3", false, 200),
            ("a", true, 0),
            ("zebra", false, 0),
            ("zebra", true, 0),
        ] {
            let word = word(text, is_prefix);
            assert_eq!(words.families(&word).len(), count, "{text}");
            let range = directory.range(&word);
            let bytes = range.map_or(&[] as &[u8], |range| &segment[directory.blocks_at..][range]);
            let found = if bytes.is_empty() { BTreeSet::new() } else { directory.families(&word, bytes).unwrap() };
            assert_eq!(found, words.families(&word), "{text}");
            // A whole word is in one block, or two where it could begin either.
            assert!(is_prefix || bytes.len() <= 40_000, "{text}: {}", bytes.len());
        }
    }

    #[test]
    fn a_mail_takes_few_bytes() {
        let text = "hello could you tell me what the larger plan costs for a team of twelve and whether we can pay by \
                    invoice would start next month kind regards dana customer example support costs test does cost";
        let words: BTreeSet<String> = text.split_whitespace().map(str::to_owned).collect();
        let bytes = posting([(family(1), &words)]).unwrap().len();
        assert!(bytes < 400, "{bytes}");
    }

    #[test]
    fn damaged_bytes_are_refused_and_nothing_else_happens() {
        let segment = many(50).segment().unwrap();
        for end in 0..segment.len() {
            assert!(Words::default().add_segment(&segment[..end]).is_err(), "{end}");
        }
        for at in 0..segment.len() {
            let mut damaged = segment.clone();
            damaged[at] ^= 0x55;
            let _ = Words::default().add_segment(&damaged);
            let _ = Words::default().add_posting(&damaged);
        }
    }
}
