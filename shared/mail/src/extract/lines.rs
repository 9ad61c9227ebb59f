//! The lines of a body, and questions about them.

use std::cell::OnceCell;

use super::{marks::other_marks, past::Context};
use crate::{
    attribution::{find_attribution, is_forward_marker, is_header_block, is_original_marker},
    html::{Region, Rendered},
    line::lines,
};

/// What stands behind the number of a list item (`12.`, `3)`).
pub(super) fn after_item_number(line: &str) -> Option<&str> {
    const MAX_DIGITS: usize = 3;
    let after = line.trim_start_matches(|c: char| c.is_ascii_digit());
    let digits = line.len() - after.len();
    after.strip_prefix(['.', ')']).filter(|_| (1..=MAX_DIGITS).contains(&digits))
}

/// The lines of a body, without blanks at their ends, and what each is.
pub(super) struct Lines<'a> {
    pub(super) texts: Vec<&'a str>,
    regions: Vec<Region>,
    /// Lines that are exactly `-- `.
    separators: Vec<usize>,
    /// Lines that are quoted, but not by a `>` at their beginning.
    marked: Vec<usize>,
    last_quote: OnceCell<Option<usize>>,
}

impl<'a> Lines<'a> {
    pub(super) fn of_text(text: &'a str, context: &Context<'_>) -> Self {
        let mut separators = Vec::new();
        let mut texts = Vec::with_capacity(text.len() / 40 + 1);
        for (at, line) in lines(text).enumerate() {
            if line == "-- " {
                separators.push(at);
            }
            texts.push(line.trim_end());
        }
        let marked = other_marks(&texts, |_| true, context);
        Self { regions: Vec::new(), texts, separators, marked, last_quote: OnceCell::new() }
    }

    pub(super) fn of_page(page: &'a Rendered, context: &Context<'_>) -> Self {
        let (texts, regions): (Vec<&str>, Vec<Region>) = page.lines().unzip();
        let marked = other_marks(&texts, |at| regions.get(at) == Some(&Region::New), context);
        let separators = page.separators().to_vec();
        Self { texts, regions, separators, marked, last_quote: OnceCell::new() }
    }

    pub(super) fn is_page(&self) -> bool {
        !self.regions.is_empty()
    }

    pub(super) fn region(&self, at: usize) -> Region {
        self.regions.get(at).copied().unwrap_or_default()
    }

    pub(super) fn is_quote(&self, at: usize) -> bool {
        match self.region(at) {
            Region::Quote => true,
            // The marks of these are ours.
            Region::Indent => false,
            _ => self.texts.get(at).is_some_and(|line| is_marked(line)) || self.marked.binary_search(&at).is_ok(),
        }
    }

    /// Whether a quote, or an element that holds one, stands in line `at` or below.
    pub(super) fn has_quote_from(&self, at: usize) -> bool {
        let is_one = |at: &usize| self.is_quote(*at) || !matches!(self.region(*at), Region::New | Region::Signature);
        let last = *self.last_quote.get_or_init(|| (0..self.texts.len()).rev().find(is_one));
        last.is_some_and(|last| last >= at)
    }

    /// The first line from `at` on that is not empty.
    pub(super) fn next_text(&self, at: usize) -> Option<usize> {
        self.texts.get(at..)?.iter().position(|line| !line.is_empty()).map(|skip| at + skip)
    }

    /// Whether line `at` is the first of its region.
    pub(super) fn begins(&self, at: usize) -> bool {
        let before = (0..at).rev().find(|before| self.texts.get(*before).is_some_and(|line| !line.is_empty()));
        before.is_none_or(|before| self.region(before) != self.region(at))
    }

    /// Where a run of lines ends that starts at `at` and goes on while `goes_on`.
    fn end_of(&self, at: usize, goes_on: impl Fn(usize) -> bool) -> usize {
        (at..self.texts.len()).find(|at| !goes_on(*at)).unwrap_or(self.texts.len())
    }

    pub(super) fn end_of_quote(&self, at: usize) -> usize {
        self.end_of(at, |at| self.is_quote(at))
    }

    /// The end of the region of line `at`; empty lines belong to the region they stand in.
    pub(super) fn end_of_region(&self, at: usize) -> usize {
        let region = self.region(at);
        self.end_of(at, |at| self.region(at) == region || self.texts.get(at).is_some_and(|line| line.is_empty()))
    }

    pub(super) fn between(&self, start: usize, end: usize) -> &[&'a str] {
        self.texts.get(start..end).unwrap_or_default()
    }

    pub(super) fn from(&self, start: usize) -> &[&'a str] {
        self.texts.get(start..).unwrap_or_default()
    }

    /// Whether line `at` is `-- `, with its blank (RFC 3676, section 4.3).
    pub(super) fn is_separator(&self, at: usize) -> bool {
        self.separators.binary_search(&at).is_ok()
    }

    /// A signature ends where history or a forwarded mail starts.
    pub(super) fn end_of_signature(&self, start: usize) -> usize {
        self.end_of(start, |at| {
            let rest = self.from(at);
            let starts = rest.first().is_some_and(|line| is_original_marker(line) || is_forward_marker(line));
            !(starts
                || self.is_quote(at)
                || !matches!(self.region(at), Region::New | Region::Signature)
                || find_attribution(rest).is_some()
                || is_header_block(rest))
        })
    }

    /// The lines at `at` when they can be the header block of an earlier mail: nothing in a quote is.
    pub(super) fn block(&self, at: usize) -> &[&'a str] {
        if self.is_quote(at) || self.region(at) == Region::Indent { &[] } else { self.from(at) }
    }

    /// Whether an indent at `at` is a quoted mail after all: it starts as one.
    pub(super) fn is_quoted_indent(&self, at: usize) -> bool {
        let inside: Vec<&str> = self.from(at).iter().take(12).map(|line| line.trim_start_matches(['>', ' '])).collect();
        find_attribution(&inside).is_some()
            || inside.first().is_some_and(|line| is_original_marker(line))
            || is_header_block(&inside)
    }
}

/// Whether a line begins with the mark of a quote. `>>> look here <<<` is decoration.
pub(super) fn is_marked(line: &str) -> bool {
    (line.starts_with('>') || line.starts_with("|>")) && !line.ends_with("<<")
}
