//! The log of events, forwards: every event once, in the order in which they happened, or, where that is told late, in which
//! they were recorded.
//!
//! An event is recorded by whoever relays the change it follows from, moments after it happened; of two relays at once the
//! one with the earlier time may write later. So a cursor does not say "after this event": it names a time that lies a
//! while back, and the events since then that were given out already. What is written within that while is given out
//! all the same, and nothing is given out twice. What is written so late that a cursor may have passed its time has a second
//! place, that of its recording, in an index which nothing else is in: an event in time costs no entry there.

use aws_sdk_dynamodb::operation::query::{QueryInput, builders::QueryInputBuilder};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::{collections::VecDeque, time::Duration};

use actionlayer_domain::{EventId, Timestamp, WorkspaceId, event::Event};

use crate::{
    EventFilter, Row, Store, StoreError,
    events::{alive_from, is_late, months},
    keys::{self, Index},
    record::{Item, row, s},
};

/// How long after its place in the log an event may be written: longer than one that is not late may be recorded after it
/// happened, and a write takes with all its retries.
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

/// Where an event stands in the log.
fn place(event: &Event) -> (Timestamp, EventId) {
    (if is_late(event) { event.recorded_at() } else { event.at }, event.id)
}

/// Events of a month in the order of their places, read page after page.
struct Pages<'a> {
    store: &'a Store,
    query: QueryInputBuilder,
    /// Only these stand here.
    is_late: bool,
    read: VecDeque<Event>,
    from: Option<Item>,
    is_read: bool,
}

impl<'a> Pages<'a> {
    fn new(store: &'a Store, query: QueryInputBuilder, is_late: bool) -> Self {
        Self { store, query, is_late, read: VecDeque::new(), from: None, is_read: false }
    }

    /// Those that were recorded in time: they lie in the log by their ids, which begin with when they happened.
    fn in_time(store: &'a Store, workspace: WorkspaceId, month: &str, since: Timestamp) -> Self {
        let query = QueryInput::builder()
            .key_condition_expression("pk = :log AND sk >= :since")
            .expression_attribute_values(":log", s(keys::events_of_month(workspace, month)))
            .expression_attribute_values(":since", s(EventId::earliest(since).to_string()));
        Self::new(store, query, false)
    }

    fn late(store: &'a Store, workspace: WorkspaceId, month: &str, since: Timestamp) -> Self {
        let query = QueryInput::builder()
            .index_name(Index::List.name())
            .key_condition_expression("list_pk = :log AND list_sk >= :since")
            .expression_attribute_values(":log", s(keys::late_events(workspace, month)))
            .expression_attribute_values(":since", s(since.to_string()));
        Self::new(store, query, true)
    }

    /// Reads on until there is a next one, or none.
    async fn fill(&mut self, limit: usize) -> Result<(), StoreError> {
        while self.read.is_empty() && !self.is_read {
            let query = self.query.clone().limit(i32::try_from(limit).unwrap_or(i32::MAX));
            let answer = self.store.query(query.set_exclusive_start_key(self.from.take())).await?;
            for item in answer.items.unwrap_or_default() {
                let Row { value: event, .. }: Row<Event> = row(item)?;
                if is_late(&event) == self.is_late {
                    self.read.push_back(event);
                }
            }
            self.from = answer.last_evaluated_key;
            self.is_read = self.from.is_none();
        }
        Ok(())
    }
}

impl Store {
    /// Events that came into the log since a cursor was given out, at most `limit`.
    pub async fn follow_events(
        &self,
        workspace: WorkspaceId,
        filter: &EventFilter,
        cursor: &EventCursor,
        now: Timestamp,
        limit: usize,
    ) -> Result<Followed, StoreError> {
        let since = cursor.since.max(alive_from(now));
        let at_once = limit + MAX_REMEMBERED;
        let mut months = months(since, now);
        months.reverse();
        let (mut events, mut passed) = (Vec::new(), Vec::new());
        for month in months {
            let mut in_time = Pages::in_time(self, workspace, &month, since);
            let mut late = Pages::late(self, workspace, &month, since);
            loop {
                tokio::try_join!(in_time.fill(at_once), late.fill(at_once))?;
                let next = match (in_time.read.front().map(place), late.read.front().map(place)) {
                    (None, None) => break,
                    (Some(one), Some(other)) if other < one => late.read.pop_front(),
                    (Some(_), _) => in_time.read.pop_front(),
                    (None, Some(_)) => late.read.pop_front(),
                };
                let Some(event) = next else { break };
                if events.len() == limit || passed.len() == MAX_LOOKED_AT {
                    let next = cursor.advanced(&passed, true, now);
                    return Ok(Followed { events, more: true, next });
                }
                passed.push(place(&event));
                if filter.takes(&event) && !cursor.given_out.contains(&short(event.id)) {
                    events.push(event);
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
