//! The header block that Outlook and others put above history.

use std::{collections::HashMap, sync::LazyLock};

use super::{
    clean,
    introduction::People,
    numbers::Numbers,
    words::{FROM, SENT, SUBJECT, TO},
};

/// Lines of a header block looked at.
const MAX_HEADERS: usize = 10;
/// The longest label of a header block, in bytes.
const MAX_LABEL_BYTES: usize = 60;

/// Which fields a label of some language may name: a bit each, for some words are used for several.
static FIELDS: LazyLock<HashMap<&'static str, u8>> = LazyLock::new(|| {
    let lists = [FROM, SENT, TO, SUBJECT];
    let mut fields = HashMap::with_capacity(lists.iter().map(|words| words.len()).sum());
    for (field, words) in lists.iter().enumerate() {
        for word in *words {
            *fields.entry(*word).or_default() |= 1 << field;
        }
    }
    fields
});
const IS_FROM: u8 = 1;
const IS_SENT: u8 = 1 << 1;
const IS_TO: u8 = 1 << 2;
const IS_SUBJECT: u8 = 1 << 3;

/// The fields that the label of a line may name, as bits.
fn fields(line: &str) -> u8 {
    /// Orange's web mail has no colon there: "Message du 07/05/26 09:00".
    const DATED: &str = "message du ";
    let Some(label) = label(line) else { return 0 };
    match FIELDS.get(label.as_str()) {
        Some(fields) => *fields,
        None if label.strip_prefix(DATED).is_some_and(|when| when.starts_with(|c: char| c.is_ascii_digit())) => IS_SENT,
        None => 0,
    }
}

/// The label of a line such as `From: Ada`, in lower case.
pub(super) fn label(line: &str) -> Option<String> {
    let line = clean(line);
    let mut end = line.len().min(MAX_LABEL_BYTES);
    while !line.is_char_boundary(end) {
        end -= 1;
    }
    let start = line.get(..end)?;
    // The first bytes of both colons: most lines have neither.
    let from = memchr::memchr2(b':', 0xef, start.as_bytes())?;
    let at = from + start.get(from..)?.find([':', '：'])?;
    let label = clean(line.get(..at)?);
    (!label.is_empty()).then(|| label.to_lowercase())
}

/// Whether `lines` start with the header block that Outlook and others put above history: who, when, to whom, what about.
/// Three words with a colon do not make one: people write lists of their own. An address or a time tells, or that the
/// date stands below the author, as Outlook has it.
pub(crate) fn is_header_block(lines: &[&str]) -> bool {
    if lines.first().is_none_or(|line| fields(line) == 0) {
        return false;
    }
    let mut seen = 0;
    let (mut address, mut time, mut in_order) = (false, false, false);
    let mut gap = 0;
    for line in lines.iter().take(MAX_HEADERS) {
        let before = seen;
        seen |= fields(line);
        let known = seen != before;
        in_order |= before == IS_FROM && seen & IS_SENT != 0;
        address |= known && line.contains('@');
        time |= known && line.split_whitespace().any(|word| Numbers::of(word).is_time(word));
        // The lines of the block may be wrapped or stand apart, but not far.
        gap = if known { 0 } else { gap + 1 };
        if gap > 3 {
            break;
        }
    }
    let has = |field: u8| seen & field != 0;
    let told = address || time || in_order;
    has(IS_FROM)
        && told
        && ((has(IS_SUBJECT) && (has(IS_SENT) || has(IS_TO))) || (address && has(IS_SENT) && has(IS_TO)))
}

/// Whether `lines` start with what may be a header block in whatever language: three labels, and an address. Only what
/// stands above it can say that it is one, and it is none when the author of a mail is not named in its first line, as
/// everywhere, or a rule below it closes what is then a form.
pub(crate) fn is_labelled_block(lines: &[&str]) -> bool {
    const MIN_LABELS: usize = 3;
    let labelled = |line: &&&str| label(line).is_some();
    let texts = || lines.iter().filter(|line| !line.is_empty()).take(MAX_HEADERS);
    let count = texts().take_while(labelled).count();
    let is_rule = |line: &str| line.len() >= 3 && line.bytes().all(|b| matches!(b, b'-' | b'_' | b'=' | b'*' | b'+'));
    let is_closed = texts().nth(count).is_some_and(|line| is_rule(line));
    let has_known = texts().take(count).any(|line| fields(line) != 0);
    let names_author = texts().next().is_some_and(|line| line.contains('@'));
    let has_address = || texts().take(count).any(|line| line.contains('@'));
    count >= MIN_LABELS && !is_closed && (names_author || (has_known && has_address()))
}

/// Whether `lines` are nothing but a header block, however short: right above a quote, as Emacs writes it, `From` and
/// `Date` are enough.
pub(crate) fn is_short_header_block(lines: &[&str]) -> bool {
    let seen = lines.iter().take(MAX_HEADERS).fold(0, |seen, line| seen | fields(line));
    (2..=MAX_HEADERS).contains(&lines.len())
        && lines.iter().all(|line| fields(line) != 0)
        && seen & IS_FROM != 0
        && seen & (IS_SENT | IS_SUBJECT) != 0
        && lines.iter().any(|line| line.contains('@'))
}

/// Whether `lines` are a header block and nothing else, each with its label.
pub(crate) fn is_whole_header_block(lines: &[&str]) -> bool {
    (3..=MAX_HEADERS).contains(&lines.len()) && lines.iter().all(|line| fields(line) != 0) && is_header_block(lines)
}

/// Whether a line says who wrote what stands below ("From: Mia Miller"): somebody the mail is to or from, and no more.
pub(crate) fn is_author_line(line: &str, people: &dyn People) -> bool {
    const MAX_WORDS: usize = 6;
    if fields(line) & IS_FROM == 0 {
        return false;
    }
    let after = line.split_once([':', '：']).map_or("", |(_, after)| after);
    let (addresses, words): (Vec<&str>, Vec<&str>) = after.split_whitespace().partition(|word| word.contains('@'));
    let is_own = |word: &&str| {
        let address = word.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
        people.has_address(address.rsplit("mailto:").next().unwrap_or_default())
    };
    let mut names =
        words.iter().flat_map(|word| word.split(|c: char| !c.is_alphanumeric())).filter(|name| !name.is_empty());
    let has_any = !addresses.is_empty() || names.clone().next().is_some();
    has_any
        && addresses.iter().all(is_own)
        && names.clone().count() <= MAX_WORDS
        && names.all(|name| people.has_name(&name.to_lowercase()))
}

/// Whether `lines`, under a rule as Outlook draws it, start with its header block.
pub(crate) fn is_block_under_rule(lines: &[&str]) -> bool {
    is_labelled_block(lines) || is_header_block(lines)
}

/// The line of the header block that starts `lines` which names its author.
pub(crate) fn author_line<'a>(lines: &[&'a str]) -> Option<&'a str> {
    let named = |line: &&&str| fields(line) & IS_FROM != 0;
    lines.iter().filter(|line| !line.is_empty()).take(MAX_HEADERS).find(named).copied()
}
