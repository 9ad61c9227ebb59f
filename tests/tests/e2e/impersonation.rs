//! Who is whom: authors, approvers, owners of domains.

use actionlayer_tests::{
    APPROVER, Api, CUSTOMER, Letter, World,
    world::{array, id},
};
use reqwest::Method;
use serde_json::json;

use crate::sender_trust::{gated, held};

#[tokio::test]
async fn mail_with_several_authors_is_nobodys() {
    let world = gated().await;
    world.receive(&Letter::from(CUSTOMER)).await;
    let pending = held(&world, 1).await;
    world.owner.post_empty(&format!("/v1/inbound/pending/{}/approve", id(&pending[0]))).await.expect(200);
    // The address is trusted and DMARC passed, for one of the authors.
    world.receive(&Letter::from(CUSTOMER).header("From", "Eve <eve@evil.test>")).await;
    let pending = held(&world, 1).await;
    let flags = array(&pending[0]["safety"]["flags"]);
    assert!(flags.contains(&json!("several_authors")), "{}", pending[0]);
    assert_eq!(pending[0]["authentication"]["aligned"], false);
    world.receive(&Letter::from(CUSTOMER)).await;
    held(&world, 1).await;
}

#[tokio::test]
async fn knowing_an_id_is_no_proof_of_who_one_is() {
    let world = gated().await;
    world
        .owner
        .patch(&format!("/v1/identities/{}", id(&world.identity)), json!({"can_send_cold": true}))
        .await
        .expect(200);
    let email =
        json!({"identity_id": world.identity["id"], "to": [CUSTOMER], "subject": "Offer", "body_text": "Hello"});
    let queued = world.owner.post("/v1/emails/send", email).await.expect(202);
    let sent = world.until_message(&queued["message_id"], &["delivered"]).await;
    let ours = sent["message_id_header"].as_str().unwrap().to_owned();
    let unproven = json!({"sender": "customer.test", "dmarc": "GRAY", "spf": "FAIL", "dkim": "FAIL"});
    world.anyone.json(Method::PUT, "/local/verdicts", unproven).await.expect(200);
    world
        .owner
        .patch(&format!("/v1/contacts/{}", contact(&world).await), json!({"status": "pending"}))
        .await
        .expect(200);
    world.receive(&Letter::from(CUSTOMER).in_reply_to(&ours)).await;
    held(&world, 1).await;
}

async fn contact(world: &World) -> String {
    let list = world.owner.get("/v1/contacts").await.expect(200);
    id(&list["data"][0]).to_owned()
}

#[tokio::test]
async fn approvers_are_written_from_an_address_that_nobody_has() {
    let world = World::start().await;
    for name in ["approvals", "approvals+mia"] {
        let identity = json!({"domain_id": world.domain["id"], "local_part": name, "display_name": "Mallory"});
        let refused = world.owner.post("/v1/identities", identity).await.refused(422, "validation_error");
        assert_eq!(refused["details"][0]["field"], "local_part", "{refused}");
    }
    // What an approver answers, link and all, comes to no agent.
    let thread = world.begin(&Letter::from(CUSTOMER)).await;
    world.asked(&thread, "We open at nine.").await;
    let link = world.approval_path("We open at nine.").await;
    world
        .receive_at("approvals@ai.novacore.test", &Letter::from(APPROVER).text(&format!("Say eleven.\n> {link}")))
        .await;
    world.come_to_rest().await;
    let contacts = world.owner.get("/v1/contacts").await.expect(200);
    assert!(array(&contacts["data"]).iter().all(|contact| contact["email"] != APPROVER), "{contacts}");
}

#[tokio::test]
async fn a_draft_that_somebody_else_edited_is_decided_by_its_version() {
    let world = World::start().await;
    let thread = world.begin(&Letter::from(CUSTOMER)).await;
    let draft = world.submit(&thread, "We open at nine.").await;
    let path = format!("/v1/drafts/{}", id(&draft));
    let agent = world.key("agent").await;
    agent.patch(&path, json!({"body_text": "Pay to another account."})).await.expect(200);
    for action in ["approve", "send"] {
        world.owner.post_empty(&format!("{path}/{action}")).await.refused(409, "conflict");
        world.owner.post(&format!("{path}/{action}"), json!({"version": 1})).await.refused(409, "conflict");
    }
    assert_eq!(world.owner.get(&path).await.expect(200)["status"], "pending");
    // What one edited oneself one has read.
    world.owner.patch(&path, json!({"body_text": "We open at ten."})).await.expect(200);
    world.owner.post_empty(&format!("{path}/approve")).await.expect(200);
    world.owner.post(&format!("{path}/send"), json!({"version": 3})).await.expect(202);
    assert!(world.the_answer().await.text().contains("We open at ten."));
}

#[tokio::test]
async fn the_domains_of_others_in_the_account_are_left_alone() {
    let world = World::start().await;
    let ses = Api::new(&world.engine.ses);
    let taken = json!({"EmailIdentity": "taken.novacore.test"});
    ses.post("/v2/email/identities", taken).await;
    let before = ses.get("/v2/email/identities/taken.novacore.test").await.text();
    // Nobody proved anything yet: SES has not heard of either.
    let claim = async |name: &str| world.owner.post("/v1/domains", json!({"domain": name})).await.expect(201);
    let (theirs, ours) = (claim("taken.novacore.test").await, claim("ours.novacore.test").await);
    assert_eq!(ses.get("/v2/email/identities/ours.novacore.test").await.status, 404);
    let verify = |domain: &serde_json::Value| format!("/v1/domains/{}/verify", id(domain));
    assert_eq!(world.owner.post_empty(&verify(&ours)).await.expect(200)["status"], "pending");
    assert_eq!(ses.get("/v2/email/identities/ours.novacore.test").await.status, 404);
    for domain in [&theirs, &ours] {
        world.anyone.post("/local/dns/publish", json!({"domain": domain["domain"]})).await.expect(200);
    }
    assert_eq!(world.owner.post_empty(&verify(&ours)).await.expect(200)["status"], "verified");
    world.owner.post_empty(&verify(&theirs)).await.refused(409, "conflict");
    world.owner.delete(&format!("/v1/domains/{}", id(&theirs))).await.expect(204);
    let after = ses.get("/v2/email/identities/taken.novacore.test").await.text();
    assert_eq!(after, before, "its keys and tags are as they were");
    world.owner.delete(&format!("/v1/domains/{}", id(&ours))).await.expect(204);
    assert_eq!(ses.get("/v2/email/identities/ours.novacore.test").await.status, 404);
}

#[tokio::test]
async fn who_cites_an_id_without_taking_part_changes_nothing() {
    let world = World::start().await;
    let question = Letter::from(CUSTOMER).subject("Divorce papers");
    let thread = world.begin(&question).await;
    let draft = world.asked(&thread, "We open at nine.").await;
    let stranger = Letter::from("ada.private@evil.test").subject("Re: Divorce papers").in_reply_to(question.id());
    world.receive(&stranger).await;
    let joined = world.joined(&thread, &stranger).await;
    assert_eq!(joined["last_inbound_message_id"], thread["last_inbound_message_id"], "{joined}");
    assert_eq!(joined["contact"]["email"], CUSTOMER);
    let messages = array(&joined["messages"]).to_vec();
    let aside = messages.iter().find(|message| message["from_email"] == "ada.private@evil.test").unwrap();
    assert!(array(&aside["safety"]["flags"]).contains(&json!("new_participant")), "{aside}");
    // The customer is answered all the same.
    world.act(&draft, "approve").await.expect(200);
    world.act(&draft, "send").await.expect(202);
    world.until_draft(&draft, "sent").await;
    // An answer to the stranger says so, and goes under their own subject.
    let mut to_stranger = world.proposal(&thread, "Who are you?");
    to_stranger["based_on_message_id"] = aside["id"].clone();
    let to_stranger = world.owner.post("/v1/drafts", to_stranger).await.expect(201);
    assert_eq!((&to_stranger["to"], &to_stranger["stale_warning"]), (&json!(["ada.private@evil.test"]), &json!(false)));
    let asked = world.approval_mail("Who are you?").await;
    assert!(asked.text().contains("somebody who was not in this conversation before"), "{}", asked.text());
    assert!(asked.text().contains("From: ") || asked.text().contains("ada.private@evil.test"));
}

#[tokio::test]
async fn a_workspace_may_keep_newcomers_apart() {
    let world = World::start().await;
    let apart = json!({"settings": {"new_participants": "new_thread"}});
    let saved = world.owner.patch("/v1/workspace", apart).await.expect(200);
    assert_eq!(saved["settings"]["new_participants"], "new_thread", "{saved}");
    let question = Letter::from(CUSTOMER).subject("Divorce papers");
    let thread = world.begin(&question).await;
    assert_eq!(thread["related_thread_id"], json!(null));
    let draft = world.asked(&thread, "We open at nine.").await;
    let newcomer =
        Letter::from("ada.private@evil.test").subject("Re: Divorce papers, from home").in_reply_to(question.id());
    let own = world.begin(&newcomer).await;
    assert_ne!(own["id"], thread["id"]);
    assert_eq!(own["related_thread_id"], thread["id"], "{own}");
    assert_eq!(own["contact"]["email"], "ada.private@evil.test");
    let unchanged = world.thread(&thread).await;
    assert_eq!(array(&unchanged["messages"]).len(), 1, "{unchanged}");
    assert_eq!(world.owner.get(&format!("/v1/drafts/{}", id(&draft))).await.expect(200)["status"], "pending");
    // What follows stays where it began, and who takes part goes on where they were.
    let more =
        Letter::from("ada.private@evil.test").subject("Re: Divorce papers, from home").in_reply_to(newcomer.id());
    world.receive(&more).await;
    world.joined(&own, &more).await;
    let answer = Letter::from(CUSTOMER).subject("Re: Divorce papers").in_reply_to(question.id());
    world.receive(&answer).await;
    world.joined(&thread, &answer).await;
}

#[tokio::test]
async fn an_id_that_we_never_had_brings_no_two_people_together() {
    let world = World::start().await;
    let newsletter = "<newsletter-1@bulk.test>";
    let bob = world.begin(&Letter::from("bob@one.test").header("References", newsletter)).await;
    let carla = world.begin(&Letter::from("carla@two.test").header("References", newsletter)).await;
    assert_ne!(bob["id"], carla["id"]);
    assert_eq!(array(&world.thread(&bob).await["messages"]).len(), 1);
}

#[tokio::test]
async fn a_mail_is_answered_once_unless_somebody_says_otherwise() {
    let world = World::start().await;
    let thread = world.begin(&Letter::from(CUSTOMER)).await;
    let first = world.approved(&thread, "We open at nine.").await;
    assert_eq!((&first["stale_warning"], &first["rival_draft_id"]), (&json!(false), &json!(null)), "{first}");
    let second = world.approved(&thread, "We open at ten.").await;
    assert_eq!(second["stale_warning"], true, "{second}");
    assert_eq!(second["stale_reasons"], json!(["undecided_draft"]));
    assert_eq!(second["rival_draft_id"], first["id"]);
    world.act(&first, "send").await.expect(202);
    world.until_draft(&first, "sent").await;
    world.act(&second, "send").await.refused(409, "conflict");
    let send = format!("/v1/drafts/{}/send", id(&second));
    let agent = world.key("agent").await;
    agent.post(&send, json!({"answer_again": true})).await.refused(403, "forbidden");
    assert_eq!(world.sent_to(CUSTOMER).await.len(), 1);
    world.owner.post(&send, json!({"answer_again": true})).await.expect(202);
    world.until_draft(&second, "sent").await;
    // Another answer that was written knowing of the first is nothing special.
    let third = world.approved(&thread, "And we close at five.").await;
    world.act(&third, "send").await.expect(202);
    world.until_draft(&third, "sent").await;
}
