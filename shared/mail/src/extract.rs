//! What is new in a mail: without quoted history, signature and the footers of apps.

mod above;
mod agreement;
mod footers;
mod lines;
mod marks;
mod past;
mod signature;

use std::cell::LazyCell;

use self::{
    above::{announces, drop_lead_in, ends_with_nested, goes_on_with_own, is_quoted_head, lead_in, names_participant},
    agreement::{Difference, Words},
    footers::drop_footers,
    lines::Lines,
    past::{Context, Past},
    signature::{is_dashes, is_signature},
};
use crate::{
    attribution::{
        Introduction, attribution_within, find_attribution, groupwise_lines, has_attribution_verb, introduction,
        introduction_above, is_block_under_rule, is_forward_marker, is_header_block, is_labelled_block,
        is_original_marker, is_reply_line, title_between_dashes,
    },
    html::{Region, Rendered},
    parsed_mail::{News, ParsedMail},
};

/// The longest signature, in lines that are not empty, in an element that says it is one.
const MAX_MARKED_SIGNATURE_LINES: usize = 25;

/// An HTML with fewer words than these says too little to be compared when it shows a picture.
const MIN_WORDS: usize = 5;
/// Quotes asked for what introduces them.
const MAX_ASKED: usize = 1_000;
/// The longest text that may only say that there is HTML, in words.
const MAX_STUB_WORDS: usize = 30;

/// The part of `mail` that its author wrote this time, as text: quoted history and signature are left out, answers
/// between quotes and forwarded mails stay. Read from the text and from the structure of the HTML; taken from the one
/// that tells more. Where they differ, a person reads the HTML. Never empty when the mail has words.
pub fn extract(mail: &ParsedMail) -> String {
    mail.news.get_or_init(|| news(mail)).text.clone()
}

/// Whether the text of a mail says something, as new, that its page does not show: nobody but a program reads it. One
/// that only says that the mail is HTML says nothing.
pub(crate) fn says_unseen(mail: &ParsedMail) -> bool {
    mail.news.get_or_init(|| news(mail)).is_unseen
}

fn news(mail: &ParsedMail) -> News {
    let context = Context::of_mail(mail);
    let from_text = || find_new(&Lines::of_text(&mail.text, &context), &context);
    let Some(page) = mail.page.as_ref().filter(|page| !page.is_text(&mail.text)) else {
        // Without a text of its own, the text of a mail is its page without what the elements say.
        let found = match &mail.page {
            Some(page) if !page.is_empty() => find_new(&Lines::of_page(page, &context), &context),
            _ => from_text(),
        };
        return News { text: found.text, is_unseen: false };
    };
    let from_text = from_text();
    let is_all_shown = page_begins_with(page, &from_text.text);
    let files = || mail.attachments.iter().map(|file| file.filename.as_str());
    let words_of_page = LazyCell::new(|| Words::of_page(page));
    let shown = || words_of_page.to_known(files().chain(std::iter::once(page.unseen_alternatives())));
    let unshown = if is_all_shown { Difference::none() } else { Words::of_text(&from_text.text).not_in(&shown()) };
    let is_unseen = unshown.has_sentence() && !is_stub(&from_text.text);
    let text = if page.is_empty() {
        from_text.text
    } else {
        let from_html = find_new(&Lines::of_page(page, &context), &context);
        let is_unsaid = || Words::of_text(&from_html.text).not_in(&Words::of_text(&mail.text).to_known(files()));
        if page.has_picture() && words_of_page.len() < MIN_WORDS {
            from_text.text
        } else if mail.text.trim().is_empty() || from_html.tells_more_than(&from_text) || !unshown.is_small() {
            from_html.text
        } else if is_same_but_for_blanks(&from_text.text, &from_html.text) || is_unsaid().is_small() {
            from_text.text
        } else {
            from_html.text
        }
    };
    News { text, is_unseen }
}

/// Whether a text may only say that there is HTML.
fn is_stub(text: &str) -> bool {
    Words::of_text(text).len() <= MAX_STUB_WORDS && text.to_lowercase().contains("html") && !text.contains('@')
}

/// Whether the page of a mail passes on an earlier one, as [`extract`] sees it: what that says is new.
pub(crate) fn passes_on(mail: &ParsedMail) -> bool {
    let mut kept = Vec::new();
    let context = Context::of_mail(mail);
    let passed_on = |page| keep_new(&Lines::of_page(page, &context), &context, &mut kept, &mut Found::nothing());
    mail.page.as_ref().and_then(passed_on).is_some()
}

/// Whether two texts are the same but for their blanks and line breaks.
fn is_same_but_for_blanks(one: &str, other: &str) -> bool {
    without_blanks(one).eq(without_blanks(other))
}

/// Whether a page shows just this first: so it is with most mails, and then there is no more to compare.
fn page_begins_with(page: &Rendered, text: &str) -> bool {
    let mut shown = page.lines().flat_map(|(line, _)| without_blanks(line));
    without_blanks(text).all(|byte| shown.next() == Some(byte))
}

fn without_blanks(text: &str) -> impl Iterator<Item = u8> {
    text.bytes().filter(|byte| !byte.is_ascii_whitespace())
}

/// [`extract`] for a text alone.
pub fn extracted_text(text: &str) -> String {
    let context = Context::unknown();
    find_new(&Lines::of_text(text, &context), &context).text
}

/// How the end of what is new was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Cut {
    /// There is no history, or nothing else.
    None,
    /// By words that clients write above it.
    Words,
    /// By marks: quoted lines, elements.
    Marks,
}

struct Found {
    text: String,
    cut: Cut,
    /// A signature was left out.
    signature: bool,
    /// More was left out than quoted lines that nobody is named as the author of.
    attributed: bool,
    /// A quotation of the author's own stayed, known by its element. In text it has the marks of history.
    own_quote: bool,
    /// Quotes asked for what introduces them.
    asked: usize,
}

impl Found {
    const fn nothing() -> Self {
        Self { text: String::new(), cut: Cut::None, signature: false, attributed: false, own_quote: false, asked: 0 }
    }

    /// Whether this, of the page, tells more than what was found in the text.
    fn tells_more_than(&self, text: &Self) -> bool {
        (self.cut, self.signature) > (text.cut, text.signature)
            || self.own_quote && (self.cut == Cut::Marks || !text.attributed)
    }
}

/// What comes next.
enum Step {
    /// Lines that are new.
    Keep(usize),
    /// History, up to this line.
    Skip(usize, Cut),
    /// So many bytes of the line, and then history up to this line.
    KeepStart(usize, usize),
    /// A signature, up to this line.
    SkipSignature(usize),
    /// Everything from here on is new: it was forwarded.
    KeepRest,
    /// Nothing from here on is.
    DropRest(Cut),
}

impl Step {
    fn is_history(&self) -> bool {
        matches!(self, Self::Skip(..) | Self::DropRest(_))
    }
}

fn find_new(lines: &Lines<'_>, context: &Context<'_>) -> Found {
    let mut kept: Vec<&str> = Vec::with_capacity(lines.texts.len());
    let mut found = Found::nothing();
    let forwarded = keep_new(lines, context, &mut kept, &mut found);
    drop_footers(&mut kept);
    if let Some(start) = forwarded {
        kept.push("");
        kept.extend(lines.from(start));
    }
    found.text = join(&kept);
    if found.text.is_empty() {
        // Nothing is new: all is given, and the other body may tell more.
        return Found { text: join(&lines.texts), ..Found::nothing() };
    }
    found
}

/// Puts what is new into `kept`. Says where a forwarded mail starts, which stays whole.
fn keep_new<'a>(lines: &Lines<'a>, context: &Context<'_>, kept: &mut Vec<&'a str>, found: &mut Found) -> Option<usize> {
    let mut at = 0;
    while let Some(line) = lines.texts.get(at) {
        if line.is_empty() {
            // One empty line is as good as many.
            if kept.last().is_some_and(|last| !last.is_empty()) {
                kept.push("");
            }
            at += 1;
            continue;
        }
        match by_region(lines, at, kept, context).unwrap_or_else(|| by_words(lines, at, kept, context)) {
            Step::Keep(end) => {
                found.own_quote |= lines.region(at) == Region::Indent;
                kept.extend(lines.between(at, end));
                at = end;
            }
            Step::KeepStart(bytes, end) => {
                kept.extend(line.get(..bytes).map(str::trim_end));
                (found.attributed, found.cut) = (true, Cut::Marks);
                at = end;
            }
            Step::KeepRest => return Some(at),
            // What would be history otherwise. Where the mail answers none, its author put it there, and may go on below
            // what is marked.
            Step::Skip(end, _) if context.past == Past::Pasted && !context.is_history(lines.block(at)) => {
                kept.extend(lines.between(at, end));
                at = end;
            }
            step if step.is_history() && !context.is_history(lines.block(at)) => return Some(at),
            Step::Skip(end, cut) => {
                let is_quote = lines.is_quote(at) || lines.region(at) == Region::Indent;
                found.asked += usize::from(is_quote);
                found.attributed |= !is_quote || (found.asked <= MAX_ASKED && drop_lead_in(kept, context));
                found.cut = found.cut.max(cut);
                at = end;
            }
            Step::SkipSignature(end) => {
                found.signature = true;
                at = end;
            }
            Step::DropRest(cut) => {
                found.cut = found.cut.max(cut);
                found.attributed = true;
                return None;
            }
        }
    }
    None
}

/// What the elements around a line of HTML say. `None` when its words have to.
fn by_region(lines: &Lines<'_>, at: usize, kept: &[&str], context: &Context<'_>) -> Option<Step> {
    let end = || lines.end_of_region(at);
    // An element that says little was looked at when it began.
    let begins = || lines.begins(at);
    let forwards = |end: usize| {
        lines.between(at, end).iter().filter(|line| !line.is_empty()).take(4).any(|line| is_forward_marker(line))
    };
    match lines.region(at) {
        Region::New => None,
        Region::Forward => Some(Step::KeepRest),
        Region::History | Region::Rest | Region::Attribution => {
            let end = end();
            Some(if forwards(end) { Step::KeepRest } else { Step::Skip(end, Cut::Marks) })
        }
        Region::Divider if begins() => is_block_under_rule(lines.from(at)).then_some(Step::DropRest(Cut::Marks)),
        Region::LeadIn if begins() => {
            let end = end();
            let inside = lines.between(at, end);
            if forwards(end) {
                return None;
            }
            let words = inside.iter().filter(|line| !line.is_empty()).count();
            let told = inside.iter().any(|line| line.contains('@') || line.contains(char::is_numeric));
            (words <= 4 && told && lines.region(end) == Region::Quote).then_some(Step::Skip(end, Cut::Marks))
        }
        Region::Signature if begins() => {
            let end = end();
            let words = lines.between(at, end).iter().filter(|line| !line.is_empty()).count();
            (words <= MAX_MARKED_SIGNATURE_LINES).then_some(Step::SkipSignature(end))
        }
        Region::Indent if begins() && (lines.is_quoted_indent(at) || names_participant(kept, context)) => {
            Some(Step::Skip(end(), Cut::Marks))
        }
        Region::Indent => Some(Step::Keep(at + 1)),
        Region::Quote => Some(if lines.texts.get(at).is_some_and(|line| is_forward_marker(line)) {
            Step::KeepRest
        } else {
            Step::Skip(end(), Cut::Marks)
        }),
        Region::Divider | Region::LeadIn | Region::Signature => None,
    }
}

/// What a line and those below it say by their words.
fn by_words(lines: &Lines<'_>, at: usize, kept: &[&str], context: &Context<'_>) -> Step {
    let rest = lines.from(at);
    let line = rest.first().copied().unwrap_or_default();
    if context.is_answer()
        && let Some(count) = groupwise_lines(rest)
    {
        return match lines.next_text(at + count) {
            Some(next) if lines.is_quote(next) => Step::Skip(lines.end_of_quote(next), Cut::Marks),
            _ => Step::DropRest(Cut::Words),
        };
    }
    if lines.is_quote(at) {
        return if is_forward_marker(line) {
            Step::KeepRest
        } else if goes_on_with_own(kept) || (announces(kept) && lead_in(kept, context).is_none()) {
            Step::Keep(lines.end_of_quote(at))
        } else if context.is_answer() && is_quoted_head(lines, at) && kept.iter().any(|line| !line.is_empty()) {
            Step::DropRest(Cut::Marks)
        } else {
            Step::Skip(lines.end_of_quote(at), Cut::Marks)
        };
    }
    if is_forward_marker(line) {
        return Step::KeepRest;
    }
    if is_original_marker(line) || is_header_block(rest) || is_unknown_marker(rest) {
        return Step::DropRest(Cut::Words);
    }
    if context.is_answer() && is_reply_line(line) && kept.iter().any(|line| !line.is_empty()) {
        return Step::DropRest(Cut::Words);
    }
    if is_dashes(line) && (lines.is_separator(at) || is_signature(lines, at, context)) {
        return Step::SkipSignature(lines.end_of_signature(at + 1));
    }
    let next_is_quote = || lines.next_text(at + 1).filter(|next| lines.is_quote(*next));
    if context.is_answer()
        && let Some(bytes) = attribution_within(line)
        && let Some(next) = next_is_quote()
    {
        return Step::KeepStart(bytes, lines.end_of_quote(next));
    }
    let Some(found) = find_attribution(rest) else { return by_introduction(lines, at, kept, context) };
    match lines.next_text(at + found.lines) {
        Some(next) if lines.is_quote(next) => Step::Skip(lines.end_of_quote(next), Cut::Marks),
        Some(next) if lines.region(next) == Region::Indent => Step::Skip(lines.end_of_region(next), Cut::Marks),
        // Elements say what follows; the lead-in above them is not new.
        Some(next) if lines.region(next) == Region::History => Step::Skip(next, Cut::Marks),
        // The history is not marked: all the rest is it.
        _ if found.is_full
            && (found.is_of_client || context.names_participant(rest.get(..found.lines).unwrap_or_default())) =>
        {
            Step::DropRest(Cut::Words)
        }
        _ => by_introduction(lines, at, kept, context),
    }
}

/// What is to be done with a line that none of the languages knows: below one that says enough, the history is not marked.
/// Where nothing new stands above, what stands below may be answered there.
fn by_introduction(lines: &Lines<'_>, at: usize, kept: &[&str], context: &Context<'_>) -> Step {
    /// Lines it may be wrapped into.
    const MAX_LINES: usize = 4;
    let is_greeting = |line: &&&str| line.is_empty() || line.ends_with([',', '!', '，', '！']);
    let begins = kept.last().is_none_or(|line| line.is_empty()) || lines.is_page();
    if !context.is_answer() || !begins || kept.iter().take(MAX_LINES).all(|line| is_greeting(&line)) {
        return Step::Keep(at + 1);
    }
    let rest = lines.from(at);
    let ends = |line: &str| line.ends_with([':', '：']) || has_attribution_verb(line);
    let end = rest.iter().take(MAX_LINES).take_while(|line| !line.is_empty()).position(|line| ends(line));
    let whole = end.and_then(|end| rest.get(..=end)).unwrap_or_default();
    let says_all = introduction(whole, context) == Some(Introduction::OfAll);
    // What its author wrote right above it is not part of it.
    let below = at + whole.len();
    // Where quotes are marked, they end by their marks.
    let is_unmarked = || {
        lines.next_text(below).is_some() && (!lines.has_quote_from(below) || ends_with_nested(lines, below, context))
    };
    if says_all && is_unmarked() && introduction_above(whole, context) == Some(0) {
        return Step::DropRest(Cut::Words);
    }
    Step::Keep(at + 1)
}

/// A title between dashes, or a rule, above a header block in a language that is not known.
fn is_unknown_marker(lines: &[&str]) -> bool {
    let Some(first) = lines.first().filter(|line| line.starts_with("--") || line.starts_with("__")) else {
        return false;
    };
    let is_rule = first.len() >= 10 && first.bytes().all(|b| b == b'_' || b == b'-');
    (is_rule || title_between_dashes(first).is_some()) && is_labelled_block(lines.get(1..).unwrap_or_default())
}

/// Lines as text, with no more than one empty line in a row.
fn join(lines: &[&str]) -> String {
    let mut out = String::with_capacity(lines.iter().map(|line| line.len() + 1).sum());
    let mut empty = 0;
    for line in lines {
        empty = if line.is_empty() { empty + 1 } else { 0 };
        if empty < 2 {
            out.push_str(line);
            out.push('\n');
        }
    }
    let end = out.trim_end().len();
    out.truncate(end);
    let start = out.len() - out.trim_start().len();
    out.drain(..start);
    out
}

#[cfg(test)]
mod tests;
