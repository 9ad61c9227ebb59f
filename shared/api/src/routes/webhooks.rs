//! Webhooks and their deliveries.

use std::sync::Arc;

use actionlayer_domain::{Timestamp, WebhookDeliveryId, WebhookId, webhook::WebhookDeliveryState};
use actionlayer_service::{
    App,
    events::{
        webhook_deliveries as deliveries,
        webhooks::{self, NewWebhook, UpdateWebhook},
    },
};
use axum::{Json, extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    ApiError, Authenticated, DeliveryId, Id, JsonBody, List, NoFields, NoQuery, OnceOnly, OptionalJsonBody, Query,
    openapi::Paging,
    views::{SecretWebhookView, WebhookDeliveryDetailView, WebhookDeliveryView, WebhookView},
};

operations! {
    list_webhooks, create_webhook;
    get_webhook, update_webhook, delete_webhook;
    rotate_webhook_secret;
    test_webhook;
    replay_webhook;
    list_webhook_deliveries;
    get_webhook_delivery;
    redeliver_webhook_delivery;
}

/// Create a webhook
///
/// From then on, each event it asks for is posted to `url` as JSON, within a second or so. A workspace has at most 20
/// webhooks.
///
/// **Check the signature.** Keep `secret`: it is shown only here and when it is rotated. `X-ActionLayer-Signature` is the
/// lowercase hexadecimal HMAC-SHA256 of the raw body, with the text of the secret as the key. The headers `webhook-id`,
/// `webhook-timestamp` and `webhook-signature` are those of [Standard Webhooks](https://www.standardwebhooks.com), whose
/// libraries verify them with the same secret.
///
/// **Answer 2xx within 15 seconds**, and do the work afterwards. Anything else is tried again, eight times in all: at once,
/// after 5 seconds, 5 and 30 minutes, 2, 5, 10 and 10 hours, each up to a fifth later. Redirects are not followed. With
/// 429 or 503 and `Retry-After` (up to an hour) everything for this URL waits that long. `webhook-delivery: abort-message`
/// ends the tries of one event; 410 disables the webhook, as does failing for five days.
///
/// **At least once.** An event may come twice, with the same `event_id` (also in `webhook-id`). While the URL answers 2xx, the
/// events of one thread come in the order in which they happened, one at a time; events of different threads come side by
/// side, at most eight at once. An event that failed is tried again by itself, and may then come after later ones:
/// `X-ActionLayer-Sequence` is a number that grows from event to event of a thread. After five failures in a row the
/// URL is given a rest of 5 seconds, then 10, and so on up to 5 minutes, with one try after each; when it answers again,
/// what waited comes in order.
///
/// The URL must be https on port 443 or 8443, and the addresses behind its name must be public. On one machine any URL will
/// do.
#[utoipa::path(
    post, path = "/v1/webhooks", tag = "Webhooks",
    request_body = NewWebhook,
    responses((status = 201, description = "The webhook with its secret.", body = SecretWebhookView)),
    extensions(("x-errors" = json!(["conflict"])))
)]
pub(crate) async fn create_webhook(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    OnceOnly(idempotency): OnceOnly,
    _: NoQuery,
    JsonBody(webhook): JsonBody<NewWebhook>,
) -> Result<(StatusCode, Json<SecretWebhookView>), ApiError> {
    let webhook = webhooks::create_webhook(&app, &caller, &idempotency, webhook).await?;
    Ok((StatusCode::CREATED, Json(SecretWebhookView::of(webhook, app.now()))))
}

/// List webhooks
///
/// Newest first. A key that is bound to identities sees none, since webhooks receive the events of the whole workspace.
#[utoipa::path(
    get, path = "/v1/webhooks", tag = "Webhooks",
    params(Paging),
    responses((status = 200, description = "A page of webhooks.", body = List<WebhookView>))
)]
pub(crate) async fn list_webhooks(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    mut query: Query,
) -> Result<Json<List<WebhookView>>, ApiError> {
    let request = query.page();
    query.finish()?;
    let page = webhooks::list_webhooks(&app, &caller, &request).await?;
    Ok(Json(List::of(page, &request, |webhook| WebhookView::of(webhook, app.now()))))
}

/// Retrieve a webhook
#[utoipa::path(
    get, path = "/v1/webhooks/{id}", tag = "Webhooks",
    params(("id" = WebhookId, Path, description = "The webhook.")),
    responses((status = 200, description = "The webhook.", body = WebhookView))
)]
pub(crate) async fn get_webhook(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    Id(id): Id<WebhookId>,
    _: NoQuery,
) -> Result<Json<WebhookView>, ApiError> {
    Ok(Json(WebhookView::of(webhooks::get_webhook(&app, &caller, id).await?, app.now())))
}

/// Update a webhook
///
/// Events that were not delivered yet go to the new `url`.
#[utoipa::path(
    patch, path = "/v1/webhooks/{id}", tag = "Webhooks",
    params(("id" = WebhookId, Path, description = "The webhook.")),
    request_body = UpdateWebhook,
    responses((status = 200, description = "The webhook as it is now.", body = WebhookView))
)]
pub(crate) async fn update_webhook(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    Id(id): Id<WebhookId>,
    _: NoQuery,
    JsonBody(patch): JsonBody<UpdateWebhook>,
) -> Result<Json<WebhookView>, ApiError> {
    Ok(Json(WebhookView::of(webhooks::update_webhook(&app, &caller, id, patch).await?, app.now())))
}

/// Delete a webhook
///
/// Events that were not delivered yet are not delivered any more.
#[utoipa::path(
    delete, path = "/v1/webhooks/{id}", tag = "Webhooks",
    params(("id" = WebhookId, Path, description = "The webhook.")),
    responses((status = 204, description = "It is gone."))
)]
pub(crate) async fn delete_webhook(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    Id(id): Id<WebhookId>,
    _: NoQuery,
) -> Result<StatusCode, ApiError> {
    webhooks::delete_webhook(&app, &caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Rotate a webhook secret
///
/// The previous secret signs along for 24 hours. The one before that is forgotten at once.
#[utoipa::path(
    post, path = "/v1/webhooks/{id}/rotate-secret", tag = "Webhooks",
    params(("id" = WebhookId, Path, description = "The webhook.")),
    responses((status = 200, description = "The webhook with its new secret.", body = SecretWebhookView))
)]
pub(crate) async fn rotate_webhook_secret(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    OnceOnly(idempotency): OnceOnly,
    Id(id): Id<WebhookId>,
    _: NoQuery,
    OptionalJsonBody(NoFields {}): OptionalJsonBody<NoFields>,
) -> Result<Json<SecretWebhookView>, ApiError> {
    Ok(Json(SecretWebhookView::of(webhooks::rotate_webhook_secret(&app, &caller, &idempotency, id).await?, app.now())))
}

/// Send a test event
///
/// Sends the webhook an event `webhook.test`, whatever it asks for and also when it is not active. It is tried at once,
/// even while the endpoint is given a rest.
#[utoipa::path(
    post, path = "/v1/webhooks/{id}/test", tag = "Webhooks",
    params(("id" = WebhookId, Path, description = "The webhook.")),
    responses((status = 202, description = "The delivery.", body = WebhookDeliveryView))
)]
pub(crate) async fn test_webhook(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    OnceOnly(idempotency): OnceOnly,
    Id(id): Id<WebhookId>,
    _: NoQuery,
    OptionalJsonBody(NoFields {}): OptionalJsonBody<NoFields>,
) -> Result<(StatusCode, Json<WebhookDeliveryView>), ApiError> {
    let delivery = deliveries::test_webhook(&app, &caller, &idempotency, id).await?;
    Ok((StatusCode::ACCEPTED, Json(WebhookDeliveryView::of(delivery))))
}

/// List deliveries
///
/// The deliveries of the last 30 days to a webhook, newest first. What the endpoint answered is shown with a single
/// delivery.
#[utoipa::path(
    get, path = "/v1/webhooks/{id}/deliveries", tag = "Webhooks",
    params(
        ("id" = WebhookId, Path, description = "The webhook."),
        Paging,
        ("state" = Option<WebhookDeliveryState>, Query, description = "Only deliveries in this state."),
    ),
    responses((status = 200, description = "A page of deliveries.", body = List<WebhookDeliveryView>))
)]
pub(crate) async fn list_webhook_deliveries(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    Id(id): Id<WebhookId>,
    mut query: Query,
) -> Result<Json<List<WebhookDeliveryView>>, ApiError> {
    let request = query.page();
    let state = query.choice::<WebhookDeliveryState>("state");
    query.finish()?;
    let page = deliveries::list_webhook_deliveries(&app, &caller, id, state, &request).await?;
    Ok(Json(List::of(page, &request, WebhookDeliveryView::of)))
}

/// Retrieve a delivery
///
/// With what was answered to each of its tries.
#[utoipa::path(
    get, path = "/v1/webhooks/{id}/deliveries/{delivery_id}", tag = "Webhooks",
    params(
        ("id" = WebhookId, Path, description = "The webhook."),
        ("delivery_id" = WebhookDeliveryId, Path, description = "The delivery."),
    ),
    responses((status = 200, description = "The delivery.", body = WebhookDeliveryDetailView))
)]
pub(crate) async fn get_webhook_delivery(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    Id(id): Id<WebhookId>,
    DeliveryId(delivery_id): DeliveryId,
    _: NoQuery,
) -> Result<Json<WebhookDeliveryDetailView>, ApiError> {
    let (delivery, answers) = deliveries::get_webhook_delivery(&app, &caller, id, delivery_id).await?;
    Ok(Json(WebhookDeliveryDetailView::of(delivery, answers)))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "since": "2026-04-30T14:00:00Z" }))]
pub(crate) struct ReplayWebhook {
    /// Of events since this time.
    since: Timestamp,
}

#[derive(Serialize, ToSchema)]
#[schema(as = WebhookReplay)]
pub(crate) struct ReplayView {
    /// How many deliveries are on their way again.
    replayed: usize,
    /// There may be more: replay again, since this time. `null` when that was all.
    continue_since: Option<Timestamp>,
}

/// Replay failed deliveries
///
/// Every delivery of the last 30 days that was given up, of an event since `since`, starts over with eight tries; up to
/// 1,000 in one request, the oldest first. Deliveries keep their ids, and their earlier attempts.
#[utoipa::path(
    post, path = "/v1/webhooks/{id}/replay", tag = "Webhooks",
    params(("id" = WebhookId, Path, description = "The webhook.")),
    request_body = ReplayWebhook,
    responses((status = 202, description = "What is on its way again.", body = ReplayView))
)]
pub(crate) async fn replay_webhook(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    Id(id): Id<WebhookId>,
    _: NoQuery,
    JsonBody(ReplayWebhook { since }): JsonBody<ReplayWebhook>,
) -> Result<(StatusCode, Json<ReplayView>), ApiError> {
    let deliveries::Replayed { replayed, continue_since } =
        deliveries::replay_webhook(&app, &caller, id, since).await?;
    Ok((StatusCode::ACCEPTED, Json(ReplayView { replayed, continue_since })))
}

/// Redeliver an event
///
/// Sends the event of a delivery again, as a delivery of its own, also when the webhook is not active. The event keeps
/// its id. It is tried at once, even while the endpoint is given a rest.
#[utoipa::path(
    post, path = "/v1/webhooks/{id}/deliveries/{delivery_id}/redeliver", tag = "Webhooks",
    params(
        ("id" = WebhookId, Path, description = "The webhook."),
        ("delivery_id" = WebhookDeliveryId, Path, description = "The delivery."),
    ),
    responses((status = 202, description = "The new delivery.", body = WebhookDeliveryView))
)]
pub(crate) async fn redeliver_webhook_delivery(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    OnceOnly(idempotency): OnceOnly,
    Id(id): Id<WebhookId>,
    DeliveryId(delivery_id): DeliveryId,
    _: NoQuery,
    OptionalJsonBody(NoFields {}): OptionalJsonBody<NoFields>,
) -> Result<(StatusCode, Json<WebhookDeliveryView>), ApiError> {
    let delivery = deliveries::redeliver(&app, &caller, &idempotency, id, delivery_id).await?;
    Ok((StatusCode::ACCEPTED, Json(WebhookDeliveryView::of(delivery))))
}
