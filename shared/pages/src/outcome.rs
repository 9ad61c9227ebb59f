//! Pages that say what came of opening a link or of posting a form.

use actionlayer_channels::legible::{line, moment};
use actionlayer_domain::{Draft, DraftRefusal, DraftStatus, Timestamp, draft::Actor};
use askama::Template;

use crate::{STYLE, UNRENDERABLE, approval::MAX_REASON_CHARS};

#[derive(Template)]
#[template(path = "outcome_page.html")]
struct OutcomePage<'a> {
    style: &'static str,
    title: &'a str,
    sentences: &'a [String],
}

/// Something to tell whoever opened a link or posted a form.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome<'a> {
    /// It was approved just now, and its author sends it.
    Approved(&'a Draft),
    /// It was approved just now and is on its way.
    ApprovedAndQueued(&'a Draft),
    /// It was rejected just now.
    Rejected(&'a Draft),
    /// Mail of the sender comes in from now on.
    SenderTrusted,
    /// Mail of the sender is dropped from now on.
    SenderBlocked,
    /// Somebody else decided about the sender before.
    SenderDecided,
    /// The draft does not allow the step, or nothing at all any more.
    Refused(&'a DraftRefusal),
    /// The link's time is over.
    LinkExpired,
    /// Not a link of ours, or its draft is gone.
    UnknownLink,
    /// The link was ours, and its owner is not asked any more.
    NoLongerApprover,
    /// The link only shows.
    ReadOnly,
    /// The identity may not send.
    IdentitySuspended,
    /// The plan allows no more mails.
    PlanLimit,
    /// Mail to a recipient bounced or was complained about.
    RecipientSuppressed,
    /// The Slack app was installed for the workspace.
    SlackInstalled {
        /// The Slack workspace's name.
        team: &'a str,
    },
    SlackNotInstalled {
        /// Why, as a sentence.
        reason: &'a str,
    },
    /// The form lacks something.
    BadForm,
    /// Something of ours failed, before or after the decision was taken.
    Unavailable,
}

/// A page that tells one thing.
pub fn outcome_page(outcome: &Outcome<'_>) -> String {
    let (title, sentences) = words(outcome);
    let page = OutcomePage { style: STYLE, title, sentences: &sentences };
    page.render().unwrap_or_else(|_| UNRENDERABLE.to_owned())
}

fn words(outcome: &Outcome<'_>) -> (&'static str, Vec<String>) {
    match outcome {
        Outcome::Approved(draft) => (
            "Approved",
            vec![
                format!("You approved version {} of “{}”.", draft.version, line(draft.subject.as_str())),
                "It was not sent yet: its author sends it. It goes out only if no newer message arrives before."
                    .to_owned(),
            ],
        ),
        Outcome::ApprovedAndQueued(draft) => (
            "Approved, and on its way",
            vec![format!(
                "You approved version {} of “{}”. It is being sent.",
                draft.version,
                line(draft.subject.as_str())
            )],
        ),
        Outcome::Rejected(draft) => {
            ("Rejected", vec![format!("You rejected “{}”. It will not be sent.", line(draft.subject.as_str()))])
        }
        Outcome::SenderTrusted => {
            ("Trusted", vec!["What this sender wrote comes in, and so does what they write from now on.".to_owned()])
        }
        Outcome::SenderBlocked => {
            ("Blocked", vec!["What this sender wrote is dropped, and so is what comes later.".to_owned()])
        }
        Outcome::SenderDecided => {
            ("Decided already", vec!["Somebody has decided about this sender. The first decision counts.".to_owned()])
        }
        Outcome::Refused(refusal) => refused(refusal),
        Outcome::LinkExpired => (
            "This link has expired",
            vec![
                "Nothing was decided by it. Its author can ask for approval again, which mails a new link.".to_owned(),
            ],
        ),
        Outcome::UnknownLink => (
            "There is nothing behind this link",
            vec![
                "It is not complete, or what it led to was deleted. Open it from the mail again, as a whole."
                    .to_owned(),
            ],
        ),
        Outcome::NoLongerApprover => (
            "You are not asked any more",
            vec!["The approvers of this mailbox were changed after the mail was sent. Nothing was decided.".to_owned()],
        ),
        Outcome::ReadOnly => (
            "This page is for reading",
            vec!["Decide by the buttons of the message that led you here. Nothing was decided.".to_owned()],
        ),
        Outcome::IdentitySuspended => {
            ("This mailbox is suspended", vec!["Nothing can be sent from it now. Nothing was decided.".to_owned()])
        }
        Outcome::RecipientSuppressed => (
            "A recipient gets no more mail",
            vec![
                "Mail to one of its recipients bounced, or was called spam, so it cannot be sent now. Nothing was \
                 decided: reject it, or come back when the address is off the list of suppressed ones."
                    .to_owned(),
            ],
        ),
        Outcome::PlanLimit => (
            "The plan allows no more mails",
            vec![
                "The mails of this period are used up, so it cannot be sent now. Nothing was decided: approve it \
                 without sending, or come back when there is a larger plan."
                    .to_owned(),
            ],
        ),
        Outcome::SlackInstalled { team } => (
            "Slack is ready",
            vec![
                format!("The app is installed in {}.", line(team)),
                "Invite it to a channel there with /invite, and name that channel in an identity's approval_channel."
                    .to_owned(),
            ],
        ),
        Outcome::SlackNotInstalled { reason } => {
            ("Slack was not added", vec![line(reason), "Ask for a new link and open it to try again.".to_owned()])
        }
        Outcome::BadForm => (
            "That form was not complete",
            vec![format!(
                "Go back and choose one of the buttons; a reason may be {MAX_REASON_CHARS} characters long. Nothing was decided."
            )],
        ),
        Outcome::Unavailable => (
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
    use crate::{sample::Sample, tests::assert_inert};

    #[test]
    fn who_and_when() {
        let sample = Sample::hostile();
        let refusal = DraftRefusal::Decided {
            status: DraftStatus::Approved,
            by: Some(Actor::email(&"dana@example.com".parse().unwrap())),
            at: Some(sample.draft.created_at),
        };
        let page = outcome_page(&Outcome::Refused(&refusal));
        assert!(page.contains("approved by dana@example.com on 2026-04-30 14:28 UTC"), "{page}");
    }

    #[test]
    fn every_outcome_is_inert() {
        let draft = Sample::hostile().draft;
        let superseded = DraftRefusal::Superseded { seen: 2, current: 3 };
        for outcome in [
            Outcome::Approved(&draft),
            Outcome::ApprovedAndQueued(&draft),
            Outcome::Rejected(&draft),
            Outcome::SenderTrusted,
            Outcome::SenderBlocked,
            Outcome::SenderDecided,
            Outcome::Refused(&superseded),
            Outcome::Refused(&DraftRefusal::Stale),
            Outcome::LinkExpired,
            Outcome::UnknownLink,
            Outcome::NoLongerApprover,
            Outcome::ReadOnly,
            Outcome::IdentitySuspended,
            Outcome::RecipientSuppressed,
            Outcome::BadForm,
            Outcome::Unavailable,
        ] {
            assert_inert(&outcome_page(&outcome));
        }
    }
}
