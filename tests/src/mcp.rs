//! A caller of `/mcp`, of either era of the protocol. It holds every result of a tool against the schema that the server
//! published for it.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex,
        atomic::{AtomicI64, Ordering},
    },
};

use reqwest::Method;
use serde_json::{Value, json};

use crate::{Answer, Api};

/// The newest protocol, which has no handshake.
pub const MODERN: &str = "2026-07-28";
/// The last one that had.
pub const LEGACY: &str = "2025-11-25";
/// The most JSON a result has, in bytes.
pub const MAX_RESULT_BYTES: usize = 25_000;

/// A client with a key.
#[derive(Debug)]
pub struct Mcp {
    api: Api,
    version: &'static str,
    next_id: AtomicI64,
    /// Compiled once: the output schemas of the tools this key sees.
    schemas: Mutex<Option<BTreeMap<String, jsonschema::Validator>>>,
}

/// What a tool gave.
#[derive(Debug, Clone)]
pub struct ToolResult {
    /// The whole result.
    pub result: Value,
    asked: String,
}

impl Mcp {
    /// A client of the newest protocol.
    pub fn new(api: &Api) -> Self {
        Self::speaking(api, MODERN)
    }

    /// A client of that protocol.
    pub fn speaking(api: &Api, version: &'static str) -> Self {
        Self { api: api.clone(), version, next_id: AtomicI64::new(1), schemas: Mutex::default() }
    }

    /// Sends bytes as they are.
    pub async fn raw(&self, headers: &[(&str, &str)], body: Vec<u8>) -> Answer {
        let mut all = vec![("content-type", "application/json"), ("accept", "application/json, text/event-stream")];
        all.retain(|(name, _)| headers.iter().all(|(other, _)| other != name));
        all.extend(headers);
        self.api.ask(Method::POST, "/mcp", &all, body).await
    }

    /// Makes a request.
    pub async fn ask(&self, method: &str, mut params: Value) -> Answer {
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        let name =
            ["name", "uri", "taskId"].iter().find_map(|field| params[field].as_str()).unwrap_or_default().to_owned();
        let mut headers = vec![("mcp-protocol-version", self.version)];
        if self.version == MODERN {
            params["_meta"] = json!({
                "io.modelcontextprotocol/protocolVersion": MODERN,
                "io.modelcontextprotocol/clientCapabilities": {},
                "io.modelcontextprotocol/clientInfo": {"name": "tests", "version": "1"},
            });
            headers.push(("mcp-method", method));
            // What cannot stand in a header is left out of it, for the server to notice.
            if (1..200).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_graphic()) {
                headers.push(("mcp-name", &name));
            }
        }
        let body = json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params});
        let answer = self.raw(&headers, body.to_string().into_bytes()).await;
        if answer.status == 200 {
            let json = answer.json();
            assert_eq!((&json["jsonrpc"], &json["id"]), (&json!("2.0"), &json!(id)), "{json}");
            assert!(json["result"].is_object() != json["error"].is_object(), "{json}");
            // The newer protocol says what kind of result it is, the older ones know no such field.
            if json["result"].is_object() {
                assert_eq!(json["result"].get("resultType").is_some(), self.version == MODERN, "{json}");
            }
        }
        answer
    }

    /// Makes a request that succeeds.
    pub async fn result(&self, method: &str, params: Value) -> Value {
        let json = self.ask(method, params).await.expect(200);
        assert!(json["result"].is_object(), "{method}: {json}");
        json["result"].clone()
    }

    /// Makes a request that fails with a JSON-RPC error.
    pub async fn error(&self, method: &str, params: Value) -> Value {
        let answer = self.ask(method, params).await;
        assert!(answer.status < 500, "{method}: {}", answer.text());
        let json = answer.json();
        assert!(json["error"]["code"].is_i64(), "{method}: {json}");
        json["error"].clone()
    }

    /// The tools this key sees.
    pub async fn tools(&self) -> Vec<Value> {
        let result = self.result("tools/list", json!({})).await;
        result["tools"].as_array().expect("a list of tools").clone()
    }

    /// Calls a tool.
    pub async fn call(&self, tool: &str, arguments: Value) -> ToolResult {
        let asked = format!("{tool} {arguments}");
        let result = self.result("tools/call", json!({"name": tool, "arguments": arguments})).await;
        self.check(tool, &result).await;
        ToolResult { result, asked }
    }

    /// A result is what its tool's schema says, short enough, and the same as text.
    async fn check(&self, tool: &str, result: &Value) {
        let text = result["content"][0]["text"].as_str().expect("a text");
        if result["isError"] == true {
            let error: Value = serde_json::from_str(text).expect("an error as JSON");
            for field in ["error", "message", "fix", "request_id"] {
                assert!(error[field].is_string(), "{tool}: {error}");
            }
            return;
        }
        let structured = &result["structuredContent"];
        assert_eq!(serde_json::from_str::<Value>(text).ok().as_ref(), Some(structured));
        assert!(text.len() <= MAX_RESULT_BYTES, "{tool} gave {} bytes", text.len());
        if self.schemas.lock().expect("no test panics here").is_none() {
            let tools = self.tools().await;
            let compiled = tools.iter().map(|tool| {
                let validator = jsonschema::validator_for(&tool["outputSchema"]).expect("a schema");
                (tool["name"].as_str().unwrap_or_default().to_owned(), validator)
            });
            *self.schemas.lock().expect("no test panics here") = Some(compiled.collect());
        }
        let schemas = self.schemas.lock().expect("no test panics here");
        let validator = schemas.as_ref().and_then(|schemas| schemas.get(tool)).expect("a tool that is listed");
        let wrong: Vec<String> =
            validator.iter_errors(structured).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert!(wrong.is_empty(), "{tool} gave {structured}\n{wrong:#?}");
    }
}

impl ToolResult {
    /// What the tool gave.
    #[track_caller]
    pub fn ok(&self) -> Value {
        assert_eq!(self.result["isError"], false, "{}: {}", self.asked, self.result);
        self.result["structuredContent"].clone()
    }

    /// Why the tool refused.
    #[track_caller]
    pub fn refusal(&self) -> Value {
        assert_eq!(self.result["isError"], true, "{}: {}", self.asked, self.result);
        serde_json::from_str(self.result["content"][0]["text"].as_str().unwrap_or_default()).expect("JSON")
    }

    /// The code of the refusal.
    #[track_caller]
    pub fn refused(&self) -> String {
        self.refusal()["error"].as_str().unwrap_or_default().to_owned()
    }
}
