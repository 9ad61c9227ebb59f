//! The lines above a quote that say whose it is, in whatever form clients and people give them. What stands below is
//! marked, so that little is left to ask: but a word that only a person would write there makes them a sentence.

use std::{borrow::Cow, collections::HashMap, sync::LazyLock};

use super::{
    MAX_BYTES, clean, is_wrapped,
    numbers::Numbers,
    phrases::{Bytes, Phrases},
    words::{ATTRIBUTIONS, CONNECTIVES, MONTHS, MORE_VERBS, POSSESSIVES, PRONOUNS, QUOTING, YOU_WROTE, YOUR_MAIL},
};

/// Lines an introduction may be wrapped into.
const MAX_LINES: usize = 6;
/// Words of an introduction that are names, where an address says whose.
const MAX_NAMES: usize = 9;
/// Words of an introduction that are names, where nothing but a verb stands beside them.
const MAX_NAMES_ALONE: usize = 4;
/// Words that are neither names nor known, where a date and an address stand beside them: weekdays and months in the
/// languages that write them small.
const MAX_UNKNOWN: usize = 3;

/// Those whom a mail is to or from.
pub(crate) trait People {
    /// Whether a word, in lower case, is of one of their names.
    fn has_name(&self, word: &str) -> bool;
    /// Whether an address, in lower case, is one of theirs.
    fn has_address(&self, address: &str) -> bool;
}

/// What introduces a quote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Introduction {
    /// Of lines that are marked as a quote, by the name of somebody who is not in the mail, as answers by way of a list
    /// are introduced.
    ByName,
    /// Of lines that are marked as a quote.
    OfQuote,
    /// It names somebody the mail is to or from, or is said to the reader, so fully that what follows is history even
    /// without marks, where what is new stands above it.
    OfAll,
}

/// What `lines`, one below the other, introduce; `None` when they are a sentence.
pub(crate) fn introduction(lines: &[&str], people: &dyn People) -> Option<Introduction> {
    let text = joined(lines)?;
    let text = &*with_readable_address(&text);
    let lower = text.to_lowercase();
    // "[Mia Miller <mia@example.com>, 7 May 2026]": the bracket closes it as well.
    let ends_with_colon = lower.ends_with([':', '：', '︰']) || (lower.starts_with('[') && lower.ends_with(']'));
    let bare =
        lower.trim_end_matches([':', '：', '︰', ' ', '.', '…']).trim_start_matches(['*', '-', '•', '[', '(', ' ']);
    let bytes = Bytes::of(&lower);
    let seen = Seen::of(text, &lower, bytes, people);
    // `<quote who="Ada">`, of SquirrelMail.
    if bare.strip_prefix('<').unwrap_or(bare).starts_with("quote who=") {
        return Some(Introduction::ByName);
    }
    if seen.tells {
        return None;
    }
    let quoting = QUOTING.iter().any(|begin| bare.starts_with(begin));
    let you = YOU.possible_in(bytes).any(|phrase| holds(bare, phrase));
    let verb = || VERBS.possible_in(bytes).any(|verb| holds(bare, verb));
    let is_dated = seen.date || seen.time;
    let starts_with_number = bare.starts_with(|c: char| c.is_numeric());
    if you {
        // "In message <…> you wrote:", "On 5 May you wrote:".
        let no_sentence =
            seen.unknown <= usize::from(is_dated) * MAX_UNKNOWN && seen.names <= 3 + 3 * usize::from(is_dated);
        return no_sentence.then_some(if seen.date && ends_with_colon {
            Introduction::OfAll
        } else {
            Introduction::OfQuote
        });
    }
    // "Ihre Nachricht vom 7.5.2026:".
    if seen.cites_reader && seen.date && ends_with_colon && !seen.address && seen.unknown == 0 && seen.names <= 2 {
        return Some(Introduction::OfQuote);
    }
    let names = seen.names <= MAX_NAMES;
    match (seen.address, is_dated) {
        (true, true) if names && seen.unknown <= MAX_UNKNOWN => {
            let verb = verb();
            (verb || quoting || ends_with_colon || starts_with_number).then_some(
                if verb && seen.date && seen.address_is_known { Introduction::OfAll } else { Introduction::OfQuote },
            )
        }
        (true, false) if names && (seen.unknown == 0 || cites_id(text) && seen.unknown <= MAX_UNKNOWN) => {
            let verb = verb();
            (verb || quoting || ends_with_colon).then_some(if verb && ends_with_colon && seen.address_is_known {
                Introduction::OfAll
            } else {
                Introduction::OfQuote
            })
        }
        (false, true) if names && seen.unknown <= MAX_UNKNOWN && seen.date => {
            let says_whose = quoting || verb() || (ends_with_colon && seen.known_names > 0);
            // "On 7 May 2026 at 9:00 Ada Byron", with nothing else.
            let says_both = seen.time && seen.unknown == 0 && seen.known_names > 1;
            let says_when = seen.time && ends_with_colon && seen.unknown == 0 && seen.names > 1;
            match (says_whose || says_both, says_when) {
                (true, _) => Some(Introduction::OfQuote),
                // "Bob Marsh, Monday, 7 May 2026 09:00:".
                (false, true) => Some(Introduction::ByName),
                (false, false) => None,
            }
        }
        // "Ada wrote:", "Ada Byron:", "* Ada Byron".
        (false, false) if seen.unknown == 0 && seen.names > 0 => {
            let all_known = seen.known_names == seen.names;
            let listed = lines.first().is_some_and(|line| line.starts_with("* ")) && seen.names > 1;
            let verb = verb();
            let whose = (quoting && seen.names <= MAX_NAMES_ALONE)
                || (all_known && (verb || (ends_with_colon && seen.names > 1) || listed));
            if whose {
                Some(Introduction::OfQuote)
            } else {
                (verb && ends_with_colon && seen.names <= MAX_NAMES_ALONE).then_some(Introduction::ByName)
            }
        }
        _ => None,
    }
}

/// A text with the address between angle brackets that an archive wrote out: `<ada at example.com>`.
fn with_readable_address(text: &str) -> Cow<'_, str> {
    let inner = || text.split_once('<')?.1.split_once('>').map(|(inner, _)| inner);
    let Some(inner) = inner().filter(|inner| !inner.contains('@') && inner.contains("at")) else {
        return Cow::Borrowed(text);
    };
    let mut address = inner.to_owned();
    for (written, meant) in
        [(" at ", "@"), ("[at]", "@"), ("(at)", "@"), (" dot ", "."), ("[dot]", "."), ("(dot)", ".")]
    {
        address = address.replace(written, meant);
    }
    address.retain(|c| !c.is_whitespace());
    if address.contains('@') { Cow::Owned(text.replacen(inner, &address, 1)) } else { Cow::Borrowed(text) }
}

/// Whether its author speaks in a line that announces a quotation: "We had this on 7 May:".
pub(crate) fn is_said_by_author(line: &str) -> bool {
    let first = line.split(|c: char| !c.is_alphanumeric()).find(|word| !word.is_empty()).unwrap_or_default();
    FIRST_PERSON.contains(&first.to_lowercase().as_str())
}

/// Where the introduction begins that ends `kept`, what stands above a quote. In however many lines it is; what its author
/// wrote right above it stays.
pub(crate) fn introduction_above(kept: &[&str], people: &dyn People) -> Option<usize> {
    let last = kept.iter().rposition(|line| !line.is_empty())?;
    let mut found = None;
    for start in (0..=last).rev().take(MAX_LINES) {
        let (Some(line), Some(lines)) = (kept.get(start), kept.get(start..=last)) else { break };
        if line.is_empty() || (start < last && line.ends_with(['.', '!', '?', ':', ';'])) {
            break;
        }
        if found.is_some() {
            // It goes on only where it said no name yet, in a line that says when, or in one that was full.
            let below = kept.get(start + 1).copied().unwrap_or_default();
            let has_name = |text: String| {
                let lower = text.to_lowercase();
                Seen::of(&text, &lower, Bytes::of(&lower), people).names > 0
            };
            let says_who = kept.get(start + 1..=last).and_then(joined).is_some_and(has_name);
            let says_when = line.contains(|c: char| c.is_numeric());
            if !cites_id(line) && (begins(below) || (says_who && !says_when && !is_wrapped(line, below))) {
                break;
            }
        }
        if introduction(lines, people).is_some() {
            found = Some(start);
        } else if found.is_some() {
            break;
        }
    }
    found
}

/// Whether an introduction begins with a line, by the words it begins with in some language.
fn begins(line: &str) -> bool {
    let lower = clean(line).to_lowercase();
    ATTRIBUTIONS.iter().flat_map(|attribution| attribution.begins).chain(QUOTING).any(|begin| lower.starts_with(begin))
}

/// Whether a line begins by citing a mail by its id, as no person does: "In <17@example.com>, on 7 May 2026".
fn cites_id(line: &str) -> bool {
    let lower = clean(line).to_lowercase();
    ["in <", "in message <", "in article <"].iter().any(|begin| lower.starts_with(begin)) && lower.contains('@')
}

/// The lines as one, without what stands around them. `None` when one cannot be part of an introduction.
fn joined(lines: &[&str]) -> Option<String> {
    let mut text = String::new();
    for line in lines {
        let line = clean(line);
        if line.is_empty() || line.starts_with('>') || text.len() + line.len() > MAX_BYTES {
            return None;
        }
        if !text.is_empty() && !text.ends_with('<') && !line.starts_with('>') {
            text.push(' ');
        }
        text.push_str(line);
    }
    (!text.is_empty()).then_some(text)
}

/// What is in an introduction.
#[derive(Default)]
#[allow(clippy::struct_excessive_bools, reason = "each is a separate observation of the same text")]
struct Seen {
    address: bool,
    address_is_known: bool,
    date: bool,
    time: bool,
    names: usize,
    known_names: usize,
    unknown: usize,
    /// A number that can be the day of a month, and a month.
    day: bool,
    month: bool,
    /// It begins with "yesterday", or the like: with a time, a client wrote it.
    relative: bool,
    /// It speaks of a mail of the reader's.
    cites_reader: bool,
    /// It says whose the author is, or speaks of somebody: a person wrote it.
    tells: bool,
}

impl Seen {
    /// `lower`: the text in lower case, and the bytes of that.
    fn of(text: &str, lower: &str, bytes: Bytes, people: &dyn People) -> Self {
        let cites_reader = YOURS.possible_in(bytes).any(|phrase| holds(lower, phrase));
        let mut seen = Self { cites_reader, ..Self::default() };
        // The words of the verb are told apart by their place.
        let verbs = verb_words(lower, bytes);
        for (number, token) in text.split_whitespace().enumerate() {
            if token.contains('@') && token.len() > 3 {
                let address = token.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
                let address = address.rsplit("mailto:").next().unwrap_or_default();
                seen.address = true;
                seen.address_is_known |= people.has_address(address);
                continue;
            }
            // "napisał(a):", whoever wrote it.
            let token = token.find('(').and_then(|at| token.get(..at)).filter(|verb| !verb.is_empty()).unwrap_or(token);
            let numbers = Numbers::of(token);
            if numbers.count > 0 {
                seen.date |= numbers.is_date();
                seen.time |= numbers.is_time(token);
                seen.day |= numbers.is_day();
                continue;
            }
            for word in token.split(|c: char| !(c.is_alphanumeric() || matches!(c, '\'' | '’' | '.'))) {
                let word = word.trim_matches(|c: char| !c.is_alphanumeric());
                if !word.is_empty() {
                    seen.take(word, number == 0, &verbs, people);
                }
            }
        }
        seen.date |= (seen.day && seen.month) || (seen.relative && seen.time);
        seen.tells |= seen.relative && !seen.time;
        seen
    }

    fn take(&mut self, word: &str, is_first: bool, verbs: &[&str], people: &dyn People) {
        let lower = word.to_lowercase();
        let lower = lower.strip_suffix("'s").or_else(|| lower.strip_suffix("’s")).unwrap_or(&lower);
        if people.has_name(lower) {
            self.names += 1;
            self.known_names += 1;
            return;
        }
        let word_is = WORDS.get(lower).copied();
        match word_is {
            Some(Word::Month) => self.month = true,
            Some(Word::Possessive) if self.cites_reader && OF_READER.contains(&lower) => {}
            Some(Word::Possessive | Word::Pronoun) => self.tells = true,
            _ if is_first && RELATIVE_DAYS.contains(&lower) => self.relative = true,
            _ if is_first && SENTENCE_STARTS.contains(&lower) => self.tells = true,
            Some(Word::Connective) => {}
            None if verbs.contains(&lower) => {}
            None if word.starts_with(|c: char| !c.is_lowercase()) => self.names += 1,
            None => self.unknown += 1,
        }
    }
}

/// What a word is that is no name.
#[derive(Clone, Copy)]
enum Word {
    Month,
    Possessive,
    Pronoun,
    Connective,
}

/// By word; where one is several, the first of them counts.
static WORDS: LazyLock<HashMap<&'static str, Word>> = LazyLock::new(|| {
    let lists = [
        (CONNECTIVES, Word::Connective),
        (PRONOUNS, Word::Pronoun),
        (POSSESSIVES, Word::Possessive),
        (MONTHS, Word::Month),
    ];
    let mut words = HashMap::with_capacity(lists.iter().map(|(list, _)| list.len()).sum());
    for (list, kind) in lists {
        words.extend(list.iter().map(|word| (*word, kind)));
    }
    words
});

static VERBS: LazyLock<Phrases> = LazyLock::new(|| Phrases::of(all_verbs()));
static YOU: LazyLock<Phrases> = LazyLock::new(|| Phrases::of(YOU_WROTE.iter().copied()));
static YOURS: LazyLock<Phrases> = LazyLock::new(|| Phrases::of(YOUR_MAIL.iter().copied()));
static SAID: LazyLock<Phrases> =
    LazyLock::new(|| Phrases::of(all_verbs().chain(YOU_WROTE.iter().chain(QUOTING).copied())));

/// Whose a mail of the reader's is.
const OF_READER: &[&str] = &["your", "ihr", "ihre", "ihrer", "votre", "vostro", "vuestro"];

/// Words that no client begins a line with: who speaks, or what follows.
#[rustfmt::skip]
const FIRST_PERSON: &[&str] = &[
    "i", "we", "my", "our", "here", "this", "these", "ich", "wir", "mein", "unser", "diese", "dieser", "dieses", "folgende", "je", "j", "nous", "voici", "mon", "notre",
    "yo", "nosotros", "mi", "nuestro", "este", "esta", "io", "noi", "ecco", "questo", "questa", "eu", "nós", "meu", "ik", "wij", "dit", "jag", "jeg", "ja", "я", "мы", "вот", "это",
];

const RELATIVE_DAYS: &[&str] = &["yesterday", "today", "gestern", "heute", "hier", "ayer", "ieri", "ontem", "gisteren"];

/// Words that people begin with, capital as names are.
#[rustfmt::skip]
const SENTENCE_STARTS: &[&str] = &[
    "as", "and", "but", "then", "when", "what", "look", "see", "here", "this", "that", "yes", "no", "hi", "hello", "dear", "thanks",
    "please", "because", "if", "so", "also", "regarding", "wie", "und", "aber", "dann", "wenn", "was", "hier",
    "ja", "nein", "comme", "et", "mais", "quand", "como", "pero", "come", "ma", "quando",
];

/// The verbs of all languages that stand in a lower-case text, as words.
fn verb_words(lower: &str, bytes: Bytes) -> Vec<&'static str> {
    let said = SAID.possible_in(bytes).filter(|verb| holds(lower, verb));
    said.flat_map(str::split_whitespace).collect()
}

fn all_verbs() -> impl Iterator<Item = &'static str> {
    ATTRIBUTIONS.iter().flat_map(|attribution| attribution.verbs).chain(MORE_VERBS).copied()
}

/// Whether `phrase` stands in `text`, as whole words where the script has blanks.
fn holds(text: &str, phrase: &str) -> bool {
    let phrase = phrase.trim();
    let has_blanks = phrase.chars().next().is_some_and(|c| c < '\u{e00}');
    // Whether it stands there at all is said sooner than where.
    text.contains(phrase)
        && text.match_indices(phrase).any(|(at, _)| {
            let before = text.get(..at).and_then(|before| before.chars().next_back());
            let after = text.get(at + phrase.len()..).and_then(|after| after.chars().next());
            let is_letter = |c: Option<char>| c.is_some_and(char::is_alphabetic);
            !has_blanks || !(is_letter(before) || is_letter(after))
        })
}

#[cfg(test)]
mod tests;
