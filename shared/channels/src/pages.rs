//! The pages behind an approval link. They work on a phone, with the keyboard and without scripts, load nothing from
//! anywhere, and change nothing by being opened: a decision is a form that posts.

use actionlayer_domain::{Draft, DraftRefusal, DraftStatus, Timestamp, draft::Actor};
use actionlayer_mail::{RemoteImages, sanitize_html};
use askama::Template;

use crate::{
    Proposal,
    legible::{line, lines, moment},
    proposal::{Room, Shown},
};

/// What a page may do, as the value of `Content-Security-Policy`: show itself with its own style, and post to where it
/// came from. No script, no picture, no frame around it. The frame in it, made from an attribute, inherits all of this;
/// `style-src-attr` is for what stands in it.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'sha256-Cu2RmiLAMm484T26y5fhL/7Pg/VqN2tReI0TRaX6dSw='; style-src-attr 'unsafe-inline'; form-action 'self'; \
                                           frame-ancestors 'none'; base-uri 'none'";

/// The longest reason for a rejection, in characters: however they are encoded, it is less than 4 KB.
pub const MAX_REASON_CHARS: usize = 1_000;

const STYLE: &str = include_str!("../templates/style.css");

/// How the page of a draft's HTML begins. The policy is the frame's own, should the page around it ever have another.
const FRAME_HEAD: &str = "<!doctype html><meta charset=\"utf-8\"><meta http-equiv=\"Content-Security-Policy\" \
                          content=\"default-src 'none'; style-src 'unsafe-inline'\"><body style=\"margin: .75rem; \
                          font: 1rem/1.45 system-ui, sans-serif; overflow-wrap: anywhere\">";

/// The draft is shown whole, however long: one decides on all of it. Of what it answers, more than a person reads.
const ROOM: Room = Room { draft: usize::MAX, inbound: 20_000 };

#[derive(Template)]
#[template(path = "proposal_page.html")]
struct ProposalPage<'a> {
    style: &'static str,
    p: &'a Shown,
    html_page: Option<String>,
    /// How tall its frame is, in rem: without a script, it cannot know by itself.
    frame_rem: usize,
    can_approve: bool,
    max_reason_chars: usize,
}

#[derive(Template)]
#[template(path = "notice_page.html")]
struct NoticePage<'a> {
    style: &'static str,
    title: &'a str,
    sentences: &'a [String],
}

/// A draft and the forms that decide on it. One that went stale can only be rejected.
pub fn proposal_page(proposal: &Proposal<'_>) -> String {
    let shown = proposal.shown(ROOM);
    let page = ProposalPage {
        style: STYLE,
        p: &shown,
        frame_rem: frame_rem(&shown.html_as_text.as_ref().unwrap_or(&shown.text).text),
        html_page: proposal.body.html.as_deref().map(html_page),
        can_approve: !proposal.is_stale(),
        max_reason_chars: MAX_REASON_CHARS,
    };
    page.render().unwrap_or_else(|_| UNRENDERABLE.to_owned())
}

/// Room for `text` on a phone, between six lines and a screen, in rem.
fn frame_rem(text: &str) -> usize {
    const CHARS_A_LINE: usize = 40;
    let lines: usize = text.lines().map(|line| line.len() / CHARS_A_LINE + 1).sum();
    (lines * 3 / 2 + 3).clamp(9, 32)
}

/// The HTML of a draft as it looks, but for its colours, sizes and pictures, and for what would hide anything. It is for a
/// frame without any rights: no link in it leads anywhere, so the page says beside it, as text, where they would.
fn html_page(html: &str) -> String {
    // What nobody would see is made visible last: until here it could be a character reference.
    format!("{FRAME_HEAD}{}", lines(sanitize_html(html, RemoteImages::Blocked).as_str()))
}

/// Something to tell whoever opened a link or posted a form.
#[derive(Debug, Clone, PartialEq)]
pub enum Notice<'a> {
    /// It was approved just now, and its author sends it.
    Approved(&'a Draft),
    /// It was approved just now and is on its way.
    ApprovedAndQueued(&'a Draft),
    /// It was rejected just now.
    Rejected(&'a Draft),
    /// The draft does not allow the step, or nothing at all any more.
    Refused(&'a DraftRefusal),
    /// The link's time is over.
    LinkExpired,
    /// Not a link of ours, or its draft is gone.
    UnknownLink,
    /// The link was ours, and its owner is not asked any more.
    NoLongerApprover,
    /// The identity may not send.
    IdentitySuspended,
    /// The plan allows no more mails.
    PlanLimit,
    /// Mail to a recipient bounced or was complained about.
    RecipientSuppressed,
    /// The form lacks something.
    BadForm,
    /// Something of ours failed, before or after the decision was taken.
    Unavailable,
}

/// A page that tells one thing.
pub fn notice_page(notice: &Notice<'_>) -> String {
    let (title, sentences) = words(notice);
    let page = NoticePage { style: STYLE, title, sentences: &sentences };
    page.render().unwrap_or_else(|_| UNRENDERABLE.to_owned())
}

/// Writing to a string cannot fail; should it ever, nobody may take the answer for a decision.
const UNRENDERABLE: &str = "<!doctype html><title>Not available</title><p>This page cannot be shown.</p>";

fn words(notice: &Notice<'_>) -> (&'static str, Vec<String>) {
    match notice {
        Notice::Approved(draft) => (
            "Approved",
            vec![
                format!("You approved version {} of “{}”.", draft.version, line(draft.subject.as_str())),
                "It was not sent yet: its author sends it. It goes out only if no newer message arrives before."
                    .to_owned(),
            ],
        ),
        Notice::ApprovedAndQueued(draft) => (
            "Approved, and on its way",
            vec![format!(
                "You approved version {} of “{}”. It is being sent.",
                draft.version,
                line(draft.subject.as_str())
            )],
        ),
        Notice::Rejected(draft) => {
            ("Rejected", vec![format!("You rejected “{}”. It will not be sent.", line(draft.subject.as_str()))])
        }
        Notice::Refused(refusal) => refused(refusal),
        Notice::LinkExpired => (
            "This link has expired",
            vec![
                "Nothing was decided by it. Its author can ask for approval again, which mails a new link.".to_owned(),
            ],
        ),
        Notice::UnknownLink => (
            "There is nothing behind this link",
            vec![
                "It is not complete, or what it led to was deleted. Open it from the mail again, as a whole."
                    .to_owned(),
            ],
        ),
        Notice::NoLongerApprover => (
            "You are not asked any more",
            vec!["The approvers of this mailbox were changed after the mail was sent. Nothing was decided.".to_owned()],
        ),
        Notice::IdentitySuspended => {
            ("This mailbox is suspended", vec!["Nothing can be sent from it now. Nothing was decided.".to_owned()])
        }
        Notice::RecipientSuppressed => (
            "A recipient gets no more mail",
            vec![
                "Mail to one of its recipients bounced, or was called spam, so it cannot be sent now. Nothing was \
                 decided: reject it, or come back when the address is off the list of suppressed ones."
                    .to_owned(),
            ],
        ),
        Notice::PlanLimit => (
            "The plan allows no more mails",
            vec![
                "The mails of this period are used up, so it cannot be sent now. Nothing was decided: approve it \
                 without sending, or come back when there is a larger plan."
                    .to_owned(),
            ],
        ),
        Notice::BadForm => (
            "That form was not complete",
            vec![format!(
                "Go back and choose one of the buttons; a reason may be {MAX_REASON_CHARS} characters long. Nothing was decided."
            )],
        ),
        Notice::Unavailable => (
            "That did not work",
            vec![
                "It is not certain that your decision was taken. Open the link again: it shows how things stand."
                    .to_owned(),
            ],
        ),
    }
}

fn refused(refusal: &DraftRefusal) -> (&'static str, Vec<String>) {
    match refusal {
        DraftRefusal::Decided { status, by, at } => decided(*status, by.as_ref(), *at),
        DraftRefusal::Superseded { seen, current } => (
            "There is a newer version",
            vec![
                format!("This link is about version {seen} of the draft, and there is version {current} now."),
                "Nothing was decided by this link. A link to the newer version was mailed to you.".to_owned(),
            ],
        ),
        DraftRefusal::Stale => (
            "This draft is stale",
            vec!["A newer message arrived after it was written. It cannot be approved or sent; its author has to write another.".to_owned()],
        ),
        DraftRefusal::Expired => (
            "This draft has expired",
            vec!["Nobody decided in time. It will not be sent.".to_owned()],
        ),
        DraftRefusal::AlreadySent => ("This draft was sent", vec!["There is nothing left to decide.".to_owned()]),
        DraftRefusal::SendInProgress => {
            ("This draft is on its way", vec!["It was approved, and it is too late to stop it.".to_owned()])
        }
        DraftRefusal::Failed(failure) => (
            "Sending this draft failed",
            failure.iter().map(|failure| line(&failure.message)).collect(),
        ),
        DraftRefusal::Rejected => ("This draft was rejected", vec!["It will not be sent.".to_owned()]),
        DraftRefusal::ApprovalRequired => {
            ("This draft needs approval", vec!["Nobody approved it, so it was not sent.".to_owned()])
        }
    }
}

fn decided(status: DraftStatus, by: Option<&Actor>, at: Option<Timestamp>) -> (&'static str, Vec<String>) {
    let (title, verb) = match status {
        DraftStatus::Rejected => ("This draft was rejected", "rejected"),
        DraftStatus::Sent => ("This draft was sent", "approved"),
        DraftStatus::Failed => ("Sending this draft failed", "approved"),
        DraftStatus::Approved | DraftStatus::Pending | DraftStatus::Stale | DraftStatus::Expired => {
            ("This draft was approved", "approved")
        }
    };
    let by = by.map(|by| format!(" by {}", line(&by.name))).unwrap_or_default();
    let at = at.map(|at| format!(" on {}", moment(at))).unwrap_or_default();
    (title, vec![format!("It was {verb}{by}{at}. The first decision counts.")])
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::sample::Sample;
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    use sha2::{Digest as _, Sha256};

    /// How the frame begins: it may do nothing.
    const FRAME: &str = "<iframe title=\"The HTML version of the draft\" sandbox=\"\" srcdoc=\"&#60;!doctype html";

    fn assert_inert(page: &str) {
        for tag in ["<script", "<img", "<link", "</title><", "src=\"", "href="] {
            assert!(!page.contains(tag), "{tag}");
        }
        assert_eq!(page.matches("<iframe").count(), page.matches(FRAME).count(), "no frame but ours");
        assert!(page.contains(&format!("<style>{STYLE}</style>")), "the style as it was hashed");
    }

    #[test]
    fn the_policy_knows_the_style() {
        let hash = STANDARD.encode(Sha256::digest(STYLE));
        assert!(CONTENT_SECURITY_POLICY.contains(&format!("style-src 'sha256-{hash}'")), "{hash}");
    }

    #[test]
    fn nothing_breaks_out() {
        assert_inert(&proposal_page(&Sample::hostile().proposal()));
    }

    #[test]
    fn the_draft_is_shown_whole() {
        let mut sample = Sample::hostile();
        sample.body.text = Some(format!("{}the end", "word ".repeat(100_000)));
        sample.body.html = Some("<p>Other words</p><img src=https://evil.example/x.png>".to_owned());
        let page = proposal_page(&sample.proposal());
        assert!(page.contains("the end") && page.contains("Other words"));
        assert!(!page.contains("<img"));
    }

    #[test]
    fn a_frame_shows_the_html() {
        let mut sample = Sample::hostile();
        assert_eq!(proposal_page(&sample.proposal()).matches(FRAME).count(), 1);
        sample.body.html =
            Some("<p>a&#x202e;b</p><a href='https://x.example'>here</a>\"><script>x</script>".to_owned());
        let page = proposal_page(&sample.proposal());
        let (_, frame) = page.split_once(FRAME).unwrap();
        let (frame, _) = frame.split_once('"').unwrap();
        assert!(frame.contains("&#60;p&#62;a\u{fffd}b&#60;/p&#62;") && frame.contains("x.example"), "{frame}");
        assert!(!frame.contains("script") && frame.ends_with("&#34;&#38;gt;"), "{frame}");
        sample.body.html = None;
        assert!(!proposal_page(&sample.proposal()).contains("<iframe"));
    }

    #[test]
    fn html_that_says_the_same_is_not_read_twice() {
        let mut sample = Sample::hostile();
        sample.body.text = Some("Hi Ada,\n\nwe open at nine.\n".to_owned());
        sample.body.html = Some("<p>Hi Ada,</p><p>we <b>open</b> at nine.</p>".to_owned());
        let page = proposal_page(&sample.proposal());
        assert!(page.contains("It says the same.") && page.contains("style=\"height: 9rem\""));
        assert!(!page.contains("as text") && page.matches(FRAME).count() == 1);
        sample.body.html = Some("<p>Hi Ada,</p><p>we <a href=https://evil.example>open</a> at nine.</p>".to_owned());
        let page = proposal_page(&sample.proposal());
        assert!(page.contains("as text") && page.contains("evil.example") && !page.contains("It says the same."));
    }

    #[test]
    fn return_in_the_reason_cannot_approve() {
        let page = proposal_page(&Sample::hostile().proposal());
        let forms: Vec<_> = page.split("<form method=\"post\">").skip(1).collect();
        assert_eq!(forms.len(), 2);
        assert!(forms[0].contains("value=\"approve\"") && forms[0].contains("value=\"approve_and_send\""));
        assert!(!forms[0].split("</form>").next().unwrap().contains("reason"));
        assert!(forms[1].contains("value=\"reject\"") && forms[1].contains("name=\"reason\""));
        assert!(!forms[1].contains("approve"));
    }

    #[test]
    fn a_stale_draft_can_only_be_rejected() {
        let mut sample = Sample::hostile();
        sample.draft.status = DraftStatus::Stale;
        let page = proposal_page(&sample.proposal());
        assert!(page.contains("is stale") && page.contains("value=\"reject\""));
        assert!(!page.contains("value=\"approve"));
    }

    #[test]
    fn who_and_when() {
        let sample = Sample::hostile();
        let refusal = DraftRefusal::Decided {
            status: DraftStatus::Approved,
            by: Some(Actor::email(&"dana@example.com".parse().unwrap())),
            at: Some(sample.draft.created_at),
        };
        let page = notice_page(&Notice::Refused(&refusal));
        assert!(page.contains("approved by dana@example.com on 2026-04-30 14:28 UTC"), "{page}");
    }

    #[test]
    fn every_notice_is_inert() {
        let draft = Sample::hostile().draft;
        let superseded = DraftRefusal::Superseded { seen: 2, current: 3 };
        for notice in [
            Notice::Approved(&draft),
            Notice::ApprovedAndQueued(&draft),
            Notice::Rejected(&draft),
            Notice::Refused(&superseded),
            Notice::Refused(&DraftRefusal::Stale),
            Notice::LinkExpired,
            Notice::UnknownLink,
            Notice::NoLongerApprover,
            Notice::IdentitySuspended,
            Notice::RecipientSuppressed,
            Notice::BadForm,
            Notice::Unavailable,
        ] {
            assert_inert(&notice_page(&notice));
        }
    }
}
