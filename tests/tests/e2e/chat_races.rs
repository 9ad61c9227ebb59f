//! Every way a draft can go, in every channel at once; and presses that come too late, too early, or together with an edit.

use actionlayer_tests::{
    CUSTOMER, Letter, World,
    chats::{Asked, SLACK_DANA, TELEGRAM_DANA, buttons, keyboard, said_in, says},
    eventually,
    world::{id, step},
};
use serde_json::{Value, json};

/// Slack and Telegram say so and have no buttons, and the link decides nothing any more.
async fn all_say(world: &World, asked: &Asked, words: &str, page_status: u16) {
    let (in_slack, in_telegram) =
        tokio::join!(world.slack_until(&asked.slack, words), world.telegram_until(&asked.telegram, words));
    assert!(buttons(&in_slack).is_empty() && keyboard(&in_telegram).is_empty(), "{words}");
    assert_eq!(world.anyone.press(&asked.link, "approve_and_send").await.status, page_status, "{words}");
}

/// Messages that were posted cannot be changed for now: their buttons stay.
async fn hold_updates(world: &World) {
    world.fault("slack", "chat.update", "throttle", 1_000).await;
    world.fault("telegram", "editMessageText", "throttle", 1_000).await;
}

async fn edit(world: &World, draft: &Value, text: &str) {
    world.owner.patch(&format!("/v1/drafts/{}", id(draft)), json!({"body_text": text})).await.expect(200);
}

#[tokio::test]
async fn every_way_a_draft_can_go_shows_in_every_channel() {
    let world = World::everywhere().await;
    let letter = Letter::from(CUSTOMER);
    let thread = world.begin(&letter).await;

    let edited = world.submit(&thread, "first words").await;
    let first = Asked::find(&world, "first words").await;
    edit(&world, &edited, "other words").await;
    let second = Asked::find(&world, "other words").await;
    all_say(&world, &first, "This version was edited. Version 2 is asked about now.", 409).await;
    world.act(&edited, "reject").await.expect(200);
    all_say(&world, &second, "Rejected by the API key", 409).await;

    let sent = world.submit(&thread, "approved and sent").await;
    let question = Asked::find(&world, "approved and sent").await;
    world.act(&sent, "approve").await.expect(200);
    all_say(&world, &question, "Its author sends it.", 409).await;
    world.act(&sent, "send").await.expect(202);
    all_say(&world, &question, "and sent.", 409).await;

    let other = Letter::from("bob@customer.test");
    let thread = world.begin(&other).await;
    world.submit(&thread, "soon out of date").await;
    let question = Asked::find(&world, "soon out of date").await;
    world.answer(&thread, &Letter::from("bob@customer.test").in_reply_to(other.id())).await;
    all_say(&world, &question, "Out of date: a newer message arrived.", 409).await;

    let thread = world.begin(&Letter::from("cyn@customer.test")).await;
    let failed = world.submit(&thread, "nobody knows whether it left").await;
    let question = Asked::find(&world, "nobody knows whether it left").await;
    world.fault("ses", "SendEmail", "timeout_before", 1).await;
    assert_eq!(world.anyone.press(&question.link, "approve_and_send").await.status, 200);
    eventually("the fault to strike", async || world.faults_are_used_up().await.then_some(())).await;
    eventually("the send to be given up", async || {
        world.advance(20 * 60).await;
        world.sweep().await;
        (world.reread(&failed).await["status"] == "failed").then_some(())
    })
    .await;
    all_say(&world, &question, "but sending failed.", 409).await;

    world.owner.patch("/v1/workspace", json!({"settings": {"draft_ttl_hours": 1}})).await.expect(200);
    let thread = world.begin(&Letter::from("dora@customer.test")).await;
    world.submit(&thread, "nobody decides").await;
    let question = Asked::find(&world, "nobody decides").await;
    world.advance(3_601).await;
    world.sweep().await;
    all_say(&world, &question, "Nobody decided in time.", 410).await;
}

#[tokio::test]
async fn a_press_on_what_is_over_is_told_why_and_decides_nothing() {
    let world = World::everywhere().await;
    let other = Letter::from("bob@customer.test");
    let thread = world.begin(&Letter::from(CUSTOMER)).await;
    let edited = world.submit(&thread, "first words").await;
    let old = Asked::find(&world, "first words").await;
    hold_updates(&world).await;
    edit(&world, &edited, "other words").await;
    Asked::find(&world, "other words").await;
    world.slack_press(SLACK_DANA, &old.slack, "approve_and_send").await;
    world.slack_told(SLACK_DANA, "You pressed a button of version 1, and there is version 2 now").await;
    let told = world.telegram_press(TELEGRAM_DANA, &old.telegram, "Approve & send").await;
    assert!(told["text"].as_str().unwrap().contains("there is version 2 now"), "{told}");
    assert_eq!(world.anyone.press(&old.link, "approve_and_send").await.status, 409);
    assert_eq!(world.reread(&edited).await["status"], "pending");

    let thread = world.begin(&other).await;
    let stale = world.submit(&thread, "soon out of date").await;
    let old = Asked::find(&world, "soon out of date").await;
    world.answer(&thread, &Letter::from("bob@customer.test").in_reply_to(other.id())).await;
    world.until_draft(&stale, "stale").await;
    world.slack_press(SLACK_DANA, &old.slack, "approve_and_send").await;
    world.slack_told(SLACK_DANA, "A newer message arrived, so this draft is out of date").await;
    let told = world.telegram_press(TELEGRAM_DANA, &old.telegram, "Approve").await;
    assert!(told["text"].as_str().unwrap().contains("A newer message arrived"), "{told}");
    world.no_faults().await;
    world.advance(60).await;
    all_say(&world, &old, "Out of date: a newer message arrived.", 409).await;
    assert!(world.sent_to(CUSTOMER).await.is_empty() && world.sent_to("bob@customer.test").await.is_empty());
}

#[tokio::test]
async fn a_press_counts_before_anybody_knows_that_the_message_was_posted() {
    let world = World::everywhere().await;
    for (text, service, method) in
        [("by a press in Slack", "slack", "chat.postMessage"), ("by one in Telegram", "telegram", "sendMessage")]
    {
        let thread = world.begin(&Letter::from(&format!("{service}@customer.test"))).await;
        world.fault(service, method, "timeout_after_effect", 1).await;
        let draft = world.submit(&thread, text).await;
        if service == "slack" {
            let question = world.slack_question(text).await;
            world.slack_press(SLACK_DANA, &question, "approve").await;
        } else {
            let question = world.telegram_question(TELEGRAM_DANA, text).await;
            world.telegram_press(TELEGRAM_DANA, &question, "Approve").await;
        }
        let approved = world.until_draft(&draft, "approved").await;
        assert_eq!(approved["decided_by"]["kind"], service);
        world.advance(10 * 60).await;
        world.come_to_rest().await;
        // Decided by then: nobody is asked once more.
        assert!(
            !world
                .slack_messages(SLACK_DANA)
                .await
                .iter()
                .any(|message| { service == "telegram" && says(message, text) && !buttons(message).is_empty() })
        );
        let in_telegram = world.telegram_messages(TELEGRAM_DANA).await;
        assert!(
            !in_telegram
                .iter()
                .any(|message| { service == "slack" && said_in(message, text) && !keyboard(message).is_empty() })
        );
    }
}

#[tokio::test]
async fn a_press_together_with_an_edit_never_approves_what_was_not_shown() {
    let world = World::everywhere().await;
    let agent = world.key("agent").await;
    for n in 0..4 {
        let thread = world.begin(&Letter::from(&format!("c{n}@customer.test"))).await;
        let shown = format!("shown {n}");
        let draft = world.submit(&thread, &shown).await;
        let question = Asked::find(&world, &shown).await;
        let path = format!("/v1/drafts/{}", id(&draft));
        let change = async { world.owner.patch(&path, json!({"body_text": format!("changed {n}")})).await.status };
        let press = async {
            if n % 2 == 0 {
                world.slack_press(SLACK_DANA, &question.slack, "approve").await;
            } else {
                world.telegram_press(TELEGRAM_DANA, &question.telegram, "Approve").await;
            }
        };
        let (changed, ()) = tokio::join!(change, press);
        let settled = eventually("one of them to count", async || {
            let now = world.reread(&draft).await;
            (now["status"] == "approved" || now["version"] == 2).then_some(now)
        })
        .await;
        if settled["status"] == "approved" && settled["version"] == 1 {
            assert_eq!((settled["body_text"].as_str(), changed), (Some(shown.as_str()), 409), "{settled}");
        } else {
            assert_eq!((settled["status"].as_str(), changed), (Some("pending"), 200), "{settled}");
            agent.post_empty(&step(&draft, "send")).await.refused(403, "approval_required");
        }
    }
}
