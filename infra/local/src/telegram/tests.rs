//! It refuses what the Bot API refuses, and its page shows what was sent.
#![allow(clippy::unwrap_used)]

use axum::body::Body;
use http::{Method, Request};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use super::*;

async fn telegram() -> (Arc<Telegram>, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let state = State::open(&folder.path().join("engine.sqlite")).unwrap();
    let clock = LocalClock::open(state.clone()).await.unwrap();
    (Telegram::open(state, clock, Arc::default(), reqwest::Client::new()).await.unwrap(), folder)
}

async fn ask(router: Router, method: Method, path: &str, body: Value) -> String {
    let request = Request::builder().method(method).uri(path).header("content-type", "application/json");
    let response = router.oneshot(request.body(Body::from(body.to_string())).unwrap()).await.unwrap();
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    String::from_utf8(bytes.to_vec()).unwrap()
}

async fn api(telegram: &Arc<Telegram>, token: &str, method: &str, body: Value) -> Value {
    let text = ask(router(telegram.clone()), Method::POST, &format!("/bot{token}/{method}"), body).await;
    serde_json::from_str(&text).unwrap()
}

#[tokio::test]
async fn it_refuses_what_the_bot_api_refuses() {
    let (telegram, _folder) = telegram().await;
    let keyboard = |data: &str| json!({"inline_keyboard": [[{"text": "Yes", "callback_data": data}]]});
    for (token, method, body, code, words) in [
        ("1:x", "getMe", json!({}), 401, "Unauthorized"),
        ("x", "getMe", json!({}), 404, "Not Found"),
        (BOT_TOKEN, "sendMessage", json!({"chat_id": 1, "text": "hi"}), 400, "Bad Request: chat not found"),
        (
            BOT_TOKEN,
            "sendMessage",
            json!({"chat_id": EVE_ID, "text": "hi"}),
            403,
            "Forbidden: bot can't initiate conversation with a user",
        ),
        (BOT_TOKEN, "sendMessage", json!({"chat_id": DANA_ID, "text": " "}), 400, "Bad Request: message text is empty"),
        (
            BOT_TOKEN,
            "sendMessage",
            json!({"chat_id": DANA_ID, "text": "😀".repeat(2_049)}),
            400,
            "Bad Request: message is too long",
        ),
        (
            BOT_TOKEN,
            "sendMessage",
            json!({"chat_id": DANA_ID, "text": "<x>", "parse_mode": "HTML"}),
            400,
            "Bad Request: can't parse entities: Unsupported start tag \"x\" at byte offset 0",
        ),
        (
            BOT_TOKEN,
            "sendMessage",
            json!({"chat_id": DANA_ID, "text": "hi", "reply_markup": keyboard(&"x".repeat(65))}),
            400,
            "Bad Request: BUTTON_DATA_INVALID",
        ),
        (
            BOT_TOKEN,
            "sendMessage",
            json!({"chat_id": SUPERGROUP_ID, "message_thread_id": 8, "text": "hi"}),
            400,
            "Bad Request: message thread not found",
        ),
        (
            BOT_TOKEN,
            "editMessageText",
            json!({"chat_id": DANA_ID, "message_id": 1, "text": "hi"}),
            400,
            "Bad Request: message to edit not found",
        ),
        (
            BOT_TOKEN,
            "setWebhook",
            json!({"url": "http://example.com"}),
            400,
            "Bad Request: bad webhook: An HTTPS URL must be provided for webhook",
        ),
    ] {
        let answer = api(&telegram, token, method, body).await;
        assert_eq!((answer["error_code"].as_u64(), answer["description"].as_str()), (Some(code), Some(words)));
    }
}

#[tokio::test]
async fn a_press_waits_for_whoever_asks() {
    let (telegram, _folder) = telegram().await;
    let keyboard = json!({"inline_keyboard": [[{"text": "Yes", "callback_data": "abc"}]]});
    let body = json!({"chat_id": DANA_ID, "text": "<b>Shall</b> I?", "parse_mode": "HTML", "reply_markup": keyboard});
    let sent = api(&telegram, BOT_TOKEN, "sendMessage", body.clone()).await;
    assert_eq!(sent["result"]["text"], "Shall I?");
    let id = &sent["result"]["message_id"];
    let mut same = body;
    same["message_id"] = id.clone();
    assert!(
        api(&telegram, BOT_TOKEN, "editMessageText", same).await["description"]
            .as_str()
            .unwrap()
            .contains("message is not modified")
    );

    let press = json!({"user": DANA_ID, "chat": DANA_ID, "message": id, "label": "Yes"});
    let pressing = tokio::spawn(ask(local_router(telegram.clone()), Method::POST, "/local/telegram/press", press));
    let updates = api(&telegram, BOT_TOKEN, "getUpdates", json!({"timeout": 10})).await;
    let query = &updates["result"][0]["callback_query"];
    assert_eq!((query["data"].as_str(), query["from"]["id"].as_i64()), (Some("abc"), Some(DANA_ID)));
    let answer = json!({"callback_query_id": query["id"], "text": "Done"});
    assert_eq!(api(&telegram, BOT_TOKEN, "answerCallbackQuery", answer.clone()).await["ok"], true);
    assert!(pressing.await.unwrap().contains("\"text\":\"Done\""));
    assert!(
        api(&telegram, BOT_TOKEN, "answerCallbackQuery", answer).await["description"]
            .as_str()
            .unwrap()
            .contains("query is too old")
    );
    let next = updates["result"][0]["update_id"].as_i64().unwrap() + 1;
    assert_eq!(api(&telegram, BOT_TOKEN, "getUpdates", json!({"offset": next})).await["result"], json!([]));

    api(&telegram, BOT_TOKEN, "setWebhook", json!({"url": "https://example.com/x", "secret_token": "abc"})).await;
    assert_eq!(api(&telegram, BOT_TOKEN, "getUpdates", json!({})).await["error_code"], 409);
}
