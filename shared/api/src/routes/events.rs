//! What happened.

use std::sync::Arc;

use actionlayer_domain::{IdentityId, event::EventType};
use actionlayer_service::{App, events::list_events as events};
use axum::{Json, extract::State};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{ApiError, Authenticated, List, Query, openapi::Paging, views::EventView};

/// The operations on this resource.
pub fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(list_events))
}

/// List events
///
/// The events of the last 30 days, newest first. An event appears moments after what it tells of. Those of one moment
/// come in no certain order; `id` is the same here and in every delivery. A key that is bound to identities sees the
/// events about them only.
#[utoipa::path(
    get, path = "/v1/events", tag = "Events",
    params(
        Paging,
        ("type" = Option<EventType>, Query, description = "Only events of this type."),
        ("identity_id" = Option<IdentityId>, Query, description = "Only events about this identity."),
    ),
    responses((status = 200, description = "A page of events.", body = List<EventView>)),
    extensions(("x-errors" = json!(["not_found"])))
)]
pub(crate) async fn list_events(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    mut query: Query,
) -> Result<Json<List<EventView>>, ApiError> {
    let request = query.page();
    let event_type = query.choice::<EventType>("type");
    let identity_id = query.parsed::<IdentityId>("identity_id");
    query.finish()?;
    let page = events::list_events(&app, &caller, event_type, identity_id, &request).await?;
    Ok(Json(List::of(page, &request, EventView::of)))
}
