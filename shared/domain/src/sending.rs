//! May this be sent? Every rule that decides it, asked by every path a mail can take: a draft that was approved, an
//! answer that an identity approves by itself, mail that a caller sends without a draft, and the worker that hands it to
//! SES. Nothing else decides whether mail leaves.
//!
//! A rule here looks at facts and changes nothing. The write that follows checks that what was looked at is still so.

use crate::{
    Draft, DraftRefusal, EmailAddress, Identity, Message, MessageId, Suppression, Thread, Timestamp,
    identity::IdentityStatus,
    unattended::{MAX_OF_ONE_IDENTITY_A_DAY, MAX_TO_ONE_PERSON_A_DAY, UnattendedToday, stranger_to},
};

/// Who stands behind a mail that wants to leave.
#[derive(Debug, Clone, Copy)]
pub enum Basis<'a> {
    /// Somebody who approved this draft.
    Draft(&'a Draft),
    /// The owner, by the identity's standing opt-out `auto_approve_replies`. No person sees the mail.
    OptOut,
    /// The owner, by a rule. No person sees the mail.
    Rule,
    /// A caller who may send without a draft. No person approves the mail.
    Caller,
    /// The owner, who wants to see that mail leaves.
    TestMail,
}

/// Which step is asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The mail is put on its way.
    Queue,
    /// A worker is about to hand it to SES, as this message. What is counted was counted when it was queued.
    Claim(MessageId),
}

/// What is known about a mail that wants to leave. What was not read yet is given as if it allowed the mail: the rules
/// are asked again when it was.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// Who stands behind it.
    pub basis: Basis<'a>,
    /// Which step is asked about.
    pub step: Step,
    /// Who would send it.
    pub identity: &'a Identity,
    /// The thread it goes into; none when it starts one.
    pub thread: Option<&'a Thread>,
    pub answers: Option<&'a Message>,
    /// Whom it goes to, but for copies.
    pub to: &'a [EmailAddress],
    /// Which of its recipients are suppressed.
    pub suppressed: &'a [Suppression],
    /// What left today that nobody approved.
    pub today: UnattendedToday,
    /// The plan allows no more mails in this period.
    pub plan_used_up: bool,
    pub now: Timestamp,
}

/// Why a mail may not leave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    IdentitySuspended,
    /// The identity does not start threads.
    ColdSendBlocked,
    /// The draft does not allow it: not approved, overtaken by newer mail, on its way, or sent.
    Draft(DraftRefusal),
    /// The owner did not opt out of approving answers.
    NotOptedOut,
    /// Newer mail arrived than the one it answers.
    Stale,
    /// Mail to a recipient bounced or was complained about.
    RecipientSuppressed,
    /// A machine wrote what it answers, and no person reads the answer: two machines would go on for ever.
    AnswersMachine,
    /// A caller would answer somebody without a draft who is neither the proven author nor was written to in the thread.
    GoesElsewhere,
    /// The thread had its unattended mails of the day.
    ThreadCap,
    /// The recipient had their unattended mails of the day.
    RecipientCap,
    /// The identity had its unattended mails of the day.
    IdentityCap,
    /// The plan allows no more.
    PlanLimit,
}

impl Basis<'_> {
    /// Whether the mail leaves without a person who saw it.
    pub const fn is_unattended(&self) -> bool {
        match self {
            Self::Draft(_) => false,
            Self::OptOut | Self::Rule | Self::Caller | Self::TestMail => true,
        }
    }
}

/// Whether a mail may leave, and if not, the first reason why.
pub fn may_leave(facts: &Facts<'_>) -> Result<(), Refusal> {
    may_send(facts.identity)?;
    is_decided(facts)?;
    if facts.thread.is_none() && matches!(facts.basis, Basis::Caller) {
        may_write_first(facts.identity)?;
    }
    if !facts.suppressed.is_empty() {
        return Err(Refusal::RecipientSuppressed);
    }
    match facts.step {
        Step::Queue => has_room(facts),
        Step::Claim(_) => Ok(()),
    }
}

/// Whether an identity may send at all.
pub fn may_send(identity: &Identity) -> Result<(), Refusal> {
    match identity.status {
        IdentityStatus::Active => Ok(()),
        IdentityStatus::Suspended => Err(Refusal::IdentitySuspended),
    }
}

/// Whether an identity may write to somebody who did not write first.
pub fn may_write_first(identity: &Identity) -> Result<(), Refusal> {
    may_send(identity)?;
    if identity.can_send_cold { Ok(()) } else { Err(Refusal::ColdSendBlocked) }
}

/// Somebody decided that it leaves, knowing of everything that came in.
fn is_decided(facts: &Facts<'_>) -> Result<(), Refusal> {
    match (facts.basis, facts.thread) {
        (Basis::Draft(draft), Some(thread)) => match facts.step {
            Step::Queue => draft.may_be_queued(thread, facts.now),
            Step::Claim(message_id) => draft.may_be_claimed(message_id, thread),
        }
        .map_err(Refusal::Draft),
        // A draft is always of a thread.
        (Basis::Draft(_), None) => Err(Refusal::Draft(DraftRefusal::ApprovalRequired)),
        (Basis::OptOut, _) if !facts.identity.auto_approve_replies => Err(Refusal::NotOptedOut),
        (Basis::OptOut | Basis::Rule, thread) => {
            let answers = facts.answers.map(|message| message.id);
            let is_fresh = answers.is_some() && thread.is_some_and(|thread| !thread.is_stale(answers));
            if is_fresh { Ok(()) } else { Err(Refusal::Stale) }
        }
        // What they answer is the newest mail; a write that checks the thread holds it.
        (Basis::Caller | Basis::TestMail, _) => Ok(()),
    }
}

/// There is room for it: in the day's unattended mails of the thread, and in the plan.
fn has_room(facts: &Facts<'_>) -> Result<(), Refusal> {
    if facts.basis.is_unattended()
        && let Some(answered) = facts.answers
    {
        is_answer_without_person(facts, answered)?;
    }
    if facts.plan_used_up { Err(Refusal::PlanLimit) } else { Ok(()) }
}

/// An answer that no person sees goes to nobody but those who take part, and not often.
fn is_answer_without_person(facts: &Facts<'_>, answered: &Message) -> Result<(), Refusal> {
    if answered.is_automated {
        return Err(Refusal::AnswersMachine);
    }
    if let Some(thread) = facts.thread {
        // By the opt-out or a rule it goes to the author alone, see `unattended`.
        let is_by_caller = matches!(facts.basis, Basis::Caller);
        if is_by_caller && stranger_to(answered, facts.to, &thread.written_to).is_some() {
            return Err(Refusal::GoesElsewhere);
        }
        if !thread.has_room_unattended(facts.now) {
            return Err(Refusal::ThreadCap);
        }
    }
    if facts.today.to_recipient >= MAX_TO_ONE_PERSON_A_DAY {
        return Err(Refusal::RecipientCap);
    }
    if facts.today.of_identity >= MAX_OF_ONE_IDENTITY_A_DAY {
        return Err(Refusal::IdentityCap);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::*;
    use crate::{
        SuppressionReason,
        draft::Actor,
        message::Direction,
        thread::{Joined, MAX_UNATTENDED_SENDS_A_DAY},
    };

    const ID: &str = "0197f3a0-5c1e-7d2a-9f00-1234567890ab";
    const NOW: Timestamp = Timestamp::from_unix_ms(1_777_559_331_005);

    struct World {
        identity: Identity,
        thread: Thread,
        inbound: Message,
        draft: Draft,
        to: Vec<EmailAddress>,
        suppressed: Vec<Suppression>,
    }

    impl World {
        fn new() -> Self {
            let identity: Identity = serde_json::from_value(json!({
                "id": ID, "workspace_id": ID, "domain_id": ID, "local_part": "mia",
                "email_address": "mia@ai.example.com", "display_name": "Mia", "thread_history_depth": 10,
                "approval_channels": [], "can_send_cold": true, "auto_approve_replies": true, "status": "active",
                "created_at": NOW, "updated_at": NOW,
            }))
            .unwrap();
            let mut thread = Thread::start(ID.parse().unwrap(), identity.workspace_id, identity.id, "Hi", NOW, NOW);
            let inbound = Message::start(
                ID.parse().unwrap(),
                thread.id,
                thread.workspace_id,
                identity.id,
                Direction::Inbound,
                "ada@example.org".to_owned(),
                NOW,
            );
            let _ = thread.receive(Joined { message_id: inbound.id, at: NOW, snippet: "" }, false, NOW);
            let agent = Actor { kind: crate::draft::ActorKind::ApiKey, id: ID.to_owned(), name: "agent".to_owned() };
            let draft = Draft {
                based_on_message_id: Some(inbound.id),
                ..Draft::start(ID.parse().unwrap(), &thread, crate::HeaderText::sanitize("Re: Hi"), agent, NOW)
            };
            thread.written_to.push("ada@example.org".to_owned());
            let to = vec!["ada@example.org".parse().unwrap()];
            Self { identity, thread, inbound, draft, to, suppressed: Vec::new() }
        }

        fn facts<'a>(&'a self, basis: Basis<'a>) -> Facts<'a> {
            Facts {
                basis,
                step: Step::Queue,
                identity: &self.identity,
                thread: Some(&self.thread),
                answers: Some(&self.inbound),
                to: &self.to,
                suppressed: &self.suppressed,
                today: UnattendedToday::default(),
                plan_used_up: false,
                now: NOW,
            }
        }

        fn every_basis(&self) -> [Basis<'_>; 5] {
            [Basis::Draft(&self.draft), Basis::OptOut, Basis::Rule, Basis::Caller, Basis::TestMail]
        }

        fn approved() -> Self {
            let mut world = Self::new();
            let dana = Actor::email(&"dana@example.com".parse().unwrap());
            world.draft.approve(dana, Some(1), NOW).unwrap();
            world
        }
    }

    #[test]
    fn what_is_decided_and_fresh_leaves() {
        let world = World::approved();
        for basis in world.every_basis() {
            assert_eq!(may_leave(&world.facts(basis)), Ok(()), "{basis:?}");
        }
    }

    #[test]
    fn nothing_leaves_from_a_suspended_identity_to_a_suppressed_address_or_beyond_the_plan() {
        let mut world = World::approved();
        world.identity.status = IdentityStatus::Suspended;
        for basis in world.every_basis() {
            assert_eq!(may_leave(&world.facts(basis)), Err(Refusal::IdentitySuspended), "{basis:?}");
        }
        let mut world = World::approved();
        for basis in world.every_basis() {
            let facts = Facts { plan_used_up: true, ..world.facts(basis) };
            assert_eq!(may_leave(&facts), Err(Refusal::PlanLimit), "{basis:?}");
        }
        world.suppressed.push(Suppression {
            id: ID.parse().unwrap(),
            workspace_id: ID.parse().unwrap(),
            email: "ada@example.org".parse().unwrap(),
            reason: SuppressionReason::Bounce,
            message_id: ID.parse().unwrap(),
            created_at: NOW,
        });
        for basis in world.every_basis() {
            assert_eq!(may_leave(&world.facts(basis)), Err(Refusal::RecipientSuppressed), "{basis:?}");
        }
    }

    #[test]
    fn what_nobody_approved_stays() {
        let world = World::new();
        let unapproved = Refusal::Draft(DraftRefusal::ApprovalRequired);
        assert_eq!(may_leave(&world.facts(Basis::Draft(&world.draft))), Err(unapproved.clone()));
        let of_no_thread = Facts { thread: None, ..world.facts(Basis::Draft(&world.draft)) };
        assert_eq!(may_leave(&of_no_thread), Err(unapproved));
        let mut world = World::new();
        world.identity.auto_approve_replies = false;
        assert_eq!(may_leave(&world.facts(Basis::OptOut)), Err(Refusal::NotOptedOut));
    }

    #[test]
    fn what_newer_mail_overtook_stays() {
        let mut world = World::approved();
        let newer = "0197f3a0-5c1f-7d2a-9f00-1234567890ab".parse().unwrap();
        let at = Timestamp::from_unix_ms(NOW.unix_ms() + 1);
        let _ = world.thread.receive(Joined { message_id: newer, at, snippet: "" }, false, at);
        let stale = Refusal::Draft(DraftRefusal::Stale);
        assert_eq!(may_leave(&world.facts(Basis::Draft(&world.draft))), Err(stale));
        assert_eq!(may_leave(&world.facts(Basis::OptOut)), Err(Refusal::Stale));
    }

    #[test]
    fn a_worker_claims_what_was_queued_as_its_message() {
        let mut world = World::approved();
        let message_id: MessageId = ID.parse().unwrap();
        let claim = |world: &World| {
            let facts = world.facts(Basis::Draft(&world.draft));
            // Counted when it was queued.
            may_leave(&Facts { step: Step::Claim(message_id), plan_used_up: true, ..facts })
        };
        assert!(matches!(claim(&world), Err(Refusal::Draft(_))));
        world.draft.queue(message_id, &world.thread, NOW).unwrap();
        assert_eq!(claim(&world), Ok(()));
        assert_eq!(
            may_leave(&world.facts(Basis::Draft(&world.draft))),
            Err(Refusal::Draft(DraftRefusal::SendInProgress))
        );
    }

    #[test]
    fn machines_that_answer_each_other_come_to_rest() {
        let mut world = World::approved();
        for _ in 0..MAX_UNATTENDED_SENDS_A_DAY {
            assert_eq!(may_leave(&world.facts(Basis::OptOut)), Ok(()));
            assert!(world.thread.count_unattended_send(NOW));
        }
        for basis in [Basis::OptOut, Basis::Rule, Basis::Caller] {
            assert_eq!(may_leave(&world.facts(basis)), Err(Refusal::ThreadCap));
        }
        // A person who approves answers whom they like.
        assert_eq!(may_leave(&world.facts(Basis::Draft(&world.draft))), Ok(()));
        world.inbound.is_automated = true;
        for basis in [Basis::OptOut, Basis::Rule, Basis::Caller] {
            assert_eq!(may_leave(&world.facts(basis)), Err(Refusal::AnswersMachine));
        }
        assert_eq!(may_leave(&world.facts(Basis::Draft(&world.draft))), Ok(()));
    }

    #[test]
    fn what_no_person_sees_goes_to_those_who_take_part_and_not_often() {
        let mut world = World::approved();
        let of_identity = UnattendedToday { of_identity: MAX_OF_ONE_IDENTITY_A_DAY, ..UnattendedToday::default() };
        let to_recipient = UnattendedToday { to_recipient: MAX_TO_ONE_PERSON_A_DAY, ..UnattendedToday::default() };
        for basis in [Basis::OptOut, Basis::Rule, Basis::Caller] {
            let asked = |today| may_leave(&Facts { today, ..world.facts(basis) });
            assert_eq!(asked(of_identity), Err(Refusal::IdentityCap));
            assert_eq!(asked(to_recipient), Err(Refusal::RecipientCap));
        }
        world.to.push("eve@evil.example".parse().unwrap());
        assert_eq!(may_leave(&world.facts(Basis::Caller)), Err(Refusal::GoesElsewhere));
        let seen = Facts { today: of_identity, ..world.facts(Basis::Draft(&world.draft)) };
        assert_eq!(may_leave(&seen), Ok(()));
    }

    #[test]
    fn an_identity_writes_first_only_where_it_may() {
        let mut world = World::new();
        let first = |world: &World, basis| may_leave(&Facts { thread: None, answers: None, ..world.facts(basis) });
        assert_eq!(first(&world, Basis::Caller), Ok(()));
        world.identity.can_send_cold = false;
        assert_eq!(first(&world, Basis::Caller), Err(Refusal::ColdSendBlocked));
        assert_eq!(first(&world, Basis::TestMail), Ok(()));
    }
}
