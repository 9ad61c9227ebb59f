//! An event that rules were considered for, how things stood when it happened, and what the rules came to.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Considered, Evaluated, Op, Operator, Trigger};
use crate::{
    DraftId, EmailAddress, EventId, MessageId, RuleId, Thread, ThreadId, Timestamp, WorkspaceId,
    contact::{Contact, ContactStatus},
    event::{Event, EventData},
    ids,
    thread::ThreadStatus,
};

/// An event that rules can wait for, and what it is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleEvent {
    pub workspace_id: WorkspaceId,
    pub event_id: EventId,
    /// What happened.
    pub trigger: Trigger,
    pub at: Timestamp,
    pub thread_id: ThreadId,
    /// The message that came or went, if it is about one.
    pub message_id: Option<MessageId>,
    /// The draft, if there is one.
    pub draft_id: Option<DraftId>,
    /// Its version then.
    pub version: Option<u32>,
}

impl RuleEvent {
    /// The event, if rules can wait for it. What a rule caused, no rule waits for.
    pub fn of(event: &Event) -> Option<Self> {
        if event.caused_by_rule_id.is_some() {
            return None;
        }
        let (trigger, thread_id, message_id, draft_id, version) = match &event.what {
            EventData::EmailReceived { thread_id, message_id, .. } => {
                (Trigger::EmailReceived, thread_id, Some(*message_id), None, None)
            }
            EventData::EmailSent { thread_id, message_id, draft_id, .. } => {
                (Trigger::EmailSent, thread_id, Some(*message_id), *draft_id, None)
            }
            EventData::EmailDelivered { thread_id, message_id, draft_id, .. } => {
                (Trigger::EmailDelivered, thread_id, Some(*message_id), *draft_id, None)
            }
            EventData::DraftCreated { thread_id, draft_id, version, .. } => {
                (Trigger::DraftCreated, thread_id, None, Some(*draft_id), Some(*version))
            }
            EventData::DraftApproved { thread_id, draft_id, version, .. } => {
                (Trigger::DraftApproved, thread_id, None, Some(*draft_id), Some(*version))
            }
            EventData::DraftSent { thread_id, draft_id, version, .. } => {
                (Trigger::DraftSent, thread_id, None, Some(*draft_id), Some(*version))
            }
            EventData::DraftStale { thread_id, draft_id, version, .. } => {
                (Trigger::DraftStale, thread_id, None, Some(*draft_id), Some(*version))
            }
            _ => return None,
        };
        let thread_id = *thread_id;
        let (workspace_id, event_id, at) = (event.workspace_id, event.id, event.at);
        Some(Self { workspace_id, event_id, trigger, at, thread_id, message_id, draft_id, version })
    }
}

/// What rules look at of a thread.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ThreadThen {
    /// The subject of its first message.
    pub subject: String,
    /// Whose turn it is.
    pub status: ThreadStatus,
    pub tags: Vec<String>,
    /// Messages in it, both ways.
    pub message_count: u32,
    /// The newest inbound message: a rule does not close what came after.
    pub last_inbound_message_id: Option<MessageId>,
}

impl From<&Thread> for ThreadThen {
    fn from(thread: &Thread) -> Self {
        Self {
            subject: thread.subject.clone(),
            status: thread.status,
            tags: thread.tags.clone(),
            message_count: thread.message_count,
            last_inbound_message_id: thread.last_inbound_message_id,
        }
    }
}

debug_without_content!(ThreadThen);

/// What rules look at of a contact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactThen {
    pub email: EmailAddress,
    /// Whether their mail may come in.
    pub status: ContactStatus,
    pub tags: Vec<String>,
}

impl ContactThen {
    /// How somebody stood at that time; none when nobody knew them.
    pub fn at(contact: &Contact, at: Timestamp) -> Option<Self> {
        let (status, tags) = contact.stood_at(at);
        (contact.created_at <= at).then(|| Self { email: contact.email.clone(), status, tags: tags.to_vec() })
    }
}

impl From<&Contact> for ContactThen {
    fn from(contact: &Contact) -> Self {
        Self { email: contact.email.clone(), status: contact.status, tags: contact.tags.clone() }
    }
}

/// What a rule came to at an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    pub rule_id: RuleId,
    /// When the rule had last been changed: another one is another rule.
    pub rule_updated_at: Timestamp,
    /// Whether it matched, or why not.
    pub outcome: Outcome,
}

/// Whether a rule matched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// Its conditions held.
    Matched,
    /// One of its conditions did not hold.
    NotMatched {
        /// The first of them.
        unmet: Option<Unmet>,
    },
    /// An earlier rule matched and stopped what followed.
    Stopped { by: RuleId },
}

/// A condition that did not hold; within a `NOT`, one that did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = UnmetCondition)]
pub struct Unmet {
    /// Where it stands: `conditions.conditions[1]`.
    pub path: String,
    /// What it looks at.
    pub field: String,
    /// How it compares.
    pub op: Op,
}

impl Evaluated {
    /// The first condition because of which the whole did not hold, if it did not.
    pub fn unmet(&self) -> Option<Unmet> {
        self.unmet_at("conditions", true)
    }

    /// The first condition that is not as it was `wanted`, if the whole is not.
    fn unmet_at(&self, path: &str, wanted: bool) -> Option<Unmet> {
        if self.holds == wanted {
            return None;
        }
        let wanted = wanted != (self.condition.operator == Some(Operator::Not));
        if let (Some(field), Some(op)) = (&self.condition.field, self.condition.op) {
            return Some(Unmet { path: path.to_owned(), field: field.clone(), op });
        }
        let mut inner = self.conditions.iter().enumerate();
        inner.find_map(|(i, condition)| condition.unmet_at(&format!("{path}.conditions[{i}]"), wanted))
    }
}

/// What rules came to at an event: decided once, at one state of things.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Occasion {
    pub event: RuleEvent,
    pub thread: ThreadThen,
    pub contact: Option<ContactThen>,
    /// What each active rule came to, in the order in which they were considered.
    pub verdicts: Vec<Verdict>,
    /// When the rules were considered.
    pub considered_at: Timestamp,
}

/// Verdicts, in the order in which the rules were considered.
pub fn verdicts(considered: &[Considered<'_>]) -> Vec<Verdict> {
    let stopper = considered.iter().find(|one| one.matched() && one.rule.stop_after_match).map(|one| one.rule.id);
    let verdict = |one: &Considered<'_>| Verdict {
        rule_id: one.rule.id,
        rule_updated_at: one.rule.updated_at,
        outcome: match (&one.evaluated, stopper) {
            (Some(evaluated), _) if evaluated.holds => Outcome::Matched,
            (None, Some(by)) => Outcome::Stopped { by },
            (evaluated, _) => Outcome::NotMatched { unmet: evaluated.as_ref().and_then(Evaluated::unmet) },
        },
    };
    considered.iter().map(verdict).collect()
}

/// The claim under which an action of a rule has its effect at an event: the same however often it is tried.
pub fn claim(rule: RuleId, event: EventId, action: usize) -> String {
    let name = format!("rule#{rule}#{event}#{action}");
    hex(&ids::derived(event.time(), 0, &name))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        for digit in [byte >> 4, byte & 15] {
            text.extend(char::from_digit(u32::from(digit), 16));
        }
        text
    })
}
