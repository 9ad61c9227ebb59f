//! The OpenAPI document against the code.
#![allow(clippy::unwrap_used)]

use serde_json::Value;

use super::document;

#[test]
fn the_committed_document_is_what_the_code_says() {
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        let text = serde_json::to_string_pretty(&document()).unwrap();
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../infra/openapi.json");
        return std::fs::write(path, format!("{text}\n")).unwrap();
    }
    let committed: Value = serde_json::from_str(include_str!("../../../../infra/openapi.json")).unwrap();
    assert!(
        committed == document(),
        "infra/openapi.json is out of date: cargo run -p actionlayer-local -- openapi infra/openapi.json"
    );
}

#[test]
fn what_it_refers_to_is_there() {
    fn check(value: &Value, document: &Value) {
        if let Some(target) = value.get("$ref").and_then(Value::as_str) {
            let found = document.pointer(target.trim_start_matches('#'));
            assert!(found.is_some_and(Value::is_object), "{target} is nowhere");
        }
        let parts = value.as_object().into_iter().flat_map(|object| object.values());
        parts.chain(value.as_array().into_iter().flatten()).for_each(|part| check(part, document));
    }
    let document = document();
    check(&document, &document);
}
