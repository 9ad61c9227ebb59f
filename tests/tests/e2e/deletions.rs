//! Deleting a workspace: named by its owner, taken back for a week, and then nothing of it is left.

use actionlayer_domain::account::MemberRole;
use actionlayer_tests::{APPROVER, Api, Browser, CUSTOMER, Letter, Person, Sent, World, eventually, world::id};
use serde_json::{Value, json};

use crate::{everything::Everything, tenants::tenants};

const WEEK_SECONDS: u32 = 7 * 24 * 3600;

/// Lets the week and all that follows pass.
async fn let_it_happen(world: &World, workspace: &str) {
    world.advance(WEEK_SECONDS).await;
    eventually("nothing of it", async || {
        world.sweep().await;
        world.advance(3_600).await;
        world.sweep().await;
        let left: Vec<_> = world.engine.every_key().await.into_iter().filter(|key| key.contains(workspace)).collect();
        left.is_empty().then_some(())
    })
    .await;
}

#[tokio::test]
async fn nothing_is_left_of_a_deleted_workspace_and_all_of_the_others() {
    let all = Everything::there_is().await;
    let world = &all.world;
    let other = tenants(world, 2).await.remove(1);
    other.owner.patch("/v1/workspace", json!({"settings": {"draft_ttl_hours": 40}})).await.expect(200);
    let workspace = world.owner.get("/v1/workspace").await.expect(200);
    Person::member(world, "Olga", MemberRole::Owner).await;
    world.owner.post_empty("/v1/workspace/export").await.expect(202);
    world.sweep().await;

    world.owner.get("/v1/workspace/deletion").await.refused(404, "not_found");
    for name in ["", "novacore", "The other"] {
        let wrong = world.owner.post("/v1/workspace/deletion", json!({"name": name})).await;
        wrong.refused(422, "validation_error");
    }
    world
        .key("agent")
        .await
        .post("/v1/workspace/deletion", json!({"name": "Novacore"}))
        .await
        .refused(403, "forbidden");
    let asked = world.owner.post("/v1/workspace/deletion", json!({"name": "Novacore"})).await.expect(202);
    assert_eq!(asked["can_be_canceled"], true);
    let again = world.owner.post("/v1/workspace/deletion", json!({"name": "Novacore"})).await.expect(202);
    assert_eq!(again["due_at"], asked["due_at"]);

    // Everything works as before, and it can be taken back.
    world.sweep().await;
    world.owner.get("/v1/threads").await.expect(200);
    other.owner.get("/v1/workspace/deletion").await.refused(404, "not_found");
    other.owner.delete("/v1/workspace/deletion").await.refused(404, "not_found");
    assert_eq!(world.owner.delete("/v1/workspace/deletion").await.status, 204);
    world.advance(WEEK_SECONDS).await;
    world.sweep().await;
    world.owner.get("/v1/threads").await.expect(200);

    world.owner.post("/v1/workspace/deletion", json!({"name": "Novacore"})).await.expect(202);
    let_it_happen(world, id(&workspace)).await;
    world.owner.get("/v1/threads").await.refused(401, "unauthorized");
    // Its name and its domain are free again.
    let free = json!({"domain": world.domain["domain"]});
    other.owner.post("/v1/domains", free).await.expect(201);
    // The other one has all it had.
    let letter = Letter::from(CUSTOMER).subject("Still here");
    world.receive_at(&other.address, &letter).await;
    eventually("the mail of the other", async || {
        let threads = other.owner.get("/v1/threads").await.expect(200);
        threads["data"].as_array().unwrap().iter().any(|thread| thread["subject"] == "Still here").then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_deletion_goes_on_after_the_process_died() {
    let mut world = World::start().await;
    // Mails until their words are merged into a file of the bucket, which is done now and then by chance; one with a file;
    // and one that leaves.
    let mut number = 0;
    while !world.engine.every_key().await.iter().any(|key| key.ends_with(" 0#index")) {
        number += 1;
        world.begin(&Letter::from(CUSTOMER).subject(&format!("Mail {number}"))).await;
    }
    let raw = format!(
        "From: <{CUSTOMER}>\r\nTo: <{to}>\r\nSubject: With a file\r\nMessage-ID: <file@customer.test>\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nSee the file.\r\n\
         --b\r\nContent-Type: text/csv; name=prices.csv\r\nContent-Disposition: attachment\r\n\r\na,b\r\n--b--\r\n",
        to = world.address(),
    );
    actionlayer_tests::smtp::send(world.engine.smtp, CUSTOMER, &[world.address()], raw.as_bytes()).await.unwrap();
    world.come_to_rest().await;
    let workspace = world.owner.get("/v1/workspace").await.expect(200);
    world.owner.post("/v1/workspace/deletion", json!({"name": "Novacore"})).await.expect(202);
    world.advance(WEEK_SECONDS).await;
    let anyone: Api = world.anyone.clone();
    let sweeping = tokio::spawn(async move {
        anyone.try_ask(reqwest::Method::POST, "/local/sweep", &[], Vec::new()).await;
    });
    world.crash_and_restart().await;
    sweeping.await.unwrap();
    let_it_happen(&world, id(&workspace)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_enters_name_and_password() {
    let world = World::start().await;
    let made = world.anyone.post_empty("/local/start-link").await.expect(200);
    let url = made["url"].as_str().unwrap();
    let token = url.split_once("token=").unwrap().1;
    let password = "correct horse battery";
    let browser = Browser::new(&world.engine.http);
    let typed = [("token", token), ("name", "Olga"), ("email", "olga@people.test"), ("password", password)];
    browser.post("/start", &typed).await.expect(303);
    browser.get("/settings/delete").await.expect(200).says("For 7 days");
    let wrong = [("name", "Novacore"), ("password", "not the right one")];
    browser.post("/settings/delete", &wrong).await.expect(422).says("The password is not right");
    let wrong = [("name", "Nova"), ("password", password)];
    browser.post("/settings/delete", &wrong).await.expect(422).says("as it is written");
    world.owner.get("/v1/workspace/deletion").await.refused(404, "not_found");
    let right = [("name", "Novacore"), ("password", password)];
    browser.submit("/settings/delete", &right).await.expect(200).says("will be deleted on");
    browser.submit("/settings/delete/cancel", &[]).await.expect(200).says("The workspace stays");
    let deletion: Value = world.owner.get("/v1/workspace/deletion").await.refused(404, "not_found");
    assert_eq!(deletion["error"], "not_found");
    browser.get("/settings/audit").await.expect(200).says("took back that the workspace is deleted");
}

/// The mails about a deletion that somebody got.
async fn told(world: &World, to: &str) -> Vec<Sent> {
    let mut sent = world.sent_to(to).await;
    sent.retain(|mail| mail.text().contains("will be deleted on"));
    sent
}

async fn until_told(world: &World, to: &str, times: usize) -> Sent {
    eventually("the mail about the deletion", async || {
        let mut told = told(world, to).await;
        (told.len() == times).then(|| told.remove(0))
    })
    .await
}

const BANNER: &str = "This workspace will be deleted on";

#[tokio::test(flavor = "multi_thread")]
async fn owners_are_told_by_mail_and_every_screen_says_so_until_it_is_called_off() {
    let world = World::start().await;
    let olga = Person::member(&world, "Olga", MemberRole::Owner).await;
    Person::member(&world, "Otto", MemberRole::Owner).await;
    let paul = Person::member(&world, "Paul", MemberRole::Approver).await;
    let thread = world.begin(&Letter::from(CUSTOMER)).await;
    let draft = world.asked(&thread, "We open at nine.").await;
    let screens = [
        "/onboarding".to_owned(),
        "/inbox".to_owned(),
        format!("/threads/{}", id(&thread)),
        format!("/drafts/{}", id(&draft)),
        "/settings/delete".to_owned(),
        "/settings/users".to_owned(),
        "/workspaces".to_owned(),
        // What is not there says so, too.
        "/drafts/x".to_owned(),
    ];
    for path in &screens {
        assert!(!olga.open(path).await.text().contains(BANNER), "{path}");
    }

    world.owner.post("/v1/workspace/deletion", json!({"name": "Novacore"})).await.expect(202);
    for owner in ["olga@team.test", "otto@team.test"] {
        let mail = until_told(&world, owner, 1).await;
        assert_eq!(mail.message().subject().unwrap(), "The workspace “Novacore” will be deleted");
        let (text, base) = (mail.text(), &world.engine.http);
        for part in [
            "asked for it on 20",
            &format!("{base}/settings/delete"),
            &format!("DELETE {base}/v1/workspace/deletion"),
            "Conversations, drafts, contacts",
            &format!("{base}/settings/export"),
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
    }
    for path in &screens {
        for (person, may_stop) in [(&olga, true), (&paul, false)] {
            let page = person.open(path).await;
            assert!(page.text().contains(BANNER), "{path}: {}", page.text());
            assert_eq!(page.offers("/settings/delete/cancel"), may_stop, "{path}");
        }
    }
    assert!(!olga.see("/settings/delete").await.offers("/settings/delete"), "it is asked for once");

    let page = olga.post(&olga.see("/inbox").await.form("/settings/delete/cancel")).await;
    page.says("The workspace stays");
    for path in &screens {
        assert!(!olga.open(path).await.text().contains(BANNER), "{path}");
    }
    world.come_to_rest().await;
    assert_eq!(told(&world, "otto@team.test").await.len(), 1);
    assert!(told(&world, APPROVER).await.is_empty() && told(&world, "paul@team.test").await.is_empty());
    // Asked for again, it is told again.
    world.owner.post("/v1/workspace/deletion", json!({"name": "Novacore"})).await.expect(202);
    until_told(&world, "otto@team.test", 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn owners_of_a_workspace_without_a_mailbox_are_told_as_the_deployment() {
    let world = World::start().await;
    let owner = world.new_workspace("Side project").await;
    let workspace = owner.get("/v1/workspace").await.expect(200);
    let eve = Person::signed_in(&world.engine, id(&workspace).parse().unwrap(), "Eve", MemberRole::Owner).await;
    let olga = Person::member(&world, "Olga", MemberRole::Owner).await;
    owner.post("/v1/workspace/deletion", json!({"name": "Side project"})).await.expect(202);
    let mail = until_told(&world, "eve@team.test", 1).await;
    assert_eq!(mail.envelope_from, format!("approvals@{}", world.domain["domain"].as_str().unwrap()));
    eve.see("/inbox").await.says(BANNER);
    assert!(!olga.see("/inbox").await.text().contains(BANNER), "the other workspace stays");
    world.come_to_rest().await;
    assert!(told(&world, "olga@team.test").await.is_empty());
}
