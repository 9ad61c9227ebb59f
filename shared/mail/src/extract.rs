//! What is new in a mail: without quoted history, signature and the footers of apps.

mod agreement;
mod lines;

use self::{agreement::say_the_same, lines::Lines};
use crate::{
    attribution::{
        find_attribution, is_app_footer, is_forward_marker, is_forward_subject, is_header_block, is_lead_in,
        is_original_marker, labelled_lines, title_between_dashes,
    },
    html::Region,
    parse::ParsedMail,
};

/// The longest signature, in lines that are not empty, in an element that says it is one.
const MAX_MARKED_SIGNATURE_LINES: usize = 25;

/// The part of `mail` that its author wrote this time, as text: quoted history and signature are left out, answers
/// between quotes and forwarded mails stay. Read from the text and from the structure of the HTML; taken from the one
/// that tells more. Where the two are different mails, a person reads the HTML. Never empty when the mail has words.
pub fn extract(mail: &ParsedMail) -> String {
    let is_forward = is_forward_subject(&mail.subject);
    let from_text = || find_new(&Lines::of_text(&mail.text), is_forward);
    let Some(page) = mail.page.as_ref().filter(|page| !page.is_empty()) else {
        return from_text().text;
    };
    let from_html = find_new(&Lines::of_page(page), is_forward);
    // Without a text of its own, the text of a mail is this page without what the elements say.
    if page.is_text(&mail.text) || !say_the_same(&mail.text, page) {
        return from_html.text;
    }
    let from_text = from_text();
    let told = |found: &Found| (found.cut, found.signature);
    if told(&from_html) > told(&from_text) { from_html.text } else { from_text.text }
}

/// [`extract`] for a text alone.
pub fn extracted_text(text: &str) -> String {
    find_new(&Lines::of_text(text), false).text
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
}

/// What comes next.
enum Step {
    /// Lines that are new.
    Keep(usize),
    /// History, up to this line.
    Skip(usize, Cut),
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

fn find_new(lines: &Lines<'_>, is_forward: bool) -> Found {
    let mut kept: Vec<&str> = Vec::with_capacity(lines.texts.len());
    let mut found = Found { text: String::new(), cut: Cut::None, signature: false };
    let forwarded = keep_new(lines, is_forward, &mut kept, &mut found);
    drop_footers(&mut kept);
    if let Some(start) = forwarded {
        kept.push("");
        kept.extend(lines.from(start));
    }
    found.text = join(&kept);
    if found.text.is_empty() {
        // Nothing is new: all is given, and the other body may tell more.
        return Found { text: join(&lines.texts), cut: Cut::None, signature: false };
    }
    found
}

/// Puts what is new into `kept`. Says where a forwarded mail starts, which stays whole.
fn keep_new<'a>(lines: &Lines<'a>, is_forward: bool, kept: &mut Vec<&'a str>, found: &mut Found) -> Option<usize> {
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
        match by_region(lines, at).unwrap_or_else(|| by_words(lines, at)) {
            Step::Keep(end) => {
                kept.extend(lines.between(at, end));
                at = end;
            }
            Step::KeepRest => return Some(at),
            // A mail whose subject says that it was forwarded keeps all that would be history otherwise.
            step if is_forward && step.is_history() => return Some(at),
            Step::Skip(end, cut) => {
                if lines.is_quote(at) {
                    drop_lead_in(kept);
                }
                found.cut = found.cut.max(cut);
                at = end;
            }
            Step::SkipSignature(end) => {
                found.signature = true;
                at = end;
            }
            Step::DropRest(cut) => {
                found.cut = found.cut.max(cut);
                return None;
            }
        }
    }
    None
}

/// What the elements around a line of HTML say. `None` when its words have to.
fn by_region(lines: &Lines<'_>, at: usize) -> Option<Step> {
    let end = || lines.end_of_region(at);
    // An element that says little was looked at when it began.
    let begins = || lines.begins(at);
    let forwards = |end: usize| {
        lines.between(at, end).iter().filter(|line| !line.is_empty()).take(4).any(|line| is_forward_marker(line))
    };
    match lines.region(at) {
        Region::New => None,
        Region::Forward => Some(Step::KeepRest),
        Region::History | Region::Rest => {
            let end = end();
            Some(if forwards(end) { Step::KeepRest } else { Step::Skip(end, Cut::Marks) })
        }
        Region::Attribution => {
            let end = end();
            Some(if forwards(end) { Step::KeepRest } else { Step::Skip(end, Cut::Marks) })
        }
        Region::Divider if begins() => {
            let (count, has_address) = labelled_lines(lines.from(at));
            (count >= 3 && has_address || is_header_block(lines.from(at))).then_some(Step::DropRest(Cut::Marks))
        }
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
        Region::Indent if begins() && lines.is_quoted_indent(at) => Some(Step::Skip(end(), Cut::Marks)),
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
fn by_words(lines: &Lines<'_>, at: usize) -> Step {
    let rest = lines.from(at);
    let line = rest.first().copied().unwrap_or_default();
    if lines.is_quote(at) {
        return if is_forward_marker(line) { Step::KeepRest } else { Step::Skip(lines.end_of_quote(at), Cut::Marks) };
    }
    if is_forward_marker(line) {
        return Step::KeepRest;
    }
    if is_original_marker(line) || is_header_block(rest) || is_unknown_marker(rest) {
        return Step::DropRest(Cut::Words);
    }
    if lines.is_signature(at) {
        return Step::SkipSignature(lines.end_of_signature(at + 1));
    }
    let Some(found) = find_attribution(rest) else { return Step::Keep(at + 1) };
    match lines.next_text(at + found.lines) {
        Some(next) if lines.is_quote(next) => Step::Skip(lines.end_of_quote(next), Cut::Marks),
        Some(next) if lines.region(next) == Region::Indent => Step::Skip(lines.end_of_region(next), Cut::Marks),
        // Elements say what follows; the lead-in above them is not new.
        Some(next) if lines.region(next) == Region::History => Step::Skip(next, Cut::Marks),
        // The history is not marked: all the rest is it.
        _ if found.is_full => Step::DropRest(Cut::Words),
        _ => Step::Keep(at + 1),
    }
}

/// A title between dashes, or a rule, above a header block in a language that is not known.
fn is_unknown_marker(lines: &[&str]) -> bool {
    let Some(first) = lines.first().filter(|line| line.starts_with("--") || line.starts_with("__")) else {
        return false;
    };
    let is_rule = first.len() >= 10 && first.bytes().all(|b| b == b'_' || b == b'-');
    if !is_rule && title_between_dashes(first).is_none() {
        return false;
    }
    let (count, has_address) = labelled_lines(lines.get(1..).unwrap_or_default());
    count >= 3 && has_address
}

/// Takes away the line above a quote that a client of an unknown language wrote there.
fn drop_lead_in(kept: &mut Vec<&str>) {
    let Some(last) = kept.iter().rposition(|line| !line.is_empty()) else { return };
    if kept.get(last).is_some_and(|line| is_lead_in(line)) {
        kept.truncate(last);
    }
}

/// Takes away the rule that clients draw above what is not new.
fn drop_divider(kept: &mut Vec<&str>) {
    while let Some(last) = kept.last() {
        let is_rule = last.len() >= 2 && last.chars().all(|c| matches!(c, '_' | '-' | '=' | '—' | '*' | ' '));
        if last.is_empty() || is_rule {
            kept.pop();
        } else {
            break;
        }
    }
}

fn drop_footers(kept: &mut Vec<&str>) {
    drop_divider(kept);
    while kept.last().is_some_and(|line| is_app_footer(line)) {
        kept.pop();
        drop_divider(kept);
    }
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
mod tests {
    use super::*;

    #[test]
    fn history_of_the_common_clients_goes() {
        for text in [
            "Yes please.\n\nOn Mon, Apr 27, 2026 at 2:30 PM Mia <mia@ai.example.com> wrote:\n\n> Shall I?\n>\n> Mia\n",
            "Yes please.\n\nOn Mon, Apr 27, 2026 at 2:30 PM Mia Miller With A Long Name\n<mia@ai.example.com> wrote:\n> Shall I?",
            "Yes please.\n\n________________________________\nFrom: Mia <mia@x.example>\nSent: Monday, April 27, 2026 2:30 PM\nTo: Ada\nSubject: Re: Order\n\nShall I?",
            "Yes please.\r\n\r\n-----Original Message-----\r\nFrom: Mia\r\nSent: Monday\r\n\r\nShall I?",
            "Yes please.\n\nVon: Mia <mia@x.example>\nGesendet: Montag, 27. April 2026 14:30\nAn: Ada\nBetreff: AW: Bestellung\n\nSoll ich?",
            "Yes please.\n\n*From:* Mia\n*Date:* Monday\n*To:* Ada\n*Subject:* x\n\nShall I?",
            "Yes please.\n\nAm 27.04.26 um 14:30 schrieb Mia:\n> Soll ich?",
            "Yes please.\n\nLe lun. 27 avr. 2026 à 14:30, Mia <mia@x.example> a écrit :\n\n> Dois-je ?",
            "Yes please.\n\nEl lun, 27 abr 2026 a las 14:30, Mia (<mia@x.example>) escribió:\n> ¿Debo?",
            "Yes please.\n\nIl giorno lun 27 apr 2026 alle ore 14:30 Mia ha scritto:\n> Devo?",
            "Yes please.\n\n2026年4月27日(月) 14:30 Mia <mia@x.example>のメール:\n> ?",
            "Yes please.\n\nMia <mia@x.example> 于2026年4月27日周一 14:30写道：\n\n> ?",
            "Yes please.\n\nпн, 27 апр. 2026 г. в 14:30, Mia <mia@x.example>:\nMia написала 27.04:\n> ?",
            "Yes please.\n\n-- \nAda Lovelace\nAnalyst\n\nOn Mon 27 Apr 2026, Mia wrote:\n> Shall I?",
            "Yes please.\n\nSent from my iPhone\n\n> On 27 Apr 2026, at 14:30, Mia <mia@x.example> wrote:\n> \n> Shall I?",
            "Yes please.\n\n--\nAda",
            "On 27 Apr 2026, Mia wrote:\n> Shall I?\n\nYes please.",
            "> Shall I?\n\nYes please.\n",
        ] {
            let found = extracted_text(text);
            assert!(found.starts_with("Yes please."), "{text:?} gave {found:?}");
            assert!(found.len() < 70 && !found.contains("Shall") && !found.contains("Ada"), "{text:?} gave {found:?}");
        }
    }

    #[test]
    fn what_is_new_stays() {
        let interleaved = "On 27 Apr 2026, Mia wrote:\n> One?\n\nFirst.\n\n> Two?\n\nSecond.\n-- \nAda";
        assert_eq!(extracted_text(interleaved), "First.\n\nSecond.");
        let forward = "Please see below.\n\n---------- Forwarded message ---------\nFrom: Bob <b@x>\nDate: Mon\nSubject: Hi\nTo: Ada\n\nThe text.";
        assert_eq!(extracted_text(forward), forward);
        for text in [
            "We agreed on 3 things:\n- one\n- two",
            "On Friday Bob wrote three letters.\nThey were long.",
            "From: the team\nwith love",
            "a\n--\nb\nc\nd\ne\nf\ng\nh\ni\nj\nk\nl",
            "Dear all,\n\nthe price is > 3 €.",
        ] {
            assert_eq!(extracted_text(text), text, "{text:?}");
        }
    }

    #[test]
    fn never_empty_when_the_text_is_not() {
        for text in [
            "> only a quote",
            "-- \nonly a signature",
            "From: a\nSent: b\nTo: c\nSubject: d\n\nforwarded by Outlook",
            "Sent from my iPhone",
        ] {
            assert_eq!(extracted_text(text), text.replace("-- ", "--"), "{text:?}");
        }
        assert_eq!(extracted_text(" \n \r\n"), "");
    }
}
