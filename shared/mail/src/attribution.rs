//! The lines mail clients write above quoted history, around forwards and below mails.

mod footer;
mod header_block;
mod introduction;
mod numbers;
mod phrases;
mod subject;
mod words;

use std::sync::LazyLock;

pub use self::subject::reply_subject;
pub(crate) use self::{
    footer::is_app_footer,
    header_block::{
        author_line, is_author_line, is_block_under_rule, is_header_block, is_labelled_block, is_short_header_block,
        is_whole_header_block,
    },
    introduction::{Introduction, People, introduction, introduction_above, is_said_by_author},
    phrases::{Beginnings, Bytes, Phrases},
    subject::{is_forward_subject, is_reply_subject},
};
use self::{
    numbers::Numbers,
    words::{ABOVE_THIS_LINE, ASKED, ATTRIBUTIONS, Attribution, FORWARDED, ORIGINAL, POSSESSIVES},
};

/// Lines an attribution may be wrapped into.
const MAX_LINES: usize = 4;
/// The longest attribution, in bytes.
const MAX_BYTES: usize = 500;
/// A line at least this wide was wrapped when the next word would have made it so.
const WRAPPED_WIDTH: usize = 60;

/// A line without blanks, emphasis and the invisible marks that right-to-left languages put around addresses.
fn clean(line: &str) -> &str {
    // Most lines begin and end with a letter or a mark that stays.
    let stays = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_graphic() && *byte != b'*');
    if stays(line.as_bytes().first()) && stays(line.as_bytes().last()) {
        return line;
    }
    line.trim_matches(|c: char| {
        c.is_whitespace()
            || matches!(c, '*' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    })
}

/// "On … Ada wrote:" and its like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FoundAttribution {
    /// How many lines it takes.
    pub(crate) lines: usize,
    /// It names who and when so fully that what follows is history even without quote marks.
    pub(crate) is_full: bool,
    /// It names an address, or stands between dashes: no person writes it.
    pub(crate) is_of_client: bool,
}

/// The attribution that starts with the first of `lines`.
pub(crate) fn find_attribution(lines: &[&str]) -> Option<FoundAttribution> {
    let first = clean(lines.first()?);
    // A rule says nothing.
    if first.starts_with('>') || first.bytes().all(|byte| byte == b'-') {
        return None;
    }
    let dashed = first.starts_with("--");
    let ends = |line: &str| line.ends_with([':', '：', '︰']) || (dashed && line.ends_with("--"));
    let window = lines.get(..MAX_LINES.min(lines.len()))?;
    let mut bytes = 0;
    let last = window.iter().position(|line| {
        let line = clean(line);
        bytes += line.len();
        line.is_empty() || line.starts_with('>') || bytes > MAX_BYTES || ends(line)
    })?;
    if bytes > MAX_BYTES || !ends(clean(window.get(last)?)) {
        return None;
    }
    let window = window.get(..=last)?;
    let whole = Sentence::of(window);
    let by_beginning = whole.kind()?;
    let starts_here = by_beginning == Kind::Beginning || window.windows(2).all(|pair| is_wrapped(pair[0], pair[1]));
    // Where a later line is an attribution of its own, the lines above it are text.
    let starts_later = (1..=last).any(|start| {
        let part = Sentence::of(window.get(start..).unwrap_or_default());
        part.kind().is_some_and(|kind| match kind {
            Kind::Beginning | Kind::AddressAndTime => true,
            Kind::Verb => (!whole.has_address || part.has_address) && (!whole.has_date || part.has_date),
        })
    });
    let found = FoundAttribution {
        lines: last + 1,
        is_full: whole.is_full(),
        is_of_client: whole.has_address || first.starts_with("--"),
    };
    (starts_here && !starts_later).then_some(found)
}

/// Whether a line has the verb of an attribution, and no more need be said: "Ada wrote:".
pub(crate) fn has_attribution_verb(line: &str) -> bool {
    let text = clean(line).to_lowercase();
    let bytes = Bytes::of(&text);
    // Most lines have none of them.
    if !ANY_VERB.possible_in(bytes).any(|verb| text.contains(verb)) {
        return false;
    }
    ATTRIBUTIONS.iter().zip(VERBS.iter()).any(|(attribution, verbs)| has_verb(&text, bytes, attribution, verbs))
}

/// Where in `line` an attribution begins that was given no line of its own ("Fine. On 3 May 2026 Ada <a@b.example> wrote:").
/// Only one that names who and when is told from a sentence.
pub(crate) fn attribution_within(line: &str) -> Option<usize> {
    /// Beginnings looked at, from the end.
    const MAX_TRIED: usize = 16;
    if !clean(line).ends_with([':', '：']) || !line.contains('@') || line.len() > 2 * MAX_BYTES {
        return None;
    }
    if Sentence::of(&[line]).kind() == Some(Kind::Beginning) {
        return None;
    }
    let words = line.match_indices(' ').map(|(at, blank)| at + blank.len());
    let is_full = |start: &usize| {
        let part = Sentence::of(&[line.get(*start..).unwrap_or_default()]);
        part.has_address && part.has_date && part.kind() == Some(Kind::Beginning)
    };
    let begins = |start: &usize| {
        let rest = line.get(*start..).unwrap_or_default();
        let mut begins = ATTRIBUTIONS.iter().flat_map(|attribution| attribution.begins);
        begins.any(|begin| rest.get(..begin.len()).is_some_and(|head| head.to_lowercase() == **begin))
    };
    words.rev().filter(begins).take(MAX_TRIED).find(is_full)
}

/// Whether a line, right above quoted lines, is what a client of an unknown language wrote there: who and when, ended by
/// a colon or begun by the date.
pub(crate) fn is_lead_in(line: &str) -> bool {
    let line = clean(line);
    let sentence = Sentence::of(&[line]);
    (line.ends_with([':', '：']) || line.starts_with(char::is_numeric))
        && sentence.has_address
        && (sentence.has_date || sentence.has_time)
}

/// Whether `line` was broken because the first word of `next` did not fit.
fn is_wrapped(line: &str, next: &str) -> bool {
    let width = |text: &str| text.chars().map(|c| if c >= '\u{1100}' { 2 } else { 1 }).sum::<usize>();
    let word = next.split_whitespace().next().unwrap_or_default();
    width(line) + 1 + width(word) >= WRAPPED_WIDTH || clean(line).ends_with(['<', ','])
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// It begins and ends as in one of the languages.
    Beginning,
    /// It has the verb of one of the languages that begin with anything.
    Verb,
    /// It names an address, a date and a time, in no language that is known.
    AddressAndTime,
}

/// The lines of a possible attribution, and what is in them.
#[allow(clippy::struct_excessive_bools, reason = "each is a separate observation of the same text")]
struct Sentence {
    /// Lower case, one blank between the lines.
    text: String,
    bytes: Bytes,
    has_address: bool,
    has_time: bool,
    has_date: bool,
    has_digit: bool,
}

impl Sentence {
    fn of(lines: &[&str]) -> Self {
        let mut text = String::new();
        for line in lines {
            let line = clean(line);
            // Some clients break a line within the brackets of an address.
            if !text.is_empty() && !text.ends_with('<') && !line.starts_with('>') {
                text.push(' ');
            }
            text.push_str(&line.to_lowercase());
        }
        let mut has_address = false;
        let mut has_time = false;
        let mut has_date = false;
        let mut has_digit = false;
        for word in text.split_whitespace() {
            if word.contains('@') {
                has_address |= word.contains(['<', '(', '[', '>', ')', ']']) || word.len() > 5;
                continue;
            }
            let numbers = Numbers::of(word);
            has_digit |= numbers.count > 0;
            has_date |= numbers.is_date();
            has_time |= numbers.is_time(word);
        }
        Self { bytes: Bytes::of(&text), text, has_address, has_time, has_date, has_digit }
    }

    /// Whether it says whose the author is, as people do who tell of somebody ("our lawyer").
    fn tells(&self) -> bool {
        self.text.split_whitespace().any(|word| POSSESSIVES.contains(&word))
    }

    fn kind(&self) -> Option<Kind> {
        let (text, dashed) = match self.text.strip_prefix("--") {
            Some(inner) => (inner.trim_start_matches('-').trim_start(), true),
            None => (self.text.as_str(), false),
        };
        if !(self.has_digit || self.has_address || dashed) {
            return None;
        }
        // Who and when are enough in any language; what is left to ask is whether it begins here.
        let says_all = self.has_address && self.has_date && self.has_time;
        let mut found = says_all.then_some(Kind::AddressAndTime);
        let possible = ATTRIBUTIONS.iter().zip(VERBS.iter()).filter(|(_, verbs)| verbs.is_any_possible_in(self.bytes));
        for (attribution, verbs) in possible {
            let begins = attribution.begins.iter().any(|begin| text.starts_with(begin));
            let asked = begins || (found.is_none() && (dashed || attribution.begins.is_empty()));
            if asked && has_verb(text, self.bytes, attribution, verbs) {
                if begins {
                    return Some(Kind::Beginning);
                }
                found = Some(Kind::Verb);
            }
        }
        found
    }

    fn is_full(&self) -> bool {
        let dashed = self.text.starts_with("--");
        dashed
            || (self.has_address && (self.has_date || self.has_time))
            || (self.has_date && self.has_time && !self.tells())
    }
}

/// The verbs of [`ATTRIBUTIONS`].
static VERBS: LazyLock<Vec<Phrases>> = LazyLock::new(|| {
    let verbs = |attribution: &Attribution| Phrases::of(attribution.verbs.iter().copied());
    ATTRIBUTIONS.iter().map(verbs).collect()
});

static ANY_VERB: LazyLock<Phrases> =
    LazyLock::new(|| Phrases::of(ATTRIBUTIONS.iter().flat_map(|attribution| attribution.verbs).copied()));

/// Words that may follow a verb that the author's name follows.
const MAX_NAME_WORDS: usize = 8;

/// Whether a text, in which `bytes` stand, has one of the verbs of `attribution`, with no more behind it than may follow.
fn has_verb(text: &str, bytes: Bytes, attribution: &Attribution, verbs: &Phrases) -> bool {
    verbs.possible_in(bytes).any(|verb| {
        memchr::memmem::rfind(text.as_bytes(), verb.as_bytes()).is_some_and(|at| {
            let after = text.get(at + verb.len()..).unwrap_or_default();
            // The rest of the word: "napisał(a)", "schrieb:".
            let mut words = after.split_whitespace().skip(usize::from(!after.starts_with(char::is_whitespace)));
            let marks = |word: &str| word.chars().all(|c| !c.is_alphanumeric());
            if attribution.name_follows {
                words.filter(|word| !word.contains('@')).count() <= MAX_NAME_WORDS
            } else {
                words.all(marks)
            }
        })
    })
}

/// The words of a line such as `-----Original Message-----`, in lower case.
pub(crate) fn title_between_dashes(line: &str) -> Option<String> {
    let line = clean(line);
    // The first bytes of the rules: few lines begin with one.
    let may_begin = matches!(line.as_bytes().first(), Some(b'-' | b'_' | 0xe2)) && line.len() < 200;
    let begins = |rule: &&str| line.starts_with(*rule);
    if !may_begin || !["--", "__", "——", "‐‐", "‑‑", "––"].iter().any(begins) {
        return None;
    }
    let inner = line.trim_matches(['-', '_', ' ', '*', '=', '—', '‐', '‑', '–']);
    (!inner.is_empty()).then(|| inner.to_lowercase())
}

/// How many lines `GroupWise` writes at the beginning of `lines`, above what is answered:
/// `>>> Ada <ada@example.com> 05.05.26 9:00 >>>`, or `>>> On 05.05.26 at 9:00, in message <…>, Ada wrote:`.
pub(crate) fn groupwise_lines(lines: &[&str]) -> Option<usize> {
    let first = lines.first()?.strip_prefix(">>>").filter(|first| !first.starts_with('>'))?;
    let says_when_and_who = |lines: &[&str]| {
        let seen = Sentence::of(lines);
        let is_short = lines.iter().map(|line| line.len()).sum::<usize>() <= MAX_BYTES;
        is_short && seen.has_date && (seen.has_time || seen.has_address)
    };
    if let Some(inner) = first.trim_end().strip_suffix(">>>") {
        return (!inner.contains(">>>") && says_when_and_who(&[inner])).then_some(1);
    }
    // What is quoted three times has its marks in the next line, too.
    let last = lines.iter().take(MAX_LINES).position(|line| line.ends_with([':', '：']))?;
    let below = lines.get(1..=last).unwrap_or_default();
    let whole: Vec<&str> = std::iter::once(first).chain(below.iter().copied()).collect();
    let is_whole = below.iter().all(|line| !line.is_empty() && !line.starts_with('>'));
    let names_author = whole.iter().any(|line| line.contains('@') || has_attribution_verb(line));
    (is_whole && names_author && says_when_and_who(&whole)).then_some(last + 1)
}

/// Whether a line is the one above which help desks ask to write: `##- Please type your reply above this line -##`.
pub(crate) fn is_reply_line(line: &str) -> bool {
    /// The longest such line, in bytes.
    const MAX_BYTES: usize = 150;
    let rules = ['#', '-', '=', '*', '_', '—', '–', '~', '+'];
    let line = clean(line.trim_start_matches(['>', ' ']));
    if line.len() > MAX_BYTES || !(line.starts_with(rules) && line.ends_with(rules)) {
        return false;
    }
    let lower = line.to_lowercase();
    ABOVE_THIS_LINE.iter().any(|words| lower.contains(words)) && ASKED.iter().any(|word| lower.contains(word))
}

/// Whether a line says that the original message follows.
pub(crate) fn is_original_marker(line: &str) -> bool {
    title_between_dashes(line).is_some_and(|words| ORIGINAL.contains(&words.trim_end_matches(':').trim_end()))
}

/// Whether a line says that a forwarded message follows. It may be quoted.
pub(crate) fn is_forward_marker(line: &str) -> bool {
    let bare = line.trim_start_matches(['>', ' ', '|']);
    if let Some(words) = title_between_dashes(bare) {
        let words = words.trim_end_matches([':', '：']).trim_end();
        return FORWARDED.iter().any(|known| {
            // "Forwarded by Ada on …" is the only one with something behind it.
            *known == words || (*known == "forwarded by" && words.starts_with(known))
        });
    }
    clean(bare)
        .strip_suffix([':', '：'])
        .filter(|words| words.len() < 150)
        .is_some_and(|words| FORWARDED.contains(&clean(words).to_lowercase().as_str()))
}
