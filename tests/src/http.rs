//! The public HTTP API, as a caller sees it.

use reqwest::{Client, Method, header::HeaderMap};
use serde_json::Value;

use crate::contract;

/// A caller: an address and perhaps a key.
#[derive(Debug, Clone)]
pub struct Api {
    client: Client,
    base: String,
    key: Option<String>,
}

/// An answer.
#[derive(Debug, Clone)]
pub struct Answer {
    /// What was asked, for messages.
    asked: String,
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Api {
    /// A caller without a key.
    pub fn new(base: &str) -> Self {
        Self { client: Client::new(), base: base.to_owned(), key: None }
    }

    /// The same caller with a key.
    #[must_use]
    pub fn with_key(&self, key: &str) -> Self {
        Self { key: Some(key.to_owned()), ..self.clone() }
    }

    /// The same caller, who is shown redirects instead of following them.
    #[must_use]
    pub fn staying(&self) -> Self {
        let client = Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a client");
        Self { client, ..self.clone() }
    }

    pub fn key(&self) -> &str {
        self.key.as_deref().unwrap_or_default()
    }

    /// Asks, with whatever headers and body; `None` when the connection broke.
    pub async fn try_ask(&self, method: Method, path: &str, headers: &[(&str, &str)], body: Vec<u8>) -> Option<Answer> {
        let asked = format!("{method} {path}");
        let url = if path.starts_with("http") { path.to_owned() } else { format!("{}{path}", self.base) };
        let mut request = self.client.request(method.clone(), url);
        if let Some(key) = &self.key {
            request = request.bearer_auth(key);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if !body.is_empty() {
            request = request.body(body);
        }
        let response = request.send().await.ok()?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = response.bytes().await.ok()?.to_vec();
        contract::check(&method, path, status, &body);
        Some(Answer { asked, status, headers, body })
    }

    /// Asks, with whatever headers and body.
    pub async fn ask(&self, method: Method, path: &str, headers: &[(&str, &str)], body: Vec<u8>) -> Answer {
        let what = format!("{method} {path}");
        self.try_ask(method, path, headers, body).await.unwrap_or_else(|| panic!("no answer to {what}"))
    }

    /// `GET`.
    pub async fn get(&self, path: &str) -> Answer {
        self.ask(Method::GET, path, &[], Vec::new()).await
    }

    /// `POST` of JSON.
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.json(Method::POST, path, body).await
    }

    /// `POST` without a body.
    pub async fn post_empty(&self, path: &str) -> Answer {
        self.ask(Method::POST, path, &[], Vec::new()).await
    }

    /// `PATCH` of JSON.
    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        self.json(Method::PATCH, path, body).await
    }

    /// `DELETE`.
    pub async fn delete(&self, path: &str) -> Answer {
        self.ask(Method::DELETE, path, &[], Vec::new()).await
    }

    /// Any method with a JSON body.
    pub async fn json(&self, method: Method, path: &str, body: Value) -> Answer {
        self.ask(method, path, &[("content-type", "application/json")], body.to_string().into_bytes()).await
    }

    /// What the buttons of the approval page post.
    pub async fn press(&self, path: &str, action: &str) -> Answer {
        self.form(path, &format!("action={action}")).await
    }

    /// A form, already encoded.
    pub async fn form(&self, path: &str, form: &str) -> Answer {
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        self.ask(Method::POST, path, &headers, form.as_bytes().to_vec()).await
    }
}

impl Answer {
    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// A header's value; empty when it is not there.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The body as JSON; `null` when there is none.
    pub fn json(&self) -> Value {
        if self.body.is_empty() {
            return Value::Null;
        }
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("{}: no JSON: {}", self.asked, self.text()))
    }

    /// The body as JSON of an answer with this status.
    #[track_caller]
    pub fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}: {}", self.asked, self.text());
        assert!(!self.header("x-request-id").is_empty() || !self.asked.contains("/v1/"), "{}", self.asked);
        self.json()
    }

    /// The envelope of a refusal with this status and code: complete, under the request's id.
    #[track_caller]
    pub fn refused(&self, status: u16, code: &str) -> Value {
        let envelope = self.expect(status);
        assert_eq!(envelope["error"], code, "{}: {envelope}", self.asked);
        for field in ["message", "request_id", "fix"] {
            assert!(
                envelope[field].as_str().is_some_and(|text| !text.is_empty()),
                "{}: {field}: {envelope}",
                self.asked
            );
        }
        assert_eq!(envelope["request_id"], self.header("x-request-id"), "{}", self.asked);
        assert!(self.header("content-type").starts_with("application/json"), "{}", self.asked);
        envelope
    }
}
