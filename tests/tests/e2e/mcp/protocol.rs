//! One address, both eras of the protocol, and what clients probe beside it.

use actionlayer_tests::{
    Mcp, World,
    mcp::{LEGACY, MODERN},
};
use reqwest::Method;
use serde_json::{Value, json};

#[tokio::test]
async fn both_eras_are_served_at_one_address() {
    let world = World::start().await;
    let agent = world.key("agent").await;

    // A client with a handshake, in every version that has one.
    for version in ["2024-11-05", "2025-03-26", "2025-06-18", LEGACY] {
        let client = Mcp::speaking(&agent, version);
        let hello =
            json!({"protocolVersion": version, "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}});
        let body = json!({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": hello});
        let answer = client.raw(&[], body.to_string().into_bytes()).await;
        assert_eq!((answer.header("content-type"), answer.header("mcp-session-id")), ("application/json", ""));
        let result = answer.expect(200)["result"].clone();
        assert_eq!(result["protocolVersion"], version);
        assert_eq!(result["serverInfo"]["name"], "actionlayer");
        for capability in ["tools", "resources", "prompts", "completions"] {
            assert!(result["capabilities"][capability].is_object(), "{result}");
        }
        assert!(result["instructions"].as_str().unwrap().contains("untrusted_content"));
        let initialized = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
        let answer = client.raw(&[("mcp-protocol-version", version)], initialized.to_string().into_bytes()).await;
        assert_eq!((answer.status, answer.body.len()), (202, 0));
        assert_eq!(client.result("ping", json!({})).await, json!({}));
    }
    // A version nobody knows is answered with one that is known.
    let hello =
        json!({"protocolVersion": "1999-01-01", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}});
    let body = json!({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": hello});
    let answer = Mcp::new(&agent).raw(&[], body.to_string().into_bytes()).await.expect(200);
    assert_eq!(answer["result"]["protocolVersion"], LEGACY);

    // A client without one.
    let client = Mcp::new(&agent);
    let discovered = client.result("server/discover", json!({})).await;
    assert!(discovered["supportedVersions"].as_array().unwrap().contains(&json!(MODERN)), "{discovered}");
    assert!(discovered["ttlMs"].is_u64() && discovered["cacheScope"].is_string());
    assert_eq!(client.ask("ping", json!({})).await.status, 404);

    // What is listed is the same, in the same order, every time.
    let legacy = Mcp::speaking(&agent, LEGACY);
    assert_eq!(client.tools().await, legacy.tools().await);
    for method in ["tools/list", "resources/list", "resources/templates/list", "prompts/list"] {
        let result = client.result(method, json!({})).await;
        assert_eq!((&result["cacheScope"], result["ttlMs"].is_u64()), (&json!("private"), true), "{result}");
        assert_eq!(result, client.result(method, json!({})).await);
    }
    assert_eq!(client.result("resources/list", json!({})).await["resources"].as_array().unwrap().len(), 4);
    let templates = client.result("resources/templates/list", json!({})).await;
    assert_eq!(templates["resourceTemplates"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn headers_must_say_what_the_body_says() {
    let world = World::start().await;
    let client = Mcp::new(&world.owner);
    let list = |version: &str| {
        let meta = json!({
            "io.modelcontextprotocol/protocolVersion": version,
            "io.modelcontextprotocol/clientCapabilities": {},
            "io.modelcontextprotocol/clientInfo": {"name": "t", "version": "1"},
        });
        json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {"_meta": meta}}).to_string().into_bytes()
    };
    let good = [("mcp-protocol-version", MODERN), ("mcp-method", "tools/list")];
    client.raw(&good, list(MODERN)).await.expect(200);
    let mismatched: [&[(&str, &str)]; 3] =
        [&[("mcp-method", "tools/list")], &[good[0]], &[good[0], ("mcp-method", "tools/call")]];
    for headers in mismatched {
        let answer = client.raw(headers, list(MODERN)).await.expect(400);
        assert_eq!(answer["error"]["code"], -32_020, "{headers:?}: {answer}");
    }
    let unknown = [("mcp-protocol-version", "2099-01-01"), ("mcp-method", "tools/list")];
    let answer = client.raw(&unknown, list("2099-01-01")).await.expect(400);
    assert_eq!(answer["error"]["code"], -32_022, "{answer}");
    assert!(answer["error"]["data"]["supported"].as_array().unwrap().contains(&json!(MODERN)), "{answer}");
    let missing = json!({"io.modelcontextprotocol/protocolVersion": MODERN});
    let body = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {"_meta": missing}});
    assert_eq!(client.raw(&good, body.to_string().into_bytes()).await.expect(400)["error"]["code"], -32_602);
}

#[tokio::test]
async fn clients_without_a_key_and_web_pages_get_nowhere() {
    let world = World::start().await;
    let body = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list"}).to_string().into_bytes();
    let headers = [("content-type", "application/json"), ("accept", "application/json, text/event-stream")];

    // Clients begin without a key to learn how to sign in.
    for caller in
        [&world.anyone, &world.anyone.with_key("nc_live_00000000000000000000000000000000"), &world.anyone.with_key("x")]
    {
        let answer = caller.ask(Method::POST, "/mcp", &headers, body.clone()).await;
        answer.refused(401, "unauthorized");
        assert_eq!(answer.header("www-authenticate"), "Bearer");
    }
    // The key comes first: nobody without one learns anything.
    for wrong in [&b"{"[..], b"[]", b""] {
        world.anyone.ask(Method::POST, "/mcp", &headers, wrong.to_vec()).await.refused(401, "unauthorized");
    }
    // They look for OAuth; a page or an empty object there breaks them.
    for path in [
        "/.well-known/oauth-protected-resource",
        "/.well-known/oauth-protected-resource/mcp",
        "/.well-known/oauth-authorization-server",
        "/.well-known/oauth-authorization-server/mcp",
        "/.well-known/openid-configuration",
        "/mcp/.well-known/openid-configuration",
        "/.well-known/whatever",
    ] {
        world.anyone.get(path).await.refused(404, "not_found");
    }
    world.anyone.post("/register", json!({"client_name": "Claude Code"})).await.refused(404, "not_found");

    // No streams, no sessions.
    for method in [Method::GET, Method::DELETE, Method::PUT] {
        let answer = world.owner.ask(method, "/mcp", &headers, Vec::new()).await;
        answer.refused(405, "method_not_allowed");
        assert_eq!(answer.header("allow"), "POST");
    }

    // A web page that knows a key, and one that rebinds its name to this machine.
    let client = Mcp::new(&world.owner);
    for origin in ["https://evil.test", "null", "http://127.0.0.1:1"] {
        let answer = client.raw(&[("origin", origin)], body.clone()).await.expect(403);
        assert_eq!(answer["jsonrpc"], "2.0", "{answer}");
    }
    client.raw(&[("host", "evil.test")], body.clone()).await.expect(403);
    client.raw(&[("origin", &world.engine.http)], body.clone()).await.expect(200);

    // What a client must send.
    client.raw(&[("content-type", "text/plain")], body.clone()).await.expect(415);
    client.raw(&[("accept", "application/json")], body.clone()).await.expect(406);
    client.raw(&[], body).await.expect(200);
}

#[tokio::test]
async fn methods_and_tools_that_are_not_there_are_said_to_be_missing() {
    let world = World::start().await;
    for version in [MODERN, LEGACY] {
        let client = Mcp::speaking(&world.owner, version);
        let code = async |method: &str, params: Value| client.error(method, params).await["code"].clone();
        for (method, params) in [
            ("nothing/here", json!({})),
            ("tasks/get", json!({"taskId": "1"})),
            ("subscriptions/listen", json!({})),
            ("resources/subscribe", json!({"uri": "thread://x"})),
            ("sampling/createMessage", json!({})),
        ] {
            assert_eq!(code(method, params).await, -32_601, "{method}");
        }
        assert_eq!(code("tools/call", json!({"name": "delete_everything", "arguments": {}})).await, -32_602);
        for params in [json!({}), json!({"name": 7}), json!({"name": "list_threads", "arguments": []})] {
            assert_eq!(code("tools/call", params).await, -32_602);
        }
        let missing = if version == MODERN { -32_602 } else { -32_002 };
        for uri in ["thread://0197f3a0-5c1e-7d2a-9f00-1234567890ab", "workspace://other", "file:///etc/passwd"] {
            let error = client.error("resources/read", json!({"uri": uri})).await;
            assert_eq!(error["code"], missing, "{uri}: {error}");
            assert_eq!((&error["data"]["error"], &error["data"]["uri"]), (&json!("not_found"), &json!(uri)));
        }
        assert_eq!(code("prompts/get", json!({"name": "jailbreak"})).await, -32_602);
        assert_eq!(code("prompts/get", json!({"name": "draft_reply", "arguments": {}})).await, -32_602);
        let no = json!({"ref": {"type": "ref/prompt", "name": "x"}, "argument": {"name": "y", "value": ""}});
        assert_eq!(code("completion/complete", no).await, -32_602);
    }
}
