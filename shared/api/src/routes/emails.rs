//! Mail that no draft and no person stands before.

use std::sync::Arc;

use actionlayer_service::{
    App,
    outbound::{
        reply_email::{self as reply, NewReply},
        send_email::{self as send, NewEmail},
    },
};
use axum::{Json, extract::State, http::StatusCode};

use crate::{ApiError, Authenticated, JsonBody, NoQuery, OnceOnly, views::SentView};

operations! {
    send_email;
    reply_email;
}

/// Send an email
///
/// Starts a thread without approval. Requires an identity with `can_send_cold` and a key with the role `automation` or
/// `full`.
#[utoipa::path(
    post, path = "/v1/emails/send", tag = "Emails",
    request_body = NewEmail,
    responses((status = 202, description = "The message is on its way.", body = SentView)),
    extensions(("x-errors" = json!(["not_found", "cold_send_blocked", "identity_suspended", "recipient_suppressed", "plan_limit_reached", "conflict"])))
)]
pub(crate) async fn send_email(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    OnceOnly(idempotency): OnceOnly,
    _: NoQuery,
    JsonBody(email): JsonBody<NewEmail>,
) -> Result<(StatusCode, Json<SentView>), ApiError> {
    let (message, _) = send::send_email(&app, &caller, &idempotency, email).await?;
    Ok((StatusCode::ACCEPTED, Json(SentView::of(&message))))
}

/// Send a reply
///
/// Answers the newest inbound message of a thread without approval. Requires a key with the role `automation` or
/// `full`.
#[utoipa::path(
    post, path = "/v1/emails/reply", tag = "Emails",
    request_body = NewReply,
    responses((status = 202, description = "The message is on its way.", body = SentView)),
    extensions(("x-errors" = json!(["not_found", "identity_suspended", "recipient_suppressed", "plan_limit_reached", "conflict"])))
)]
pub(crate) async fn reply_email(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    OnceOnly(idempotency): OnceOnly,
    _: NoQuery,
    JsonBody(email): JsonBody<NewReply>,
) -> Result<(StatusCode, Json<SentView>), ApiError> {
    let (message, _) = reply::reply_email(&app, &caller, &idempotency, email).await?;
    Ok((StatusCode::ACCEPTED, Json(SentView::of(&message))))
}
