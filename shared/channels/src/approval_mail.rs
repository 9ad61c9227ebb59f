//! The mail that asks an approver to decide.
//!
//! It has one link, to a page that changes nothing by being opened: scanners open every link of a mail within seconds.

use actionlayer_domain::HeaderText;
use askama::Template;

use crate::{
    Proposal,
    legible::{cut, line},
    proposal::{Room, Shown},
};

/// The most of a draft and of the newest inbound mail that the mail shows. The page behind the link shows more.
const ROOM: Room = Room { draft: 4_000, inbound: 1_500 };
/// The most of the draft's subject that the mail's own subject repeats, in characters.
const SUBJECT_CHARS: usize = 120;

/// An approval mail, to be sent to one approver with `Auto-Submitted: auto-generated`.
#[derive(Clone, PartialEq, Eq)]
pub struct ApprovalMail {
    /// `Approve? ` and the draft's subject.
    pub subject: HeaderText,
    /// The text part.
    pub text: String,
    /// The HTML part, without remote content.
    pub html: String,
}

actionlayer_domain::debug_without_content!(ApprovalMail);

#[derive(Template)]
#[template(path = "approval_mail.txt")]
struct Text<'a> {
    p: &'a Shown,
    link: &'a str,
}

#[derive(Template)]
#[template(path = "approval_mail.html")]
struct Html<'a> {
    p: &'a Shown,
    link: &'a str,
}

/// Writes the mail. `link` is this approver's own, see [`crate::approval_link::link`].
pub fn approval_mail(proposal: &Proposal<'_>, link: &str) -> ApprovalMail {
    let shown = proposal.shown(ROOM);
    let subject = cut(&line(proposal.draft.subject.as_str()), SUBJECT_CHARS).text;
    // Writing to a string cannot fail; should it ever, the link alone still leads to the whole draft.
    let or_link = |rendered: Result<String, askama::Error>| rendered.unwrap_or_else(|_| link.to_owned());
    ApprovalMail {
        subject: HeaderText::sanitize(&format!("Approve? {subject}")),
        text: or_link(Text { p: &shown, link }.render()),
        html: or_link(Html { p: &shown, link }.render()),
    }
}

/// Every line behind a mark, so that quoted text cannot pass for the mail's own words.
pub(crate) fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 64);
    for (n, line) in text.lines().enumerate() {
        if n > 0 {
            out.push('\n');
        }
        out.push_str("| ");
        out.push_str(line);
    }
    out
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use actionlayer_domain::{Timestamp, draft::Actor};

    use super::*;
    use crate::sample::Sample;

    const LINK: &str = "https://mail.example.com/callbacks/email/abc";

    #[test]
    fn nothing_breaks_out() {
        let mail = approval_mail(&Sample::hostile().proposal(), LINK);
        assert!(!mail.subject.as_str().chars().any(char::is_control));
        assert!(mail.subject.as_str().starts_with("Approve? Re: "));
        for tag in ["<script", "<img", "</title><"] {
            assert!(!mail.html.contains(tag), "{tag}");
        }
        assert_eq!(mail.html.matches("href=").count(), 1, "one link, ours");
        assert!(mail.html.contains(&format!("href=\"{LINK}\"")));
    }

    #[test]
    fn quoted_text_cannot_pass_for_ours() {
        let mail = approval_mail(&Sample::hostile().proposal(), LINK);
        let ours: Vec<_> = mail.text.lines().filter(|line| !line.starts_with("| ")).collect();
        assert_eq!(ours.iter().filter(|line| line.contains("http")).count(), 1);
        assert_eq!(ours.iter().filter(|line| line.contains("The link is yours alone")).count(), 1);
        assert!(!mail.text.contains(['\r', '\u{202e}']));
    }

    #[test]
    fn says_what_one_decides_on() {
        let mut sample = Sample::hostile();
        sample.body =
            actionlayer_domain::DraftBody { text: Some("Yes, on Tuesday.".to_owned()), html: None, sender: None };
        sample.draft.rationale = Some("The calendar is free.".to_owned());
        let dana = Actor::email(&"dana@example.com".parse().unwrap());
        sample.draft.comment(dana, "Say eleven.", Timestamp::from_unix_ms(1_777_559_331_005));
        let mail = approval_mail(&sample.proposal(), LINK);
        for part in [&mail.text, &mail.html] {
            for said in [
                "Yes, on Tuesday.",
                "The calendar is free.",
                "Say eleven.",
                "ada@example.org",
                "bob@example.org",
                "eve@example.org",
                "version 3",
                "mia@ai.example.com",
                "looks like one you know",
                "2026-04-30 14:28 UTC",
            ] {
                assert!(part.contains(said), "{said}\n{part}");
            }
            assert!(!part.contains("goes on"));
        }
    }

    #[test]
    fn a_long_draft_is_cut_and_says_so() {
        let mut sample = Sample::hostile();
        sample.body.text = Some("word ".repeat(2_000));
        sample.draft.subject = HeaderText::sanitize(&"ä".repeat(400));
        let mail = approval_mail(&sample.proposal(), LINK);
        assert!(mail.text.contains("The draft goes on") && mail.html.contains("The draft goes on"));
        assert!(mail.subject.as_str().chars().count() < 140);
    }

    #[test]
    fn staleness_is_said() {
        let mut sample = Sample::hostile();
        sample.draft.stale_warning = true;
        let mail = approval_mail(&sample.proposal(), LINK);
        let warning = "The conversation went on after this draft was written";
        assert!(mail.text.contains(&format!("! {warning}")) && mail.html.contains(warning), "{}", mail.text);
    }
}
