//! The OpenAPI document of the routes that the functions have.

use serde_json::Value;

/// The document, as `infra/openapi.json` holds it.
pub fn document() -> Value {
    actionlayer_api::openapi::document([
        function_settings::openapi(),
        function_identities::openapi(),
        function_threads::openapi(),
        function_drafts::openapi(),
    ])
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_committed_document_is_what_the_code_says() {
        let committed: Value = serde_json::from_str(include_str!("../../openapi.json")).unwrap();
        assert!(
            committed == document(),
            "infra/openapi.json is out of date: cargo run -p actionlayer-local -- openapi infra/openapi.json"
        );
    }
}
