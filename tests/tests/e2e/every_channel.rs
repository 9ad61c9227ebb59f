//! One draft, every channel at once: the first decision counts, and all of them say so.

use std::collections::BTreeSet;

use actionlayer_tests::{
    APPROVER, CUSTOMER, Letter, World,
    chats::{Asked, SLACK_DANA, SLACK_EVE, TELEGRAM_DANA, buttons, keyboard, said_in, says},
    eventually,
    world::{array, step},
};
use futures_util::future::join_all;
use serde_json::json;

/// A press as it is meant, whether or not the button is still there.
async fn in_slack(world: &World, asked: &Asked, user: &str, action_id: &str) -> u16 {
    let press =
        json!({"user": user, "channel": asked.slack["channel"], "ts": asked.slack["ts"], "action_id": action_id});
    world.anyone.post("/local/slack/press", press).await.status
}

async fn in_telegram(world: &World, asked: &Asked) -> u16 {
    let (chat, message) = (&asked.telegram["chat_id"], &asked.telegram["id"]);
    let press = json!({"user": TELEGRAM_DANA, "chat": chat, "message": message, "label": "Approve & send"});
    world.anyone.post("/local/telegram/press", press).await.status
}

#[tokio::test]
async fn whoever_decides_every_channel_says_who() {
    let world = World::everywhere().await;
    let thread = world.begin(&Letter::from(CUSTOMER)).await;
    for (how, says_who) in [
        ("slack", "by dana in Slack"),
        ("telegram", "by Dana Scully in Telegram"),
        ("email", "by dana@approvers.test by e-mail"),
        ("api", "by the API key"),
    ] {
        let text = format!("decided by {how}");
        let draft = world.submit(&thread, &text).await;
        let asked = Asked::find(&world, &text).await;
        match how {
            "slack" => _ = world.slack_press(SLACK_DANA, &asked.slack, "approve").await,
            "telegram" => _ = world.telegram_press(TELEGRAM_DANA, &asked.telegram, "Approve").await,
            "email" => assert_eq!(world.anyone.press(&asked.link, "approve").await.status, 200),
            _ => _ = world.act(&draft, "approve").await.expect(200),
        }
        let (in_slack, in_telegram) =
            tokio::join!(world.slack_until(&asked.slack, says_who), world.telegram_until(&asked.telegram, says_who));
        assert!(buttons(&in_slack).is_empty() && keyboard(&in_telegram).is_empty());
        let page = world.anyone.get(&asked.link).await;
        assert_eq!(page.status, 409);
        world.act(&draft, "reject").await.expect(200);
        world.slack_until(&asked.slack, "Rejected by the API key").await;
    }
}

#[tokio::test]
async fn fifty_presses_at_once_are_one_decision_and_one_mail() {
    let world = World::everywhere().await;
    let thread = world.begin(&Letter::from(CUSTOMER)).await;
    let draft = world.submit(&thread, "pressed by everybody").await;
    let asked = Asked::find(&world, "pressed by everybody").await;
    let presses = (0..50).map(|n| {
        let (world, asked, draft) = (&world, &asked, &draft);
        async move {
            match n % 5 {
                0 => _ = in_slack(world, asked, SLACK_DANA, "approve_and_send").await,
                1 => _ = in_slack(world, asked, SLACK_EVE, "approve").await,
                2 => _ = in_telegram(world, asked).await,
                3 => _ = world.anyone.press(&asked.link, "approve_and_send").await,
                _ => _ = world.owner.post_empty(&step(draft, "send")).await,
            }
        }
    });
    // A button that is gone by the time is no press; what matters is what comes of those that are.
    let outcomes = join_all(
        presses.map(|press| async { tokio::time::timeout(std::time::Duration::from_secs(25), press).await.is_ok() }),
    )
    .await;
    assert!(outcomes.into_iter().all(|done| done), "every press was answered");
    world.act(&draft, "send").await;
    let sent = world.until_draft(&draft, "sent").await;
    let name = sent["decided_by"]["name"].as_str().unwrap().to_owned();
    world.slack_until(&asked.slack, &name).await;
    let in_slack = world.slack_until(&asked.slack, "and sent.").await;
    let in_telegram = world.telegram_until(&asked.telegram, "and sent.").await;
    assert!(says(&in_slack, &name) && said_in(&in_telegram, &name));
    assert!(buttons(&in_slack).is_empty() && keyboard(&in_telegram).is_empty());
    world.come_to_rest().await;
    assert_eq!(world.sent_to(CUSTOMER).await.len(), 1, "exactly one");
}

#[tokio::test]
async fn a_test_says_of_every_channel_whether_it_works() {
    let world = World::everywhere().await;
    let path = format!("/v1/identities/{}/test-notification", actionlayer_tests::world::id(&world.identity));
    let tested = world.owner.post_empty(&path).await.expect(200);
    let kinds: BTreeSet<&str> = array(&tested["data"]).iter().map(|one| one["channel"].as_str().unwrap()).collect();
    assert_eq!(kinds, BTreeSet::from(["email", "slack", "telegram"]));
    assert!(array(&tested["data"]).iter().all(|one| one["state"] == "sent"), "{tested}");
    world.slack_message("the test", |message| says(message, "There is nothing to decide.")).await;
    world.telegram_message(TELEGRAM_DANA, "the test", |message| said_in(message, "There is nothing to decide.")).await;
    eventually("the test mail", async || {
        let sent = world.sent_to(APPROVER).await;
        sent.iter().any(|mail| mail.text().contains("There is nothing to decide.")).then_some(())
    })
    .await;

    let barred = json!({"chat": TELEGRAM_DANA, "barred": "bot was blocked by the user"});
    world.anyone.patch("/local/telegram/state", barred).await.expect(200);
    let tested = world.owner.post_empty(&path).await.expect(200);
    let broken = array(&tested["data"]).iter().find(|one| one["channel"] == "telegram").unwrap();
    assert_eq!(
        (broken["state"].as_str(), broken["error"].as_str()),
        (Some("failed"), Some("bot was blocked by the user"))
    );
    assert!(broken["fix"].as_str().unwrap().contains("unblock it"));
    world.key("agent").await.post_empty(&path).await.refused(403, "forbidden");
}
