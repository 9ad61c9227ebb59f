//! Stripe's API: customers, checkout sessions, portal sessions, subscriptions. See docs.stripe.com/api.

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::{Path, State as Shared},
    response::{IntoResponse, Response},
};
use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use http::{HeaderMap, Method, StatusCode, Uri, header};
use serde_json::{Value, json};

use super::{
    Stripe,
    form::Asked,
    object, time,
    world::{Checkout, Customer, PRICES, Portal, SECRET_KEY, World},
};
use crate::faults::Service;

/// A checkout page is good for a day.
const CHECKOUT_SECONDS: i64 = 86_400;

/// Why Stripe does not do something: a status and its `error`.
pub(super) struct Refusal {
    status: u16,
    error: Value,
}

impl Refusal {
    fn of(status: u16, kind: &str, code: Option<&str>, message: &str, parameter: Option<&str>) -> Self {
        let mut error = json!({"type": kind, "message": message});
        if let Some(code) = code {
            error["code"] = code.into();
        }
        if let Some(parameter) = parameter {
            error["param"] = parameter.into();
        }
        Self { status, error }
    }

    fn invalid(code: &str, message: &str, parameter: &str) -> Self {
        Self::of(400, "invalid_request_error", Some(code), message, Some(parameter))
    }

    pub(super) fn unknown(name: &str) -> Self {
        Self::invalid("parameter_unknown", &format!("Received unknown parameter: {name}"), name)
    }

    pub(super) fn missing_parameter(name: &str) -> Self {
        Self::invalid("parameter_missing", &format!("Missing required param: {name}."), name)
    }

    fn no_such(what: &str, id: &str, parameter: &str, status: u16) -> Self {
        let message = format!("No such {what}: '{id}'");
        Self::of(status, "invalid_request_error", Some("resource_missing"), &message, Some(parameter))
    }

    fn not_found(method: &Method, path: &str) -> Self {
        let message = format!("Unrecognized request URL ({method}: /v1/{path}).");
        Self::of(404, "invalid_request_error", None, &message, None)
    }
}

impl From<Refusal> for (u16, Value) {
    fn from(refusal: Refusal) -> Self {
        (refusal.status, json!({"error": refusal.error}))
    }
}

/// Any request to the API.
pub(super) async fn call(
    Shared(stripe): Shared<Arc<Stripe>>,
    method: Method,
    Path(path): Path<String>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if !is_authorized(&headers) {
        let message = "Invalid API Key provided.";
        return answer(Refusal::of(401, "invalid_request_error", None, message, None).into(), false);
    }
    let operation = path.split('/').next().unwrap_or_default().to_owned();
    let faults = stripe.faults.clone();
    let throttled = || {
        let message = "Too many requests hit the API too quickly.";
        answer(Refusal::of(429, "rate_limit_error", Some("rate_limit"), message, None).into(), false)
    };
    faults
        .strike(Service::Stripe, &operation, throttled, async move {
            let form = if method == Method::GET { uri.query().unwrap_or_default().as_bytes() } else { &body[..] };
            let key = headers.get("idempotency-key").and_then(|key| key.to_str().ok());
            // A GET is idempotent by itself.
            let key = key.filter(|_| method == Method::POST).map(str::to_owned);
            let (asked, base_url) = (form.to_vec(), stripe.api_url().to_owned());
            let answered = stripe.change(|world, now| {
                once(world, key, &method, &path, &asked, |world| {
                    perform(world, &method, &path, Asked::read(&asked), &base_url, now)
                })
            });
            match answered.await {
                Ok((answered, again)) => answer(answered, again),
                Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
            }
        })
        .await
}

fn answer((status, body): (u16, Value), again: bool) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, Json(body)).into_response();
    if again {
        response.headers_mut().insert("idempotent-replayed", header::HeaderValue::from_static("true"));
    }
    response
}

/// The key as a bearer token, or as the user of Basic authentication.
fn is_authorized(headers: &HeaderMap) -> bool {
    let Some(given) = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()) else { return false };
    match given.split_once(' ') {
        Some(("Bearer", key)) => key == SECRET_KEY,
        Some(("Basic", pair)) => {
            let user = BASE64.decode(pair).ok().and_then(|pair| String::from_utf8(pair).ok());
            user.is_some_and(|user| user.split(':').next() == Some(SECRET_KEY))
        }
        _ => false,
    }
}

/// The same request under the same key is carried out once. Another one under it is refused.
fn once(
    world: &mut World,
    key: Option<String>,
    method: &Method,
    path: &str,
    asked: &[u8],
    work: impl FnOnce(&mut World) -> Result<Value, Refusal>,
) -> ((u16, Value), bool) {
    let request = format!("{method} {path} {}", String::from_utf8_lossy(asked));
    if let Some((known, status, body)) = key.as_ref().and_then(|key| world.answers.get(key)) {
        if *known == request {
            return ((*status, body.clone()), true);
        }
        let message =
            "Keys for idempotent requests can only be used with the same parameters they were first used with.";
        return (Refusal::of(400, "idempotency_error", None, message, None).into(), false);
    }
    let answered = work(world).map_or_else(Into::into, |body| (200, body));
    // What was refused may be asked anew.
    if let Some(key) = key.filter(|_| answered.0 == 200) {
        world.answers.insert(key, (request, answered.0, answered.1.clone()));
    }
    (answered, false)
}

fn perform(
    world: &mut World,
    method: &Method,
    path: &str,
    asked: Asked,
    base_url: &str,
    now: i64,
) -> Result<Value, Refusal> {
    let parts: Vec<&str> = path.split('/').collect();
    match (method.as_str(), &parts[..]) {
        ("POST", ["customers"]) => create_customer(world, asked, now),
        ("GET", ["customers", id]) => {
            let found = world.customer(id).ok_or_else(|| Refusal::no_such("customer", id, "id", 404))?;
            Ok(object::customer(found))
        }
        ("POST", ["checkout", "sessions"]) => create_checkout(world, asked, base_url, now),
        ("GET", ["checkout", "sessions", id]) => {
            let found = world.checkouts.iter().find(|checkout| checkout.id == *id);
            let found = found.ok_or_else(|| Refusal::no_such("checkout.session", id, "id", 404))?;
            Ok(object::checkout(found, base_url, now))
        }
        ("POST", ["billing_portal", "sessions"]) => create_portal(world, asked, base_url, now),
        ("GET", ["prices", id]) => {
            let found = PRICES.iter().find(|(known, ..)| known == id);
            found.map(|_| object::price(id)).ok_or_else(|| Refusal::no_such("price", id, "id", 404))
        }
        ("GET", ["subscriptions"]) => list_subscriptions(world, asked),
        ("GET", ["subscriptions", id]) => {
            let found = world.subscriptions.iter().find(|one| one.id == *id);
            Ok(object::subscription(found.ok_or_else(|| Refusal::no_such("subscription", id, "id", 404))?))
        }
        ("DELETE", ["subscriptions", id]) => {
            // One that is canceled cannot be found for changing it.
            let is_there = world.subscriptions.iter().any(|one| one.id == *id && one.status != "canceled");
            if !is_there {
                return Err(Refusal::no_such("subscription", id, "id", 404));
            }
            time::end(world, id, now);
            let found = world.subscriptions.iter().find(|one| one.id == *id);
            Ok(found.map(object::subscription).unwrap_or_default())
        }
        _ => Err(Refusal::not_found(method, path)),
    }
}

fn create_customer(world: &mut World, asked: Asked, now: i64) -> Result<Value, Refusal> {
    let asked = asked.only(&["name", "email", "metadata["])?;
    let made = Customer {
        id: world.id("cus"),
        name: asked.given("name"),
        email: asked.given("email"),
        metadata: asked.map("metadata"),
        created: now,
        card_works: true,
    };
    world.customers.push(made.clone());
    Ok(object::customer(&made))
}

fn known_customer(world: &World, asked: &Asked) -> Result<String, Refusal> {
    let id = asked.required("customer")?;
    match world.customer(&id) {
        Some(_) => Ok(id),
        None => Err(Refusal::no_such("customer", &id, "customer", 400)),
    }
}

fn create_checkout(world: &mut World, asked: Asked, base_url: &str, now: i64) -> Result<Value, Refusal> {
    let asked = asked.only(&[
        "mode",
        "customer",
        "client_reference_id",
        "line_items[0][price]",
        "line_items[0][quantity]",
        "subscription_data[metadata][",
        "subscription_data[trial_period_days]",
        "success_url",
        "cancel_url",
    ])?;
    let mode = asked.required("mode")?;
    if mode != "subscription" {
        return Err(Refusal::invalid("parameter_invalid", "This Stripe sells subscriptions alone.", "mode"));
    }
    let price = asked.required("line_items[0][price]")?;
    if !PRICES.iter().any(|(known, ..)| *known == price) {
        return Err(Refusal::no_such("price", &price, "line_items[0][price]", 400));
    }
    let made = Checkout {
        customer: known_customer(world, &asked)?,
        id: world.id("cs_test"),
        price,
        client_reference_id: asked.given("client_reference_id"),
        metadata: asked.map("subscription_data[metadata]"),
        trial_days: asked
            .given("subscription_data[trial_period_days]")
            .map(|days| days.parse().unwrap_or_default())
            .unwrap_or_default(),
        success_url: asked.required("success_url")?,
        cancel_url: asked.given("cancel_url"),
        created: now,
        expires_at: now + CHECKOUT_SECONDS,
        subscription: None,
    };
    world.checkouts.push(made.clone());
    Ok(object::checkout(&made, base_url, now))
}

fn create_portal(world: &mut World, asked: Asked, base_url: &str, now: i64) -> Result<Value, Refusal> {
    let asked = asked.only(&["customer", "return_url"])?;
    let made = Portal {
        customer: known_customer(world, &asked)?,
        id: world.id("bps"),
        return_url: asked.required("return_url")?,
        created: now,
    };
    world.portals.push(made.clone());
    Ok(object::portal(&made, base_url))
}

fn list_subscriptions(world: &World, asked: Asked) -> Result<Value, Refusal> {
    let asked = asked.only(&["customer", "limit", "status"])?;
    let customer = asked.given("customer").map(|_| known_customer(world, &asked)).transpose()?;
    let status = asked.given("status");
    let limit = asked.given("limit").and_then(|limit| limit.parse().ok()).unwrap_or(10);
    let is_asked = |one: &&super::world::Subscription| {
        let of_status = match status.as_deref() {
            None => one.status != "canceled",
            Some("all") => true,
            Some(status) => one.status == status,
        };
        of_status && customer.as_ref().is_none_or(|customer| one.customer == *customer)
    };
    let found = world.subscriptions.iter().rev().filter(is_asked).take(limit);
    Ok(object::list("/v1/subscriptions", &found.map(object::subscription).collect::<Vec<_>>()))
}
