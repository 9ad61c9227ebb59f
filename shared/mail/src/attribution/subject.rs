//! What the prefix of a subject says about a mail.

use super::{
    header_block::label,
    words::{FORWARD_PREFIX, REPLY_PREFIX},
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
        // Some count: `Re[2]`, `Re (2)`, `Re^2`.
        let word = prefix.trim_end_matches(|c: char| c.is_ascii_digit() || "[]()^ ".contains(c));
        REPLY_PREFIX.contains(&word)
    })
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
