//! What is new in a text: without quoted history, signature and the footers of apps.

use crate::attribution::{attribution_length, is_app_footer, is_forward_marker, is_header_block, is_original_marker};

/// The longest signature, in lines that are not empty, below a `--` that lost its trailing blank.
const MAX_SIGNATURE_LINES: usize = 10;
/// Lines looked at to count them.
const MAX_GAP: usize = 40;

/// The part of `text` that its author wrote this time. Quoted lines go and what stands between them stays; a forwarded
/// message stays. When nothing would be left, the whole text is given: never empty when `text` is not.
pub fn extracted_text(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    let mut kept: Vec<&str> = Vec::new();
    let mut at = 0;
    while let Some(line) = lines.get(at).copied() {
        let rest = &lines[at..];
        if is_forward_marker(line) {
            kept.extend(rest);
            break;
        }
        if is_original_marker(line) || is_header_block(rest) {
            drop_divider(&mut kept);
            break;
        }
        if is_signature(text, &lines, at) {
            at = end_of_signature(&lines, at + 1);
            continue;
        }
        let attribution = attribution_length(rest);
        if attribution > 0 {
            let history = at + attribution;
            let next = lines[history..].iter().position(|line| !line.is_empty()).map(|skip| history + skip);
            match next {
                // Marked quotes follow: they end where the marks do.
                Some(next) if is_quote(lines[next]) => at = end_of_quote(&lines, next),
                // The history is not marked: all the rest is it.
                _ => break,
            }
            continue;
        }
        if is_quote(line) {
            at = end_of_quote(&lines, at);
            continue;
        }
        kept.push(line);
        at += 1;
    }
    drop_footers(&mut kept);
    let new = join(&kept);
    if new.is_empty() { text.trim().to_owned() } else { new }
}

fn is_quote(line: &str) -> bool {
    line.starts_with('>') || line.starts_with("|>")
}

fn end_of_quote(lines: &[&str], start: usize) -> usize {
    lines[start..].iter().position(|line| !is_quote(line)).map_or(lines.len(), |length| start + length)
}

/// `-- ` on its own line (RFC 3676, section 4.3). Without the blank it may be a rule within the text: then it counts only
/// when little follows.
fn is_signature(text: &str, lines: &[&str], at: usize) -> bool {
    if lines[at] != "--" {
        return false;
    }
    let line_start = lines[at].as_ptr() as usize - text.as_ptr() as usize;
    let exact = text
        .get(line_start..)
        .is_some_and(|rest| rest.starts_with("-- \n") || rest.starts_with("-- \r") || rest == "-- ");
    exact
        || lines[at + 1..]
            .iter()
            .take(MAX_GAP)
            .take_while(|line| !is_quote(line))
            .filter(|line| !line.is_empty())
            .count()
            <= MAX_SIGNATURE_LINES
}

/// A signature ends where history starts: an attribution, a quote, an original message.
fn end_of_signature(lines: &[&str], start: usize) -> usize {
    (start..lines.len())
        .find(|at| {
            let rest = &lines[*at..];
            is_quote(lines[*at])
                || is_original_marker(lines[*at])
                || is_forward_marker(lines[*at])
                || attribution_length(rest) > 0
                || is_header_block(rest)
        })
        .unwrap_or(lines.len())
}

/// Takes away the rule that Outlook draws above its header block.
fn drop_divider(kept: &mut Vec<&str>) {
    while let Some(last) = kept.last() {
        let is_rule = last.len() >= 3 && last.chars().all(|c| matches!(c, '_' | '-' | '='));
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
    let mut out = String::new();
    let mut empty = 0;
    for line in lines {
        empty = if line.is_empty() { empty + 1 } else { 0 };
        if empty < 2 {
            out.push_str(line);
            out.push('\n');
        }
    }
    out.trim().to_owned()
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
            assert_eq!(extracted_text(text), text, "{text:?}");
        }
        assert_eq!(extracted_text(" \n \r\n"), "");
    }
}
