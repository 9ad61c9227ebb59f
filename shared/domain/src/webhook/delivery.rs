//! An event on its way to a webhook.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Webhook;
use crate::{
    EventId, Timestamp, WebhookDeliveryId, WebhookId, WorkspaceId,
    event::{Event, EventPayload, EventType},
    ids,
};

/// How far a delivery came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum WebhookDeliveryState {
    /// It is to be tried, for the first time or again.
    Pending,
    /// The endpoint took it.
    Succeeded,
    /// It was given up.
    Failed,
}

/// One try.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = WebhookAttempt)]
pub struct WebhookAttempt {
    /// When it was made.
    pub at: Timestamp,
    /// The status the endpoint answered with; none when it did not answer.
    pub status_code: Option<u16>,
    /// What went wrong, in words.
    pub error: Option<String>,
}

/// An event on its way to a webhook.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WebhookDelivery {
    /// Its id; sorts by time.
    pub id: WebhookDeliveryId,
    /// Its workspace.
    pub workspace_id: WorkspaceId,
    /// Where it goes.
    pub webhook_id: WebhookId,
    /// The event.
    pub event_id: EventId,
    /// The event's type.
    pub event: EventType,
    /// How far it came.
    pub state: WebhookDeliveryState,
    /// The tries so far, oldest first.
    pub attempts: Vec<WebhookAttempt>,
    /// When it is to be tried next; none once it succeeded or was given up.
    pub next_attempt_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
    /// What is sent.
    pub payload: EventPayload,
}

impl WebhookDelivery {
    /// The delivery of an event that a webhook asked for. The same two give the same id, so that it is made once.
    pub fn of(event: &Event, webhook: &Webhook, now: Timestamp) -> Self {
        let id = ids::derived(event.at, event.event_type() as u16, &format!("{}#{}", event.id, webhook.id));
        Self {
            id: WebhookDeliveryId::from_bytes(id),
            workspace_id: event.workspace_id,
            webhook_id: webhook.id,
            event_id: event.id,
            event: event.event_type(),
            state: WebhookDeliveryState::Pending,
            attempts: Vec::new(),
            next_attempt_at: Some(now),
            created_at: now,
            payload: event.payload(),
        }
    }

    /// The same event once more.
    #[must_use]
    pub fn again(&self, id: WebhookDeliveryId, now: Timestamp) -> Self {
        Self {
            id,
            state: WebhookDeliveryState::Pending,
            attempts: Vec::new(),
            next_attempt_at: Some(now),
            created_at: now,
            ..self.clone()
        }
    }
}
