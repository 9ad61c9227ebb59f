//! `GET /v1/events`.

use actionlayer_domain::Timestamp;
use actionlayer_domain::{IdentityId, event::Event, event::EventType};
use actionlayer_store::{EventCursor, EventFilter, Followed, Page, PageRequest};
use std::time::Duration;

use crate::{App, Caller, ServiceError, permission::Require as _, waiting::until_found};

/// What happened in the last 30 days, newest first.
pub async fn list_events(
    app: &App,
    caller: &Caller,
    event_type: Option<EventType>,
    identity_id: Option<IdentityId>,
    page: &PageRequest,
) -> Result<Page<Event>, ServiceError> {
    // What is about no identity is about the workspace, and not shown to a key that is bound to some.
    let filter = EventFilter { event_type, identity_id: caller.listed_identity(identity_id)? };
    Ok(app.store.list_events(caller.workspace_id, &filter, app.now(), page).await?)
}

/// Whether a cursor is of those that follow the log.
pub fn is_followed(cursor: &str) -> bool {
    EventCursor::is_one(cursor)
}

/// Where following the log begins.
#[derive(Debug, Clone)]
pub enum FollowFrom {
    /// Behind an answer.
    Cursor(String),
    /// At a time.
    Since(Timestamp),
    /// Thirty days ago.
    Start,
    Now,
}

/// Events in the order in which they happened, or were recorded late, each once, and the cursor to go on with. When there is none yet, waits
/// for one, at most so long.
pub async fn follow_events(
    app: &App,
    caller: &Caller,
    event_type: Option<EventType>,
    identity_id: Option<IdentityId>,
    from: FollowFrom,
    limit: u32,
    wait: Duration,
) -> Result<(Vec<Event>, bool, String), ServiceError> {
    let workspace = caller.workspace_id;
    let filter = EventFilter { event_type, identity_id: caller.listed_identity(identity_id)? };
    let cursor = match from {
        FollowFrom::Cursor(text) => EventCursor::decode(&text, workspace, &filter)?,
        FollowFrom::Since(at) => EventCursor::since(at),
        FollowFrom::Start => EventCursor::since(Timestamp::from_unix_ms(0)),
        FollowFrom::Now => EventCursor::since(app.now()),
    };
    let read = || async { Ok(app.store.follow_events(workspace, &filter, &cursor, app.now(), limit as usize).await?) };
    let Followed { events, more, next } = until_found(wait, read, |found: &Followed| !found.events.is_empty()).await?;
    Ok((events, more, next.encode(workspace, &filter)))
}
