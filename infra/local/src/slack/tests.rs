//! It refuses what Slack refuses, and its page shows what was posted.
#![allow(clippy::unwrap_used)]

use axum::body::Body;
use http::{Method, Request, StatusCode};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use super::*;

async fn slack() -> (Arc<Slack>, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let state = State::open(&folder.path().join("engine.sqlite")).unwrap();
    let clock = LocalClock::open(state.clone()).await.unwrap();
    let slack = Slack::open(state, clock, Arc::default(), reqwest::Client::new()).await.unwrap();
    slack.served_at("http://slack.test");
    (slack, folder)
}

async fn ask(router: Router, method: Method, path: &str, token: Option<&str>, body: Value) -> (StatusCode, String) {
    let mut request = Request::builder().method(method).uri(path).header("content-type", "application/json");
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    let response = router.oneshot(request.body(Body::from(body.to_string())).unwrap()).await.unwrap();
    let status = response.status();
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(bytes.to_vec()).unwrap())
}

async fn api(slack: &Arc<Slack>, method: &str, token: Option<&str>, body: Value) -> Value {
    let (_, text) = ask(router(slack.clone()), Method::POST, &format!("/api/{method}"), token, body).await;
    serde_json::from_str(&text).unwrap()
}

#[tokio::test]
async fn it_refuses_what_slack_refuses() {
    let (slack, _folder) = slack().await;
    let token = Some(OWN_APP_TOKEN);
    let long = "x".repeat(3_001);
    let section = |text: &str| json!([{"type": "section", "text": {"type": "plain_text", "text": text}}]);
    for (token, body, word) in [
        (None, json!({"channel": APPROVALS_CHANNEL, "text": "hi"}), "not_authed"),
        (Some("xoxb-nobody"), json!({"channel": APPROVALS_CHANNEL, "text": "hi"}), "invalid_auth"),
        (token, json!({"channel": "C0NOTHING", "text": "hi"}), "channel_not_found"),
        (token, json!({"channel": "G0PRIVATE01", "text": "hi"}), "channel_not_found"),
        (token, json!({"channel": "C0RANDOM001", "text": "hi"}), "not_in_channel"),
        (token, json!({"channel": "C0ARCHIVED1", "text": "hi"}), "is_archived"),
        (token, json!({"channel": APPROVALS_CHANNEL}), "no_text"),
        (token, json!({"channel": APPROVALS_CHANNEL, "blocks": section(&long)}), "invalid_blocks"),
        (token, json!({"channel": APPROVALS_CHANNEL, "blocks": section("")}), "invalid_blocks"),
        (token, json!({"channel": APPROVALS_CHANNEL, "text": "x".repeat(40_001)}), "msg_too_long"),
    ] {
        assert_eq!(api(&slack, "chat.postMessage", token, body.clone()).await["error"], word, "{body}");
    }
    assert_eq!(api(&slack, "chat.dance", token, json!({})).await["error"], "unknown_method");
    let view = json!({"type": "modal", "title": {"type": "plain_text", "text": "Hi"}, "blocks": section("hi")});
    assert_eq!(
        api(&slack, "views.open", token, json!({"trigger_id": "1", "view": view})).await["error"],
        "invalid_trigger_id"
    );
}

#[tokio::test]
async fn what_was_posted_is_shown_and_can_be_changed() {
    let (slack, _folder) = slack().await;
    let token = Some(OWN_APP_TOKEN);
    let blocks = json!([{"type": "section", "text": {"type": "plain_text", "emoji": false, "text": "<b>:smile: *no*</b>"}},
        {"type": "actions", "elements": [{"type": "button", "action_id": "approve", "text": {"type": "plain_text", "text": "Approve"}, "value": "v"}]}]);
    let posted =
        api(&slack, "chat.postMessage", token, json!({"channel": APPROVALS_CHANNEL, "text": "hi", "blocks": blocks}))
            .await;
    assert_eq!(posted["ok"], true, "{posted}");
    let path = format!("/local/slack?channel={APPROVALS_CHANNEL}");
    let (status, page) = ask(local_router(slack.clone()), Method::GET, &path, None, Value::Null).await;
    assert_eq!(status, StatusCode::OK);
    assert!(page.contains("&lt;b&gt;:smile: *no*&lt;/b&gt;") && page.contains("value=\"approve\">Approve</button>"));
    let change = json!({"channel": APPROVALS_CHANNEL, "ts": posted["ts"], "text": "done"});
    assert_eq!(api(&slack, "chat.update", token, change).await["ok"], true);
    let (_, page) = ask(local_router(slack.clone()), Method::GET, &path, None, Value::Null).await;
    assert!(page.contains("<p>done</p>") && page.contains("(edited)") && !page.contains("Approve</button>"));
    let gone = json!({"channel": APPROVALS_CHANNEL, "ts": "1.1", "text": "done"});
    assert_eq!(api(&slack, "chat.update", token, gone).await["error"], "message_not_found");
}
