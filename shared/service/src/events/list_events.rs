//! `GET /v1/events`.

use actionlayer_domain::{IdentityId, event::Event, event::EventType};
use actionlayer_store::{EventFilter, Page, PageRequest};

use crate::{App, Caller, ServiceError, permission::Require as _};

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
