//! The envelope of a message, read before the protocol looks at it: what is no JSON-RPC request gets an error that says
//! so, and a request is known to be a read or a write before its key is counted.

use actionlayer_domain::rate::RateClass;
use axum::{body::Body, response::Response};
use http::{HeaderValue, StatusCode, header};
use rmcp::model::CallToolResult;
use serde_json::{Value, json};

use crate::tools;

const PARSE_ERROR: i32 = -32_700;
pub(crate) const INVALID_REQUEST: i32 = -32_600;
/// JSON-RPC leaves the length of an id open; clients count or make UUIDs.
const MAX_ID_BYTES: usize = 256;

/// A message with the shape of JSON-RPC 2.0.
#[derive(Debug)]
pub(crate) struct Message {
    id: Option<Value>,
    method: Option<String>,
    tool: Option<String>,
    modern: bool,
}

/// What is no such message.
#[derive(Debug)]
pub(crate) struct Malformed {
    code: i32,
    message: String,
    id: Option<Value>,
}

impl Malformed {
    pub(crate) fn into_response(self) -> Response {
        error(StatusCode::BAD_REQUEST, self.code, &self.message, self.id.as_ref())
    }
}

/// Reads the envelope.
pub(crate) fn read(body: &[u8]) -> Result<Message, Malformed> {
    let refuse = |code, message: &str, id| Malformed { code, message: message.to_owned(), id };
    let value: Value = serde_json::from_slice(body)
        .map_err(|error| refuse(PARSE_ERROR, &format!("The body is not valid JSON: {error}."), None))?;
    let Value::Object(message) = value else {
        return Err(refuse(INVALID_REQUEST, "Send one JSON-RPC message: batches are not supported.", None));
    };
    let id = message.get("id").filter(|id| is_id(id)).cloned();
    if message.get("id").is_some_and(|given| !given.is_null()) && id.is_none() {
        let expected = "`id` must be an integer or a string of at most 256 bytes.";
        return Err(refuse(INVALID_REQUEST, expected, None));
    }
    if message.get("jsonrpc").and_then(Value::as_str) != Some("2.0") {
        return Err(refuse(INVALID_REQUEST, "`jsonrpc` must be \"2.0\".", id));
    }
    if message.get("method").is_some_and(|method| !method.is_string()) {
        return Err(refuse(INVALID_REQUEST, "`method` must be a string.", id));
    }
    if message.get("params").is_some_and(|params| !params.is_object()) {
        return Err(refuse(INVALID_REQUEST, "`params` must be an object.", id));
    }
    let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
    let params = message.get("params");
    let meta = params.and_then(|params| params.get("_meta"));
    Ok(Message {
        id,
        method: text(message.get("method")),
        tool: text(params.and_then(|params| params.get("name"))),
        modern: meta.is_some_and(|meta| meta.get("io.modelcontextprotocol/protocolVersion").is_some()),
    })
}

fn is_id(id: &Value) -> bool {
    id.is_i64() || id.as_str().is_some_and(|id| id.len() <= MAX_ID_BYTES)
}

impl Message {
    pub(crate) fn is_tool_call(&self) -> bool {
        self.method.as_deref() == Some("tools/call") && self.id.is_some()
    }

    /// What the request counts as.
    pub(crate) fn class(&self) -> RateClass {
        let writes = self.is_tool_call() && self.tool.as_deref().is_some_and(tools::writes);
        if writes { RateClass::Write } else { RateClass::Read }
    }

    /// The response to this request.
    pub(crate) fn answer(&self, result: &CallToolResult) -> Response {
        let mut result = json!(result);
        if !self.modern
            && let Some(result) = result.as_object_mut()
        {
            result.remove("resultType");
        }
        json(StatusCode::OK, &json!({"jsonrpc": "2.0", "id": self.id, "result": result}))
    }
}

/// A JSON-RPC error as a response.
pub(crate) fn error(status: StatusCode, code: i32, message: &str, id: Option<&Value>) -> Response {
    let error = json!({"jsonrpc": "2.0", "id": id, "error": {"code": code, "message": message}});
    json(status, &error)
}

/// An answer with a status.
fn json(status: StatusCode, value: &serde_json::Value) -> Response {
    let mut response = Response::new(Body::from(value.to_string()));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn what_is_no_message_is_refused_by_name() {
        for (body, code) in [
            (&b"{"[..], PARSE_ERROR),
            (b"\xff", PARSE_ERROR),
            (b"[]", INVALID_REQUEST),
            (br#"[{"jsonrpc":"2.0","id":1,"method":"ping"}]"#, INVALID_REQUEST),
            (br#"{"id":1,"method":"ping"}"#, INVALID_REQUEST),
            (br#"{"jsonrpc":"2.0","id":1.5,"method":"ping"}"#, INVALID_REQUEST),
            (br#"{"jsonrpc":"2.0","id":{},"method":"ping"}"#, INVALID_REQUEST),
            (br#"{"jsonrpc":"2.0","id":18446744073709551615,"method":"ping"}"#, INVALID_REQUEST),
            (br#"{"jsonrpc":"2.0","id":1,"method":7}"#, INVALID_REQUEST),
            (br#"{"jsonrpc":"2.0","id":1,"method":"ping","params":[1]}"#, INVALID_REQUEST),
        ] {
            assert_eq!(read(body).unwrap_err().code, code, "{}", String::from_utf8_lossy(body));
        }
        let nested = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(read(nested.as_bytes()).unwrap_err().code, PARSE_ERROR);
    }

    #[test]
    fn a_call_counts_as_what_its_tool_does() {
        let class = |body: &str| read(body.as_bytes()).unwrap().class();
        let call =
            |tool: &str| format!(r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"{tool}"}}}}"#);
        assert_eq!(class(&call("list_threads")), RateClass::Read);
        assert_eq!(class(&call("submit_draft")), RateClass::Write);
        assert_eq!(class(r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#), RateClass::Read);
    }
}
