//! Quotes that are marked otherwise than by a `>` at the beginning of each line: behind a blank, by bars and other signs, by
//! the initials or the name of who is quoted, and pieces of quoted lines that a program on the way broke.

use super::{lines::is_marked, past::Context};
use crate::attribution::{People, introduction_above, is_lead_in};

/// Blanks before a mark.
const MAX_BLANKS: usize = 4;
/// Blanks before a name, which Supercite aligns.
const MAX_BLANKS_OF_NAME: usize = 8;
/// Lines that tell a sign which people begin lines of their own with from the mark of a quote.
const MIN_SIGNED: usize = 2;
/// Broken lines that tell that a program broke all that were too long.
const MIN_SURE: usize = 2;
/// Runs of such lines asked for what introduces them.
const MAX_ASKED: usize = 500;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark<'a> {
    /// ` > …`, or the full-width mark.
    Behind,
    /// `&gt; …`: a program wrote the mark out.
    WrittenOut,
    /// `| …`, and what looks like it.
    Bar,
    /// `: …` and other signs that people begin lines of their own with, too.
    Sign(char),
    /// `AB> …`: The Bat!, and what writes as it does.
    Initials(&'a str),
    /// `Mia> …`: Supercite.
    Name(&'a str),
}

/// The lines that are quoted by such marks, in order. `is_asked` tells which lines may be.
pub(super) fn other_marks(texts: &[&str], is_asked: impl Fn(usize) -> bool, context: &Context<'_>) -> Vec<usize> {
    let mut marked = Vec::new();
    let mut accepted: Vec<Mark<'_>> = Vec::new();
    let mut asked = 0;
    let mut sure = 0;
    let mut likely = Vec::new();
    let mut at = 0;
    while let Some(line) = texts.get(at) {
        if !is_asked(at) {
            at += 1;
            continue;
        }
        let Some(mark) = mark_of(line) else {
            match piece(texts, at) {
                Some(Piece::Sure) => {
                    sure += 1;
                    marked.push(at);
                }
                Some(Piece::Likely) => likely.push(at),
                None => {}
            }
            at += 1;
            continue;
        };
        let end = (at..texts.len()).find(|next| {
            let is_same = texts.get(*next).is_some_and(|line| mark_of(line) == Some(mark));
            !(is_same && is_asked(*next))
        });
        let end = end.unwrap_or(texts.len());
        let known = accepted.contains(&mark) || by_itself(mark, end - at, context) || {
            asked += 1;
            asked <= MAX_ASKED && is_introduced(mark, end - at, texts.get(..at).unwrap_or_default(), context)
        };
        if known {
            marked.extend(at..end);
            if !accepted.contains(&mark) && !matches!(mark, Mark::Sign(_)) && accepted.len() < MAX_ASKED {
                accepted.push(mark);
            }
        }
        at = end;
    }
    // What broke two lines broke more.
    if sure >= MIN_SURE || (sure > 0 && sure + likely.len() > MIN_SURE) {
        marked.extend(likely);
        marked.sort_unstable();
    }
    marked
}

/// Whether so many lines in a row are a quote, with nothing above that says whose.
fn by_itself(mark: Mark<'_>, lines: usize, context: &Context<'_>) -> bool {
    match mark {
        Mark::Behind | Mark::WrittenOut => lines > 1,
        // So people draw tables and frames.
        Mark::Bar | Mark::Sign(_) => false,
        Mark::Initials(initials) => lines > 1 && context.has_initials(initials),
        Mark::Name(name) => lines > 1 && context.has_name(&name.to_lowercase()),
    }
}

/// Whether what stands above so many lines with a mark says whose they are.
fn is_introduced(mark: Mark<'_>, lines: usize, above: &[&str], context: &Context<'_>) -> bool {
    let last = || above.iter().rev().find(|line| !line.is_empty()).copied().unwrap_or_default();
    let is_enough = match mark {
        Mark::Sign(_) => lines >= MIN_SIGNED,
        // `>>>>> "Mia" == Mia Miller <mia@example.com> writes:`
        Mark::Name(name) if last().starts_with(">>") => return last().contains(&format!("\"{name}\"")),
        _ => true,
    };
    is_enough && (introduction_above(above, context).is_some() || is_lead_in(last()))
}

fn mark_of(line: &str) -> Option<Mark<'_>> {
    match line.as_bytes().first()? {
        b' ' | b'\t' | 0xc2 | 0xe2 | 0xef => {
            let inner = line.trim_start_matches([' ', '\t', '\u{a0}']);
            let blanks = line.len() - inner.len();
            let is_behind = (1..=MAX_BLANKS).contains(&blanks) && is_marked(inner);
            if is_behind || (inner.starts_with('＞') && blanks <= MAX_BLANKS) {
                return Some(Mark::Behind);
            }
            match inner.chars().next().filter(|_| blanks == 0) {
                Some('│' | '┃' | '¦' | '▌') => Some(Mark::Bar),
                Some(sign @ ('»' | '›')) => Some(Mark::Sign(sign)),
                _ => name(inner).filter(|_| blanks <= MAX_BLANKS_OF_NAME),
            }
        }
        b'|' => (!line.get(1..)?.contains('|') && !line.starts_with("|>")).then_some(Mark::Bar),
        sign @ (b':' | b'#' | b'%' | b'}') => Some(Mark::Sign(char::from(*sign))),
        b'&' => (line.starts_with("&gt; ") || line == "&gt;").then_some(Mark::WrittenOut),
        _ => name(line),
    }
}

/// The letters before the `>` that begins a line, of any script: four capitals at most, or a word with a capital.
fn name(line: &str) -> Option<Mark<'_>> {
    const MAX_BYTES: usize = 16;
    let start = line.as_bytes();
    let at = memchr::memchr(b'>', start.get(..=MAX_BYTES).unwrap_or(start))?;
    let (name, rest) = line.split_at_checked(at)?;
    if !rest.trim_start_matches('>').chars().next().is_none_or(char::is_whitespace) {
        return None;
    }
    let mut letters = name.chars();
    if (1..=4).contains(&name.chars().count()) && letters.clone().all(char::is_uppercase) {
        return Some(Mark::Initials(name));
    }
    (letters.next().is_some_and(char::is_uppercase) && letters.all(char::is_alphabetic)).then_some(Mark::Name(name))
}

/// How surely a line is the end of the quoted line above it, which a program broke.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Piece {
    /// Quoted lines go on below it in the middle of a sentence, or its mark went to the end of the line above.
    Sure,
    /// The line above had no room for its first word, and quoted lines go on below.
    Likely,
}

fn piece(texts: &[&str], at: usize) -> Option<Piece> {
    /// A line that was broken has at least this many characters.
    const MIN_BROKEN: usize = 60;
    /// The longest piece.
    const MAX_PIECE: usize = 40;
    /// A line was full when the next word would have made it so wide, and no wider.
    const FULL: std::ops::RangeInclusive<usize> = 70..=100;
    let before = *texts.get(at.checked_sub(1)?)?;
    let (line, next) = (*texts.get(at)?, texts.get(at + 1).copied().unwrap_or_default());
    if !before.starts_with('>')
        || line.starts_with('>')
        || line.is_empty()
        || !(next.is_empty() || next.starts_with('>'))
    {
        return None;
    }
    let width = before.chars().count();
    let length = line.chars().count();
    if before.ends_with(" >") && width >= MAX_PIECE && length <= MIN_BROKEN {
        return Some(Piece::Sure);
    }
    if length > MAX_PIECE || !next.starts_with('>') || before.ends_with(['.', '!', '?']) {
        return None;
    }
    let depth =
        |line: &str| line.bytes().take_while(|byte| matches!(byte, b'>' | b' ')).filter(|byte| *byte == b'>').count();
    let inside = next.trim_start_matches(['>', ' ']);
    let goes_on = |text: &str| text.starts_with(char::is_lowercase);
    if width >= MIN_BROKEN
        && !before.ends_with([':', ';'])
        && goes_on(line)
        && (goes_on(inside) || inside.is_empty())
        && depth(before) == depth(next)
    {
        return Some(Piece::Sure);
    }
    let word = line.split_whitespace().next().unwrap_or_default().chars().count();
    FULL.contains(&(width + 1 + word)).then_some(Piece::Likely)
}
