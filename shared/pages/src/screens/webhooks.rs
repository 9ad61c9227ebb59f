//! Webhooks: where events are delivered, and how each delivery went.

use actionlayer_channels::legible::line;
use actionlayer_domain::{
    Timestamp, Webhook, WebhookDelivery,
    webhook::{AttemptError, EventSelection, WebhookAttempt, WebhookDeliveryState},
};
use askama::Template;

use super::{
    Access, Pager, Problem, Screen,
    parts::{When, in_query, when},
};
use crate::dashboard::Section;

/// What the form of a webhook begins with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WebhookForm {
    pub url: String,
    /// What its owner calls it.
    pub description: String,
    /// The events, by name; none for all of them.
    pub events: Vec<String>,
}

struct EventBox {
    name: &'static str,
    checked: bool,
}

fn boxes(chosen: &[String]) -> Vec<EventBox> {
    EventSelection::choices()
        .map(|event| EventBox { name: event.as_str(), checked: chosen.iter().any(|name| name == event.as_str()) })
        .collect()
}

#[derive(Template)]
#[template(path = "screens/webhooks.html")]
struct ListPage<'a> {
    problem: Option<Problem>,
    rows: Vec<Row>,
    form: &'a WebhookForm,
    boxes: Vec<EventBox>,
    access: Access,
}

struct Row {
    id: String,
    url: String,
    description: Option<String>,
    events: String,
    is_active: bool,
    at: When,
}

/// All webhooks, and the form for another.
pub fn webhooks(
    webhooks: &[Webhook],
    form: &WebhookForm,
    access: Access,
    problem: Option<Problem>,
    now: Timestamp,
) -> Screen {
    let rows = webhooks.iter().map(|webhook| row(webhook, now)).collect();
    let page = ListPage { problem, rows, boxes: boxes(&form.events), form, access };
    Screen::of(Section::Webhooks, "Webhooks", &page)
}

fn row(webhook: &Webhook, now: Timestamp) -> Row {
    Row {
        id: webhook.id.to_string(),
        url: line(webhook.url.as_str()),
        description: webhook.description.as_deref().map(line),
        events: match &webhook.events {
            EventSelection::All => "all events".to_owned(),
            EventSelection::Only(_) => webhook.events.names().join(", "),
        },
        is_active: webhook.active,
        at: when(webhook.created_at, now),
    }
}

#[derive(Template)]
#[template(path = "screens/webhook.html")]
struct Page<'a> {
    problem: Option<Problem>,
    webhook: Row,
    /// Shown once: when it was made, or replaced.
    secret: Option<&'a str>,
    previous_until: Option<When>,
    deliveries: Vec<Delivery>,
    pager: Pager,
    access: Access,
}

pub(super) struct Delivery {
    pub(super) id: String,
    pub(super) event: &'static str,
    pub(super) tone: &'static str,
    pub(super) state: &'static str,
    pub(super) attempts: Vec<Attempt>,
    pub(super) next: Option<When>,
    pub(super) at: When,
    /// What is sent.
    pub(super) body: String,
}

pub(super) struct Attempt {
    pub(super) at: When,
    pub(super) words: String,
    /// Whether it came to `good` or `bad`.
    pub(super) tone: &'static str,
    pub(super) duration_ms: u32,
}

/// What one webhook's screen shows.
#[derive(Debug, Clone, Copy)]
pub struct Shown<'a> {
    pub webhook: &'a Webhook,
    /// Its secret, where it is shown.
    pub secret: Option<&'a str>,
    /// The page of its deliveries.
    pub deliveries: &'a [WebhookDelivery],
    /// The cursor that was followed.
    pub cursor: Option<&'a str>,
    /// The cursor to older ones.
    pub next_cursor: Option<&'a str>,
    /// What the visitor may do.
    pub access: Access,
    pub now: Timestamp,
}

/// One webhook.
pub fn webhook(view: Shown<'_>, problem: Option<Problem>) -> Screen {
    let webhook = row(view.webhook, view.now);
    let path = format!("/webhooks/{}", webhook.id);
    let page = Page {
        problem,
        secret: view.secret,
        previous_until: view.webhook.previous_secret_valid_until(view.now).map(|until| when(until, view.now)),
        deliveries: view.deliveries.iter().map(|delivery| shown(delivery, view.now)).collect(),
        pager: Pager {
            newest: view.cursor.map(|_| path.clone()),
            older: view.next_cursor.map(|cursor| format!("{path}?cursor={}", in_query(cursor))),
        },
        access: view.access,
        webhook,
    };
    Screen::of(Section::Webhooks, "Webhook", &page)
}

pub(super) fn shown(delivery: &WebhookDelivery, now: Timestamp) -> Delivery {
    let (tone, state) = match delivery.state {
        WebhookDeliveryState::Pending => ("info", "On its way"),
        WebhookDeliveryState::Succeeded => ("good", "Delivered"),
        WebhookDeliveryState::Failed => ("bad", "Given up"),
    };
    Delivery {
        id: delivery.id.to_string(),
        event: delivery.event.as_str(),
        tone,
        state,
        attempts: delivery.attempts.iter().map(|attempt| attempted(attempt, now)).collect(),
        next: delivery.next_attempt_at.map(|at| when(at, now)),
        at: when(delivery.created_at, now),
        body: serde_json::to_string_pretty(&delivery.payload).unwrap_or_default(),
    }
}

const fn reason(error: AttemptError) -> &'static str {
    match error {
        AttemptError::Status => "the endpoint refused it",
        AttemptError::Redirect => "the endpoint redirects; give the webhook its new URL",
        AttemptError::Timeout => "no complete answer within 15 seconds",
        AttemptError::DnsError => "the host's name has no address",
        AttemptError::BlockedAddress => "the host's addresses are not on the public Internet",
        AttemptError::BlockedUrl => "the URL may not be asked for",
        AttemptError::ConnectionFailed => "no connection could be made",
        AttemptError::TlsError => "the TLS handshake failed",
        AttemptError::InvalidResponse => "what came back is not HTTP",
    }
}

fn attempted(attempt: &WebhookAttempt, now: Timestamp) -> Attempt {
    let words = match (attempt.status_code, attempt.error.map(reason)) {
        (Some(code), Some(error)) => format!("{code}: {error}"),
        (Some(code), None) => format!("Answered {code}"),
        (None, Some(error)) => error.to_owned(),
        (None, None) => "No answer".to_owned(),
    };
    let tone = if attempt.error.is_none() && attempt.status_code.is_some() { "good" } else { "bad" };
    Attempt { at: when(attempt.at, now), words, tone, duration_ms: attempt.duration_ms }
}
