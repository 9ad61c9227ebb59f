//! `/messages/{id}/html`, `/raw` and `/files/{file}`: what a mail consists of.

use std::sync::Arc;

use actionlayer_domain::MessageId;
use actionlayer_pages::{dashboard::Section, policy, screens::mail_frame};
use actionlayer_service::{App, ServiceError, threads::messages};
use axum::{
    Router,
    extract::{Path, State},
    http::{HeaderValue, header},
    response::{Html, IntoResponse as _, Response},
    routing::get,
};

use super::answer::{failed, see_other};
use crate::SignedIn;

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/messages/{id}/html", get(html))
        .route("/messages/{id}/raw", get(raw))
        .route("/messages/{id}/files/{file}", get(file))
}

const NO_SUCH: ServiceError = ServiceError::NotFound { what: "message" };

fn message_id(text: &str) -> Result<MessageId, ServiceError> {
    text.parse().map_err(|_| NO_SUCH)
}

async fn html(State(app): State<Arc<App>>, visitor: SignedIn, Path(id): Path<String>) -> Response {
    let found = async {
        let (_, body) = messages::get_message(&app, &visitor.caller, message_id(&id)?).await?;
        body.html.ok_or(NO_SUCH)
    };
    match found.await {
        Ok(html) => frame(mail_frame::inbound(&html)),
        Err(error) => failed(&visitor, Section::Inbox, &error),
    }
}

/// A document for a frame without rights.
pub(super) fn frame(document: String) -> Response {
    let mut response = Html(document).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy::MAIL_FRAME));
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("SAMEORIGIN"));
    response
}

async fn raw(State(app): State<Arc<App>>, visitor: SignedIn, Path(id): Path<String>) -> Response {
    let found = async { messages::get_raw_message(&app, &visitor.caller, message_id(&id)?).await };
    match found.await {
        Ok(link) => see_other(&link.url),
        Err(error) => failed(&visitor, Section::Inbox, &error),
    }
}

async fn file(State(app): State<Arc<App>>, visitor: SignedIn, Path((id, file)): Path<(String, String)>) -> Response {
    let found = async { messages::get_attachment(&app, &visitor.caller, message_id(&id)?, &file).await };
    match found.await {
        Ok(link) => see_other(&link.url),
        Err(error) => failed(&visitor, Section::Inbox, &error),
    }
}
