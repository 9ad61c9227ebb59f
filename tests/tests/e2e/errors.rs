//! Every error that the document says an operation can answer with is reached, at that operation. What every operation
//! shares is asked of all of them; what is an operation's own is brought about.
//!
//! `401`, `403 forbidden`, `400`, `415`, and what is wrong with fields and parameters is in `contract.rs`.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Mutex,
};

use actionlayer_tests::{
    Answer, Api, CUSTOMER, Engine, Letter, World,
    contract::{OPERATIONS, Operation, operation},
    eventually,
    world::{id, step},
};
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    everything::{Everything, takes_a_body},
    suppressions::bounce,
};

/// What one request asks of every operation that says so. `not_found` and `validation_error` are tested by path there,
/// and by body and parameter here.
const SHARED: [&str; 12] = [
    "unauthorized",
    "forbidden",
    "invalid_json",
    "unsupported_media_type",
    "validation_error",
    "not_found",
    "payload_too_large",
    "idempotency_key_reused",
    "idempotency_in_flight",
    "rate_limited",
    "unavailable",
    // What must never be seen; `actionlayer-api` tests how it would look.
    "internal_error",
];

/// Operations that answer `conflict` only when forty tries in a row collided with somebody else's.
const CONFLICTS_ONLY_UNDER_CONTENTION: [&str; 10] = [
    "POST /v1/domains/{id}/verify",
    "POST /v1/drafts/{id}/notify",
    "POST /v1/drafts/{id}/reject",
    "POST /v1/drafts/{id}/send",
    "POST /v1/emails/send",
    "DELETE /v1/identities/{id}",
    "PATCH /v1/identities/{id}",
    "POST /v1/identities/{id}/test-email",
    "PATCH /v1/threads/{id}",
    // While it is being carried out, when the keys go as well.
    "DELETE /v1/workspace/deletion",
];

fn documented(code: &str) -> impl Iterator<Item = &'static Operation> {
    OPERATIONS.iter().filter(move |operation| operation.codes().iter().any(|(_, its)| *its == code))
}

fn name(operation: &Operation) -> String {
    format!("{} {}", operation.method, operation.path)
}

async fn send(api: &Api, operation: &Operation, path: &str, key: Option<&str>, body: &Value) -> Answer {
    let mut headers = vec![("content-type", "application/json")];
    headers.extend(key.map(|key| ("idempotency-key", key)));
    let body = if takes_a_body(operation) { body.to_string().into_bytes() } else { Vec::new() };
    api.ask(operation.method.clone(), path, &headers, body).await
}

#[tokio::test]
async fn what_is_too_long_is_not_read() {
    let all = Everything::there_is().await;
    let body = vec![b' '; 6 * 1024 * 1024 + 1];
    for operation in documented("payload_too_large") {
        let headers = [("content-type", "application/json")];
        let path = all.path(operation);
        let answer = all.world.owner.ask(operation.method.clone(), &path, &headers, body.clone()).await;
        answer.refused(413, "payload_too_large");
    }
}

#[tokio::test]
async fn what_a_body_or_a_parameter_names_has_to_be_there() {
    let all = Everything::there_is().await;
    let other = all.world.new_workspace("The other").await;
    let noa = all.world.new_identity("noa", json!({})).await;
    let key = json!({"name": "bound", "identity_ids": [id(&noa)]});
    let made = all.world.owner.post("/v1/api-keys", key).await.expect(201);
    let bound = all.world.anyone.with_key(made["key"].as_str().unwrap());
    for operation in documented("not_found").filter(|operation| !operation.path.contains('{')) {
        if operation.parameters.contains("identity_id") {
            let path = format!("{}?identity_id={}", operation.path, id(&all.world.identity));
            bound.get(&path).await.refused(404, "not_found");
        } else {
            all.ask(&other, operation).await.refused(404, "not_found");
        }
    }
}

#[tokio::test]
async fn an_idempotency_key_is_of_one_request() {
    let all = Everything::there_is().await;
    for operation in documented("idempotency_key_reused") {
        let path = all.path(operation);
        let first = send(&all.world.owner, operation, &path, Some("k"), &all.body(operation)).await;
        assert!(first.status < 500, "{}: {}", name(operation), first.text());
        let again = send(&all.world.owner, operation, &path, Some("k"), &json!({"not_a_field": 1})).await;
        again.refused(422, "idempotency_key_reused");
    }
}

/// The answer to the first request is not recorded: the table takes no update after some of its.
#[tokio::test]
async fn a_request_that_is_not_answered_yet_is_in_flight() {
    let all = Everything::there_is().await;
    all.world.owner.patch("/v1/workspace", json!({"settings": {"sender_trust_gating": false}})).await.expect(200);
    all.world.come_to_rest().await;
    for (n, operation) in documented("idempotency_in_flight").enumerate() {
        let path = all.path(operation);
        let mut is_in_flight = false;
        // The update that keeps the answer must not happen, what the handler updates has to. Which that is is found by trying:
        // what the requests before set off writes meanwhile, too, and a key's use is stamped once a minute.
        for attempt in 0..40 {
            let after = attempt % 5;
            let key = format!("k{n}.{attempt}");
            let fault = json!({"service": "dynamodb", "operation": "UpdateItem", "kind": "throttle", "after": after,
                "count": 1_000});
            all.world.anyone.post("/local/faults", fault).await.expect(201);
            send(&all.world.owner, operation, &path, Some(&key), &all.body(operation)).await;
            all.world.no_faults().await;
            let again = send(&all.world.owner, operation, &path, Some(&key), &all.body(operation)).await;
            if again.status == 409 && again.json()["error"] == "idempotency_in_flight" {
                again.refused(409, "idempotency_in_flight");
                is_in_flight = true;
                break;
            }
        }
        assert!(is_in_flight, "{}", name(operation));
    }
}

#[tokio::test]
async fn who_asks_too_often_is_told() {
    let engine = Engine::start_with(&["RateLimits=reads=1,writes=1,sign_ins=1"]).await;
    let anyone = Api::new(&engine.http);
    let made = anyone.post("/v1/auth/bootstrap", json!({"workspace_name": "Novacore"})).await.expect(201);
    let owner = anyone.with_key(made["api_key"].as_str().unwrap());
    for operation in documented("rate_limited") {
        let path = operation.path.replace("{id}", "0").replace("{attachment_id}", "0").replace("{delivery_id}", "0");
        eventually(&format!("{} to be refused", name(operation)), async || {
            let answer = send(&owner, operation, &path, None, &json!({"not_a_field": 1})).await;
            (answer.status == 429).then(|| answer.refused(429, "rate_limited"))
        })
        .await;
    }
}

#[tokio::test]
async fn without_the_table_nothing_is_promised() {
    let all = Everything::there_is().await;
    all.world.fault("dynamodb", "*", "throttle", 1_000_000).await;
    let asked = documented("unavailable").map(|operation| async {
        let answer = all.ask(&all.world.owner, operation).await;
        answer.refused(503, "unavailable");
    });
    futures_util::future::join_all(asked).await;
}

/// The errors that were reached, by operation.
#[derive(Default)]
struct Reached(Mutex<BTreeMap<String, BTreeSet<String>>>);

impl Reached {
    /// Asks, and remembers how it was refused, if it was.
    async fn ask(&self, api: &Api, method: Method, path: &str, body: Value) -> Answer {
        let operation = operation(&method, path).unwrap_or_else(|| panic!("{method} {path} is not in the document"));
        let answer = send(api, operation, path, None, &body).await;
        if answer.status >= 400 {
            let code = answer.json()["error"].as_str().unwrap().to_owned();
            answer.refused(answer.status, &code);
            self.0.lock().unwrap().entry(name(operation)).or_default().insert(code);
        }
        answer
    }

    async fn post(&self, api: &Api, path: &str, body: Value) -> Answer {
        self.ask(api, Method::POST, path, body).await
    }

    /// Everything that can be done with a draft.
    async fn every_step(&self, api: &Api, draft: &Value) {
        let path = format!("/v1/drafts/{}", id(draft));
        self.ask(api, Method::PATCH, &path, json!({"body_text": "other words"})).await;
        for action in ["approve", "notify", "send", "reject"] {
            self.post(api, &step(draft, action), json!({})).await;
        }
    }
}

#[tokio::test]
async fn an_operations_own_errors_are_reached() {
    let reached = Reached::default();
    drafts(&reached).await;
    settings(&reached).await;
    identities(&reached).await;
    plan(&reached).await;
    let reached = reached.0.into_inner().unwrap();
    let mut missing = Vec::new();
    for operation in OPERATIONS.iter() {
        for (_, code) in operation.codes().into_iter().filter(|(_, code)| !SHARED.contains(code)) {
            let name = name(operation);
            let is_excused = code == "conflict" && CONFLICTS_ONLY_UNDER_CONTENTION.contains(&name.as_str());
            let is_reached = reached.get(&name).is_some_and(|codes| codes.contains(code));
            if is_reached == is_excused {
                missing.push(format!("{name}: {code}"));
            }
        }
    }
    assert!(missing.is_empty(), "not reached, or excused and reached: {missing:#?}");
}

async fn drafts(reached: &Reached) {
    let world = World::start().await;
    let letter = Letter::from(CUSTOMER);
    let thread = world.begin(&letter).await;
    let rejected = world.submit(&thread, "rejected").await;
    world.act(&rejected, "reject").await.expect(200);
    let sent = world.approved(&thread, "sent").await;
    world.act(&sent, "send").await.expect(202);
    let sent = world.until_draft(&sent, "sent").await;
    let pending = world.asked(&thread, "pending").await;
    reached.post(&world.key("agent").await, &step(&pending, "send"), json!({})).await;
    let edit = json!({"body_text": "other words", "version": 7});
    reached.ask(&world.owner, Method::PATCH, &format!("/v1/drafts/{}", id(&pending)), edit).await;
    reached.post(&world.owner, &step(&pending, "approve"), json!({"version": 7})).await;
    world.act(&pending, "reject").await.expect(200);
    for draft in [&rejected, &sent] {
        reached.every_step(&world.owner, draft).await;
    }
    for n in 0..20 {
        world.submit(&thread, &format!("draft {n}")).await;
    }
    reached.post(&world.owner, "/v1/drafts", world.proposal(&thread, "one too many")).await;
    let stale = world.thread(&thread).await["drafts"][0].clone();
    world.answer(&thread, &Letter::from(CUSTOMER).in_reply_to(letter.id())).await;
    world.until_draft(&stale, "stale").await;
    reached.every_step(&world.owner, &stale).await;

    let thread = world.begin(&Letter::from(CUSTOMER)).await;
    let underway = world.approved(&thread, "on its way").await;
    world.fault("ses", "SendEmail", "timeout_before", 1).await;
    world.act(&underway, "send").await.expect(202);
    eventually("the claim", async || (world.reread(&underway).await["send_state"] == "sending").then_some(())).await;
    reached.every_step(&world.owner, &underway).await;

    let machine = world.begin(&Letter::from("machine@else.test").header("Auto-Submitted", "auto-generated")).await;
    let reply = json!({"thread_id": machine["id"], "identity_id": machine["identity_id"], "body_text": "Hello"});
    reached.post(&world.owner, "/v1/emails/reply", reply).await;
}

const NO_SLACK_APP: [&str; 3] = ["SlackClientId=", "SlackClientSecret=", "SlackSigningSecret="];

async fn settings(reached: &Reached) {
    let world = World::start().await;
    let owner = &world.owner;
    reached.post(owner, "/v1/auth/bootstrap", json!({"workspace_name": "Another"})).await;
    reached.post(owner, "/v1/billing/checkout", json!({"plan": "pro"})).await;
    reached.post(owner, "/v1/billing/portal", json!({})).await;
    let selling = World::selling(json!({})).await;
    reached.post(&selling.owner, "/v1/billing/portal", json!({})).await;
    selling.pay("pro").await;
    reached.post(&selling.owner, "/v1/billing/checkout", json!({"plan": "agency"})).await;
    for _ in 0..2 {
        reached.post(owner, "/v1/workspace/export", json!({})).await;
    }
    let appless = World::start_on(Engine::start_with(&NO_SLACK_APP).await, json!({})).await;
    reached.post(&appless.owner, "/v1/workspace/slack/install", json!({})).await;
    let keys = owner.get("/v1/api-keys").await.expect(200);
    reached.ask(owner, Method::DELETE, &format!("/v1/api-keys/{}", id(&keys["data"][0])), json!({})).await;
    for _ in 0..2 {
        reached.post(owner, "/v1/contacts", json!({"email": CUSTOMER})).await;
    }
    reached.post(owner, "/v1/domains", json!({"domain": world.domain["domain"]})).await;
    reached.ask(owner, Method::DELETE, &format!("/v1/domains/{}", id(&world.domain)), json!({})).await;
    for n in 0..21 {
        let webhook = json!({"url": format!("http://127.0.0.1:1/{n}"), "events": ["*"]});
        reached.post(owner, "/v1/webhooks", webhook).await;
    }
    for n in 0..201 {
        reached.post(owner, "/v1/rules", rule(n)).await;
    }
}

fn rule(n: usize) -> Value {
    let condition = json!({"field": "message.subject", "op": "contains", "value": "invoice"});
    json!({"name": format!("rule {n}"), "trigger": "email.received",
        "conditions": {"operator": "AND", "conditions": [condition]},
        "actions": [{"type": "add_tag", "tag": "invoice"}]})
}

fn cold(identity: &Value, to: &str) -> Value {
    json!({"identity_id": identity["id"], "to": to, "subject": "Hello", "body_text": "Hello"})
}

/// Everything that sends as an identity, in answer to a thread.
async fn every_send(reached: &Reached, world: &World, thread: &Value, approved: &Value, to: &str) {
    let owner = &world.owner;
    let reply = json!({"thread_id": thread["id"], "identity_id": thread["identity_id"], "body_text": "Hello"});
    reached.post(owner, "/v1/drafts", world.proposal(thread, "Hello")).await;
    reached.post(owner, &step(approved, "send"), json!({})).await;
    reached.post(owner, "/v1/emails/reply", reply).await;
    reached.post(owner, "/v1/emails/send", cold(&world.identity, to)).await;
    reached.post(owner, &format!("/v1/identities/{}/test-email", id(&world.identity)), json!({"to": to})).await;
}

async fn identities(reached: &Reached) {
    let world = World::start_with(json!({"can_send_cold": true})).await;
    let owner = &world.owner;
    let taken = json!({"domain_id": world.domain["id"], "local_part": "mia", "display_name": "Mia"});
    reached.post(owner, "/v1/identities", taken).await;
    let unproven = owner.post("/v1/domains", json!({"domain": "unproven.test"})).await.expect(201);
    let early = json!({"domain_id": unproven["id"], "local_part": "mia", "display_name": "Mia"});
    reached.post(owner, "/v1/identities", early).await;
    let noa = world.new_identity("noa", json!({})).await;
    let nobody = world.new_identity("nobody", json!({"approval_channel": null})).await;
    reached.post(owner, &format!("/v1/identities/{}/test-notification", id(&nobody)), json!({})).await;
    for path in ["/v1/drafts", "/v1/emails/send"] {
        reached.post(owner, path, cold(&noa, CUSTOMER)).await;
    }
    let suppressed = bounce(&world).await;
    let suppressed = suppressed["email"].as_str().unwrap();
    let thread = world.begin(&Letter::from(suppressed)).await;
    let approved = world.approved(&thread, "Hello").await;
    every_send(reached, &world, &thread, &approved, suppressed).await;
    let path = format!("/v1/identities/{}", id(&world.identity));
    owner.patch(&path, json!({"status": "suspended"})).await.expect(200);
    every_send(reached, &world, &thread, &approved, CUSTOMER).await;
}

async fn plan(reached: &Reached) {
    let world = World::start_on(Engine::start_with(&["Plan=builder_pack"]).await, json!({"can_send_cold": true})).await;
    let owner = &world.owner;
    reached.post(owner, "/v1/domains", json!({"domain": "second.test"})).await;
    let second = json!({"domain_id": world.domain["id"], "local_part": "noa", "display_name": "Noa"});
    reached.post(owner, "/v1/identities", second).await;
    reached.post(owner, "/v1/rules", rule(0)).await;
    let thread = world.begin(&Letter::from(CUSTOMER)).await;
    let approved = world.approved(&thread, "Hello").await;
    eventually("the plan to be used up", async || {
        let answer = owner.post("/v1/emails/send", cold(&world.identity, CUSTOMER)).await;
        (answer.status == 402).then_some(())
    })
    .await;
    every_send(reached, &world, &thread, &approved, CUSTOMER).await;
}
