//! `POST /local/dns/publish` and `DELETE /local/dns/{domain}`: what a domain's owner does at their registrar.

use std::sync::Arc;

use async_trait::async_trait;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, post};
use axum::{Json, Router};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::json;

use super::{ZoneRecord, Zones};

/// The records a domain waits for could not be had.
#[derive(Debug, thiserror::Error)]
pub enum RecordsError {
    /// What was asked answered with an error of its own.
    #[error("the domain's records could not be read")]
    Source(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Knows which records a domain added to the product waits for.
#[async_trait]
pub trait RecordsProvider: Send + Sync {
    /// The records of `domain` (lower case); `None` when no such domain was added.
    async fn records(&self, domain: &str) -> Result<Option<Vec<ZoneRecord>>, RecordsError>;
}

#[derive(Clone)]
struct Routes {
    zones: Zones,
    provider: Arc<dyn RecordsProvider>,
}

/// The routes, to be merged into the engine's own.
pub fn router(zones: Zones, provider: Arc<dyn RecordsProvider>) -> Router {
    Router::new()
        .route("/local/dns/publish", post(publish))
        .route("/local/dns/{domain}", delete(unpublish))
        .with_state(Routes { zones, provider })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Publish {
    domain: String,
}

async fn publish(State(routes): State<Routes>, body: Bytes) -> Response {
    // From bytes: `curl -d` without a content type is welcome here.
    let domain = match serde_json::from_slice::<Publish>(&body) {
        Ok(body) => super::canonical(&body.domain),
        Err(error) if error.is_data() => {
            return refusal(StatusCode::UNPROCESSABLE_ENTITY, "validation_error", &error.to_string());
        }
        Err(error) => return refusal(StatusCode::BAD_REQUEST, "invalid_json", &error.to_string()),
    };
    let records = match routes.provider.records(&domain).await {
        Ok(Some(records)) => records,
        Ok(None) => {
            let message = format!("No domain {domain} waits for DNS records. Add it with POST /v1/domains first.");
            return refusal(StatusCode::NOT_FOUND, "not_found", &message);
        }
        Err(error) => return failure(&error),
    };
    match routes.zones.publish(&domain, records.clone()).await {
        Ok(()) => Json(json!({"domain": domain, "records": records})).into_response(),
        Err(error) => failure(&error),
    }
}

async fn unpublish(State(routes): State<Routes>, Path(domain): Path<String>) -> Response {
    match routes.zones.unpublish(&domain).await {
        Ok(true) => StatusCode::NO_CONTENT.into_response(),
        Ok(false) => refusal(StatusCode::NOT_FOUND, "not_found", "No zone of that name is published."),
        Err(error) => failure(&error),
    }
}

fn refusal(status: StatusCode, code: &str, message: &str) -> Response {
    (status, Json(json!({"error": code, "message": message}))).into_response()
}

fn failure(error: &(dyn std::error::Error + 'static)) -> Response {
    tracing::error!(error, "publishing DNS records failed");
    refusal(StatusCode::INTERNAL_SERVER_ERROR, "internal", "The local engine could not do this; see its log.")
}
