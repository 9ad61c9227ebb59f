//! The first event of each function: of those behind HTTP a request that reads the table, of the others an empty batch.

use serde_json::{Map, Value, json};

use crate::{asking::Till, world::World};

/// An event that a function of that name takes.
pub(crate) async fn first_event(name: &str, world: &World, till: &mut Till<'_>) -> Value {
    let get = |path: &str| http(world, "GET", path, &[("authorization", bearer(world))], None);
    match name {
        // A draft of its own for each: a press decides.
        "callback" => {
            let asked = till.ask(None).await;
            let press = till.slack_press(&asked, "approve");
            http(world, "POST", &press.path, &press.headers, Some(press.body))
        }
        "dashboard" => get("/sign-in"),
        "drafts" => get("/v1/drafts"),
        "identities" => get("/v1/identities"),
        "settings" => get("/v1/workspace"),
        "threads" => get("/v1/threads"),
        "mcp" => {
            let headers = [
                ("authorization", bearer(world)),
                ("content-type", "application/json".to_owned()),
                ("accept", "application/json, text/event-stream".to_owned()),
            ];
            let params = json!({"name": "list_threads", "arguments": {}});
            let message = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params});
            http(world, "POST", "/mcp", &headers, Some(message.to_string()))
        }
        "sweep" => json!({
            "version": "0", "id": "1", "detail-type": "Scheduled Event", "source": "aws.events", "account": "000000000000",
            "time": "2026-01-01T00:00:00Z", "region": "eu-central-1", "resources": [], "detail": {},
        }),
        _ => json!({ "Records": [] }),
    }
}

/// An answer in HTTP has to be a good one.
pub(crate) fn check(name: &str, answer: &Value) {
    if let Some(status) = answer["statusCode"].as_u64() {
        assert_eq!(status, 200, "{name}: {answer}");
    }
}

fn bearer(world: &World) -> String {
    format!("Bearer {}", world.secret.expose())
}

/// A request, as API Gateway hands it over (payload format 2.0).
fn http(world: &World, method: &str, path: &str, headers: &[(&str, String)], body: Option<String>) -> Value {
    let mut sent: Map<String, Value> = headers.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
    sent.insert("host".to_owned(), json!("costs.test"));
    let mut event = json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": "",
        "headers": sent,
        "requestContext": {
            "accountId": "000000000000",
            "apiId": "cold",
            "domainName": "costs.test",
            "domainPrefix": "cold",
            "http": {
                "method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1", "userAgent": "cold",
            },
            "requestId": "cold",
            "routeKey": "$default",
            "stage": "$default",
            "time": "01/Jan/2026:00:00:00 +0000",
            "timeEpoch": world.app.now().unix_ms(),
        },
        "isBase64Encoded": false,
    });
    if let Some(body) = body {
        event["body"] = body.into();
    }
    event
}
