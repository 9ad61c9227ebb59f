//! `Idempotency-Key`: the same request again gets the first answer again, and has its effect once.

use std::time::Duration;

use actionlayer_tests::{
    Answer, Api, CUSTOMER, Letter, World,
    world::{array, id},
};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::chance::Chance;

async fn try_once(api: &Api, path: &str, key: &str, body: &Value) -> Option<Answer> {
    let headers = [("content-type", "application/json"), ("idempotency-key", key)];
    api.try_ask(Method::POST, path, &headers, body.to_string().into_bytes()).await
}

async fn once(api: &Api, path: &str, key: &str, body: &Value) -> Answer {
    try_once(api, path, key, body).await.expect("an answer")
}

fn is_replayed(answer: &Answer) -> bool {
    answer.header("idempotent-replayed") == "true"
}

fn mail(world: &World) -> Value {
    json!({"identity_id": world.identity["id"], "to": [CUSTOMER], "subject": "Hello", "body_text": "Hello."})
}

#[tokio::test]
async fn the_same_request_again_gets_the_first_answer_again() {
    let world = World::start_with(json!({"can_send_cold": true})).await;
    let first = once(&world.owner, "/v1/emails/send", "a key", &mail(&world)).await;
    let made = first.clone().expect(202);
    assert!(!is_replayed(&first));
    for _ in 0..2 {
        let again = once(&world.owner, "/v1/emails/send", "a key", &mail(&world)).await;
        assert!(is_replayed(&again));
        assert_ne!(again.header("x-request-id"), first.header("x-request-id"), "it is a request of its own");
        assert_eq!(again.expect(202), made);
    }
    world.until_message(&made["message_id"], &["delivered"]).await;
    world.come_to_rest().await;
    assert_eq!(world.sent_to(CUSTOMER).await.len(), 1);

    // A refusal is an answer as well, and stays one when the reason is gone.
    let path = format!("/v1/identities/{}", id(&world.identity));
    world.owner.patch(&path, json!({"can_send_cold": false})).await.expect(200);
    let refused = once(&world.owner, "/v1/emails/send", "refused", &mail(&world)).await;
    let refused = refused.refused(422, "cold_send_blocked");
    world.owner.patch(&path, json!({"can_send_cold": true})).await.expect(200);
    let again = once(&world.owner, "/v1/emails/send", "refused", &mail(&world)).await;
    assert!(is_replayed(&again));
    assert_eq!(again.expect(422), refused, "the id of the request that it answered included");
}

#[tokio::test]
async fn a_secret_is_replayed_to_the_caller_who_got_it_and_nobody_else() {
    let world = World::start().await;
    let body = json!({"name": "spare"});
    let made = once(&world.owner, "/v1/api-keys", "k", &body).await.expect(201);
    let again = once(&world.owner, "/v1/api-keys", "k", &body).await;
    assert!(is_replayed(&again));
    assert_eq!(again.expect(201), made);
    let another = world.key("full").await;
    // Another API key has idempotency keys of its own: nobody's request is in the way of another's.
    let other = once(&another, "/v1/api-keys", "k", &body).await;
    assert!(!is_replayed(&other));
    assert_ne!(other.expect(201)["key"], made["key"]);
    let listed = world.owner.get("/v1/api-keys").await.expect(200);
    assert_eq!(array(&listed["data"]).iter().filter(|key| key["name"] == "spare").count(), 2);
}

#[tokio::test]
async fn what_an_agent_was_refused_is_not_in_the_owners_way() {
    let world = World::start().await;
    let thread = world.begin(&Letter::from(CUSTOMER)).await;
    let draft = world.submit(&thread, "We open at nine.").await;
    let approve = format!("/v1/drafts/{}/approve", id(&draft));
    let agent = world.key("agent").await;
    once(&agent, &approve, "approve-1", &json!({})).await.refused(403, "forbidden");
    assert_eq!(once(&world.owner, &approve, "approve-1", &json!({})).await.expect(200)["status"], "approved");
}

#[tokio::test]
async fn a_key_is_of_one_request_for_a_day() {
    let world = World::start().await;
    let body = json!({"name": "one"});
    once(&world.owner, "/v1/api-keys", "k", &body).await.expect(201);
    let other = json!({"name": "two"});
    once(&world.owner, "/v1/api-keys", "k", &other).await.refused(422, "idempotency_key_reused");
    // Another route has keys of its own.
    let upload = json!({"filename": "a.txt", "content_type": "text/plain", "size_bytes": 1});
    assert!(!is_replayed(&once(&world.owner, "/v1/uploads", "k", &upload).await));
    world.advance(86_400).await;
    let next_day = once(&world.owner, "/v1/api-keys", "k", &other).await;
    assert!(!is_replayed(&next_day));
    next_day.expect(201);
}

#[tokio::test]
async fn a_key_that_cannot_be_one_is_refused() {
    let world = World::start().await;
    for key in [String::new(), "x".repeat(256), "a\tb".to_owned()] {
        let answer = once(&world.owner, "/v1/api-keys", &key, &json!({"name": "a"})).await;
        assert_eq!(answer.refused(422, "validation_error")["details"][0]["field"], "Idempotency-Key", "{key:?}");
    }
    let nobody = world.anyone.clone();
    once(&nobody, "/v1/api-keys", "k", &json!({"name": "a"})).await.refused(401, "unauthorized");
}

#[tokio::test]
async fn the_first_workspace_is_made_once() {
    let engine = actionlayer_tests::Engine::start().await;
    let anyone = Api::new(&engine.http);
    let body = json!({"workspace_name": "Novacore"});
    let made = once(&anyone, "/v1/auth/bootstrap", "k", &body).await.expect(201);
    let again = once(&anyone, "/v1/auth/bootstrap", "k", &body).await;
    assert!(is_replayed(&again), "a client that missed its only chance to see the key");
    assert_eq!(again.expect(201), made);
    anyone.post("/v1/auth/bootstrap", body).await.refused(409, "workspace_exists");
}

/// Whoever carries a request out dies after it had its effect and before its answer was recorded.
#[tokio::test]
async fn what_happened_before_a_crash_does_not_happen_again() {
    for path in ["/v1/emails/send", "/v1/emails/reply", "/v1/drafts"] {
        let mut world = World::start_with(json!({"can_send_cold": true})).await;
        let thread = world.begin(&Letter::from(CUSTOMER)).await;
        let body = match path {
            "/v1/emails/send" => mail(&world),
            "/v1/emails/reply" => {
                json!({"thread_id": thread["id"], "identity_id": world.identity["id"], "body_text": "Yes."})
            }
            _ => world.proposal(&thread, "Yes."),
        };
        world.come_to_rest().await;
        // A key's use is stamped once a minute, and now was. The next update would record the answer.
        world.advance(61).await;
        world.owner.get("/v1/workspace").await.expect(200);
        let fault = json!({
            "service": "dynamodb", "operation": "UpdateItem", "kind": "throttle", "count": 1_000,
        });
        world.anyone.post("/local/faults", fault).await.expect(201);
        let first = once(&world.owner, path, "k", &body).await;
        assert!(!is_replayed(&first));
        let made = if first.status == 202 { first.expect(202) } else { first.expect(201) };
        world.crash_and_restart().await;

        once(&world.owner, path, "k", &body).await.refused(409, "idempotency_in_flight");
        world.advance(61).await;
        let second = once(&world.owner, path, "k", &body).await;
        assert!(!is_replayed(&second), "{path}: it was carried out, and found what the first run made");
        let found = if second.status == 202 { second.expect(202) } else { second.expect(201) };
        let name = if path == "/v1/drafts" { "id" } else { "message_id" };
        assert_eq!(found[name], made[name], "{path}");
        assert!(is_replayed(&once(&world.owner, path, "k", &body).await), "{path}");
        world.come_to_rest().await;
        assert_eq!(world.sent_to(CUSTOMER).await.len(), usize::from(path != "/v1/drafts"), "{path}");
        if path == "/v1/drafts" {
            let drafts = world.owner.get("/v1/drafts").await.expect(200);
            assert_eq!(drafts["total"], 1);
        }
    }
}

#[tokio::test]
async fn killed_at_any_moment_it_happens_once() {
    let mut chance = Chance::new(20_261_122);
    let mut world = World::start_with(json!({"can_send_cold": true})).await;
    let mut queued = Vec::new();
    for round in 0..10 {
        let mut body = mail(&world);
        body["subject"] = json!(format!("round {round}"));
        let key = format!("round {round}");
        // One takes some 20 ms.
        let moment = Duration::from_millis(chance.below(40));
        let _ = tokio::time::timeout(moment, try_once(&world.owner, "/v1/emails/send", &key, &body)).await;
        world.crash_and_restart().await;
        // Longer than a claim's lease.
        world.advance(200).await;
        queued.push(once(&world.owner, "/v1/emails/send", &key, &body).await.expect(202));
    }
    world.come_to_rest().await;
    let sent = world.sent_to(CUSTOMER).await;
    for (round, queued) in queued.iter().enumerate() {
        let subject = format!("round {round}");
        let mails = sent.iter().filter(|sent| sent.message().subject() == Some(&subject)).count();
        // A worker that died while SES had the mail leaves it to people: never a second mail, and never none in silence.
        let message = world.until_message(&queued["message_id"], &["delivered", "failed"]).await;
        assert_eq!(mails, usize::from(message["delivery_status"] == "delivered"), "{subject}: {message}");
    }
}

#[tokio::test]
async fn of_many_at_once_one_is_carried_out() {
    let world = World::start_with(json!({"can_send_cold": true})).await;
    let body = mail(&world);
    let mut all = JoinSet::new();
    for _ in 0..20 {
        let (owner, body) = (world.owner.clone(), body.clone());
        all.spawn(async move { once(&owner, "/v1/emails/send", "k", &body).await });
    }
    let mut made = Vec::new();
    for answer in all.join_all().await {
        if answer.status == 202 {
            made.push(answer.expect(202)["message_id"].clone());
        } else {
            answer.refused(409, "idempotency_in_flight");
        }
    }
    assert!(!made.is_empty());
    assert!(made.iter().all(|id| *id == made[0]));
    world.until_message(&made[0], &["delivered"]).await;
    world.come_to_rest().await;
    assert_eq!(world.sent_to(CUSTOMER).await.len(), 1);
}
