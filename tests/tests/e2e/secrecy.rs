//! Logs tell what happened, and nothing of what people wrote, who they are, or what opens their doors.

use actionlayer_tests::{
    Letter, World, smtp,
    world::{array, id, step},
};
use serde_json::{Value, json};

#[tokio::test]
async fn no_log_line_has_a_body_a_subject_an_address_or_a_key() {
    let mut world = World::start_with(json!({
        "signature_text": "canary-signature",
        "display_name": "Canary-Name",
        "approval_channel": {"type": "email", "to": ["canary-approver@approvers.test"]},
        "can_send_cold": true,
    }))
    .await;
    let customer = "canary-customer@customer.test";
    let letter = Letter::from(customer).subject("canary-subject größer").text("canary-inbound");
    let thread = world.begin(&letter).await;
    let mut proposal = world.proposal(&thread, "canary-draft");
    proposal["rationale"] = json!("canary-rationale");
    proposal["metadata"] = json!({"canary-field": "canary-metadata"});
    let draft = world.owner.post("/v1/drafts", proposal).await.expect(201);
    let approval = actionlayer_tests::eventually("the approval mail", async || {
        world.sent_to("canary-approver@approvers.test").await.into_iter().next()
    })
    .await;
    let link = approval.approval_path().unwrap();
    let token = link.rsplit('/').next().unwrap().to_owned();
    world.anyone.get(&link).await;
    world.anyone.press(&link, "approve").await;
    for (service, operation, kind) in [
        ("ses", "SendEmail", "timeout_after_effect"),
        ("dynamodb", "TransactWriteItems", "timeout_after_effect"),
        ("lambda", "ingest", "crash_after"),
        ("lambda", "feedback", "crash_after"),
        ("s3", "GetObject", "throttle"),
    ] {
        world.fault(service, operation, kind, 1).await;
    }
    world.act(&draft, "send").await;
    world.receive(&Letter::from(customer).in_reply_to(letter.id()).text("canary-second")).await;
    world.come_to_rest().await;
    // An invocation that dies is told with a level of its own.
    world.fault("lambda", "ingest", "crash_after", 1).await;
    world.receive(&Letter::from(customer).text("canary-third")).await;
    world.come_to_rest().await;
    // What goes wrong is logged; what was wrong about it is not repeated.
    let email = json!({"identity_id": world.identity["id"], "to": "canary-bad-address", "subject": "canary-subject\r\nX: y", "body_text": "canary-body"});
    world.owner.post("/v1/emails/send", email).await.refused(422, "validation_error");
    let email = json!({"identity_id": world.identity["id"], "to": "canary-cold@customer.test", "subject": "canary-cold-subject", "body_html": "<p>canary-html</p>"});
    world.anyone.delete("/local/dns/ai.novacore.test").await;
    world.owner.post("/v1/emails/send", email).await.expect(202);
    world
        .owner
        .post("/v1/drafts", json!({"canary-unknown-field": "canary-value"}))
        .await
        .refused(422, "validation_error");
    for list in ["threads", "contacts"] {
        world.owner.get(&format!("/v1/{list}?q=canary-query")).await.expect(200);
    }
    world.owner.get("/v1/drafts?q=canary-query").await.refused(422, "validation_error");
    world.owner.get("/v1/threads/canary-id").await.refused(404, "not_found");
    world
        .anyone
        .with_key("nc_live_canarycanarycanarycanarycanary00")
        .get("/v1/threads")
        .await
        .refused(401, "unauthorized");
    let _ = smtp::send(world.engine.smtp, "canary-sender@customer.test", &["canary-nobody@elsewhere.test"], b"").await;
    world.owner.post(&step(&draft, "reject"), json!({"reason": "canary-reason"})).await;
    let failed = actionlayer_tests::eventually("the failure", async || {
        let log = world.engine.log();
        let is_told = log.contains("\"level\":\"WARN\"") || log.contains("\"level\":\"ERROR\"");
        (is_told && log.matches("\"level\"").count() > 20).then_some(log)
    });
    failed.await;
    world.crash_and_restart().await;
    world.sweep().await;

    let log = world.engine.log();
    let lines: Vec<Value> = log.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    assert!(lines.len() > 20 && lines.iter().any(|line| line["level"] == "WARN" || line["level"] == "ERROR"), "{log}");
    assert!(lines.iter().any(|line| line["route"] == "/v1/drafts/{id}/send"), "requests are logged by route");
    for line in log.lines().filter(|line| !line.starts_with("ready ")) {
        let folded = line.to_lowercase();
        for secret in ["canary", "customer.test", "approvers.test", "nc_live_", "größer"] {
            assert!(!folded.contains(secret), "{secret}: {line}");
        }
        assert!(!line.contains(&token) && !line.contains(world.owner.key()), "{line}");
    }
    let ids = [id(&draft).to_owned(), array(&thread["messages"])[0]["id"].as_str().unwrap().to_owned()];
    assert!(
        ids.iter().any(|id| log.contains(id.as_str())) || log.contains("workspace_id"),
        "what it was about can be found"
    );
}
