//! What the pages of the Slack and the Telegram that are played here post, and what tests post in their place.

use std::collections::BTreeMap;

use axum::http::{HeaderMap, header::CONTENT_TYPE};
use serde_json::{Map, Value};

/// The fields of a page's form, or of a test's JSON object, as text.
pub(crate) struct PostedFields {
    /// By name.
    pub(crate) fields: BTreeMap<String, String>,
    /// A page posted them: it is answered with a page.
    pub(crate) is_form: bool,
}

impl PostedFields {
    /// Reads a body. One that is neither has no fields.
    pub(crate) fn read(headers: &HeaderMap, body: &[u8]) -> Self {
        let is_form =
            headers.get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"application/x-www-form"));
        let fields = if is_form {
            form_urlencoded::parse(body).into_owned().collect()
        } else {
            let object: Map<String, Value> = serde_json::from_slice(body).unwrap_or_default();
            let text = |value: Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            object.into_iter().map(|(name, value)| (name, text(value))).collect()
        };
        Self { fields, is_form }
    }

    /// A field; empty when it is not there.
    pub(crate) fn get(&self, name: &str) -> &str {
        self.fields.get(name).map(String::as_str).unwrap_or_default()
    }

    /// A field that is a number.
    pub(crate) fn number(&self, name: &str) -> Option<i64> {
        self.get(name).parse().ok()
    }
}
