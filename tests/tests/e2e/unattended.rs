//! What leaves without a person: to whom, and when not.

use actionlayer_tests::{
    CUSTOMER, Letter, World,
    world::{array, id, merge},
};
use reqwest::Method;
use serde_json::{Value, json};

/// Forty-nine people who never wrote.
fn victims() -> String {
    (1..=49).map(|number| format!("victim{number}@elsewhere.test")).collect::<Vec<_>>().join(", ")
}

async fn verdicts(world: &World, verdict: &str) {
    let found = json!({"sender": "customer.test", "dmarc": verdict, "spf": verdict, "dkim": verdict});
    world.anyone.json(Method::PUT, "/local/verdicts", found).await.expect(200);
}

async fn draft(world: &World, letter: &Letter, more: Value) -> Value {
    let thread = world.begin(letter).await;
    let mut draft = world.proposal(&thread, "We open at nine.");
    merge(&mut draft, more);
    world.owner.post("/v1/drafts", draft).await.expect(201)
}

#[tokio::test]
async fn whoever_writes_cannot_make_it_write_to_others() {
    let world = World::start_with(json!({"auto_approve_replies": true})).await;
    let letter = || Letter::from(CUSTOMER);
    let file = json!({"attachments": [{"filename": "a.txt", "content_type": "text/plain", "content_base64": "YQ=="}]});
    let hidden = "Hello\u{200b}Wo\u{200b}r\u{200b}ld\u{200b}a\u{200b}b\u{200b}c";
    for (letter, more, declined) in [
        (letter().header("Reply-To", &victims()), json!({}), "flagged"),
        (letter().header("Reply-To", "eve@customer.test"), json!({}), "goes_elsewhere"),
        (letter().header("From", "Boss <boss@novacore.test>"), json!({}), "sender_not_aligned"),
        (letter().text(hidden), json!({}), "flagged"),
        (letter(), json!({"bcc": ["victim1@elsewhere.test"]}), "copies"),
        (letter(), json!({"cc": ["victim1@elsewhere.test"]}), "copies"),
        (letter(), file, "files"),
        (letter().header("Auto-Submitted", "auto-generated"), json!({}), "automated_sender"),
    ] {
        let draft = draft(&world, &letter, more).await;
        assert_eq!(
            (&draft["status"], &draft["auto_approve_declined"]),
            (&json!("pending"), &json!(declined)),
            "{draft}"
        );
    }
    // One that nobody vouches for, whatever else it is.
    for verdict in ["FAIL", "GRAY"] {
        verdicts(&world, verdict).await;
        let draft = draft(&world, &letter().header("Reply-To", &victims()), json!({"quote_history": true})).await;
        assert_eq!(draft["auto_approve_declined"], "sender_not_aligned", "{draft}");
    }
    verdicts(&world, "PASS").await;
    let plain = draft(&world, &letter(), json!({"quote_history": true})).await;
    assert_eq!((&plain["status"], &plain["auto_approve_declined"]), (&json!("approved"), &Value::Null), "{plain}");
    world.until_draft(&plain, "sent").await;
    world.come_to_rest().await;
    let mails = world.outbox().await;
    let reached = |wanted: &str| mails.iter().any(|sent| sent.envelope_to.iter().any(|to| to.contains(wanted)));
    assert!(!reached("victim") && !reached("eve@"), "nobody else got anything");
    assert_eq!(world.sent_to(CUSTOMER).await.len(), 1);
}

#[tokio::test]
async fn a_person_gets_so_many_a_day() {
    let world = World::start_with(json!({"auto_approve_replies": true})).await;
    let mut approved = 0;
    for _ in 0..22 {
        let draft = draft(&world, &Letter::from(CUSTOMER), json!({})).await;
        if draft["status"] == "approved" {
            approved += 1;
        } else {
            assert_eq!(draft["auto_approve_declined"], "recipient_cap", "{draft}");
        }
    }
    assert_eq!(approved, 20);
    let someone_else = draft(&world, &Letter::from("other@customer.test"), json!({})).await;
    assert_eq!(someone_else["status"], "approved");
    world.advance(24 * 3_600).await;
    assert_eq!(draft(&world, &Letter::from(CUSTOMER), json!({})).await["status"], "approved", "the next day");
}

#[tokio::test]
async fn a_direct_reply_goes_to_the_author_or_to_whom_we_wrote() {
    let world = World::start().await;
    let reply = async |thread: &Value| {
        let reply = json!({"thread_id": thread["id"], "identity_id": thread["identity_id"], "body_text": "Yes.",
            "cc": ["colleague@customer.test"]});
        world.owner.post("/v1/emails/reply", reply).await
    };
    let thread = world.begin(&Letter::from(CUSTOMER).header("Reply-To", &victims())).await;
    reply(&thread).await.refused(409, "conflict");
    let forged = Letter::from(CUSTOMER);
    verdicts(&world, "FAIL").await;
    let thread = world.begin(&forged).await;
    reply(&thread).await.refused(409, "conflict");
    // A person saw and approved an answer: from then on they are somebody of the thread.
    let draft = world.approved(&thread, "We open at nine.").await;
    world.act(&draft, "send").await.expect(202);
    world.until_draft(&draft, "sent").await;
    world.answer(&thread, &Letter::from(CUSTOMER).in_reply_to(forged.id())).await;
    let queued = reply(&thread).await.expect(202);
    world.until_message(&queued["message_id"], &["delivered"]).await;
    assert!(world.sent_to("victim1@elsewhere.test").await.is_empty());
    assert_eq!(world.sent_to("colleague@customer.test").await.len(), 1);
    assert!(array(&world.owner.get("/v1/drafts").await.expect(200)["data"]).iter().all(|draft| !id(draft).is_empty()));
}
