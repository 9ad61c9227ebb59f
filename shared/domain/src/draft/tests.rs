//! Every order of steps, to a depth that reaches every state: whatever happens in between, nothing leaves that was not
//! approved in that version, nothing leaves twice, and nothing on its way is lost.

use super::*;
use crate::{ports::Entropy, thread::ThreadStatus};
use std::collections::HashSet;

#[derive(Debug)]
struct Fixed(u8);

impl Entropy for Fixed {
    fn fill(&self, buffer: &mut [u8]) {
        buffer.fill(self.0);
    }
}

const START: Timestamp = Timestamp::from_unix_ms(1_777_000_000_000);
const EXPIRY: Timestamp = Timestamp::from_unix_ms(1_777_000_001_000);

fn message(n: u8) -> MessageId {
    MessageId::generate(START, &Fixed(n))
}

fn person() -> Actor {
    Actor::email(&"dana@example.com".parse().expect("valid"))
}

/// A thread whose newest inbound is message 1, which drafts are based on, or message 9, which they do not know.
fn thread(overtaken: bool) -> Thread {
    let id = ThreadId::generate(START, &Fixed(1));
    let workspace_id = WorkspaceId::generate(START, &Fixed(2));
    Thread {
        status: ThreadStatus::DraftPending,
        last_inbound_message_id: Some(message(if overtaken { 9 } else { 1 })),
        message_count: 1,
        ..Thread::start(id, workspace_id, IdentityId::generate(START, &Fixed(3)), "Pricing", START, START)
    }
}

fn pending() -> Draft {
    let id = DraftId::generate(START, &Fixed(1));
    Draft {
        based_on_message_id: Some(message(1)),
        expires_at: Some(EXPIRY),
        ..Draft::start(id, &thread(false), HeaderText::sanitize("Re: Pricing"), person(), START)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Edit,
    ApproveSeen(u32),
    ApproveCurrent,
    Reject,
    Queue(u8),
    Claim(u8),
    Release(u8),
    Accepted(u8),
    Refused(u8),
    GivenUp(u8),
    NewerInbound,
    TimePasses,
}

const STEPS: [Step; 17] = [
    Step::Edit,
    Step::ApproveSeen(1),
    Step::ApproveSeen(2),
    Step::ApproveCurrent,
    Step::Reject,
    Step::Queue(5),
    Step::Queue(6),
    Step::Claim(5),
    Step::Claim(6),
    Step::Release(5),
    Step::Accepted(5),
    Step::Accepted(6),
    Step::Refused(5),
    Step::GivenUp(5),
    Step::GivenUp(6),
    Step::NewerInbound,
    Step::TimePasses,
];

/// What an onlooker remembers of the way here.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
struct History {
    late: bool,
    approved_version: Option<u32>,
    claimed_fresh: bool,
    stale: bool,
    left: u32,
}

fn take(draft: &Draft, history: &History, step: Step) -> Option<(Draft, History)> {
    let (mut draft, mut history) = (draft.clone(), history.clone());
    let now = if history.late { EXPIRY } else { START };
    let refused = Failure { code: FailureCode::Rejected, message: String::new() };
    let done = match step {
        Step::Edit => draft.edit(None, now).map(|()| draft.edited(person(), now)).is_ok(),
        Step::ApproveSeen(seen) => {
            let current = draft.version;
            let done = draft.approve(person(), Some(seen), now).is_ok();
            assert!(!done || seen == current, "a decision about another version went through");
            done
        }
        Step::ApproveCurrent => draft.approve(person(), None, now).is_ok(),
        Step::Reject => draft.reject(person(), None, None, now).is_ok(),
        Step::Queue(m) => draft.queue(message(m), &thread(history.stale), now).is_ok(),
        Step::Claim(m) => draft.claim(message(m), &thread(history.stale), now).is_ok(),
        Step::Release(m) => draft.send_state == Some(SendState::Sending) && draft.release(message(m), now).is_ok(),
        // Only a claimed message is handed to SES, and only what was handed over can be answered.
        Step::Accepted(m) => {
            let handed_over = draft.outbound_message_id == Some(message(m)) && history.claimed_fresh;
            handed_over && draft.sent(message(m), now).is_ok()
        }
        Step::Refused(m) => draft.failed(message(m), refused, now).is_ok(),
        Step::GivenUp(m) => draft.failed(message(m), Failure::outcome_unknown(), now).is_ok(),
        Step::NewerInbound => {
            history.stale = true;
            let _ = draft.go_stale(now);
            true
        }
        Step::TimePasses => {
            history.late = true;
            let _ = draft.expire(EXPIRY);
            true
        }
    };
    if !done {
        return None;
    }
    match step {
        Step::ApproveSeen(_) | Step::ApproveCurrent => history.approved_version = Some(draft.version),
        Step::Claim(_) => history.claimed_fresh = !history.stale,
        Step::Accepted(_) => history.left += 1,
        _ => {}
    }
    Some((draft, history))
}

fn holds(draft: &Draft, history: &History, step: Step) {
    let context = format!("after {step:?}: {:?} {:?} {history:?}", draft.status, draft.send_state);
    if draft.send_state.is_some() {
        assert_eq!(draft.status, DraftStatus::Approved, "on its way and not approved, {context}");
        assert!(draft.outbound_message_id.is_some(), "on its way as no message, {context}");
    }
    if matches!(draft.status, DraftStatus::Approved | DraftStatus::Sent) {
        assert_eq!(history.approved_version, Some(draft.version), "another version than approved, {context}");
        assert!(draft.decided_by.is_some() && draft.decided_at.is_some(), "decided by nobody, {context}");
    }
    if draft.send_state == Some(SendState::Sending) || draft.status == DraftStatus::Sent {
        assert!(history.claimed_fresh, "claimed although stale, {context}");
    }
    assert!(history.left <= 1, "left twice, {context}");
}

#[test]
fn every_order_of_steps_keeps_the_promises() {
    let mut seen = HashSet::new();
    let mut ends = HashSet::new();
    let mut open = vec![(pending(), History::default(), 0)];
    while let Some((draft, history, depth)) = open.pop() {
        let state = (draft.status, draft.version, draft.send_state, draft.outbound_message_id, draft.failure.is_some());
        ends.insert(draft.status);
        if depth == 9 || !seen.insert((state, history.clone(), depth)) {
            continue;
        }
        for step in STEPS {
            if draft.version >= 3 && step == Step::Edit {
                continue;
            }
            if let Some((draft, history)) = take(&draft, &history, step) {
                holds(&draft, &history, step);
                open.push((draft, history, depth + 1));
            }
        }
    }
    assert_eq!(ends.len(), DraftStatus::ALL.len(), "some status was never reached: {ends:?}");
}

#[test]
fn the_second_is_told_who_was_first() {
    let mut draft = pending();
    draft.approve(person(), Some(1), START).expect("pending");
    let refusal = draft.approve(person(), Some(1), START).expect_err("decided");
    let expected = DraftRefusal::Decided { status: DraftStatus::Approved, by: Some(person()), at: Some(START) };
    assert_eq!(refusal, expected);
}

#[test]
fn an_approval_of_an_earlier_version_is_refused() {
    let mut draft = pending();
    draft.edited(person(), START);
    let refusal = draft.approve(person(), Some(1), START).expect_err("superseded");
    assert_eq!(refusal, DraftRefusal::Superseded { seen: 1, current: 2 });
}

#[test]
fn what_expired_is_not_approved_even_before_the_sweep() {
    let mut draft = pending();
    assert_eq!(draft.approve(person(), None, EXPIRY), Err(DraftRefusal::Expired));
    assert_eq!(draft.queue(message(5), &thread(false), EXPIRY), Err(DraftRefusal::Expired));
}

#[test]
fn a_late_event_settles_what_was_given_up() {
    let mut draft = pending();
    draft.approve(person(), None, START).expect("pending");
    draft.queue(message(5), &thread(false), START).expect("approved");
    draft.claim(message(5), &thread(false), START).expect("queued");
    draft.failed(message(5), Failure::outcome_unknown(), START).expect("in doubt");
    assert_eq!(
        draft.queue(message(6), &thread(false), START),
        Err(DraftRefusal::Failed(Some(Failure::outcome_unknown())))
    );
    draft.sent(message(5), START).expect("the event came after all");
    assert_eq!(draft.status, DraftStatus::Sent);
}
