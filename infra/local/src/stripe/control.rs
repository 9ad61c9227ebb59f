//! What tests and the curious can order: a card that fails, events that are held, and events that come once more.

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::State as Shared,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Stripe, deliver, world::Event};

/// Everything there is.
pub(super) async fn state(Shared(stripe): Shared<Arc<Stripe>>) -> Response {
    match stripe.change(|world, _| serde_json::to_value(world).unwrap_or_default()).await {
        Ok(world) => Json::<Value>(world).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// What is absent stays.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Change {
    /// A customer, for what follows about a card.
    customer: Option<String>,
    card_works: Option<bool>,
    /// They are gone, with all they pay for.
    deleted: Option<bool>,
    /// Nothing is delivered as long as this is so.
    holds_events: Option<bool>,
}

/// `PATCH /local/stripe/state`.
pub(super) async fn change(Shared(stripe): Shared<Arc<Stripe>>, body: Bytes) -> Response {
    let change: Change = match serde_json::from_slice(&body) {
        Ok(change) => change,
        Err(error) => return invalid(&error),
    };
    let changed = stripe.change(|world, _| {
        world.holds_events = change.holds_events.unwrap_or(world.holds_events);
        let Some(id) = &change.customer else { return true };
        let Some(customer) = world.customers.iter_mut().find(|customer| customer.id == *id) else { return false };
        customer.card_works = change.card_works.unwrap_or(customer.card_works);
        if change.deleted == Some(true) {
            world.customers.retain(|customer| customer.id != *id);
            world.subscriptions.retain(|subscription| subscription.customer != *id);
        }
        true
    });
    match changed.await {
        Ok(true) => Json(json!({"changed": true})).into_response(),
        Ok(false) => not_found("customer"),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Again {
    /// Which, in the order in which they are to come.
    events: Vec<String>,
    /// How often each.
    #[serde(default = "once")]
    times: u8,
    /// How long ago they are to be signed.
    #[serde(default)]
    signed_seconds_ago: i64,
    /// Where to, if not to where events go.
    url: Option<String>,
}

const fn once() -> u8 {
    1
}

/// `POST /local/stripe/deliver`: sends events once more, in this order; gives what was answered.
pub(super) async fn deliver_again(Shared(stripe): Shared<Arc<Stripe>>, body: Bytes) -> Response {
    let again: Again = match serde_json::from_slice(&body) {
        Ok(again) => again,
        Err(error) => return invalid(&error),
    };
    let (events, url) = stripe
        .world
        .read(|world| {
            let find = |id: &String| world.events.iter().find(|event| event.id == *id).cloned();
            (again.events.iter().map(find).collect::<Option<Vec<Event>>>(), world.webhook_url.clone())
        })
        .await;
    let Some(events) = events else { return not_found("event") };
    let url = again.url.unwrap_or(url);
    let mut answered = Vec::new();
    for event in &events {
        for _ in 0..again.times {
            let signed_at = stripe.clock.now_ms() / 1_000 - again.signed_seconds_ago;
            answered.push(deliver::post(&stripe, &url, event, signed_at).await);
        }
    }
    Json(json!({"answered": answered})).into_response()
}

fn invalid(error: &serde_json::Error) -> Response {
    let body = json!({"error": "validation_error", "message": error.to_string()});
    (StatusCode::UNPROCESSABLE_ENTITY, Json(body)).into_response()
}

fn not_found(what: &str) -> Response {
    let body = json!({"error": "not_found", "message": format!("There is no such {what} in this Stripe.")});
    (StatusCode::NOT_FOUND, Json(body)).into_response()
}
