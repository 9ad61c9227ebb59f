//! Every operation of the API's document, without naming one: what is added to the document is tested as well.

use std::collections::{BTreeMap, BTreeSet};

use actionlayer_tests::{
    Answer, Api, CUSTOMER, Letter, World,
    contract::{DOCUMENT, OPERATIONS, Operation, codes, resolve, sample, validator},
    eventually,
    world::{array, id},
};
use reqwest::Method;
use serde_json::{Map, Value, json};

use crate::tenancy::second_workspace;

/// A workspace with an object of every kind.
struct Everything {
    world: World,
    /// The id of an object, by the path of its kind.
    objects: BTreeMap<String, String>,
    /// The fields of requests that name objects.
    fields: Map<String, Value>,
}

impl Everything {
    async fn there_is() -> Self {
        let world = World::start_with(json!({"can_send_cold": true})).await;
        let thread = world.begin(&Letter::from(CUSTOMER)).await;
        let draft = world.submit(&thread, "Here you are.").await;
        world.owner.patch("/v1/workspace", json!({"settings": {"sender_trust_gating": true}})).await.expect(200);
        world.receive(&Letter::from("stranger@customer.test")).await;
        let held = eventually("held mail", async || {
            let list = world.owner.get("/v1/inbound/pending").await.expect(200);
            array(&list["data"]).first().cloned()
        })
        .await;
        let key = world.owner.post("/v1/api-keys", json!({"name": "spare"})).await.expect(201);
        let suppression = crate::suppressions::bounce(&world).await;
        let mut objects = BTreeMap::new();
        for (kind, object) in [
            ("/v1/threads", &thread),
            ("/v1/messages", &thread["messages"][0]),
            ("/v1/drafts", &draft),
            ("/v1/identities", &world.identity),
            ("/v1/domains", &world.domain),
            ("/v1/inbound/pending", &held),
            ("/v1/suppressions", &suppression),
            ("/v1/api-keys", &key),
        ] {
            objects.insert(kind.to_owned(), id(object).to_owned());
        }
        let fields = json!({
            "thread_id": thread["id"],
            "identity_id": world.identity["id"],
            "domain_id": world.domain["id"],
            "based_on_message_id": thread["last_inbound_message_id"],
            "message_id": thread["messages"][0]["id"],
        });
        let Value::Object(fields) = fields else { unreachable!() };
        let mut everything = Self { world, objects, fields };
        everything.make_the_rest().await;
        everything
    }

    /// What can be made with one request is made with one.
    async fn make_the_rest(&mut self) {
        for operation in OPERATIONS.iter().filter(|operation| operation.path.ends_with("/{id}")) {
            let kind = operation.path.trim_end_matches("/{id}");
            if self.objects.contains_key(kind) {
                continue;
            }
            let Some(create) = OPERATIONS.iter().find(|other| other.path == kind && other.method == Method::POST)
            else {
                panic!("there is no request that makes {}: make one in `Everything::there_is`", operation.path);
            };
            let made = self.world.owner.post(kind, self.body(create)).await.expect(201);
            self.objects.insert(kind.to_owned(), id(&made).to_owned());
        }
    }

    /// The path, about objects that exist.
    fn path(&self, operation: &Operation) -> String {
        let Some((kind, rest)) = operation.path.split_once("/{id}") else { return operation.path.clone() };
        // Of what hangs below an object there is the first, or none.
        let rest: Vec<_> = rest.split('/').map(|part| if part.starts_with('{') { "0" } else { part }).collect();
        format!("{kind}/{}{}", self.objects[kind], rest.join("/"))
    }

    /// A body that can be taken.
    fn body(&self, operation: &Operation) -> Value {
        operation.body.as_ref().map_or_else(|| json!({}), |schema| sample(schema, &self.fields))
    }

    async fn ask(&self, caller: &Api, operation: &Operation) -> Answer {
        let path = self.path(operation);
        if takes_a_body(operation) {
            caller.json(operation.method.clone(), &path, self.body(operation)).await
        } else {
            caller.ask(operation.method.clone(), &path, &[], Vec::new()).await
        }
    }
}

fn takes_a_body(operation: &Operation) -> bool {
    [Method::POST, Method::PATCH, Method::PUT].contains(&operation.method)
}

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
    for operation in secured() {
        let answer = all.ask(&reader, operation).await;
        if operation.answers_with(403) && operation.method != Method::GET {
            answer.refused(403, "forbidden");
        } else {
            assert_ne!(answer.status, 403, "{} {}: {}", operation.method, operation.path, answer.text());
        }
    }
}

#[tokio::test]
async fn another_workspaces_objects_are_not_found() {
    let all = Everything::there_is().await;
    let other = second_workspace(&all.world).await;
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
    let ids = DOCUMENT["paths"].as_object().unwrap().values().flat_map(|item| item.as_object().unwrap().values());
    for operation in ids.map(|operation| operation["operationId"].as_str().unwrap()) {
        assert!(html.contains(&format!("id=\"{operation}\"")), "{operation}");
    }
}

/// A code that no test expects is a code that nobody knows to work.
#[test]
fn some_test_expects_every_code() {
    let tests = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/e2e");
    let files = std::fs::read_dir(tests).unwrap().map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap());
    let source: String = files.collect();
    // 500 is what must never be seen; `actionlayer-api` tests how it would look.
    for (status, code) in codes().into_iter().filter(|(status, _)| *status != 500) {
        assert!(source.contains(&format!("refused({status}, \"{code}\")")), "no test expects {status} {code}");
    }
}
