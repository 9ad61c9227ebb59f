//! Signatures below a `--` that lost its trailing blank: what a rule within a text looks like, too.

use super::{
    lines::{Lines, after_item_number},
    past::Context,
};
use crate::html::Region;

/// The longest such signature, in lines that are not empty.
const MAX_LINES: usize = 10;
/// Lines looked at to count them.
const MAX_GAP: usize = 40;
/// The longest line, in words, that can be a name or a title.
const MAX_TITLE_WORDS: usize = 6;
/// Lines without anything that says so which can be a signature.
const MAX_TITLES: usize = 4;
/// Digits of a telephone number.
const MIN_DIGITS: usize = 6;

/// Whether a line can stand above a signature.
pub(super) fn is_dashes(line: &str) -> bool {
    matches!(line, "--" | "---" | "—" | "–" | "——" | "__")
}

/// Whether the `--` in line `at` begins a signature: it stands apart from the text above it, which announces nothing, and
/// little is below it: no list, and the author's name, an address or a number, or but a few names and titles. Other dashes,
/// and `--` right below the text, need the author's name.
pub(super) fn is_signature(lines: &Lines<'_>, at: usize, context: &Context<'_>) -> bool {
    let above = lines.texts.get(..at).unwrap_or_default();
    let is_apart =
        above.last().is_none_or(|line| line.is_empty()) || at.checked_sub(1).is_some_and(|at| lines.is_quote(at));
    if announces(above) {
        return false;
    }
    let end = lines.texts.len().min(at + 1 + MAX_GAP);
    let ours = (at + 1..end).take_while(|at| !lines.is_quote(*at) && lines.region(*at) == Region::New);
    let below: Vec<&str> = ours
        .filter_map(|at| lines.texts.get(at).copied())
        .filter(|line| !line.is_empty())
        .take(MAX_LINES + 1)
        .collect();
    let is_usual = is_apart && lines.texts.get(at).is_some_and(|line| *line == "--");
    let Some(first) = below.first() else { return is_usual };
    // A rule looks the same, and a form below it names its author, too.
    let is_name = |line: &&str| is_title(line) && !line.contains(':') && context.names_author(line);
    let is_closing = |line: &str| line.strip_suffix(',').is_some_and(is_title);
    let is_short = |line: &&str| is_title(line) || is_contact(line) || is_closing(line);
    let is_rule_of_page = || lines.is_page() && lines.texts.get(at).is_some_and(|line| *line == "---");
    if !is_usual && (is_rule_of_page() || !below.iter().take(2).any(is_name) || !below.iter().all(is_short)) {
        return false;
    }
    if below.len() > MAX_LINES || below.iter().any(|line| is_item(line)) {
        return false;
    }
    // In a text, names stand right below it; in a page, the space between paragraphs does.
    let joins = lines.is_page() || lines.texts.get(at + 1) == Some(first);
    context.names_author(first)
        || below.iter().any(|line| is_contact(line))
        || joins
            && (below.len() <= MAX_TITLES
                && below.len() <= count(above, below.len())
                && below
                    .iter()
                    .enumerate()
                    .all(|(at, line)| is_title(line) || (at == 0 && below.len() > 1 && is_closing(line))))
}

/// How many lines have text, up to `most`.
fn count(lines: &[&str], most: usize) -> usize {
    lines.iter().rev().filter(|line| !line.is_empty()).take(most).count()
}

/// Whether a text ends with a colon: what comes is part of it.
fn announces(above: &[&str]) -> bool {
    above.iter().rev().take(MAX_GAP).find(|line| !line.is_empty()).is_some_and(|line| line.ends_with([':', '：']))
}

/// An item of a list.
fn is_item(line: &str) -> bool {
    let line = line.trim_start();
    let after = after_item_number(line).or_else(|| line.strip_prefix(['-', '*', '•', '–', '+']));
    after.is_some_and(|after| after.starts_with(' '))
}

/// A way to reach somebody.
fn is_contact(line: &str) -> bool {
    let digits = line.bytes().filter(u8::is_ascii_digit).count();
    let dialled = line.chars().all(|c| !c.is_alphabetic()) || line.contains(['+', '☎', '📞']) || {
        let start: String = line.chars().take(5).flat_map(char::to_lowercase).collect();
        ["tel", "mob", "fon", "pho", "fax", "t:", "m:", "p:", "тел"].iter().any(|label| start.starts_with(label))
    };
    line.contains('@') || line.contains("www.") || line.contains("://") || (digits >= MIN_DIGITS && dialled)
}

/// A name, a title, a firm: short, with a capital if the script has any, and no sentence.
fn is_title(line: &str) -> bool {
    line.split_whitespace().count() <= MAX_TITLE_WORDS
        && !line.ends_with(['.', '!', '?', ':', ';', ',', '。', '？', '！'])
        && line.chars().find(|c| c.is_alphabetic()).is_some_and(|c| !c.is_lowercase())
        && !line.chars().any(|c| c.is_ascii_digit())
}
