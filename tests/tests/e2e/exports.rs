//! Exports: everything is in them, nothing that is a secret, nothing of others, and they go on where they were.

use std::collections::BTreeMap;

use actionlayer_domain::account::MemberRole;
use actionlayer_tests::{CUSTOMER, Letter, Person, World, eventually, world::id};
use serde_json::{Value, json};

use crate::everything::Everything;

/// The lines of all its files, once it is done.
async fn lines(world: &World) -> Vec<Value> {
    let export = eventually("the export", async || {
        world.sweep().await;
        let export = world.owner.get("/v1/workspace/export").await.expect(200);
        (export["state"] == "done").then_some(export)
    })
    .await;
    let mut lines = Vec::new();
    for part in export["parts"].as_array().unwrap() {
        // The URL works without a key.
        let text = reqwest::get(part["url"].as_str().unwrap()).await.unwrap().text().await.unwrap();
        assert_eq!(text.len() as u64, part["size_bytes"]);
        assert_eq!(text.lines().count() as u64, part["records"]);
        lines.extend(text.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON")));
    }
    lines
}

#[tokio::test]
async fn everything_is_in_an_export_and_no_secret() {
    let all = Everything::there_is().await;
    let world = &all.world;
    let secret = json!({"url": "https://hooks.customer.test/two", "events": ["*"]});
    let secret = world.owner.post("/v1/webhooks", secret).await.expect(201)["secret"].as_str().unwrap().to_owned();
    Person::member(world, "Olga", MemberRole::Owner).await;
    world.owner.get("/v1/workspace/export").await.refused(404, "not_found");
    let begun = world.owner.post_empty("/v1/workspace/export").await.expect(202);
    assert_eq!((&begun["state"], &begun["parts"]), (&json!("running"), &json!([])));
    world.owner.post_empty("/v1/workspace/export").await.refused(409, "conflict");
    let lines = lines(world).await;
    let mut kinds: BTreeMap<&str, Vec<&Value>> = BTreeMap::new();
    for line in &lines {
        kinds.entry(line["type"].as_str().unwrap()).or_default().push(&line["data"]);
    }
    for (kind, path) in [
        ("thread", "/v1/threads"),
        ("message", "/v1/messages"),
        ("draft", "/v1/drafts"),
        ("identity", "/v1/identities"),
        ("domain", "/v1/domains"),
        ("contact", "/v1/contacts"),
        ("rule", "/v1/rules"),
        ("webhook", "/v1/webhooks"),
        ("suppression", "/v1/suppressions"),
        ("api_key", "/v1/api-keys"),
    ] {
        let ids: Vec<&str> = kinds[kind].iter().map(|object| id(object)).collect();
        assert!(ids.contains(&all.objects[path].as_str()), "{kind}: {ids:?}");
    }
    assert_eq!(kinds["workspace"].len(), 1);
    assert_eq!(kinds["user"][0]["email"], "olga@team.test");
    assert!(kinds["audit"].iter().any(|entry| entry["act"] == "asked for an export of the workspace"));
    // As the API shows it.
    let thread = &kinds["thread"][0];
    let shown = world.owner.get(&format!("/v1/threads/{}", id(thread))).await.expect(200);
    for (field, value) in thread.as_object().unwrap() {
        assert_eq!(&shown[field], value, "{field}");
    }
    let text = serde_json::to_string(&lines).unwrap();
    assert!(!text.contains(&secret) && !text.contains(world.owner.key()));
    // Whoever asks again gets another one, and its own.
    let again = world.owner.post_empty("/v1/workspace/export").await.expect(202);
    assert_ne!(again["id"], begun["id"]);
    // A week later it is gone.
    crate::exports::lines(world).await;
    world.advance(7 * 24 * 3600).await;
    world.owner.get("/v1/workspace/export").await.refused(404, "not_found");
}

#[tokio::test]
async fn an_export_is_for_those_who_may_do_everything() {
    let world = World::start().await;
    world.owner.post_empty("/v1/workspace/export").await.expect(202);
    world.sweep().await;
    for role in ["read", "agent", "automation"] {
        let key = world.key(role).await;
        key.get("/v1/workspace/export").await.refused(403, "forbidden");
        key.post_empty("/v1/workspace/export").await.refused(403, "forbidden");
    }
    let other = world.new_workspace("The other").await;
    other.get("/v1/workspace/export").await.refused(404, "not_found");
    other.post_empty("/v1/workspace/export").await.expect(202);
    world.sweep().await;
    // Two workspaces, two exports, nothing of one in the other.
    let theirs = eventually("their export", async || {
        let export = other.get("/v1/workspace/export").await.expect(200);
        (export["state"] == "done").then_some(export)
    })
    .await;
    let text = reqwest::get(theirs["parts"][0]["url"].as_str().unwrap()).await.unwrap().text().await.unwrap();
    assert!(text.contains("The other") && !text.contains(id(&world.identity)), "{text}");
}

#[tokio::test]
async fn an_export_goes_on_where_it_was_and_has_each_message_once() {
    let mut world = World::start().await;
    // Some threads a page, and parts of 4 MB: mails that make several of both.
    let text = "All work and no play makes a long mail.\n".repeat(10_000);
    for number in 0..25 {
        let letter = Letter::from(CUSTOMER).subject(&format!("Mail {number}")).text(&text);
        world.begin(&letter).await;
    }
    world.owner.post_empty("/v1/workspace/export").await.expect(202);
    // The process dies while it is written.
    let writing = tokio::spawn({
        let anyone = world.anyone.clone();
        async move { anyone.try_ask(reqwest::Method::POST, "/local/sweep", &[], Vec::new()).await }
    });
    world.crash_and_restart().await;
    writing.await.unwrap();
    let lines = lines(&world).await;
    let export = world.owner.get("/v1/workspace/export").await.expect(200);
    assert!(export["parts"].as_array().unwrap().len() > 1, "{export}");
    let mut subjects: Vec<_> = lines.iter().filter(|line| line["type"] == "message").collect();
    assert_eq!(subjects.len(), 25);
    subjects.dedup_by_key(|line| line["data"]["id"].clone());
    assert_eq!(subjects.len(), 25);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_takes_everything_away_by_clicking() {
    let world = World::start().await;
    world.begin(&Letter::from(CUSTOMER).subject("To take away")).await;
    let olga = Person::member(&world, "Olga", MemberRole::Owner).await;
    let page = olga.see("/settings/export").await;
    let page = olga.post(&page.form("/settings/export")).await;
    page.says("The export has begun").says("Being written");
    let page = eventually("the file", async || {
        world.sweep().await;
        let page = olga.see("/settings/export").await;
        page.text().contains("All of it is there").then_some(page)
    })
    .await;
    let file = olga.see(&page.link("/settings/export/")).await;
    assert!(file.html.contains("To take away"), "{}", file.html);
    olga.see("/settings/audit").await.says("asked for an export");
}
