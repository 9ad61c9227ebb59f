//! The log of events: everything that happens is told once, whatever goes wrong on the way.

use std::collections::BTreeSet;

use actionlayer_tests::{
    Api, CUSTOMER, Letter, World, eventually,
    world::{array, id},
};
use serde_json::{Value, json};

/// All events, the newest first.
pub(crate) async fn events(api: &Api, filter: &str) -> Vec<Value> {
    let list = api.get(&format!("/v1/events?limit=100&{filter}")).await.expect(200);
    assert_eq!(list["next_cursor"], Value::Null);
    let events = array(&list["data"]).to_vec();
    assert_eq!(list["total"], events.len());
    events
}

fn sorted_names(events: &[Value]) -> Vec<&str> {
    let mut names: Vec<_> = events.iter().map(|event| event["event"].as_str().unwrap()).collect();
    names.sort_unstable();
    names
}

/// All events, once these have been told and no others.
async fn told(world: &World, expected: &[&str]) -> Vec<Value> {
    let mut expected = expected.to_vec();
    expected.push("domain.verified");
    expected.sort_unstable();
    eventually(&format!("{expected:?}"), async || {
        let events = events(&world.owner, "").await;
        (sorted_names(&events) == expected).then_some(events)
    })
    .await
}

fn only<'a>(events: &'a [Value], name: &str) -> &'a Value {
    let mut found = events.iter().filter(|event| event["event"] == name);
    let first = found.next().unwrap_or_else(|| panic!("no {name}"));
    assert!(found.next().is_none(), "two of {name}");
    &first["payload"]
}

#[tokio::test]
async fn the_story_of_a_mail_and_its_answer() {
    let world = World::start().await;
    let letter = Letter::from(CUSTOMER).subject("Größe?");
    let thread = world.begin(&letter).await;
    let draft = world.approved(&thread, "It is 12 cm.").await;
    world.act(&draft, "send").await.expect(202);
    let draft = world.until_draft(&draft, "sent").await;
    let sent = &draft["sent_message_id"];
    world.until_message(sent, &["delivered"]).await;
    let all = told(
        &world,
        &["email.received", "draft.created", "draft.approved", "email.sent", "draft.sent", "email.delivered"],
    )
    .await;

    // As published: these fields and the event's id, and no others.
    let received = all.iter().find(|event| event["event"] == "email.received").unwrap();
    let message = &thread["messages"][0];
    assert_eq!(
        received["payload"],
        json!({
            "event": "email.received", "event_id": received["id"], "thread_id": thread["id"],
            "message_id": message["id"], "identity_id": world.identity["id"], "from_email": CUSTOMER,
            "subject": "Größe?", "received_at": message["received_at"],
        })
    );
    let created = only(&all, "draft.created");
    assert_eq!(
        (&created["draft_id"], &created["thread_id"], &created["version"]),
        (&draft["id"], &thread["id"], &json!(1))
    );
    let approved = only(&all, "draft.approved");
    assert_eq!((&approved["decided_by_kind"], &approved["decided_at"]), (&json!("api_key"), &draft["decided_at"]));
    for name in ["email.sent", "email.delivered", "draft.sent"] {
        let payload = only(&all, name);
        assert_eq!((&payload["message_id"], &payload["draft_id"]), (sent, &draft["id"]), "{payload}");
    }
    assert_eq!(only(&all, "email.delivered")["to"], json!([CUSTOMER]));
    assert_eq!(only(&all, "domain.verified")["domain_id"], world.domain["id"]);

    // The newest first, by an id that sorts by time.
    let order = |field: &str| all.iter().map(|event| event[field].as_str().unwrap()).collect::<Vec<_>>();
    assert!(order("id").is_sorted_by(|a, b| a > b) && order("created_at").is_sorted_by(|a, b| a >= b), "{all:?}");
    let story = order("event");
    let place = |name| story.iter().position(|event| *event == name).unwrap();
    assert!(place("email.delivered") < place("email.sent") && place("email.sent") < place("draft.approved"));
    assert!(place("draft.created") < place("email.received"));
}

#[tokio::test]
async fn what_is_decided_otherwise_is_told_as_well() {
    let world = World::start_with(json!({"can_send_cold": true})).await;
    world.owner.patch("/v1/workspace", json!({"settings": {"draft_ttl_hours": 1}})).await.expect(200);
    let thread = world.begin(&Letter::from(CUSTOMER)).await;
    let rejected = world.submit(&thread, "first").await;
    let path = format!("/v1/drafts/{}/reject", id(&rejected));
    world.owner.post(&path, json!({"reason": "too long"})).await.expect(200);
    let stale = world.submit(&thread, "second").await;
    let answer = Letter::from(CUSTOMER).in_reply_to(thread["messages"][0]["message_id_header"].as_str().unwrap());
    let thread = world.answer(&thread, &answer).await;
    let expired = world.submit(&thread, "third").await;
    world.advance(3_700).await;
    world.sweep().await;
    world.until_draft(&expired, "expired").await;
    world.owner.patch("/v1/workspace", json!({"settings": {"draft_ttl_hours": null}})).await.expect(200);
    // SES refuses a domain it does not send for any more.
    let failed = world.approved(&thread, "fourth").await;
    world.anyone.delete(&format!("/local/dns/{}", world.domain["domain"].as_str().unwrap())).await;
    let verify = format!("/v1/domains/{}/verify", id(&world.domain));
    world.owner.post_empty(&verify).await.expect(200);
    let mut expected = vec![
        "email.received",
        "email.received",
        "draft.created",
        "draft.created",
        "draft.created",
        "draft.created",
        "draft.rejected",
        "draft.stale",
        "draft.expired",
        "draft.approved",
        "domain.failed",
    ];
    let all = told(&world, &expected).await;
    assert_eq!(only(&all, "draft.rejected")["reject_reason"], "too long");
    assert_eq!(only(&all, "draft.stale")["draft_id"], stale["id"]);
    assert_eq!(only(&all, "draft.expired")["draft_id"], expired["id"]);
    assert_eq!(array(&only(&all, "domain.failed")["missing"]).len(), 5);

    // A lost answer is told as a failure, and as sent when SES says so after all.
    world.fault("ses", "SendEmail", "timeout_before", 1).await;
    world.act(&failed, "send").await.expect(202);
    eventually("the fault to strike", async || world.faults_are_used_up().await.then_some(())).await;
    eventually("the send to be given up", async || {
        world.advance(20 * 60).await;
        world.sweep().await;
        let draft = world.reread(&failed).await;
        (draft["status"] == "failed").then_some(draft)
    })
    .await;
    expected.push("draft.failed");
    let all = told(&world, &expected).await;
    let failure = only(&all, "draft.failed");
    assert_eq!((&failure["draft_id"], failure["failure_message"].is_string()), (&failed["id"], true));
}

#[tokio::test]
async fn what_becomes_of_mail_out_there_is_told() {
    let world = World::start_with(json!({"can_send_cold": true})).await;
    for to in ["bounce@simulator.amazonses.com", "complaint@simulator.amazonses.com"] {
        let email = json!({"identity_id": world.identity["id"], "to": to, "subject": "Hi", "body_text": "Hi"});
        let queued = world.owner.post("/v1/emails/send", email).await.expect(202);
        world.until_message(&queued["message_id"], &["bounced", "complained"]).await;
    }
    let all = eventually("both", async || {
        let all = events(&world.owner, "").await;
        let names = sorted_names(&all);
        (names.contains(&"email.bounced") && names.contains(&"email.complained")).then_some(all)
    })
    .await;
    let bounced = only(&all, "email.bounced");
    assert_eq!((&bounced["to"], &bounced["draft_id"]), (&json!(["bounce@simulator.amazonses.com"]), &Value::Null));
    assert_eq!(only(&all, "email.complained")["to"], json!(["complaint@simulator.amazonses.com"]));
    assert_eq!(sorted_names(&all).iter().filter(|name| **name == "email.sent").count(), 2);

    world.owner.patch("/v1/workspace", json!({"settings": {"sender_trust_gating": true}})).await.expect(200);
    world.receive(&Letter::from("stranger@elsewhere.test")).await;
    let held = eventually("the held mail", async || events(&world.owner, "type=inbound.held").await.pop()).await;
    let pending = world.owner.get("/v1/inbound/pending").await.expect(200);
    assert_eq!(held["payload"]["pending_id"], pending["data"][0]["id"]);
    // Let in, it is received, once and now.
    let approve = format!("/v1/inbound/pending/{}/approve", id(&pending["data"][0]));
    world.owner.post_empty(&approve).await.expect(200);
    let received = eventually("the mail", async || events(&world.owner, "type=email.received").await.pop()).await;
    assert_eq!(received["payload"]["from_email"], "stranger@elsewhere.test");
    assert_eq!(events(&world.owner, "type=inbound.held").await.len(), 1);
}

#[tokio::test]
async fn nothing_is_told_twice_and_nothing_is_missed_whatever_fails() {
    let mut world = World::start().await;
    let hook =
        world.owner.post("/v1/webhooks", json!({"url": "http://127.0.0.1:1/", "events": ["*"]})).await.expect(201);
    for (service, operation, kind, count) in [
        ("lambda", "relay", "crash_after", 3),
        ("dynamodb", "PutItem", "throttle", 4),
        ("dynamodb", "PutItem", "timeout_after_effect", 2),
        ("sqs", "SendMessageBatch", "timeout_after_effect", 1),
    ] {
        world.fault(service, operation, kind, count).await;
    }
    let thread = world.begin(&Letter::from(CUSTOMER)).await;
    world.crash_and_restart().await;
    world.fault("lambda", "relay", "crash_after", 2).await;
    let draft = world.approved(&thread, "Yes.").await;
    world.act(&draft, "send").await.expect(202);
    let draft = world.until_draft(&draft, "sent").await;
    world.until_message(&draft["sent_message_id"], &["delivered"]).await;
    let expected = ["email.received", "draft.created", "draft.approved", "email.sent", "draft.sent", "email.delivered"];
    let all = told(&world, &expected).await;
    let path = format!("/v1/webhooks/{}/deliveries?limit=100", id(&hook));
    let delivered = eventually("a delivery of each", async || {
        let list = world.owner.get(&path).await.expect(200);
        (array(&list["data"]).len() >= expected.len()).then(|| array(&list["data"]).to_vec())
    })
    .await;
    let ids = |list: &[Value], field: &str| {
        list.iter().map(|one| one[field].as_str().unwrap().to_owned()).collect::<BTreeSet<_>>()
    };
    let happened_since: Vec<_> = all.into_iter().filter(|event| event["event"] != "domain.verified").collect();
    assert_eq!((delivered.len(), ids(&delivered, "event_id")), (expected.len(), ids(&happened_since, "id")));
    // Nor after everything came to rest.
    world.come_to_rest().await;
    let all = events(&world.owner, "").await;
    for name in expected.iter().filter(|name| name.starts_with("draft.")) {
        only(&all, name);
    }
}

#[tokio::test]
async fn filters_pages_and_keys_show_their_part() {
    let world = World::start().await;
    let other = world.new_identity("leo", json!({})).await;
    for _ in 0..3 {
        world.begin(&Letter::from(CUSTOMER)).await;
    }
    let address = other["email_address"].as_str().unwrap();
    for _ in 0..2 {
        world.receive_at(address, &Letter::from(CUSTOMER)).await;
    }
    let all = told(&world, &["email.received"; 5]).await;
    assert_eq!(events(&world.owner, "type=email.received").await.len(), 5);
    assert_eq!(events(&world.owner, "type=draft.sent").await, [] as [Value; 0]);
    assert_eq!(events(&world.owner, "type=webhook.disabled").await, [] as [Value; 0]);
    let of_other = format!("identity_id={}", id(&other));
    assert_eq!(events(&world.owner, &of_other).await.len(), 2);
    assert_eq!(events(&world.owner, &format!("{of_other}&type=email.received")).await.len(), 2);
    assert_eq!(events(&world.owner, &format!("{of_other}&type=draft.sent")).await, [] as [Value; 0]);

    for filter in ["", "&type=email.received", &format!("&identity_id={}", id(&world.identity))] {
        let whole = events(&world.owner, filter.trim_start_matches('&')).await;
        let (mut paged, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = world.owner.get(&format!("/v1/events?limit=2{filter}{cursor}")).await.expect(200);
            assert!(page["total"].as_u64().unwrap() >= array(&page["data"]).len() as u64);
            paged.extend(array(&page["data"]).iter().cloned());
            let Some(next) = page["next_cursor"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        assert_eq!(paged, whole);
        let page = world.owner.get(&format!("/v1/events?limit=2&offset=1{filter}")).await.expect(200);
        assert_eq!((array(&page["data"]), &page["total"]), (&whole[1..3], &json!(whole.len())));
    }
    let cursor = world.owner.get("/v1/events?limit=1").await.expect(200)["next_cursor"].as_str().unwrap().to_owned();
    world.owner.get(&format!("/v1/events?type=email.received&cursor={cursor}")).await.refused(422, "validation_error");
    for bad in ["type=email.opened", "identity_id=x", "limit=0"] {
        world.owner.get(&format!("/v1/events?{bad}")).await.refused(422, "validation_error");
    }

    // A key of one identity sees what is about that one.
    let key = json!({"name": "leo", "role": "read", "identity_ids": [other["id"]]});
    let key = world.owner.post("/v1/api-keys", key).await.expect(201);
    let bound = world.anyone.with_key(key["key"].as_str().unwrap());
    assert_eq!(events(&bound, "").await, events(&world.owner, &of_other).await);
    bound.get(&format!("/v1/events?identity_id={}", id(&world.identity))).await.refused(404, "not_found");
    // And another workspace sees nothing.
    let stranger = world.new_workspace("The other").await;
    assert_eq!(events(&stranger, "").await, [] as [Value; 0]);
    stranger.get(&format!("/v1/events?cursor={cursor}")).await.refused(422, "validation_error");
    assert_eq!(events(&world.owner, "").await, all);
}

#[tokio::test]
async fn events_are_kept_for_thirty_days() {
    let world = World::start().await;
    world.begin(&Letter::from(CUSTOMER)).await;
    told(&world, &["email.received"]).await;
    let page = world.owner.get("/v1/events?limit=1").await.expect(200);
    let cursor = page["next_cursor"].as_str().unwrap();
    world.advance(29 * 86_400).await;
    assert_eq!(events(&world.owner, "type=email.received").await.len(), 1);
    world.advance(86_400 + 60).await;
    world.begin(&Letter::from(CUSTOMER)).await;
    eventually("the new event alone", async || {
        let all = events(&world.owner, "").await;
        (sorted_names(&all) == ["email.received"]).then_some(())
    })
    .await;
    let gone = world.owner.get(&format!("/v1/events?cursor={cursor}")).await.expect(200);
    assert_eq!((&gone["data"], &gone["next_cursor"]), (&json!([]), &Value::Null));
}
