//! An event on its way to a webhook.
//!
//! ```text
//! pending ──try──► succeeded            (2xx)
//!    ▲      │
//!    │      ├────► pending, due later   (anything else, up to eight tries)
//!    │      └────► failed               (eight tries; aborted; gone; webhook switched off)
//!    └──────────────── replay ─────────────┘
//! ```

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    Webhook,
    attempt::{MAX_TRIES, Verdict, WebhookAttempt, retry_delay},
};
use crate::{
    EventId, ThreadId, Timestamp, WebhookDeliveryId, WebhookId, WorkspaceId,
    event::{Event, EventPayload, EventType},
    ids,
};

/// The attempts that are kept of a delivery: those of the first eight tries and of as many of each replay as fit.
const MAX_ATTEMPTS: usize = 4 * MAX_TRIES;

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

impl WebhookDeliveryState {
    /// The name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
        }
    }
}

/// Why a delivery was given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = WebhookDeliveryFailure)]
pub enum DeliveryFailure {
    /// Eight tries failed.
    AttemptsExhausted,
    /// The endpoint asked for it, by the header `webhook-delivery: abort-message`.
    Aborted,
    /// The endpoint answered 410 Gone, which also disabled the webhook.
    Gone,
    /// The webhook was switched off, by a person or because its endpoint kept failing.
    WebhookInactive,
}

/// An event on its way to a webhook.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WebhookDelivery {
    /// Sorts by the time of the event, or of the request for a redelivery.
    pub id: WebhookDeliveryId,
    pub workspace_id: WorkspaceId,
    /// Where it goes.
    pub webhook_id: WebhookId,
    pub event_id: EventId,
    /// The event's type.
    pub event: EventType,
    /// How far it came.
    pub state: WebhookDeliveryState,
    /// The tries so far, oldest first.
    pub attempts: Vec<WebhookAttempt>,
    /// How many tries it had since it was made or replayed.
    #[serde(default)]
    pub tries: usize,
    /// When it is to be tried next; none once it succeeded or was given up.
    pub next_attempt_at: Option<Timestamp>,
    /// Why it was given up.
    #[serde(default)]
    pub failure: Option<DeliveryFailure>,
    /// A person asked for it: it is tried whether or not the webhook is active, and while its endpoint is given a rest.
    #[serde(default)]
    pub requested: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// What is sent.
    pub payload: EventPayload,
}

/// What endpoints answered to a delivery, by the number of the attempt; the beginnings of their bodies.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryAnswers(pub Vec<String>);

impl std::fmt::Debug for DeliveryAnswers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "DeliveryAnswers({})", self.0.len())
    }
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
            tries: 0,
            next_attempt_at: Some(now),
            failure: None,
            requested: false,
            created_at: now,
            payload: event.payload(),
        }
    }

    /// The same, because a person asked for it.
    #[must_use]
    pub fn requested(self) -> Self {
        Self { requested: true, ..self }
    }

    /// The same event once more.
    #[must_use]
    pub fn again(&self, id: WebhookDeliveryId, now: Timestamp) -> Self {
        Self {
            id,
            state: WebhookDeliveryState::Pending,
            attempts: Vec::new(),
            tries: 0,
            next_attempt_at: Some(now),
            failure: None,
            requested: true,
            created_at: now,
            ..self.clone()
        }
    }

    /// The thread its event is about: deliveries of one thread are made one after the other.
    pub const fn thread_id(&self) -> Option<ThreadId> {
        self.payload.what.thread_id()
    }

    /// Whether it is to be tried now. What failed before its endpoint recovered need not wait for its own time.
    pub fn is_due(&self, now: Timestamp, recovered_at: Option<Timestamp>) -> bool {
        let Some(next) = self.next_attempt_at else { return false };
        let failed_before = |recovered: Timestamp| self.attempts.last().is_some_and(|last| last.at < recovered);
        self.state == WebhookDeliveryState::Pending && (next <= now || recovered_at.is_some_and(failed_before))
    }

    /// Records a try. `random` spreads the next one.
    pub fn tried(&mut self, attempt: WebhookAttempt, verdict: Verdict, now: Timestamp, random: u64) {
        self.attempts.push(attempt);
        if self.attempts.len() > MAX_ATTEMPTS {
            self.attempts.remove(0);
        }
        self.tries += 1;
        self.next_attempt_at = None;
        match verdict {
            Verdict::Taken => self.state = WebhookDeliveryState::Succeeded,
            Verdict::Aborted => self.give_up(DeliveryFailure::Aborted),
            Verdict::Gone => self.give_up(DeliveryFailure::Gone),
            Verdict::NotNow { retry_after, .. } => match retry_delay(self.tries, retry_after, random) {
                Some(delay) => self.next_attempt_at = Some(now.after(delay)),
                None => self.give_up(DeliveryFailure::AttemptsExhausted),
            },
        }
    }

    /// It is not tried any more.
    pub const fn give_up(&mut self, failure: DeliveryFailure) {
        self.state = WebhookDeliveryState::Failed;
        self.failure = Some(failure);
        self.next_attempt_at = None;
    }

    /// Starts over, if it was given up; whether it was.
    pub const fn replay(&mut self, now: Timestamp) -> bool {
        if !matches!(self.state, WebhookDeliveryState::Failed) {
            return false;
        }
        self.state = WebhookDeliveryState::Pending;
        self.failure = None;
        self.tries = 0;
        self.next_attempt_at = Some(now);
        true
    }
}

/// A number that grows from event to event of a thread, for receivers who want to put events in order themselves: the
/// event's time in milliseconds, times 32, plus what follows from what within one. It has gaps.
pub fn sequence_number(event: EventId) -> u64 {
    let high = u64::from_be_bytes(*event.as_bytes().first_chunk().unwrap_or(&[0; 8]));
    ((high >> 16) << 5) | (high & 0x1f)
}

#[cfg(test)]
mod tests {
    use super::{super::tests::webhook, *};
    use crate::event::EventData;
    use crate::webhook::{AttemptError, RETRY_DELAYS};

    const NOW: Timestamp = Timestamp::from_unix_ms(1_777_559_331_000);

    fn delivery() -> WebhookDelivery {
        let webhook = webhook();
        let what = EventData::WebhookTest { webhook_id: webhook.id, requested_at: NOW };
        WebhookDelivery::of(&Event::of(webhook.workspace_id, NOW, "cause", what), &webhook, NOW)
    }

    fn attempt(at: Timestamp) -> WebhookAttempt {
        WebhookAttempt { at, duration_ms: 1, status_code: Some(500), error: Some(AttemptError::Status) }
    }

    const FAILED: Verdict = Verdict::NotNow { error: AttemptError::Status, retry_after: None };

    #[test]
    fn it_is_tried_eight_times_and_starts_over_when_asked_to() {
        let mut delivery = delivery();
        let mut now = NOW;
        for delay in RETRY_DELAYS {
            assert!(delivery.is_due(now, None));
            delivery.tried(attempt(now), FAILED, now, 0);
            assert_eq!(delivery.next_attempt_at, Some(now.after(delay)));
            assert!(!delivery.is_due(now, None) && !delivery.replay(now));
            now = now.after(delay);
        }
        delivery.tried(attempt(now), FAILED, now, 0);
        assert_eq!(delivery.failure, Some(DeliveryFailure::AttemptsExhausted));
        assert_eq!((delivery.state, delivery.next_attempt_at), (WebhookDeliveryState::Failed, None));
        assert!(delivery.replay(now) && delivery.is_due(now, None) && !delivery.replay(now));
        for _ in 0..40 {
            delivery.tried(attempt(now), FAILED, now, 0);
            delivery.replay(now);
        }
        assert_eq!(delivery.attempts.len(), MAX_ATTEMPTS);
    }

    #[test]
    fn what_an_endpoint_says_ends_it() {
        for (verdict, state, failure) in [
            (Verdict::Taken, WebhookDeliveryState::Succeeded, None),
            (Verdict::Aborted, WebhookDeliveryState::Failed, Some(DeliveryFailure::Aborted)),
            (Verdict::Gone, WebhookDeliveryState::Failed, Some(DeliveryFailure::Gone)),
        ] {
            let mut delivery = delivery();
            delivery.tried(attempt(NOW), verdict, NOW, 0);
            assert_eq!((delivery.state, delivery.failure, delivery.next_attempt_at), (state, failure, None));
            assert!(!delivery.is_due(NOW.after(RETRY_DELAYS[6]), Some(NOW)));
        }
    }

    #[test]
    fn when_its_endpoint_recovered_it_need_not_wait() {
        let mut delivery = delivery();
        delivery.tried(attempt(NOW), FAILED, NOW, 0);
        let soon = Timestamp::from_unix_ms(NOW.unix_ms() + 1);
        assert!(!delivery.is_due(soon, None) && !delivery.is_due(soon, Some(NOW)) && delivery.is_due(soon, Some(soon)));
    }

    #[test]
    fn sequence_numbers_grow_as_events_do() {
        let id = |ms: i64, event: EventType| {
            EventId::from_bytes(ids::derived(Timestamp::from_unix_ms(ms), event as u16, "cause"))
        };
        assert!(EventType::ALL.len() <= 32);
        let received = sequence_number(id(NOW.unix_ms(), EventType::EmailReceived));
        assert_eq!(received, 1_777_559_331_000 * 32);
        assert!(received < sequence_number(id(NOW.unix_ms(), EventType::DraftSent)));
        assert!(
            sequence_number(id(NOW.unix_ms(), EventType::WebhookTest))
                < sequence_number(id(NOW.unix_ms() + 1, EventType::EmailReceived))
        );
    }
}
