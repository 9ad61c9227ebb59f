//! Webhooks: who is told of what. How they are told is in `delivering`.

use actionlayer_tests::{
    Answer, Api, CUSTOMER, Letter, Receiver, World, eventually,
    world::{array, id, merge},
};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::events::events;

/// At an address where nobody listens.
fn hook(events: &Value) -> Value {
    json!({"url": "http://127.0.0.1:1/hooks", "events": events})
}

async fn create(world: &World, events: Value) -> Value {
    world.owner.post("/v1/webhooks", hook(&events)).await.expect(201)
}

fn path(webhook: &Value, rest: &str) -> String {
    format!("/v1/webhooks/{}{rest}", id(webhook))
}

async fn deliveries(world: &World, webhook: &Value) -> Vec<Value> {
    let list = world.owner.get(&path(webhook, "/deliveries?limit=100")).await.expect(200);
    assert_eq!(list["total"], array(&list["data"]).len());
    array(&list["data"]).to_vec()
}

fn is_secret(secret: &Value) -> bool {
    let random = secret.as_str().and_then(|secret| secret.strip_prefix("whsec_"));
    random.is_some_and(|random| random.len() == 32 && random.bytes().all(|b| b.is_ascii_alphanumeric()))
}

async fn once(api: &Api, path: &str, key: &str, body: &Value) -> Answer {
    let headers = [("content-type", "application/json"), ("idempotency-key", key)];
    api.ask(Method::POST, path, &headers, body.to_string().into_bytes()).await
}

#[tokio::test]
async fn a_webhook_is_made_changed_and_removed() {
    let world = World::start().await;
    let wanted = json!({"url": "https://Example.com", "events": ["email.received", "draft.sent", "email.received"],
        "description": "Größe"});
    let made = world.owner.post("/v1/webhooks", wanted).await.expect(201);
    assert!(is_secret(&made["secret"]), "{made}");
    assert_eq!((&made["url"], &made["active"]), (&json!("https://example.com/"), &json!(true)));
    assert_eq!((&made["events"], &made["description"]), (&json!(["email.received", "draft.sent"]), &json!("Größe")));
    assert_eq!(made["previous_secret_expires_at"], Value::Null);

    // The secret is shown no more.
    let mut shown = made.clone();
    shown.as_object_mut().unwrap().remove("secret");
    assert_eq!(world.owner.get(&path(&made, "")).await.expect(200), shown);
    let second = create(&world, json!(["*"])).await;
    assert_ne!(second["secret"], made["secret"]);
    let list = world.owner.get("/v1/webhooks").await.expect(200);
    let ids: Vec<_> = array(&list["data"]).iter().map(id).collect();
    assert_eq!((ids, &list["total"]), (vec![id(&second), id(&made)], &json!(2)));
    assert_eq!(list["data"][1], shown);

    let change = json!({"url": "http://127.0.0.1:9/x", "events": ["*"], "description": null, "active": false});
    let changed = world.owner.patch(&path(&made, ""), change.clone()).await.expect(200);
    for (field, value) in change.as_object().unwrap() {
        assert_eq!(&changed[field], value);
    }
    assert_eq!((&changed["created_at"], changed.get("secret")), (&made["created_at"], None));
    assert_eq!(world.owner.patch(&path(&made, ""), json!({})).await.expect(200), changed, "nothing to change");

    world.owner.delete(&path(&made, "")).await.expect(204);
    for rest in ["", "/deliveries"] {
        world.owner.get(&path(&made, rest)).await.refused(404, "not_found");
    }
    world.owner.delete(&path(&made, "")).await.refused(404, "not_found");
    world.owner.patch(&path(&made, ""), json!({"active": true})).await.refused(404, "not_found");
    for rest in ["/test", "/rotate-secret"] {
        world.owner.post_empty(&path(&made, rest)).await.refused(404, "not_found");
    }
    assert_eq!(world.owner.get("/v1/webhooks").await.expect(200)["total"], 1);
}

#[tokio::test]
async fn what_cannot_be_taken_is_named() {
    let world = World::start().await;
    let made = create(&world, json!(["*"])).await;
    let cases = [
        (json!({"url": "ftp://example.com/"}), "url"),
        (json!({"url": "example.com"}), "url"),
        (json!({"url": "https://user:secret@example.com/"}), "url"),
        (json!({"url": "https://example.com/#here"}), "url"),
        (json!({"url": "https://example.com/\nx"}), "url"),
        (json!({"url": format!("https://example.com/{}", "x".repeat(2_000))}), "url"),
        (json!({"events": []}), "events"),
        (json!({"events": ["*", "email.sent"]}), "events"),
        (json!({"events": ["email.sent", "email.opened"]}), "events[1]"),
        (json!({"events": ["webhook.test"]}), "events[0]"),
        (json!({"description": "x".repeat(501)}), "description"),
        (json!({"description": "a\u{7}b"}), "description"),
        (json!({"active": "yes"}), "active"),
        (json!({"secret": "whsec_mine"}), "secret"),
    ];
    for (change, field) in cases {
        let mut webhook = hook(&json!(["*"]));
        merge(&mut webhook, change.clone());
        let created = world.owner.post("/v1/webhooks", webhook).await.refused(422, "validation_error");
        let changed = world.owner.patch(&path(&made, ""), change).await.refused(422, "validation_error");
        for refused in [created, changed] {
            assert_eq!(refused["details"][0]["field"], field, "{refused}");
        }
    }
    world.owner.post("/v1/webhooks", json!({"events": ["*"]})).await.refused(422, "validation_error");
    let refused = world.owner.post("/v1/webhooks", json!({"url": "x", "events": ["y"]})).await;
    assert_eq!(array(&refused.refused(422, "validation_error")["details"]).len(), 2, "all at once");
    assert_eq!(world.owner.get("/v1/webhooks").await.expect(200)["total"], 1);
    let log = world.engine.log();
    assert!(!log.contains("whsec_") && !log.contains("example.com/"), "{log}");
}

#[tokio::test]
async fn twenty_webhooks_and_not_one_more_however_many_are_made_at_once() {
    let world = World::start().await;
    let mut making = JoinSet::new();
    for _ in 0..24 {
        let owner = world.owner.clone();
        making.spawn(async move { owner.post("/v1/webhooks", hook(&json!(["*"]))).await });
    }
    let answers = making.join_all().await;
    let made = answers.iter().filter(|answer| answer.status == 201).count();
    for refused in answers.iter().filter(|answer| answer.status != 201) {
        refused.refused(409, "conflict");
    }
    let list = world.owner.get("/v1/webhooks?limit=100").await.expect(200);
    assert_eq!((made, &list["total"]), (20, &json!(20)));
    world.owner.delete(&path(&list["data"][0], "")).await.expect(204);
    create(&world, json!(["*"])).await;
    world.owner.post("/v1/webhooks", hook(&json!(["*"]))).await.refused(409, "conflict");
}

#[tokio::test]
async fn each_webhook_is_told_of_what_it_asked_for_once() {
    let world = World::start().await;
    let receiver = Receiver::start().await;
    let all = json!({"url": receiver.url(), "events": ["*"]});
    let all = world.owner.post("/v1/webhooks", all).await.expect(201);
    let received = create(&world, json!(["email.received", "email.bounced"])).await;
    let sent = create(&world, json!(["draft.sent"])).await;
    let inactive = create(&world, json!(["*"])).await;
    world.owner.patch(&path(&inactive, ""), json!({"active": false})).await.expect(200);
    let thread = world.begin(&Letter::from(CUSTOMER)).await;
    let draft = world.submit(&thread, "No.").await;
    world.act(&draft, "reject").await.expect(200);
    let told = eventually("three deliveries", async || {
        let told = deliveries(&world, &all).await;
        (told.len() == 3 && told.iter().all(|delivery| delivery["state"] == "succeeded")).then_some(told)
    })
    .await;
    let names: Vec<_> = told.iter().map(|delivery| delivery["event"].as_str().unwrap()).collect();
    assert_eq!(names, ["draft.rejected", "draft.created", "email.received"], "the newest first");
    let happened = events(&world.owner, "").await;
    for delivery in &told {
        let event = happened.iter().find(|event| event["id"] == delivery["event_id"]).unwrap();
        assert_eq!((&delivery["payload"], &delivery["event"]), (&event["payload"], &event["event"]));
        assert_eq!((&delivery["webhook_id"], &delivery["next_attempt_at"]), (&all["id"], &Value::Null));
        assert_eq!(array(&delivery["attempts"]).len(), 1);
    }
    let mail = deliveries(&world, &received).await;
    assert_eq!((mail.len(), &mail[0]["event_id"]), (1, &told[2]["event_id"]));
    assert_ne!(mail[0]["id"], told[2]["id"]);
    assert_eq!((deliveries(&world, &sent).await.len(), deliveries(&world, &inactive).await.len()), (0, 0));

    // By pages, and for thirty days.
    let page = world.owner.get(&path(&all, "/deliveries?limit=2")).await.expect(200);
    let rest = format!("/deliveries?limit=2&cursor={}", page["next_cursor"].as_str().unwrap());
    let rest = world.owner.get(&path(&all, &rest)).await.expect(200);
    assert_eq!([array(&page["data"]), array(&rest["data"])].concat(), told);
    assert_eq!((&page["total"], &rest["next_cursor"]), (&json!(3), &Value::Null));
    world.advance(30 * 86_400 + 60).await;
    assert_eq!(deliveries(&world, &all).await, [] as [Value; 0]);
    world
        .owner
        .post_empty(&path(&all, &format!("/deliveries/{}/redeliver", id(&told[0]))))
        .await
        .refused(404, "not_found");
}

#[tokio::test]
async fn a_test_and_a_redelivery_are_deliveries_of_their_own() {
    let world = World::start().await;
    let webhook = create(&world, json!(["draft.sent"])).await;
    world.owner.patch(&path(&webhook, ""), json!({"active": false})).await.expect(200);
    let tested = world.owner.post_empty(&path(&webhook, "/test")).await.expect(202);
    assert_eq!((&tested["event"], &tested["state"]), (&json!("webhook.test"), &json!("pending")));
    let logged = events(&world.owner, "type=webhook.test").await;
    assert_eq!((logged.len(), &logged[0]["payload"]), (1, &tested["payload"]));
    assert_eq!((&logged[0]["id"], &logged[0]["payload"]["webhook_id"]), (&tested["event_id"], &webhook["id"]));

    let redeliver = path(&webhook, &format!("/deliveries/{}/redeliver", id(&tested)));
    let again = world.owner.post_empty(&redeliver).await.expect(202);
    assert_ne!(again["id"], tested["id"]);
    for same in ["event_id", "event", "payload", "webhook_id"] {
        assert_eq!(again[same], tested[same]);
    }
    let listed: Vec<_> = deliveries(&world, &webhook).await.iter().map(|delivery| id(delivery).to_owned()).collect();
    assert_eq!(listed, [id(&again), id(&tested)]);
    assert_eq!(events(&world.owner, "type=webhook.test").await.len(), 1);

    // A delivery is of its own webhook.
    let other = create(&world, json!(["*"])).await;
    world
        .owner
        .post_empty(&path(&other, &format!("/deliveries/{}/redeliver", id(&tested))))
        .await
        .refused(404, "not_found");
    world.owner.post_empty(&path(&webhook, "/deliveries/x/redeliver")).await.refused(404, "not_found");
    // An agent's key changes none of it.
    let agent = world.key("agent").await;
    agent.post_empty(&redeliver).await.refused(403, "forbidden");
    agent.post("/v1/webhooks", hook(&json!(["*"]))).await.refused(403, "forbidden");
    agent.get(&path(&webhook, "")).await.expect(200);
}

#[tokio::test]
async fn a_secret_is_replaced_and_the_one_before_lasts_a_day() {
    let world = World::start().await;
    let webhook = create(&world, json!(["*"])).await;
    let rotated = world.owner.post_empty(&path(&webhook, "/rotate-secret")).await.expect(200);
    assert!(is_secret(&rotated["secret"]) && rotated["secret"] != webhook["secret"]);
    assert!(rotated["previous_secret_expires_at"].is_string());
    let shown = world.owner.get(&path(&webhook, "")).await.expect(200);
    assert_eq!(
        (shown.get("secret"), &shown["previous_secret_expires_at"]),
        (None, &rotated["previous_secret_expires_at"])
    );
    world.advance(24 * 3_600 - 60).await;
    assert!(world.owner.get(&path(&webhook, "")).await.expect(200)["previous_secret_expires_at"].is_string());
    world.advance(120).await;
    assert_eq!(world.owner.get(&path(&webhook, "")).await.expect(200)["previous_secret_expires_at"], Value::Null);
    assert!(!world.engine.log().contains("whsec_"));
}

#[tokio::test]
async fn the_same_request_makes_one_webhook_one_secret_and_one_delivery() {
    let world = World::start().await;
    let body = hook(&json!(["*"]));
    let made = once(&world.owner, "/v1/webhooks", "make", &body).await.expect(201);
    assert_eq!(once(&world.owner, "/v1/webhooks", "make", &body).await.expect(201), made);
    let rotate = path(&made, "/rotate-secret");
    let rotated = once(&world.owner, &rotate, "rotate", &json!({})).await.expect(200);
    assert_eq!(once(&world.owner, &rotate, "rotate", &json!({})).await.expect(200), rotated);
    let test = path(&made, "/test");
    let tested = once(&world.owner, &test, "test", &json!({})).await.expect(202);
    assert_eq!(once(&world.owner, &test, "test", &json!({})).await.expect(202), tested);
    assert_eq!(world.owner.get("/v1/webhooks").await.expect(200)["total"], 1);
    assert_eq!(deliveries(&world, &made).await.len(), 1);
}

/// Whoever carries a request out dies after it had its effect and before its answer was recorded.
#[tokio::test]
async fn what_was_made_before_a_crash_is_found_again() {
    let mut world = World::start().await;
    let made = create(&world, json!(["*"])).await;
    let tested = world.owner.post_empty(&path(&made, "/test")).await.expect(202);
    let redeliver = path(&made, &format!("/deliveries/{}/redeliver", id(&tested)));
    for (path, body, status) in [
        ("/v1/webhooks".to_owned(), hook(&json!(["*"])), 201),
        (path(&made, "/rotate-secret"), json!({}), 200),
        (path(&made, "/test"), json!({}), 202),
        (redeliver, json!({}), 202),
    ] {
        // A key's use is stamped once a minute, and now was. The next update would record the answer.
        world.advance(61).await;
        world.owner.get("/v1/workspace").await.expect(200);
        let fault = json!({
            "service": "dynamodb", "operation": "UpdateItem", "kind": "throttle", "count": 1_000,
        });
        // The worker that delivers updates as well; when it took the one update that goes through, nobody is let in.
        let first = eventually("the request is let in", async || {
            world.no_faults().await;
            world.anyone.post("/local/faults", fault.clone()).await.expect(201);
            let answer = once(&world.owner, &path, &path, &body).await;
            (answer.status != 503).then(|| answer.expect(status))
        })
        .await;
        world.crash_and_restart().await;
        world.advance(61).await;
        let second = once(&world.owner, &path, &path, &body).await;
        assert_eq!((second.header("idempotent-replayed"), second.expect(status)), ("", first), "{path}");
    }
    assert_eq!(world.owner.get("/v1/webhooks").await.expect(200)["total"], 2);
    assert_eq!(deliveries(&world, &made).await.len(), 3);
}

#[tokio::test]
async fn to_a_key_of_some_identities_there_are_no_webhooks() {
    let world = World::start().await;
    let webhook = create(&world, json!(["*"])).await;
    let tested = world.owner.post_empty(&path(&webhook, "/test")).await.expect(202);
    let key = json!({"name": "bound", "role": "full", "identity_ids": [world.identity["id"]]});
    let key = world.owner.post("/v1/api-keys", key).await.expect(201);
    let bound = world.anyone.with_key(key["key"].as_str().unwrap());
    assert_eq!(bound.get("/v1/webhooks").await.expect(200)["total"], 0);
    bound.post("/v1/webhooks", hook(&json!(["*"]))).await.refused(403, "forbidden");
    bound.get(&path(&webhook, "")).await.refused(404, "not_found");
    bound.get(&path(&webhook, "/deliveries")).await.refused(404, "not_found");
    bound.patch(&path(&webhook, ""), json!({"url": "https://evil.example/"})).await.refused(404, "not_found");
    bound.delete(&path(&webhook, "")).await.refused(404, "not_found");
    for rest in ["/rotate-secret".to_owned(), "/test".to_owned(), format!("/deliveries/{}/redeliver", id(&tested))] {
        bound.post_empty(&path(&webhook, &rest)).await.refused(404, "not_found");
    }
}
