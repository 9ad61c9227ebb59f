//! `GET /v1/drafts`, `GET /v1/drafts/{id}` and `GET /v1/drafts/{id}/versions`.

use actionlayer_domain::{Draft, DraftBody, DraftId};
use actionlayer_store::{DraftFilter, DraftVersion, Page, PageRequest, Row, keys};

use crate::{App, Caller, ServiceError, permission::Require as _};

/// Drafts, newest first, without their bodies.
pub async fn list_drafts(
    app: &App,
    caller: &Caller,
    mut filter: DraftFilter,
    page: PageRequest,
) -> Result<Page<Draft>, ServiceError> {
    filter.identity_id = caller.listed_identity(filter.identity_id)?;
    Ok(app.store.list_drafts(caller.workspace_id, &filter, &page).await?)
}

/// A draft of the caller's workspace that the caller may see.
pub(crate) async fn visible(app: &App, caller: &Caller, id: DraftId) -> Result<Row<Draft>, ServiceError> {
    let row = app.store.get::<Draft>(&keys::draft(caller.workspace_id, id)).await?;
    row.filter(|row| caller.sees(row.value.identity_id)).ok_or(ServiceError::NotFound { what: "draft" })
}

/// A draft with its bodies.
pub async fn get_draft(app: &App, caller: &Caller, id: DraftId) -> Result<(Draft, DraftBody), ServiceError> {
    let row = visible(app, caller, id).await?;
    let body = app.store.body(&row).await?;
    Ok((row.value, body))
}

/// What a draft was before each of its edits, oldest first.
pub async fn list_draft_versions(
    app: &App,
    caller: &Caller,
    id: DraftId,
) -> Result<Vec<(DraftVersion, DraftBody)>, ServiceError> {
    visible(app, caller, id).await?;
    let rows = app.store.draft_versions(caller.workspace_id, id).await?;
    let mut versions = Vec::with_capacity(rows.len());
    for row in rows {
        let body = app.store.body(&row).await?;
        versions.push((row.value, body));
    }
    Ok(versions)
}
