//! What stands above a quotation, and says whose it is.

use super::{lines::Lines, past::Context};
use crate::{
    attribution::{
        Introduction, has_attribution_verb, introduction, introduction_above, is_author_line, is_lead_in,
        is_said_by_author, is_short_header_block, is_whole_header_block,
    },
    html::Region,
};

/// The longest line that announces a quotation, in bytes.
const MAX_ANNOUNCEMENT_BYTES: usize = 1_000;

/// Whether the author announces what comes ("I ran this:"), and it is not what a client wrote there.
pub(super) fn announces(kept: &[&str]) -> bool {
    kept.iter().rev().find(|line| !line.is_empty()).is_some_and(|line| {
        line.ends_with([':', '：'])
            && line.len() <= MAX_ANNOUNCEMENT_BYTES
            && !line.contains('@')
            && (!line.contains(char::is_numeric) || is_said_by_author(line))
            && !line.starts_with('>')
            && !has_attribution_verb(line)
    })
}

/// Whether the paragraph that ends `kept` has quoted lines that stayed: what its author shows goes on, such as what a program
/// was told and what it said.
pub(super) fn goes_on_with_own(kept: &[&str]) -> bool {
    /// Lines looked at.
    const MAX_LINES: usize = 20;
    kept.iter().rev().take(MAX_LINES).take_while(|line| !line.is_empty()).any(|line| line.starts_with('>'))
}

/// Where in `kept` begins what a client, or the author, wrote to say whose the quote below is.
pub(super) fn lead_in(kept: &[&str], context: &Context<'_>) -> Option<usize> {
    introduction_above(kept, context).or_else(|| {
        let last = kept.iter().rposition(|line| !line.is_empty())?;
        let above = kept.get(..=last).unwrap_or_default();
        let start = above.iter().rposition(|line| line.is_empty()).map_or(0, |blank| blank + 1);
        if above.get(start..).is_some_and(is_short_header_block) {
            return Some(start);
        }
        above.last().filter(|line| is_lead_in(line) || is_author_line(line, context)).map(|_| last)
    })
}

/// Whether what stands above a quotation that no client marks says that it is of somebody in the mail: of others, its
/// author may quote what they like.
pub(super) fn names_participant(kept: &[&str], context: &Context<'_>) -> bool {
    let last = kept.iter().rposition(|line| !line.is_empty()).map_or(0, |last| last + 1);
    let is_by_name = |start: usize| {
        kept.get(start..last).and_then(|lines| introduction(lines, context)) == Some(Introduction::ByName)
    };
    lead_in(kept, context).is_some_and(|start| !is_by_name(start))
}

/// Takes away the lines above a quote that say whose it is. Says whether there were any.
pub(super) fn drop_lead_in(kept: &mut Vec<&str>, context: &Context<'_>) -> bool {
    let start = lead_in(kept, context);
    kept.truncate(start.unwrap_or(kept.len()));
    start.is_some()
}

/// Whether what stands from `at` on ends with a quote that has its own introduction, and with nothing below it: what an
/// earlier mail answered, in its turn.
pub(super) fn ends_with_nested(lines: &Lines<'_>, at: usize, context: &Context<'_>) -> bool {
    /// Lines looked through: each introduction asks.
    const MAX_LINES: usize = 2_000;
    if lines.texts.len() - at > MAX_LINES {
        return false;
    }
    let Some(quote) = (at..lines.texts.len()).find(|at| lines.is_quote(*at)) else { return false };
    let above = lines.between(at, quote);
    let end = if lines.region(quote) == Region::New { lines.end_of_quote(quote) } else { lines.end_of_region(quote) };
    lines.next_text(end).is_none()
        && introduction_above(above, context).is_some_and(|start| above.iter().take(start).any(|line| !line.is_empty()))
}

/// Whether the quote at `at` is but the header block of a mail, and the mail itself stands below, with no marks, as
/// Orange's web mail has it.
pub(super) fn is_quoted_head(lines: &Lines<'_>, at: usize) -> bool {
    /// Lines of such a block, with those that are empty.
    const MAX_LINES: usize = 12;
    let end = lines.end_of_quote(at);
    if end - at > MAX_LINES || lines.next_text(end).is_none() || lines.has_quote_from(end) {
        return false;
    }
    let inside = lines.between(at, end).iter().map(|line| line.trim_start_matches(['>', ' ']));
    let inside: Vec<&str> = inside.filter(|line| !line.is_empty()).collect();
    is_whole_header_block(&inside)
}
