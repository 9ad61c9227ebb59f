//! Mail that no draft and no person stands before.

use std::sync::Arc;

use actionlayer_api::{Addresses, ApiError, Authenticated, JsonBody, NoQuery, views::SentView};
use actionlayer_domain::{IdentityId, ThreadId};
use actionlayer_service::{
    App,
    reply_email::{self as reply, ReplyEmail},
    send_email::{self as send, SendEmail},
};
use axum::{Json, extract::State, http::StatusCode};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewEmail {
    identity_id: IdentityId,
    to: Addresses,
    cc: Option<Addresses>,
    bcc: Option<Addresses>,
    subject: String,
    body_text: Option<String>,
    body_html: Option<String>,
}

pub(crate) async fn send_email(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
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
    };
    let (message, _) = send::send_email(&app, &caller, email).await?;
    Ok((StatusCode::ACCEPTED, Json(SentView::of(&message))))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewReply {
    thread_id: ThreadId,
    identity_id: IdentityId,
    body_text: Option<String>,
    body_html: Option<String>,
    cc: Option<Addresses>,
    bcc: Option<Addresses>,
}

pub(crate) async fn reply_email(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
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
    };
    let (message, _) = reply::reply_email(&app, &caller, email).await?;
    Ok((StatusCode::ACCEPTED, Json(SentView::of(&message))))
}
