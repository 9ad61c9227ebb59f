//! The conventions of lists, on every list of the API's document: whatever is listed by `cursor` is tested here.

use std::collections::{BTreeMap, BTreeSet};

use actionlayer_tests::{
    Api, Letter, World,
    contract::{DOCUMENT, OPERATIONS, Operation, resolve},
    eventually,
    world::{array, id},
};
use serde_json::{Value, json};

/// How many there are of everything, at least.
const COUNT: usize = 5;
const PAGING: [&str; 3] = ["limit", "offset", "cursor"];

fn lists() -> Vec<&'static Operation> {
    OPERATIONS.iter().filter(|operation| operation.parameters.contains("cursor")).collect()
}

/// A workspace with several of everything, and the paths of all lists in it.
struct Several {
    world: World,
    paths: Vec<(&'static Operation, String)>,
}

impl Several {
    async fn there_are() -> Self {
        let world = World::start_with(json!({"can_send_cold": true})).await;
        let parents = make(&world).await;
        let path = |operation: &'static Operation| {
            let path = match operation.path.split_once("/{id}") {
                Some((parent, rest)) => format!("{parent}/{}{rest}", parents.get(parent).expect("one was made")),
                None => operation.path.clone(),
            };
            (operation, path)
        };
        let several = Self { paths: lists().into_iter().map(path).collect(), world };
        for (operation, path) in &several.paths {
            eventually(&format!("{COUNT} of {}: make them in lists.rs", operation.path), async || {
                let list = several.world.owner.get(&format!("{path}?limit=100")).await.expect(200);
                (array(&list["data"]).len() >= COUNT).then_some(())
            })
            .await;
        }
        several
    }
}

/// Makes several of everything. The ids are those of objects that have lists of their own, by the path of their kind.
async fn make(world: &World) -> BTreeMap<&'static str, String> {
    let owner = &world.owner;
    let create = async |path: &str, body: Value| owner.post(path, body).await.expect(201);
    // Considered for every draft below.
    let watching = json!({"name": "watching", "trigger": "draft.created",
        "actions": [{"type": "set_needs_review", "needs_review": true}]});
    let watching = create("/v1/rules", watching).await;
    let mut threads = Vec::new();
    for n in 0..COUNT {
        let thread = world.begin(&Letter::from(&format!("person{n}@customer.test"))).await;
        world.submit(&thread, "Here you are.").await;
        threads.push(thread);
    }
    let mut thread = threads.remove(0);
    for _ in 1..COUNT {
        let answered = array(&thread["messages"])[0]["message_id_header"].as_str().unwrap().to_owned();
        thread = world.answer(&thread, &Letter::from("person0@customer.test").in_reply_to(&answered)).await;
    }
    let webhook = create("/v1/webhooks", json!({"url": "http://127.0.0.1:1/hooks", "events": ["*"]})).await;
    for n in 1..COUNT {
        create("/v1/webhooks", json!({"url": format!("http://127.0.0.1:1/{n}"), "events": ["draft.sent"]})).await;
    }
    let condition = json!({"field": "message.subject", "op": "contains", "value": "invoice"});
    for n in 0..COUNT {
        owner.post_empty(&format!("/v1/webhooks/{}/test", id(&webhook))).await.expect(202);
        create("/v1/api-keys", json!({"name": format!("key {n}")})).await;
        create("/v1/domains", json!({"domain": format!("domain{n}.test")})).await;
        world.new_identity(&format!("identity{n}"), json!({})).await;
        create("/v1/contacts", json!({"email": format!("contact{n}@customer.test"), "tags": ["tag"]})).await;
        let rule = json!({"name": format!("rule {n}"), "trigger": "email.received",
            "conditions": {"operator": "AND", "conditions": [condition]},
            "actions": [{"type": "add_tag", "tag": "invoice"}]});
        create("/v1/rules", rule).await;
        let mail = json!({"identity_id": world.identity["id"], "to": format!("bounce+{n}@simulator.amazonses.com"),
            "subject": "Hello", "body_text": "Hello."});
        owner.post("/v1/emails/send", mail).await.expect(202);
    }
    owner.patch("/v1/workspace", json!({"settings": {"sender_trust_gating": true}})).await.expect(200);
    for n in 0..COUNT {
        world.receive(&Letter::from(&format!("stranger{n}@else.test"))).await;
    }
    BTreeMap::from([
        ("/v1/threads", id(&thread).to_owned()),
        ("/v1/webhooks", id(&webhook).to_owned()),
        ("/v1/rules", id(&watching).to_owned()),
    ])
}

fn name(item: &Value) -> String {
    let id = item["id"].as_str().or_else(|| item["event_id"].as_str());
    id.unwrap_or_else(|| panic!("nothing tells it from others: {item}")).to_owned()
}

async fn get(api: &Api, path: &str, query: &str) -> Value {
    api.get(&format!("{path}?{query}")).await.expect(200)
}

/// The fields that a query is refused for, with what is said about them.
async fn refused(api: &Api, path: &str, query: &str) -> BTreeMap<String, String> {
    let envelope = api.get(&format!("{path}?{query}")).await.refused(422, "validation_error");
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    array(&envelope["details"]).iter().map(|detail| (text(&detail["field"]), text(&detail["message"]))).collect()
}

/// A list read whole, by offset and by cursor, if it stood still meanwhile.
async fn read_thrice(api: &Api, path: &str) -> Option<[Vec<String>; 3]> {
    let whole = get(api, path, "limit=100").await;
    let names: Vec<String> = array(&whole["data"]).iter().map(name).collect();
    assert_eq!((&whole["total"], &whole["next_cursor"]), (&json!(names.len()), &Value::Null), "{path}");
    assert_eq!((&whole["limit"], &whole["offset"]), (&json!(100), &json!(0)), "{path}");
    let (mut by_offset, mut by_cursor) = (Vec::new(), Vec::new());
    let mut totals = BTreeSet::new();
    let mut query = "limit=2".to_owned();
    while by_offset.len() < names.len() {
        let offset = by_offset.len();
        let page = get(api, path, &format!("limit=2&offset={offset}")).await;
        assert_eq!((&page["limit"], &page["offset"]), (&json!(2), &json!(offset)), "{path}");
        by_offset.extend(array(&page["data"]).iter().map(name));
        totals.insert(page["total"].to_string());
        if array(&page["data"]).is_empty() {
            break;
        }
    }
    loop {
        let page = get(api, path, &query).await;
        by_cursor.extend(array(&page["data"]).iter().map(name));
        totals.insert(page["total"].to_string());
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        query = format!("limit=2&cursor={cursor}");
    }
    let again = get(api, path, "limit=100").await;
    let stood_still = array(&again["data"]).iter().map(name).eq(names.iter().cloned());
    // Where the relay counts, it may be moments behind.
    let agree = totals == BTreeSet::from([names.len().to_string()]);
    (stood_still && agree).then_some([names, by_offset, by_cursor])
}

#[tokio::test]
async fn pages_by_cursor_and_by_offset_are_the_whole_list() {
    let several = Several::there_are().await;
    for (_, path) in &several.paths {
        let [whole, by_offset, by_cursor] =
            eventually(&format!("{path} to stand still"), async || read_thrice(&several.world.owner, path).await).await;
        assert_eq!(by_offset, whole, "{path}");
        assert_eq!(by_cursor, whole, "{path}");
        let distinct: BTreeSet<_> = whole.iter().collect();
        assert_eq!(distinct.len(), whole.len(), "{path}");
        let behind = get(&several.world.owner, path, "offset=1000").await;
        assert_eq!((&behind["data"], &behind["next_cursor"]), (&json!([]), &Value::Null), "{path}");
    }
}

#[tokio::test]
async fn what_is_no_page_is_refused_by_name() {
    let several = Several::there_are().await;
    let owner = &several.world.owner;
    for (operation, path) in &several.paths {
        for bad in ["limit=0", "limit=101", "limit=x", "limit=", "limit=-1", "limit=1&limit=2"] {
            assert!(refused(owner, path, bad).await.contains_key("limit"), "{path}?{bad}");
        }
        for bad in ["offset=-1", "offset=x", "offset=1001"] {
            assert!(refused(owner, path, bad).await.contains_key("offset"), "{path}?{bad}");
        }
        assert!(refused(owner, path, "offset=1001").await["offset"].contains("cursor"), "{path}");
        let unknown = refused(owner, path, "limit=5&sort=asc").await;
        let known = &unknown["sort"];
        assert!(operation.parameters.iter().all(|name| known.contains(&format!("`{name}`"))), "{path}: {known}");
    }
}

#[tokio::test]
async fn a_cursor_opens_only_the_list_it_came_from() {
    let several = Several::there_are().await;
    let owner = &several.world.owner;
    let other_workspace = several.world.new_workspace("The other").await;
    let mut cursors = Vec::new();
    for (_, path) in &several.paths {
        let first = get(owner, path, "limit=1").await;
        cursors.push(first["next_cursor"].as_str().unwrap_or_else(|| panic!("{path} has more")).to_owned());
    }
    for (i, (operation, path)) in several.paths.iter().enumerate() {
        let cursor = &cursors[i];
        let second = get(owner, path, &format!("limit=1&cursor={cursor}")).await;
        assert_eq!(array(&second["data"]).len(), 1, "{path}");
        // Of another list, damaged, or made up.
        let another = &cursors[(i + 1) % cursors.len()];
        let (half, backwards) = (&cursor[..cursor.len() / 2], cursor.chars().rev().collect::<String>());
        for bad in [another.as_str(), half, &backwards, "x", "", "%00", "e30", "WzEsMiwzXQ"] {
            let refused = refused(owner, path, &format!("cursor={bad}")).await;
            assert!(refused.contains_key("cursor"), "{path}?cursor={bad}: {refused:?}");
        }
        assert!(refused(owner, path, &format!("offset=1&cursor={cursor}")).await.contains_key("offset"), "{path}");
        // With another filter.
        for (name, value) in filters(operation, &several.world) {
            let refused = refused(owner, path, &format!("cursor={cursor}&{name}={value}")).await;
            assert!(refused.contains_key("cursor"), "{path}?{name}={value}: {refused:?}");
        }
        // Of another workspace, which has the list, or not even what the list belongs to.
        let answer = other_workspace.get(&format!("{path}?cursor={cursor}")).await;
        if operation.path.contains("{id}") {
            answer.refused(404, "not_found");
        } else {
            answer.refused(422, "validation_error");
        }
    }
}

/// Each filter of a list, with a value it takes.
fn filters(operation: &Operation, world: &World) -> Vec<(String, String)> {
    let parameters = DOCUMENT["paths"][&operation.path]["get"]["parameters"].as_array().unwrap().iter().map(resolve);
    // To wait is no filter.
    let is_none = |name: &str| PAGING.contains(&name) || name == "wait";
    let filters = parameters.filter(|p| p["in"] == "query" && !is_none(p["name"].as_str().unwrap()));
    let value = |parameter: &Value| {
        let schema = resolve(&parameter["schema"]);
        match (parameter["name"].as_str().unwrap(), schema["type"].as_str()) {
            ("from_date" | "to_date", _) => "2026-01-01".to_owned(),
            ("since", _) => "2026-01-01T00:00:00Z".to_owned(),
            ("contact", _) => "ada@customer.test".to_owned(),
            (_, Some("boolean")) => "true".to_owned(),
            _ if schema["enum"].is_array() => schema["enum"][0].as_str().unwrap().to_owned(),
            _ if schema["format"] == "uuid" => id(&world.identity).to_owned(),
            _ => "words".to_owned(),
        }
    };
    filters.map(|parameter| (parameter["name"].as_str().unwrap().to_owned(), value(parameter))).collect()
}
