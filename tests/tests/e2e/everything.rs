//! One object of every kind that the API's document knows, to ask any operation about.

use std::collections::BTreeMap;

use actionlayer_tests::{
    Answer, Api, CUSTOMER, Letter, World,
    contract::{OPERATIONS, Operation, sample},
    eventually,
    world::{array, id},
};
use reqwest::Method;
use serde_json::{Map, Value, json};

/// A workspace with an object of every kind.
pub(crate) struct Everything {
    pub(crate) world: World,
    /// The id of an object, by the path of its kind.
    pub(crate) objects: BTreeMap<String, String>,
    /// The fields of requests that name objects.
    pub(crate) fields: Map<String, Value>,
}

impl Everything {
    pub(crate) async fn there_is() -> Self {
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
    pub(crate) fn path(&self, operation: &Operation) -> String {
        let Some((kind, rest)) = operation.path.split_once("/{id}") else { return operation.path.clone() };
        // Of what hangs below an object there is the first, or none.
        let rest: Vec<_> = rest.split('/').map(|part| if part.starts_with('{') { "0" } else { part }).collect();
        format!("{kind}/{}{}", self.objects[kind], rest.join("/"))
    }

    /// A body that can be taken.
    pub(crate) fn body(&self, operation: &Operation) -> Value {
        operation.body.as_ref().map_or_else(|| json!({}), |schema| sample(schema, &self.fields))
    }

    /// The object that an operation's path names, as its owner sees it.
    pub(crate) async fn object(&self, operation: &Operation) -> Option<Value> {
        let (kind, _) = operation.path.split_once("/{id}")?;
        let path = format!("{kind}/{}", self.objects[kind]);
        if OPERATIONS.iter().any(|other| other.method == Method::GET && other.path == format!("{kind}/{{id}}")) {
            return Some(self.world.owner.get(&path).await.expect(200));
        }
        let list = self.world.owner.get(&format!("{kind}?limit=100")).await.expect(200);
        array(&list["data"]).iter().find(|object| id(object) == self.objects[kind]).cloned()
    }

    pub(crate) async fn ask(&self, caller: &Api, operation: &Operation) -> Answer {
        let path = self.path(operation);
        if takes_a_body(operation) {
            caller.json(operation.method.clone(), &path, self.body(operation)).await
        } else {
            caller.ask(operation.method.clone(), &path, &[], Vec::new()).await
        }
    }
}

pub(crate) fn takes_a_body(operation: &Operation) -> bool {
    [Method::POST, Method::PATCH, Method::PUT].contains(&operation.method)
}
