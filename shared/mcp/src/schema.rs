//! JSON Schemas of what tools take and give, from the types themselves.

use rmcp::model::JsonObject;
use serde_json::{Map, Value, json};
use utoipa::{
    ToSchema,
    openapi::{RefOr, Schema},
};

const COMPONENTS: &str = "#/components/schemas/";

fn parts<T: ToSchema>() -> (Value, Map<String, Value>) {
    let mut named: Vec<(String, RefOr<Schema>)> = Vec::new();
    T::schemas(&mut named);
    // Strings, numbers and lists only: this cannot fail, and a test would see an empty schema.
    let of = |schema: RefOr<Schema>| serde_json::to_value(schema).unwrap_or_default();
    (of(T::schema()), named.into_iter().map(|(name, schema)| (name, of(schema))).collect())
}

/// The schema of what a tool takes. Everything stands in one place, and what may be left out has no `null`: not every
/// client follows references, and not every model does well with lists of types.
pub(crate) fn input<T: ToSchema>() -> JsonObject {
    let (mut schema, named) = parts::<T>();
    inline(&mut schema, &named);
    visit(&mut schema, &mut |object| {
        without_null(object);
        if object.get("properties").is_some() {
            object.entry("additionalProperties").or_insert(json!(false));
        }
        shorten(object);
    });
    finish(schema)
}

/// The schema of what a tool gives.
pub(crate) fn output<T: ToSchema>() -> JsonObject {
    let (schema, named) = parts::<T>();
    with_definitions(schema, named)
}

/// The schema of a list: its items are not among what the list itself names.
pub(crate) fn output_of<T: ToSchema, V: ToSchema>() -> JsonObject {
    let (schema, mut named) = parts::<T>();
    let (item, of_item) = parts::<V>();
    named.extend(of_item);
    named.insert(V::name().into_owned(), item);
    with_definitions(schema, named)
}

fn with_definitions(mut schema: Value, mut named: Map<String, Value>) -> JsonObject {
    // The names that are used, and no others.
    let mut used: Vec<String> = Vec::new();
    collect(&schema, &named, &mut used);
    named.retain(|name, _| used.contains(name));
    let mut named = Value::Object(named);
    for value in [&mut schema, &mut named] {
        visit(value, &mut |object| {
            if let Some(Value::String(target)) = object.get_mut("$ref")
                && let Some(name) = target.strip_prefix(COMPONENTS)
            {
                *target = format!("#/$defs/{name}");
            }
            shorten(object);
        });
    }
    let mut schema = finish(schema);
    if named.as_object().is_some_and(|named| !named.is_empty()) {
        schema.insert("$defs".to_owned(), named);
    }
    schema
}

/// Every byte is read by a model: no examples, no line breaks of the source.
fn shorten(object: &mut Map<String, Value>) {
    // Of a schema, not of its properties: one of those may be called so.
    if object.get("type").is_some_and(|kind| !kind.is_object()) {
        object.remove("example");
        object.remove("examples");
    }
    if let Some(Value::String(text)) = object.get_mut("description") {
        *text = text.replace('\n', " ");
    }
}

fn finish(schema: Value) -> JsonObject {
    let Value::Object(mut schema) = schema else { return JsonObject::new() };
    // What the type is for is said by the tool's own description.
    schema.remove("description");
    schema.entry("type").or_insert(json!("object"));
    schema
}

fn inline(value: &mut Value, named: &Map<String, Value>) {
    if let Some(name) = value.get("$ref").and_then(Value::as_str).and_then(|to| to.strip_prefix(COMPONENTS))
        && let Some(schema) = named.get(name)
    {
        let description = value.get("description").cloned();
        *value = schema.clone();
        if let Some(description) = description {
            value["description"] = description;
        }
    }
    match value {
        Value::Object(object) => object.values_mut().for_each(|inner| inline(inner, named)),
        Value::Array(all) => all.iter_mut().for_each(|inner| inline(inner, named)),
        _ => {}
    }
}

fn collect(value: &Value, named: &Map<String, Value>, used: &mut Vec<String>) {
    match value {
        Value::Object(object) => {
            if let Some(name) = object.get("$ref").and_then(Value::as_str).and_then(|to| to.strip_prefix(COMPONENTS))
                && !used.iter().any(|known| known == name)
            {
                used.push(name.to_owned());
                if let Some(schema) = named.get(name) {
                    collect(schema, named, used);
                }
            }
            object.values().for_each(|inner| collect(inner, named, used));
        }
        Value::Array(all) => all.iter().for_each(|inner| collect(inner, named, used)),
        _ => {}
    }
}

fn without_null(object: &mut Map<String, Value>) {
    if let Some(Value::Array(types)) = object.get("type")
        && let [only] = types.iter().filter(|name| *name != "null").collect::<Vec<_>>()[..]
    {
        let only = only.clone();
        object.insert("type".to_owned(), only);
    }
    if let Some(Value::Array(all)) = object.get("oneOf")
        && all.iter().any(|one| one["type"] == "null")
        && let [Value::Object(only)] = all.iter().filter(|one| one["type"] != "null").collect::<Vec<_>>()[..]
    {
        let only = only.clone();
        object.remove("oneOf");
        for (name, value) in only {
            object.entry(name).or_insert(value);
        }
    }
}

/// Every object in `value`, the inner ones first.
fn visit(value: &mut Value, change: &mut impl FnMut(&mut Map<String, Value>)) {
    match value {
        Value::Object(object) => {
            object.values_mut().for_each(|inner| visit(inner, change));
            change(object);
        }
        Value::Array(all) => all.iter_mut().for_each(|inner| visit(inner, change)),
        _ => {}
    }
}
