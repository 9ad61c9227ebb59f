//! Suppressed addresses.

use std::sync::Arc;

use actionlayer_service::{App, contacts::suppressions};
use axum::{Json, extract::State, http::StatusCode};

use crate::{ApiError, Authenticated, IdOrAddress, List, NoQuery, Query, openapi::Paging, views::SuppressionView};

operations! {
    list_suppressions;
    delete_suppression;
}

/// List suppressed addresses
///
/// Newest first. Mail to these addresses bounced permanently or was reported as spam. Nothing more is sent to them.
#[utoipa::path(
    get, path = "/v1/suppressions", tag = "Suppressions",
    params(Paging),
    responses((status = 200, description = "A page of addresses.", body = List<SuppressionView>)),
    extensions(("x-errors" = json!(["forbidden"])))
)]
pub(crate) async fn list_suppressions(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    mut query: Query,
) -> Result<Json<List<SuppressionView>>, ApiError> {
    let request = query.page();
    query.finish()?;
    let page = suppressions::list_suppressions(&app, &caller, request.clone()).await?;
    Ok(Json(List::of(page, &request, SuppressionView::of)))
}

/// Delete a suppression
///
/// Mail to the address is sent again. If it bounces, the address is suppressed again.
#[utoipa::path(
    delete, path = "/v1/suppressions/{id}", tag = "Suppressions",
    params(("id" = String, Path, description = "Its id, or the address itself.", example = "ada@example.com")),
    responses((status = 204, description = "It is off the list."))
)]
pub(crate) async fn delete_suppression(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    IdOrAddress(name): IdOrAddress,
    _: NoQuery,
) -> Result<StatusCode, ApiError> {
    suppressions::delete_suppression(&app, &caller, &name).await?;
    Ok(StatusCode::NO_CONTENT)
}
