//! What every tool costs, from the request to its answer, its caller's authentication included.

use std::sync::Arc;

use axum::{Router, body::Body};
use http::Request;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::{
    every_operation::with_a_file,
    operations::{Price, mail, price},
    world::World,
};

/// Reads as many partitions as the last 30 days have months.
pub(crate) const UNCOUNTED: [&str; 1] = ["get_events"];

/// Calls every tool once, in the order of an agent's day, and counts.
pub(crate) async fn count(world: &World) -> Vec<Price> {
    let mut till = Till { router: function_mcp::router(Arc::clone(&world.app)), world, prices: Vec::new() };
    for i in 0..20 {
        let id = format!("filler-{i}");
        world.receive(&id, mail(&id, None)).await;
    }
    world.receive("first", with_a_file()).await;
    let list = till.call("list_threads", json!({})).await;
    till.call("list_threads, needs_review", json!({"needs_review": true})).await;
    let thread = till.call("get_thread", json!({"thread_id": list["data"][0]["thread_id"]})).await;
    till.read(&thread).await;
    till.write(&thread).await;
    till.people().await;
    till.prices
}

struct Till<'a> {
    world: &'a World,
    router: Router,
    prices: Vec<Price>,
}

impl Till<'_> {
    /// Calls and counts. `tool` is its name, perhaps with a word behind it.
    async fn call(&mut self, tool: &'static str, arguments: Value) -> Value {
        let name = tool.split(',').next().unwrap();
        let params = json!({"name": name, "arguments": arguments});
        let message = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params});
        let request = Request::post("/mcp")
            .header("host", "costs.test")
            .header("authorization", format!("Bearer {}", self.world.secret.expose()))
            .header("content-type", "application/json")
            .header("accept", "application/json, text/event-stream")
            .body(Body::from(message.to_string()))
            .unwrap();
        self.world.app.store.meter().take();
        let answer = self.router.clone().oneshot(request).await.unwrap();
        let cost = self.world.app.store.meter().take();
        let bytes = axum::body::to_bytes(answer.into_body(), usize::MAX).await.unwrap();
        let answer: Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(answer["result"]["isError"], false, "{tool}: {answer}");
        self.prices.push(price(tool, cost.round_trips, cost.requests, cost.read_units, cost.write_units));
        answer["result"]["structuredContent"].clone()
    }

    async fn read(&mut self, thread: &Value) {
        let message = &thread["messages"][0];
        self.call("get_thread, older ones", json!({"thread_id": thread["thread_id"], "skip_newest": 1})).await;
        self.call("search_messages", json!({"q": "plan"})).await;
        let file = &message["untrusted_content"]["attachments"][0]["attachment_id"];
        self.call("get_attachment", json!({"message_id": message["message_id"], "attachment_id": file})).await;
        // The dearest case: nothing comes. A second has two looks, twenty have six.
        self.call("wait_for_message", json!({"thread_id": thread["thread_id"], "timeout_seconds": 1})).await;
        let known = json!({"after_message_id": "00000000-0000-7000-8000-000000000000"});
        self.call("wait_for_message, there is some", known).await;
    }

    async fn write(&mut self, thread: &Value) {
        let proposal = json!({
            "thread_id": thread["thread_id"],
            "identity_id": thread["identity_id"],
            "based_on_message_id": thread["last_inbound_message_id"],
            "body_text": "It costs 12 a month for each of you, and yes, by invoice.",
        });
        let draft = self.call("submit_draft", proposal.clone()).await;
        self.call("submit_draft, again", proposal).await;
        let of = json!({"draft_id": draft["draft_id"]});
        self.call("list_drafts", json!({})).await;
        self.call("get_draft", of.clone()).await;
        self.call("edit_draft", json!({"draft_id": draft["draft_id"], "body_text": "It costs 12."})).await;
        self.call("approve_draft", of.clone()).await;
        self.call("send_draft", of.clone()).await;
        self.call("send_draft, again", of).await;
        let cold = json!({
            "identity_id": thread["identity_id"],
            "to": ["new@customer.example"],
            "subject": "Hello",
            "body_text": "Hello.",
        });
        let cold = self.call("submit_draft, without a thread", cold).await;
        self.call("reject_draft", json!({"draft_id": cold["draft_id"]})).await;
    }

    async fn people(&mut self) {
        let identities = self.call("list_identities", json!({})).await;
        self.call("get_identity", json!({"identity_id": identities["data"][0]["identity_id"]})).await;
        let contacts = self.call("list_contacts", json!({})).await;
        self.call("get_contact", json!({"contact_id": contacts["data"][0]["contact_id"]})).await;
        self.call("list_pending_inbound", json!({})).await;
    }
}
