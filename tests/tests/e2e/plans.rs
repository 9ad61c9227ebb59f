//! What a plan allows: counted to the last mail, whatever is retried or comes twice.

use actionlayer_tests::{
    Answer, Api, CUSTOMER, Engine, Letter, World, eventually,
    world::{array, id, step},
};
use serde_json::{Value, json};

async fn on(plan: &str, identity: Value) -> World {
    World::start_on(Engine::start_with(&[&format!("Plan={plan}")]).await, identity).await
}

async fn subscription(world: &World) -> Value {
    world.owner.get("/v1/billing/subscription").await.expect(200)
}

/// Mails out and in that count.
async fn used(world: &World) -> (u64, u64) {
    let subscription = subscription(world).await;
    let number = |name: &str| subscription[name].as_u64().unwrap();
    (number("emails_sent_this_period"), number("inbound_received_this_period"))
}

fn email(world: &World) -> Value {
    json!({"identity_id": world.identity["id"], "to": CUSTOMER, "subject": "Hello", "body_text": "Hello"})
}

async fn redeploy(world: &mut World, plan: &str) {
    world.engine.redeploy(&[&format!("Plan={plan}")]).await;
    world.anyone = Api::new(&world.engine.http);
    world.owner = world.caller(&world.owner);
}

async fn waiting(world: &World) -> Vec<Value> {
    array(&world.owner.get("/v1/inbound/pending?limit=100").await.expect(200)["data"]).to_vec()
}

/// The Message-ID of the newest message of a thread.
async fn last_id(world: &World, thread: &Value) -> String {
    let thread = world.thread(thread).await;
    array(&thread["messages"]).last().unwrap()["message_id_header"].as_str().unwrap().to_owned()
}

fn limit_reached(answer: &Answer) {
    let envelope = answer.refused(402, "plan_limit_reached");
    assert!(envelope["upgrade_url"].as_str().unwrap().starts_with("http"), "{envelope}");
}

#[tokio::test]
async fn the_subscription_says_what_there_is_and_what_was_used() {
    let world = World::start_with(json!({"can_send_cold": true})).await;
    let fresh = subscription(&world).await;
    let workspace = world.owner.get("/v1/workspace").await.expect(200);
    for (field, value) in [
        ("plan", json!("unlimited")),
        ("plan_status", json!("active")),
        ("beta_override", json!(false)),
        ("trial_ends_at", Value::Null),
        ("emails_sent_this_period", json!(0)),
        ("inbound_received_this_period", json!(0)),
        ("identity_count", json!(1)),
        ("rule_count", json!(0)),
        ("domain_count", json!(1)),
    ] {
        assert_eq!(fresh[field], value, "{field}");
    }
    assert!(
        fresh["limits"].as_object().unwrap().values().all(Value::is_null)
            && fresh["limits"].as_object().unwrap().len() == 5
    );
    let (start, end) = (fresh["current_period_start"].as_str().unwrap(), fresh["current_period_end"].as_str().unwrap());
    assert!(start.ends_with("-01T00:00:00.000Z") && end.ends_with("-01T00:00:00.000Z") && start < end, "{fresh}");
    assert_eq!(start[..7], workspace["created_at"].as_str().unwrap()[..7]);

    let thread = world.begin(&Letter::from(CUSTOMER)).await;
    world.begin(&Letter::from(CUSTOMER)).await;
    let draft = world.approved(&thread, "Here you are.").await;
    world.act(&draft, "send").await.expect(202);
    world.owner.post("/v1/emails/send", email(&world)).await.expect(202);
    let rule = json!({"name": "r", "trigger": "email.sent", "actions": [{"type": "skip_ai"}]});
    world.owner.post("/v1/rules", rule).await.expect(201);
    assert_eq!(used(&world).await, (2, 2));
    assert_eq!(subscription(&world).await["rule_count"], 1);
    // An agent may know; what it costs is for the owner.
    let agent = world.key("agent").await;
    agent.get("/v1/billing/subscription").await.expect(200);
    agent.post("/v1/billing/checkout", json!({"plan": "pro"})).await.refused(403, "forbidden");
    world.owner.post("/v1/billing/checkout", json!({"plan": "pro"})).await.refused(422, "billing_not_configured");
    world.owner.post_empty("/v1/billing/portal").await.refused(422, "billing_not_configured");
    for plan in ["unlimited", "builder_pack", "gold"] {
        world.owner.post("/v1/billing/checkout", json!({"plan": plan})).await.refused(422, "validation_error");
    }
}

#[tokio::test]
async fn there_are_no_more_identities_rules_and_domains_than_the_plan_allows() {
    let mut world = on("builder_pack", json!({})).await;
    let fresh = subscription(&world).await;
    let limits = json!({
        "emails_per_period": 50, "inbound_per_period": 50, "max_identities": 1, "max_rules": 0, "max_domains": 1,
    });
    assert_eq!((&fresh["plan"], &fresh["limits"]), (&json!("builder_pack"), &limits));
    let workspace = world.owner.get("/v1/workspace").await.expect(200);
    assert_eq!(
        (&fresh["current_period_start"], &fresh["current_period_end"]),
        (&workspace["created_at"], &Value::Null)
    );
    let identity = |local: &str| json!({"domain_id": world.domain["id"], "local_part": local, "display_name": "Noa"});
    let rule = json!({"name": "r", "trigger": "email.sent", "actions": [{"type": "skip_ai"}]});
    limit_reached(&world.owner.post("/v1/identities", identity("noa")).await);
    limit_reached(&world.owner.post("/v1/domains", json!({"domain": "more.novacore.test"})).await);
    limit_reached(&world.owner.post("/v1/rules", rule.clone()).await);
    let counts =
        |now: &Value| ["identity_count", "rule_count", "domain_count"].map(|count| now[count].as_u64().unwrap());
    assert_eq!(counts(&subscription(&world).await), [1, 0, 1]);

    // What is given back can be used again.
    world.owner.delete(&format!("/v1/identities/{}", id(&world.identity))).await.expect(204);
    let other = world.owner.post("/v1/identities", identity("noa")).await.expect(201);
    limit_reached(&world.owner.post("/v1/identities", identity("mia")).await);

    // Of two at once, one is the last.
    let domain = world.domain["id"].clone();
    redeploy(&mut world, "pro").await;
    let identity = |local: String| json!({"domain_id": domain, "local_part": local, "display_name": "Noa"});
    let all = (0..12).map(|i| {
        let (owner, body) = (world.owner.clone(), identity(format!("many{i}")));
        tokio::spawn(async move { owner.post("/v1/identities", body).await })
    });
    let mut made = 0;
    for answer in all.collect::<Vec<_>>() {
        let answer = answer.await.unwrap();
        if answer.status == 201 {
            made += 1;
        } else {
            limit_reached(&answer);
        }
    }
    assert_eq!(made, 9, "beside {other}");
    let rules = (0..27).map(|_| {
        let (owner, body) = (world.owner.clone(), rule.clone());
        tokio::spawn(async move { owner.post("/v1/rules", body).await.status })
    });
    let mut statuses = Vec::new();
    for status in rules.collect::<Vec<_>>() {
        statuses.push(status.await.unwrap());
    }
    assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 25, "{statuses:?}");
    assert_eq!(counts(&subscription(&world).await), [10, 25, 1]);
}

#[tokio::test]
async fn the_last_mail_of_a_plan_is_the_last_whichever_way_it_goes() {
    let mut world = on("builder_pack", json!({"can_send_cold": true})).await;
    let thread = world.begin(&Letter::from(CUSTOMER)).await;
    let draft = world.approved(&thread, "Here you are.").await;
    let pending = world.asked(&thread, "Or this.").await;
    for _ in 0..45 {
        world.owner.post("/v1/emails/send", email(&world)).await.expect(202);
    }
    // Twelve at once for what is left.
    let all = (0..12).map(|_| {
        let (owner, email) = (world.owner.clone(), email(&world));
        tokio::spawn(async move { owner.post("/v1/emails/send", email).await })
    });
    let mut queued = 0;
    for answer in all.collect::<Vec<_>>() {
        let answer = answer.await.unwrap();
        if answer.status == 202 {
            queued += 1;
        } else {
            limit_reached(&answer);
        }
    }
    assert_eq!((queued, used(&world).await), (5, (50, 1)));

    // Nothing changes where nothing may leave.
    limit_reached(&world.owner.post("/v1/emails/send", email(&world)).await);
    let reply = json!({"thread_id": thread["id"], "identity_id": thread["identity_id"], "body_text": "Hello"});
    limit_reached(&world.owner.post("/v1/emails/reply", reply).await);
    limit_reached(&world.act(&draft, "send").await);
    limit_reached(&world.act(&pending, "send").await);
    let path = world.approval_path("Or this.").await;
    let page = world.anyone.press(&path, "approve_and_send").await;
    assert_eq!(page.status, 402, "{}", page.text());
    assert!(page.text().contains("Nothing was decided"), "{}", page.text());
    assert_eq!(world.reread(&draft).await["status"], "approved");
    assert_eq!(world.reread(&pending).await["status"], "pending");

    // A larger plan, and it goes. What a worker has in its hands when its engine is killed would be in doubt.
    eventually("the fifty mails to leave", async || (world.sent_to(CUSTOMER).await.len() == 50).then_some(())).await;
    redeploy(&mut world, "pro").await;
    world.owner.post_empty(&step(&draft, "send")).await.expect(202);
    world.until_draft(&draft, "sent").await;
    assert_eq!(used(&world).await, (1, 0), "the month began with it");
    eventually("all mails to leave", async || (world.sent_to(CUSTOMER).await.len() == 51).then_some(())).await;
    world.come_to_rest().await;
    assert_eq!(world.sent_to(CUSTOMER).await.len(), 51);
}

#[tokio::test]
async fn an_opt_out_falls_back_to_asking_when_the_plan_is_used_up() {
    let world = on("builder_pack", json!({"can_send_cold": true, "auto_approve_replies": true})).await;
    let thread = world.begin(&Letter::from(CUSTOMER)).await;
    let first = world.submit(&thread, "At once.").await;
    assert_eq!(first["status"], "approved");
    world.until_draft(&first, "sent").await;
    for _ in 0..49 {
        world.owner.post("/v1/emails/send", email(&world)).await.expect(202);
    }
    let thread = world.answer(&thread, &Letter::from(CUSTOMER).in_reply_to(&last_id(&world, &thread).await)).await;
    let second = world.submit(&thread, "When there is room.").await;
    assert_eq!((&second["status"], &second["send_state"]), (&json!("pending"), &Value::Null));
    assert_eq!(used(&world).await, (50, 2));
}

#[tokio::test]
async fn mail_over_the_plan_waits_and_comes_in_with_a_larger_one() {
    let mut world = on("builder_pack", json!({})).await;
    let letters: Vec<_> = (0..50).map(|_| Letter::from(CUSTOMER)).collect();
    for letter in &letters {
        world.receive(letter).await;
    }
    eventually("50 mails", async || (used(&world).await.1 == 50).then_some(())).await;
    // What comes again does not count again, and what is over waits in its place.
    world.receive(&letters[0]).await;
    let over: Vec<_> = (0..3).map(|i| Letter::from(&format!("late{i}@customer.test"))).collect();
    for letter in &over {
        world.receive(letter).await;
    }
    world.receive(&over[0]).await;
    let three = eventually("3 waiting mails", async || {
        let pending = waiting(&world).await;
        (pending.len() >= 3).then_some(pending)
    })
    .await;
    assert!(three.iter().all(|held| held["reason"] == "plan_limit"), "{three:?}");
    world.sweep().await;
    assert_eq!(used(&world).await.1, 50);
    assert_eq!(world.owner.get("/v1/threads").await.expect(200)["total"], 50);
    // Its sender can be trusted, which makes no room.
    let approve = format!("/v1/inbound/pending/{}/approve", id(&three[2]));
    assert_eq!(world.owner.post_empty(&approve).await.expect(200)["received"], 0);

    redeploy(&mut world, "pro").await;
    eventually("the waiting mails to come in", async || {
        world.sweep().await;
        waiting(&world).await.is_empty().then_some(())
    })
    .await;
    eventually("all to be listed", async || {
        let threads = world.owner.get("/v1/threads?limit=3").await.expect(200);
        (threads["total"] == 53).then_some(())
    })
    .await;
    assert_eq!(used(&world).await.1, 3, "counted when it came in");
    world.sweep().await;
    assert_eq!(used(&world).await.1, 3);
}

#[tokio::test]
async fn a_sender_nobody_knows_is_asked_about_before_there_is_room() {
    let mut world = on("builder_pack", json!({})).await;
    world.owner.patch("/v1/workspace", json!({"settings": {"sender_trust_gating": true}})).await.expect(200);
    world.receive(&Letter::from(CUSTOMER)).await;
    let held = eventually("held mail", async || waiting(&world).await.pop()).await;
    assert_eq!(held["reason"], "unknown_sender");
    // The plan is used up by somebody who is trusted.
    world.owner.post_empty(&format!("/v1/inbound/pending/{}/approve", id(&held))).await.expect(200);
    for _ in 0..49 {
        world.receive(&Letter::from(CUSTOMER)).await;
    }
    eventually("50 mails", async || (used(&world).await.1 == 50).then_some(())).await;
    world.receive(&Letter::from("bob@customer.test")).await;
    let bob = eventually("bob's mail", async || waiting(&world).await.pop()).await;
    assert_eq!(bob["reason"], "unknown_sender");
    let approve = format!("/v1/inbound/pending/{}/approve", id(&bob));
    assert_eq!(world.owner.post_empty(&approve).await.expect(200)["received"], 0);
    let bob = waiting(&world).await;
    assert_eq!((bob.len(), &bob[0]["reason"]), (1, &json!("plan_limit")));
    // From now on only room is missing.
    redeploy(&mut world, "unlimited").await;
    eventually("bob's mail to come in", async || {
        world.sweep().await;
        waiting(&world).await.is_empty().then_some(())
    })
    .await;
    eventually("bob's thread", async || {
        let threads = world.owner.get("/v1/threads?contact=bob@customer.test").await.expect(200);
        (threads["total"] == 1).then_some(())
    })
    .await;
}

#[tokio::test]
async fn every_mail_counts_once_whatever_is_retried() {
    for plan in ["pro", "unlimited"] {
        let mut world = on(plan, json!({"can_send_cold": true})).await;
        world.fault("sqs", "ReceiveMessage", "duplicate_delivery", 100_000).await;
        for (service, operation, kind, count) in [
            ("ses", "SendEmail", "throttle", 2),
            ("ses", "SendEmail", "timeout_after_effect", 1),
            ("dynamodb", "TransactWriteItems", "timeout_after_effect", 2),
            ("lambda", "ingest", "crash_after", 2),
            ("lambda", "relay", "crash_after", 1),
            ("lambda", "send", "crash_after", 1),
        ] {
            world.fault(service, operation, kind, count).await;
        }
        let letters: Vec<_> = (0..6).map(|_| Letter::from(CUSTOMER)).collect();
        for letter in letters.iter().chain(&letters) {
            world.receive(letter).await;
        }
        // The same request twice is one mail.
        let headers =
            |key: &str| [("content-type", "application/json".to_owned()), ("idempotency-key", key.to_owned())];
        for i in 0..5 {
            for _ in 0..2 {
                let headers = headers(&i.to_string());
                let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
                let body = email(&world).to_string().into_bytes();
                world.owner.ask(reqwest::Method::POST, "/v1/emails/send", &headers, body).await.expect(202);
            }
        }
        eventually("6 mails", async || {
            (world.owner.get("/v1/threads?limit=1").await.expect(200)["total"] == 11).then_some(())
        })
        .await;
        world.crash_and_restart().await;
        world.come_to_rest().await;
        // Three probes went out and came in while it came to rest; what is unknown to have left stays counted.
        let left = u64::try_from(world.outbox().await.len()).unwrap();
        let (out, inbound) = used(&world).await;
        assert_eq!((out, inbound), (5 + 3, 6 + 3), "{plan}: {left} left");
    }
}

#[tokio::test]
async fn a_mail_that_did_not_leave_is_given_back() {
    let world = on("builder_pack", json!({"can_send_cold": true})).await;
    let letter = Letter::from(CUSTOMER);
    let thread = world.begin(&letter).await;
    let draft = world.approved(&thread, "Too late.").await;
    // It waits for SES, and is overtaken meanwhile.
    world.fault("ses", "SendEmail", "throttle", 1_000).await;
    world.act(&draft, "send").await.expect(202);
    assert_eq!(used(&world).await.0, 1);
    world.receive(&Letter::from(CUSTOMER).in_reply_to(letter.id())).await;
    eventually("the overtaking mail", async || (used(&world).await.1 == 2).then_some(())).await;
    eventually("the count to be given back", async || {
        let draft = world.reread(&draft).await;
        // No worker has it: it comes to the next one.
        if draft["send_state"] != "sending" {
            world.advance(121).await;
        }
        (draft["status"] == "stale" && used(&world).await.0 == 0).then_some(())
    })
    .await;
    assert!(world.sent_to(CUSTOMER).await.is_empty());
}
