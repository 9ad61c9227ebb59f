//! An event as it is kept and published.
#![allow(clippy::large_stack_arrays, reason = "the derived schema of many events, made when the API's document is")]

use serde::{Deserialize, Serialize};
use std::time::Duration;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{RefOr, Schema},
};

use super::EventType;
use crate::{
    DomainId, DraftId, EventId, HeldId, IdentityId, MessageId, RuleId, ThreadId, Timestamp, WebhookId, WorkspaceId,
    draft::{ActorKind, FailureCode},
    ids,
    webhook::DisabledReason,
};

/// How long events and their deliveries are kept.
pub const EVENT_LIFETIME: Duration = Duration::from_hours(30 * 24);

/// Something that happened in a workspace.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Its id: the same however often it is derived. Sorts by time.
    pub id: EventId,
    pub workspace_id: WorkspaceId,
    /// When it happened.
    pub at: Timestamp,
    /// When it was written into the log; none before.
    #[serde(default)]
    pub recorded_at: Option<Timestamp>,
    /// The rule that caused it, if a rule did: it fires no rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caused_by_rule_id: Option<RuleId>,
    /// What happened.
    #[serde(flatten)]
    pub what: EventData,
}

/// What happened: the flat payload of each type of event, without the event's id.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "event")]
#[allow(missing_docs, reason = "the fields are those of the API's objects, under the same names")]
pub enum EventData {
    /// Mail arrived and joined a thread.
    #[serde(rename = "email.received")]
    #[schema(title = "EmailReceived")]
    EmailReceived {
        thread_id: ThreadId,
        message_id: MessageId,
        identity_id: IdentityId,
        from_email: String,
        subject: String,
        received_at: Timestamp,
    },
    /// SES took a mail.
    #[serde(rename = "email.sent")]
    #[schema(title = "EmailSent")]
    EmailSent {
        thread_id: ThreadId,
        message_id: MessageId,
        identity_id: IdentityId,
        draft_id: Option<DraftId>,
        to: Vec<String>,
        subject: String,
        sent_at: Timestamp,
    },
    /// The receiving host took a mail.
    #[serde(rename = "email.delivered")]
    #[schema(title = "EmailDelivered")]
    EmailDelivered {
        thread_id: ThreadId,
        message_id: MessageId,
        identity_id: IdentityId,
        draft_id: Option<DraftId>,
        to: Vec<String>,
        subject: String,
        delivered_at: Timestamp,
    },
    /// The receiving host refused a mail for good.
    #[serde(rename = "email.bounced")]
    #[schema(title = "EmailBounced")]
    EmailBounced {
        thread_id: ThreadId,
        message_id: MessageId,
        identity_id: IdentityId,
        draft_id: Option<DraftId>,
        to: Vec<String>,
        subject: String,
        bounced_at: Timestamp,
    },
    /// A recipient called a mail spam.
    #[serde(rename = "email.complained")]
    #[schema(title = "EmailComplained")]
    EmailComplained {
        thread_id: ThreadId,
        message_id: MessageId,
        identity_id: IdentityId,
        draft_id: Option<DraftId>,
        to: Vec<String>,
        subject: String,
        complained_at: Timestamp,
    },
    /// A draft was submitted.
    #[serde(rename = "draft.created")]
    #[schema(title = "DraftCreated")]
    DraftCreated {
        draft_id: DraftId,
        thread_id: ThreadId,
        identity_id: IdentityId,
        version: u32,
        subject: String,
        created_at: Timestamp,
    },
    /// Somebody approved a draft.
    #[serde(rename = "draft.approved")]
    #[schema(title = "DraftApproved")]
    DraftApproved {
        draft_id: DraftId,
        thread_id: ThreadId,
        identity_id: IdentityId,
        version: u32,
        decided_by_kind: Option<ActorKind>,
        decided_by_id: Option<String>,
        decided_by_name: Option<String>,
        decided_at: Timestamp,
    },
    /// Somebody rejected a draft.
    #[serde(rename = "draft.rejected")]
    #[schema(title = "DraftRejected")]
    DraftRejected {
        draft_id: DraftId,
        thread_id: ThreadId,
        identity_id: IdentityId,
        version: u32,
        decided_by_kind: Option<ActorKind>,
        decided_by_id: Option<String>,
        decided_by_name: Option<String>,
        reject_reason: Option<String>,
        decided_at: Timestamp,
    },
    /// The mail of a draft left.
    #[serde(rename = "draft.sent")]
    #[schema(title = "DraftSent")]
    DraftSent {
        draft_id: DraftId,
        thread_id: ThreadId,
        identity_id: IdentityId,
        version: u32,
        message_id: Option<MessageId>,
        sent_at: Timestamp,
    },
    /// Newer mail arrived than a draft answers.
    #[serde(rename = "draft.stale")]
    #[schema(title = "DraftStale")]
    DraftStale {
        draft_id: DraftId,
        thread_id: ThreadId,
        identity_id: IdentityId,
        version: u32,
        based_on_message_id: Option<MessageId>,
        stale_at: Timestamp,
    },
    /// The mail of a draft did not leave, or nobody knows.
    #[serde(rename = "draft.failed")]
    #[schema(title = "DraftFailed")]
    DraftFailed {
        draft_id: DraftId,
        thread_id: ThreadId,
        identity_id: IdentityId,
        version: u32,
        message_id: Option<MessageId>,
        failure_code: Option<FailureCode>,
        failure_message: Option<String>,
        failed_at: Timestamp,
    },
    /// Nobody decided about a draft in time.
    #[serde(rename = "draft.expired")]
    #[schema(title = "DraftExpired")]
    DraftExpired {
        draft_id: DraftId,
        thread_id: ThreadId,
        identity_id: IdentityId,
        version: u32,
        expired_at: Timestamp,
    },
    /// Mail of an unknown sender is held.
    #[serde(rename = "inbound.held")]
    #[schema(title = "InboundHeld")]
    InboundHeld {
        pending_id: HeldId,
        identity_id: IdentityId,
        from_email: String,
        subject: String,
        received_at: Timestamp,
    },
    /// A domain has all its records.
    #[serde(rename = "domain.verified")]
    #[schema(title = "DomainVerified")]
    DomainVerified { domain_id: DomainId, domain: String, verified_at: Timestamp },
    /// A domain lost records, or was not proven in time.
    #[serde(rename = "domain.failed")]
    #[schema(title = "DomainFailed")]
    DomainFailed {
        domain_id: DomainId,
        domain: String,
        /// Types and names of the records that are missing.
        missing: Vec<String>,
        failed_at: Timestamp,
    },
    /// A webhook was switched off because its endpoint kept failing, or is gone.
    #[serde(rename = "webhook.disabled")]
    #[schema(title = "WebhookDisabled")]
    WebhookDisabled {
        webhook_id: WebhookId,
        url: String,
        /// `failing` (for five days) or `gone` (410).
        reason: DisabledReason,
        disabled_at: Timestamp,
    },
    /// Somebody asked for a test delivery.
    #[serde(rename = "webhook.test")]
    #[schema(title = "WebhookTest")]
    WebhookTest { webhook_id: WebhookId, requested_at: Timestamp },
    /// An approver answered the mail that asked them: the answer is a comment, and decides nothing.
    #[serde(rename = "draft.commented")]
    #[schema(title = "DraftCommented")]
    DraftCommented {
        draft_id: DraftId,
        thread_id: ThreadId,
        identity_id: IdentityId,
        version: u32,
        commented_by_kind: ActorKind,
        commented_by_id: String,
        commented_by_name: String,
        /// What they said.
        comment: String,
        commented_at: Timestamp,
    },
}

impl EventData {
    pub const fn event_type(&self) -> EventType {
        match self {
            Self::EmailReceived { .. } => EventType::EmailReceived,
            Self::EmailSent { .. } => EventType::EmailSent,
            Self::EmailDelivered { .. } => EventType::EmailDelivered,
            Self::EmailBounced { .. } => EventType::EmailBounced,
            Self::EmailComplained { .. } => EventType::EmailComplained,
            Self::DraftCreated { .. } => EventType::DraftCreated,
            Self::DraftApproved { .. } => EventType::DraftApproved,
            Self::DraftRejected { .. } => EventType::DraftRejected,
            Self::DraftSent { .. } => EventType::DraftSent,
            Self::DraftStale { .. } => EventType::DraftStale,
            Self::DraftFailed { .. } => EventType::DraftFailed,
            Self::DraftExpired { .. } => EventType::DraftExpired,
            Self::InboundHeld { .. } => EventType::InboundHeld,
            Self::DomainVerified { .. } => EventType::DomainVerified,
            Self::DomainFailed { .. } => EventType::DomainFailed,
            Self::WebhookDisabled { .. } => EventType::WebhookDisabled,
            Self::WebhookTest { .. } => EventType::WebhookTest,
            Self::DraftCommented { .. } => EventType::DraftCommented,
        }
    }

    /// The identity it is about; none when it is about the workspace.
    pub const fn identity_id(&self) -> Option<IdentityId> {
        match self {
            Self::EmailReceived { identity_id, .. }
            | Self::EmailSent { identity_id, .. }
            | Self::EmailDelivered { identity_id, .. }
            | Self::EmailBounced { identity_id, .. }
            | Self::EmailComplained { identity_id, .. }
            | Self::DraftCreated { identity_id, .. }
            | Self::DraftApproved { identity_id, .. }
            | Self::DraftRejected { identity_id, .. }
            | Self::DraftSent { identity_id, .. }
            | Self::DraftStale { identity_id, .. }
            | Self::DraftFailed { identity_id, .. }
            | Self::DraftExpired { identity_id, .. }
            | Self::DraftCommented { identity_id, .. }
            | Self::InboundHeld { identity_id, .. } => Some(*identity_id),
            Self::DomainVerified { .. }
            | Self::DomainFailed { .. }
            | Self::WebhookDisabled { .. }
            | Self::WebhookTest { .. } => None,
        }
    }

    /// The thread it is about; none when it is about something else.
    pub const fn thread_id(&self) -> Option<ThreadId> {
        match self {
            Self::EmailReceived { thread_id, .. }
            | Self::EmailSent { thread_id, .. }
            | Self::EmailDelivered { thread_id, .. }
            | Self::EmailBounced { thread_id, .. }
            | Self::EmailComplained { thread_id, .. }
            | Self::DraftCreated { thread_id, .. }
            | Self::DraftApproved { thread_id, .. }
            | Self::DraftRejected { thread_id, .. }
            | Self::DraftSent { thread_id, .. }
            | Self::DraftStale { thread_id, .. }
            | Self::DraftFailed { thread_id, .. }
            | Self::DraftExpired { thread_id, .. }
            | Self::DraftCommented { thread_id, .. } => Some(*thread_id),
            Self::InboundHeld { .. }
            | Self::DomainVerified { .. }
            | Self::DomainFailed { .. }
            | Self::WebhookDisabled { .. }
            | Self::WebhookTest { .. } => None,
        }
    }
}

impl Event {
    /// What happened at some time because of `cause`, which names it among all that ever happens: the same cause gives
    /// the same id.
    pub fn of(workspace_id: WorkspaceId, at: Timestamp, cause: &str, what: EventData) -> Self {
        let event_type = what.event_type();
        let id = ids::derived(at, event_type as u16, &format!("{cause}#{event_type}"));
        Self { id: EventId::from_bytes(id), workspace_id, at, recorded_at: None, caused_by_rule_id: None, what }
    }

    /// The same, caused by a rule.
    #[must_use]
    pub fn caused_by(self, rule: Option<RuleId>) -> Self {
        Self { caused_by_rule_id: rule, ..self }
    }

    /// The same, written into the log at this time.
    #[must_use]
    pub fn recorded(self, at: Timestamp) -> Self {
        Self { recorded_at: Some(at), ..self }
    }

    /// Its place in the log: when it was written, or, of one that says nothing of it, when it happened.
    pub fn recorded_at(&self) -> Timestamp {
        self.recorded_at.unwrap_or(self.at)
    }

    pub const fn event_type(&self) -> EventType {
        self.what.event_type()
    }

    /// As it is published: flat.
    pub fn payload(&self) -> EventPayload {
        EventPayload { event_id: self.id, caused_by_rule_id: self.caused_by_rule_id, what: self.what.clone() }
    }
}

/// An event as it is published: one flat object.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EventPayload {
    /// The event's id; the same in every delivery of it.
    pub event_id: EventId,
    /// The rule that caused it; left out when it was no rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caused_by_rule_id: Option<RuleId>,
    /// What happened.
    #[serde(flatten)]
    pub what: EventData,
}

/// What a rule can cause.
const CAUSED_BY_RULES: [&str; 9] = [
    "EmailSent",
    "EmailDelivered",
    "EmailBounced",
    "EmailComplained",
    "DraftCreated",
    "DraftApproved",
    "DraftRejected",
    "DraftSent",
    "DraftFailed",
];

impl PartialSchema for EventPayload {
    /// One object for each type of event, each with the event's id.
    fn schema() -> RefOr<Schema> {
        let mut schema = EventData::schema();
        if let RefOr::T(Schema::OneOf(types)) = &mut schema {
            types.description = Some("An event as it is published: one flat object, by `event`.".to_owned());
            for one in &mut types.items {
                if let RefOr::T(Schema::Object(object)) = one {
                    object.properties.insert("event_id".to_owned(), EventId::schema());
                    if CAUSED_BY_RULES.iter().any(|title| object.title.as_deref() == Some(title)) {
                        object.properties.insert("caused_by_rule_id".to_owned(), RuleId::schema());
                    }
                    object.required.push("event_id".to_owned());
                }
            }
        }
        schema
    }
}

impl ToSchema for EventPayload {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        EventData::schemas(schemas);
    }
}
