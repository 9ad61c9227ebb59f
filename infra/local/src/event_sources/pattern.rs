//! Event filter patterns, as far as the template uses them.
//! <https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html#filtering-syntax>

use serde_json::Value;

/// Whether a record passes any of the patterns; with none, every record does.
pub(crate) fn passes(patterns: &[Value], record: &Value) -> bool {
    patterns.is_empty() || patterns.iter().any(|pattern| matches(pattern, Some(record)))
}

/// Whether a value is what a part of a pattern asks for: all fields of an object, any rule of a list.
fn matches(pattern: &Value, value: Option<&Value>) -> bool {
    match pattern {
        Value::Object(fields) => {
            fields.iter().all(|(name, pattern)| matches(pattern, value.and_then(|value| value.get(name))))
        }
        Value::Array(rules) => rules.iter().any(|rule| value.is_some_and(|value| follows(rule, value))),
        _ => false,
    }
}

fn follows(rule: &Value, value: &Value) -> bool {
    match rule.get("anything-but") {
        Some(Value::Array(others)) => !others.contains(value),
        Some(other) => other != value,
        None => rule == value,
    }
}

/// Whether a pattern uses nothing but what is understood here.
pub(crate) fn is_understood(pattern: &Value) -> bool {
    match pattern {
        Value::Object(fields) => fields.values().all(is_understood),
        Value::Array(rules) => rules.iter().all(|rule| match rule {
            Value::Object(rule) => rule.len() == 1 && rule.contains_key("anything-but"),
            rule => !rule.is_array(),
        }),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn fields_are_all_meant_and_rules_any() {
        let pattern = [json!({ "name": ["A", "B"], "image": { "kind": { "S": [{ "anything-but": ["entry"] }] } } })];
        let record = |name: &str, kind: &str| json!({ "name": name, "image": { "kind": { "S": kind } }, "more": 1 });
        assert!(passes(&pattern, &record("B", "thread")));
        assert!(!passes(&pattern, &record("C", "thread")));
        assert!(!passes(&pattern, &record("A", "entry")));
        // What is not there is not something else.
        assert!(!passes(&pattern, &json!({ "name": "A" })));
        assert!(passes(&[], &json!({})));
    }

    #[test]
    fn what_is_not_understood_is_known() {
        assert!(is_understood(&json!({ "a": ["x", { "anything-but": "y" }] })));
        assert!(!is_understood(&json!({ "a": [{ "prefix": "y" }] })));
        assert!(!is_understood(&json!({ "a": "x" })));
    }
}
