//! Drafts.

use std::sync::Arc;

use actionlayer_domain::{Draft, DraftBody, DraftId, DraftStatus, IdentityId, ThreadId};
use actionlayer_service::{
    App,
    approvals::decide_draft::{Approval, Rejection, decide},
    drafts::{
        edit_draft::{self, DraftEdit},
        preview_html::preview_html as preview,
        read_drafts as read,
        send_draft::{self as send, Sending},
        submit_draft::{self as submit, NewDraft},
    },
};
use actionlayer_store::DraftFilter;
use axum::{Json, extract::State, http::StatusCode};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    ApiError, Authenticated, Id, JsonBody, List, NoFields, NoQuery, OnceOnly, OptionalJsonBody, Query,
    openapi::Paging,
    views::{DraftVersionView, DraftView, HtmlPreviewView},
};

operations! {
    list_drafts, submit_draft;
    preview_draft;
    get_draft, edit_draft;
    approve_draft;
    reject_draft;
    send_draft;
    notify_draft;
    list_draft_versions;
}

fn view((draft, body): (Draft, DraftBody)) -> Json<DraftView> {
    Json(DraftView::of(draft, Some(body)))
}

/// Create a draft
///
/// The approvers of its identity are asked; nothing is sent until one of them approves. `stale_warning` says that newer
/// mail had already arrived in the thread, or that another undecided draft answers the same message. With `to` and `subject` in place of `thread_id` the draft starts a thread,
/// if its identity has `can_send_cold`.
#[utoipa::path(
    post, path = "/v1/drafts", tag = "Drafts",
    request_body = NewDraft,
    responses((status = 201, description = "The draft, pending, or on its way where the identity approves replies by itself.", body = DraftView)),
    extensions(("x-errors" = json!(["not_found", "cold_send_blocked", "identity_suspended", "conflict"])))
)]
pub(crate) async fn submit_draft(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    OnceOnly(idempotency): OnceOnly,
    _: NoQuery,
    JsonBody(draft): JsonBody<NewDraft>,
) -> Result<(StatusCode, Json<DraftView>), ApiError> {
    Ok((StatusCode::CREATED, view(submit::submit_draft(&app, &caller, &idempotency, draft).await?)))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"body_html": "<p style=\"color: #333\">We open at <b>nine</b>.</p>"}))]
pub(crate) struct HtmlToPreview {
    body_html: String,
}

/// Preview HTML
///
/// What a draft with this `body_html` would send: exactly this is shown to approvers. Says what a draft would be refused for, and
/// what would be left out. Nothing is stored.
#[utoipa::path(
    post, path = "/v1/drafts/preview", tag = "Drafts",
    request_body = HtmlToPreview,
    responses((status = 200, description = "The HTML as it would be sent.", body = HtmlPreviewView))
)]
pub(crate) async fn preview_draft(
    Authenticated(caller): Authenticated,
    _: NoQuery,
    JsonBody(body): JsonBody<HtmlToPreview>,
) -> Result<Json<HtmlPreviewView>, ApiError> {
    Ok(Json(preview(&caller, &body.body_html)?.into()))
}

/// List drafts
///
/// Newest first, without their bodies.
#[utoipa::path(
    get, path = "/v1/drafts", tag = "Drafts",
    params(
        Paging,
        ("thread_id" = Option<ThreadId>, Query, description = "Only drafts of this thread."),
        ("status" = Option<DraftStatus>, Query, description = "Only drafts in this state."),
        ("identity_id" = Option<IdentityId>, Query, description = "Only drafts of this identity."),
    ),
    responses((status = 200, description = "A page of drafts.", body = List<DraftView>))
)]
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

/// Retrieve a draft
#[utoipa::path(
    get, path = "/v1/drafts/{id}", tag = "Drafts",
    params(("id" = DraftId, Path, description = "The draft.")),
    responses((status = 200, description = "The draft.", body = DraftView))
)]
pub(crate) async fn get_draft(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    Id(id): Id<DraftId>,
    _: NoQuery,
) -> Result<Json<DraftView>, ApiError> {
    Ok(view(read::get_draft(&app, &caller, id).await?))
}

/// Update a draft
///
/// Makes a new version of a pending draft. The previous one stays in `/versions`, and approvers are asked about the new
/// one.
#[utoipa::path(
    patch, path = "/v1/drafts/{id}", tag = "Drafts",
    params(("id" = DraftId, Path, description = "The draft.")),
    request_body = DraftEdit,
    responses((status = 200, description = "The draft as it is now.", body = DraftView)),
    extensions(("x-errors" = json!(["draft_not_pending", "stale_draft", "conflict"])))
)]
pub(crate) async fn edit_draft(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    Id(id): Id<DraftId>,
    _: NoQuery,
    JsonBody(edit): JsonBody<DraftEdit>,
) -> Result<Json<DraftView>, ApiError> {
    Ok(view(edit_draft::edit_draft(&app, &caller, id, edit).await?))
}

/// Approve a draft
///
/// Approving does not send it.
#[utoipa::path(
    post, path = "/v1/drafts/{id}/approve", tag = "Drafts",
    params(("id" = DraftId, Path, description = "The draft.")),
    request_body = Option<Approval>,
    responses((status = 200, description = "The draft, approved.", body = DraftView)),
    extensions(("x-errors" = json!(["draft_not_pending", "stale_draft", "conflict"])))
)]
pub(crate) async fn approve_draft(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    Id(id): Id<DraftId>,
    _: NoQuery,
    OptionalJsonBody(body): OptionalJsonBody<Approval>,
) -> Result<Json<DraftView>, ApiError> {
    Ok(view(decide(&app, &caller, id, &body.into()).await?))
}

/// Reject a draft
#[utoipa::path(
    post, path = "/v1/drafts/{id}/reject", tag = "Drafts",
    params(("id" = DraftId, Path, description = "The draft.")),
    request_body = Option<Rejection>,
    responses((status = 200, description = "The draft, rejected.", body = DraftView)),
    extensions(("x-errors" = json!(["draft_not_pending", "send_in_progress", "conflict"])))
)]
pub(crate) async fn reject_draft(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    Id(id): Id<DraftId>,
    _: NoQuery,
    OptionalJsonBody(body): OptionalJsonBody<Rejection>,
) -> Result<Json<DraftView>, ApiError> {
    Ok(view(decide(&app, &caller, id, &body.into()).await?))
}

/// Send a draft
///
/// Sends an approved draft; with a `full` key, a pending one too. 202 says that it is on its way: read the draft until
/// its status is `sent`, `stale` or `failed`.
#[utoipa::path(
    post, path = "/v1/drafts/{id}/send", tag = "Drafts",
    params(("id" = DraftId, Path, description = "The draft.")),
    request_body = Option<Sending>,
    responses((status = 202, description = "The draft, queued.", body = DraftView)),
    extensions(("x-errors" = json!(["approval_required", "draft_not_pending", "already_sent", "send_in_progress", "stale_draft", "identity_suspended", "recipient_suppressed", "plan_limit_reached", "conflict"])))
)]
pub(crate) async fn send_draft(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    Id(id): Id<DraftId>,
    _: NoQuery,
    OptionalJsonBody(sending): OptionalJsonBody<Sending>,
) -> Result<(StatusCode, Json<DraftView>), ApiError> {
    Ok((StatusCode::ACCEPTED, view(send::send_draft(&app, &caller, id, sending).await?)))
}

/// Notify the approvers of a draft
///
/// Asks the approvers of a pending draft again.
#[utoipa::path(
    post, path = "/v1/drafts/{id}/notify", tag = "Drafts",
    params(("id" = DraftId, Path, description = "The draft.")),
    responses((status = 202, description = "The draft; its approvers are being asked.", body = DraftView)),
    extensions(("x-errors" = json!(["draft_not_pending", "stale_draft", "conflict"])))
)]
pub(crate) async fn notify_draft(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    Id(id): Id<DraftId>,
    _: NoQuery,
    OptionalJsonBody(NoFields {}): OptionalJsonBody<NoFields>,
) -> Result<(StatusCode, Json<DraftView>), ApiError> {
    Ok((StatusCode::ACCEPTED, view(send::notify_draft(&app, &caller, id).await?)))
}

/// List the versions of a draft
///
/// Earlier versions, newest first.
#[utoipa::path(
    get, path = "/v1/drafts/{id}/versions", tag = "Drafts",
    params(("id" = DraftId, Path, description = "The draft.")),
    responses((status = 200, description = "All earlier versions.", body = List<DraftVersionView>))
)]
pub(crate) async fn list_draft_versions(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    Id(id): Id<DraftId>,
    _: NoQuery,
) -> Result<Json<List<DraftVersionView>>, ApiError> {
    let versions = read::list_draft_versions(&app, &caller, id).await?;
    Ok(Json(List::whole(versions.into_iter().map(|(version, body)| DraftVersionView::of(version, body)).collect())))
}
