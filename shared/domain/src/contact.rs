//! A person mail was exchanged with, and whether their mail may come straight in.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    ContactId, EmailAddress, HeldId, IdentityId, Timestamp, WorkspaceId,
    draft::Actor,
    message::{Authentication, SafetyFlag},
    notification::Notification,
};

/// Whether a sender is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ContactStatus {
    /// Mail comes straight in.
    Trusted,
    /// Nobody decided yet.
    Pending,
    /// Mail is dropped and counted.
    Blocked,
}

impl ContactStatus {
    /// The name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Trusted => "trusted",
            Self::Pending => "pending",
            Self::Blocked => "blocked",
        }
    }
}

/// A person, known by address.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Contact {
    pub id: ContactId,
    pub workspace_id: WorkspaceId,
    /// The address; unique in the workspace, compared without case.
    pub email: EmailAddress,
    /// The name their mail gave.
    pub name: Option<String>,
    /// Whether their mail may come in.
    pub status: ContactStatus,
    /// The owner's tags.
    pub tags: Vec<String>,
    /// Whether the domain reads like one that is known, as it was found when it was last compared; none before that.
    /// Says nothing while they are trusted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lookalike: Option<bool>,
    /// How they stood before, the oldest first: for what happened then and is looked at now.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub earlier: Vec<Stood>,
    /// When mail was last exchanged, to the hour.
    pub last_seen_at: Timestamp,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// How somebody stood until a change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Stood {
    pub until: Timestamp,
    pub status: ContactStatus,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
}

/// So many changes of how somebody stands are remembered. Rules look at an event moments after it; only where many changes follow
/// it in those moments do they see an earlier state than the oldest that is known.
const MAX_EARLIER: usize = 4;
/// And for so long: what waits in a queue for longer has been given up.
const EARLIER_LASTS: Duration = Duration::from_hours(24);

/// A contact that was seen so recently need not be written again: mails of one sender would collide on it.
const SEEN_INTERVAL: Duration = Duration::from_hours(1);

impl Contact {
    /// Somebody mail was exchanged with for the first time.
    pub fn new(
        id: ContactId,
        workspace_id: WorkspaceId,
        email: EmailAddress,
        name: Option<String>,
        status: ContactStatus,
        now: Timestamp,
    ) -> Self {
        Self {
            id,
            workspace_id,
            email,
            name,
            status,
            tags: Vec::new(),
            lookalike: None,
            earlier: Vec::new(),
            last_seen_at: now,
            created_at: now,
            updated_at: now,
        }
    }

    /// Whether their domain is to be compared with those that are known: they are not trusted, and nobody compared it, or
    /// not for an hour, in which others may have become known.
    pub fn is_to_be_compared(&self, now: Timestamp) -> bool {
        self.status != ContactStatus::Trusted
            && (self.lookalike.is_none() || now.since(self.last_seen_at) >= SEEN_INTERVAL)
    }

    /// Whether their domain reads like one that is known, and nobody trusts them all the same.
    pub fn is_lookalike(&self) -> bool {
        self.status != ContactStatus::Trusted && self.lookalike == Some(true)
    }

    /// Mail of theirs came; `lookalike` is what was found if their domain was compared. Says whether that is worth writing:
    /// the first name they give is, what was found is if it is news, and the time when the one that is known is over an
    /// hour old.
    pub fn seen(&mut self, name: Option<&str>, lookalike: Option<bool>, now: Timestamp) -> bool {
        let named = self.name.is_none() && name.is_some();
        let compared = lookalike.is_some() && self.lookalike != lookalike;
        if !named && !compared && now.since(self.last_seen_at) < SEEN_INTERVAL {
            return false;
        }
        if named {
            self.name = name.map(str::to_owned);
        }
        self.lookalike = lookalike.or(self.lookalike);
        self.last_seen_at = self.last_seen_at.max(now);
        self.updated_at = now;
        true
    }

    /// Somebody decided about them. Says whether that changes anything.
    pub fn decide(&mut self, status: ContactStatus, now: Timestamp) -> bool {
        if self.status == status {
            return false;
        }
        self.remember(now);
        self.status = status;
        self.updated_at = now;
        true
    }

    /// The owner tagged them. Says whether that changes anything.
    pub fn tag(&mut self, tags: Vec<String>, now: Timestamp) -> bool {
        if self.tags == tags {
            return false;
        }
        self.remember(now);
        self.tags = tags;
        self.updated_at = now;
        true
    }

    fn remember(&mut self, now: Timestamp) {
        self.earlier.retain(|stood| now.since(stood.until) < EARLIER_LASTS);
        // Of several changes in one moment, the state before the first is what was true until then.
        if self.earlier.last().is_some_and(|stood| stood.until == now) {
            return;
        }
        if self.earlier.len() >= MAX_EARLIER {
            self.earlier.remove(0);
        }
        self.earlier.push(Stood { until: now, status: self.status, tags: self.tags.clone() });
    }

    /// Status and tags as they were at that time.
    pub fn stood_at(&self, at: Timestamp) -> (ContactStatus, &[String]) {
        let stood = self.earlier.iter().find(|stood| stood.until > at);
        stood.map_or((self.status, &self.tags), |stood| (stood.status, &stood.tags))
    }
}

/// That the approvers of an identity are to be told of a sender whose mail is held for it: made with the first held mail,
/// gone with the decision, so that they are told once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SenderNotice {
    pub workspace_id: WorkspaceId,
    /// The identity whose approvers are told.
    pub identity_id: IdentityId,
    /// The author's address, as the mail gave it.
    pub from_email: String,
    /// The held mail that shows what they write.
    pub held_id: HeldId,
    /// Where it was told.
    #[serde(default)]
    pub notifications: Vec<Notification>,
    /// What was decided, once it was: the messages are to say so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<SenderDecision>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// What was decided about a sender.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SenderDecision {
    /// Let in, or dropped.
    pub trusted: bool,
    pub by: Actor,
    pub at: Timestamp,
}

/// Why mail waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum HeldReason {
    /// Somebody has to decide about its sender.
    #[default]
    UnknownSender,
    /// The plan allows no more mail; it comes in by itself when there is room.
    PlanLimit,
}

/// Mail that waits outside the threads: of a sender nobody decided about, or more than the plan allows. The raw mail
/// stays in the bucket; once it may come in it is received as if it had just arrived.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HeldInbound {
    pub id: HeldId,
    pub workspace_id: WorkspaceId,
    /// The identity it was sent to.
    pub identity_id: IdentityId,
    /// The envelope recipient, that identity's address when it arrived.
    pub recipient: EmailAddress,
    /// Which raw mail: SES's id of it.
    pub ses_message_id: String,
    /// The envelope sender; none for a null return path.
    pub envelope_from: Option<String>,
    /// The author's address, as the mail gave it.
    pub from_email: String,
    /// The author's name, as the mail gave it.
    pub from_name: Option<String>,
    /// The subject, as the mail gave it.
    pub subject: String,
    /// The first words of the text.
    pub snippet: String,
    /// SES's verdicts.
    pub authentication: Authentication,
    /// What looks dangerous.
    pub safety_flags: Vec<SafetyFlag>,
    /// When SES received it.
    pub received_at: Timestamp,
    /// Why it waits.
    #[serde(default)]
    pub reason: HeldReason,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn contact() -> Contact {
        let id = "0197f3a0-5c1e-7d2a-9f00-1234567890ab";
        let email = "ada@customer.test".parse().unwrap();
        Contact::new(
            id.parse().unwrap(),
            id.parse().unwrap(),
            email,
            None,
            ContactStatus::Pending,
            Timestamp::from_unix_ms(0),
        )
    }

    fn minutes(minutes: i64) -> Timestamp {
        Timestamp::from_unix_ms(minutes * 60_000)
    }

    #[test]
    fn how_somebody_stood_is_known_for_a_while() {
        let mut contact = contact();
        let tagged = vec!["vip".to_owned()];
        assert!(contact.decide(ContactStatus::Trusted, minutes(10)) && contact.tag(tagged.clone(), minutes(10)));
        assert!(contact.decide(ContactStatus::Blocked, minutes(20)) && !contact.tag(tagged.clone(), minutes(21)));
        assert_eq!(contact.stood_at(minutes(9)), (ContactStatus::Pending, &[][..]));
        assert_eq!(contact.stood_at(minutes(10)), (ContactStatus::Trusted, &tagged[..]));
        assert_eq!(contact.stood_at(minutes(20)), (ContactStatus::Blocked, &tagged[..]));
        for minute in 30..40 {
            contact.tag(vec![minute.to_string()], minutes(minute));
        }
        assert_eq!(contact.earlier.len(), MAX_EARLIER);
        assert_eq!(contact.stood_at(minutes(37)).1, ["37"]);
        contact.decide(ContactStatus::Pending, minutes(30 * 60));
        assert_eq!(contact.earlier.len(), 1);
    }

    #[test]
    fn being_seen_is_written_once_an_hour() {
        let mut contact = contact();
        assert!(!contact.seen(None, None, minutes(59)));
        assert_eq!(contact.last_seen_at, minutes(0));
        assert!(contact.seen(None, None, minutes(60)));
        assert_eq!(contact.last_seen_at, minutes(60));
        // A mail that was held up does not turn time back.
        assert!(!contact.seen(None, None, minutes(5)));
    }

    #[test]
    fn a_name_is_written_at_once_and_then_stays() {
        let mut contact = contact();
        assert!(contact.seen(Some("Ada"), None, minutes(1)));
        assert!(!contact.seen(Some("Somebody"), None, minutes(2)));
        assert_eq!(contact.name.as_deref(), Some("Ada"));
    }

    #[test]
    fn what_was_found_of_a_domain_is_kept_for_an_hour_and_says_nothing_of_the_trusted() {
        let mut contact = contact();
        assert!(contact.is_to_be_compared(minutes(1)) && !contact.is_lookalike());
        assert!(contact.seen(None, Some(true), minutes(1)));
        assert!(!contact.is_to_be_compared(minutes(59)) && contact.is_lookalike());
        assert!(!contact.seen(None, None, minutes(59)));
        assert!(contact.is_to_be_compared(minutes(61)) && contact.is_lookalike());
        contact.decide(ContactStatus::Trusted, minutes(62));
        assert!(!contact.is_to_be_compared(minutes(200)) && !contact.is_lookalike());
        // Whose trust is taken back is what they were.
        contact.decide(ContactStatus::Pending, minutes(201));
        assert!(contact.is_lookalike());
    }

    #[test]
    fn a_decision_that_stands_changes_nothing() {
        let mut contact = contact();
        assert!(contact.decide(ContactStatus::Blocked, minutes(1)));
        assert!(!contact.decide(ContactStatus::Blocked, minutes(2)));
        assert_eq!(contact.updated_at, minutes(1));
    }
}
