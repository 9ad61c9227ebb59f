//! Events: what happened in the last 30 days.

use actionlayer_channels::legible::{cut, line};
use actionlayer_domain::{
    Timestamp,
    event::{Event, EventType},
};
use askama::Template;

use super::{
    Choice, Pager, Screen,
    parts::{When, in_query, when},
};
use crate::dashboard::Section;

/// What the list shows.
#[derive(Debug, Clone, Copy)]
pub struct EventList<'a> {
    /// The page of it.
    pub events: &'a [Event],
    /// Only those of this type.
    pub kind: Option<EventType>,
    /// The cursor that was followed.
    pub cursor: Option<&'a str>,
    /// The cursor to older ones.
    pub next_cursor: Option<&'a str>,
    pub now: Timestamp,
}

#[derive(Template)]
#[template(path = "screens/events.html")]
struct Page {
    kinds: Vec<Choice>,
    is_filtered: bool,
    rows: Vec<Row>,
    pager: Pager,
}

struct Row {
    id: String,
    kind: &'static str,
    tone: &'static str,
    words: String,
    link: Option<String>,
    at: When,
    payload: String,
}

/// The list.
pub fn events(view: EventList<'_>) -> Screen {
    let chosen = view.kind.map_or("", EventType::as_str);
    let all = Choice::new("", "All events", chosen.is_empty());
    let each =
        EventType::ALL.into_iter().map(|kind| Choice::new(kind.as_str(), kind.as_str(), kind.as_str() == chosen));
    let page = Page {
        kinds: std::iter::once(all).chain(each).collect(),
        is_filtered: view.kind.is_some(),
        rows: view.events.iter().map(|event| row(event, view.now)).collect(),
        pager: Pager {
            newest: view.cursor.map(|_| format!("/events?type={chosen}")),
            older: view.next_cursor.map(|cursor| format!("/events?type={chosen}&cursor={}", in_query(cursor))),
        },
    };
    Screen::of(Section::Events, "Events", &page)
}

fn row(event: &Event, now: Timestamp) -> Row {
    let payload = serde_json::to_value(event.payload()).unwrap_or_default();
    let text = |name: &str| payload.get(name).and_then(|value| value.as_str()).map(line);
    let to = payload.get("to").and_then(|to| to.get(0)).and_then(|to| to.as_str()).map(line);
    let subject = text("subject").map(|subject| format!("“{}”", cut(&subject, 120).text));
    let whom = text("from_email").map(|from| format!("from {from}")).or_else(|| to.map(|to| format!("to {to}")));
    let by = text("decided_by_name").map(|name| format!("by {name}"));
    let domain = text("domain").or_else(|| text("url"));
    let words: Vec<_> = [subject, whom, by, domain].into_iter().flatten().collect();
    let link = text("draft_id")
        .map(|id| format!("/drafts/{}", in_query(&id)))
        .or_else(|| text("thread_id").map(|id| format!("/threads/{}", in_query(&id))))
        .or_else(|| text("domain_id").map(|id| format!("/domains/{}", in_query(&id))))
        .or_else(|| text("webhook_id").map(|id| format!("/webhooks/{}", in_query(&id))));
    let kind = event.event_type();
    Row {
        id: event.id.to_string(),
        kind: kind.as_str(),
        tone: tone(kind),
        words: words.join(" "),
        link,
        at: when(event.at, now),
        payload: serde_json::to_string_pretty(&payload).unwrap_or_default(),
    }
}

const fn tone(kind: EventType) -> &'static str {
    match kind {
        EventType::DraftApproved
        | EventType::DraftSent
        | EventType::EmailSent
        | EventType::EmailDelivered
        | EventType::DomainVerified => "good",
        EventType::DraftRejected
        | EventType::DraftFailed
        | EventType::EmailBounced
        | EventType::EmailComplained
        | EventType::DomainFailed
        | EventType::WebhookDisabled => "bad",
        EventType::DraftStale | EventType::DraftExpired | EventType::InboundHeld => "warn",
        EventType::EmailReceived | EventType::DraftCreated | EventType::DraftCommented | EventType::WebhookTest => "",
    }
}
