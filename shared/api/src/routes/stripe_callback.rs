//! What Stripe calls when something about a subscription changed. Not part of the documented API: the signature is the
//! credential.

use std::sync::Arc;

use actionlayer_service::{
    App,
    billing::stripe_callback::{StripeAnswer, stripe_callback as take},
};
use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, State},
    routing::post,
};
use http::{HeaderMap, StatusCode};

use crate::ApiError;

/// More than an event has, which holds one object.
const MAX_BODY_BYTES: usize = 512 * 1024;

/// The callback of Stripe.
pub fn routes() -> Router<Arc<App>> {
    Router::new().route("/callbacks/stripe", post(stripe_callback)).layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
}

async fn stripe_callback(State(app): State<Arc<App>>, headers: HeaderMap, body: Bytes) -> Result<StatusCode, ApiError> {
    let signature = headers.get("stripe-signature").and_then(|value| value.to_str().ok());
    Ok(match take(&app, signature, &body).await? {
        StripeAnswer::Taken => StatusCode::OK,
        StripeAnswer::Unauthorized => StatusCode::UNAUTHORIZED,
        StripeAnswer::Malformed => StatusCode::BAD_REQUEST,
    })
}
