//! The API's own description, for programs and for people.

use std::sync::{Arc, OnceLock};

use actionlayer_pages::{policy, reference};
use actionlayer_service::App;
use axum::{
    extract::State,
    http::{HeaderName, header},
    response::{Html, IntoResponse, Response},
};

use crate::{ApiError, NoQuery};

operations! {
    get_openapi;
    get_docs;
}

/// Written by `cargo run -p actionlayer-local -- openapi`; a test holds it to the code.
const DOCUMENT: &str = include_str!("../../../../infra/openapi.json");

/// Retrieve the OpenAPI document
#[utoipa::path(
    get, path = "/v1/openapi.json", tag = "Document",
    security(()),
    responses((status = 200, description = "OpenAPI 3.1.", body = Object)),
    extensions(("x-static" = json!(true)))
)]
pub(crate) async fn get_openapi(State(_): State<Arc<App>>, _: NoQuery) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], DOCUMENT).into_response()
}

/// What the page may load: nothing but its own style.
const HEADERS: [(HeaderName, &str); 2] =
    [(header::CONTENT_SECURITY_POLICY, policy::REFERENCE), (header::REFERRER_POLICY, "no-referrer")];

/// Read the API reference
///
/// This document as a page to read.
#[utoipa::path(
    get, path = "/v1/docs", tag = "Document",
    security(()),
    responses((status = 200, description = "A page.", body = String, content_type = "text/html")),
    extensions(("x-static" = json!(true)))
)]
pub(crate) async fn get_docs(State(_): State<Arc<App>>, _: NoQuery) -> Result<Response, ApiError> {
    static PAGE: OnceLock<Option<String>> = OnceLock::new();
    match PAGE.get_or_init(|| reference::page(DOCUMENT)) {
        Some(page) => Ok((HEADERS, Html(page.as_str())).into_response()),
        None => Err(ApiError::internal("the page of the document cannot be made")),
    }
}
