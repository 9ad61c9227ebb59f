//! `kill -9` at any moment: nothing acknowledged is lost, nothing happens twice.

use std::time::Duration;

use actionlayer_tests::{
    Answer, Api, CUSTOMER, Letter, World, eventually, smtp,
    world::{array, id, step},
};
use reqwest::Method;
use serde_json::{Value, json};

use crate::chance::Chance;

/// How far one conversation came, by what was acknowledged.
#[derive(Debug, Default)]
struct Story {
    mail_taken: bool,
    thread: Value,
    draft: Value,
    approved: bool,
    queued: bool,
}

/// One conversation, step by step until the engine is gone.
async fn tell(world: &World, letter: &Letter, text: &str, story: &mut Story) -> Option<()> {
    let raw = letter.bytes(world.address());
    story.mail_taken = smtp_try(world, &raw).await;
    if !story.mail_taken {
        return None;
    }
    story.thread = loop {
        let list = ask(&world.owner, Method::GET, "/v1/threads?limit=100", Value::Null).await?.expect(200);
        let found = array(&list["data"]).iter().find(|thread| thread["subject"] == text).cloned();
        if let Some(thread) = found {
            break thread;
        }
    };
    let proposal = world.proposal(&story.thread, text);
    story.draft = ask(&world.owner, Method::POST, "/v1/drafts", proposal).await?.expect(201);
    let approve = step(&story.draft, "approve");
    ask(&world.owner, Method::POST, &approve, json!({})).await?.expect(200);
    story.approved = true;
    ask(&world.owner, Method::POST, &step(&story.draft, "send"), json!({})).await?.expect(202);
    story.queued = true;
    Some(())
}

async fn smtp_try(world: &World, raw: &[u8]) -> bool {
    let mut connected = smtp::Conversation::try_open(world.engine.smtp).await;
    match &mut connected {
        Ok(conversation) => conversation.mail(CUSTOMER, &[world.address()], raw).await.is_ok(),
        Err(_) => false,
    }
}

async fn ask(api: &Api, method: Method, path: &str, body: Value) -> Option<Answer> {
    let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
    api.try_ask(method, path, &[("content-type", "application/json")], body).await
}

/// What must be true of a story once the engine is back.
async fn check(world: &World, letter: &Letter, story: &Story, context: &str) {
    if !story.mail_taken {
        // Whoever was told nothing tries again.
        world.receive(letter).await;
    }
    let thread = eventually("the mail that was taken", async || {
        let threads = world.threads().await;
        threads.into_iter().find(|thread| thread["messages"][0]["message_id_header"] == letter.id())
    })
    .await;
    let inbound = array(&thread["messages"]).iter().filter(|message| message["direction"] == "inbound").count();
    assert_eq!(inbound, 1, "{context}: received twice");
    if story.draft.is_null() {
        return;
    }
    let draft = world.reread(&story.draft).await;
    assert_eq!(draft["body_text"], story.draft["body_text"], "{context}");
    if story.approved {
        assert!(!draft["decided_at"].is_null(), "{context}: an approval was lost: {draft}");
    }
    if story.queued {
        // Unless its worker died with the mail in its hands: whether SES had taken it shows when all has come to rest.
        eventually("the draft to be sent or in doubt", async || {
            let draft = world.reread(&draft).await;
            (draft["status"] == "sent" || draft["send_state"] == "sending").then_some(())
        })
        .await;
    }
}

async fn killed_at_random(seed: u64) {
    const ROUNDS: u64 = 8;
    let mut chance = Chance::new(seed);
    let mut world = World::start().await;
    let mut letters = Vec::new();
    for round in 0..ROUNDS {
        let context = format!("seed {seed}, round {round}");
        let text = format!("story {seed} {round}");
        let letter = Letter::from(CUSTOMER).subject(&text);
        let mut story = Story::default();
        // The whole story takes some 300 ms; the moments are spread over it and somewhat beyond.
        let moment = Duration::from_millis(chance.below(500));
        let _ = tokio::time::timeout(moment, async {
            if tell(&world, &letter, &text, &mut story).await.is_some() {
                std::future::pending::<()>().await;
            }
        })
        .await;
        world.crash_and_restart().await;
        // What a queue had handed out when it died is handed out again.
        world.advance(200).await;
        check(&world, &letter, &story, &context).await;
        letters.push(letter);
    }
    world.come_to_rest().await;
    let sent = world.sent_to(CUSTOMER).await;
    let drafts = world.owner.get("/v1/drafts?limit=100").await.expect(200);
    for draft in array(&drafts["data"]) {
        let text = world.reread(draft).await["body_text"].as_str().unwrap().to_owned();
        let mails = sent.iter().filter(|mail| mail.text().trim_end() == text).count();
        assert_eq!(mails, usize::from(draft["status"] == "sent"), "seed {seed}: {} {draft}", id(draft));
        assert!(draft["send_state"].is_null(), "seed {seed}: {draft}");
        let failure = &draft["failure"];
        assert!(failure.is_null() || failure["code"] == "outcome_unknown", "seed {seed}: {draft}");
    }
    for letter in &letters {
        let threads = world.threads().await;
        let times = threads.iter().filter(|thread| thread["messages"][0]["message_id_header"] == letter.id()).count();
        assert_eq!(times, 1, "seed {seed}: {}", letter.id());
    }
}

#[tokio::test]
async fn killed_at_random_moments_first_run() {
    killed_at_random(1).await;
}

#[tokio::test]
async fn killed_at_random_moments_second_run() {
    killed_at_random(2).await;
}

#[tokio::test]
async fn time_and_configuration_survive() {
    let mut world = World::start().await;
    let agent = world.key("agent").await;
    world.advance(3600).await;
    let before = world.anyone.get("/local/clock").await.expect(200)["now"].as_str().unwrap().to_owned();
    world.crash_and_restart().await;
    let after = world.anyone.get("/local/clock").await.expect(200)["now"].as_str().unwrap().to_owned();
    assert!(after >= before, "{after} {before}");
    world.caller(&agent).get("/v1/threads").await.expect(200);
    let workspace = json!({"workspace_name": "Another"});
    world.anyone.post("/v1/auth/bootstrap", workspace).await.refused(409, "workspace_exists");
    world.begin(&Letter::from(CUSTOMER)).await;
}
