//! How often, how long, how many.

use actionlayer_tests::{Engine, Mcp, World};
use serde_json::json;

#[tokio::test]
async fn calls_count_as_reads_and_writes_like_those_of_the_api() {
    let engine = Engine::start_with(&["RateLimits=reads=6,writes=4,sign_ins=100"]).await;
    let world = World::start_on(engine, json!({})).await;
    world.advance(60).await;
    let client = Mcp::new(&world.owner);
    let ask = async |tool: &str| {
        let body =
            json!({"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": {"name": tool, "arguments": {}}});
        client.raw(&[], body.to_string().into_bytes()).await
    };
    for left in ["5", "4", "3", "2", "1", "0"] {
        assert_eq!(ask("list_threads").await.header("ratelimit-remaining"), left);
    }
    // A model reads results: it is told to wait.
    let answer = ask("list_threads").await;
    assert_eq!(answer.header("ratelimit-remaining"), "0");
    let result = answer.expect(200);
    assert_eq!((&result["id"], &result["result"]["isError"]), (&json!(7), &json!(true)));
    let refusal: serde_json::Value =
        serde_json::from_str(result["result"]["content"][0]["text"].as_str().unwrap()).unwrap();
    assert_eq!(refusal["error"], "rate_limited");
    assert!(
        refusal["retry_after_seconds"].as_u64().unwrap() <= 60 && refusal["fix"].as_str().unwrap().contains("Wait")
    );
    // What is no tool is refused as requests are.
    let list = json!({"jsonrpc": "2.0", "id": 8, "method": "tools/list"}).to_string().into_bytes();
    client.raw(&[], list).await.refused(429, "rate_limited");
    // Writes are counted apart, and a refused one counts.
    for left in ["3", "2", "1", "0"] {
        let answer = ask("submit_draft").await;
        assert_eq!((answer.status, answer.header("ratelimit-remaining")), (200, left));
    }
    assert!(ask("submit_draft").await.text().contains("rate_limited"));
}

#[tokio::test]
async fn fifty_calls_wait_and_no_more() {
    let world = World::start().await;
    let client = Mcp::new(&world.owner);
    client.tools().await;
    let waits = (0..60).map(|_| client.call("wait_for_message", json!({"timeout_seconds": 20})));
    let answers = futures_util::future::join_all(waits).await;
    // Ten are told so at once, while the fifty go on.
    let refused = answers.iter().filter(|answer| answer.ok()["next"].as_str().unwrap().contains("Too many")).count();
    assert_eq!(refused, 10);
    assert!(answers.iter().all(|answer| answer.ok()["arrived"] == false));
    let after = client.call("wait_for_message", json!({"timeout_seconds": 1})).await.ok();
    assert!(!after["next"].as_str().unwrap().contains("Too many"), "the places are free again");
    for wrong in [0, 21, 3_600] {
        let refusal = client.call("wait_for_message", json!({"timeout_seconds": wrong})).await;
        assert_eq!(refusal.refused(), "validation_error");
    }
}
