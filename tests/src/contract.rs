//! The API's own document, held against every answer that any test gets.

use std::{
    collections::BTreeSet,
    sync::{LazyLock, OnceLock},
};

use jsonschema::Validator;
use reqwest::Method;
use serde_json::{Map, Value, json};

/// The document as it is committed; a test of its own holds it to the code.
pub static DOCUMENT: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("../../infra/openapi.json")).expect("the document is JSON"));

/// All operations.
pub static OPERATIONS: LazyLock<Vec<Operation>> = LazyLock::new(|| {
    let paths = DOCUMENT["paths"].as_object().expect("paths");
    let operations = paths.iter().flat_map(|(path, item)| {
        item.as_object().expect("operations").iter().map(|(method, operation)| Operation::read(path, method, operation))
    });
    operations.collect()
});

/// An operation of the document.
#[derive(Debug)]
pub struct Operation {
    pub method: Method,
    /// The path, with `{id}` and the like in it.
    pub path: String,
    /// Whether it takes a key.
    pub secured: bool,
    /// The names of the query parameters.
    pub parameters: BTreeSet<String>,
    /// The schema of the body.
    pub body: Option<Value>,
    answers: Vec<Documented>,
}

#[derive(Debug)]
struct Documented {
    status: u16,
    /// Of a JSON body; none where there is no body, or another one.
    schema: Option<&'static Value>,
    /// Made of it when the first such answer comes: all of them take seconds, and most tests get few.
    validator: OnceLock<Validator>,
    /// The codes that an error may have.
    codes: BTreeSet<String>,
}

impl Operation {
    fn read(path: &str, method: &str, operation: &'static Value) -> Self {
        let parameters = operation["parameters"].as_array().into_iter().flatten().map(resolve);
        let answers = operation["responses"].as_object().expect("responses").iter().map(|(status, answer)| {
            let json = &resolve(answer)["content"]["application/json"];
            Documented {
                status: status.parse().expect("a status"),
                schema: json.get("schema"),
                validator: OnceLock::new(),
                codes: json["examples"].as_object().map(|all| all.keys().cloned().collect()).unwrap_or_default(),
            }
        });
        Self {
            method: method.to_ascii_uppercase().parse().expect("a method"),
            path: path.to_owned(),
            secured: operation.get("security").is_none(),
            parameters: parameters
                .filter(|p| p["in"] == "query")
                .map(|p| p["name"].as_str().unwrap().to_owned())
                .collect(),
            body: operation["requestBody"]["content"]["application/json"].get("schema").cloned(),
            answers: answers.collect(),
        }
    }

    /// Whether it can fail under this status.
    pub fn answers_with(&self, status: u16) -> bool {
        self.answers.iter().any(|answer| answer.status == status)
    }

    /// The codes it can fail with, and their statuses.
    pub fn codes(&self) -> BTreeSet<(u16, &str)> {
        let answers = self.answers.iter();
        answers.flat_map(|answer| answer.codes.iter().map(|code| (answer.status, code.as_str()))).collect()
    }

    fn matches(&self, path: &str) -> bool {
        let (mine, its): (Vec<_>, Vec<_>) = (self.path.split('/').collect(), path.split('/').collect());
        mine.len() == its.len()
            && mine.iter().zip(its).all(|(mine, its)| *mine == its || (mine.starts_with('{') && !its.is_empty()))
    }
}

/// What a `$ref` leads to.
pub fn resolve(value: &Value) -> &Value {
    match value["$ref"].as_str() {
        Some(target) => DOCUMENT.pointer(&target[1..]).unwrap_or_else(|| panic!("{target} leads nowhere")),
        None => value,
    }
}

/// Takes what the schema describes; references lead into the document.
pub fn validator(schema: &Value) -> Validator {
    let whole = json!({ "allOf": [schema], "components": DOCUMENT["components"] });
    jsonschema::options().should_validate_formats(true).build(&whole).expect("a schema")
}

/// The operations of a path. One without a variable wins over one with.
fn operations_at(path: &str) -> Vec<&'static Operation> {
    let here: Vec<_> = OPERATIONS.iter().filter(|operation| operation.matches(path)).collect();
    let fixed = here.iter().any(|operation| operation.path == path);
    here.into_iter().filter(|operation| !fixed || operation.path == path).collect()
}

/// The operation that a request asks for.
pub fn operation(method: &Method, path: &str) -> Option<&'static Operation> {
    operations_at(path.split('?').next().unwrap_or_default()).into_iter().find(|operation| operation.method == method)
}

/// Holds an answer against the document.
///
/// # Panics
/// When the document does not say that this can be answered.
#[track_caller]
pub(crate) fn check(method: &Method, path: &str, status: u16, body: &[u8]) {
    let path = path.split('?').next().unwrap_or_default();
    if !path.starts_with("/v1/") || [Method::HEAD, Method::OPTIONS].contains(method) {
        return;
    }
    let said = || format!("{method} {path}: {status} {}", String::from_utf8_lossy(body));
    let here = operations_at(path);
    let Some(operation) = here.iter().find(|operation| operation.method == method) else {
        let expected = if here.is_empty() { 404 } else { 405 };
        assert_eq!(status, expected, "not in the document: {}", said());
        return;
    };
    let Some(documented) = operation.answers.iter().find(|answer| answer.status == status) else {
        panic!("a status that is not in the document: {}", said());
    };
    let Some(schema) = documented.schema else { return };
    let validator = documented.validator.get_or_init(|| validator(schema));
    let json: Value = serde_json::from_slice(body).unwrap_or_else(|_| panic!("no JSON: {}", said()));
    let errors: Vec<_> =
        validator.iter_errors(&json).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "not as the document says: {errors:?}\n{}", said());
    if status >= 400 {
        let code = json["error"].as_str().unwrap_or_default();
        assert!(documented.codes.contains(code), "a code that is not in the document: {}", said());
    }
}

/// A value that the schema describes: its example, or what has to be there. Fields that `known` names get that value.
pub fn sample(schema: &Value, known: &Map<String, Value>) -> Value {
    let schema = resolve(schema);
    if let Some(example) = schema.get("example").or_else(|| schema["examples"].get(0)) {
        let mut example = example.clone();
        for (name, value) in example.as_object_mut().into_iter().flatten() {
            if let Some(real) = known.get(name) {
                *value = real.clone();
            }
        }
        return example;
    }
    if let Some(values) = schema["enum"].as_array() {
        return values[0].clone();
    }
    for choice in ["oneOf", "anyOf", "allOf"] {
        if let Some(one) = schema[choice].as_array().and_then(|all| all.iter().find(|one| one["type"] != "null")) {
            return sample(one, known);
        }
    }
    let kind = schema["type"].as_str().or_else(|| schema["type"].get(0)?.as_str()).unwrap_or("object");
    match kind {
        "object" => {
            let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
            let fields = required.map(|name| {
                let value = known.get(name).cloned();
                (name.to_owned(), value.unwrap_or_else(|| sample(&schema["properties"][name], known)))
            });
            Value::Object(fields.collect())
        }
        "array" => json!([sample(&schema["items"], known)]),
        "integer" | "number" => schema.get("minimum").cloned().unwrap_or_else(|| json!(1)),
        "boolean" => json!(true),
        _ => json!("words"),
    }
}
