//! Quotes that are marked otherwise than by a `>` at the beginning of each line: behind a blank, by bars, by the initials of
//! who is quoted, and pieces of quoted lines that a program on the way broke.

use super::{lines::is_marked, past::Context};
use crate::attribution::introduction_above;

/// Blanks before a mark.
const MAX_BLANKS: usize = 4;
/// Runs of such lines asked for what introduces them.
const MAX_ASKED: usize = 500;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark<'a> {
    /// ` > …`, or the full-width mark.
    Behind,
    /// `| …`
    Bar,
    /// `AB> …`: The Bat!, and what writes as it does.
    Initials(&'a str),
}

/// The lines that are quoted by such marks, in order. `is_asked` tells which lines may be.
pub(super) fn other_marks(texts: &[&str], is_asked: impl Fn(usize) -> bool, context: &Context<'_>) -> Vec<usize> {
    let mut marked = Vec::new();
    let mut accepted: Vec<Mark<'_>> = Vec::new();
    let mut asked = 0;
    let mut at = 0;
    while let Some(line) = texts.get(at) {
        if !is_asked(at) {
            at += 1;
            continue;
        }
        let Some(mark) = mark_of(line) else {
            if is_piece(texts, at) {
                marked.push(at);
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
            asked <= MAX_ASKED && introduction_above(texts.get(..at).unwrap_or_default(), context).is_some()
        };
        if known {
            marked.extend(at..end);
            if !accepted.contains(&mark) && accepted.len() < MAX_ASKED {
                accepted.push(mark);
            }
        }
        at = end;
    }
    marked
}

/// Whether so many lines in a row are a quote, with nothing above that says whose.
fn by_itself(mark: Mark<'_>, lines: usize, context: &Context<'_>) -> bool {
    match mark {
        Mark::Behind => lines > 1,
        // So people draw tables and frames.
        Mark::Bar => false,
        Mark::Initials(initials) => lines > 1 && context.has_initials(initials),
    }
}

fn mark_of(line: &str) -> Option<Mark<'_>> {
    match line.as_bytes().first()? {
        b' ' | b'\t' | 0xc2 | 0xef => {
            let inner = line.trim_start_matches([' ', '\t', '\u{a0}']);
            let blanks = line.chars().count() - inner.chars().count();
            let is_behind = (1..=MAX_BLANKS).contains(&blanks) && is_marked(inner);
            if is_behind || (inner.starts_with('＞') && blanks <= MAX_BLANKS) {
                return Some(Mark::Behind);
            }
            // Supercite puts a blank before them.
            initials(inner).filter(|_| blanks == 1).map(Mark::Initials)
        }
        b'|' => (!line.get(1..)?.contains('|') && !line.starts_with("|>")).then_some(Mark::Bar),
        _ => initials(line).map(Mark::Initials),
    }
}

/// The letters before the `>` that begins a line: four at most, of any script.
fn initials(line: &str) -> Option<&str> {
    const MAX_BYTES: usize = 16;
    let at = line.as_bytes().iter().take(MAX_BYTES + 1).position(|byte| *byte == b'>')?;
    let (initials, rest) = line.split_at_checked(at)?;
    let is_name = (1..=4).contains(&initials.chars().count()) && initials.chars().all(char::is_uppercase);
    let ends = rest.trim_start_matches('>').chars().next().is_none_or(char::is_whitespace);
    (is_name && ends).then_some(initials)
}

/// Whether line `at` is the end of the quoted line above it, which a program broke: quoted lines go on below it, in the
/// middle of a sentence.
fn is_piece(texts: &[&str], at: usize) -> bool {
    /// A line that was broken has at least this many characters.
    const MIN_BROKEN: usize = 60;
    /// The longest piece.
    const MAX_PIECE: usize = 40;
    let around = at.checked_sub(1).and_then(|before| Some((*texts.get(before)?, *texts.get(at)?, *texts.get(at + 1)?)));
    let Some((before, line, next)) = around.filter(|(before, line, next)| {
        before.starts_with('>') && next.starts_with('>') && !line.starts_with('>') && !line.is_empty()
    }) else {
        return false;
    };
    let depth =
        |line: &str| line.bytes().take_while(|byte| matches!(byte, b'>' | b' ')).filter(|byte| *byte == b'>').count();
    let inside = next.trim_start_matches(['>', ' ']);
    let goes_on = |text: &str| text.starts_with(char::is_lowercase);
    before.chars().count() >= MIN_BROKEN
        && !before.ends_with(['.', '!', '?', ':', ';'])
        && line.chars().count() <= MAX_PIECE
        && goes_on(line)
        && (goes_on(inside) || inside.is_empty())
        && depth(before) == depth(next)
}
