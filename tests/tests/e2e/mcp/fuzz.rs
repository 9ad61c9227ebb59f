//! Whatever is sent, there is an answer, and it is never our fault.

use actionlayer_tests::{Mcp, World};
use serde_json::{Value, json};

/// Numbers that look random and are the same every time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % sides
    }

    fn value(&mut self, depth: u8) -> Value {
        match self.roll(if depth == 0 { 9 } else { 11 }) {
            0 => Value::Null,
            1 => json!(true),
            2 => json!(-1),
            3 => json!(9_007_199_254_740_993_i64),
            4 => json!(1e308),
            5 => json!(""),
            6 => json!("\u{0}\u{202e}'; DROP TABLE\r\nBcc: x@y.test"),
            7 => json!("0197f3a0-5c1e-7d2a-9f00-1234567890ab"),
            8 => json!("x".repeat(10_000)),
            9 => Value::Array((0..self.roll(4)).map(|_| self.value(depth - 1)).collect()),
            _ => (0..self.roll(4))
                .map(|i| (format!("k{i}"), self.value(depth - 1)))
                .collect::<serde_json::Map<_, _>>()
                .into(),
        }
    }
}

#[tokio::test]
async fn no_bytes_break_it() {
    let world = World::start().await;
    let client = Mcp::new(&world.owner);
    let good = r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#;
    let nested = |open: &str, close: &str| format!("{}1{}", open.repeat(50_000), close.repeat(50_000));
    let mut bodies: Vec<Vec<u8>> = [
        "", " ", "null", "[]", "{}", "\"x\"", "1", "{", "\u{feff}{}", "[{}]",
        r#"{"jsonrpc":"2.0"}"#, r#"{"jsonrpc":"2.0","id":1}"#, r#"{"jsonrpc":"1.0","id":1,"method":"ping"}"#,
        r#"{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}"#, r#"{"jsonrpc":"2.0","id":1e400,"method":"ping"}"#,
        r#"{"jsonrpc":"2.0","id":99999999999999999999999999,"method":"ping"}"#,
        r#"{"jsonrpc":"2.0","id":1,"result":{}}"#, r#"{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"x"}}"#,
        r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}"#,
        r#"{"jsonrpc":"2.0","method":"tools/call","params":{"name":"send_draft"}}"#,
        r#"{"jsonrpc":"2.0","id":null,"method":"tools/list"}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":""}"#, r#"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":7}}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":7}}}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"initialize"}"#, r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":{}}}"#,
    ]
    .into_iter()
    .map(|text| text.as_bytes().to_vec())
    .collect();
    bodies.push(vec![0xff; 100]);
    bodies.push(nested("[", "]").into_bytes());
    bodies.push(nested(r#"{"a":"#, "}").into_bytes());
    bodies.push(
        format!(
            r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"list_threads","arguments":{}}}}}"#,
            nested(r#"{"a":"#, "}")
        )
        .into_bytes(),
    );
    bodies.push(format!("[{}]", vec![good; 1_000].join(",")).into_bytes());
    bodies.push(format!(r#"{{"jsonrpc":"2.0","id":"{}","method":"tools/list"}}"#, "i".repeat(1_000_000)).into_bytes());
    for cut in 1..good.len() {
        bodies.push(good.as_bytes()[..cut].to_vec());
    }
    for body in bodies {
        let shown = String::from_utf8_lossy(&body[..body.len().min(200)]).into_owned();
        let answer = client.raw(&[], body).await;
        assert!(answer.status < 500, "{shown}: {} {}", answer.status, answer.text());
        assert!(
            answer.status == 202 || answer.json()["jsonrpc"] == "2.0" || answer.status == 413,
            "{shown}: {}",
            answer.text()
        );
    }
    // The rest of it still works.
    client.tools().await;
    assert_eq!(client.raw(&[], vec![b' '; 7 * 1024 * 1024]).await.status, 413);
}

#[tokio::test]
async fn no_arguments_break_a_tool() {
    let world = World::start().await;
    let client = Mcp::new(&world.owner);
    let mut dice = Dice(20_260_728);
    for tool in client.tools().await {
        let name = tool["name"].as_str().unwrap();
        let properties: Vec<String> = tool["inputSchema"]["properties"].as_object().unwrap().keys().cloned().collect();
        for _ in 0..40 {
            let mut arguments = serde_json::Map::new();
            for property in &properties {
                // A wait that is taken seriously would wait.
                if dice.roll(2) == 0 && property != "timeout_seconds" {
                    arguments.insert(property.clone(), dice.value(2));
                }
            }
            if name == "wait_for_message" {
                arguments.insert("timeout_seconds".to_owned(), json!(0));
            }
            if dice.roll(5) == 0 {
                arguments.insert("surprise".to_owned(), dice.value(1));
            }
            let result = client.call(name, Value::Object(arguments.clone())).await;
            if result.result["isError"] == true {
                let code = result.refused();
                assert!(
                    code != "internal_error" && code != "unavailable",
                    "{name} {arguments:?}: {}",
                    result.refusal()
                );
            }
        }
    }
    assert!(world.outbox().await.is_empty());
    for method in
        ["resources/read", "prompts/get", "completion/complete", "tools/call", "tools/list", "server/discover"]
    {
        for _ in 0..40 {
            let answer = client.ask(method, json!({"name": dice.value(1), "uri": dice.value(1), "ref": dice.value(2), "argument": dice.value(2), "arguments": dice.value(2), "cursor": dice.value(1)})).await;
            assert!(answer.status < 500, "{method}: {}", answer.text());
            assert_ne!(answer.json()["error"]["code"], -32_603, "{method}: {}", answer.text());
        }
    }
}
