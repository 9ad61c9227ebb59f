//! The log of what happened in the last 30 days.
//!
//! A partition for each month of a workspace: what has expired goes with its partition, none grows without end, and the
//! last 30 days lie in two or three of them. A partition takes 1,000 writes a second, which is more than a workspace's mail
//! comes to; a day's or an hour's partition would take no more, and a quiet workspace's list would ask each of them.

use std::time::Duration;

use actionlayer_domain::{
    EventId, IdentityId, Timestamp, WorkspaceId,
    event::{EVENT_LIFETIME, Event, EventType},
};

use crate::{
    Page, PageRequest, Record, Store, StoreError,
    keys::{self, Index, IndexEntry, Key},
};

impl Record for Event {
    const KIND: &'static str = "event";
    type Body = ();

    fn key(&self) -> Key {
        keys::event(self.workspace_id, self.at, self.id)
    }

    fn indexes(&self) -> Vec<IndexEntry> {
        let mut entries = Vec::new();
        // For those who follow: the others they find where they lie, see `follow`.
        if is_late(self) {
            let recorded = self.recorded_at();
            let late = keys::late_events(self.workspace_id, &keys::month(recorded));
            entries.push(IndexEntry::new(Index::List, late, keys::by_time(recorded, self.id)));
        }
        if !is_common(self.event_type()) {
            let month = keys::events_of_month(self.workspace_id, &keys::month(self.at));
            let of_type = keys::events_of_type(&month, self.event_type());
            entries.push(IndexEntry::new(Index::State, of_type, self.id.to_string()));
        }
        entries
    }

    fn ttl_unix_seconds(&self) -> Option<i64> {
        Some(self.at.after(EVENT_LIFETIME).unix_seconds())
    }
}

/// Recorded later than this after it happened, an event is late: whoever follows the log may have passed its time.
const LATE_AFTER: Duration = Duration::from_secs(5);

/// Whether an event was recorded so long after it happened that those who follow the log are told of it by an entry of its
/// own. Hardly any is: the stream brings a change within a second.
pub(crate) fn is_late(event: &Event) -> bool {
    event.recorded_at() > event.at.after(LATE_AFTER)
}

/// Whether every mail and its answer bring one of these. They are the log, more or less: whoever asks for one of them finds
/// it by reading that, and an index of them would cost as much as the log itself.
const fn is_common(of: EventType) -> bool {
    matches!(
        of,
        EventType::EmailReceived
            | EventType::DraftCreated
            | EventType::DraftApproved
            | EventType::EmailSent
            | EventType::DraftSent
            | EventType::EmailDelivered
    )
}

/// Which events. A filter that is `None` asks nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct EventFilter {
    pub event_type: Option<EventType>,
    /// About which identity.
    pub identity_id: Option<IdentityId>,
}

impl EventFilter {
    /// Whether an event passes.
    pub(crate) fn takes(&self, event: &Event) -> bool {
        self.event_type.is_none_or(|of| event.event_type() == of)
            && self.identity_id.is_none_or(|id| event.what.identity_id() == Some(id))
    }
}

/// The oldest time that is still alive.
pub(crate) fn alive_from(now: Timestamp) -> Timestamp {
    let lifetime_ms = i64::try_from(EVENT_LIFETIME.as_millis()).unwrap_or(i64::MAX);
    Timestamp::from_unix_ms(now.unix_ms().saturating_sub(lifetime_ms))
}

/// The months from `last` back to `first`, as keys write them.
pub(crate) fn months(first: Timestamp, last: Timestamp) -> Vec<String> {
    let first = keys::month(first);
    let mut months = vec![keys::month(last)];
    while let Some(month) = months.last().filter(|month| **month > first) {
        let number = |text: Option<&str>| text.and_then(|text| text.parse::<u32>().ok()).unwrap_or(0);
        let before = match (number(month.get(..4)), number(month.get(5..7))) {
            (year, 0 | 1) => format!("{:04}-12", year.saturating_sub(1)),
            (year, month) => format!("{year:04}-{:02}", month - 1),
        };
        months.push(before);
    }
    months
}

/// The least id that an event of a month can have.
pub(crate) fn first_id_of(month: &str) -> String {
    let start = format!("{month}-01T00:00:00Z").parse::<Timestamp>();
    start.map_or_else(|_| "0".to_owned(), |start| EventId::earliest(start).to_string())
}

impl Store {
    /// Events that have not expired, newest first.
    pub async fn list_events(
        &self,
        workspace: WorkspaceId,
        filter: &EventFilter,
        now: Timestamp,
        page: &PageRequest,
    ) -> Result<Page<Event>, StoreError> {
        let alive_from = alive_from(now);
        let filter = *filter;
        let months = |partition: &dyn Fn(&str) -> String| {
            let partition_of = |month: &String| partition(&keys::events_of_month(workspace, month));
            months(alive_from, now).iter().map(|month| (partition_of(month), first_id_of(month))).collect()
        };
        let log = || months(&|month| month.to_owned());
        let events = self.newest_first::<Event>(workspace, &filter);
        let events = match (filter.event_type, filter.identity_id) {
            (None, None) => events.in_periods(None, log()),
            (Some(of), None) if !is_common(of) => {
                events.in_periods(Some(Index::State), months(&|month| keys::events_of_type(month, of)))
            }
            (Some(of), Some(_)) if !is_common(of) => events
                .in_periods(Some(Index::State), months(&|month| keys::events_of_type(month, of)))
                .that(move |event| filter.takes(event)),
            _ => events.in_periods(None, log()).that(move |event| filter.takes(event)),
        };
        events.since(EventId::earliest(alive_from).to_string()).page(page).await
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_months_of_thirty_days() {
        let of = |now: &str| {
            let now: Timestamp = now.parse().unwrap();
            months(alive_from(now), now)
        };
        assert_eq!(of("2026-04-30T23:59:59Z"), ["2026-04", "2026-03"]);
        assert_eq!(of("2026-05-31T00:00:00Z"), ["2026-05"]);
        assert_eq!(of("2026-01-15T12:00:00Z"), ["2026-01", "2025-12"]);
        assert_eq!(of("2026-03-01T12:00:00Z"), ["2026-03", "2026-02", "2026-01"]);
    }
}
