//! It refuses what Stripe refuses, does a thing once under one key, and time renews what was paid.
#![allow(clippy::unwrap_used)]

use std::time::Duration;

use axum::body::Body;
use http::{Method, Request, StatusCode};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use super::*;

const DAY: Duration = Duration::from_hours(24);

async fn stripe() -> (Arc<Stripe>, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let state = State::open(&folder.path().join("engine.sqlite")).unwrap();
    let clock = LocalClock::open(state.clone()).await.unwrap();
    let stripe = Stripe::open(state, clock, Arc::default(), reqwest::Client::new()).await.unwrap();
    stripe.served_at("http://stripe.test");
    (stripe, folder)
}

struct Asking<'a> {
    stripe: &'a Arc<Stripe>,
    key: &'a str,
    idempotency_key: Option<&'a str>,
}

impl Asking<'_> {
    async fn ask(&self, method: Method, path: &str, form: &[(&str, &str)]) -> (u16, Value) {
        let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let mut request = Request::builder().method(method).uri(path);
        request = request.header("authorization", format!("Bearer {}", self.key));
        if let Some(key) = self.idempotency_key {
            request = request.header("idempotency-key", key);
        }
        let response = router(self.stripe.clone()).oneshot(request.body(Body::from(form)).unwrap()).await.unwrap();
        let status = response.status().as_u16();
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        (status, serde_json::from_slice(&bytes).unwrap_or_default())
    }

    async fn post(&self, path: &str, form: &[(&str, &str)]) -> (u16, Value) {
        self.ask(Method::POST, path, form).await
    }
}

fn asking(stripe: &Arc<Stripe>) -> Asking<'_> {
    Asking { stripe, key: SECRET_KEY, idempotency_key: None }
}

/// A customer who pays for Pro: their id and the subscription's.
async fn subscriber(stripe: &Arc<Stripe>) -> (String, String) {
    let (_, customer) = asking(stripe).post("/v1/customers", &[("name", "Acme")]).await;
    let customer = customer["id"].as_str().unwrap();
    let form = [
        ("mode", "subscription"),
        ("customer", customer),
        ("line_items[0][price]", PRO_PRICE),
        ("line_items[0][quantity]", "1"),
        ("success_url", "http://here.test/done"),
    ];
    let (status, session) = asking(stripe).post("/v1/checkout/sessions", &form).await;
    assert_eq!(status, 200, "{session}");
    let page = session["url"].as_str().unwrap().strip_prefix("http://stripe.test").unwrap().to_owned();
    let pay = |card: &'static str| {
        let request = Request::builder().method(Method::POST).uri(page.clone());
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        router(stripe.clone()).oneshot(request.body(Body::from(format!("card={card}"))).unwrap())
    };
    assert_eq!(pay("declined").await.unwrap().status(), StatusCode::OK);
    assert_eq!(list(stripe, customer).await.len(), 0);
    let paid = pay("works").await.unwrap();
    assert_eq!(
        (paid.status(), &paid.headers()["location"]),
        (StatusCode::SEE_OTHER, &"http://here.test/done".parse().unwrap())
    );
    assert_eq!(pay("works").await.unwrap().status(), StatusCode::NOT_FOUND, "a checkout is paid once");
    let subscriptions = list(stripe, customer).await;
    (customer.to_owned(), subscriptions[0]["id"].as_str().unwrap().to_owned())
}

async fn list(stripe: &Arc<Stripe>, customer: &str) -> Vec<Value> {
    let path = format!("/v1/subscriptions?customer={customer}");
    let (status, found) = asking(stripe).ask(Method::GET, &path, &[]).await;
    assert_eq!(status, 200, "{found}");
    found["data"].as_array().unwrap().clone()
}

async fn kinds(stripe: &Arc<Stripe>) -> Vec<String> {
    stripe.world.read(|world| world.events.iter().map(|event| event.kind.clone()).collect()).await
}

#[tokio::test]
async fn it_refuses_what_stripe_refuses() {
    let (stripe, _folder) = stripe().await;
    let stranger = Asking { key: "sk_test_stranger", ..asking(&stripe) };
    assert_eq!(stranger.post("/v1/customers", &[]).await.0, 401);
    let checkout = |customer, price| {
        [
            ("mode", "subscription"),
            ("customer", customer),
            ("line_items[0][price]", price),
            ("success_url", "http://here.test/"),
        ]
    };
    for (path, form, status, code) in [
        ("/v1/customers", vec![("nmae", "Acme")], 400, json!("parameter_unknown")),
        ("/v1/checkout/sessions", vec![("mode", "subscription")], 400, json!("parameter_missing")),
        ("/v1/checkout/sessions", checkout("cus_nobody", PRO_PRICE).to_vec(), 400, json!("resource_missing")),
        ("/v1/checkout/sessions", checkout("cus_nobody", "price_none").to_vec(), 400, json!("resource_missing")),
        ("/v1/billing_portal/sessions", vec![("return_url", "http://here.test/")], 400, json!("parameter_missing")),
        ("/v1/refunds", vec![], 404, Value::Null),
    ] {
        let (answered, body) = asking(&stripe).post(path, &form).await;
        assert_eq!((answered, &body["error"]["code"]), (status, &code), "{path} {form:?}: {body}");
    }
    assert_eq!(asking(&stripe).ask(Method::DELETE, "/v1/subscriptions/sub_none", &[]).await.0, 404);
}

#[tokio::test]
async fn under_one_key_a_thing_is_done_once() {
    let (stripe, _folder) = stripe().await;
    let keyed = Asking { idempotency_key: Some("one"), ..asking(&stripe) };
    let first = keyed.post("/v1/customers", &[("name", "Acme")]).await;
    assert_eq!(keyed.post("/v1/customers", &[("name", "Acme")]).await, first);
    let (status, other) = keyed.post("/v1/customers", &[("name", "Bcme")]).await;
    assert_eq!((status, &other["error"]["type"]), (400, &json!("idempotency_error")));
    assert_eq!(stripe.world.read(|world| world.customers.len()).await, 1);
}

#[tokio::test]
async fn time_renews_and_gives_up() {
    let (stripe, _folder) = stripe().await;
    let (customer, id) = subscriber(&stripe).await;
    assert_eq!(kinds(&stripe).await, ["customer.subscription.created", "checkout.session.completed"]);
    let first = list(&stripe, &customer).await[0].clone();
    assert_eq!(first["status"], "active");

    stripe.clock.advance(DAY * 32).await.unwrap();
    let renewed = list(&stripe, &customer).await[0].clone();
    let end = |subscription: &Value| subscription["items"]["data"][0]["current_period_end"].as_i64().unwrap();
    assert!(renewed["status"] == "active" && end(&renewed) > end(&first), "{renewed}");
    assert_eq!(kinds(&stripe).await[2..], ["invoice.paid", "customer.subscription.updated"]);

    stripe.change(|world, _| world.customers[0].card_works = false).await.unwrap();
    stripe.clock.advance(DAY * 31).await.unwrap();
    assert_eq!(list(&stripe, &customer).await[0]["status"], "past_due");
    stripe.clock.advance(DAY * 16).await.unwrap();
    assert!(list(&stripe, &customer).await.is_empty(), "canceled ones are not listed");
    let (_, canceled) = asking(&stripe).ask(Method::GET, &format!("/v1/subscriptions/{id}"), &[]).await;
    assert_eq!(canceled["status"], "canceled");
    assert_eq!(kinds(&stripe).await.last().unwrap(), "customer.subscription.deleted");
}
