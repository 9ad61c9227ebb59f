//! May this leave without a person? Where an owner opted out of approval, and for rules that approve.
//!
//! Anybody can write to a mailbox. Without these bounds, whoever does could make it write to whom they like, under the
//! customer's name: nothing is sent by itself but an answer to the one proven author of a mail without doubts, to nobody else,
//! and not often.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{EmailAddress, Message};

/// How many mails one person gets in a day that nobody approved, from all identities of a workspace.
pub const MAX_TO_ONE_PERSON_A_DAY: u32 = 20;
/// How many mails an identity sends in a day that nobody approved.
pub const MAX_OF_ONE_IDENTITY_A_DAY: u32 = 500;

/// How many mails left today that nobody approved.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct UnattendedToday {
    pub of_identity: u32,
    /// To the recipients, the most of any one.
    pub to_recipient: u32,
}

/// An answer that would leave by itself.
#[derive(Debug, Clone, Copy)]
pub struct Answer<'a> {
    /// What it answers.
    pub answered: &'a Message,
    /// Whom it would go to.
    pub to: &'a [EmailAddress],
    /// Copies, blind or not.
    pub copies: usize,
    pub files: usize,
    /// Newer mail is in the thread.
    pub is_stale: bool,
}

/// Why a draft was not approved by itself: it waits for a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Declined {
    /// Newer mail is in the thread.
    Stale,
    /// A machine wrote what it answers.
    AutomatedSender,
    /// Nothing proves who wrote what it answers: DMARC did not pass.
    SenderNotAligned,
    /// What it answers has a safety flag.
    Flagged,
    /// It would go to somebody else than the author, or to several people.
    GoesElsewhere,
    /// It has copies.
    Copies,
    /// It has files.
    Files,
    /// Mail to its recipient bounced or was complained about.
    RecipientSuppressed,
    /// The plan allows no more.
    PlanLimit,
    /// The thread had its unattended mails of today.
    ThreadCap,
    /// The recipient had their unattended mails of today.
    RecipientCap,
    /// The identity had its unattended mails of today.
    IdentityCap,
}

impl Declined {
    /// The name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Stale => "stale",
            Self::AutomatedSender => "automated_sender",
            Self::SenderNotAligned => "sender_not_aligned",
            Self::Flagged => "flagged",
            Self::GoesElsewhere => "goes_elsewhere",
            Self::Copies => "copies",
            Self::Files => "files",
            Self::RecipientSuppressed => "recipient_suppressed",
            Self::PlanLimit => "plan_limit",
            Self::ThreadCap => "thread_cap",
            Self::RecipientCap => "recipient_cap",
            Self::IdentityCap => "identity_cap",
        }
    }

    /// The same for a person.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Stale => "Newer mail is in the thread.",
            Self::AutomatedSender => "A machine wrote what it answers.",
            Self::SenderNotAligned => "Nothing proves who wrote what it answers: DMARC did not pass.",
            Self::Flagged => "What it answers has a safety flag.",
            Self::GoesElsewhere => "It would go to somebody else than the author, or to several people.",
            Self::Copies => "It has copies.",
            Self::Files => "It has files.",
            Self::RecipientSuppressed => "Mail to its recipient bounced, or was called spam.",
            Self::PlanLimit => "The mails of this period are used up.",
            Self::ThreadCap => "The thread has had its mails of today that no person approved.",
            Self::RecipientCap => "The recipient has had their mails of today that no person approved.",
            Self::IdentityCap => "The identity has sent its mails of today that no person approved.",
        }
    }
}

/// Whether an answer may leave by itself, as far as it and what it answers tell. Caps are counted where it is written.
pub fn may_leave(answer: &Answer<'_>) -> Result<(), Declined> {
    let answered = answer.answered;
    if answer.is_stale {
        return Err(Declined::Stale);
    }
    if answered.is_automated {
        return Err(Declined::AutomatedSender);
    }
    if !is_author_proven(answered) {
        return Err(Declined::SenderNotAligned);
    }
    if !answered.safety_flags.is_empty() || answered.parse_limited {
        return Err(Declined::Flagged);
    }
    match answer.to {
        [one] if one.folded() == answered.from_email.to_ascii_lowercase() => {}
        _ => return Err(Declined::GoesElsewhere),
    }
    if answer.copies > 0 {
        return Err(Declined::Copies);
    }
    if answer.files > 0 {
        return Err(Declined::Files);
    }
    Ok(())
}

/// The first recipient of an answer that the owner sends without a draft who is neither the proven author of what it answers,
/// nor at the author's own domain, nor somebody whom we wrote to in the thread.
pub fn stranger_to<'a>(answered: &Message, to: &'a [EmailAddress], written_to: &[String]) -> Option<&'a EmailAddress> {
    let domain = answered.from_email.rsplit_once('@').map(|(_, domain)| domain.to_ascii_lowercase());
    let is_proven = is_author_proven(answered);
    to.iter().find(|recipient| {
        let of_author = is_proven && domain.as_deref() == Some(recipient.domain());
        !of_author && !written_to.contains(&recipient.folded())
    })
}

/// Whether SES vouches for the address in `From`, and there is one.
fn is_author_proven(message: &Message) -> bool {
    message.authentication.is_some_and(|authentication| authentication.aligned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::{
        Timestamp,
        message::{Authentication, Direction, SafetyFlag, Verdict},
    };

    fn question() -> Message {
        let id = "0197f3a0-5c1e-7d2a-9f00-1234567890ab";
        let (message, thread) = (id.parse().unwrap(), id.parse().unwrap());
        let (workspace, identity) = (id.parse().unwrap(), id.parse().unwrap());
        let from = "Ada@customer.example".to_owned();
        let at = Timestamp::from_unix_ms(0);
        Message {
            authentication: Some(Authentication { dmarc: Verdict::Pass, ..Authentication::default() }),
            ..Message::start(message, thread, workspace, identity, Direction::Inbound, from, at)
        }
    }

    #[test]
    fn an_answer_to_its_one_proven_author_may_leave_and_nothing_else() {
        let (ada, eve): (EmailAddress, EmailAddress) =
            ("ada@customer.example".parse().unwrap(), "eve@evil.example".parse().unwrap());
        let plain = question();
        let forged = Message { authentication: Some(Authentication::default()), ..question() };
        let flagged = Message { safety_flags: vec![SafetyFlag::HiddenText], ..question() };
        let machine = Message { is_automated: true, ..question() };
        let (one, other, both) = ([ada.clone()], [eve.clone()], [ada, eve]);
        let answer = Answer { answered: &plain, to: &one, copies: 0, files: 0, is_stale: false };
        assert_eq!(may_leave(&answer), Ok(()));
        for (answer, declined) in [
            (Answer { is_stale: true, ..answer }, Declined::Stale),
            (Answer { answered: &machine, ..answer }, Declined::AutomatedSender),
            (Answer { answered: &forged, ..answer }, Declined::SenderNotAligned),
            (Answer { answered: &flagged, ..answer }, Declined::Flagged),
            (Answer { to: &other, ..answer }, Declined::GoesElsewhere),
            (Answer { to: &both, ..answer }, Declined::GoesElsewhere),
            (Answer { to: &[], ..answer }, Declined::GoesElsewhere),
            (Answer { copies: 1, ..answer }, Declined::Copies),
            (Answer { files: 1, ..answer }, Declined::Files),
        ] {
            assert_eq!(may_leave(&answer), Err(declined));
        }
    }

    #[test]
    fn a_direct_answer_reaches_the_author_or_whom_we_wrote_to() {
        let to = |emails: &[&str]| emails.iter().map(|email| email.parse().unwrap()).collect::<Vec<EmailAddress>>();
        let known = ["bob@other.example".to_owned()];
        let forged = Message { authentication: None, ..question() };
        assert_eq!(stranger_to(&question(), &to(&["ada@customer.example", "desk@customer.example"]), &[]), None);
        assert_eq!(stranger_to(&question(), &to(&["bob@other.example"]), &known), None);
        assert!(stranger_to(&question(), &to(&["ada@customer.example", "eve@evil.example"]), &known).is_some());
        assert!(stranger_to(&forged, &to(&["ada@customer.example"]), &known).is_some());
        assert_eq!(stranger_to(&forged, &to(&["bob@other.example"]), &known), None);
    }
}
