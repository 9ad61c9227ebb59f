//! Webhooks, their deliveries, and events.

use actionlayer_domain::{
    EventId, Secret, Timestamp, Webhook, WebhookDelivery, WebhookDeliveryId, WebhookId, WebhookUrl,
    event::{Event, EventPayload, EventType},
    webhook::{DeliveryAnswers, DeliveryFailure, Disabled, EventName, WebhookAttempt, WebhookDeliveryState},
};
use serde::Serialize;
use utoipa::ToSchema;

/// A webhook, without its secret.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct WebhookView {
    id: WebhookId,
    /// In the form in which it is asked for.
    url: WebhookUrl,
    #[schema(value_type = Vec<EventName>)]
    events: Vec<&'static str>,
    description: Option<String>,
    /// Whether events are delivered.
    active: bool,
    /// That it was switched off without anybody asking for it; `null` once it is switched on.
    disabled: Option<Disabled>,
    /// Until when the secret before the last change of it signs along.
    previous_secret_expires_at: Option<Timestamp>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl WebhookView {
    /// The view of a webhook.
    pub fn of(webhook: Webhook, now: Timestamp) -> Self {
        Self {
            id: webhook.id,
            events: webhook.events.names(),
            active: webhook.active,
            disabled: webhook.disabled,
            previous_secret_expires_at: webhook.previous_secret_valid_until(now),
            created_at: webhook.created_at,
            updated_at: webhook.updated_at,
            url: webhook.url,
            description: webhook.description,
        }
    }
}

/// A webhook with its secret: shown when it is made and when it gets a new one.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WebhookWithSecret)]
pub struct SecretWebhookView {
    #[serde(flatten)]
    webhook: WebhookView,
    /// What deliveries are signed with.
    #[serde(serialize_with = "expose")]
    #[schema(value_type = String, examples("whsec_0123456789abcdefghijABCDEFGHIJ01"))]
    secret: Secret<String>,
}

impl SecretWebhookView {
    /// The view of a webhook that has a new secret.
    pub fn of((webhook, secret): (Webhook, Secret<String>), now: Timestamp) -> Self {
        Self { webhook: WebhookView::of(webhook, now), secret }
    }
}

fn expose<S: serde::Serializer>(secret: &Secret<String>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.expose())
}

/// An event on its way to a webhook, or arrived.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct WebhookDeliveryView {
    id: WebhookDeliveryId,
    webhook_id: WebhookId,
    event_id: EventId,
    event: EventType,
    state: WebhookDeliveryState,
    /// The tries so far, oldest first.
    attempts: Vec<WebhookAttempt>,
    /// `null` once it succeeded or was given up. While the endpoint is given a rest, it is tried when that is over.
    next_attempt_at: Option<Timestamp>,
    /// Why it was given up; `null` unless it `failed`.
    failure: Option<DeliveryFailure>,
    created_at: Timestamp,
    payload: EventPayload,
}

impl WebhookDeliveryView {
    /// The view of a delivery.
    pub fn of(delivery: WebhookDelivery) -> Self {
        let WebhookDelivery {
            id,
            workspace_id: _,
            webhook_id,
            event_id,
            event,
            state,
            attempts,
            tries: _,
            next_attempt_at,
            failure,
            requested: _,
            created_at,
            payload,
        } = delivery;
        Self { id, webhook_id, event_id, event, state, attempts, next_attempt_at, failure, created_at, payload }
    }
}

/// One try, and what was answered to it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = WebhookAttemptDetail)]
pub(crate) struct AttemptDetailView {
    #[serde(flatten)]
    attempt: WebhookAttempt,
    /// The beginning of the answer, up to 4 kB, as text; `null` when there was none or it was empty.
    response_body: Option<String>,
}

/// An event on its way to a webhook, or arrived, with what was answered to each try.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = WebhookDeliveryDetail)]
pub struct WebhookDeliveryDetailView {
    id: WebhookDeliveryId,
    webhook_id: WebhookId,
    event_id: EventId,
    event: EventType,
    state: WebhookDeliveryState,
    /// The tries so far, oldest first.
    attempts: Vec<AttemptDetailView>,
    next_attempt_at: Option<Timestamp>,
    /// Why it was given up; `null` unless it `failed`.
    failure: Option<DeliveryFailure>,
    created_at: Timestamp,
    payload: EventPayload,
}

impl WebhookDeliveryDetailView {
    /// The view of a delivery and the answers to it.
    pub fn of(delivery: WebhookDelivery, answers: DeliveryAnswers) -> Self {
        let WebhookDeliveryView {
            id,
            webhook_id,
            event_id,
            event,
            state,
            attempts,
            next_attempt_at,
            failure,
            created_at,
            payload,
        } = WebhookDeliveryView::of(delivery);
        let answers = answers.0.into_iter().map(Some).chain(std::iter::repeat(None));
        let detail = |(attempt, answer): (WebhookAttempt, Option<String>)| AttemptDetailView {
            attempt,
            response_body: answer.filter(|answer| !answer.is_empty()),
        };
        let attempts = attempts.into_iter().zip(answers).map(detail).collect();
        Self { id, webhook_id, event_id, event, state, attempts, next_attempt_at, failure, created_at, payload }
    }
}

/// Something that happened.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct EventView {
    /// The `event_id` of its payload and of its deliveries.
    id: EventId,
    event: EventType,
    /// When it happened.
    created_at: Timestamp,
    /// What webhooks are sent.
    payload: EventPayload,
}

impl EventView {
    /// The view of an event.
    pub fn of(event: Event) -> Self {
        let event_type = event.event_type();
        let Event { id, workspace_id: _, at, recorded_at: _, caused_by_rule_id, what } = event;
        Self { id, event: event_type, created_at: at, payload: EventPayload { event_id: id, caused_by_rule_id, what } }
    }
}
