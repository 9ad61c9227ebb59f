//! The conventions, against a router of their own: no AWS, no table.

#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use actionlayer_domain::{DraftId, DraftRefusal, DraftStatus, Entropy, Timestamp, draft::ActorKind};
use actionlayer_service::input::{Addresses, nullable};
use actionlayer_service::{FieldError, ServiceError};
use actionlayer_store::StoreError;
use axum::{
    Json, Router,
    body::{Body, to_bytes},
    routing::{get, post},
};
use http::{HeaderMap, Method, Request, StatusCode, header};
use serde::Deserialize;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::{ApiError, Id, JsonBody, NoFields, NoQuery, OptionalJsonBody, Query, RequestId, boundary};

#[derive(Debug)]
struct Counting;

impl Entropy for Counting {
    fn fill(&self, buffer: &mut [u8]) {
        buffer.fill(0xab);
    }
}

#[allow(clippy::option_option, reason = "absent, null and a value are three different wishes")]
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body1 {
    name: String,
    to: Option<Addresses>,
    #[serde(default, deserialize_with = "nullable")]
    note: Option<Option<String>>,
    inner: Option<Inner>,
    id: Option<DraftId>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Inner {
    count: u8,
}

async fn echo(_: NoQuery, JsonBody(body): JsonBody<Body1>) -> Json<Value> {
    Json(json!({
        "name": body.name,
        "to": body.to.map(|to| to.0),
        "note": match body.note { None => "absent", Some(None) => "null", Some(Some(_)) => "text" },
        "count": body.inner.map(|inner| inner.count),
        "id": body.id.map(|id| id.to_string()),
    }))
}

async fn act(OptionalJsonBody(NoFields {}): OptionalJsonBody<NoFields>) -> StatusCode {
    StatusCode::ACCEPTED
}

async fn list(mut query: Query) -> Result<Json<Value>, ApiError> {
    let page = query.page();
    let needs_review = query.flag("needs_review");
    let status = query.choice::<DraftStatus>("status");
    let thread = query.parsed::<DraftId>("draft_id");
    query.finish()?;
    Ok(Json(json!({
        "limit": page.limit, "offset": page.offset, "cursor": page.cursor, "needs_review": needs_review,
        "status": status.map(DraftStatus::as_str), "draft_id": thread.map(|id| id.to_string()),
    })))
}

fn routes() -> Router {
    let routes = Router::new()
        .route("/echo", post(echo))
        .route("/act", post(act))
        .route("/list", get(list))
        .route("/drafts/{id}", get(|Id(id): Id<DraftId>| async move { id.to_string() }))
        .route("/panic", get(|| async { assert!(std::env::args().next().is_none(), "on purpose") }))
        .route(
            "/fail",
            get(|| async {
                Err::<(), ApiError>(
                    StoreError::Corrupt { kind: "thread", reason: "secret reason".to_owned() }.into_service(),
                )
            }),
        );
    boundary(routes, Arc::new(Counting))
}

trait IntoService {
    fn into_service(self) -> ApiError;
}

impl IntoService for StoreError {
    fn into_service(self) -> ApiError {
        ServiceError::Store(self).into()
    }
}

async fn call(request: Request<Body>) -> (StatusCode, HeaderMap, Value) {
    let response = routes().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let bytes = to_bytes(body, usize::MAX).await.unwrap();
    let json =
        serde_json::from_slice(&bytes).unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&bytes).into_owned()));
    (parts.status, parts.headers, json)
}

async fn get_path(path: &str) -> (StatusCode, HeaderMap, Value) {
    call(Request::get(path).body(Body::empty()).unwrap()).await
}

async fn post_body(path: &str, content_type: Option<&str>, body: impl Into<Body>) -> (StatusCode, HeaderMap, Value) {
    let mut request = Request::post(path);
    if let Some(content_type) = content_type {
        request = request.header(header::CONTENT_TYPE, content_type);
    }
    call(request.body(body.into()).unwrap()).await
}

async fn post_json(body: &str) -> (StatusCode, Value) {
    let (status, _, json) = post_body("/echo", Some("application/json"), body.to_owned()).await;
    (status, json)
}

/// The one field a 422 names.
fn field(json: &Value) -> (&str, &str) {
    let details = json["details"].as_array().unwrap();
    assert_eq!(details.len(), 1, "{json}");
    (details[0]["field"].as_str().unwrap(), details[0]["message"].as_str().unwrap())
}

#[tokio::test]
async fn a_body_is_taken_as_it_is_meant() {
    let (status, json) = post_json(r#"{"name":"Ada","to":"a@example.com","note":null,"inner":{"count":3}}"#).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(json, json!({"name": "Ada", "to": ["a@example.com"], "note": "null", "count": 3, "id": null}));
    let (_, json) = post_json("\u{feff} {\"name\":\"\u{1F600}\",\"to\":[\"a\",\"b\"]}\n").await;
    assert_eq!(json, json!({"name": "\u{1F600}", "to": ["a", "b"], "note": "absent", "count": null, "id": null}));
}

#[tokio::test]
async fn what_is_not_json_is_400_with_the_position() {
    for (body, says) in [
        ("{\"name\":\"Ada\",}", "line 1 column 15"),
        ("{\"name\":\n\"Ada\"", "line 2"),
        ("{\"name\":\"Ada\"} x", "trailing characters"),
        ("", "no body"),
        ("nonsense", "line 1"),
        ("{\"name\":\"\\ud800\"}", "line 1"),
    ] {
        let (status, json) = post_json(body).await;
        assert_eq!((status, json["error"].as_str()), (StatusCode::BAD_REQUEST, Some("invalid_json")), "{body}");
        assert!(json["message"].as_str().unwrap().contains(says), "{body}: {json}");
    }
    let (status, _, json) = post_body("/echo", Some("application/json"), b"{\"name\":\"\xff\"}".to_vec()).await;
    assert_eq!((status, json["error"].as_str()), (StatusCode::BAD_REQUEST, Some("invalid_json")));
    let deep = "[".repeat(100_000);
    let (status, _) = post_json(&format!("{{\"name\":{deep}")).await;
    assert!(status.is_client_error());
}

#[tokio::test]
async fn what_json_cannot_mean_is_422_and_named() {
    for (body, path, says) in [
        (r#"{"name":"x","nmae":"y"}"#, "nmae", "is not a field of this request: expected one of `name`"),
        (r#"{"name":"x","inner":{"count":1,"cuont":2}}"#, "inner.cuont", "is not a field of this request"),
        (r#"{"name":7}"#, "name", "must be a string, not a number"),
        (
            r#"{"name":"x","inner":{"count":"many"}}"#,
            "inner.count",
            "must be a whole number from 0 to 255, not a string",
        ),
        (r#"{"name":"x","inner":{"count":300}}"#, "inner.count", "must be a whole number from 0 to 255"),
        (r#"{"name":"x","inner":{}}"#, "inner.count", "is required"),
        (r#"{"name":"x","inner":7}"#, "inner", "must be an object, not a number"),
        (r#"{"name":"x","id":"7"}"#, "id", "must be an id such as"),
        (r#"{"name":"x","to":["a",5]}"#, "to[1]", "must be a string, not a number"),
        (r#"{"name":"x","to":{"a":1}}"#, "to", "must be an e-mail address or a list of them, not an object"),
        ("{}", "name", "is required"),
        (r#"{"name":"x","name":"y"}"#, "name", "must be given only once"),
        (r#"["x"]"#, "", "must be a JSON object"),
        ("null", "", "must be a JSON object"),
    ] {
        let (status, json) = post_json(body).await;
        assert_eq!(
            (status, json["error"].as_str()),
            (StatusCode::UNPROCESSABLE_ENTITY, Some("validation_error")),
            "{body}: {json}"
        );
        let (named, message) = field(&json);
        assert_eq!(named, path, "{body}");
        assert!(message.contains(says), "{body}: {message}");
    }
}

#[tokio::test]
async fn media_types() {
    let body = r#"{"name":"x"}"#;
    for (content_type, expected) in [
        (Some("application/json"), StatusCode::OK),
        (Some("Application/JSON; charset=utf-8"), StatusCode::OK),
        (Some("text/plain"), StatusCode::UNSUPPORTED_MEDIA_TYPE),
        (Some("application/x-www-form-urlencoded"), StatusCode::UNSUPPORTED_MEDIA_TYPE),
        (None, StatusCode::UNSUPPORTED_MEDIA_TYPE),
    ] {
        let (status, _, json) = post_body("/echo", content_type, body).await;
        assert_eq!(status, expected, "{content_type:?}: {json}");
    }
}

#[tokio::test]
async fn an_optional_body_may_be_absent_but_not_wrong() {
    for (content_type, body, expected) in [
        (None, "", StatusCode::ACCEPTED),
        (Some("application/json"), "", StatusCode::ACCEPTED),
        (Some("application/x-www-form-urlencoded"), "", StatusCode::ACCEPTED),
        (Some("application/json"), "{}", StatusCode::ACCEPTED),
        (Some("application/json"), "{\"force\":true}", StatusCode::UNPROCESSABLE_ENTITY),
        (Some("application/json"), "{", StatusCode::BAD_REQUEST),
        (Some("text/plain"), "{}", StatusCode::UNSUPPORTED_MEDIA_TYPE),
    ] {
        assert_eq!(post_body("/act", content_type, body).await.0, expected, "{content_type:?} {body}");
    }
}

#[tokio::test]
async fn a_body_over_six_megabytes_is_413() {
    let body = |bytes: usize| format!("{{\"name\":\"{}\"}}", "x".repeat(bytes));
    let (status, _, json) = post_body("/echo", Some("application/json"), body(6 * 1024 * 1024)).await;
    assert_eq!((status, json["error"].as_str()), (StatusCode::PAYLOAD_TOO_LARGE, Some("payload_too_large")));
    assert_eq!(post_body("/echo", Some("application/json"), body(6 * 1024 * 1024 - 100)).await.0, StatusCode::OK);
}

#[tokio::test]
async fn queries() {
    let (status, _, json) = get_path("/list").await;
    assert_eq!((status, &json["limit"], &json["offset"]), (StatusCode::OK, &json!(20), &json!(0)));
    let (_, _, json) = get_path("/list?needs_review=True&limit=100&offset=1000&status=stale").await;
    assert_eq!(
        (&json["needs_review"], &json["limit"], &json["offset"], &json["status"]),
        (&json!(true), &json!(100), &json!(1000), &json!("stale"))
    );
    for (query, name, says) in [
        ("limit=0", "limit", "1 to 100"),
        ("limit=101", "limit", "1 to 100"),
        ("limit=ten", "limit", "1 to 100"),
        ("offset=-1", "offset", "0 to 1000"),
        ("offset=1001", "offset", "cursor"),
        ("offset=1&cursor=x", "offset", "combined"),
        ("needs_review=1", "needs_review", "`true` or `false`"),
        ("status=open", "status", "`pending`"),
        ("draft_id=7", "draft_id", "id such as"),
        ("limit=1&limit=2", "limit", "only once"),
        ("need_review=true", "need_review", "takes `limit`, `offset`, `cursor`, `needs_review`"),
    ] {
        let (status, _, json) = get_path(&format!("/list?{query}")).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{query}");
        let (named, message) = field(&json);
        assert_eq!(named, name, "{query}");
        assert!(message.contains(says), "{query}: {message}");
    }
    let (_, _, json) = get_path("/list?limit=0&colour=red").await;
    assert_eq!(json["details"].as_array().unwrap().len(), 2, "all at once: {json}");
    let (status, _, json) = post_body("/echo?dry_run=1", Some("application/json"), r#"{"name":"x"}"#).await;
    assert_eq!((status, field(&json).0), (StatusCode::UNPROCESSABLE_ENTITY, "dry_run"));
}

#[tokio::test]
async fn an_id_that_cannot_be_one_is_of_nothing() {
    for path in ["/drafts/7", "/drafts/..", "/drafts/%ff", "/drafts/0197f3a05c1e7d2a9f001234567890ab"] {
        let (status, _, json) = get_path(path).await;
        assert_eq!((status, json["error"].as_str()), (StatusCode::NOT_FOUND, Some("not_found")), "{path}");
    }
    assert_eq!(get_path("/drafts/0197f3a0-5c1e-7d2a-9f00-1234567890ab").await.0, StatusCode::OK);
}

#[tokio::test]
async fn the_router_answers_in_the_envelope_too() {
    let (status, headers, json) = get_path("/nowhere").await;
    assert_eq!((status, json["error"].as_str()), (StatusCode::NOT_FOUND, Some("not_found")));
    assert_eq!(json["request_id"], "ab".repeat(16));
    assert_eq!(headers["x-request-id"], *"ab".repeat(16));
    let (status, headers, json) = get_path("/echo").await;
    assert_eq!((status, json["error"].as_str()), (StatusCode::METHOD_NOT_ALLOWED, Some("method_not_allowed")));
    assert_eq!(headers[header::ALLOW], "POST");
    let request = |method| Request::builder().method(method).uri("/list").body(Body::empty()).unwrap();
    let (status, headers, body) = call(request(Method::OPTIONS)).await;
    assert_eq!(
        (status, &headers[header::ALLOW], body),
        (StatusCode::NO_CONTENT, &"GET,HEAD".parse().unwrap(), json!(""))
    );
    let (status, headers, body) = call(request(Method::HEAD)).await;
    assert_eq!((status, headers.contains_key("x-request-id"), body), (StatusCode::OK, true, json!("")));
}

#[tokio::test]
async fn every_response_has_its_headers_and_an_id_nobody_outside_chose() {
    let request = || Request::get("/list").header("X-Request-Id", "mine");
    let (_, headers, _) = call(request().body(Body::empty()).unwrap()).await;
    assert_eq!(headers["x-request-id"], *"ab".repeat(16));
    assert_eq!(
        (&headers[header::CACHE_CONTROL], &headers[header::X_CONTENT_TYPE_OPTIONS]),
        (&"no-store".parse().unwrap(), &"nosniff".parse().unwrap())
    );
    let platform = RequestId::new("c6af9ac6-7b61").unwrap();
    let (_, headers, _) = call(request().extension(platform).body(Body::empty()).unwrap()).await;
    assert_eq!(headers["x-request-id"], "c6af9ac6-7b61");
    assert!(RequestId::new("a\r\nb").is_none());
}

#[tokio::test]
async fn a_5xx_says_nothing_about_its_cause() {
    for path in ["/fail", "/panic"] {
        let (status, _, json) = get_path(path).await;
        assert_eq!(
            (status, json["error"].as_str()),
            (StatusCode::INTERNAL_SERVER_ERROR, Some("internal_error")),
            "{path}"
        );
        assert!(!json.to_string().contains("secret") && !json.to_string().contains("purpose"), "{json}");
    }
}

#[test]
fn one_table_from_refusal_to_response() {
    use ServiceError as E;
    let at = Timestamp::from_unix_ms(1_777_558_931_000);
    let by = actionlayer_domain::draft::Actor {
        kind: ActorKind::Email,
        id: "dana@example.com".to_owned(),
        name: "dana@example.com".to_owned(),
    };
    let decided = DraftRefusal::Decided { status: DraftStatus::Approved, by: Some(by), at: Some(at) };
    let throttled = StoreError::Throttled { service: "dynamodb" };
    for (error, status, code) in [
        (E::NotFound { what: "draft" }, 404, "not_found"),
        (E::Unauthorized, 401, "unauthorized"),
        (E::Forbidden { reason: "because" }, 403, "forbidden"),
        (E::ApprovalRequired, 403, "approval_required"),
        (E::Validation(vec![FieldError::new("to[0]", "must be an address")]), 422, "validation_error"),
        (E::Draft(decided.clone()), 409, "draft_not_pending"),
        (E::Draft(DraftRefusal::Superseded { seen: 1, current: 2 }), 409, "conflict"),
        (E::Draft(DraftRefusal::Stale), 409, "stale_draft"),
        (E::Draft(DraftRefusal::Expired), 409, "draft_not_pending"),
        (E::Draft(DraftRefusal::AlreadySent), 409, "already_sent"),
        (E::Draft(DraftRefusal::SendInProgress), 409, "send_in_progress"),
        (E::Draft(DraftRefusal::Failed(None)), 409, "draft_not_pending"),
        (E::Draft(DraftRefusal::Rejected), 409, "draft_not_pending"),
        (E::Draft(DraftRefusal::ApprovalRequired), 403, "approval_required"),
        (E::StaleDraft, 409, "stale_draft"),
        (E::ColdSendBlocked, 422, "cold_send_blocked"),
        (E::DomainNotVerified { missing: vec!["TXT _novacore.example.com".to_owned()] }, 422, "domain_not_verified"),
        (E::IdentitySuspended, 422, "identity_suspended"),
        (
            E::PlanLimit {
                reason: "The plan `pro` allows 10 identities".to_owned(),
                upgrade_url: "https://x/billing".to_owned(),
            },
            402,
            "plan_limit_reached",
        ),
        (E::BillingNotConfigured, 422, "billing_not_configured"),
        (E::WorkspaceExists, 409, "workspace_exists"),
        (E::Conflict("the address is taken"), 409, "conflict"),
        (E::Contended, 503, "unavailable"),
        (E::Store(throttled), 503, "unavailable"),
        (E::Store(StoreError::Refused { service: "dynamodb", code: "AccessDenied".to_owned() }), 500, "internal_error"),
        (E::Upstream { service: "ses", code: "no_answer".to_owned() }, 503, "unavailable"),
    ] {
        let retryable = error.retryable();
        let shown = ApiError::from(error.clone());
        assert_eq!((shown.status().as_u16(), shown.code()), (status, code), "{error:?}");
        let body: Value = serde_json::from_slice(&shown.body("r1")).unwrap();
        assert_eq!((body["error"].as_str(), body["request_id"].as_str()), (Some(code), Some("r1")));
        assert!(body["message"].as_str().is_some_and(|m| m.ends_with('.')), "{body}");
        assert!(body["fix"].as_str().is_some_and(|fix| !fix.is_empty()), "{body}");
        assert_eq!(body["retry_after_seconds"].is_number(), retryable, "{error:?}");
    }
    let body: Value = serde_json::from_slice(&ApiError::from(E::Draft(decided)).body("r1")).unwrap();
    assert_eq!(body["message"], "The draft was approved by dana@example.com at 2026-04-30T14:22:11.000Z.");
    assert_eq!((&body["decided_by"]["kind"], &body["draft_status"]), (&json!("email"), &json!("approved")));
}
