//! What can be written, and what is said of the rest.

use serde_json::{Value, json};

use super::{all, read};

/// The path and message of the only thing that is wrong with one condition.
fn refused(leaf: Value) -> (String, String) {
    let mut problems = read(all(json!([leaf.clone()]))).expect_err(&leaf.to_string());
    assert_eq!(problems.len(), 1, "{leaf}: {problems:?}");
    problems.remove(0)
}

#[test]
fn what_makes_no_sense_is_refused_at_its_place() {
    for (leaf, path, message) in [
        (
            json!({"field": "message.from", "op": "equals", "value": "x"}),
            "field",
            "must be one of `message.from_email`",
        ),
        (json!({"op": "equals", "value": "x"}), "field", "is required"),
        (json!({"field": "message.subject", "value": "x"}), "op", "is required"),
        (json!({"field": "message.subject", "op": "gt", "value": 1}), "op", "must be one of `equals`"),
        (json!({"field": "message.is_automated", "op": "contains", "value": "x"}), "op", "is true or false"),
        (json!({"field": "message.to", "op": "equals", "value": "x"}), "op", "is a list"),
        (json!({"field": "thread.message_count", "op": "contains", "value": "x"}), "op", "is a number"),
        (json!({"field": "thread.status", "op": "matches", "value": "x"}), "op", "one of a few words"),
        (json!({"field": "message.subject", "op": "equals"}), "value", "is required"),
        (json!({"field": "message.subject", "op": "equals", "value": 1}), "value", "must be a text"),
        (json!({"field": "message.subject", "op": "equals", "value": ""}), "value", "must be a text"),
        (json!({"field": "message.subject", "op": "in", "value": "x"}), "value", "must be a list"),
        (json!({"field": "message.subject", "op": "in", "value": []}), "value", "must be a list"),
        (json!({"field": "message.subject", "op": "in", "value": [1]}), "value", "must be a text"),
        (json!({"field": "message.is_automated", "op": "equals", "value": "true"}), "value", "must be true or false"),
        (json!({"field": "thread.message_count", "op": "gt", "value": "3"}), "value", "must be a number"),
        (json!({"field": "thread.message_count", "op": "gt", "value": 1e300}), "value", "below 2^53"),
        (json!({"field": "thread.status", "op": "equals", "value": "opened"}), "value", "must be one of `open`"),
        (json!({"field": "message.authentication.spf", "op": "equals", "value": "maybe"}), "value", "`PASS`"),
        (json!({"field": "message.safety.flags", "op": "contains", "value": "x"}), "value", "`hidden_text`"),
        (json!({"field": "draft.identity_id", "op": "equals", "value": "x"}), "value", "must be an id"),
        (json!({"field": "message.subject", "op": "exists", "value": "x"}), "value", "must be true or false"),
        (json!({"field": "message.subject", "op": "matches", "value": "("}), "value", "must be a regular expression"),
        (json!({"field": "message.subject", "op": "matches", "value": r"(a)\1"}), "value", "back-references"),
        (json!({"field": "message.subject", "op": "matches", "value": r"\w{500}{20}"}), "value", "too large"),
        (json!({"field": "message.subject", "op": "matches", "value": "x".repeat(513)}), "value", "512 bytes"),
        (json!({"field": "draft.metadata.x", "op": "equals", "value": {}}), "value", "must be a text, a number"),
    ] {
        let (at, why) = refused(leaf.clone());
        assert_eq!(at, format!("conditions.conditions[0].{path}"), "{leaf}");
        assert!(why.contains(message), "{leaf}: {why}");
    }
}

#[test]
fn every_problem_is_named_at_once() {
    let tree = json!({"operator": "AND", "conditions": [
        {"field": "nothing", "op": "equals", "value": "x"},
        {"operator": "OR", "conditions": [
            {"field": "thread.tags", "op": "contains", "value": "x"},
            {"field": "thread.tags", "op": "equals", "value": "x"},
        ]},
        {"conditions": []},
        {"operator": "OR", "field": "thread.tags"},
    ]});
    let paths: Vec<_> = read(tree).unwrap_err().into_iter().map(|(path, _)| path).collect();
    assert_eq!(
        paths,
        [
            "conditions.conditions[0].field",
            "conditions.conditions[1].conditions[1].op",
            "conditions.conditions[2].operator",
            "conditions.conditions[2].conditions",
            "conditions.conditions[3]",
        ]
    );
    assert_eq!(
        read(json!({"field": "thread.status", "op": "equals", "value": "open"})).unwrap_err()[0].0,
        "conditions"
    );
}

fn nested(depth: usize) -> Value {
    let leaf = json!({"field": "thread.status", "op": "equals", "value": "open"});
    (0..depth).fold(leaf, |inner, _| all(json!([inner])))
}

#[test]
fn size_is_bounded() {
    assert!(read(nested(5)).is_ok());
    assert!(read(nested(6)).unwrap_err()[0].1.contains("too deep"));
    let leaf = json!({"field": "thread.status", "op": "equals", "value": "open"});
    assert!(read(all(json!(vec![leaf.clone(); 50]))).is_ok());
    assert_eq!(read(all(json!(vec![leaf; 51]))).unwrap_err()[0].0, "conditions");
    let pattern = json!({"field": "thread.subject", "op": "matches", "value": "x"});
    assert!(read(all(json!(vec![pattern.clone(); 10]))).is_ok());
    assert!(read(all(json!(vec![pattern; 11]))).is_err());
    let long = json!({"field": "thread.subject", "op": "equals", "value": "x".repeat(1_000)});
    assert!(read(all(json!(vec![long; 20]))).unwrap_err()[0].1.contains("16 KB"));
}
