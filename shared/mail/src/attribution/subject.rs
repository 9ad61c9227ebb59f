//! What the prefix of a subject says about a mail.

use super::{
    header_block::label,
    words::{FORWARD_PREFIX, MACHINE_REPLY_PREFIX, REPLY_PREFIX},
};

/// What gateways put before the subject of a mail from outside, with a colon behind it.
const WARNINGS: [&str; 4] = ["external", "extern", "ext", "externe"];
/// Tags taken off a subject.
const MAX_TAGS: usize = 5;

/// Whether a subject says that the mail is a forwarded one.
pub(crate) fn is_forward_subject(subject: &str) -> bool {
    prefix(subject).is_some_and(|prefix| FORWARD_PREFIX.contains(&prefix.as_str()))
}

/// Whether a subject says that the mail is an answer.
pub(crate) fn is_reply_subject(subject: &str) -> bool {
    prefix(subject).is_some_and(|prefix| {
        let word = without_count(&prefix);
        REPLY_PREFIX.contains(&word) || MACHINE_REPLY_PREFIX.contains(&word)
    })
}

/// The subject of an answer to a mail: `Re:` before it, in place of the prefixes that answers already gave it in whatever
/// language, which would pile up. What is no prefix stays: a list's tag, a forward, an accepted invitation.
pub fn reply_subject(subject: &str) -> String {
    let subject = subject.trim();
    let mut rest = subject;
    while let Some((prefix, after)) = rest.split_once([':', '：']) {
        let word = without_count(&prefix.trim().to_lowercase()).to_owned();
        // `R:` may be a drive, and is kept where it stands.
        if word == "r" || !REPLY_PREFIX.contains(&word.as_str()) {
            break;
        }
        rest = after.trim_start();
    }
    if is_reply_subject(rest) && !is_answer_of_machine(rest) {
        return rest.to_owned();
    }
    format!("Re: {rest}").trim_end().to_owned()
}

/// Some count: `Re[2]`, `Re (2)`, `Re^2`.
fn without_count(prefix: &str) -> &str {
    prefix.trim_end_matches(|c: char| c.is_ascii_digit() || "[]()^ ".contains(c))
}

fn is_answer_of_machine(subject: &str) -> bool {
    prefix(subject).is_some_and(|prefix| MACHINE_REPLY_PREFIX.contains(&prefix.as_str()))
}

/// The first prefix of a subject, in lower case, behind the tags of lists and gateways (`[EXTERNAL] FW: …`).
fn prefix(subject: &str) -> Option<String> {
    let mut rest = subject.trim_start();
    for _ in 0..MAX_TAGS {
        let closing = match rest.chars().next()? {
            '[' => ']',
            '(' => ')',
            '{' => '}',
            '【' => '】',
            _ => {
                let found = label(rest)?;
                if !WARNINGS.contains(&found.as_str()) {
                    return Some(found);
                }
                rest = rest.split_once([':', '：'])?.1.trim_start();
                continue;
            }
        };
        rest = rest.split_once(closing)?.1.trim_start();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_do_not_pile_up() {
        for (subject, answer) in [
            ("Order 17", "Re: Order 17"),
            ("Re: Order 17", "Re: Order 17"),
            ("AW: Angebot 17", "Re: Angebot 17"),
            ("Re: AW: Re: SV: Angebot", "Re: Angebot"),
            ("RE : devis", "Re: devis"),
            ("Re[3]: price", "Re: price"),
            ("回复：报价", "Re: 报价"),
            ("Odp: zapytanie", "Re: zapytanie"),
            ("Fwd: Order", "Re: Fwd: Order"),
            ("WG: AW: x", "Re: WG: AW: x"),
            ("Accepted: Call", "Re: Accepted: Call"),
            ("[desk] Re: x", "[desk] Re: x"),
            ("[desk] x", "Re: [desk] x"),
            ("R: preventivo", "R: preventivo"),
            ("Order: 3 chairs", "Re: Order: 3 chairs"),
            ("Re:", "Re:"),
            ("", "Re:"),
        ] {
            assert_eq!(reply_subject(subject), answer, "{subject:?}");
            assert_eq!(reply_subject(answer), answer, "{subject:?}");
        }
    }

    #[test]
    fn prefixes() {
        for subject in
            ["Re: x", "AW: x", "[list] Re: x", "Re[2]: x", "RE : x", "SV: x", "回复：x", "[EXT] EXTERNAL: RE: x"]
        {
            assert!(is_reply_subject(subject) && !is_forward_subject(subject), "{subject}");
        }
        for subject in ["Fwd: x", "[EXTERNAL] FW: x", "【外部】转发: x", "WG: AW: x", "External: Fwd: Re: x"] {
            assert!(is_forward_subject(subject) && !is_reply_subject(subject), "{subject}");
        }
        for subject in ["", "x", "Order: 3 chairs", "[x", "Report", "[Re: x]"] {
            assert!(!is_forward_subject(subject) && !is_reply_subject(subject), "{subject}");
        }
    }
}
