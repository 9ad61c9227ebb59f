//! `/v1/threads`, `/v1/messages`, `/v1/inbound`.
//!
//! **Job.** Take a request apart, call the use case, show its answer.
//!
//! **Invariants.** What came by mail is shown as data, marked untrusted; files and raw mail are never served from here,
//! only pointed to.
//!
//! **Must never know.** Lambda, the table, the bucket.

mod inbound;
mod messages;
mod threads;

use std::sync::Arc;

use actionlayer_service::App;
use axum::{
    Router,
    routing::{get, post},
};

/// The routes.
pub fn router(app: Arc<App>) -> Router {
    let routes = Router::new()
        .route("/v1/threads", get(threads::list_threads))
        .route("/v1/threads/{id}", get(threads::get_thread).patch(threads::update_thread))
        .route("/v1/messages/{id}", get(messages::get_message))
        .route("/v1/messages/{id}/raw", get(messages::get_raw_message))
        .route("/v1/messages/{id}/attachments/{attachment_id}", get(messages::get_attachment))
        .route("/v1/inbound/pending", get(inbound::list_held))
        .route("/v1/inbound/pending/{id}/approve", post(inbound::approve_held))
        .route("/v1/inbound/pending/{id}/block", post(inbound::block_held));
    actionlayer_api::serve(routes, app)
}
