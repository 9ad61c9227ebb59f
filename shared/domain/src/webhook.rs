//! Webhooks: where events are delivered, and the secret their deliveries are signed with.

mod attempt;
mod delivery;
mod endpoint;
mod signature;
mod url;

use serde::{Deserialize, Serialize};
use std::time::Duration;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        ObjectBuilder, RefOr, Schema,
        schema::{SchemaType, Type},
    },
};

pub use attempt::{
    ATTEMPT_TIMEOUT, Answer, AttemptError, AttemptResult, MAX_ANSWER_BYTES, MAX_KEPT_BYTES, MAX_RETRY_AFTER, MAX_TRIES,
    RETRY_DELAYS, Verdict, WebhookAttempt, judge, kept,
};
pub use delivery::{DeliveryAnswers, DeliveryFailure, WebhookDelivery, WebhookDeliveryState, sequence_number};
pub use endpoint::{Care, Endpoint, LEASE, Lease, MAX_IN_FLIGHT};
pub use signature::{ID_HEADER, SIGNATURE_HEADER, STANDARD_SIGNATURE_HEADER, TIMESTAMP_HEADER, signature_headers};
pub use url::{InvalidWebhookUrl, Reach, WebhookUrl};

use crate::{
    Entropy, Secret, Timestamp, WebhookId, WorkspaceId, event::EventType, key::random_alphanumerics,
    secret::Fingerprint,
};

/// How many webhooks a workspace may have.
pub const MAX_WEBHOOKS: usize = 20;
/// How long a secret that was replaced still signs along.
pub const PREVIOUS_SECRET_LIFETIME: Duration = Duration::from_hours(24);
/// A secret is `whsec_` and 32 letters and digits: base64 of 24 bytes, as Standard Webhooks wants it, and plain text.
const SECRET_PREFIX: &str = "whsec_";
const SECRET_CHARS: usize = 32;

/// Which events a webhook wants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventSelection {
    /// All of them, also those that will come to be.
    All,
    /// These.
    Only(Vec<EventType>),
}

/// The names do not say which events are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InvalidEventSelection {
    /// There is none.
    Empty,
    /// `*` stands beside others.
    AllAndMore,
    /// The one at this position is no event that can be subscribed to.
    Unknown(usize),
}

/// What stands for all events.
pub const ALL_EVENTS: &str = "*";

impl EventSelection {
    /// The events that a webhook can ask for: a test is made for one webhook alone.
    pub fn choices() -> impl Iterator<Item = EventType> {
        EventType::ALL.into_iter().filter(|event| *event != EventType::WebhookTest)
    }

    /// From names of events, or `*` alone. A name given twice is meant once.
    pub fn parse(names: &[String]) -> Result<Self, InvalidEventSelection> {
        match names {
            [] => return Err(InvalidEventSelection::Empty),
            [all] if all == ALL_EVENTS => return Ok(Self::All),
            several if several.iter().any(|name| name == ALL_EVENTS) => return Err(InvalidEventSelection::AllAndMore),
            _ => {}
        }
        let mut events = Vec::with_capacity(names.len());
        for (i, name) in names.iter().enumerate() {
            let event =
                Self::choices().find(|event| event.as_str() == name).ok_or(InvalidEventSelection::Unknown(i))?;
            if !events.contains(&event) {
                events.push(event);
            }
        }
        Ok(Self::Only(events))
    }

    /// As it is written.
    pub fn names(&self) -> Vec<&'static str> {
        match self {
            Self::All => vec![ALL_EVENTS],
            Self::Only(events) => events.iter().map(|event| event.as_str()).collect(),
        }
    }

    /// Whether it includes this event.
    pub fn includes(&self, event: EventType) -> bool {
        match self {
            Self::All => event != EventType::WebhookTest,
            Self::Only(events) => events.contains(&event),
        }
    }
}

/// A secret that was replaced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreviousSecret {
    pub secret: Secret<String>,
    /// Until when it signs along.
    pub valid_until: Timestamp,
}

/// Why a webhook was switched off without anybody asking for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = WebhookDisabledReason)]
pub enum DisabledReason {
    /// Its endpoint failed for five days.
    Failing,
    /// Its endpoint answered 410 Gone.
    Gone,
}

/// That a webhook was switched off without anybody asking for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = WebhookSwitchedOff)]
pub struct Disabled {
    /// Why.
    pub reason: DisabledReason,
    /// When.
    pub at: Timestamp,
}

/// Where events are delivered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Webhook {
    pub id: WebhookId,
    pub workspace_id: WorkspaceId,
    pub url: WebhookUrl,
    pub events: EventSelection,
    /// What its owner calls it.
    pub description: Option<String>,
    /// Whether events are delivered.
    pub active: bool,
    /// Which [`WebhookSecrets`] its deliveries are signed with; none while it has them in itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secrets: Option<Fingerprint>,
    /// Until when the secret before signs along; none when it was never replaced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_valid_until: Option<Timestamp>,
    /// How webhooks had their secret before secrets were sealed. Moved out when it is first needed.
    #[serde(default, rename = "secret", skip_serializing_if = "Option::is_none")]
    pub clear_secret: Option<Secret<String>>,
    /// The same of the secret before that.
    #[serde(default, rename = "previous_secret", skip_serializing_if = "Option::is_none")]
    pub clear_previous_secret: Option<PreviousSecret>,
    /// That it was switched off without anybody asking for it; none once it was switched on again.
    #[serde(default)]
    pub disabled: Option<Disabled>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// What a webhook's deliveries are signed with. Sealed, and apart from the webhook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhookSecrets {
    /// The text itself is the key. Shown when it is made, never again.
    pub secret: Secret<String>,
    /// The secret before that, while it signs along.
    pub previous: Option<PreviousSecret>,
}

impl WebhookSecrets {
    /// Those of a new webhook.
    pub const fn new(secret: Secret<String>) -> Self {
        Self { secret, previous: None }
    }

    /// With another secret. The one before signs along for a day; one older than that is forgotten at once.
    #[must_use]
    pub fn rotated(self, secret: Secret<String>, now: Timestamp) -> Self {
        let valid_until = now.after(PREVIOUS_SECRET_LIFETIME);
        Self { secret, previous: Some(PreviousSecret { secret: self.secret, valid_until }) }
    }

    /// Which they are.
    pub fn fingerprint(&self) -> Fingerprint {
        let previous = self.previous.as_ref().map(|previous| previous.secret.expose().as_str());
        Fingerprint::of(&[self.secret.expose(), previous.unwrap_or_default()])
    }
}

/// A new secret.
pub fn generate_secret(entropy: &dyn Entropy) -> Secret<String> {
    Secret::new(format!("{SECRET_PREFIX}{}", random_alphanumerics(entropy, SECRET_CHARS)))
}

impl Webhook {
    /// A new one, which is told of events from now on.
    pub const fn start(
        id: WebhookId,
        workspace_id: WorkspaceId,
        url: WebhookUrl,
        events: EventSelection,
        now: Timestamp,
    ) -> Self {
        Self {
            id,
            workspace_id,
            url,
            events,
            description: None,
            active: true,
            secrets: None,
            previous_valid_until: None,
            clear_secret: None,
            clear_previous_secret: None,
            disabled: None,
            created_at: now,
            updated_at: now,
        }
    }

    /// Whether it is to be told of such an event.
    pub fn wants(&self, event: EventType) -> bool {
        self.active && self.events.includes(event)
    }

    /// The secrets it has in itself, if it is one from before they were sealed.
    pub fn clear_secrets(&self) -> Option<WebhookSecrets> {
        let secret = self.clear_secret.clone()?;
        Some(WebhookSecrets { secret, previous: self.clear_previous_secret.clone() })
    }

    /// Has these secrets from now on, and none in itself.
    pub fn keep(&mut self, secrets: &WebhookSecrets) {
        self.secrets = Some(secrets.fingerprint());
        self.previous_valid_until = secrets.previous.as_ref().map(|previous| previous.valid_until);
        self.clear_secret = None;
        self.clear_previous_secret = None;
    }

    /// Switches it off, unless it is.
    pub fn disable(&mut self, reason: DisabledReason, now: Timestamp) -> bool {
        if !self.active {
            return false;
        }
        self.active = false;
        self.disabled = Some(Disabled { reason, at: now });
        self.updated_at = now;
        true
    }

    /// Until when the secret before signs along; none when it does not any more.
    pub fn previous_secret_valid_until(&self, now: Timestamp) -> Option<Timestamp> {
        let clear = self.clear_previous_secret.as_ref().map(|previous| previous.valid_until);
        self.previous_valid_until.or(clear).filter(|until| *until > now)
    }
}

/// The name of an event that a webhook can ask for, or `*`.
#[derive(Debug)]
pub struct EventName;

impl PartialSchema for EventName {
    fn schema() -> RefOr<Schema> {
        let names = EventSelection::choices().map(EventType::as_str).chain([ALL_EVENTS]);
        ObjectBuilder::new()
            .schema_type(SchemaType::new(Type::String))
            .description(Some("An event; or `*`, alone, for all of them."))
            .enum_values(Some(names))
            .into()
    }
}

impl ToSchema for EventName {}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[derive(Debug)]
    struct Zeros;

    impl Entropy for Zeros {
        fn fill(&self, buffer: &mut [u8]) {
            buffer.fill(0);
        }
    }

    fn names(names: &[&str]) -> Result<EventSelection, InvalidEventSelection> {
        EventSelection::parse(&names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>())
    }

    pub(super) fn webhook() -> Webhook {
        let at = Timestamp::from_unix_ms(1_000);
        Webhook::start(
            WebhookId::from_bytes([1; 16]),
            WorkspaceId::from_bytes([2; 16]),
            WebhookUrl::parse("https://example.com/", Reach::Public).unwrap(),
            EventSelection::All,
            at,
        )
    }

    #[test]
    fn all_events_or_those_that_are_named() {
        assert_eq!(names(&["*"]), Ok(EventSelection::All));
        let some = names(&["email.received", "draft.sent", "email.received"]).unwrap();
        assert_eq!(some.names(), ["email.received", "draft.sent"]);
        assert!(some.includes(EventType::DraftSent) && !some.includes(EventType::DraftStale));
        assert_eq!(names(&[]), Err(InvalidEventSelection::Empty));
        assert_eq!(names(&["*", "draft.sent"]), Err(InvalidEventSelection::AllAndMore));
        assert_eq!(names(&["draft.sent", "email.opened"]), Err(InvalidEventSelection::Unknown(1)));
        assert_eq!(names(&["webhook.test"]), Err(InvalidEventSelection::Unknown(0)));
        assert!(EventSelection::choices().all(|event| EventSelection::All.includes(event)));
        assert!(!EventSelection::All.includes(EventType::WebhookTest));
    }

    #[test]
    fn an_inactive_webhook_wants_nothing() {
        let mut webhook = webhook();
        assert!(webhook.wants(EventType::EmailReceived));
        webhook.active = false;
        assert!(!webhook.wants(EventType::EmailReceived));
    }

    #[test]
    fn the_secret_before_signs_along_for_a_day() {
        let secret = |text: &str| Secret::new(text.to_owned());
        let (mut webhook, now) = (webhook(), Timestamp::from_unix_ms(5_000));
        let first = WebhookSecrets::new(secret("whsec_first"));
        webhook.keep(&first);
        assert_eq!(webhook.previous_secret_valid_until(now), None);
        let second = first.clone().rotated(secret("whsec_second"), now);
        webhook.keep(&second);
        let until = now.after(PREVIOUS_SECRET_LIFETIME);
        assert_eq!(webhook.previous_secret_valid_until(now), Some(until));
        assert_eq!(webhook.previous_secret_valid_until(until), None);
        let third = second.clone().rotated(secret("whsec_third"), now);
        assert_eq!(third.previous.as_ref().unwrap().secret.expose(), "whsec_second");
        assert!(!format!("{third:?}{webhook:?}").contains("whsec"));
        assert!(first.fingerprint() != second.fingerprint() && second.fingerprint() != third.fingerprint());
    }

    #[test]
    fn one_from_before_secrets_were_sealed_gives_its_own_away_once() {
        let mut json = serde_json::to_value(webhook()).unwrap();
        json["secret"] = "whsec_old".into();
        json["previous_secret"] =
            serde_json::json!({"secret": "whsec_older", "valid_until": Timestamp::from_unix_ms(9_000)});
        let mut webhook: Webhook = serde_json::from_value(json).unwrap();
        assert_eq!(
            webhook.previous_secret_valid_until(Timestamp::from_unix_ms(8_000)),
            Some(Timestamp::from_unix_ms(9_000))
        );
        let secrets = webhook.clear_secrets().unwrap();
        assert_eq!(secrets.previous.as_ref().unwrap().secret.expose(), "whsec_older");
        webhook.keep(&secrets);
        assert_eq!(webhook.clear_secrets(), None);
        assert!(!serde_json::to_string(&webhook).unwrap().contains("whsec"));
        assert_eq!(
            webhook.previous_secret_valid_until(Timestamp::from_unix_ms(8_000)),
            Some(Timestamp::from_unix_ms(9_000))
        );
    }

    #[test]
    fn a_secret_has_one_form() {
        let secret = generate_secret(&Zeros);
        let random = secret.expose().strip_prefix("whsec_").unwrap();
        assert!(random.len() == 32 && random.bytes().all(|b| b.is_ascii_alphanumeric()));
    }
}
