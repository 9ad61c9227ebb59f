//! Drafts.

use std::sync::Arc;

use actionlayer_api::{
    Addresses, ApiError, Authenticated, Id, JsonBody, List, NoFields, NoQuery, OptionalJsonBody, Query, nullable,
    views::{DraftVersionView, DraftView},
};
use actionlayer_domain::{Draft, DraftBody, DraftId, DraftStatus, IdentityId, MessageId, ThreadId};
use actionlayer_service::{
    App, decide_draft as decide,
    edit_draft::{self as edit, EditDraft},
    read_drafts as read, send_draft as send,
    submit_draft::{self as submit, SubmitDraft},
};
use actionlayer_store::DraftFilter;
use axum::{Json, extract::State, http::StatusCode};
use serde::Deserialize;

fn view((draft, body): (Draft, DraftBody)) -> Json<DraftView> {
    Json(DraftView::of(draft, Some(body)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewDraft {
    thread_id: ThreadId,
    identity_id: IdentityId,
    based_on_message_id: MessageId,
    body_text: Option<String>,
    body_html: Option<String>,
    subject_override: Option<String>,
    cc: Option<Addresses>,
    bcc: Option<Addresses>,
    rationale: Option<String>,
    metadata: Option<serde_json::Value>,
}

pub(crate) async fn submit_draft(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    _: NoQuery,
    JsonBody(body): JsonBody<NewDraft>,
) -> Result<(StatusCode, Json<DraftView>), ApiError> {
    let draft = SubmitDraft {
        thread_id: body.thread_id,
        identity_id: body.identity_id,
        based_on_message_id: body.based_on_message_id,
        body_text: body.body_text,
        body_html: body.body_html,
        subject_override: body.subject_override,
        cc: body.cc.unwrap_or_default().0,
        bcc: body.bcc.unwrap_or_default().0,
        rationale: body.rationale,
        metadata: body.metadata,
    };
    Ok((StatusCode::CREATED, view(submit::submit_draft(&app, &caller, draft).await?)))
}

pub(crate) async fn list_drafts(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    mut query: Query,
) -> Result<Json<List<DraftView>>, ApiError> {
    let request = query.page();
    let filter = DraftFilter {
        thread_id: query.parsed::<ThreadId>("thread_id"),
        status: query.choice::<DraftStatus>("status"),
        identity_id: query.parsed::<IdentityId>("identity_id"),
    };
    query.finish()?;
    let page = read::list_drafts(&app, &caller, filter, request.clone()).await?;
    Ok(Json(List::of(page, &request, |draft| DraftView::of(draft, None))))
}

pub(crate) async fn get_draft(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    Id(id): Id<DraftId>,
    _: NoQuery,
) -> Result<Json<DraftView>, ApiError> {
    Ok(view(read::get_draft(&app, &caller, id).await?))
}

#[allow(clippy::option_option, reason = "absent, null and a value are three different wishes")]
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DraftEdit {
    #[serde(default, deserialize_with = "nullable")]
    body_text: Option<Option<String>>,
    #[serde(default, deserialize_with = "nullable")]
    body_html: Option<Option<String>>,
    #[serde(default, deserialize_with = "nullable")]
    subject_override: Option<Option<String>>,
    cc: Option<Addresses>,
    bcc: Option<Addresses>,
    #[serde(default, deserialize_with = "nullable")]
    rationale: Option<Option<String>>,
    #[serde(default, deserialize_with = "nullable")]
    metadata: Option<Option<serde_json::Value>>,
    version: Option<u32>,
}

pub(crate) async fn edit_draft(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    Id(id): Id<DraftId>,
    _: NoQuery,
    JsonBody(body): JsonBody<DraftEdit>,
) -> Result<Json<DraftView>, ApiError> {
    let change = EditDraft {
        body_text: body.body_text,
        body_html: body.body_html,
        subject_override: body.subject_override,
        cc: body.cc.map(|cc| cc.0),
        bcc: body.bcc.map(|bcc| bcc.0),
        rationale: body.rationale,
        metadata: body.metadata,
        version: body.version,
    };
    Ok(view(edit::edit_draft(&app, &caller, id, change).await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Approval {
    version: Option<u32>,
}

pub(crate) async fn approve_draft(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    Id(id): Id<DraftId>,
    _: NoQuery,
    OptionalJsonBody(body): OptionalJsonBody<Approval>,
) -> Result<Json<DraftView>, ApiError> {
    Ok(view(decide::approve_draft(&app, &caller, id, body.version).await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rejection {
    reason: Option<String>,
}

pub(crate) async fn reject_draft(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    Id(id): Id<DraftId>,
    _: NoQuery,
    OptionalJsonBody(body): OptionalJsonBody<Rejection>,
) -> Result<Json<DraftView>, ApiError> {
    Ok(view(decide::reject_draft(&app, &caller, id, body.reason).await?))
}

pub(crate) async fn send_draft(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    Id(id): Id<DraftId>,
    _: NoQuery,
    OptionalJsonBody(NoFields {}): OptionalJsonBody<NoFields>,
) -> Result<(StatusCode, Json<DraftView>), ApiError> {
    Ok((StatusCode::ACCEPTED, view(send::send_draft(&app, &caller, id).await?)))
}

pub(crate) async fn notify_draft(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    Id(id): Id<DraftId>,
    _: NoQuery,
    OptionalJsonBody(NoFields {}): OptionalJsonBody<NoFields>,
) -> Result<(StatusCode, Json<DraftView>), ApiError> {
    Ok((StatusCode::ACCEPTED, view(send::notify_draft(&app, &caller, id).await?)))
}

pub(crate) async fn list_draft_versions(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    Id(id): Id<DraftId>,
    _: NoQuery,
) -> Result<Json<List<DraftVersionView>>, ApiError> {
    let versions = read::list_draft_versions(&app, &caller, id).await?;
    Ok(Json(List::whole(versions.into_iter().map(|(version, body)| DraftVersionView::of(version, body)).collect())))
}
