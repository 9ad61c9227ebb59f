//! What only this machine has: `/healthz` and everything under `/local`.

use std::sync::Arc;

use actionlayer_service::{App, accounts::first_owner::issue_start_link};
use axum::{
    Json, Router,
    extract::{OriginalUri, State},
    http::StatusCode,
    middleware,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde_json::json;

use crate::{
    clock::{self, LocalClock},
    counters,
    dns::{self, RecordsProvider, Zones},
    engine::Sweep,
    faults::{self, Faults},
    gateway::refusal,
    local_access::{self, LocalToken},
    mail_page::{self, MailPage},
    outbox::{self, Outbox},
    slack::{self, Slack},
    smtp::{self, Receiver, Verdicts},
    stripe::{self, Stripe},
    telegram::{self, Telegram},
};

/// What the routes work with.
pub(crate) struct LocalRoutes {
    pub(crate) outbox: Arc<Outbox>,
    pub(crate) receiver: Arc<Receiver>,
    pub(crate) verdicts: Verdicts,
    pub(crate) zones: Zones,
    pub(crate) records: Arc<dyn RecordsProvider>,
    pub(crate) faults: Arc<Faults>,
    pub(crate) clock: Arc<LocalClock>,
    pub(crate) sweep: Sweep,
    pub(crate) slack: Arc<Slack>,
    pub(crate) telegram: Arc<Telegram>,
    pub(crate) stripe: Arc<Stripe>,
    pub(crate) app: Arc<App>,
}

/// `/healthz`, for whoever watches over the engine.
pub(crate) fn health() -> Router {
    Router::new().route("/healthz", get(healthz))
}

/// Everything under `/local`, for this machine alone.
pub(crate) fn router(routes: LocalRoutes, token: LocalToken) -> Router {
    let mail = MailPage { outbox: routes.outbox.clone(), receiver: routes.receiver, clock: routes.clock.clone() };
    Router::new()
        .route("/local/sweep", post(sweep))
        .with_state(routes.sweep)
        .merge(Router::new().route("/local/start-link", post(start_link)).with_state(routes.app))
        .route("/local", get(unknown))
        .route("/local/{*path}", axum::routing::any(unknown))
        .merge(outbox::router(routes.outbox))
        .merge(mail_page::router(mail))
        .merge(smtp::verdicts_router(routes.verdicts))
        .merge(dns::router(routes.zones, routes.records))
        .merge(faults::router(routes.faults))
        .merge(clock::router(routes.clock))
        .merge(slack::local_router(routes.slack))
        .merge(telegram::local_router(routes.telegram))
        .merge(stripe::local_router(routes.stripe))
        .merge(counters::router())
        .method_not_allowed_fallback(wrong_method)
        .layer(middleware::from_fn_with_state(token, local_access::guard))
}

async fn healthz() -> Response {
    Json(json!({ "status": "ok" })).into_response()
}

/// Runs the schedule's function now and waits for it.
async fn sweep(State(sweep): State<Sweep>) -> Response {
    match sweep.run_once().await {
        Ok(answer) => Json(json!({ "swept": true, "answer": answer })).into_response(),
        Err(error) => {
            let body = json!({ "error": "internal_error", "message": error.to_string() });
            (StatusCode::INTERNAL_SERVER_ERROR, Json(body)).into_response()
        }
    }
}

/// Another link that signs the owner in, as the one printed at the start.
async fn start_link(State(app): State<Arc<App>>) -> Response {
    match issue_start_link(&app).await {
        Ok(url) => Json(json!({ "url": url })).into_response(),
        Err(error) => {
            let body = json!({ "error": "internal_error", "message": error.to_string() });
            (StatusCode::INTERNAL_SERVER_ERROR, Json(body)).into_response()
        }
    }
}

async fn unknown(OriginalUri(uri): OriginalUri) -> Response {
    let message = format!("There is no {}. See the lines printed at the start.", uri.path());
    refusal(StatusCode::NOT_FOUND, "not_found", &message, &request_id())
}

async fn wrong_method(OriginalUri(uri): OriginalUri) -> Response {
    let message = format!("{} does not take this method.", uri.path());
    refusal(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", &message, &request_id())
}

fn request_id() -> String {
    uuid::Uuid::from_bytes(crate::ses::random()).to_string()
}
