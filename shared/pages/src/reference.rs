//! The OpenAPI document as one page: no scripts, nothing loaded.

use std::collections::BTreeMap;

use askama::Template;
use serde_json::{Map, Value};

#[derive(Template)]
#[template(path = "reference.html")]
struct Page<'a> {
    title: &'a str,
    version: &'a str,
    intro: Vec<String>,
    groups: Vec<Group<'a>>,
    schemas: Vec<Schema<'a>>,
}

struct Group<'a> {
    name: &'a str,
    description: String,
    operations: Vec<Operation<'a>>,
}

struct Operation<'a> {
    id: &'a str,
    method: String,
    path: &'a str,
    summary: String,
    description: Vec<String>,
    parameters: Vec<Field<'a>>,
    /// The name of the body's schema.
    body: Option<&'a str>,
    /// A body to begin with.
    example: Option<String>,
    answers: Vec<Answer<'a>>,
    errors: Vec<Answer<'a>>,
}

struct Answer<'a> {
    status: &'a str,
    description: Vec<String>,
    schema: Option<&'a str>,
}

struct Field<'a> {
    name: &'a str,
    place: &'a str,
    kind: String,
    required: bool,
    description: String,
}

struct Schema<'a> {
    name: &'a str,
    description: String,
    kind: String,
    fields: Vec<Field<'a>>,
}

/// The page; none when the document is not one.
pub fn page(document: &str) -> Option<String> {
    let document: Value = serde_json::from_str(document).ok()?;
    let mut by_tag: BTreeMap<&str, Vec<Operation<'_>>> = BTreeMap::new();
    for (path, item) in document["paths"].as_object()? {
        for method in ["get", "post", "patch", "delete"] {
            if let Some(operation) = item.get(method) {
                by_tag.entry(text(&operation["tags"][0])).or_default().push(read(&document, path, method, operation));
            }
        }
    }
    let tags = document["tags"].as_array()?;
    let groups = tags
        .iter()
        .filter_map(|tag| {
            let name = text(&tag["name"]);
            Some(Group { name, description: prose(text(&tag["description"])), operations: by_tag.remove(name)? })
        })
        .collect();
    let page = Page {
        title: text(&document["info"]["title"]),
        version: text(&document["info"]["version"]),
        intro: paragraphs(&document["info"]["description"]),
        groups,
        schemas: document["components"]["schemas"]
            .as_object()?
            .iter()
            .map(|(name, schema)| shape(name, schema))
            .collect(),
    };
    page.render().ok()
}

fn read<'a>(document: &'a Value, path: &'a str, method: &str, operation: &'a Value) -> Operation<'a> {
    let (mut answers, mut errors) = (Vec::new(), Vec::new());
    for (status, answer) in operation["responses"].as_object().into_iter().flatten() {
        let answer = resolve(document, answer);
        let schema = &answer["content"]["application/json"]["schema"];
        let list = if status.starts_with('2') { &mut answers } else { &mut errors };
        list.push(Answer {
            status,
            description: paragraphs(&answer["description"]),
            schema: named(schema).filter(|name| *name != "Error"),
        });
    }
    let parameter = |parameter: &'a Value| {
        let parameter = resolve(document, parameter);
        Field {
            name: text(&parameter["name"]),
            place: text(&parameter["in"]),
            kind: kind(&parameter["schema"]),
            required: parameter["required"] == true,
            description: prose(text(&parameter["description"])),
        }
    };
    let body = &operation["requestBody"]["content"]["application/json"]["schema"];
    let body = named(body).or_else(|| body["oneOf"].as_array()?.iter().find_map(named));
    let example = body.and_then(|name| document["components"]["schemas"].get(name)?.get("example"));
    Operation {
        id: text(&operation["operationId"]),
        method: method.to_ascii_uppercase(),
        path,
        summary: prose(text(&operation["summary"])),
        description: paragraphs(&operation["description"]),
        parameters: operation["parameters"].as_array().into_iter().flatten().map(parameter).collect(),
        body,
        example: example.and_then(|example| serde_json::to_string_pretty(example).ok()),
        answers,
        errors,
    }
}

fn shape<'a>(name: &'a str, schema: &'a Value) -> Schema<'a> {
    let mut fields = Vec::new();
    let parts = std::iter::once(schema).chain(schema["allOf"].as_array().into_iter().flatten());
    for part in parts.chain(schema["oneOf"].as_array().into_iter().flatten()) {
        let required = |name: &str| part["required"].as_array().is_some_and(|all| all.iter().any(|one| one == name));
        fields.extend(part["properties"].as_object().into_iter().flat_map(Map::iter).map(|(name, field)| Field {
            name,
            place: "",
            kind: kind(field),
            required: required(name),
            description: prose(text(&field["description"])),
        }));
    }
    Schema { name, description: prose(text(&schema["description"])), kind: kind(schema), fields }
}

/// A type in words.
fn kind(schema: &Value) -> String {
    let all = |schemas: &Value, joined: &str| {
        let kinds: Vec<_> = schemas.as_array().into_iter().flatten().map(kind).collect();
        kinds.join(joined)
    };
    if let Some(name) = named(schema) {
        return name.to_owned();
    }
    if let Some(values) = schema["enum"].as_array() {
        return values.iter().map(Value::to_string).collect::<Vec<_>>().join(" | ");
    }
    for (key, joined) in [("oneOf", " or "), ("anyOf", " or "), ("allOf", " with ")] {
        if schema.get(key).is_some() {
            return all(&schema[key], joined);
        }
    }
    match &schema["type"] {
        Value::String(name) if name == "array" => format!("list of {}", kind(&schema["items"])),
        Value::String(name) => schema["format"].as_str().unwrap_or(name).to_owned(),
        Value::Array(names) => {
            let format = schema["format"].as_str();
            let word = |name: &Value| match name.as_str() {
                Some("null") => "null".to_owned(),
                Some("array") => format!("list of {}", kind(&schema["items"])),
                Some(name) => format.unwrap_or(name).to_owned(),
                None => String::new(),
            };
            names.iter().map(word).collect::<Vec<_>>().join(" or ")
        }
        _ => "anything".to_owned(),
    }
}

/// The schema's name, if it is a reference to one.
fn named(schema: &Value) -> Option<&str> {
    schema["$ref"].as_str()?.strip_prefix("#/components/schemas/")
}

/// What a reference leads to.
fn resolve<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    let target = value["$ref"].as_str().and_then(|target| document.pointer(target.strip_prefix('#')?));
    target.unwrap_or(value)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn paragraphs(value: &Value) -> Vec<String> {
    text(value).split("\n\n").filter(|paragraph| !paragraph.is_empty()).map(prose).collect()
}

/// Text as HTML; what stands between backticks is code.
fn prose(text: &str) -> String {
    let mut html = String::new();
    for (number, piece) in text.split('`').enumerate() {
        let escaped = askama::filters::escape(piece, askama::filters::Html).map(|piece| piece.to_string());
        let escaped = escaped.unwrap_or_default();
        if number % 2 == 1 {
            html.extend(["<code>", &escaped, "</code>"]);
        } else {
            html.push_str(&escaped);
        }
    }
    html
}
