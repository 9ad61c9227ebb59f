//! The style sheet and the script. Their path names what they are, so that a browser asks once.

use std::sync::Arc;

use actionlayer_api::ApiError;
use actionlayer_pages::dashboard::{ASSET_VERSION, SCRIPT, STYLE_SHEET};
use actionlayer_service::App;
use axum::{
    Router,
    extract::Path,
    response::{IntoResponse as _, Response},
    routing::get,
};
use http::header;

pub(crate) fn routes() -> Router<Arc<App>> {
    Router::new().route("/assets/{version}/{file}", get(asset))
}

/// Whether a browser may keep the answer: the path says what it is. The boundary says of every answer that nobody may.
pub(crate) fn may_keep(path: &str) -> bool {
    path.strip_prefix("/assets/")
        .and_then(|rest| rest.split_once('/'))
        .is_some_and(|(version, file)| version == *ASSET_VERSION && ["style.css", "dashboard.js"].contains(&file))
}

/// A page from before a deployment gets today's files.
async fn asset(Path((_, file)): Path<(String, String)>) -> Response {
    let (kind, text) = match file.as_str() {
        "style.css" => ("text/css; charset=utf-8", STYLE_SHEET),
        "dashboard.js" => ("text/javascript; charset=utf-8", SCRIPT),
        _ => return ApiError::no_such_path().into_response(),
    };
    ([(header::CONTENT_TYPE, kind)], text).into_response()
}
