//! The engine as a whole, from outside.
#![allow(clippy::unwrap_used)]

use std::path::Path;

use serde_json::{Value, json};

use super::*;
use crate::{event_sources::tests::until, invoke::InvokeError};

async fn engine(folder: &Path) -> Engine {
    Engine::start(EngineOptions::on_free_ports(folder)).await.unwrap()
}

fn http() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().unwrap()
}

async fn bootstrap(engine: &Engine) -> (u16, Value) {
    let url = format!("{}/v1/auth/bootstrap", engine.addresses().url());
    let response = http().post(url).json(&json!({ "workspace_name": "Acme" })).send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

#[tokio::test]
async fn a_parameter_that_the_template_does_not_have_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let mut options = EngineOptions::on_free_ports(folder.path());
    options.parameters.insert("RateLimit".to_owned(), "off".to_owned());
    let refused = Engine::start(options).await.err().unwrap().to_string();
    assert!(refused.contains("no parameter RateLimit;") && refused.contains("RateLimits"), "{refused}");
}

#[tokio::test]
async fn it_keeps_what_it_knew_over_a_stop_and_a_crash() {
    let folder = tempfile::tempdir().unwrap();
    let first = engine(folder.path()).await;
    let (status, made) = bootstrap(&first).await;
    assert_eq!(status, 201);
    let busy = Engine::start(EngineOptions::on_free_ports(folder.path())).await;
    assert!(matches!(busy, Err(EngineError::State(StateError::InUse))), "two engines on one folder");
    first.stop().await;

    let second = engine(folder.path()).await;
    assert_eq!(bootstrap(&second).await.0, 409);
    drop(second);
    // What was under way lets go of the files a moment later.
    let third = until(async || Engine::start(EngineOptions::on_free_ports(folder.path())).await.ok()).await;
    let url = format!("{}/v1/workspace", third.addresses().url());
    let key = made["api_key"].as_str().unwrap();
    let response = http().get(url).bearer_auth(key).send().await.unwrap();
    assert_eq!(response.status(), 200);
    third.stop().await;
}

#[tokio::test]
async fn every_answer_has_the_products_form() {
    let folder = tempfile::tempdir().unwrap();
    let engine = engine(folder.path()).await;
    let url = engine.addresses().url();
    let ask = |method: &str, path: &str| http().request(method.parse().unwrap(), format!("{url}{path}"));
    assert_eq!(ask("GET", "/healthz").send().await.unwrap().status(), 200);
    let long = "a".repeat(11 * 1024 * 1024);
    let json = |body: &str| (body.to_owned(), "application/json");
    for (method, path, body, status, code) in [
        ("GET", "/nothing/here", None, 404, "not_found"),
        ("GET", "/v1", None, 404, "not_found"),
        ("GET", "/local/nothing", None, 404, "not_found"),
        ("DELETE", "/local/sweep", None, 405, "method_not_allowed"),
        ("GET", "/v1/threads", None, 401, "unauthorized"),
        ("POST", "/v1/auth/bootstrap", Some(json("{")), 400, "invalid_json"),
        ("POST", "/v1/auth/bootstrap", Some(json("{\"name\":1}")), 422, "validation_error"),
        ("POST", "/v1/auth/bootstrap", Some((long, "text/plain")), 413, "payload_too_large"),
        ("POST", "/local/faults", Some(json("{\"service\":\"ses\"}")), 422, "validation_error"),
        ("POST", "/local/clock", Some(json("{\"advance_seconds\":-1}")), 422, "validation_error"),
        ("POST", "/local/dns/publish", Some(json("{\"domain\":\"unheard-of.test\"}")), 404, "not_found"),
    ] {
        let mut request = ask(method, path);
        if let Some((body, kind)) = body {
            request = request.header("content-type", kind).body(body);
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), status, "{method} {path}");
        let has_id = response.headers().contains_key("x-request-id");
        let body: Value = response.json().await.unwrap();
        assert_eq!(body["error"], code, "{method} {path}");
        assert!(!body["message"].as_str().unwrap().is_empty());
        assert!(has_id || path.starts_with("/local"), "{method} {path}");
    }
    engine.stop().await;
}

#[tokio::test]
async fn every_case_under_events_is_an_event_its_function_can_read() {
    let folder = tempfile::tempdir().unwrap();
    let engine = engine(folder.path()).await;
    let events = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../events");
    for (id, function) in &engine.functions().deployed {
        let cases = std::fs::read_dir(events.join(&function.name)).expect("a folder per function");
        let mut count = 0;
        for case in cases {
            let path = case.unwrap().path();
            let event = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
            let answer = engine.functions().invoke(id, event).await;
            match (&answer, function.name.as_str()) {
                // There is no such mail in the bucket: an error, so that Lambda tries again.
                (Err(InvokeError::Failed { .. }), "ingest") => {}
                (Ok(_), _) => {}
                _ => panic!("{}: {answer:?}", path.display()),
            }
            count += 1;
        }
        assert!(count > 0, "events/{} is empty", function.name);
    }
    let unreadable = std::fs::read(events.join("send/unreadable_beside_a_job.json")).unwrap();
    let send = engine.functions().id_of("send").unwrap();
    let answer = engine.functions().invoke(send, serde_json::from_slice(&unreadable).unwrap()).await.unwrap();
    let failed = answer["batchItemFailures"].as_array().unwrap();
    assert_eq!(failed.len(), 1, "the job's message is unknown and needs nothing more; the unreadable record fails");
    engine.stop().await;
}

#[tokio::test]
async fn the_schedule_follows_the_engines_clock_and_can_be_run_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let engine = engine(folder.path()).await;
    let url = engine.addresses().url();
    let killed = json!({ "service": "lambda", "operation": "sweep", "kind": "crash_after" });
    let faults = format!("{url}/local/faults");
    assert_eq!(http().post(&faults).json(&killed).send().await.unwrap().status(), 201);
    let advance = json!({ "advance_seconds": 61 });
    assert_eq!(http().post(format!("{url}/local/clock")).json(&advance).send().await.unwrap().status(), 200);
    // The fault is used up by the invocation that is now due.
    let used = async || {
        let left: Value = http().get(&faults).send().await.unwrap().json().await.unwrap();
        (left["data"] == json!([])).then_some(())
    };
    until(used).await;
    assert_eq!(http().post(format!("{url}/local/sweep")).send().await.unwrap().status(), 200);
    engine.stop().await;
}

#[tokio::test]
async fn the_table_and_the_bucket_fail_on_request_and_the_clients_cope() {
    let folder = tempfile::tempdir().unwrap();
    let engine = engine(folder.path()).await;
    let faults = format!("{}/local/faults", engine.addresses().url());
    let order = |service: &str, operation: &str, kind: &str| {
        let fault = json!({ "service": service, "operation": operation, "kind": kind });
        let request = http().post(&faults).json(&fault);
        async move { assert_eq!(request.send().await.unwrap().status(), 201) }
    };
    order("dynamodb", "TransactWriteItems", "throttle").await;
    assert_eq!(bootstrap(&engine).await.0, 201, "the client retried");
    let s3 = crate::clients::s3(&engine.addresses().s3, None);
    order("s3", "PutObject", "throttle").await;
    let put = s3.put_object().bucket("mailbucket").key("inbound/x").body(b"hello".to_vec().into());
    put.send().await.unwrap();
    order("s3", "GetObject", "throttle").await;
    let got = s3.get_object().bucket("mailbucket").key("inbound/x").send().await.unwrap();
    assert_eq!(got.body.collect().await.unwrap().to_vec(), b"hello");
    let left: Value = http().get(&faults).send().await.unwrap().json().await.unwrap();
    assert_eq!(left["data"], json!([]), "each fault struck once");
    engine.stop().await;
}

#[tokio::test]
async fn local_routes_are_for_this_machine_alone() {
    let folder = tempfile::tempdir().unwrap();
    let engine = engine(folder.path()).await;
    let outbox = format!("{}/local/outbox", engine.addresses().url());
    let publish = format!("{}/local/dns/publish", engine.addresses().url());
    let status = async |request: reqwest::RequestBuilder| request.send().await.unwrap().status().as_u16();
    assert_eq!(status(http().get(&outbox)).await, 200);
    // A name of the attacker's that leads here.
    assert_eq!(status(http().get(&outbox).header("Host", "evil.example:8787")).await, 403);
    // Pages of other origins, with what browsers let them send unasked.
    assert_eq!(status(http().get(&outbox).header("Origin", "https://evil.example")).await, 403);
    assert_eq!(status(http().get(&outbox).header("Sec-Fetch-Site", "cross-site")).await, 403);
    let body = json!({ "domain": "ai.acme.test" }).to_string();
    for kind in ["text/plain", "application/x-www-form-urlencoded"] {
        let request = http().post(&publish).header("Content-Type", kind).body(body.clone());
        assert_eq!(status(request).await, 415, "{kind}");
    }
    assert_eq!(status(http().post(&publish).body(body.clone())).await, 415, "a body of no kind");
    engine.stop().await;
}

#[tokio::test]
async fn local_routes_are_not_served_where_others_can_reach_them() {
    let folder = tempfile::tempdir().unwrap();
    let mut options = EngineOptions::on_free_ports(folder.path());
    options.http = "0.0.0.0:0".parse().unwrap();
    options.local_token = LocalToken::new("let-me-in");
    let engine = Engine::start(options).await.unwrap();
    let at = engine.addresses();
    assert!(at.local.ip().is_loopback() && at.local.port() != at.http.port());
    let public = format!("http://127.0.0.1:{}", at.http.port());
    let status = async |request: reqwest::RequestBuilder| request.send().await.unwrap().status().as_u16();
    assert_eq!(status(http().get(format!("{public}/local/outbox"))).await, 404);
    assert_eq!(status(http().get(format!("{public}/healthz"))).await, 200);
    let outbox = format!("{}/local/outbox", at.local_url());
    assert_eq!(status(http().get(&outbox)).await, 401);
    assert_eq!(status(http().get(&outbox).bearer_auth("let-me-IN")).await, 401);
    assert_eq!(status(http().get(&outbox).bearer_auth("let-me-in")).await, 200);
    engine.stop().await;
}
