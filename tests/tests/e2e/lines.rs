//! Slack and Telegram ask to wait: everything is posted all the same, in its order and once.

use actionlayer_tests::{
    APPROVER, Letter, World,
    chats::{SLACK_DANA, TELEGRAM_DANA, buttons, keyboard, said_in, says, slack, telegram},
    eventually,
    world::array,
};
use serde_json::{Value, json};

const DRAFTS: usize = 5;

fn text(n: usize) -> String {
    format!("answer number {n} of five")
}

/// A world that asks in both, and as many conversations as there will be drafts.
async fn conversations() -> (World, Vec<Value>) {
    let world = World::start_with(json!({"approval_channel": [slack(json!({})), telegram(json!({}))]})).await;
    let mut threads = Vec::with_capacity(DRAFTS);
    for n in 0..DRAFTS {
        let letter = Letter::from(&format!("c{n}@customer.test")).subject(&format!("Conversation {n}"));
        threads.push(world.begin(&letter).await);
    }
    (world, threads)
}

async fn make_wait(world: &World, refusals: u32) {
    world.fault("slack", "chat.postMessage", "throttle", refusals).await;
    world.fault("telegram", "sendMessage", "throttle", refusals).await;
}

/// Submits a draft, and waits until it was posted or has to wait, in both.
async fn submit(world: &World, thread: &Value, n: usize) -> Value {
    let draft = world.submit(thread, &text(n)).await;
    eventually("both to be asked", async || {
        let now = world.reread(&draft).await;
        (array(&now["notifications"]).len() == 2).then_some(now)
    })
    .await
}

/// Which drafts are asked about in Slack and in Telegram, oldest message first.
async fn asked(world: &World) -> (Vec<usize>, Vec<usize>) {
    let number = |says: &dyn Fn(&str) -> bool| (0..DRAFTS).find(|n| says(&text(*n)));
    let in_slack = world.slack_messages(SLACK_DANA).await;
    let in_slack = in_slack.iter().filter(|message| !buttons(message).is_empty());
    let in_telegram = world.telegram_messages(TELEGRAM_DANA).await;
    let in_telegram = in_telegram.iter().filter(|message| !keyboard(message).is_empty());
    (
        in_slack.filter_map(|message| number(&|words| says(message, words))).collect(),
        in_telegram.filter_map(|message| number(&|words| said_in(message, words))).collect(),
    )
}

#[tokio::test]
async fn drafts_that_must_wait_are_asked_about_in_their_order_and_once() {
    // Once: whoever comes after the first would be taken at once. And for a while.
    for refusals in [1, 4] {
        let (world, threads) = conversations().await;
        make_wait(&world, refusals).await;
        let first = submit(&world, &threads[0], 0).await;
        for told in array(&first["notifications"]) {
            assert_eq!((told["state"].as_str(), told["error"].is_string()), (Some("failed"), true), "{first}");
        }
        for (n, thread) in threads.iter().enumerate().skip(1) {
            submit(&world, thread, n).await;
        }
        let in_order: Vec<usize> = (0..DRAFTS).collect();
        eventually("all to be asked about", async || {
            world.advance(1).await;
            let (in_slack, in_telegram) = asked(&world).await;
            assert!(in_order.starts_with(&in_slack), "in Slack: {in_slack:?}");
            assert!(in_order.starts_with(&in_telegram), "in Telegram: {in_telegram:?}");
            (in_slack.len() == DRAFTS && in_telegram.len() == DRAFTS).then_some(())
        })
        .await;
        // What was posted and is in a worker's hands still would be posted again when time jumps.
        eventually("all of it to be written down", async || {
            let drafts = world.owner.get("/v1/drafts").await.expect(200);
            let mut told = array(&drafts["data"]).iter().flat_map(|draft| array(&draft["notifications"]));
            told.all(|told| told["state"] == "sent").then_some(())
        })
        .await;
        world.come_to_rest().await;
        assert_eq!(asked(&world).await, (in_order.clone(), in_order), "none twice");
    }
}

#[tokio::test]
async fn a_draft_that_is_decided_while_it_waits_holds_nobody_up() {
    let (world, threads) = conversations().await;
    make_wait(&world, 1).await;
    let first = submit(&world, &threads[0], 0).await;
    world.act(&first, "reject").await.expect(200);
    submit(&world, &threads[1], 1).await;
    let mut waited = 0;
    eventually("the second to be asked about", async || {
        world.advance(1).await;
        waited += 1;
        let (in_slack, in_telegram) = asked(&world).await;
        (in_slack.contains(&1) && in_telegram.contains(&1)).then_some(())
    })
    .await;
    assert!(waited < 250, "it waited until the first counted as lost");
}

#[tokio::test]
async fn a_reminder_that_must_wait_is_given() {
    let (world, threads) = conversations().await;
    let draft = submit(&world, &threads[0], 0).await;
    world.slack_question(&text(0)).await;
    world.telegram_question(TELEGRAM_DANA, &text(0)).await;
    make_wait(&world, 2).await;
    world.owner.post_empty(&actionlayer_tests::world::step(&draft, "notify")).await.expect(202);
    let reminder = "still waits for a decision about the draft above";
    eventually("the reminders", async || {
        world.advance(1).await;
        let in_slack = world.slack_messages(SLACK_DANA).await;
        let in_telegram = world.telegram_messages(TELEGRAM_DANA).await;
        (in_slack.iter().any(|message| says(message, reminder))
            && in_telegram.iter().any(|message| said_in(message, reminder)))
        .then_some(())
    })
    .await;
}

#[tokio::test]
async fn what_a_rule_wants_known_reaches_everybody_once() {
    let world = World::everywhere().await;
    let rule = json!({"name": "A look at this", "trigger": "email.received", "actions": [{"type": "notify"}]});
    world.owner.post("/v1/rules", rule).await.expect(201);
    make_wait(&world, 2).await;
    world.begin(&Letter::from("somebody@customer.test")).await;
    let told = async || {
        let in_slack = world.slack_messages(SLACK_DANA).await;
        let in_telegram = world.telegram_messages(TELEGRAM_DANA).await;
        let mails = world.sent_to(APPROVER).await;
        (
            in_slack.iter().filter(|message| says(message, "A look at this")).count(),
            in_telegram.iter().filter(|message| said_in(message, "A look at this")).count(),
            mails.iter().filter(|mail| mail.text().contains("A look at this")).count(),
        )
    };
    eventually("all to be told", async || {
        world.advance(1).await;
        (told().await == (1, 1, 1)).then_some(())
    })
    .await;
    assert!(world.faults_are_used_up().await);
}
