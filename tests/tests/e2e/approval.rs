//! Who may decide about a draft, by which link, and what becomes of it then.

use actionlayer_tests::{
    APPROVER, CUSTOMER, Letter, World, eventually,
    world::{array, id, step},
};
use reqwest::Method;
use serde_json::{Value, json};

const SECOND_APPROVER: &str = "erin@approvers.test";

#[tokio::test]
async fn opening_a_link_changes_nothing_however_often() {
    let world = World::start().await;
    let thread = world.begin(&Letter::from(CUSTOMER)).await;
    let draft = world.asked(&thread, "open me").await;
    let link = world.approval_path("open me").await;
    let before = draft.clone();
    for method in [Method::GET, Method::HEAD, Method::GET, Method::OPTIONS, Method::HEAD, Method::GET] {
        let page = world.anyone.ask(method.clone(), &link, &[("user-agent", "Link-Scanner/1.0")], Vec::new()).await;
        assert!(page.status < 300, "{method} {}", page.status);
        assert_eq!(page.header("cache-control"), "no-store");
        if method == Method::GET {
            let policy = page.header("content-security-policy");
            assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{policy}");
            assert_eq!(
                (page.header("referrer-policy"), page.header("x-content-type-options")),
                ("no-referrer", "nosniff")
            );
            assert!(!page.text().contains("<script") && page.text().contains("open me"));
        }
    }
    // Not even with words in the query.
    assert!(world.anyone.get(&format!("{link}?action=approve")).await.status < 500);
    assert_eq!(world.reread(&draft).await, before);

    // A form that says nothing, or too much, decides nothing.
    for form in
        ["", "action=", "action=send", "action=approve&more=1", &format!("action=reject&reason={}", "x".repeat(9_000))]
    {
        let refused = world.anyone.form(&link, form).await;
        assert!((400..500).contains(&refused.status), "{form:.20}: {}", refused.status);
    }
    for method in [Method::PUT, Method::DELETE, Method::PATCH] {
        let refused = world.anyone.ask(method, &link, &[], Vec::new()).await;
        assert_eq!(refused.status, 405);
        assert!(refused.header("allow").contains("POST"));
    }
    assert_eq!(world.reread(&draft).await, before);
}

#[tokio::test]
async fn a_forged_link_opens_nothing() {
    let world = World::start().await;
    let thread = world.begin(&Letter::from(CUSTOMER)).await;
    world.submit(&thread, "mine").await;
    let link = world.approval_path("mine").await;
    let (path, token) = link.rsplit_once('/').unwrap();
    for index in (0..token.len()).step_by(7) {
        let mut forged = token.as_bytes().to_vec();
        forged[index] = if forged[index] == b'A' { b'B' } else { b'A' };
        let forged = format!("{path}/{}", String::from_utf8(forged).unwrap());
        // The last character holds bits that mean nothing, if it is one of those.
        assert_eq!(world.anyone.get(&forged).await.status, 404, "{index}");
        assert_eq!(world.anyone.press(&forged, "approve").await.status, 404, "{index}");
    }
    for nonsense in ["x", "%00", "..", &"a".repeat(5_000)] {
        assert_eq!(world.anyone.get(&format!("{path}/{nonsense}")).await.status, 404, "{nonsense:.10}");
    }
}

#[tokio::test]
async fn a_link_dies_with_time_with_its_approver_and_with_the_decision() {
    let world = World::start().await;
    let letter = Letter::from(CUSTOMER);
    let thread = world.begin(&letter).await;
    let draft = world.submit(&thread, "not for long").await;
    let link = world.approval_path("not for long").await;
    let identity = format!("/v1/identities/{}", id(&world.identity));
    let other = json!({"approval_channel": {"type": "email", "to": [SECOND_APPROVER]}});
    world.owner.patch(&identity, other).await.expect(200);
    assert_eq!(world.anyone.get(&link).await.status, 403);
    assert_eq!(world.anyone.press(&link, "approve_and_send").await.status, 403);

    let back = json!({"approval_channel": {"type": "email", "to": [APPROVER]}});
    world.owner.patch(&identity, back).await.expect(200);
    assert_eq!(world.anyone.get(&link).await.status, 200);
    world.advance(400 * 24 * 3600).await;
    assert_eq!(world.anyone.get(&link).await.status, 410);
    assert_eq!(world.anyone.press(&link, "approve").await.status, 410);
    assert_eq!(world.reread(&draft).await["status"], "pending");

    // Asked again, the approver gets a link that works.
    world.act(&draft, "notify").await.expect(202);
    let again = eventually("another link", async || {
        let links = world.sent_to(APPROVER).await.into_iter().filter_map(|mail| mail.approval_path());
        links.into_iter().find(|path| *path != link)
    })
    .await;
    assert_eq!(world.anyone.press(&again, "reject").await.status, 200);
    assert_eq!(world.reread(&draft).await["status"], "rejected");
    assert_eq!(world.anyone.get(&again).await.status, 409);
}

#[tokio::test]
async fn approve_and_send_by_link_sends() {
    let world = World::start().await;
    let thread = world.begin(&Letter::from(CUSTOMER)).await;
    let draft = world.submit(&thread, "send me at once").await;
    let link = world.approval_path("send me at once").await;
    let decided = world.anyone.press(&link, "approve_and_send").await;
    assert_eq!(decided.status, 200, "{}", decided.text());
    let sent = world.until_draft(&draft, "sent").await;
    assert_eq!((&sent["decided_by"]["kind"], &sent["decided_by"]["id"]), (&json!("email"), &json!(APPROVER)));
    assert!(world.the_answer().await.text().contains("send me at once"));
    assert_eq!(world.anyone.press(&link, "approve_and_send").await.status, 409);
    world.come_to_rest().await;
    assert_eq!(world.sent_to(CUSTOMER).await.len(), 1);
}

#[tokio::test]
async fn the_second_to_decide_is_told_who_was_first_and_when() {
    let approvers = json!({"approval_channel": {"type": "email", "to": [APPROVER, SECOND_APPROVER]}});
    let world = World::start_with(approvers).await;
    let thread = world.begin(&Letter::from(CUSTOMER)).await;
    let draft = world.submit(&thread, "both are asked").await;
    let first = world.approval_path("both are asked").await;
    let second = eventually("the second mail", async || {
        world.sent_to(SECOND_APPROVER).await.first().and_then(actionlayer_tests::Sent::approval_path)
    })
    .await;
    assert_ne!(first, second);
    assert_eq!(world.anyone.press(&second, "approve").await.status, 200);
    let approved = world.reread(&draft).await;
    assert_eq!(approved["decided_by"]["name"], SECOND_APPROVER);
    for action in ["approve", "approve_and_send", "reject"] {
        let late = world.anyone.press(&first, action).await;
        assert_eq!(late.status, 409, "{action}");
        assert!(late.text().contains(SECOND_APPROVER), "{}", late.text());
    }
    let late = world.act(&draft, "approve").await.refused(409, "draft_not_pending");
    assert_eq!((&late["decided_by"], &late["decided_at"]), (&approved["decided_by"], &approved["decided_at"]));
    assert_eq!(late["draft_status"], "approved");
    assert!(late["message"].as_str().unwrap().contains(SECOND_APPROVER));

    let told = eventually("both notifications", async || {
        let draft = world.reread(&draft).await;
        (array(&draft["notifications"]).len() == 2).then_some(draft)
    })
    .await;
    assert!(array(&told["notifications"]).iter().all(|n| n["state"] == "sent" && n["version"] == 1), "{told}");
}

#[tokio::test]
async fn a_rejected_draft_goes_back_to_its_author() {
    let world = World::start().await;
    let agent = world.key("agent").await;
    let thread = world.begin(&Letter::from(CUSTOMER)).await;
    let draft = world.submit(&thread, "too harsh").await;
    let link = world.approval_path("too harsh").await;
    assert_eq!(world.anyone.form(&link, "action=reject&reason=Please+be+kinder%21").await.status, 200);
    let rejected = world.reread(&draft).await;
    assert_eq!(
        (rejected["status"].as_str(), rejected["reject_reason"].as_str()),
        (Some("rejected"), Some("Please be kinder!"))
    );
    let after = world.thread(&thread).await;
    assert_eq!((after["status"].as_str(), after["needs_review"].as_bool()), (Some("open"), Some(true)));
    agent.post_empty(&step(&draft, "send")).await.refused(409, "draft_not_pending");
    world.act(&draft, "approve").await.refused(409, "draft_not_pending");

    // An agent takes its own draft back, with a reason; with another still pending the thread waits for that one.
    let (a, b) = (world.submit(&thread, "a").await, world.submit(&thread, "b").await);
    let reject = agent.post(&step(&a, "reject"), json!({"reason": "wrong price"})).await.expect(200);
    assert_eq!((reject["status"].as_str(), reject["decided_by"]["kind"].as_str()), (Some("rejected"), Some("api_key")));
    assert_eq!(world.thread(&thread).await["status"], "draft_pending");
    // An approved draft that nobody sent may still be rejected.
    world.act(&b, "approve").await.expect(200);
    agent.post_empty(&step(&b, "reject")).await.expect(200);
    assert_eq!(world.thread(&thread).await["status"], "open");
    world.come_to_rest().await;
    assert!(world.sent_to(CUSTOMER).await.is_empty());
}

#[tokio::test]
async fn an_edit_makes_a_version_and_a_decision_is_about_one() {
    let world = World::start().await;
    let thread = world.begin(&Letter::from(CUSTOMER)).await;
    let draft = world.submit(&thread, "the first words").await;
    let old_link = world.approval_path("the first words").await;
    let path = format!("/v1/drafts/{}", id(&draft));
    let edit = json!({"body_text": "the second words", "rationale": "clearer", "version": 1});
    let edited = world.owner.patch(&path, edit.clone()).await.expect(200);
    assert_eq!((edited["version"].as_u64(), edited["status"].as_str()), (Some(2), Some("pending")));
    assert_eq!(edited["body_text"], "the second words");
    let conflict = world.owner.patch(&path, edit).await.refused(409, "conflict");
    assert!(conflict["message"].as_str().unwrap().contains("version 2"));
    world.owner.post(&step(&draft, "approve"), json!({"version": 1})).await.refused(409, "conflict");

    let versions = world.owner.get(&format!("{path}/versions")).await.expect(200);
    assert_eq!(versions["total"], 1);
    assert_eq!(
        (&versions["data"][0]["version"], &versions["data"][0]["body_text"]),
        (&json!(1), &json!("the first words"))
    );

    // The old link says that there is a newer version; the new one, mailed in the meantime, decides.
    for refused in [world.anyone.get(&old_link).await, world.anyone.press(&old_link, "approve_and_send").await] {
        assert_eq!(refused.status, 409);
        assert!(refused.text().contains("version 2") && !refused.text().contains("the second words"));
    }
    assert_eq!(world.reread(&draft).await["status"], "pending");
    let link = world.approval_path("the second words").await;
    assert_eq!(world.anyone.press(&link, "approve").await.status, 200);
    world.owner.patch(&path, json!({"body_text": "never approved"})).await.refused(409, "draft_not_pending");
    world.act(&draft, "send").await.expect(202);
    world.until_draft(&draft, "sent").await;
    let mail = world.the_answer().await;
    assert!(mail.text().contains("the second words") && !mail.text().contains("the first words"));
}

#[tokio::test]
async fn newer_mail_makes_a_draft_stale() {
    let world = World::start().await;
    let agent = world.key("agent").await;
    let letter = Letter::from(CUSTOMER);
    let thread = world.begin(&letter).await;
    let pending = world.submit(&thread, "pending when it came").await;
    let approved = world.approved(&thread, "approved when it came").await;
    let link = world.approval_path("pending when it came").await;
    let newer = Letter::from(CUSTOMER).in_reply_to(letter.id()).text("Forget it, I need two.");
    let after = world.answer(&thread, &newer).await;
    assert_eq!((after["status"].as_str(), after["needs_review"].as_bool()), (Some("open"), Some(true)));
    for draft in [&pending, &approved] {
        let stale = world.reread(draft).await;
        assert_eq!((stale["status"].as_str(), stale["stale_warning"].as_bool()), (Some("stale"), Some(true)));
        agent.post_empty(&step(draft, "send")).await.refused(409, "stale_draft");
        world.act(draft, "send").await.refused(409, "stale_draft");
        world.act(draft, "approve").await.refused(409, "stale_draft");
    }
    let page = world.anyone.get(&link).await;
    assert_eq!(page.status, 200);
    assert!(page.text().contains("stale") && !page.text().contains("value=\"approve"), "{}", page.text());
    for action in ["approve", "approve_and_send"] {
        let refused = world.anyone.press(&link, action).await;
        assert_eq!(refused.status, 409);
        assert!(refused.text().contains("stale"), "{}", refused.text());
    }
    assert_eq!(world.anyone.press(&link, "reject").await.status, 200);
    agent.post(&step(&approved, "reject"), json!({"reason": "stale"})).await.expect(200);

    // A draft about the older message is told so when it is submitted.
    let mut late = world.proposal(&after, "about the older one");
    late["based_on_message_id"] = thread["last_inbound_message_id"].clone();
    let late = agent.post("/v1/drafts", late).await.expect(201);
    assert_eq!((late["stale_warning"].as_bool(), late["status"].as_str()), (Some(true), Some("pending")));
    world.act(&late, "send").await.refused(409, "stale_draft");
    assert_eq!(world.reread(&late).await["status"], "stale");
    world.come_to_rest().await;
    assert!(world.sent_to(CUSTOMER).await.is_empty(), "nothing stale leaves");
}

#[tokio::test]
async fn an_undecided_draft_expires() {
    let world = World::start().await;
    world.owner.patch("/v1/workspace", json!({"settings": {"draft_ttl_hours": 2}})).await.expect(200);
    let thread = world.begin(&Letter::from(CUSTOMER)).await;
    let draft = world.submit(&thread, "decide soon").await;
    assert!(draft["expires_at"].is_string());
    let link = world.approval_path("decide soon").await;
    world.advance(2 * 3600 + 1).await;
    world.act(&draft, "approve").await.refused(409, "draft_not_pending");
    assert_eq!(world.anyone.press(&link, "approve").await.status, 410);
    world.sweep().await;
    assert_eq!(world.reread(&draft).await["status"], "expired");
    assert_eq!(world.thread(&thread).await["status"], "open");
}

#[tokio::test]
async fn each_role_may_do_what_it_may() {
    let world = World::start_with(json!({"can_send_cold": true})).await;
    let thread = world.begin(&Letter::from(CUSTOMER)).await;
    let (read, agent, automation) = (world.key("read").await, world.key("agent").await, world.key("automation").await);
    let proposal = world.proposal(&thread, "by an agent");
    let cold =
        json!({"identity_id": world.identity["id"], "to": "new@customer.test", "subject": "Hi", "body_text": "Hi"});
    let reply = json!({"thread_id": thread["id"], "identity_id": thread["identity_id"], "body_text": "Hi"});

    read.get(&format!("/v1/threads/{}", id(&thread))).await.expect(200);
    read.post("/v1/drafts", proposal.clone()).await.refused(403, "forbidden");
    for key in [&read, &agent] {
        key.post("/v1/emails/send", cold.clone()).await.refused(403, "forbidden");
        key.post("/v1/emails/reply", reply.clone()).await.refused(403, "forbidden");
    }
    let draft = agent.post("/v1/drafts", proposal).await.expect(201);
    assert_eq!(draft["submitted_by"]["kind"], "api_key");
    for key in [&read, &agent, &automation] {
        key.post_empty(&step(&draft, "approve")).await.refused(403, "forbidden");
        key.post("/v1/api-keys", json!({"name": "more", "role": "full"})).await.refused(403, "forbidden");
        key.patch("/v1/workspace", json!({"name": "Mine"})).await.refused(403, "forbidden");
        let identity = format!("/v1/identities/{}", id(&world.identity));
        key.patch(&identity, json!({"auto_approve_replies": true})).await.refused(403, "forbidden");
    }
    read.post_empty(&step(&draft, "send")).await.refused(403, "forbidden");
    for key in [&agent, &automation] {
        key.post_empty(&step(&draft, "send")).await.refused(403, "approval_required");
    }
    assert_eq!(world.reread(&draft).await["status"], "pending");
    automation.post("/v1/emails/send", cold).await.expect(202);
    world.act(&draft, "approve").await.expect(200);
    agent.post_empty(&step(&draft, "send")).await.expect(202);
    world.until_draft(&draft, "sent").await;

    // A revoked key is nobody, at once; and so is no key.
    let keys = world.owner.get("/v1/api-keys").await.expect(200);
    let of_agent = array(&keys["data"]).iter().find(|key| key["role"] == "agent").unwrap();
    assert_eq!(of_agent["prefix"].as_str().unwrap().len(), 12);
    assert!(of_agent["key"].is_null());
    world.owner.delete(&format!("/v1/api-keys/{}", id(of_agent))).await.expect(204);
    agent.get("/v1/threads").await.refused(401, "unauthorized");
    let nobody = world.anyone.get("/v1/threads").await;
    nobody.refused(401, "unauthorized");
    assert_eq!(nobody.header("www-authenticate"), "Bearer");
}

#[tokio::test]
async fn a_key_bound_to_an_identity_sees_no_other() {
    let world = World::start().await;
    let other = world.new_identity("max", json!({})).await;
    let bound = json!({"name": "max", "role": "agent", "identity_ids": [other["id"]]});
    let made = world.owner.post("/v1/api-keys", bound).await.expect(201);
    let bound = world.anyone.with_key(made["key"].as_str().unwrap());
    let thread = world.begin(&Letter::from(CUSTOMER)).await;
    let draft = world.submit(&thread, "not yours").await;
    assert_eq!(bound.get("/v1/threads").await.expect(200)["total"], 0);
    bound.get(&format!("/v1/threads/{}", id(&thread))).await.refused(404, "not_found");
    bound.get(&format!("/v1/messages/{}", id(&thread["messages"][0]))).await.refused(404, "not_found");
    bound.get(&format!("/v1/drafts/{}", id(&draft))).await.refused(404, "not_found");
    bound.post_empty(&step(&draft, "reject")).await.refused(404, "not_found");
    bound.post("/v1/drafts", world.proposal(&thread, "mine")).await.refused(404, "not_found");
    assert_eq!(world.reread(&draft).await["status"], "pending");
}

#[tokio::test]
async fn the_owners_opt_out_sends_within_bounds() {
    let world = World::start_with(json!({"auto_approve_replies": true})).await;
    let agent = world.key("agent").await;
    let letter = Letter::from(CUSTOMER);
    let thread = world.begin(&letter).await;
    let draft = agent.post("/v1/drafts", world.proposal(&thread, "sent unattended")).await.expect(201);
    assert_eq!((draft["status"].as_str(), draft["send_state"].as_str()), (Some("approved"), Some("queued")));
    assert_eq!(draft["decided_by"]["kind"], "identity");
    world.until_draft(&draft, "sent").await;
    assert_eq!(world.the_answer().await.header("Auto-Submitted").as_deref(), Some("auto-replied"));

    // Not when it is stale, and not to a machine.
    let newer = world.answer(&thread, &Letter::from(CUSTOMER).in_reply_to(letter.id())).await;
    let mut stale = world.proposal(&newer, "about the older one");
    stale["based_on_message_id"] = thread["last_inbound_message_id"].clone();
    assert_eq!(agent.post("/v1/drafts", stale).await.expect(201)["status"], "pending");
    let machine = world.begin(&Letter::from(CUSTOMER).header("Auto-Submitted", "auto-generated")).await;
    let to_machine: Value = agent.post("/v1/drafts", world.proposal(&machine, "hello machine")).await.expect(201);
    assert_eq!(to_machine["status"], "pending");

    // Ten a day and thread; then a person decides.
    let mut unattended = 1;
    for number in 0..11 {
        let draft = agent.post("/v1/drafts", world.proposal(&newer, &format!("number {number}"))).await.expect(201);
        if draft["status"] == "approved" {
            unattended += 1;
            world.until_draft(&draft, "sent").await;
        }
    }
    assert_eq!(unattended, 10);
    assert_eq!(world.sent_to(CUSTOMER).await.len(), 10);
}
