//! What happened.

use std::sync::Arc;

use actionlayer_domain::{IdentityId, Timestamp, event::EventType};
use actionlayer_service::{
    App,
    events::list_events::{self as events, FollowFrom},
};
use axum::{Json, extract::State};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{ApiError, Authenticated, List, Query, openapi::Paging, views::EventView};

operations! {
    list_events;
}

/// Which way the log is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = EventOrder)]
pub(crate) enum Order {
    /// The oldest first, by when they happened; those that are told of late, by when they were recorded.
    Asc,
    /// The newest first.
    Desc,
}

/// List events
///
/// The events of the last 30 days, newest first, or oldest first when they are followed. An event appears moments after
/// what it tells of. Those of one moment come in no certain order; `id` is the same here and in every delivery. A key that
/// is bound to identities sees the events about them only.
///
/// **To follow** events without a webhook, ask with `wait=20`, and then again and again with `wait=20` and the `next_cursor` of
/// the last answer, which is always there. Each event is given out once and none is missed, in the order in which they happened; one
/// that is told of late comes when it is recorded. The answer comes as soon as something happened, or empty after 20 seconds. It begins with what happens from now on, or
/// `since` a time, or with `order=asc` and nothing else 30 days ago. `total` is then the number of events in the answer,
/// and `total_is_capped` says that more are there already.
#[utoipa::path(
    get, path = "/v1/events", tag = "Events",
    params(
        Paging,
        ("type" = Option<EventType>, Query, description = "Only events of this type."),
        ("identity_id" = Option<IdentityId>, Query, description = "Only events about this identity."),
        ("order" = inline(Option<Order>), Query, description = "`asc` follows the log; so do `wait` and `since`."),
        ("since" = Option<Timestamp>, Query, description = "Follow from this time on."),
        ("wait" = Option<u8>, Query, minimum = 0, maximum = 20, description = "Follow, and wait so many seconds for \
            something to happen."),
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
    let order = query.choice::<Order>("order");
    let since = query.convert("since", |text| text.parse::<Timestamp>().map_err(|error| error.to_string()));
    let wait = query.wait();
    let follows = order == Some(Order::Asc)
        || since.is_some()
        || wait.is_some()
        || request.cursor.as_deref().is_some_and(events::is_followed);
    if follows && order == Some(Order::Desc) {
        query.refuse("order", "must be `asc` where `since` or `wait` is given");
    }
    if follows && request.offset > 0 {
        query.refuse("offset", "must be 0 where events are followed: pass `next_cursor` as `cursor`");
    }
    if since.is_some() && request.cursor.is_some() {
        query.refuse("cursor", "cannot be combined with `since`: a cursor has its place already");
    }
    query.finish()?;
    if follows {
        let from = match (request.cursor, since) {
            (Some(cursor), _) => FollowFrom::Cursor(cursor),
            (None, Some(since)) => FollowFrom::Since(since),
            (None, None) if order.is_some() => FollowFrom::Start,
            (None, None) => FollowFrom::Now,
        };
        let wait = wait.unwrap_or_default();
        let (found, more, next) =
            events::follow_events(&app, &caller, event_type, identity_id, from, request.limit, wait).await?;
        let found = found.into_iter().map(EventView::of).collect();
        return Ok(Json(List::followed(found, more, request.limit, next)));
    }
    let page = events::list_events(&app, &caller, event_type, identity_id, &request).await?;
    Ok(Json(List::of(page, &request, EventView::of)))
}
