//! Mail held for senders nobody decided about.

use std::sync::Arc;

use actionlayer_domain::{HeldId, IdentityId};
use actionlayer_service::{App, inbound::held};
use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    ApiError, Authenticated, Id, List, NoFields, NoQuery, OptionalJsonBody, Query, openapi::Paging, views::HeldView,
};

operations! {
    list_held;
    approve_held;
    block_held;
}

/// List held messages
///
/// Mail of new senders that waits for a decision.
#[utoipa::path(
    get, path = "/v1/inbound/pending", tag = "Pending senders",
    params(
        Paging,
        ("identity_id" = Option<IdentityId>, Query, description = "Only mail that was sent to this identity."),
    ),
    responses((status = 200, description = "A page of held mail.", body = List<HeldView>))
)]
pub(crate) async fn list_held(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    mut query: Query,
) -> Result<Json<List<HeldView>>, ApiError> {
    let request = query.page();
    let identity_id = query.parsed::<IdentityId>("identity_id");
    query.finish()?;
    let page = held::list_held(&app, &caller, identity_id, request.clone()).await?;
    Ok(Json(List::of(page, &request, HeldView::of)))
}

/// The answer to a decision about a sender.
#[derive(Serialize, ToSchema)]
#[schema(as = SenderDecision)]
pub(crate) struct Decided {
    status: &'static str,
    /// How many held mails became messages of threads.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    received: Option<usize>,
}

/// Approve a held sender
///
/// Trusts the sender, and receives all mail held for them in the order it arrived.
#[utoipa::path(
    post, path = "/v1/inbound/pending/{id}/approve", tag = "Pending senders",
    params(("id" = HeldId, Path, description = "Any held mail of the sender.")),
    responses((status = 200, description = "The sender is trusted.", body = Decided))
)]
pub(crate) async fn approve_held(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    Id(id): Id<HeldId>,
    _: NoQuery,
    OptionalJsonBody(NoFields {}): OptionalJsonBody<NoFields>,
) -> Result<Json<Decided>, ApiError> {
    let received = held::approve_held(&app, &caller, id).await?;
    Ok(Json(Decided { status: "approved", received: Some(received) }))
}

/// Block a held sender
///
/// Blocks the sender, and drops all mail held for them.
#[utoipa::path(
    post, path = "/v1/inbound/pending/{id}/block", tag = "Pending senders",
    params(("id" = HeldId, Path, description = "Any held mail of the sender.")),
    responses((status = 200, description = "The sender is blocked.", body = Decided))
)]
pub(crate) async fn block_held(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    Id(id): Id<HeldId>,
    _: NoQuery,
    OptionalJsonBody(NoFields {}): OptionalJsonBody<NoFields>,
) -> Result<Json<Decided>, ApiError> {
    held::block_held(&app, &caller, id).await?;
    Ok(Json(Decided { status: "blocked", received: None }))
}
