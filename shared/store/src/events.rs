//! The log of what happened in the last 30 days.
//!
//! A partition for each month of a workspace: what has expired goes with its partition, none grows without end, and the
//! last 30 days lie in two or three of them. A partition takes 1,000 writes a second, which is more than a workspace's mail
//! comes to; a day's or an hour's partition would take no more, and a quiet workspace's list would ask each of them.

use actionlayer_domain::{
    EventId, IdentityId, Timestamp, WorkspaceId,
    event::{EVENT_LIFETIME, Event, EventType},
};

use crate::{
    InvalidCursor, Page, PageRequest, Record, Store, StoreError,
    keys::{self, Index, IndexEntry, Key},
    recent::Recent,
};

impl Record for Event {
    const KIND: &'static str = "event";
    type Body = ();

    fn key(&self) -> Key {
        keys::event(self.workspace_id, self.at, self.id)
    }

    fn indexes(&self) -> Vec<IndexEntry> {
        let month = keys::events_of_month(self.workspace_id, &keys::month(self.at));
        let position = self.id.to_string();
        let by_type = keys::events_of_type(&month, self.event_type());
        let mut entries = vec![IndexEntry::new(Index::State, by_type, &position)];
        // In the order in which they were recorded, for those who follow.
        let recorded = self.recorded_at();
        let log = keys::events_as_recorded(self.workspace_id, &keys::month(recorded));
        entries.push(IndexEntry::new(Index::List, log, keys::by_time(recorded, self.id)));
        if let Some(identity) = self.what.identity_id() {
            entries.push(IndexEntry::new(Index::Owner, keys::events_of_identity(&month, identity), &position));
        }
        entries
    }

    fn ttl_unix_seconds(&self) -> Option<i64> {
        Some(self.at.after(EVENT_LIFETIME).unix_seconds())
    }
}

/// Which events. A filter that is `None` asks nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct EventFilter {
    /// Of which type.
    pub event_type: Option<EventType>,
    /// About which identity.
    pub identity_id: Option<IdentityId>,
}

impl EventFilter {
    /// Whether an event is one of these.
    pub(crate) fn takes(&self, event: &Event) -> bool {
        self.event_type.is_none_or(|wanted| event.event_type() == wanted)
            && self.identity_id.is_none_or(|wanted| event.what.identity_id() == Some(wanted))
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

impl Store {
    /// Events that have not expired, newest first.
    pub async fn list_events(
        &self,
        workspace: WorkspaceId,
        filter: &EventFilter,
        now: Timestamp,
        page: &PageRequest,
    ) -> Result<Result<Page<Event>, InvalidCursor>, StoreError> {
        let alive_from = alive_from(now);
        let months = months(alive_from, now).into_iter().map(|month| keys::events_of_month(workspace, &month));
        let EventFilter { event_type, identity_id } = *filter;
        let (index, partitions): (_, Vec<String>) = match (event_type, identity_id) {
            (_, Some(id)) => (Some(Index::Owner), months.map(|month| keys::events_of_identity(&month, id)).collect()),
            (Some(of), None) => (Some(Index::State), months.map(|month| keys::events_of_type(&month, of)).collect()),
            (None, None) => (None, months.collect()),
        };
        let list = Recent {
            name: format!("{workspace}#events#{filter:?}"),
            index,
            partitions,
            alive_from: EventId::earliest(alive_from).to_string(),
            equal: identity_id.and(event_type).map(|of| ("event", of.as_str().to_owned())),
        };
        self.recent(workspace, &list, page).await
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
