//! Addresses that nothing is sent to any more.

use actionlayer_tests::{
    CUSTOMER, Letter, World, eventually,
    world::{array, id},
};
use serde_json::{Value, json};

/// Mail to it bounces for good: the simulator of SES.
pub(crate) const BOUNCES: &str = "bounce@simulator.amazonses.com";
const COMPLAINS: &str = "complaint@simulator.amazonses.com";

fn cold(world: &World, to: &Value) -> Value {
    json!({"identity_id": world.identity["id"], "to": to, "subject": "Hello", "body_text": "Hello."})
}

/// The address is on the list, once it is.
pub(crate) async fn suppressed(world: &World, address: &str) -> Value {
    eventually("the address to be suppressed", async || {
        let list = world.owner.get("/v1/suppressions?limit=100").await.expect(200);
        array(&list["data"]).iter().find(|suppression| suppression["email"] == address).cloned()
    })
    .await
}

/// Sends something that bounces, and waits until the address is on the list.
pub(crate) async fn bounce(world: &World) -> Value {
    let queued = world.owner.post("/v1/emails/send", cold(world, &json!(BOUNCES))).await.expect(202);
    world.until_message(&queued["message_id"], &["bounced"]).await;
    let suppression = suppressed(world, BOUNCES).await;
    assert_eq!(suppression["message_id"], queued["message_id"]);
    suppression
}

#[tokio::test]
async fn what_bounced_or_complained_gets_no_more_mail() {
    let world = World::start_with(json!({"can_send_cold": true})).await;
    let bounced = bounce(&world).await;
    assert_eq!(bounced["reason"], "bounce");
    let both = cold(&world, &json!([CUSTOMER, COMPLAINS]));
    let queued = world.owner.post("/v1/emails/send", both).await.expect(202);
    world.until_message(&queued["message_id"], &["complained"]).await;
    let complained = suppressed(&world, COMPLAINS).await;
    assert_eq!(complained["reason"], "complaint");
    let list = world.owner.get("/v1/suppressions").await.expect(200);
    // The customer, who was written to as well, neither bounced nor complained.
    assert_eq!((list["total"].as_u64(), &list["data"][0]["id"]), (Some(2), &complained["id"]));

    // Refused when it is queued, wherever the address stands and however it is written.
    let mut copied = cold(&world, &json!(CUSTOMER));
    copied["bcc"] = json!(["dana@customer.test", BOUNCES.to_uppercase()]);
    for (request, field) in [(cold(&world, &json!(COMPLAINS)), "to[0]"), (copied, "bcc[1]")] {
        let refused = world.owner.post("/v1/emails/send", request).await.refused(422, "recipient_suppressed");
        assert_eq!(refused["details"][0]["field"], field, "{refused}");
    }
    let test_email = format!("/v1/identities/{}/test-email", id(&world.identity));
    world.owner.post(&test_email, json!({"to": BOUNCES})).await.refused(422, "recipient_suppressed");

    // Off the list, by address or by id, mail leaves again.
    let agent = world.key("agent").await;
    agent.delete(&format!("/v1/suppressions/{BOUNCES}")).await.refused(403, "forbidden");
    world.owner.delete(&format!("/v1/suppressions/{BOUNCES}")).await.expect(204);
    world.owner.delete(&format!("/v1/suppressions/{}", id(&complained))).await.expect(204);
    for gone in [id(&complained), BOUNCES, "not-a-name"] {
        world.owner.delete(&format!("/v1/suppressions/{gone}")).await.refused(404, "not_found");
    }
    // And should it bounce again, it is on the list again.
    assert_ne!(bounce(&world).await["id"], bounced["id"]);
}

#[tokio::test]
async fn a_reply_and_a_draft_to_a_suppressed_address_are_refused_by_name() {
    let world = World::start_with(json!({"can_send_cold": true, "auto_approve_replies": false})).await;
    let thread = world.begin(&Letter::from(BOUNCES)).await;
    let draft = world.approved(&thread, "Here you are.").await;
    bounce(&world).await;
    let reply = json!({"thread_id": thread["id"], "identity_id": thread["identity_id"], "body_text": "Hi"});
    for refused in [world.owner.post("/v1/emails/reply", reply).await, world.act(&draft, "send").await] {
        let refused = refused.refused(422, "recipient_suppressed");
        assert!(refused["message"].as_str().unwrap().contains(BOUNCES), "{refused}");
    }
    // Nothing was decided by it: taken off the list, it can be sent.
    assert_eq!(world.reread(&draft).await["status"], "approved");
    world.owner.delete(&format!("/v1/suppressions/{BOUNCES}")).await.expect(204);
    world.act(&draft, "send").await.expect(202);
    world.until_draft(&draft, "sent").await;
}

#[tokio::test]
async fn what_the_owner_lets_go_unseen_is_left_to_approvers_when_it_cannot_be_sent() {
    let world = World::start_with(json!({"can_send_cold": true, "auto_approve_replies": true})).await;
    let thread = world.begin(&Letter::from(BOUNCES)).await;
    bounce(&world).await;
    let draft = world.submit(&thread, "Here you are.").await;
    assert_eq!((&draft["status"], &draft["send_state"]), (&json!("pending"), &json!(null)));
}

#[tokio::test]
async fn a_draft_whose_recipient_bounces_before_it_leaves_fails_and_says_why() {
    let world = World::start_with(json!({"can_send_cold": true})).await;
    let thread = world.begin(&Letter::from(BOUNCES)).await;
    let draft = world.approved(&thread, "Too late.").await;
    // SES says "not now" for as long as one worker asks: the job comes back after its time.
    world.fault("ses", "SendEmail", "throttle", 4).await;
    world.act(&draft, "send").await.expect(202);
    eventually("the worker to give up for now", async || world.faults_are_used_up().await.then_some(())).await;
    bounce(&world).await;
    world.advance(130).await;
    let failed = world.until_draft(&draft, "failed").await;
    assert_eq!(failed["failure"]["code"], "recipient_suppressed");
    assert!(failed["failure"]["message"].as_str().unwrap().contains(BOUNCES), "{failed}");
    assert!(world.sent_to(BOUNCES).await.iter().all(|sent| !sent.text().contains("Too late.")));
}
