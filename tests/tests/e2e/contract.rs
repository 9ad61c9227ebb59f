//! Every operation of the API's document, without naming one: what is added to the document is tested as well.

use std::collections::{BTreeMap, BTreeSet};

use actionlayer_tests::{
    Answer, World,
    contract::{DOCUMENT, OPERATIONS, Operation, resolve, validator},
    world::array,
};
use reqwest::Method;
use serde_json::json;

use crate::everything::{Everything, takes_a_body};

fn secured() -> impl Iterator<Item = &'static Operation> {
    OPERATIONS.iter().filter(|operation| operation.secured)
}

/// The names in backticks after `takes` or `expected`.
fn listed(answer: &Answer, named: &str) -> BTreeSet<String> {
    let envelope = answer.refused(422, "validation_error");
    let detail = array(&envelope["details"]).iter().find(|detail| detail["field"] == named);
    let message = detail.unwrap_or_else(|| panic!("{named} is not named: {envelope}"))["message"].as_str().unwrap();
    message.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

#[tokio::test]
async fn no_operation_answers_without_a_key() {
    let all = Everything::there_is().await;
    for operation in secured() {
        all.ask(&all.world.anyone, operation).await.refused(401, "unauthorized");
    }
}

#[tokio::test]
async fn a_read_key_changes_nothing() {
    let all = Everything::there_is().await;
    let reader = all.world.key("read").await;
    // All there is at once is for those who may do everything.
    let is_for_owners =
        |operation: &Operation| operation.method == Method::GET && operation.path == "/v1/workspace/export";
    for operation in secured() {
        let answer = all.ask(&reader, operation).await;
        if operation.answers_with(403) && (operation.method != Method::GET || is_for_owners(operation)) {
            answer.refused(403, "forbidden");
        } else {
            assert_ne!(answer.status, 403, "{} {}: {}", operation.method, operation.path, answer.text());
        }
    }
}

#[tokio::test]
async fn another_workspaces_objects_are_not_found() {
    let all = Everything::there_is().await;
    let other = all.world.new_workspace("The other").await;
    for operation in secured().filter(|operation| operation.path.contains('{')) {
        all.ask(&other, operation).await.refused(404, "not_found");
    }
}

#[tokio::test]
async fn an_unknown_field_is_named_and_so_are_the_known_ones() {
    let all = Everything::there_is().await;
    for operation in OPERATIONS.iter().filter(|operation| takes_a_body(operation)) {
        let unknown = json!({"not_a_field": 1});
        let answer = all.world.owner.json(operation.method.clone(), &all.path(operation), unknown).await;
        let schema = operation.body.as_ref().map(resolve);
        let documented = schema.and_then(|schema| schema["properties"].as_object());
        let documented = documented.map(|fields| fields.keys().cloned().collect()).unwrap_or_default();
        let shape = schema.and_then(|schema| schema["oneOf"].as_array());
        let taken = listed(&answer, "not_a_field");
        assert!(shape.is_some() || taken == documented, "{}: {taken:?}, documented: {documented:?}", operation.path);
    }
}

#[tokio::test]
async fn an_unknown_parameter_is_named_and_so_are_the_known_ones() {
    let all = Everything::there_is().await;
    for operation in OPERATIONS.iter() {
        let path = format!("{}?not_a_parameter=1", all.path(operation));
        let body = if takes_a_body(operation) { all.body(operation).to_string() } else { String::new() };
        let headers = [("content-type", "application/json")];
        let answer = all.world.owner.ask(operation.method.clone(), &path, &headers, body.into_bytes()).await;
        assert_eq!(listed(&answer, "not_a_parameter"), operation.parameters, "{}", operation.path);
    }
}

#[tokio::test]
async fn another_method_is_answered_with_the_right_ones() {
    let all = Everything::there_is().await;
    let mut by_path: BTreeMap<&str, (String, BTreeSet<String>)> = BTreeMap::new();
    for operation in OPERATIONS.iter() {
        let (_, methods) = by_path.entry(&operation.path).or_insert_with(|| (all.path(operation), BTreeSet::new()));
        methods.insert(operation.method.to_string());
        if operation.method == Method::GET {
            methods.insert("HEAD".to_owned());
        }
    }
    for (path, methods) in by_path.values() {
        for method in [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
            if !methods.contains(method.as_str()) {
                let answer = all.world.owner.ask(method, path, &[], Vec::new()).await;
                answer.refused(405, "method_not_allowed");
                let allowed: BTreeSet<_> = answer.header("allow").split(',').map(|m| m.trim().to_owned()).collect();
                assert_eq!(&allowed, methods, "{path}");
            }
        }
    }
}

#[tokio::test]
async fn a_body_that_is_not_json_is_refused() {
    let all = Everything::there_is().await;
    for operation in OPERATIONS.iter().filter(|operation| takes_a_body(operation)) {
        let send = async |kind: &str, body: &str| {
            let headers = [("content-type", kind)];
            all.world.owner.ask(operation.method.clone(), &all.path(operation), &headers, body.into()).await
        };
        send("text/plain", "{}").await.refused(415, "unsupported_media_type");
        send("application/json", "{").await.refused(400, "invalid_json");
        send("application/json", "[]").await.refused(422, "validation_error");
    }
}

#[tokio::test]
async fn what_the_document_shows_as_an_example_is_taken() {
    let all = Everything::there_is().await;
    for operation in OPERATIONS.iter().filter(|operation| operation.body.is_some()) {
        let (schema, body) = (operation.body.as_ref().unwrap(), all.body(operation));
        let errors: Vec<_> = validator(schema).iter_errors(&body).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{}: {body}: {errors:?}", operation.path);
        let answer = all.ask(&all.world.owner, operation).await;
        let refused = [400, 415, 422].contains(&answer.status) && answer.json()["error"] == "validation_error";
        assert!(!refused, "{}: {body}: {}", operation.path, answer.text());
    }
}

#[tokio::test]
async fn the_document_is_served_to_programs_and_to_people() {
    let world = World::start().await;
    let answer = world.anyone.get("/v1/openapi.json").await;
    assert_eq!(&answer.expect(200), &*DOCUMENT);
    assert_eq!(answer.header("content-type"), "application/json");
    let page = world.anyone.get("/v1/docs").await;
    assert_eq!((page.status, page.header("content-type")), (200, "text/html; charset=utf-8"));
    let html = page.text();
    assert!(page.header("content-security-policy").starts_with("default-src 'none'"));
    assert!(!html.contains("<script") && !html.contains("src="));
    let operations =
        DOCUMENT["paths"].as_object().unwrap().values().flat_map(|item| item.as_object().unwrap().values());
    for operation in operations {
        let id = operation["operationId"].as_str().unwrap();
        let section =
            html.split(&format!("<section id=\"{id}\">")).nth(1).expect(id).split("</section>").next().unwrap();
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            let parameter = parameter["$ref"].as_str().map_or(parameter, |to| DOCUMENT.pointer(&to[1..]).unwrap());
            let name = parameter["name"].as_str().unwrap();
            assert!(section.contains(&format!("<code>{name}</code>")), "{id}: {name}");
        }
        for status in operation["responses"].as_object().unwrap().keys() {
            assert!(section.contains(&format!("<td>{status}</td>")), "{id}: {status}");
        }
    }
    for (name, schema) in DOCUMENT["components"]["schemas"].as_object().unwrap() {
        let section = html.split(&format!("<section id=\"schema-{name}\">")).nth(1).expect(name);
        let section = section.split("</section>").next().unwrap();
        for field in schema["properties"].as_object().into_iter().flatten().map(|(field, _)| field) {
            assert!(section.contains(&format!("<code>{field}</code>")), "{name}: {field}");
        }
    }
}
