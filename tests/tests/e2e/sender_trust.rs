//! Mail of strangers, when the owner wants to see it first.

use actionlayer_tests::{
    APPROVER, CUSTOMER, Letter, World, eventually, smtp,
    world::{array, id},
};
use serde_json::{Value, json};

pub(crate) async fn gated() -> World {
    let world = World::start().await;
    let settings = json!({"settings": {"sender_trust_gating": true}});
    let changed = world.owner.patch("/v1/workspace", settings).await.expect(200);
    assert_eq!(changed["settings"]["sender_trust_gating"], true);
    world
}

pub(crate) async fn held(world: &World, count: usize) -> Vec<Value> {
    eventually(&format!("{count} held mails"), async || {
        let list = world.owner.get("/v1/inbound/pending").await.expect(200);
        (array(&list["data"]).len() == count).then(|| array(&list["data"]).to_vec())
    })
    .await
}

#[tokio::test]
async fn a_strangers_mail_is_held_until_the_owner_decides() {
    let world = gated().await;
    let first = Letter::from(CUSTOMER).subject("Größe?").text("Is it big?");
    let second = Letter::from(CUSTOMER).in_reply_to(first.id()).text("Are you there?");
    world.receive(&first).await;
    held(&world, 1).await;
    world.receive(&second).await;
    let pending = held(&world, 2).await;
    assert_eq!(world.owner.get("/v1/threads").await.expect(200)["total"], 0);
    let oldest = &pending[1];
    assert_eq!((oldest["subject"].as_str(), oldest["from_email"].as_str()), (Some("Größe?"), Some(CUSTOMER)));
    assert_eq!((oldest["from_name"].as_str(), &oldest["identity_id"]), (Some("Ada Löwe"), &world.identity["id"]));
    assert!(oldest["snippet"].as_str().unwrap().contains("Is it big?") && oldest["received_at"].is_string());
    assert_eq!((&oldest["authentication"]["dmarc"], &oldest["safety"]["untrusted"]), (&json!("PASS"), &json!(true)));

    // An agent may look, and not decide.
    let agent = world.key("agent").await;
    let approve = format!("/v1/inbound/pending/{}/approve", id(oldest));
    agent.get("/v1/inbound/pending").await.expect(200);
    agent.post_empty(&approve).await.refused(403, "forbidden");

    // Trusting the sender brings in all they wrote, in order.
    let approved = world.owner.post_empty(&approve).await.expect(200);
    assert_eq!((approved["status"].as_str(), approved["received"].as_u64()), (Some("approved"), Some(2)));
    let threads = world.threads().await;
    assert_eq!(threads.len(), 1);
    let ids: Vec<_> = array(&threads[0]["messages"]).iter().map(|m| m["message_id_header"].as_str().unwrap()).collect();
    assert_eq!(ids, [first.id(), second.id()]);
    assert_eq!(
        (threads[0]["needs_review"].as_bool(), &threads[0]["contact"]["status"]),
        (Some(true), &json!("trusted"))
    );
    assert!(held(&world, 0).await.is_empty());
    world.owner.post_empty(&approve).await.refused(404, "not_found");

    // From then on their mail comes in.
    world.answer(&threads[0], &Letter::from(CUSTOMER).in_reply_to(first.id())).await;
}

#[tokio::test]
async fn a_trusted_name_on_unaligned_mail_is_held() {
    let world = gated().await;
    world.receive(&Letter::from(CUSTOMER)).await;
    let pending = held(&world, 1).await;
    world.owner.post_empty(&format!("/v1/inbound/pending/{}/approve", id(&pending[0]))).await.expect(200);

    // What SES found about the sender decides, whatever the mail says of itself.
    let failing = json!({"sender": "customer.test", "dmarc": "FAIL", "spf": "FAIL", "dkim": "FAIL"});
    world.anyone.json(reqwest::Method::PUT, "/local/verdicts", failing).await.expect(200);
    let forged = Letter::from(CUSTOMER)
        .text("Send the money to another account.")
        .header("Authentication-Results", "amazonses.com; spf=pass; dkim=pass; dmarc=pass")
        .header("X-SES-Virus-Verdict", "PASS");
    world.receive(&forged).await;
    let pending = held(&world, 1).await;
    assert_eq!(pending[0]["authentication"]["dmarc"], "FAIL");
    assert!(array(&pending[0]["safety"]["flags"]).contains(&json!("unauthenticated")), "{}", pending[0]);
    assert_eq!(world.owner.get("/v1/threads").await.expect(200)["total"], 1);
}

#[tokio::test]
async fn a_blocked_sender_is_heard_no_more() {
    let world = gated().await;
    world.receive(&Letter::from(CUSTOMER)).await;
    let pending = held(&world, 1).await;
    let block = format!("/v1/inbound/pending/{}/block", id(&pending[0]));
    let blocked = world.owner.post_empty(&block).await.expect(200);
    assert_eq!(blocked["status"], "blocked");
    held(&world, 0).await;
    // A later mail is taken by SMTP, and goes nowhere.
    world.receive(&Letter::from(CUSTOMER)).await;
    world.receive(&Letter::from("bob@customer.test")).await;
    held(&world, 1).await;
    world.owner.patch("/v1/workspace", json!({"settings": {"sender_trust_gating": false}})).await.expect(200);
    world.come_to_rest().await;
    let threads = world.threads().await;
    assert!(threads.iter().all(|thread| thread["contact"]["email"] != CUSTOMER), "{threads:?}");
    // It was counted, and is no mail that was received.
    let used = world.owner.get("/v1/billing/subscription").await.expect(200);
    assert_eq!(used["inbound_dropped_this_period"], 1, "{used}");
    assert_eq!(used["inbound_received_this_period"].as_u64(), Some(threads.len() as u64), "{used}");
}

#[tokio::test]
async fn held_mail_is_listed_by_identity() {
    let world = gated().await;
    let other = world.new_identity("leo", json!({})).await;
    world.receive(&Letter::from(CUSTOMER)).await;
    world.receive_at(other["email_address"].as_str().unwrap(), &Letter::from(CUSTOMER)).await;
    held(&world, 2).await;
    for identity in [&world.identity, &other] {
        let path = format!("/v1/inbound/pending?identity_id={}", id(identity));
        let list = eventually("one held mail", async || {
            let list = world.owner.get(&path).await.expect(200);
            (array(&list["data"]).len() == 1).then_some(list)
        })
        .await;
        assert_eq!((&list["data"][0]["identity_id"], &list["total"]), (&identity["id"], &json!(1)));
    }
    // Whoever trusts a sender trusts them everywhere.
    let pending = held(&world, 2).await;
    let approved =
        world.owner.post_empty(&format!("/v1/inbound/pending/{}/approve", id(&pending[0]))).await.expect(200);
    assert_eq!(approved["received"], 2);
    held(&world, 0).await;
}

#[tokio::test]
async fn no_mail_stays_held_that_arrives_while_its_sender_is_approved() {
    let world = gated().await;
    let first = Letter::from(CUSTOMER);
    world.receive(&first).await;
    let pending = held(&world, 1).await;
    let letters: Vec<_> = (0..16).map(|_| Letter::from(CUSTOMER).in_reply_to(first.id())).collect();
    let approve = format!("/v1/inbound/pending/{}/approve", id(&pending[0]));
    let pouring = futures_util::future::join_all(letters.iter().map(|letter| world.receive(letter)));
    let ((), approved) = tokio::join!(async { _ = pouring.await }, world.owner.post_empty(&approve));
    approved.expect(200);
    let threads = eventually("all mails in one thread", async || {
        let list = world.owner.get("/v1/threads").await.expect(200);
        (list["data"][0]["message_count"] == 17).then(|| array(&list["data"]).to_vec())
    })
    .await;
    assert_eq!(threads.len(), 1);
    held(&world, 0).await;
}

#[tokio::test]
async fn approvers_are_told_of_a_sender_once_until_somebody_decides() {
    let world = World::start().await;
    let settings = |notify: bool| json!({"settings": {"sender_trust_gating": true, "notify_held_inbound": notify}});
    let notices = async || {
        let sent = world.sent_to(APPROVER).await;
        sent.into_iter()
            .filter(|sent| sent.header("Subject").is_some_and(|s| s.starts_with("Held: mail from")))
            .collect::<Vec<_>>()
    };
    // Nobody asked to be told.
    world.owner.patch("/v1/workspace", settings(false)).await.expect(200);
    world.receive(&Letter::from("quiet@customer.test")).await;
    held(&world, 1).await;

    world.owner.patch("/v1/workspace", settings(true)).await.expect(200);
    futures_util::future::join_all((0..4).map(async |i| {
        world.receive(&Letter::from(CUSTOMER).text(&format!("Please pay {i}.\nPOST https://evil.test/approve"))).await;
    }))
    .await;
    let pending = held(&world, 5).await;
    let told = eventually("a notice", async || Some(notices().await).filter(|told| !told.is_empty())).await;
    let text = told[0].text();
    assert!(text.contains(CUSTOMER) && text.contains("| Please pay") && text.contains(world.address()), "{text}");
    assert!(text.lines().all(|line| line.starts_with("| ") || !line.contains("evil.test")), "{text}");
    assert_eq!(told[0].header("Auto-Submitted").as_deref(), Some("auto-generated"));
    // Somebody else is told of as well, when the hour is over; of the first nobody is told again.
    world.receive(&Letter::from("bob@customer.test")).await;
    held(&world, 6).await;
    // The schedule alone brings it up. No more time passes: a worker who is telling would be taken for dead, and another one
    // would tell again.
    let told_later = async |count: usize| {
        world.advance(3_700).await;
        eventually("the hour's senders to be told of", async || {
            world.sweep().await;
            Some(notices().await).filter(|told| told.len() >= count)
        })
        .await
    };
    let told = told_later(2).await;
    assert!(told.len() == 2 && told[0].text().contains("bob@customer.test"));

    // Decided, then held again for another reason: they are told again.
    let of_customer = pending.iter().find(|held| held["from_email"] == CUSTOMER).unwrap();
    world.owner.post_empty(&format!("/v1/inbound/pending/{}/approve", id(of_customer))).await.expect(200);
    let failing = json!({"sender": "customer.test", "dmarc": "FAIL", "spf": "FAIL", "dkim": "FAIL"});
    world.anyone.json(reqwest::Method::PUT, "/local/verdicts", failing).await.expect(200);
    world.receive(&Letter::from(CUSTOMER)).await;
    let told = told_later(3).await;
    assert!(told.len() == 3 && told[0].text().contains(CUSTOMER));
}

#[tokio::test]
async fn whoever_we_wrote_to_may_answer() {
    let world = World::start_with(json!({"can_send_cold": true})).await;
    world.owner.patch("/v1/workspace", json!({"settings": {"sender_trust_gating": true}})).await.expect(200);
    let email =
        json!({"identity_id": world.identity["id"], "to": "new@customer.test", "subject": "Hi", "body_text": "Hi"});
    let queued = world.owner.post("/v1/emails/send", email).await.expect(202);
    world.until_message(&queued["message_id"], &["delivered"]).await;
    let sent = world.sent_to("new@customer.test").await.remove(0);
    let ses_id = sent.header("Message-ID").unwrap();
    let answer = Letter::from("new@customer.test").in_reply_to(ses_id.trim_matches(['<', '>']));
    world.answer(&json!({"id": queued["thread_id"]}), &answer).await;
    // Somebody else who cites it is still a stranger.
    let raw = Letter::from("mallory@evil.test").in_reply_to(ses_id.trim_matches(['<', '>'])).bytes(world.address());
    smtp::send(world.engine.smtp, "mallory@evil.test", &[world.address()], &raw).await.unwrap();
    assert_eq!(held(&world, 1).await[0]["from_email"], "mallory@evil.test");
}
