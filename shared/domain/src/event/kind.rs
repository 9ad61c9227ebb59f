//! The names of events.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};
use utoipa::ToSchema;

/// What can happen. In the order in which things that happen in the same moment follow from each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
pub enum EventType {
    /// Mail arrived and joined a thread.
    #[serde(rename = "email.received")]
    EmailReceived,
    /// Mail of an unknown sender is held.
    #[serde(rename = "inbound.held")]
    InboundHeld,
    /// A draft was submitted.
    #[serde(rename = "draft.created")]
    DraftCreated,
    /// Somebody approved a draft.
    #[serde(rename = "draft.approved")]
    DraftApproved,
    /// Somebody rejected a draft.
    #[serde(rename = "draft.rejected")]
    DraftRejected,
    /// Newer mail arrived than a draft answers.
    #[serde(rename = "draft.stale")]
    DraftStale,
    /// Nobody decided about a draft in time.
    #[serde(rename = "draft.expired")]
    DraftExpired,
    /// SES took a mail.
    #[serde(rename = "email.sent")]
    EmailSent,
    /// The mail of a draft left.
    #[serde(rename = "draft.sent")]
    DraftSent,
    /// The mail of a draft did not leave, or nobody knows.
    #[serde(rename = "draft.failed")]
    DraftFailed,
    /// The receiving host took a mail.
    #[serde(rename = "email.delivered")]
    EmailDelivered,
    /// The receiving host refused a mail for good.
    #[serde(rename = "email.bounced")]
    EmailBounced,
    /// A recipient called a mail spam.
    #[serde(rename = "email.complained")]
    EmailComplained,
    /// A domain has all its records.
    #[serde(rename = "domain.verified")]
    DomainVerified,
    /// A domain lost records, or was not proven in time.
    #[serde(rename = "domain.failed")]
    DomainFailed,
    /// A webhook was switched off because its endpoint kept failing.
    #[serde(rename = "webhook.disabled")]
    WebhookDisabled,
    /// Somebody asked for a test delivery.
    #[serde(rename = "webhook.test")]
    WebhookTest,
    /// An approver answered the mail that asked them: the answer is a comment, and decides nothing.
    #[serde(rename = "draft.commented")]
    DraftCommented,
}

/// The text names no event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not the name of an event")]
pub struct UnknownEvent;

impl EventType {
    /// Every type, in order.
    pub const ALL: [Self; 18] = [
        Self::EmailReceived,
        Self::InboundHeld,
        Self::DraftCreated,
        Self::DraftApproved,
        Self::DraftRejected,
        Self::DraftStale,
        Self::DraftExpired,
        Self::EmailSent,
        Self::DraftSent,
        Self::DraftFailed,
        Self::EmailDelivered,
        Self::EmailBounced,
        Self::EmailComplained,
        Self::DomainVerified,
        Self::DomainFailed,
        Self::WebhookDisabled,
        Self::WebhookTest,
        Self::DraftCommented,
    ];

    /// The name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::EmailReceived => "email.received",
            Self::InboundHeld => "inbound.held",
            Self::DraftCreated => "draft.created",
            Self::DraftApproved => "draft.approved",
            Self::DraftRejected => "draft.rejected",
            Self::DraftStale => "draft.stale",
            Self::DraftExpired => "draft.expired",
            Self::EmailSent => "email.sent",
            Self::DraftSent => "draft.sent",
            Self::DraftFailed => "draft.failed",
            Self::EmailDelivered => "email.delivered",
            Self::EmailBounced => "email.bounced",
            Self::EmailComplained => "email.complained",
            Self::DomainVerified => "domain.verified",
            Self::DomainFailed => "domain.failed",
            Self::WebhookDisabled => "webhook.disabled",
            Self::WebhookTest => "webhook.test",
            Self::DraftCommented => "draft.commented",
        }
    }
}

impl fmt::Display for EventType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for EventType {
    type Err = UnknownEvent;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|event| event.as_str() == text).ok_or(UnknownEvent)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn names_are_the_same_everywhere() {
        for event in EventType::ALL {
            assert_eq!(serde_json::to_value(event).unwrap(), event.as_str());
            assert_eq!(event.as_str().parse(), Ok(event));
        }
        assert_eq!("email.opened".parse::<EventType>(), Err(UnknownEvent));
    }
}
