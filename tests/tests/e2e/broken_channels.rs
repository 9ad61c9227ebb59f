//! A channel that broke for good: it shows on its identity, and somebody is told by another way.

use actionlayer_domain::account::MemberRole;
use actionlayer_tests::{
    APPROVER, CUSTOMER, Letter, Person, World,
    chats::{SLACK_CHANNEL, SLACK_DANA, SLACK_TOKEN, TELEGRAM_DANA, TELEGRAM_GROUP, said_in, says, slack, telegram},
    eventually,
    world::{array, id},
};
use serde_json::{Value, json};

const OWNER: &str = "olga@team.test";

/// A world with these channels, an owner and an approver who are no approvers of the identity.
async fn world_with(channels: Value) -> World {
    let world = World::start_with(json!({"approval_channel": channels})).await;
    Person::member(&world, "Olga", MemberRole::Owner).await;
    Person::member(&world, "Paul", MemberRole::Approver).await;
    world
}

async fn revoke_slack(world: &World, revoked: bool) {
    world.anyone.patch("/local/slack/state", json!({"token": SLACK_TOKEN, "revoked": revoked})).await.expect(200);
}

async fn bar_telegram(world: &World, chat: i64, reason: &str) {
    world.anyone.patch("/local/telegram/state", json!({"chat": chat, "barred": reason})).await.expect(200);
}

/// The identity's troubles, once there are so many.
async fn troubles(world: &World, count: usize) -> Vec<Value> {
    let path = format!("/v1/identities/{}", id(&world.identity));
    eventually("the channels' status", async || {
        let status = world.owner.get(&path).await.expect(200)["channel_status"].clone();
        (array(&status).len() == count).then(|| array(&status).to_vec())
    })
    .await
}

/// The mails about broken channels that somebody got.
async fn notices(world: &World, to: &str) -> Vec<String> {
    let sent = world.sent_to(to).await;
    sent.iter().map(actionlayer_tests::Sent::text).filter(|text| text.contains("cannot be asked about in")).collect()
}

async fn until_notices(world: &World, to: &str, count: usize) -> Vec<String> {
    eventually("the notice", async || {
        let notices = notices(world, to).await;
        (notices.len() == count).then_some(notices)
    })
    .await
}

#[tokio::test]
async fn the_owner_is_told_by_mail_where_no_channel_is_left_and_once() {
    let world = world_with(slack(json!({}))).await;
    let thread = world.begin(&Letter::from(CUSTOMER)).await;
    revoke_slack(&world, true).await;
    let first = world.submit(&thread, "nobody can be asked").await;
    let told = until_notices(&world, OWNER, 1).await;
    for said in
        [SLACK_CHANNEL, "Slack says: token_revoked", "install it again", "no other channel", id(&world.identity)]
    {
        assert!(told[0].contains(said), "{said} is not in {}", told[0]);
    }
    let status = troubles(&world, 1).await;
    assert_eq!((&status[0]["error"], status[0].get("notice")), (&json!("token_revoked"), None));
    // More drafts that nobody can be asked about are no news.
    for n in 0..3 {
        world.submit(&world.begin(&Letter::from(&format!("c{n}@customer.test"))).await, "another").await;
    }
    world.come_to_rest().await;
    assert_eq!(notices(&world, OWNER).await.len(), 1);
    assert!(notices(&world, "paul@team.test").await.is_empty(), "no owner");
    assert_eq!(world.reread(&first).await["status"], "pending");
    assert!(world.sent_to(CUSTOMER).await.is_empty(), "nothing leaves because somebody could not be reached");

    // Mended, and broken once more: that is news.
    revoke_slack(&world, false).await;
    world.submit(&world.begin(&Letter::from("dora@customer.test")).await, "works again").await;
    world.slack_question("works again").await;
    troubles(&world, 0).await;
    revoke_slack(&world, true).await;
    world.submit(&world.begin(&Letter::from("emil@customer.test")).await, "broken again").await;
    until_notices(&world, OWNER, 2).await;
}

#[tokio::test]
async fn the_other_channels_say_so_before_anybody_else_is_mailed() {
    let world = world_with(json!([slack(json!({})), telegram(json!({})), {"type": "email", "to": [APPROVER]}])).await;
    world.anyone.patch("/local/slack/state", json!({"channel": SLACK_CHANNEL, "archived": true})).await.expect(200);
    let thread = world.begin(&Letter::from(CUSTOMER)).await;
    world.submit(&thread, "archived meanwhile").await;
    world.telegram_question(TELEGRAM_DANA, "archived meanwhile").await;
    let said = world
        .telegram_message(TELEGRAM_DANA, "the notice", |message| said_in(message, "Slack says: is_archived"))
        .await;
    assert!(said_in(&said, "Until then they are asked about here."));
    let mailed = until_notices(&world, APPROVER, 1).await;
    assert!(mailed[0].contains("Its other channels ask as before."), "{}", mailed[0]);
    assert_eq!(troubles(&world, 1).await[0]["channel"], "slack");
    world.come_to_rest().await;
    assert!(notices(&world, OWNER).await.is_empty(), "somebody knows");
}

#[tokio::test]
async fn the_last_two_breaking_together_leaves_the_owner() {
    let group = json!({"chat_id": TELEGRAM_GROUP.to_string(), "approvers": [TELEGRAM_DANA.to_string()]});
    let world = world_with(json!([slack(json!({})), telegram(group)])).await;
    let thread = world.begin(&Letter::from(CUSTOMER)).await;
    revoke_slack(&world, true).await;
    bar_telegram(&world, TELEGRAM_GROUP, "bot was kicked from the group chat").await;
    let draft = world.submit(&thread, "both gone").await;
    let told = until_notices(&world, OWNER, 2).await.concat();
    assert!(told.contains("Slack says: token_revoked"), "{told}");
    assert!(told.contains("Telegram says: bot was kicked from the group chat"), "{told}");
    assert_eq!(troubles(&world, 2).await.len(), 2);
    assert_eq!(world.reread(&draft).await["status"], "pending");
}

#[tokio::test]
async fn an_owner_whom_ses_cannot_take_a_mail_for_now_is_told_later() {
    let world = world_with(slack(json!({}))).await;
    let thread = world.begin(&Letter::from(CUSTOMER)).await;
    revoke_slack(&world, true).await;
    world.fault("ses", "SendEmail", "throttle", 1).await;
    world.submit(&thread, "told later").await;
    eventually("the fault to be used up", async || world.faults_are_used_up().await.then_some(())).await;
    assert!(notices(&world, OWNER).await.is_empty());
    world.advance(10 * 60).await;
    until_notices(&world, OWNER, 1).await;
    // A reminder that cannot be posted is no reason to be told again.
    world.advance(4 * 3_600).await;
    world.sweep().await;
    world.come_to_rest().await;
    assert_eq!(notices(&world, OWNER).await.len(), 1);
    assert!(world.slack_messages(SLACK_DANA).await.iter().all(|message| !says(message, "told later")));
}
