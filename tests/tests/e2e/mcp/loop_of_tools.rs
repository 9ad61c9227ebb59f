//! The agent's loop, tool by tool; what is repeated makes nothing twice.

use actionlayer_tests::{
    CUSTOMER, Letter, Mcp, World, eventually,
    mcp::{LEGACY, MODERN},
    world::{array, id},
};
use serde_json::{Value, json};

/// What an agent submits about a thread as it read it.
pub(super) fn proposal(thread: &Value, text: &str) -> Value {
    json!({
        "thread_id": thread["thread_id"],
        "identity_id": thread["identity_id"],
        "based_on_message_id": thread["last_inbound_message_id"],
        "body_text": text,
        "rationale": "From the web site.",
    })
}

/// The thread in which somebody waits, read.
pub(super) async fn read_the_thread(agent: &Mcp) -> Value {
    let threads = agent.call("list_threads", json!({"needs_review": true})).await.ok();
    let thread_id = &threads["data"][0]["thread_id"];
    agent.call("get_thread", json!({"thread_id": thread_id})).await.ok()
}

/// A draft once its status is this.
async fn until_status(agent: &Mcp, draft: &Value, status: &str) -> Value {
    eventually(&format!("the draft to be {status}"), async || {
        let draft = agent.call("get_draft", json!({"draft_id": draft["draft_id"]})).await.ok();
        (draft["status"] == status).then_some(draft)
    })
    .await
}

#[tokio::test]
async fn an_agent_finds_reads_drafts_waits_and_sends() {
    for version in [MODERN, LEGACY] {
        let world = World::start_with(json!({"signature_text": "Mia, Novacore"})).await;
        world.begin(&Letter::from(CUSTOMER).subject("Opening hours").text("When do you open?")).await;
        let agent = Mcp::speaking(&world.key("agent").await, version);

        let thread = read_the_thread(&agent).await;
        assert_eq!(thread["messages"][0]["untrusted_content"]["text"], "When do you open?");
        assert!(thread["next"].as_str().unwrap().contains("submit_draft"), "{thread}");
        assert!(thread["last_message_at"].as_str().unwrap().ends_with("day)"), "{thread}");
        let identities = agent.call("list_identities", json!({})).await.ok();
        assert_eq!(identities["data"][0]["identity_id"], thread["identity_id"]);
        assert_eq!(identities["data"][0]["signature"], "Mia, Novacore");

        let draft = agent.call("submit_draft", proposal(&thread, "We open at nine.")).await.ok();
        assert_eq!((&draft["status"], &draft["stale_warning"]), (&json!("pending"), &json!(false)));
        assert_eq!(draft["approver_sees"]["text"], "We open at nine.");
        assert_eq!(draft["approver_sees"]["to"], json!([CUSTOMER]));
        assert!(draft["next"].as_str().unwrap().contains("do not submit it again"), "{draft}");
        // Nobody decided yet.
        let refusal = agent.call("send_draft", json!({"draft_id": draft["draft_id"]})).await;
        assert_eq!(refusal.refused(), "approval_required");
        assert!(refusal.refusal()["fix"].as_str().unwrap().contains("get_draft"));

        // The approver does.
        let path = world.approval_path("We open at nine.").await;
        assert_eq!(world.anyone.press(&path, "approve").await.status, 200);
        let approved = agent.call("list_drafts", json!({"status": "approved"})).await.ok();
        assert_eq!(approved["data"][0]["draft_id"], draft["draft_id"]);
        assert!(approved["data"][0]["next"].as_str().unwrap().contains("send_draft"));
        let sent = agent.call("send_draft", json!({"draft_id": draft["draft_id"]})).await.ok();
        assert_eq!(sent["status"], "approved");
        let sent = until_status(&agent, &draft, "sent").await;
        assert!(sent["sent_message_id"].is_string(), "{sent}");
        // Again, and again.
        for _ in 0..3 {
            let again = agent.call("send_draft", json!({"draft_id": draft["draft_id"]})).await.ok();
            assert_eq!(again["status"], "sent");
        }
        assert!(world.the_answer().await.text().starts_with("We open at nine."));

        // The customer answers; the agent was waiting.
        let after = &thread["last_inbound_message_id"];
        let wait = agent.call("wait_for_message", json!({"thread_id": thread["thread_id"], "after_message_id": after}));
        let sent = world.the_answer().await;
        let answer = Letter::from(CUSTOMER)
            .text("Thank you!")
            .in_reply_to(&format!("{}@email.amazonses.com", sent.ses_message_id));
        let (waited, ()) = tokio::join!(wait, world.receive(&answer));
        let waited = waited.ok();
        assert_eq!(
            (&waited["arrived"], &waited["message"]["untrusted_content"]["text"]),
            (&json!(true), &json!("Thank you!"))
        );
        assert_eq!(waited["thread"]["thread_id"], thread["thread_id"]);
        assert_ne!(&waited["after_message_id"], after);
        let events = agent.call("get_events", json!({"type": "draft.sent"})).await.ok();
        assert_eq!(events["data"][0]["about"]["draft_id"], draft["draft_id"]);
    }
}

#[tokio::test]
async fn what_is_submitted_again_is_the_draft_there_is() {
    let world = World::start_with(json!({"can_send_cold": true})).await;
    world.begin(&Letter::from(CUSTOMER)).await;
    let agent = Mcp::new(&world.key("agent").await);
    let thread = read_the_thread(&agent).await;

    // Five at once, then the same again, then other words.
    let first = proposal(&thread, "We open at nine.");
    let calls = (0..5).map(|_| agent.call("submit_draft", first.clone()));
    let answers = futures_util::future::join_all(calls).await;
    let made: Vec<Value> =
        answers.iter().filter(|answer| answer.result["isError"] == false).map(|answer| answer.ok()).collect();
    assert!(!made.is_empty());
    let in_flight = |answer: &&actionlayer_tests::mcp::ToolResult| answer.result["isError"] == true;
    assert!(answers.iter().filter(in_flight).all(|answer| answer.refused() == "idempotency_in_flight"));
    for text in ["We open at nine.", "We open at ten."] {
        let again = agent.call("submit_draft", proposal(&thread, text)).await.ok();
        assert_eq!((&again["already_there"], &again["draft_id"]), (&json!(true), &made[0]["draft_id"]));
        assert_eq!(again["approver_sees"]["text"], "We open at nine.");
    }
    let drafts = agent.call("list_drafts", json!({})).await.ok();
    assert_eq!(array(&drafts["data"]).len(), 1, "{drafts}");

    // It is changed instead, once.
    let edit = json!({"draft_id": made[0]["draft_id"], "body_text": "We open at ten."});
    for _ in 0..2 {
        let edited = agent.call("edit_draft", edit.clone()).await.ok();
        assert_eq!((&edited["version"], &edited["approver_sees"]["text"]), (&json!(2), &json!("We open at ten.")));
    }
    let stale = json!({"draft_id": made[0]["draft_id"], "body_text": "Never.", "version": 1});
    assert_eq!(agent.call("edit_draft", stale).await.refused(), "conflict");

    // Rejected twice is rejected; then there may be another one.
    for _ in 0..2 {
        let rejected =
            agent.call("reject_draft", json!({"draft_id": made[0]["draft_id"], "reason": "wrong"})).await.ok();
        assert_eq!(rejected["status"], "rejected");
    }
    let another = agent.call("submit_draft", proposal(&thread, "We open at noon.")).await.ok();
    assert_eq!((&another["already_there"], another["draft_id"] == made[0]["draft_id"]), (&json!(false), false));

    // One that starts a thread has no message to be told by: its arguments tell it, or a key.
    let cold = json!({"identity_id": world.identity["id"], "to": ["new@customer.test"], "subject": "Hello", "body_text": "Hello."});
    let one = agent.call("submit_draft", cold.clone()).await.ok();
    let same = agent.call("submit_draft", cold.clone()).await.ok();
    assert_eq!((&same["draft_id"], &same["already_there"]), (&one["draft_id"], &json!(true)));
    // A minute from the call, whatever the clock says in between.
    world.advance(30).await;
    assert_eq!(agent.call("submit_draft", cold.clone()).await.ok()["draft_id"], one["draft_id"]);
    let mut keyed = cold.clone();
    keyed["idempotency_key"] = json!("greeting-1");
    let other = agent.call("submit_draft", keyed.clone()).await.ok();
    assert_ne!(other["draft_id"], one["draft_id"]);
    world.advance(600).await;
    assert_eq!(agent.call("submit_draft", keyed.clone()).await.ok()["draft_id"], other["draft_id"]);
    keyed["body_text"] = json!("Other words.");
    assert_eq!(agent.call("submit_draft", keyed).await.refused(), "idempotency_key_reused");
    assert_ne!(agent.call("submit_draft", cold).await.ok()["draft_id"], one["draft_id"], "ten minutes later it is new");
}

#[tokio::test]
async fn a_refused_submission_may_be_tried_again_at_once() {
    let world = World::start().await;
    world.begin(&Letter::from(CUSTOMER)).await;
    let agent = Mcp::new(&world.key("agent").await);
    let thread = read_the_thread(&agent).await;
    world
        .owner
        .patch(&format!("/v1/identities/{}", id(&world.identity)), json!({"status": "suspended"}))
        .await
        .expect(200);
    assert_eq!(agent.call("submit_draft", proposal(&thread, "Yes.")).await.refused(), "identity_suspended");
    world
        .owner
        .patch(&format!("/v1/identities/{}", id(&world.identity)), json!({"status": "active"}))
        .await
        .expect(200);
    assert_eq!(agent.call("submit_draft", proposal(&thread, "Yes.")).await.ok()["status"], "pending");
    for (wrong, field) in [
        (json!({"identity_id": world.identity["id"], "body_text": "x", "bodytext": "y"}), "bodytext"),
        (json!({"identity_id": "mine", "body_text": "x"}), "identity_id"),
        (json!({"body_text": "x"}), "identity_id"),
        (
            json!({"identity_id": world.identity["id"], "to": ["a\r\nBcc: b@c.test"], "subject": "x", "body_text": "x"}),
            "to[0]",
        ),
        (
            json!({"identity_id": world.identity["id"], "to": ["a@b.test"], "subject": "x\nBcc: b@c.test", "body_text": "x"}),
            "subject",
        ),
    ] {
        let refusal = agent.call("submit_draft", wrong).await;
        assert_eq!(refusal.refused(), "validation_error");
        assert_eq!(refusal.refusal()["details"][0]["field"], field, "{}", refusal.refusal());
    }
}

#[tokio::test]
async fn prompts_resources_and_completion_lead_to_the_loop() {
    let world = World::start().await;
    let begun = world.begin(&Letter::from(CUSTOMER).subject("Opening hours")).await;
    let agent = Mcp::new(&world.key("agent").await);
    let thread = read_the_thread(&agent).await;
    let draft = agent.call("submit_draft", proposal(&thread, "We open at nine.")).await.ok();

    let prompts = agent.result("prompts/list", json!({})).await;
    let names: Vec<_> = array(&prompts["prompts"]).iter().map(|prompt| prompt["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["draft_reply", "triage_inbox"]);
    let prompt = json!({"name": "draft_reply", "arguments": {"thread_id": begun["id"], "guidance": "Be brief."}});
    let prompt = agent.result("prompts/get", prompt).await;
    let text = prompt["messages"][0]["content"]["text"].as_str().unwrap();
    assert!(text.contains(id(&begun)) && text.contains("Be brief.") && !text.contains("Opening"), "{text}");
    agent.result("prompts/get", json!({"name": "triage_inbox"})).await;
    agent.result("prompts/get", json!({"name": "triage_inbox", "arguments": {"identity_id": ""}})).await;

    let complete = async |of: Value, name: &str, value: &str| {
        let params = json!({"ref": of, "argument": {"name": name, "value": value}});
        agent.result("completion/complete", params).await["completion"]["values"].clone()
    };
    let triage = json!({"type": "ref/prompt", "name": "triage_inbox"});
    assert_eq!(complete(triage.clone(), "identity_id", "").await, json!([world.identity["id"]]));
    assert_eq!(complete(triage, "identity_id", "zz").await, json!([]));
    let template = json!({"type": "ref/resource", "uri": "draft://{id}"});
    assert_eq!(complete(template, "id", "").await, json!([draft["draft_id"]]));
    let template = json!({"type": "ref/resource", "uri": "thread://{id}"});
    assert_eq!(complete(template, "id", &id(&begun)[..4]).await, json!([begun["id"]]));

    let read = async |uri: &str| -> Value {
        let result = agent.result("resources/read", json!({"uri": uri})).await;
        assert_eq!(
            (&result["contents"][0]["uri"], &result["contents"][0]["mimeType"]),
            (&json!(uri), &json!("application/json"))
        );
        assert_eq!(result["cacheScope"], "private");
        serde_json::from_str(result["contents"][0]["text"].as_str().unwrap()).unwrap()
    };
    assert_eq!(read("workspace://current").await["name"], "Novacore");
    assert_eq!(read("identities://active").await["data"][0]["identity_id"], world.identity["id"]);
    assert_eq!(read("threads://recent").await["data"][0]["thread_id"], begun["id"]);
    assert_eq!(read(&format!("thread://{}", id(&begun))).await["thread_id"], begun["id"]);
    assert_eq!(
        read(&format!("draft://{}", draft["draft_id"].as_str().unwrap())).await["body_text"],
        "We open at nine."
    );
    let policy = read("policy://sending").await;
    assert_eq!(
        (&policy["role"], &policy["may_approve"], &policy["may_submit_drafts"]),
        (&json!("agent"), &json!(false), &json!(true))
    );
}
