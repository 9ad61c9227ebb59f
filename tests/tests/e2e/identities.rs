//! Domains and the mailboxes on them.

use actionlayer_tests::{
    APPROVER, CUSTOMER, Letter, World,
    chats::{SLACK_DANA, slack, telegram},
    eventually,
    world::{array, id},
};
use serde_json::{Value, json};

fn ids(list: &Value) -> Vec<&str> {
    array(&list["data"]).iter().map(id).collect()
}

#[tokio::test]
async fn an_identity_has_every_field_and_keeps_its_address() {
    let world = World::start().await;
    let full = json!({
        "domain_id": world.domain["id"], "local_part": "leo.m+1", "display_name": "Leo", "assistant_id": "asst_1",
        "reply_to_email": "desk@customer.test", "signature_text": "Leo", "signature_html": "<b>Leo</b>",
        "thread_history_depth": 20, "approval_channel": {"type": "email", "to": [APPROVER]}, "can_send_cold": true,
        "auto_approve_replies": true,
    });
    let made = world.owner.post("/v1/identities", full.clone()).await.expect(201);
    for (field, value) in full.as_object().unwrap() {
        assert_eq!(&made[field], value, "{field}");
    }
    assert_eq!((made["email_address"].as_str(), &made["status"]), (Some("leo.m+1@ai.novacore.test"), &json!("active")));
    assert_eq!(made["workspace_id"], world.identity["workspace_id"]);
    let path = format!("/v1/identities/{}", id(&made));
    assert_eq!(world.owner.get(&path).await.expect(200), made);
    // What is not said has its default.
    for (field, value) in [
        ("thread_history_depth", json!(10)),
        ("can_send_cold", json!(false)),
        ("auto_approve_replies", json!(false)),
        ("assistant_id", json!(null)),
        ("reply_to_email", json!(null)),
        ("signature_text", json!(null)),
    ] {
        assert_eq!(world.identity[field], value, "{field}");
    }
    world.owner.post("/v1/identities", full).await.refused(409, "conflict");
    for fixed in ["local_part", "domain_id", "email_address"] {
        world.owner.patch(&path, json!({fixed: made[fixed]})).await.refused(422, "validation_error");
    }
    let changed = world.owner.patch(&path, json!({"display_name": "Lea", "signature_html": null})).await.expect(200);
    assert_eq!((&changed["display_name"], &changed["signature_html"]), (&json!("Lea"), &json!(null)));
    assert_eq!(changed["signature_text"], "Leo");
}

#[tokio::test]
async fn identities_are_listed_by_domain_and_state() {
    let world = World::start().await;
    let other = world.new_domain("mail.novacore.test").await;
    let leo = world.new_identity("leo", json!({"domain_id": other["id"]})).await;
    let ida = world.new_identity("ida", json!({})).await;
    let path = format!("/v1/identities/{}", id(&ida));
    world.owner.patch(&path, json!({"status": "suspended"})).await.expect(200);
    let list = async |query: &str| world.owner.get(&format!("/v1/identities?{query}")).await.expect(200);
    let mia = id(&world.identity);
    assert_eq!(ids(&list("").await), [id(&ida), id(&leo), mia]);
    assert_eq!(ids(&list(&format!("domain_id={}", id(&other))).await), [id(&leo)]);
    assert_eq!(ids(&list("status=suspended").await), [id(&ida)]);
    let both = list(&format!("domain_id={}&status=active", id(&world.domain))).await;
    assert_eq!((ids(&both), &both["total"]), (vec![mia], &json!(1)));
}

#[tokio::test]
async fn a_deleted_identity_leaves_its_threads_and_its_domain_goes_last() {
    let world = World::start().await;
    let thread = world.begin(&Letter::from(CUSTOMER)).await;
    let domain = format!("/v1/domains/{}", id(&world.domain));
    world.owner.delete(&domain).await.refused(409, "conflict");
    world.owner.delete(&format!("/v1/identities/{}", id(&world.identity))).await.expect(204);
    assert_eq!(array(&world.thread(&thread).await["messages"]).len(), 1);
    let listed = world.owner.get(&format!("/v1/threads?identity_id={}", id(&world.identity))).await.expect(200);
    assert_eq!(ids(&listed), [id(&thread)]);
    // Nothing can be said in it any more, and nothing new comes.
    let reply = json!({"thread_id": thread["id"], "identity_id": thread["identity_id"], "body_text": "Hi"});
    world.owner.post("/v1/emails/reply", reply).await.refused(404, "not_found");
    world.owner.delete(&domain).await.expect(204);
    world.owner.get(&domain).await.refused(404, "not_found");
    // Both names are free again.
    let again = world.new_domain("ai.novacore.test").await;
    assert_ne!(again["id"], world.domain["id"]);
    world.new_identity("mia", json!({"domain_id": again["id"]})).await;
}

#[tokio::test]
async fn a_domain_says_which_five_records_it_needs_and_what_was_found() {
    let world = World::start().await;
    let pending = world.owner.post("/v1/domains", json!({"domain": "Shop.Example.Co.Uk"})).await.expect(201);
    assert_eq!((&pending["domain"], &pending["status"]), (&json!("shop.example.co.uk"), &json!("pending")));
    let kinds: Vec<_> = array(&pending["records"])
        .iter()
        .map(|record| {
            assert_eq!((&record["verified"], &record["found"]), (&json!(false), &json!([])));
            let text = |field: &str| record[field].as_str().unwrap_or_default().to_owned();
            (text("purpose"), text("type"), text("registrar_name"))
        })
        .collect();
    let selector = kinds[2].2.clone();
    assert!(selector.ends_with("._domainkey.shop"), "{selector}");
    let expected = [
        ("ownership", "TXT", "_novacore.shop"),
        ("spf", "TXT", "shop"),
        ("dkim", "TXT", &selector),
        ("ses_verification", "TXT", "_amazonses.shop"),
        ("inbound", "MX", "shop"),
    ];
    let expected = expected.map(|(purpose, kind, name)| (purpose.to_owned(), kind.to_owned(), name.to_owned()));
    assert_eq!(kinds, expected);
    assert_eq!((&pending["records"][4]["priority"], pending["suggestion"].as_str()), (&json!(10), None));
    let identity = json!({"domain_id": pending["id"], "local_part": "mia", "display_name": "Mia"});
    let refused = world.owner.post("/v1/identities", identity).await.refused(422, "domain_not_verified");
    assert_eq!(array(&refused["details"]).len(), 5);
}

#[tokio::test]
async fn a_verified_domain_is_watched() {
    let world = World::start().await;
    let path = format!("/v1/domains/{}", id(&world.domain));
    let status = async |wanted: &str| {
        world.advance(3_700).await;
        world.sweep().await;
        let domain = world.owner.get(&path).await.expect(200);
        assert_eq!(domain["status"], wanted, "{domain}");
    };
    status("verified").await;
    world.anyone.delete("/local/dns/ai.novacore.test").await.expect(204);
    status("failed").await;
    let events = eventually("the event", async || {
        let list = world.owner.get("/v1/events?type=domain.failed").await.expect(200);
        (list["total"] != 0).then_some(list)
    })
    .await;
    assert_eq!(events["data"][0]["event"], "domain.failed", "{events}");
    world.anyone.post("/local/dns/publish", json!({"domain": "ai.novacore.test"})).await.expect(200);
    status("verified").await;
}

#[tokio::test]
async fn the_secrets_of_approval_channels_are_never_shown() {
    let world = World::start().await;
    let (slack, telegram) = (slack(json!({"approvers": [SLACK_DANA]})), telegram(json!({})));
    let email = json!({"type": "email", "to": [APPROVER]});
    let path = format!("/v1/identities/{}", id(&world.identity));
    let channels = json!({"approval_channel": [slack, telegram, email]});
    let stored = world.owner.patch(&path, channels).await.expect(200);
    let shown = &stored["approval_channel"];
    assert_eq!((&shown[0]["bot_token"], &shown[0]["signing_secret"]), (&json!("…0001"), &json!("…000f")));
    assert_eq!((&shown[1]["bot_token"], &shown[1]["chat_id"]), (&json!("…9abc"), &json!("10001")));
    let everywhere = [world.owner.get(&path).await.text(), world.owner.get("/v1/identities").await.text()];
    assert!(everywhere.iter().all(|text| !text.contains("xoxb-") && !text.contains("7000000001:")));
    // Written back as it was read, nothing changes.
    let same = world.owner.patch(&path, json!({"approval_channel": shown})).await.expect(200);
    assert_eq!(same, stored);
    for (field, bad) in [
        ("approval_channel.bot_token", json!({"type": "slack", "channel": "C024BE91L"})),
        (
            "approval_channel.signing_secret",
            json!({"type": "slack", "channel": "C024BE91L", "bot_token": "xoxb-12345678"}),
        ),
        ("approval_channel.bot_token", json!({"type": "telegram", "bot_token": "…zzzz", "chat_id": "1"})),
        ("approval_channel", json!({"type": "slack", "channel": "C024BE91L", "token": "xoxb-1"})),
    ] {
        let refused = world.owner.patch(&path, json!({"approval_channel": bad})).await.refused(422, "validation_error");
        assert!(refused["details"][0]["field"].as_str().unwrap().starts_with(field), "{refused}");
    }
}
