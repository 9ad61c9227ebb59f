//! Mail without a draft.

use actionlayer_tests::{CUSTOMER, Letter, World, world::id};
use serde_json::json;

#[tokio::test]
async fn a_reply_without_a_draft() {
    let world = World::start_with(json!({"signature_text": "Mia, Novacore"})).await;
    let letter = Letter::from(CUSTOMER).subject("Re: größer?");
    let thread = world.begin(&letter).await;
    let reply = json!({"thread_id": thread["id"], "identity_id": thread["identity_id"], "body_text": "Yes, it is.",
        "cc": ["bob@customer.test"]});
    let queued = world.key("automation").await.post("/v1/emails/reply", reply).await.expect(202);
    assert_eq!((queued["status"].as_str(), &queued["thread_id"]), (Some("queued"), &thread["id"]));
    assert!(queued["queued_at"].is_string());
    world.until_message(&queued["message_id"], &["delivered"]).await;
    let mail = world.the_answer().await;
    assert_eq!(mail.envelope_to, [CUSTOMER, "bob@customer.test"]);
    assert_eq!(mail.message().subject(), Some("Re: größer?"));
    assert_eq!(mail.header("In-Reply-To"), Some(format!("<{}>", letter.id())));
    assert_eq!(mail.header("Auto-Submitted").as_deref(), Some("auto-replied"), "nobody approved it");
    assert_eq!(mail.text().matches("Mia, Novacore").count(), 1);
    assert_eq!(world.thread(&thread).await["status"], "waiting");
    world.come_to_rest().await;
    assert_eq!(world.sent_to(CUSTOMER).await.len(), 1);
}

#[tokio::test]
async fn a_cold_send_starts_a_thread_if_the_identity_may() {
    let world = World::start().await;
    let email = json!({"identity_id": world.identity["id"], "to": ["new@customer.test"], "bcc": "eve@novacore.test",
        "subject": "Grüße", "body_html": "<p>Hello <i>there</i></p>", "tags": ["spring", "vip", "spring"]});
    world.owner.post("/v1/emails/send", email.clone()).await.refused(422, "cold_send_blocked");
    assert_eq!(world.owner.get("/v1/threads").await.expect(200)["total"], 0);

    let identity = format!("/v1/identities/{}", id(&world.identity));
    world.owner.patch(&identity, json!({"can_send_cold": true})).await.expect(200);
    let queued = world.owner.post("/v1/emails/send", email.clone()).await.expect(202);
    world.until_message(&queued["message_id"], &["delivered"]).await;
    let sent = world.sent_to("new@customer.test").await;
    assert_eq!(sent.len(), 1);
    assert!(sent[0].text().contains("Hello there") && sent[0].html().contains("<i>there</i>"));
    assert_eq!((sent[0].message().subject(), sent[0].header("In-Reply-To")), (Some("Grüße"), None));
    assert!(sent[0].envelope_to.contains(&"eve@novacore.test".to_owned()));
    let thread = json!({"id": queued["thread_id"]});
    let started = world.thread(&thread).await;
    assert_eq!((started["status"].as_str(), started["needs_review"].as_bool()), (Some("waiting"), Some(false)));
    assert_eq!(started["tags"], json!(["spring", "vip"]));
    assert_eq!((&started["contact"]["status"], started["messages_total"].as_u64()), (&json!("trusted"), Some(1)));

    // The answer, which cites SES's id, joins.
    let ses_id = sent[0].header("Message-ID").unwrap();
    let answer = Letter::from("new@customer.test").in_reply_to(ses_id.trim_matches(['<', '>']));
    assert_eq!(world.answer(&thread, &answer).await["needs_review"], true);

    // A suspended identity sends nothing.
    world.owner.patch(&identity, json!({"status": "suspended"})).await.expect(200);
    world.owner.post("/v1/emails/send", email).await.refused(422, "identity_suspended");
}

#[tokio::test]
async fn what_the_receiving_side_says_is_shown() {
    let world = World::start_with(json!({"can_send_cold": true})).await;
    for (recipient, status) in [
        ("bounce@simulator.amazonses.com", "bounced"),
        ("complaint@simulator.amazonses.com", "complained"),
        ("success@simulator.amazonses.com", "delivered"),
    ] {
        let email = json!({"identity_id": world.identity["id"], "to": recipient, "subject": "Hi", "body_text": "Hi"});
        let queued = world.owner.post("/v1/emails/send", email).await.expect(202);
        world.until_message(&queued["message_id"], &[status]).await;
    }
}

#[tokio::test]
async fn mail_between_two_identities_comes_back_in() {
    let world = World::start_with(json!({"can_send_cold": true})).await;
    let other = world.new_identity("max", json!({})).await;
    let email = json!({"identity_id": world.identity["id"], "to": other["email_address"], "subject": "Colleague", "body_text": "Hi Max"});
    world.owner.post("/v1/emails/send", email).await.expect(202);
    let found = actionlayer_tests::eventually("the colleague's thread", async || {
        world.threads().await.into_iter().find(|thread| thread["identity_id"] == other["id"])
    });
    let thread = found.await;
    assert_eq!(thread["messages"][0]["from_email"], world.address());
    // It says itself that no person approved it.
    assert_eq!(thread["messages"][0]["is_automated"], true);
}
