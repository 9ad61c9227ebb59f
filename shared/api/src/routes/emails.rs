//! Mail that no draft and no person stands before.

use std::sync::Arc;

use actionlayer_domain::{IdentityId, ThreadId};
use actionlayer_service::{
    App,
    outbound::{
        reply_email::{self as reply, ReplyEmail},
        send_email::{self as send, SendEmail},
    },
};
use axum::{Json, extract::State, http::StatusCode};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::attachments::{self, NewAttachment};
use crate::{Addresses, ApiError, Authenticated, JsonBody, NoQuery, OnceOnly, views::SentView};

/// The operations on this resource.
pub fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(send_email)).routes(routes!(reply_email))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "identity_id": "0197f3a0-5c1e-7d2a-9f00-1234567890ab",
    "to": ["ada@example.com"],
    "subject": "Opening hours",
    "body_text": "We open at nine from now on."
}))]
pub(crate) struct NewEmail {
    identity_id: IdentityId,
    to: Addresses,
    cc: Option<Addresses>,
    bcc: Option<Addresses>,
    subject: String,
    body_text: Option<String>,
    body_html: Option<String>,
    attachments: Option<Vec<NewAttachment>>,
    /// Tags of the thread it starts.
    #[serde(default)]
    tags: Vec<String>,
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
    JsonBody(body): JsonBody<NewEmail>,
) -> Result<(StatusCode, Json<SentView>), ApiError> {
    let email = SendEmail {
        identity_id: body.identity_id,
        to: body.to.0,
        cc: body.cc.unwrap_or_default().0,
        bcc: body.bcc.unwrap_or_default().0,
        subject: body.subject,
        body_text: body.body_text,
        body_html: body.body_html,
        attachments: attachments::all(body.attachments),
        tags: body.tags,
    };
    let (message, _) = send::send_email(&app, &caller, &idempotency, email).await?;
    Ok((StatusCode::ACCEPTED, Json(SentView::of(&message))))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "thread_id": "0197f3a0-5c1e-7d2a-9f00-1234567890ab", "identity_id": "0197f3a0-5c1e-7d2a-9f00-1234567890ab", "body_text": "We open at nine." }))]
pub(crate) struct NewReply {
    thread_id: ThreadId,
    identity_id: IdentityId,
    body_text: Option<String>,
    body_html: Option<String>,
    cc: Option<Addresses>,
    bcc: Option<Addresses>,
    attachments: Option<Vec<NewAttachment>>,
    /// Whether the message answered is quoted below the text.
    #[serde(default)]
    quote_history: bool,
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
    JsonBody(body): JsonBody<NewReply>,
) -> Result<(StatusCode, Json<SentView>), ApiError> {
    let email = ReplyEmail {
        thread_id: body.thread_id,
        identity_id: body.identity_id,
        body_text: body.body_text,
        body_html: body.body_html,
        cc: body.cc.unwrap_or_default().0,
        bcc: body.bcc.unwrap_or_default().0,
        attachments: attachments::all(body.attachments),
        quote_history: body.quote_history,
    };
    let (message, _) = reply::reply_email(&app, &caller, &idempotency, email).await?;
    Ok((StatusCode::ACCEPTED, Json(SentView::of(&message))))
}
