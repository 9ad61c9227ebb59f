//! Words: what a text is found by, and what a search asks for.
//!
//! Both go the same way, so that they meet: compatibility forms become plain ones (`ﬁ`, `①`, full-width letters), case and
//! diacritics go (`Größe` and `GROSSE` are one word, so are `café` and `cafe`), and what stands between letters and
//! digits separates. Scripts that are written without spaces are cut into overlapping pairs of characters.

use std::collections::BTreeSet;

use unicode_normalization::{UnicodeNormalization as _, char::canonical_combining_class};

/// How many different words a message is found by: those of subject and participants, then those of the text from its
/// beginning. Bounds what a mail costs.
pub const MAX_WORDS_OF_MESSAGE: usize = 500;
/// How many words the mails of one sender are found by in a day (UTC), in one workspace: some 300 letters of an ordinary length, or
/// 40 of the longest. Mails behind that are found by [`MAX_WORDS_BEYOND_DAY`] words.
pub const MAX_WORDS_OF_SENDER_A_DAY: u64 = 20_000;
/// Enough for subject and participants.
pub const MAX_WORDS_BEYOND_DAY: usize = 40;
/// How many words a search may have. Bounds what it reads.
pub const MAX_WORDS_OF_SEARCH: usize = 12;
/// How long a search may be, in characters.
pub const MAX_SEARCH_CHARS: usize = 200;
/// Longer words are cut, here and in searches alike: what is longer is no word that people write.
const MAX_WORD_CHARS: usize = 32;
/// Text behind this many characters of a part of a message is not looked at.
const MAX_TEXT_CHARS: usize = 200_000;

/// A word of a search.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Word {
    /// The word, folded.
    pub text: String,
    /// Longer words that begin like this are meant as well.
    pub is_prefix: bool,
}

/// A search that cannot be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSearch {
    /// Nothing to look for.
    #[error("must have a letter or a digit")]
    NoWord,
    /// Over [`MAX_WORDS_OF_SEARCH`] or [`MAX_SEARCH_CHARS`].
    #[error("must be at most 200 characters and 12 words long")]
    TooLong,
}

/// What a search asks for: all of these words. The last one is the beginning of a word.
pub fn words_of_search(query: &str) -> Result<Vec<Word>, InvalidSearch> {
    if query.chars().count() > MAX_SEARCH_CHARS {
        return Err(InvalidSearch::TooLong);
    }
    let mut all: Vec<String> = Vec::new();
    let last = cut(query, false, |text| {
        all.push(text.to_owned());
        true
    });
    let last = last.ok_or(InvalidSearch::NoWord)?;
    let mut words: Vec<Word> = Vec::new();
    for text in few_enough(&all)? {
        if words.iter().all(|known| known.text != *text) {
            words.push(Word { text: text.clone(), is_prefix: false });
        }
    }
    if words.len() > MAX_WORDS_OF_SEARCH {
        return Err(InvalidSearch::TooLong);
    }
    let last = words.iter_mut().find(|word| word.text == last);
    last.ok_or(InvalidSearch::NoWord)?.is_prefix = true;
    Ok(words)
}

/// The words to ask for. The pairs of a run overlap: each second one and the last are all of its characters, and where
/// that is still too much, some of them tell as well. A person pastes a whole subject and counts no pairs.
fn few_enough(all: &[String]) -> Result<Vec<&String>, InvalidSearch> {
    let is_pair = |word: &String| word.chars().next().is_some_and(is_written_without_spaces);
    let goes_on = |one: &String, next: &String| is_pair(next) && one.chars().nth(1) == next.chars().next();
    let (mut kept, mut pairs) = (Vec::new(), Vec::new());
    let mut place = 0_usize;
    for (at, word) in all.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|before| all.get(before)).filter(|word| is_pair(word));
        place = if before.is_some_and(|before| goes_on(before, word)) { place + 1 } else { 0 };
        let ends = all.get(at + 1).is_none_or(|next| !goes_on(word, next));
        if !is_pair(word) {
            kept.push((at, word));
        } else if place.is_multiple_of(2) || ends {
            pairs.push((at, word));
        }
    }
    let room = MAX_WORDS_OF_SEARCH.saturating_sub(kept.len());
    if pairs.len() > room {
        if room < 2 {
            return Err(InvalidSearch::TooLong);
        }
        // From the first to the last, as evenly as they come.
        let count = pairs.len() - 1;
        pairs = (0..room).filter_map(|step| pairs.get(step * count / (room - 1)).copied()).collect();
    }
    kept.extend(pairs);
    kept.sort_unstable_by_key(|(at, _)| *at);
    Ok(kept.into_iter().map(|(_, word)| word).collect())
}

/// What texts are found by.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FoundBy {
    /// The words, each once.
    pub words: BTreeSet<String>,
    /// There are more, which the texts are not found by.
    pub is_limited: bool,
}

/// The words that texts are found by, the first texts first; at most [`MAX_WORDS_OF_MESSAGE`].
pub fn words_of_texts<'a>(texts: impl IntoIterator<Item = &'a str>) -> BTreeSet<String> {
    first_words_of_texts(texts, MAX_WORDS_OF_MESSAGE).words
}

/// The same, at most so many.
pub fn first_words_of_texts<'a>(texts: impl IntoIterator<Item = &'a str>, max_words: usize) -> FoundBy {
    let mut found_by = FoundBy::default();
    for text in texts {
        cut(text, true, |word| {
            if !found_by.words.contains(word) {
                found_by.is_limited = found_by.words.len() >= max_words;
                if !found_by.is_limited {
                    found_by.words.insert(word.to_owned());
                }
            }
            !found_by.is_limited
        });
        if found_by.is_limited {
            break;
        }
    }
    found_by
}

/// Gives the words of a text to `take`, in order, until it says no; the last one is returned. In a text that is stored,
/// the last character of a run without spaces stands for itself as well, so that the beginning of a pair finds it.
fn cut(text: &str, is_stored: bool, mut take: impl FnMut(&str) -> bool) -> Option<String> {
    let mut folded =
        text.chars().take(MAX_TEXT_CHARS).nfkd().filter(|c| canonical_combining_class(*c) == 0 && *c != TATWEEL).nfc();
    let (mut word, mut chars, mut last) = (String::new(), 0, None);
    // The character before, in a run without spaces, and whether it made a pair.
    let mut before: Option<(char, bool)> = None;
    let mut pair = String::new();
    loop {
        let c = folded.next();
        let is_spaceless = c.is_some_and(is_written_without_spaces);
        let is_letter = !is_spaceless && c.is_some_and(char::is_alphanumeric);
        if !is_letter && !word.is_empty() {
            last = Some(word.clone());
            if !take(&word) {
                return last;
            }
            word.clear();
            chars = 0;
        }
        if let Some((earlier, made_a_pair)) = before {
            pair.clear();
            pair.push(earlier);
            if let Some(c) = c.filter(|_| is_spaceless) {
                pair.push(c);
            }
            if is_spaceless || is_stored || !made_a_pair {
                last = Some(pair.clone());
                if !take(&pair) {
                    return last;
                }
            }
        }
        before = c.filter(|_| is_spaceless).map(|c| (c, before.is_some()));
        let Some(c) = c else { return last };
        if is_letter {
            for lower in fold(c) {
                if chars < MAX_WORD_CHARS {
                    word.push(lower);
                    chars += 1;
                }
            }
        }
    }
}

/// The stroke that Arabic words are drawn out with.
const TATWEEL: char = 'ـ';

/// Lower case, and plain letters for those that do not decompose but are commonly written so.
fn fold(c: char) -> impl Iterator<Item = char> {
    let plain = match c {
        'ß' | 'ẞ' => "ss",
        'æ' | 'Æ' => "ae",
        'œ' | 'Œ' => "oe",
        'ø' | 'Ø' => "o",
        'ł' | 'Ł' => "l",
        'đ' | 'Đ' | 'ð' | 'Ð' => "d",
        'þ' | 'Þ' => "th",
        'ı' => "i",
        'ς' => "σ",
        // Letters that Arabic and Persian keyboards write differently, and many people one for the other.
        'ى' | 'ی' | 'ې' => "ي",
        'ک' | 'ڪ' => "ك",
        'ة' | 'ە' | 'ہ' | 'ھ' => "ه",
        'ٱ' => "ا",
        '٠' | '۰' => "0",
        '١' | '۱' => "1",
        '٢' | '۲' => "2",
        '٣' | '۳' => "3",
        '٤' | '۴' => "4",
        '٥' | '۵' => "5",
        '٦' | '۶' => "6",
        '٧' | '۷' => "7",
        '٨' | '۸' => "8",
        '٩' | '۹' => "9",
        _ => "",
    };
    // The dot that `İ` leaves behind is a mark of its own.
    let lower = c.to_lowercase().filter(|c| canonical_combining_class(*c) == 0);
    plain.chars().chain(lower.filter(move |_| plain.is_empty()))
}

/// Han, kana, Hangul, Thai, Lao, Burmese, Khmer. In Korean there are spaces, but what stands between them has endings.
const fn is_written_without_spaces(c: char) -> bool {
    matches!(c,
        '\u{0e01}'..='\u{0eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}'
        | '\u{3005}'..='\u{3007}' | '\u{3041}'..='\u{30fa}' | '\u{30fc}'..='\u{30ff}' | '\u{3400}'..='\u{4dbf}'
        | '\u{4e00}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn stored(text: &str) -> Vec<String> {
        words_of_texts([text]).into_iter().collect()
    }

    fn asked(query: &str) -> Vec<(String, bool)> {
        words_of_search(query).unwrap().into_iter().map(|word| (word.text, word.is_prefix)).collect()
    }

    /// As the store does it.
    fn finds(query: &str, text: &str) -> bool {
        let stored = words_of_texts([text]);
        let matches = |word: &Word| {
            stored.contains(&word.text)
                || (word.is_prefix && stored.iter().any(|stored| stored.starts_with(&word.text)))
        };
        words_of_search(query).unwrap().iter().all(matches)
    }

    #[test]
    fn writing_and_searching_meet() {
        for (query, text) in [
            ("grösse", "Welche GRÖẞE?"),
            ("GROSSE", "welche Größe"),
            ("cafe", "Un Café, s'il vous plaît"),
            ("plaît", "s'il vous plait"),
            ("istanbul", "İSTANBUL"),
            ("ΣΊΣΥΦΟΣ", "σίσυφος"),
            ("ada@customer.test", "Ada Löwe <Ada@Customer.TEST>"),
            ("inv", "the invoice is late"),
            ("late inv", "the invoice is late"),
            ("ｆｕｌｌ", "full width"),
            ("請求", "三月の請求書です"),
            ("請求書", "三月の請求書です"),
            ("書", "請求書"),
            ("請", "請求書"),
            ("견적", "견적서를 보내주세요"),
            ("ใบแจ้ง", "ส่งใบแจ้งหนี้"),
            ("#4711", "order 4711."),
            (
                "来週の会議の議題についてご確認をお願いいたします",
                "件名：来週の会議の議題についてご確認をお願いいたします。",
            ),
            (
                "来週の会議の議題についてご確認をお願いいたします 佐藤 Ada",
                "Ada 佐藤 来週の会議の議題についてご確認をお願いいたします",
            ),
            ("관련하여문의드립니다배송일정확인부탁드립니다", "관련하여문의드립니다배송일정확인부탁드립니다"),
            ("كتاب", "كتـــاب"),
            ("علي", "على"),
            ("احمد", "أحمد"),
            ("مدرسه", "مدرسة"),
            ("کتاب", "كتاب"),
            ("می خواهم", "می‌خواهم"),
            ("4711", "۴۷۱۱"),
            ("٤٧١١", "order 4711"),
            ("don't", "I don't know"),
        ] {
            assert!(finds(query, text), "{query} in {text}: {:?} {:?}", asked(query), stored(text));
        }
        for (query, text) in [
            ("voice", "invoice"),
            ("inv late", "the invoice is late"),
            ("求請", "請求書"),
            ("a b", "b"),
            ("来週の会議の議題についてご確認をお願いいたします", "先週の会議の議題について"),
        ] {
            assert!(!finds(query, text), "{query} in {text}");
        }
    }

    #[test]
    fn pairs_of_characters() {
        assert_eq!(stored("請求書 ok"), ["ok", "書", "求書", "請求"]);
        assert_eq!(asked("請求書"), [("請求".to_owned(), false), ("求書".to_owned(), true)]);
        assert_eq!(asked("請"), [("請".to_owned(), true)]);
    }

    #[test]
    fn a_word_counts_once_and_the_last_is_a_beginning() {
        assert_eq!(asked("to be or to"), [("to".to_owned(), true), ("be".to_owned(), false), ("or".to_owned(), false)]);
    }

    #[test]
    fn what_is_too_long_or_nothing_is_refused() {
        assert_eq!(words_of_search(""), Err(InvalidSearch::NoWord));
        assert_eq!(words_of_search(" -- ?"), Err(InvalidSearch::NoWord));
        assert_eq!(words_of_search(&"a".repeat(201)), Err(InvalidSearch::TooLong));
        let many: Vec<String> = (0..13).map(|n| n.to_string()).collect();
        assert_eq!(words_of_search(&many.join(" ")), Err(InvalidSearch::TooLong));
        assert!(words_of_search(&many[1..].join(" ")).is_ok());
    }

    #[test]
    fn a_long_text_is_found_by_its_beginning_and_a_long_word_by_its() {
        let text = (0..1_000).map(|n| format!("w{n}")).collect::<Vec<_>>().join(" ");
        let words = words_of_texts(["subject", &text]);
        assert_eq!(words.len(), MAX_WORDS_OF_MESSAGE);
        assert!(words.contains("subject") && words.contains("w498") && !words.contains("w499"));
        assert!(first_words_of_texts([text.as_str()], 999).is_limited);
        assert!(!first_words_of_texts([text.as_str(), "w1 w2"], 1_000).is_limited);
        assert!(finds(&"x".repeat(100), &"X".repeat(90)));
    }
}
