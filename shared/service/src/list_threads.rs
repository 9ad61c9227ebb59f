//! `GET /v1/threads`.

use actionlayer_domain::Thread;
use actionlayer_store::{Page, PageRequest, ThreadFilter};

use crate::{App, Caller, ServiceError, pages};

/// Threads, newest message first. A key bound to identities must name one of them, unless it is bound to just one.
pub async fn list_threads(
    app: &App,
    caller: &Caller,
    mut filter: ThreadFilter,
    page: PageRequest,
) -> Result<Page<Thread>, ServiceError> {
    filter.identity_id = caller.listed_identity(filter.identity_id)?;
    pages::page(app.store.list_threads(caller.workspace_id, &filter, &page).await)
}
