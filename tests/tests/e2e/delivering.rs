//! Events reach the endpoints that asked for them: signed, in order, at least once, and nobody waits for anybody else.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use actionlayer_domain::account::MemberRole;
use actionlayer_tests::{
    APPROVER, CUSTOMER, Letter, Person, Received, Receiver, Reply, World, eventually,
    world::{array, id},
};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;

async fn webhook(world: &World, url: &str, events: Value) -> Value {
    world.owner.post("/v1/webhooks", json!({"url": url, "events": events})).await.expect(201)
}

fn path(webhook: &Value, rest: &str) -> String {
    format!("/v1/webhooks/{}{rest}", id(webhook))
}

async fn deliveries(world: &World, webhook: &Value, query: &str) -> Vec<Value> {
    let list = world.owner.get(&path(webhook, &format!("/deliveries?limit=100{query}"))).await.expect(200);
    array(&list["data"]).to_vec()
}

/// The only delivery of a webhook, when it satisfies a condition.
async fn until(world: &World, webhook: &Value, what: &str, holds: impl Fn(&Value) -> bool) -> Value {
    eventually(what, async || {
        let mut found = deliveries(world, webhook, "").await;
        assert!(found.len() <= 1, "{found:?}");
        found.pop().filter(|delivery| holds(delivery))
    })
    .await
}

fn attempts(delivery: &Value) -> usize {
    array(&delivery["attempts"]).len()
}

/// As the receiver of the published examples does it: the secret's text is the key, the raw body what is signed.
fn is_signed(received: &Received, secret: &Value) -> bool {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_str().unwrap().as_bytes()).unwrap();
    mac.update(&received.body);
    let signed: [u8; 32] = mac.finalize().into_bytes().into();
    let (high, low) = signed.split_at(16);
    let number = |bytes: &[u8]| u128::from_be_bytes(bytes.try_into().unwrap());
    received.header("x-actionlayer-signature") == format!("{:032x}{:032x}", number(high), number(low))
}

/// As Standard Webhooks' own library does it, but for the time: the engine's clock may be ahead of the machine's.
fn is_standard(received: &Received, secret: &Value) -> bool {
    let library = standardwebhooks::Webhook::new(secret.as_str().unwrap()).unwrap();
    let timestamp = received.header("webhook-timestamp").parse().unwrap();
    let expected = library.sign(received.header("webhook-id"), timestamp, &received.body).unwrap();
    received.header("webhook-signature").split(' ').any(|signature| signature == expected)
}

/// The same with the time.
fn verifies(received: &Received, secret: &Value) -> bool {
    let library = standardwebhooks::Webhook::new(secret.as_str().unwrap()).unwrap();
    let mut headers = axum::http::HeaderMap::new();
    for name in ["webhook-id", "webhook-timestamp", "webhook-signature"] {
        headers.insert(name, received.header(name).parse().unwrap());
    }
    library.verify(&received.body, &headers).is_ok()
}

#[tokio::test]
async fn a_mail_is_told_at_once_and_both_signatures_verify() {
    let world = World::start().await;
    let receiver = Receiver::start().await;
    receiver.reply(Reply { body: "{\"ok\": true}\u{7}".to_owned(), ..Reply::default() });
    let hook = webhook(&world, &receiver.url(), json!(["email.received"])).await;
    let thread = world.begin(&Letter::from(CUSTOMER)).await;
    let received = receiver.until(1).await.remove(0);
    let payload = received.json();
    let names: BTreeSet<_> = payload.as_object().unwrap().keys().map(String::as_str).collect();
    let promised =
        ["event", "event_id", "thread_id", "message_id", "identity_id", "from_email", "subject", "received_at"];
    assert_eq!(names, BTreeSet::from(promised));
    assert_eq!((&payload["thread_id"], &payload["from_email"]), (&thread["id"], &json!(CUSTOMER)));
    assert!(is_signed(&received, &hook["secret"]) && verifies(&received, &hook["secret"]));
    assert_eq!(received.header("webhook-id"), payload["event_id"].as_str().unwrap());
    assert_eq!((received.header("content-type"), received.path.as_str()), ("application/json", "/hook"));

    let delivery = until(&world, &hook, "a success", |delivery| delivery["state"] == "succeeded").await;
    assert_eq!((attempts(&delivery), &delivery["next_attempt_at"]), (1, &Value::Null));
    let attempt = &delivery["attempts"][0];
    assert_eq!((&attempt["status_code"], &attempt["error"]), (&json!(200), &Value::Null));
    assert!(attempt["duration_ms"].is_u64(), "{attempt}");
    let shown = world.owner.get(&path(&hook, &format!("/deliveries/{}", id(&delivery)))).await.expect(200);
    assert_eq!(shown["attempts"][0]["response_body"], "{\"ok\": true}\u{fffd}");
    assert_eq!(received.header("x-actionlayer-delivery"), id(&delivery));
    // Nothing of it is in a log.
    let log = world.engine.log();
    assert!(!log.contains("whsec_") && !log.contains(CUSTOMER), "{log}");
}

#[tokio::test]
async fn what_fails_is_tried_eight_times_and_can_be_replayed() {
    let world = World::start().await;
    let receiver = Receiver::start().await;
    receiver.reply(Reply { status: Some(500), body: "no".to_owned(), ..Reply::default() });
    let hook = webhook(&world, &receiver.url(), json!(["email.received"])).await;
    world.begin(&Letter::from(CUSTOMER)).await;
    until(&world, &hook, "a first try", |delivery| attempts(delivery) == 1).await;
    // Each delay, and the fifth of it that chance may add.
    let minutes = [1, 6, 36, 144, 360, 720, 720];
    for (made, minutes) in minutes.into_iter().enumerate() {
        world.advance(minutes * 60).await;
        world.sweep().await;
        until(&world, &hook, "another try", |delivery| attempts(delivery) == made + 2).await;
    }
    let failed = until(&world, &hook, "the end", |delivery| delivery["state"] == "failed").await;
    assert_eq!((&failed["failure"], &failed["next_attempt_at"]), (&json!("attempts_exhausted"), &Value::Null));
    let received = receiver.received();
    assert_eq!(received.len(), 8);
    let ids: BTreeSet<_> = received.iter().map(|received| received.header("webhook-id").to_owned()).collect();
    let tries: Vec<_> = received.iter().map(|received| received.header("x-actionlayer-attempt").to_owned()).collect();
    assert_eq!((ids.len(), tries.join(" ")), (1, "1 2 3 4 5 6 7 8".to_owned()));
    assert!(received.iter().all(|one| one.body == received[0].body && is_standard(one, &hook["secret"])));
    assert!(array(&failed["attempts"]).iter().all(|attempt| attempt["error"] == "status"));

    receiver.reply(Reply::default());
    assert_eq!(deliveries(&world, &hook, "&state=failed").await.len(), 1);
    let since = json!({"since": "2026-01-01T00:00:00Z"});
    let replayed = world.owner.post(&path(&hook, "/replay"), since.clone()).await.expect(202);
    assert_eq!((&replayed["replayed"], &replayed["continue_since"]), (&json!(1), &Value::Null));
    let done = until(&world, &hook, "a success", |delivery| delivery["state"] == "succeeded").await;
    assert_eq!((attempts(&done), &done["failure"]), (9, &Value::Null));
    assert_eq!(world.owner.post(&path(&hook, "/replay"), since).await.expect(202)["replayed"], 0);
    let agent = world.key("agent").await;
    agent.post(&path(&hook, "/replay"), json!({"since": failed["created_at"]})).await.refused(403, "forbidden");
    world.owner.post(&path(&hook, "/replay"), json!({"since": "yesterday"})).await.refused(422, "validation_error");
}

#[tokio::test]
async fn each_way_to_fail_has_its_word() {
    let world = World::start().await;
    let receiver = Receiver::start().await;
    let hook = webhook(&world, &receiver.url(), json!(["domain.failed"])).await;
    let mut seen = 0;
    let location = vec![("location", "http://127.0.0.1:1/".to_owned())];
    for (reply, status, error) in [
        (Reply { status: Some(302), headers: location, ..Reply::default() }, json!(302), "redirect"),
        (Reply { status: Some(404), ..Reply::default() }, json!(404), "status"),
    ] {
        receiver.reply(reply);
        let made = world.owner.post_empty(&path(&hook, "/test")).await.expect(202);
        seen += 1;
        receiver.until(seen).await;
        let tried = eventually("the try", async || {
            let shown = world.owner.get(&path(&hook, &format!("/deliveries/{}", id(&made)))).await.expect(200);
            (attempts(&shown) == 1).then_some(shown)
        })
        .await;
        assert_eq!((&tried["attempts"][0]["status_code"], &tried["attempts"][0]["error"]), (&status, &json!(error)));
        assert_eq!(tried["state"], "pending");
    }
    for (url, error) in [
        ("http://127.0.0.1:1/".to_owned(), "connection_failed"),
        ("http://nobody.invalid/".to_owned(), "dns_error"),
        (receiver.url().replace("http:", "https:"), "tls_error"),
    ] {
        let other = webhook(&world, &url, json!(["domain.failed"])).await;
        world.owner.post_empty(&path(&other, "/test")).await.expect(202);
        let tried = until(&world, &other, error, |delivery| attempts(delivery) == 1).await;
        assert_eq!(
            (&tried["attempts"][0]["error"], &tried["attempts"][0]["status_code"]),
            (&json!(error), &Value::Null)
        );
    }
}

#[tokio::test]
async fn an_endpoint_may_refuse_one_event_or_all_that_come() {
    let world = World::start().await;
    let (receiver, other) = (Receiver::start().await, Receiver::start().await);
    let hook = webhook(&world, &receiver.url(), json!(["email.received"])).await;
    webhook(&world, &other.url(), json!(["webhook.disabled"])).await;
    receiver.reply(Reply {
        status: Some(400),
        headers: vec![("webhook-delivery", "abort-message".to_owned())],
        ..Reply::default()
    });
    world.begin(&Letter::from(CUSTOMER)).await;
    let aborted = until(&world, &hook, "an end", |delivery| delivery["state"] == "failed").await;
    assert_eq!((attempts(&aborted), &aborted["failure"]), (1, &json!("aborted")));
    assert_eq!(world.owner.get(&path(&hook, "")).await.expect(200)["active"], true);

    receiver.reply_status(410);
    let gone = world.owner.post_empty(&path(&hook, "/test")).await.expect(202);
    let told = other.until(1).await.remove(0).json();
    assert_eq!(
        (&told["event"], &told["webhook_id"], &told["reason"]),
        (&json!("webhook.disabled"), &hook["id"], &json!("gone"))
    );
    let shown = world.owner.get(&path(&hook, "")).await.expect(200);
    assert_eq!((&shown["active"], &shown["disabled"]["reason"]), (&json!(false), &json!("gone")));
    let gone = world.owner.get(&path(&hook, &format!("/deliveries/{}", id(&gone)))).await.expect(200);
    assert_eq!(gone["failure"], "gone");
    // No user owns the workspace: whoever decides in it gets a mail.
    let mails_to = async |person: &str| {
        let mut sent = world.sent_to(person).await;
        sent.retain(|mail| mail.header("Subject").is_some_and(|subject| subject.contains("webhook")));
        sent
    };
    let mail = eventually("a mail about it", async || mails_to(APPROVER).await.pop()).await;
    assert!(mail.text().contains(&receiver.url()), "{}", mail.text());
    // Switched on again it is told again.
    receiver.reply(Reply::default());
    let shown = world.owner.patch(&path(&hook, ""), json!({"active": true})).await.expect(200);
    assert_eq!((&shown["active"], &shown["disabled"]), (&json!(true), &Value::Null));
    let before = receiver.received().len();
    world.begin(&Letter::from("bob@customer.test")).await;
    receiver.until(before + 1).await;
    // It is the owner's business, once there is one.
    Person::member(&world, "Olga", MemberRole::Owner).await;
    Person::member(&world, "Paul", MemberRole::Approver).await;
    receiver.reply_status(410);
    world.owner.post_empty(&path(&hook, "/test")).await.expect(202);
    let mail = eventually("a mail to the owner", async || mails_to("olga@team.test").await.pop()).await;
    assert!(mail.text().contains(&receiver.url()), "{}", mail.text());
    world.come_to_rest().await;
    assert_eq!((mails_to("olga@team.test").await.len(), mails_to(APPROVER).await.len()), (1, 1));
    assert!(mails_to("paul@team.test").await.is_empty(), "no owner");
}

#[tokio::test]
async fn an_endpoint_that_asks_for_time_gets_it_for_everything() {
    let world = World::start().await;
    let receiver = Receiver::start().await;
    receiver.reply(Reply { status: Some(429), headers: vec![("retry-after", "600".to_owned())], ..Reply::default() });
    let hook = webhook(&world, &receiver.url(), json!(["email.received"])).await;
    world.begin(&Letter::from(CUSTOMER)).await;
    let first = until(&world, &hook, "a first try", |delivery| attempts(delivery) == 1).await;
    assert_eq!(first["attempts"][0]["status_code"], 429);
    receiver.reply(Reply::default());
    world.begin(&Letter::from("bob@customer.test")).await;
    eventually("two deliveries", async || (deliveries(&world, &hook, "").await.len() == 2).then_some(())).await;
    world.advance(590).await;
    world.sweep().await;
    assert_eq!(receiver.received().len(), 1, "it asked for ten minutes");
    world.advance(20).await;
    world.sweep().await;
    let received = receiver.until(3).await;
    assert!(received[1..].iter().all(|received| received.taken));
}

#[tokio::test]
async fn the_events_of_a_thread_come_in_order_and_threads_do_not_wait_for_each_other() {
    let world = World::start().await;
    let receiver = Receiver::start().await;
    receiver.reply(Reply { after: Duration::from_millis(60), ..Reply::default() });
    webhook(&world, &receiver.url(), json!(["*"])).await;
    let mut threads = Vec::new();
    for name in ["a", "b", "c"] {
        threads.push(world.begin(&Letter::from(&format!("{name}@customer.test"))).await);
    }
    for thread in &threads {
        let draft = world.submit(thread, "Yes.").await;
        world.act(&draft, "approve").await.expect(200);
        world.act(&draft, "send").await.expect(202);
    }
    // Received, created, approved, mail sent, draft sent, delivered: of each thread.
    let received = receiver.until(18).await;
    let mut by_thread: BTreeMap<String, Vec<(u64, String)>> = BTreeMap::new();
    for one in &received {
        let payload = one.json();
        let sequence = one.header("x-actionlayer-sequence").parse().unwrap();
        by_thread.entry(payload["thread_id"].as_str().unwrap().to_owned()).or_default().push((sequence, one.event()));
    }
    assert_eq!(by_thread.len(), 3);
    for events in by_thread.values() {
        assert!(events.is_sorted(), "{events:?}");
        assert_eq!(events[0].1, "email.received");
    }
    assert!(receiver.most_under_way() <= 8);
}

#[tokio::test]
async fn an_endpoint_that_was_away_for_ten_minutes_misses_nothing() {
    let mut world = World::start().await;
    let mut receiver = Receiver::start().await;
    let hook = webhook(&world, &receiver.url(), json!(["email.received"])).await;
    receiver.stop().await;
    let letters: Vec<_> = (0..12).map(|i| Letter::from(&format!("p{i}@customer.test"))).collect();
    for letter in &letters[..6] {
        world.begin(letter).await;
    }
    eventually("it is given a rest", async || {
        let tried = deliveries(&world, &hook, "").await;
        (tried.iter().map(attempts).sum::<usize>() >= 5).then_some(())
    })
    .await;
    for _ in 0..5 {
        world.advance(120).await;
        world.sweep().await;
    }
    // The machine goes down as well.
    world.crash_and_restart().await;
    for letter in &letters[6..] {
        world.begin(letter).await;
    }
    receiver.restart().await;
    // Past the longest rest, and what a worker held when the machine went down. Once: a clock that jumps while a worker is at
    // it ends the worker's lease.
    world.advance(600).await;
    world.sweep().await;
    let all = eventually("everything", async || {
        let all = deliveries(&world, &hook, "").await;
        (all.len() == 12 && all.iter().all(|delivery| delivery["state"] == "succeeded")).then_some(all)
    })
    .await;
    let received = receiver.received();
    let told: BTreeSet<_> = received.iter().map(|one| one.header("webhook-id").to_owned()).collect();
    assert_eq!(told.len(), 12);
    let wanted: BTreeSet<_> = all.iter().map(|delivery| delivery["event_id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(told, wanted);
    assert_eq!(received.len(), 12, "nobody crashed between a delivery and its record");
}

#[tokio::test]
async fn an_endpoint_that_fails_for_five_days_is_given_up() {
    let world = World::start().await;
    let other = Receiver::start().await;
    let hook = webhook(&world, "http://127.0.0.1:1/", json!(["email.received"])).await;
    webhook(&world, &other.url(), json!(["*"])).await;
    // A delivery every six hours.
    for hours in (0..=180).step_by(6) {
        world.begin(&Letter::from(&format!("h{hours}@customer.test"))).await;
        world.advance(6 * 3_600).await;
        world.sweep().await;
        let shown = world.owner.get(&path(&hook, "")).await.expect(200);
        if shown["active"] == false {
            assert_eq!(shown["disabled"]["reason"], "failing");
            assert!(hours >= 120, "{hours}");
            break;
        }
    }
    eventually("it is told", async || {
        other
            .received()
            .iter()
            .any(|one| one.event() == "webhook.disabled" && one.json()["webhook_id"] == hook["id"])
            .then_some(())
    })
    .await;
    // What still waited is given up when its time comes.
    world.advance(24 * 3_600).await;
    world.sweep().await;
    eventually("nothing pends", async || deliveries(&world, &hook, "&state=pending").await.is_empty().then_some(()))
        .await;
}

#[tokio::test]
async fn a_hanging_endpoint_holds_up_nobody_else() {
    let world = World::start().await;
    let (hanging, quick) = (Receiver::start().await, Receiver::start().await);
    hanging.reply(Reply { after: Duration::from_mins(1), ..Reply::default() });
    let stuck = webhook(&world, &hanging.url(), json!(["email.received"])).await;
    webhook(&world, &quick.url(), json!(["email.received"])).await;
    for i in 0..20 {
        world.begin(&Letter::from(&format!("p{i}@customer.test"))).await;
    }
    quick.until(20).await;
    assert!(hanging.most_under_way() <= 8, "{}", hanging.most_under_way());
    let timed_out = eventually("a timeout", async || {
        let tried = deliveries(&world, &stuck, "").await;
        tried.into_iter().find(|delivery| attempts(delivery) == 1)
    })
    .await;
    assert_eq!(timed_out["attempts"][0]["error"], "timeout");
}

#[tokio::test]
async fn for_a_day_after_a_rotation_both_secrets_verify() {
    let world = World::start().await;
    let receiver = Receiver::start().await;
    let hook = webhook(&world, &receiver.url(), json!(["email.received"])).await;
    let rotated = world.owner.post_empty(&path(&hook, "/rotate-secret")).await.expect(200);
    world.owner.post_empty(&path(&hook, "/test")).await.expect(202);
    let during = receiver.until(1).await.remove(0);
    assert!(is_signed(&during, &hook["secret"]) && !is_signed(&during, &rotated["secret"]));
    assert!(is_standard(&during, &hook["secret"]) && is_standard(&during, &rotated["secret"]));
    world.advance(24 * 3_600 + 60).await;
    world.owner.post_empty(&path(&hook, "/test")).await.expect(202);
    let after = receiver.until(2).await.remove(1);
    assert!(is_signed(&after, &rotated["secret"]) && is_standard(&after, &rotated["secret"]));
    assert!(!is_signed(&after, &hook["secret"]) && !is_standard(&after, &hook["secret"]));
}

/// Twenty endpoints, of which four hang and four fail; the machine goes down in the middle.
#[tokio::test]
async fn bad_endpoints_and_a_crash_cost_the_others_nothing() {
    const MAILS: usize = 20;
    let mut world = World::start().await;
    let mut receivers = Vec::new();
    for number in 0..20 {
        let receiver = Receiver::start().await;
        match number {
            0..4 => receiver.reply(Reply { after: Duration::from_mins(1), ..Reply::default() }),
            4..8 => receiver.reply_status(500),
            _ => {}
        }
        let hook = webhook(&world, &receiver.url(), json!(["email.received"])).await;
        receivers.push((hook, receiver));
    }
    for i in 0..MAILS / 2 {
        world.receive(&Letter::from(&format!("a{i}@customer.test"))).await;
    }
    receivers[10].1.until(MAILS / 4).await;
    world.crash_and_restart().await;
    for i in 0..MAILS / 2 {
        world.receive(&Letter::from(&format!("b{i}@customer.test"))).await;
    }
    // What a worker held when it died is taken by another when the lease is over.
    world.advance(91).await;
    world.sweep().await;
    let told = |receiver: &Receiver| -> BTreeSet<String> {
        receiver.received().iter().map(|one| one.header("webhook-id").to_owned()).collect()
    };
    for (hook, receiver) in &receivers[8..] {
        eventually("every event at every good endpoint", async || (told(receiver).len() == MAILS).then_some(())).await;
        let all = eventually("their records", async || {
            let all = deliveries(&world, hook, "&state=succeeded").await;
            (all.len() == MAILS).then_some(all)
        })
        .await;
        // At least once: what was under way when the machine went down may have come twice, and nothing else.
        let surplus = receiver.received().len() - MAILS;
        assert!(surplus <= 8, "{surplus} came twice");
        let recorded: usize = all.iter().map(attempts).sum();
        assert!((MAILS..=receiver.received().len()).contains(&recorded), "{recorded}");
    }
    // A bad one is left alone: five failures and those that were under way, then one try after each rest.
    for (hook, receiver) in &receivers[4..8] {
        let recorded: usize = deliveries(&world, hook, "").await.iter().map(attempts).sum();
        let received = receiver.received().len();
        assert!(recorded <= received && received <= recorded + 16, "{recorded} of {received}");
        assert!(received < 4 * MAILS, "{received}");
        assert!(deliveries(&world, hook, "&state=succeeded").await.is_empty());
    }
}
