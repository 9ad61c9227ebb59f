//! Events.

use actionlayer_domain::{
    EventId,
    event::{Event, EventType},
};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::Moment;
use crate::untrusted::line;

/// Something that happened.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct EventView {
    event_id: EventId,
    event: EventType,
    at: Moment,
    /// The ids of what it is about, and how that stands: `thread_id`, `draft_id`, `version`, `decided_at`, ….
    #[schema(value_type = Object)]
    about: Map<String, Value>,
    /// Names, addresses and subjects.
    #[schema(value_type = Object)]
    untrusted_content: Map<String, Value>,
}

/// What of a payload is made by us: ids, numbers, times and fixed words.
fn is_ours(name: &str) -> bool {
    name.ends_with("_id")
        || name.ends_with("_at")
        || name.ends_with("_kind")
        || ["version", "code", "failure_code", "status"].contains(&name)
}

impl EventView {
    pub(crate) fn of(event: Event) -> Self {
        let (event_id, kind, at) = (event.id, event.event_type(), Moment(event.at));
        // The payload is an object of strings, numbers and lists: it is one as JSON, too.
        let payload = serde_json::to_value(event.what).unwrap_or_default();
        let payload = payload.as_object().cloned().unwrap_or_default();
        let payload = payload.into_iter().filter(|(name, value)| name != "event" && !value.is_null());
        let (about, untrusted): (Vec<_>, Vec<_>) = payload.partition(|(name, _)| is_ours(name));
        let legible = |(name, value): (String, Value)| match value {
            Value::String(text) => (name, Value::String(line(&text))),
            other => (name, other),
        };
        Self {
            event_id,
            event: kind,
            at,
            about: about.into_iter().collect(),
            untrusted_content: untrusted.into_iter().map(legible).collect(),
        }
    }
}
