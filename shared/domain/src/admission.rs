//! May this come in? What decides whether a mail that arrived becomes a message, waits, or is dropped.

use crate::{
    Identity, MessageId,
    contact::{ContactStatus, HeldReason},
    identity::IdentityStatus,
    message::Authentication,
};

/// What is known about a mail that arrived.
#[derive(Debug, Clone, Copy)]
#[allow(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct Facts<'a> {
    /// The identity it was sent to, if there still is one.
    pub identity: Option<&'a Identity>,
    /// The message that the very same mail became before: same `Message-ID` and same content, but for what a list adds.
    pub received_as: Option<MessageId>,
    /// What was decided about its author, if they are known.
    pub sender: Option<ContactStatus>,
    /// The workspace holds mail of senders who are not trusted.
    pub gating: bool,
    /// Somebody let this very mail in.
    pub approved: bool,
    /// SES's verdicts.
    pub authentication: Authentication,
    /// Its author is who `From` names, for whom SES speaks; otherwise whom a form names.
    pub is_author: bool,
    /// Whether it answers a mail of ours that really went to its author; `None` as long as nobody looked.
    pub answers_ours: Option<bool>,
    /// The plan allows no more mail in this period.
    pub plan_used_up: bool,
}

/// What becomes of a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// It comes in.
    Admit,
    /// It waits.
    Hold(HeldReason),
    /// It is dropped: its sender is blocked.
    Blocked,
    /// It came in before.
    Duplicate(MessageId),
    /// There is nobody here to receive it.
    NoIdentity,
    /// It depends on whether it answers a mail of ours: look, and ask again.
    LookUpAnswered,
}

/// What becomes of a mail.
pub fn admit(facts: &Facts<'_>) -> Admission {
    if !facts.identity.is_some_and(|identity| identity.status == IdentityStatus::Active) {
        return Admission::NoIdentity;
    }
    if let Some(message_id) = facts.received_as {
        return Admission::Duplicate(message_id);
    }
    if facts.sender == Some(ContactStatus::Blocked) {
        return Admission::Blocked;
    }
    match is_trusted(facts) {
        None => Admission::LookUpAnswered,
        Some(false) => Admission::Hold(HeldReason::UnknownSender),
        // Never dropped: it comes in when there is room.
        Some(true) if facts.plan_used_up => Admission::Hold(HeldReason::PlanLimit),
        Some(true) => Admission::Admit,
    }
}

/// Whether its author may write; `None` when that depends on what nobody looked up yet.
fn is_trusted(facts: &Facts<'_>) -> Option<bool> {
    if !facts.gating || facts.approved {
        return Some(true);
    }
    // Trust is in an address, so it holds only where SES vouches for the address.
    if facts.sender == Some(ContactStatus::Trusted) && facts.authentication.aligned() && facts.is_author {
        return Some(true);
    }
    // Whoever cites the name of a mail that we sent them has received it; but names can be seen by others, so that something
    // must speak for the address as well.
    if !(facts.authentication.speaks_for_author() && facts.is_author) {
        return Some(false);
    }
    facts.answers_ours
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::*;
    use crate::message::Verdict;

    const ID: &str = "0197f3a0-5c1e-7d2a-9f00-1234567890ab";

    fn identity() -> Identity {
        let at = crate::Timestamp::from_unix_ms(0);
        serde_json::from_value(json!({
            "id": ID, "workspace_id": ID, "domain_id": ID, "local_part": "mia",
            "email_address": "mia@ai.example.com", "display_name": "Mia", "thread_history_depth": 10,
            "approval_channels": [], "can_send_cold": false, "auto_approve_replies": false, "status": "active",
            "created_at": at, "updated_at": at,
        }))
        .unwrap()
    }

    fn facts(identity: &Identity) -> Facts<'_> {
        Facts {
            identity: Some(identity),
            received_as: None,
            sender: None,
            gating: true,
            approved: false,
            authentication: Authentication { dmarc: Verdict::Pass, ..Authentication::default() },
            is_author: true,
            answers_ours: None,
            plan_used_up: false,
        }
    }

    #[test]
    fn a_stranger_waits_unless_they_answer_or_somebody_lets_them_in() {
        let identity = identity();
        let stranger = facts(&identity);
        assert_eq!(admit(&stranger), Admission::LookUpAnswered);
        assert_eq!(admit(&Facts { answers_ours: Some(true), ..stranger }), Admission::Admit);
        assert_eq!(admit(&Facts { answers_ours: Some(false), ..stranger }), Admission::Hold(HeldReason::UnknownSender));
        assert_eq!(admit(&Facts { approved: true, ..stranger }), Admission::Admit);
        assert_eq!(admit(&Facts { gating: false, ..stranger }), Admission::Admit);
    }

    #[test]
    fn a_trusted_address_that_is_not_proven_is_a_stranger() {
        let identity = identity();
        let trusted = Facts { sender: Some(ContactStatus::Trusted), ..facts(&identity) };
        assert_eq!(admit(&trusted), Admission::Admit);
        let forged = Authentication { dmarc: Verdict::Fail, ..Authentication::default() };
        // Not even where it cites a mail of ours.
        assert_eq!(
            admit(&Facts { authentication: forged, answers_ours: Some(true), ..trusted }),
            Admission::Hold(HeldReason::UnknownSender)
        );
        let of_the_envelope = Authentication { spf: Verdict::Pass, ..Authentication::default() };
        assert_eq!(admit(&Facts { authentication: of_the_envelope, ..trusted }), Admission::LookUpAnswered);
    }

    #[test]
    fn nobody_speaks_for_whom_a_form_names() {
        let identity = identity();
        let visitor = Facts { is_author: false, sender: Some(ContactStatus::Trusted), ..facts(&identity) };
        let held = Admission::Hold(HeldReason::UnknownSender);
        assert_eq!(admit(&visitor), held);
        assert_eq!(admit(&Facts { answers_ours: Some(true), ..visitor }), held);
    }

    fn open(identity: &Identity) -> Facts<'_> {
        Facts { gating: false, ..facts(identity) }
    }

    #[test]
    fn what_is_blocked_here_before_or_for_nobody_does_not_come_in() {
        let mut identity = identity();
        let id = ID.parse().unwrap();
        assert_eq!(admit(&Facts { sender: Some(ContactStatus::Blocked), ..open(&identity) }), Admission::Blocked);
        assert_eq!(admit(&Facts { received_as: Some(id), ..open(&identity) }), Admission::Duplicate(id));
        assert_eq!(admit(&Facts { identity: None, ..open(&identity) }), Admission::NoIdentity);
        identity.status = IdentityStatus::Suspended;
        assert_eq!(admit(&open(&identity)), Admission::NoIdentity);
    }

    #[test]
    fn what_the_plan_has_no_room_for_waits() {
        let identity = identity();
        let full = Facts { gating: false, plan_used_up: true, ..facts(&identity) };
        assert_eq!(admit(&full), Admission::Hold(HeldReason::PlanLimit));
        // A stranger waits for a person first.
        assert_eq!(
            admit(&Facts { gating: true, answers_ours: Some(false), ..full }),
            Admission::Hold(HeldReason::UnknownSender)
        );
    }
}
