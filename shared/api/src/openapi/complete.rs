//! What follows from the conventions and is the same everywhere: errors, headers, shared parameters, names.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::codes::{CODES, look_up};

/// The headers of every response.
const COMMON_HEADERS: [&str; 1] = ["X-Request-Id"];
const RATE_HEADERS: [&str; 3] = ["RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"];
const REQUEST_ID: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

pub(super) fn complete(document: &mut Value) {
    rename_schemas(document);
    inline_text(document);
    always_present(document);
    flatten(document);
    name_items(document);
    close_requests(document);
    drop_unused(document);
    describe_codes(document);
    let mut errors = BTreeMap::new();
    let schemas = document["components"]["schemas"].clone();
    for (path, method, operation) in operations(document) {
        let names_objects = path.contains('{')
            || names_objects(operation.get("requestBody"), &schemas)
            || names_identity(operation.get("parameters"));
        complete_operation(&path, &method, names_objects, operation, &mut errors);
    }
    let components = &mut document["components"];
    components["responses"] = Value::Object(errors.into_iter().collect());
    components["headers"] = headers();
    components["parameters"] = parameters();
    components["securitySchemes"] = json!({ "api_key": {
        "type": "http", "scheme": "bearer", "bearerFormat": "nc_live_ and 32 letters and digits",
        "description": "A key of the workspace. What it may do is its role.",
    } });
    document["security"] = json!([{ "api_key": [] }]);
}

/// Path, method and operation of everything in the document.
fn operations(document: &mut Value) -> impl Iterator<Item = (String, String, &mut Map<String, Value>)> {
    document["paths"].as_object_mut().into_iter().flatten().flat_map(|(path, item)| {
        item.as_object_mut()
            .into_iter()
            .flatten()
            .filter_map(move |(method, operation)| Some((path.clone(), method.clone(), operation.as_object_mut()?)))
    })
}

fn complete_operation(
    path: &str,
    method: &str,
    names_objects: bool,
    operation: &mut Map<String, Value>,
    responses: &mut BTreeMap<String, Value>,
) {
    let open = operation.get("security").is_some();
    if open {
        operation.insert("security".to_owned(), json!([]));
    }
    let changes = method != "get" && operation.remove("x-reads").is_none();
    let own = operation.remove("x-errors");
    let mut codes = BTreeSet::from(["internal_error", "validation_error"]);
    if operation.remove("x-static").is_none() {
        codes.extend(["rate_limited", "unavailable"]);
    }
    if !open {
        codes.insert("unauthorized");
    }
    if !open && changes {
        codes.insert("forbidden");
    }
    if names_objects {
        codes.insert("not_found");
    }
    if ["post", "patch", "put"].contains(&method) {
        codes.extend(["invalid_json", "payload_too_large", "unsupported_media_type"]);
    }
    if method == "post" {
        codes.extend(["idempotency_in_flight", "idempotency_key_reused"]);
    }
    codes.extend(own.iter().flat_map(|own| own.as_array().into_iter().flatten()).filter_map(Value::as_str).map(
        |code| {
            let known = CODES.iter().map(|(name, ..)| *name).find(|name| *name == code);
            // Only generating and testing the document comes here.
            known.unwrap_or_else(|| panic!("{method} {path}: `{code}` is not in codes.rs"))
        },
    ));

    share_parameters(method, operation);
    // An optional body may be left out; it is never `null`.
    if let Some(schema) =
        operation.get_mut("requestBody").map(|body| &mut body["content"]["application/json"]["schema"])
        && let Some([null, only]) = schema["oneOf"].as_array().map(Vec::as_slice)
        && null["type"] == "null"
    {
        *schema = only.clone();
    }
    let Some(answers) = operation.get_mut("responses").and_then(Value::as_object_mut) else { return };
    for answer in answers.values_mut() {
        let mut headers = references("headers", COMMON_HEADERS.iter().chain(&RATE_HEADERS));
        if method == "post" {
            headers.insert("Idempotent-Replayed".to_owned(), reference("headers", "Idempotent-Replayed"));
        }
        answer["headers"] = Value::Object(headers);
    }
    let mut by_status: BTreeMap<u16, Vec<&str>> = BTreeMap::new();
    for code in codes {
        by_status.entry(look_up(code).map_or(500, |(status, _)| status)).or_default().push(code);
    }
    for (status, codes) in by_status {
        let name = codes.join(".");
        answers.insert(status.to_string(), reference("responses", &name));
        responses.entry(name).or_insert_with(|| error_response(status, &codes));
    }
}

/// Whether a field of the body is the id of something that may not be there.
fn names_objects(body: Option<&Value>, schemas: &Value) -> bool {
    let mut names = BTreeSet::new();
    collect(body, schemas, &mut names);
    let fields = names.iter().filter_map(|name| schemas[name]["properties"].as_object()).flat_map(Map::values);
    fields.into_iter().any(|field| field["format"] == "uuid")
}

/// Whether a list is asked for by identity: one that the key is not bound to is not there.
fn names_identity(parameters: Option<&Value>) -> bool {
    parameters.and_then(Value::as_array).into_iter().flatten().any(|parameter| parameter["name"] == "identity_id")
}

/// One response for all operations that can fail under this status with these codes.
fn error_response(status: u16, codes: &[&str]) -> Value {
    let line = |code: &&str| format!("`{code}`: {}", look_up(code).map_or("", |(_, meaning)| meaning));
    let mut headers = references("headers", COMMON_HEADERS.iter());
    if [429, 503].contains(&status) {
        headers.insert("Retry-After".to_owned(), reference("headers", "Retry-After"));
    }
    if status != 401 {
        headers.extend(references("headers", RATE_HEADERS.iter()));
    }
    let examples: Map<_, _> =
        codes.iter().map(|code| ((*code).to_owned(), json!({ "value": example(status, code) }))).collect();
    json!({
        "description": codes.iter().map(line).collect::<Vec<_>>().join("\n\n"),
        "headers": headers,
        "content": { "application/json": { "schema": reference("schemas", "Error"), "examples": examples } },
    })
}

fn example(status: u16, code: &str) -> Value {
    let mut example = json!({
        "error": code,
        "message": look_up(code).map(|(_, meaning)| meaning),
        "request_id": REQUEST_ID,
    });
    if code == "validation_error" {
        example["details"] =
            json!([{ "field": "cc[1]", "message": "must be an e-mail address such as ada@example.com" }]);
        example["fix"] = json!("Correct what `details` names and send the request again.");
    }
    if [429, 503].contains(&status) {
        example["retry_after_seconds"] = json!(1);
    }
    example
}

/// `limit`, `offset` and `cursor` become references; every POST gets `Idempotency-Key`.
fn share_parameters(method: &str, operation: &mut Map<String, Value>) {
    let mut all = operation.remove("parameters").and_then(|all| all.as_array().cloned()).unwrap_or_default();
    for parameter in &mut all {
        let name = parameter["name"].as_str().unwrap_or_default();
        if parameter["in"] == "query" && ["limit", "offset", "cursor"].contains(&name) {
            *parameter = reference("parameters", name);
        } else if parameter["in"] == "query"
            && let Some(types) = parameter["schema"].get("type").and_then(Value::as_array)
            && let Some(only) = types.iter().find(|name| *name != "null").cloned()
        {
            // A parameter is there or not; it has no null.
            parameter["schema"]["type"] = only;
        } else if let Some(one_of) = parameter["schema"].get("oneOf").and_then(Value::as_array)
            && let Some(only) = one_of.iter().find(|schema| schema["type"] != "null").cloned()
        {
            parameter["schema"] = only;
        }
    }
    if method == "post" {
        all.push(reference("parameters", "Idempotency-Key"));
    }
    if !all.is_empty() {
        operation.insert("parameters".to_owned(), Value::Array(all));
    }
}

fn parameters() -> Value {
    let query = |name: &str, description: &str, schema: Value| json!({ "name": name, "in": "query", "required": false, "description": description, "schema": schema });
    json!({
        "limit": query("limit", "How many to give at most.",
            json!({ "type": "integer", "minimum": 1, "maximum": 100, "default": 20 })),
        "offset": query("offset", "How many to pass over; further than 1000 only with `cursor`.",
            json!({ "type": "integer", "minimum": 0, "maximum": 1000, "default": 0 })),
        "cursor": query("cursor", "`next_cursor` of the page before, with the same filters. Not together with `offset`.",
            json!({ "type": "string" })),
        "Idempotency-Key": {
            "name": "Idempotency-Key", "in": "header", "required": false,
            "description": "Chosen by the caller: for 24 hours the same request with the same key gets the first answer \
                            again, and nothing happens twice.",
            "schema": { "type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[\\x20-\\x7e]+$" },
            "example": "reply-to-0197f3a0",
        },
    })
}

fn headers() -> Value {
    let header = |description: &str, schema: Value| json!({ "description": description, "schema": schema });
    let number = json!({ "type": "integer", "minimum": 0 });
    json!({
        "X-Request-Id": header("Names the request in the logs.", json!({ "type": "string", "example": REQUEST_ID })),
        "Retry-After": header("Seconds until the next try makes sense.", number.clone()),
        "RateLimit-Limit": header("Requests in a window; absent where requests are not counted.", number.clone()),
        "RateLimit-Remaining": header("What is left of the window.", number.clone()),
        "RateLimit-Reset": header("Seconds until the next window.", number),
        "Idempotent-Replayed": header("`true`: this is the answer to the first request with this `Idempotency-Key`.",
            json!({ "type": "string", "enum": ["true"] })),
    })
}

fn reference(kind: &str, name: &str) -> Value {
    json!({ "$ref": format!("#/components/{kind}/{name}") })
}

fn references<'a>(kind: &str, names: impl Iterator<Item = &'a &'a str>) -> Map<String, Value> {
    names.map(|name| ((*name).to_owned(), reference(kind, name))).collect()
}

/// `error` is one of the codes.
fn describe_codes(document: &mut Value) {
    let codes: Vec<_> = CODES.iter().map(|(code, ..)| *code).chain(["method_not_allowed"]).collect();
    document["components"]["schemas"]["Error"]["properties"]["error"]["enum"] = json!(codes);
}

/// `List_DraftView` is `DraftList`, `DraftView` is `Draft`.
fn rename_schemas(document: &mut Value) {
    let new_name = |old: &str| match old.strip_prefix("List_") {
        Some(of) => format!("{}List", of.strip_suffix("View").unwrap_or(of)),
        None => old.strip_suffix("View").unwrap_or(old).to_owned(),
    };
    if let Some(Value::Object(schemas)) = document["components"].get_mut("schemas") {
        for (old, schema) in std::mem::take(schemas) {
            let other = schemas.insert(new_name(&old), schema);
            assert!(other.is_none(), "two schemas are called {}: name one with #[schema(as = …)]", new_name(&old));
        }
    }
    visit(document, &mut |value| {
        if let Some(Value::String(target)) = value.get_mut("$ref")
            && let Some(old) = target.strip_prefix("#/components/schemas/")
        {
            *target = format!("#/components/schemas/{}", new_name(old));
        }
    });
}

/// An id or an address is text; a schema of its own for each kind would only be in the way of generated clients.
fn inline_text(document: &mut Value) {
    let Some(schemas) = document["components"]["schemas"].as_object_mut() else { return };
    let is_text = |schema: &Value| schema["type"] == "string" && schema.get("enum").is_none();
    let text: BTreeMap<String, Value> = schemas
        .iter()
        .filter(|(_, schema)| is_text(schema))
        .map(|(name, schema)| (name.clone(), schema.clone()))
        .collect();
    schemas.retain(|name, _| !text.contains_key(name));
    visit(document, &mut |value| {
        let Some(target) = value.get("$ref").and_then(Value::as_str) else { return };
        let Some(schema) = target.strip_prefix("#/components/schemas/").and_then(|name| text.get(name)) else { return };
        let description = value.get("description").cloned();
        *value = schema.clone();
        if let Some(description) = description {
            value["description"] = description;
        }
    });
    // What may be null is said with `type`, as for every other text.
    visit(document, &mut |value| {
        let Some([null, text]) = value.get("oneOf").and_then(Value::as_array).map(Vec::as_slice) else { return };
        if null["type"] != "null" || text["type"] != "string" {
            return;
        }
        let (mut schema, description) = (text.clone(), value.get("description").cloned());
        schema["type"] = json!(["string", "null"]);
        if let Some(description) = description {
            schema["description"] = description;
        }
        *value = schema;
    });
}

/// In what we answer, a field that may be null is always there; one that may be absent is never null.
fn always_present(document: &mut Value) {
    let mut answered = BTreeSet::new();
    let mut asked = BTreeSet::new();
    let schemas = document["components"]["schemas"].clone();
    for (_, _, operation) in operations(document) {
        collect(operation.get("responses"), &schemas, &mut answered);
        collect(operation.get("requestBody"), &schemas, &mut asked);
    }
    for name in answered.difference(&asked) {
        visit(&mut document["components"]["schemas"][name], &mut |schema| {
            let Some(properties) = schema.get("properties").and_then(Value::as_object) else { return };
            let nullable = |schema: &Value| {
                schema["type"].as_array().is_some_and(|types| types.iter().any(|name| name == "null"))
                    || schema["oneOf"].as_array().is_some_and(|all| all.iter().any(|one| one["type"] == "null"))
            };
            let mut required: Vec<Value> = schema["required"].as_array().cloned().unwrap_or_default();
            for (name, property) in properties {
                if nullable(property) && !required.iter().any(|known| known == name) {
                    required.push(json!(name));
                }
            }
            if !required.is_empty() {
                schema["required"] = Value::Array(required);
            }
        });
    }
}

/// What serde flattens into an object becomes part of its schema, instead of an `allOf` that generated clients stumble
/// over. The fields of an optional part are optional.
fn flatten(document: &mut Value) {
    let schemas = document["components"]["schemas"].clone();
    let named = |schema: &Value| match schema["$ref"].as_str().and_then(|target| target.rsplit('/').next()) {
        Some(name) => schemas[name].clone(),
        None => schema.clone(),
    };
    for schema in document["components"]["schemas"].as_object_mut().into_iter().flat_map(Map::values_mut) {
        let Some(Value::Array(parts)) = schema.as_object_mut().and_then(|schema| schema.remove("allOf")) else {
            continue;
        };
        let (mut properties, mut required) = (Map::new(), Vec::new());
        for part in &parts {
            let optional = part["oneOf"].as_array().and_then(|all| all.iter().find(|one| one["type"] != "null"));
            let whole = named(optional.unwrap_or(part));
            properties.extend(whole["properties"].as_object().cloned().unwrap_or_default());
            if optional.is_none() {
                required.extend(whole["required"].as_array().cloned().unwrap_or_default());
            }
        }
        schema["type"] = json!("object");
        schema["properties"] = Value::Object(properties);
        schema["required"] = Value::Array(required);
    }
}

/// The items of a list are the schema of that name.
fn name_items(document: &mut Value) {
    let Some(schemas) = document["components"]["schemas"].as_object_mut() else { return };
    let names: Vec<String> = schemas.keys().cloned().collect();
    for name in &names {
        if let Some(of) = name.strip_suffix("List")
            && names.iter().any(|name| name == of)
        {
            schemas[name]["properties"]["data"]["items"] = reference("schemas", of);
        }
    }
}

/// Objects inside a request are as strict as the request itself.
fn close_requests(document: &mut Value) {
    let mut asked = BTreeSet::new();
    let schemas = document["components"]["schemas"].clone();
    for (_, _, operation) in operations(document) {
        collect(operation.get("requestBody"), &schemas, &mut asked);
    }
    for name in asked {
        visit(&mut document["components"]["schemas"][&name], &mut |schema| {
            if schema.get("properties").is_some_and(Value::is_object) && schema.get("additionalProperties").is_none() {
                schema["additionalProperties"] = json!(false);
            }
        });
    }
}

/// Removes schemas that nothing leads to.
fn drop_unused(document: &mut Value) {
    let mut used = BTreeSet::from(["Error".to_owned()]);
    let schemas = document["components"]["schemas"].clone();
    collect(schemas.get("Error"), &schemas, &mut used);
    collect(Some(&document["paths"]), &schemas, &mut used);
    if let Some(schemas) = document["components"]["schemas"].as_object_mut() {
        schemas.retain(|name, _| used.contains(name));
    }
}

/// The names of all schemas that `value` leads to.
fn collect(value: Option<&Value>, schemas: &Value, names: &mut BTreeSet<String>) {
    match value {
        Some(Value::Object(object)) => {
            if let Some(name) = object.get("$ref").and_then(Value::as_str).and_then(|to| to.rsplit('/').next())
                && names.insert(name.to_owned())
            {
                collect(schemas.get(name), schemas, names);
            }
            object.values().for_each(|value| collect(Some(value), schemas, names));
        }
        Some(Value::Array(all)) => all.iter().for_each(|value| collect(Some(value), schemas, names)),
        _ => {}
    }
}

/// Every object in `value`, the inner ones first.
fn visit(value: &mut Value, change: &mut impl FnMut(&mut Value)) {
    match value {
        Value::Object(object) => object.values_mut().for_each(|inner| visit(inner, change)),
        Value::Array(all) => return all.iter_mut().for_each(|inner| visit(inner, change)),
        _ => return,
    }
    change(value);
}
