//! The log of events, forwards: every event once, in the order in which they were recorded.
//!
//! An event is recorded by whoever relays the change it follows from, moments after it happened; of two relays at once the
//! one with the earlier time may write later. So a cursor does not say "after this event": it names a time that lies a
//! while back, and the events since then that were given out already. What is written late within that while is given out
//! all the same, and nothing is given out twice.

use aws_sdk_dynamodb::operation::query::QueryInput;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::time::Duration;

use actionlayer_domain::{EventId, Timestamp, WorkspaceId, event::Event};

use crate::{
    EventFilter, Row, Store, StoreError,
    events::{alive_from, months},
    keys::{self, Index},
    record::{row, s},
};

/// How late an event may be written: longer than a write takes with all its retries.
const OVERLAP: Duration = Duration::from_secs(30);
/// So many events are remembered as given out. Where more happen within the overlap, it is shorter.
const MAX_REMEMBERED: usize = 128;
/// So many events are looked at for one answer.
const MAX_LOOKED_AT: usize = 1_000;

/// Where to go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventCursor {
    since: Timestamp,
    given_out: Vec<u64>,
}

/// Some events, the first recorded first, and where to go on.
#[derive(Debug, Clone, PartialEq)]
pub struct Followed {
    pub events: Vec<Event>,
    /// There are more by now.
    pub more: bool,
    /// Where to go on; also when there was nothing.
    pub next: EventCursor,
}

/// The version of the form below, and what tells it from the cursors of other lists.
const VERSION: u8 = 101;

#[derive(Serialize, Deserialize)]
struct Wire(u8, String, i64, Vec<u64>);

fn fingerprint(workspace: WorkspaceId, filter: &EventFilter) -> String {
    hex::encode(&Sha256::digest(format!("{workspace}#log#{filter:?}").as_bytes())[..8])
}

/// Enough of an id to tell it from the few others of its half minute.
fn short(id: EventId) -> u64 {
    u64::from_be_bytes(*id.as_bytes().last_chunk().unwrap_or(&[0; 8]))
}

impl EventCursor {
    /// Everything recorded from a time on.
    pub const fn since(since: Timestamp) -> Self {
        Self { since, given_out: Vec::new() }
    }

    /// The text callers see.
    pub fn encode(&self, workspace: WorkspaceId, filter: &EventFilter) -> String {
        let wire = Wire(VERSION, fingerprint(workspace, filter), self.since.unix_ms(), self.given_out.clone());
        // Strings and numbers always serialize.
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(&wire).unwrap_or_default())
    }

    /// Whether a text is a cursor of this kind, whichever workspace's and filter's.
    pub fn is_one(text: &str) -> bool {
        Self::wire(text).is_some()
    }

    fn wire(text: &str) -> Option<Wire> {
        let wire: Wire = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
        (wire.0 == VERSION && wire.3.len() <= MAX_REMEMBERED).then_some(wire)
    }

    /// Reads it back for the very same workspace and filter.
    pub fn decode(text: &str, workspace: WorkspaceId, filter: &EventFilter) -> Result<Self, StoreError> {
        let Wire(_, of, since, given_out) = Self::wire(text).ok_or(StoreError::InvalidCursor)?;
        if of != fingerprint(workspace, filter) {
            return Err(StoreError::InvalidCursor);
        }
        Ok(Self { since: Timestamp::from_unix_ms(since), given_out })
    }

    /// The cursor behind some events: `passed` are those since the old one, given out now or before, by time.
    fn advanced(&self, passed: &[(Timestamp, EventId)], more: bool, now: Timestamp) -> Self {
        let overlap_ms = i64::try_from(OVERLAP.as_millis()).unwrap_or(i64::MAX);
        let settled = Timestamp::from_unix_ms(now.unix_ms().saturating_sub(overlap_ms));
        let mut since = match passed.last() {
            // What comes after the last of them was not read.
            Some((last, _)) if more => settled.min(*last),
            _ => settled,
        };
        if let Some((at, _)) = passed.len().checked_sub(MAX_REMEMBERED).and_then(|surplus| passed.get(surplus)) {
            since = since.max(*at);
        }
        let since = since.max(self.since);
        let recent = passed.iter().filter(|(at, _)| *at >= since).map(|(_, id)| short(*id));
        let mut given_out: Vec<u64> = recent.collect();
        let surplus = given_out.len().saturating_sub(MAX_REMEMBERED);
        Self { since, given_out: given_out.split_off(surplus) }
    }
}

impl Store {
    /// Events that were recorded since a cursor was given out, at most `limit`.
    pub async fn follow_events(
        &self,
        workspace: WorkspaceId,
        filter: &EventFilter,
        cursor: &EventCursor,
        now: Timestamp,
        limit: usize,
    ) -> Result<Followed, StoreError> {
        let since = cursor.since.max(alive_from(now));
        let mut months = months(since, now);
        months.reverse();
        let (mut events, mut passed, mut looked_at) = (Vec::new(), Vec::new(), 0);
        for month in months {
            let mut from = None;
            loop {
                let query = QueryInput::builder()
                    .index_name(Index::List.name())
                    .key_condition_expression("list_pk = :log AND list_sk >= :since")
                    .expression_attribute_values(":log", s(keys::events_as_recorded(workspace, &month)))
                    .expression_attribute_values(":since", s(since.to_string()))
                    .limit(i32::try_from(limit + MAX_REMEMBERED).unwrap_or(i32::MAX))
                    .set_exclusive_start_key(from);
                let answer = self.query(query).await?;
                for item in answer.items.unwrap_or_default() {
                    let Row { value: event, .. }: Row<Event> = row(item)?;
                    if events.len() == limit || looked_at == MAX_LOOKED_AT {
                        let next = cursor.advanced(&passed, true, now);
                        return Ok(Followed { events, more: true, next });
                    }
                    looked_at += 1;
                    passed.push((event.recorded_at(), event.id));
                    if filter.takes(&event) && !cursor.given_out.contains(&short(event.id)) {
                        events.push(event);
                    }
                }
                from = answer.last_evaluated_key;
                if from.is_none() {
                    break;
                }
            }
        }
        let next = cursor.advanced(&passed, false, now);
        Ok(Followed { events, more: false, next })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_unix_ms(1_777_559_331_000 + seconds * 1_000)
    }

    fn id(number: u8) -> EventId {
        EventId::from_bytes([number; 16])
    }

    #[test]
    fn a_cursor_belongs_to_its_workspace_and_filter() {
        let (mine, other) = (WorkspaceId::from_bytes([1; 16]), WorkspaceId::from_bytes([2; 16]));
        let filter = EventFilter::default();
        let cursor = EventCursor { since: at(0), given_out: vec![7, 8] };
        let text = cursor.encode(mine, &filter);
        assert!(EventCursor::is_one(&text) && !EventCursor::is_one("x"));
        assert_eq!(EventCursor::decode(&text, mine, &filter), Ok(cursor));
        assert_eq!(EventCursor::decode(&text, other, &filter), Err(StoreError::InvalidCursor));
        let filtered = EventFilter { event_type: Some(actionlayer_domain::event::EventType::DraftSent), ..filter };
        assert_eq!(EventCursor::decode(&text, mine, &filtered), Err(StoreError::InvalidCursor));
    }

    #[test]
    fn a_cursor_looks_back_half_a_minute_and_remembers_what_it_gave_out() {
        let start = EventCursor::since(at(0));
        let quiet = start.advanced(&[], false, at(100));
        assert_eq!(quiet, EventCursor { since: at(70), given_out: Vec::new() });
        let passed = [(at(10), id(1)), (at(80), id(2)), (at(99), id(3))];
        let next = start.advanced(&passed, false, at(100));
        assert_eq!(next, EventCursor { since: at(70), given_out: vec![short(id(2)), short(id(3))] });
        // It never goes back.
        assert_eq!(next.advanced(&[], false, at(90)).since, at(70));
        // What is not reached yet is not passed over.
        assert_eq!(start.advanced(&[(at(10), id(1))], true, at(100)).since, at(10));
    }

    #[test]
    fn a_cursor_has_a_bounded_length() {
        let passed: Vec<_> = (0..1_000).map(|i| (at(i / 100), EventId::from_bytes([i.to_be_bytes()[7]; 16]))).collect();
        let next = EventCursor::since(at(0)).advanced(&passed, false, at(10));
        assert_eq!((next.since, next.given_out.len()), (at(8), MAX_REMEMBERED));
        assert!(next.encode(WorkspaceId::from_bytes([1; 16]), &EventFilter::default()).len() < 6_000);
    }
}
