//! Faults on request: what the engine is told to do wrong, for tests and for the curious.
//!
//! A fault names a service, one of its operations (or all, `*`), what goes wrong and how often. It is used up by the
//! requests it strikes. The registry is forgotten at restart: a fault never outlives the experiment.
//!
//! [`Faults::strike`] is the wrapper for any HTTP service; the kinds it does not play (`duplicate_delivery`, `reorder`,
//! `crash_after`) are asked for by their service with [`Faults::take`].

use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    Json, Router,
    body::{Body, Bytes, HttpBody},
    extract::State,
    response::{IntoResponse, Response},
    routing::get,
};
use http::StatusCode;
use hyper::body::Frame;
use serde::{Deserialize, Serialize};

/// How long a request struck by `timeout_before` is held, unless its client gives up earlier.
const HOLD: Duration = Duration::from_secs(10);

/// What may be made to fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Service {
    /// Mail out (SES v2).
    Ses,
    /// The queues.
    Sqs,
    /// The table.
    Dynamodb,
    /// The bucket.
    S3,
    /// The key that secrets are sealed with.
    Kms,
    /// Our own functions; the operation is the function's name.
    Lambda,
    /// Slack; the operation is the method, `chat.postMessage`, or `interaction` for what it calls.
    Slack,
    /// Telegram; the operation is the method, `sendMessage`, or `webhook` for what it calls.
    Telegram,
    /// Stripe; the operation is the first part of the path, `subscriptions`, or `webhook` for what it calls.
    Stripe,
}

/// How it fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// Refused with the service's own throttling error; nothing is done.
    Throttle,
    /// Accepted, nothing done, never answered.
    TimeoutBefore,
    /// Done, never answered.
    TimeoutAfterEffect,
    /// SQS, `ReceiveMessage`: one message is handed out twice, counted per message. Slack, `interaction`, and Telegram,
    /// `webhook`: a press is delivered twice. Stripe, `webhook`: an event is.
    DuplicateDelivery,
    /// SQS, `ReceiveMessage`: the newest messages are handed out first. Counted per receive that found any.
    Reorder,
    /// Lambda: the function is killed part-way, after it began to act and before it could report.
    CrashAfter,
}

impl FaultKind {
    /// The kinds that strike any HTTP request, whatever the service ([`Faults::strike`]).
    pub const OF_REQUESTS: &[Self] = &[Self::Throttle, Self::TimeoutBefore, Self::TimeoutAfterEffect];
}

/// One order to fail, as `POST /local/faults` takes it and `GET` lists it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// Who fails.
    pub service: Service,
    /// The operation as its SDK names it (`SendEmail`), or `*` for any.
    pub operation: String,
    /// How.
    pub kind: FaultKind,
    /// How many requests it lets pass first; in a listing, how many more.
    #[serde(default)]
    pub after: u32,
    /// How many times, 1 to 1 000 000; in a listing, how many are left. Default 1.
    #[serde(default = "once")]
    pub count: u32,
}

fn once() -> u32 {
    1
}

/// Why a fault was not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FaultRefusal {
    /// It would never strike, or practically for ever.
    #[error("count must be from 1 to 1000000")]
    Count,
    /// No operation is named so; the service would never be struck.
    #[error("operation must be an operation's name such as SendEmail, or *")]
    Operation,
    /// That service cannot fail in that way.
    #[error("this service has no such kind of fault")]
    Kind,
}

impl Fault {
    fn check(&self) -> Result<(), FaultRefusal> {
        let named = !self.operation.is_empty()
            && self.operation.len() <= 64
            && self.operation.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte));
        if !named && self.operation != "*" {
            return Err(FaultRefusal::Operation);
        }
        if !(1..=1_000_000).contains(&self.count) {
            return Err(FaultRefusal::Count);
        }
        let possible = match self.kind {
            FaultKind::Throttle | FaultKind::TimeoutBefore | FaultKind::TimeoutAfterEffect => {
                self.service != Service::Lambda
            }
            FaultKind::DuplicateDelivery => match self.service {
                Service::Sqs => matches!(self.operation.as_str(), "*" | "ReceiveMessage"),
                Service::Slack => self.operation == "interaction",
                Service::Telegram | Service::Stripe => self.operation == "webhook",
                Service::Ses | Service::Dynamodb | Service::S3 | Service::Kms | Service::Lambda => false,
            },
            FaultKind::Reorder => {
                self.service == Service::Sqs && matches!(self.operation.as_str(), "*" | "ReceiveMessage")
            }
            FaultKind::CrashAfter => self.service == Service::Lambda,
        };
        if possible { Ok(()) } else { Err(FaultRefusal::Kind) }
    }
}

/// The faults ordered and not yet used up, in the order they came.
#[derive(Debug, Default)]
pub struct Faults {
    ordered: Mutex<Vec<Fault>>,
}

impl Faults {
    /// Orders a fault.
    pub fn order(&self, fault: Fault) -> Result<(), FaultRefusal> {
        fault.check()?;
        self.lock().push(fault);
        Ok(())
    }

    /// What is left, oldest first.
    pub fn list(&self) -> Vec<Fault> {
        self.lock().clone()
    }

    /// Forgets them all.
    pub fn clear(&self) {
        self.lock().clear();
    }

    /// Uses up one fault ordered for this operation, the oldest whose kind is `among` those the caller can play.
    pub fn take(&self, service: Service, operation: &str, among: &[FaultKind]) -> Option<FaultKind> {
        let mut ordered = self.lock();
        let index = ordered.iter().position(|fault| {
            fault.service == service
                && (fault.operation == "*" || fault.operation == operation)
                && among.contains(&fault.kind)
        })?;
        let kind = ordered[index].kind;
        if ordered[index].after > 0 {
            ordered[index].after -= 1;
            return None;
        }
        ordered[index].count -= 1;
        if ordered[index].count == 0 {
            ordered.remove(index);
        }
        drop(ordered);
        tracing::info!(?service, operation, ?kind, "fault played");
        Some(kind)
    }

    /// Answers one request: with `effect`'s answer, or as a fault of [`FaultKind::OF_REQUESTS`] ordered for it demands.
    /// `throttled` is the service's own throttling error.
    pub async fn strike(
        &self,
        service: Service,
        operation: &str,
        throttled: impl FnOnce() -> Response,
        effect: impl Future<Output = Response>,
    ) -> Response {
        match self.take(service, operation, FaultKind::OF_REQUESTS) {
            Some(FaultKind::Throttle) => throttled(),
            Some(FaultKind::TimeoutBefore) => {
                tokio::time::sleep(HOLD).await;
                unanswered()
            }
            Some(FaultKind::TimeoutAfterEffect) => {
                effect.await;
                unanswered()
            }
            Some(FaultKind::DuplicateDelivery | FaultKind::Reorder | FaultKind::CrashAfter) | None => effect.await,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Fault>> {
        self.ordered.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A response that makes hyper close the connection without a byte: its body fails before the head is flushed.
pub fn unanswered() -> Response {
    Response::new(Body::new(Broken))
}

struct Broken;

#[derive(Debug, thiserror::Error)]
#[error("the connection is dropped on purpose")]
struct DroppedOnPurpose;

impl HttpBody for Broken {
    type Data = Bytes;
    type Error = DroppedOnPurpose;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        Poll::Ready(Some(Err(DroppedOnPurpose)))
    }
}

/// `/local/faults`: `GET` lists, `POST` orders one, `DELETE` forgets all.
pub fn router(faults: Arc<Faults>) -> Router {
    Router::new().route("/local/faults", get(list).post(order).delete(clear)).with_state(faults)
}

async fn list(State(faults): State<Arc<Faults>>) -> Response {
    Json(serde_json::json!({ "data": faults.list() })).into_response()
}

async fn order(State(faults): State<Arc<Faults>>, body: Bytes) -> Response {
    // From bytes: `curl -d` without a content type is welcome here.
    let fault: Fault = match serde_json::from_slice(&body) {
        Ok(fault) => fault,
        Err(error) if error.is_data() => return refused(StatusCode::UNPROCESSABLE_ENTITY, &error),
        Err(error) => return refused(StatusCode::BAD_REQUEST, &error),
    };
    match faults.order(fault.clone()) {
        Ok(()) => (StatusCode::CREATED, Json(fault)).into_response(),
        Err(refusal) => refused(StatusCode::UNPROCESSABLE_ENTITY, &refusal),
    }
}

async fn clear(State(faults): State<Arc<Faults>>) -> StatusCode {
    faults.clear();
    StatusCode::NO_CONTENT
}

/// The product's own error envelope, so that the curious see one shape everywhere.
fn refused(status: StatusCode, reason: &dyn std::error::Error) -> Response {
    let code = if status == StatusCode::BAD_REQUEST { "invalid_json" } else { "validation_error" };
    (status, Json(serde_json::json!({ "error": code, "message": reason.to_string() }))).into_response()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use http::{Method, Request};
    use http_body_util::BodyExt;
    use tower::ServiceExt;

    use super::*;

    async fn ask(faults: &Arc<Faults>, method: Method, body: &str) -> (StatusCode, serde_json::Value) {
        let request = Request::builder().method(method).uri("/local/faults").body(Body::from(body.to_owned())).unwrap();
        let response = router(faults.clone()).oneshot(request).await.unwrap();
        let status = response.status();
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        (status, serde_json::from_slice(&bytes).unwrap_or_default())
    }

    #[tokio::test]
    async fn a_fault_is_ordered_listed_used_up_and_cleared() {
        let faults = Arc::new(Faults::default());
        let throttle = r#"{"service":"ses","operation":"SendEmail","kind":"throttle","count":2}"#;
        assert_eq!(ask(&faults, Method::POST, throttle).await.0, StatusCode::CREATED);
        let reorder = r#"{"service":"sqs","operation":"*","kind":"reorder"}"#;
        assert_eq!(ask(&faults, Method::POST, reorder).await.0, StatusCode::CREATED);

        let take = |service, operation| faults.take(service, operation, FaultKind::OF_REQUESTS);
        assert_eq!(take(Service::Ses, "GetAccount"), None);
        assert_eq!(take(Service::Sqs, "ReceiveMessage"), None, "reorder is not a fault of requests");
        assert_eq!(take(Service::Ses, "SendEmail"), Some(FaultKind::Throttle));
        let (_, listed) = ask(&faults, Method::GET, "").await;
        assert_eq!(listed["data"][0]["count"], 1);
        assert_eq!(listed["data"][1]["kind"], "reorder");
        assert_eq!(take(Service::Ses, "SendEmail"), Some(FaultKind::Throttle));
        assert_eq!(take(Service::Ses, "SendEmail"), None);

        assert_eq!(ask(&faults, Method::DELETE, "").await.0, StatusCode::NO_CONTENT);
        assert!(faults.list().is_empty());
    }

    #[test]
    fn a_fault_may_let_requests_pass_first() {
        let faults = Faults::default();
        let third = r#"{"service":"dynamodb","operation":"PutItem","kind":"throttle","after":2}"#;
        faults.order(serde_json::from_str(third).unwrap()).unwrap();
        let struck: Vec<_> =
            (0..4).map(|_| faults.take(Service::Dynamodb, "PutItem", FaultKind::OF_REQUESTS).is_some()).collect();
        assert_eq!(struck, [false, false, true, false]);
    }

    #[tokio::test]
    async fn what_could_not_strike_is_refused() {
        let faults = Arc::new(Faults::default());
        for (status, body) in [
            (400, "{"),
            (422, r#"{"service":"ses","operation":"*","kind":"throttle","colour":"red"}"#),
            (422, r#"{"service":"ses","operation":"*","kind":"explode"}"#),
            (422, r#"{"service":"sms","operation":"*","kind":"throttle"}"#),
            (422, r#"{"service":"ses","operation":"*","kind":"throttle","count":0}"#),
            (422, r#"{"service":"ses","operation":"","kind":"throttle"}"#),
            (422, r#"{"service":"ses","operation":"*","kind":"reorder"}"#),
            (422, r#"{"service":"sqs","operation":"SendMessage","kind":"duplicate_delivery"}"#),
            (422, r#"{"service":"sqs","operation":"*","kind":"crash_after"}"#),
        ] {
            let (got, answer) = ask(&faults, Method::POST, body).await;
            assert_eq!(got.as_u16(), status, "{body}");
            assert!(!answer["message"].as_str().unwrap().is_empty());
        }
        assert!(faults.list().is_empty());
    }
}
