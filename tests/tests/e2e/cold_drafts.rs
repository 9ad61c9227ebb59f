//! Drafts that start a conversation: behind the same gate as every other.

use actionlayer_tests::{CUSTOMER, Letter, World, world::id};
use serde_json::{Value, json};

fn cold(world: &World) -> Value {
    json!({"identity_id": world.identity["id"], "to": "new@customer.test", "cc": ["bob@customer.test"],
        "subject": "An offer", "body_text": "Would you like one?"})
}

#[tokio::test]
async fn a_person_approves_the_first_mail_of_a_thread() {
    let world = World::start_with(json!({"can_send_cold": true, "auto_approve_replies": true})).await;
    let agent = world.key("agent").await;
    let draft = agent.post("/v1/drafts", cold(&world)).await.expect(201);
    assert_eq!((&draft["status"], &draft["based_on_message_id"]), (&json!("pending"), &Value::Null));
    assert_eq!((&draft["to"], &draft["subject"]), (&json!(["new@customer.test"]), &json!("An offer")));
    let thread = json!({"id": draft["thread_id"]});
    let started = world.thread(&thread).await;
    assert_eq!(
        (&started["status"], &started["contact"], &started["messages_total"]),
        (&json!("draft_pending"), &Value::Null, &json!(0))
    );
    assert_eq!(started["drafts"][0]["id"], draft["id"]);
    assert_eq!(world.owner.get("/v1/threads?status=draft_pending").await.expect(200)["total"], 1);

    agent.post_empty(&format!("/v1/drafts/{}/send", id(&draft))).await.refused(403, "approval_required");
    let mail = world.approval_mail("Would you like one?").await;
    assert!(mail.text().contains("this message, which starts a conversation"), "{}", mail.text());
    assert!(mail.text().contains("new@customer.test"));
    let edited = world
        .owner
        .patch(&format!("/v1/drafts/{}", id(&draft)), json!({"subject_override": "A better offer"}))
        .await
        .expect(200);
    assert_eq!(edited["subject"], "A better offer");
    world.act(&draft, "approve").await.expect(200);
    agent.post_empty(&format!("/v1/drafts/{}/send", id(&draft))).await.expect(202);
    let draft = world.until_draft(&draft, "sent").await;
    let sent = world.sent_to("new@customer.test").await;
    assert_eq!(sent.len(), 1);
    assert_eq!((sent[0].message().subject(), sent[0].header("In-Reply-To")), (Some("A better offer"), None));
    assert_eq!(sent[0].header("Auto-Submitted"), None, "a person approved it");
    let started = world.thread(&thread).await;
    assert_eq!((&started["status"], &started["subject"]), (&json!("waiting"), &json!("A better offer")));
    assert_eq!(
        (&started["contact"]["email"], &started["contact"]["status"]),
        (&json!("new@customer.test"), &json!("trusted"))
    );
    assert_eq!(started["messages"][0]["id"], draft["sent_message_id"]);

    // The answer joins, and is answered as always.
    let ses_id = sent[0].header("Message-ID").unwrap();
    let answer = Letter::from("new@customer.test").in_reply_to(ses_id.trim_matches(['<', '>']));
    let answered = world.answer(&thread, &answer).await;
    assert_eq!((&answered["needs_review"], &answered["status"]), (&json!(true), &json!("open")));
    world.come_to_rest().await;
    assert_eq!(world.sent_to("new@customer.test").await.len(), 1);
}

#[tokio::test]
async fn it_takes_an_identity_that_may_and_a_whole_draft() {
    let world = World::start().await;
    world.owner.post("/v1/drafts", cold(&world)).await.refused(422, "cold_send_blocked");
    assert_eq!(world.owner.get("/v1/threads").await.expect(200)["total"], 0);
    let thread = world.begin(&Letter::from(CUSTOMER)).await;
    let identity = format!("/v1/identities/{}", id(&world.identity));
    world.owner.patch(&identity, json!({"can_send_cold": true})).await.expect(200);
    let cases = [
        (json!({"to": null, "subject": null}), "thread_id"),
        (json!({"to": []}), "to"),
        (json!({"to": ["nobody"]}), "to[0]"),
        (json!({"subject": null}), "subject"),
        (json!({"subject": "x\r\nBcc: eve@novacore.test"}), "subject"),
        (json!({"subject_override": "x"}), "subject_override"),
        (json!({"based_on_message_id": thread["last_inbound_message_id"]}), "based_on_message_id"),
        (json!({"thread_id": thread["id"], "to": null, "cc": null, "subject": null}), "based_on_message_id"),
        (
            json!({"thread_id": thread["id"], "based_on_message_id": thread["last_inbound_message_id"], "subject": null}),
            "to",
        ),
    ];
    for (change, field) in cases {
        let mut draft = cold(&world);
        actionlayer_tests::world::merge(&mut draft, change);
        let refused = world.owner.post("/v1/drafts", draft).await.refused(422, "validation_error");
        assert_eq!(refused["details"][0]["field"], field, "{refused}");
    }
    assert_eq!(world.owner.get("/v1/drafts").await.expect(200)["total"], 0);
    // Rejected, its thread is the agent's again; nobody was made a contact.
    let draft = world.owner.post("/v1/drafts", cold(&world)).await.expect(201);
    world.act(&draft, "reject").await.expect(200);
    let left = world.thread(&json!({"id": draft["thread_id"]})).await;
    assert_eq!((&left["status"], &left["contact"]), (&json!("open"), &Value::Null));
    world.act(&draft, "send").await.refused(409, "draft_not_pending");
    assert!(world.sent_to("new@customer.test").await.is_empty());
}
