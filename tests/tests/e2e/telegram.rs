//! Approving in Telegram: asked, decided, and every message tells the truth afterwards.

use actionlayer_tests::{
    CUSTOMER, Letter, World,
    chats::{TELEGRAM_BOT, TELEGRAM_DANA, TELEGRAM_EVE, TELEGRAM_GROUP, TELEGRAM_TOKEN, keyboard, said_in, telegram},
    eventually,
    world::{array, id, step},
};
use serde_json::{Value, json};

async fn in_telegram(more: Value) -> World {
    World::start_with(json!({"approval_channel": telegram(more)})).await
}

#[tokio::test]
async fn a_tap_in_telegram_sends_exactly_what_it_showed() {
    let world = in_telegram(json!({})).await;
    let thread = world.begin(&Letter::from(CUSTOMER)).await;
    let draft = world.submit(&thread, "We open at <nine>: https://novacore.test @eve /start").await;
    let asked = world.telegram_question(TELEGRAM_DANA, "We open at <nine>: https://novacore.test @eve /start").await;
    assert_eq!(keyboard(&asked), ["Approve & send", "Approve", "Edit", "Reject"]);
    assert!(said_in(&asked, &format!("Mia (AI Assistant) wants to answer {CUSTOMER}")));
    for acts in ["@eve", "/start", "https://novacore"] {
        assert!(!asked["text"].as_str().unwrap().contains(acts), "{acts} acts");
    }
    let answer = world.telegram_press(TELEGRAM_DANA, &asked, "Approve & send").await;
    assert_eq!(
        (answer["answered"].as_bool(), answer["text"].as_str()),
        (Some(true), Some("Approved, and on its way."))
    );
    let sent = world.until_draft(&draft, "sent").await;
    assert_eq!(sent["decided_by"], json!({"kind": "telegram", "id": "10001", "name": "Dana Scully"}));
    let said = world.telegram_until(&asked, "Approved by Dana Scully in Telegram").await;
    let said = world.telegram_until(&said, "and sent.").await;
    assert!(keyboard(&said).is_empty());
    world.come_to_rest().await;
    assert_eq!(world.sent_to(CUSTOMER).await.len(), 1, "exactly one");
}

#[tokio::test]
async fn a_reason_and_a_new_text_come_by_reply() {
    let world = in_telegram(json!({})).await;
    let thread = world.begin(&Letter::from(CUSTOMER)).await;
    let draft = world.submit(&thread, "We open at nine.").await;
    let first = world.telegram_question(TELEGRAM_DANA, "We open at nine.").await;
    let answer = world.telegram_press(TELEGRAM_DANA, &first, "Edit").await;
    assert_eq!(answer["text"], "Reply below with the new text.");
    let prompt = world
        .telegram_message(TELEGRAM_DANA, "the question", |message| message["reply_markup"]["force_reply"] == true)
        .await;
    assert!(said_in(&prompt, "We open at nine."));
    world.telegram_answer(TELEGRAM_DANA, &prompt, "We open at ten.\nSee you!").await;
    let second = world.telegram_question(TELEGRAM_DANA, "We open at ten.\nSee you!").await;
    assert_eq!(second["reply_to"], first["id"]);
    assert!(said_in(&second, "Changed since version 1"));
    let old = world.telegram_until(&first, "This version was edited. Version 2 is asked about now.").await;
    assert!(keyboard(&old).is_empty());
    assert_eq!(world.reread(&draft).await["version"], 2);

    world.telegram_press(TELEGRAM_DANA, &second, "Reject").await;
    let prompt =
        world.telegram_message(TELEGRAM_DANA, "the question", |message| said_in(message, "Why do you reject")).await;
    assert_eq!(world.reread(&draft).await["status"], "pending", "a question decides nothing");
    world.telegram_answer(TELEGRAM_DANA, &prompt, "Too short.").await;
    let rejected = world.until_draft(&draft, "rejected").await;
    assert_eq!(rejected["reject_reason"], "Too short.");
    let said = world.telegram_until(&second, "Rejected by Dana Scully in Telegram").await;
    assert!(said_in(&said, "Too short."));
    // The same reply, and one that is too late.
    world.telegram_reply(TELEGRAM_DANA, &prompt, "Once more.").await;
    let late = world.submit(&thread, "asked too long ago").await;
    let asked = world.telegram_question(TELEGRAM_DANA, "asked too long ago").await;
    world.telegram_press(TELEGRAM_DANA, &asked, "Reject").await;
    let prompt = world
        .telegram_message(TELEGRAM_DANA, "the question", |message| {
            said_in(message, "Why do you reject") && message["reply_to"] == asked["id"]
        })
        .await;
    world.advance(601).await;
    let said = world.telegram_answer(TELEGRAM_DANA, &prompt, "too late").await;
    assert!(said_in(&said, "That took more than ten minutes"), "{said}");
    assert_eq!(world.reread(&late).await["status"], "pending");
}

#[tokio::test]
async fn in_a_group_only_approvers_decide() {
    let world = World::start().await;
    let path = format!("/v1/identities/{}", id(&world.identity));
    let group = telegram(json!({"chat_id": TELEGRAM_GROUP.to_string()}));
    let refused = world.owner.patch(&path, json!({"approval_channel": group})).await.refused(422, "validation_error");
    assert_eq!(refused["details"][0]["field"], "approval_channel.approvers");
    let group = telegram(json!({"chat_id": TELEGRAM_GROUP.to_string(), "approvers": [TELEGRAM_DANA.to_string()]}));
    world.owner.patch(&path, json!({"approval_channel": group})).await.expect(200);
    let thread = world.begin(&Letter::from(CUSTOMER)).await;
    let draft = world.submit(&thread, "not for Eve").await;
    let asked = world.telegram_question(TELEGRAM_GROUP, "not for Eve").await;
    for label in ["Approve & send", "Approve", "Edit", "Reject"] {
        let answer = world.telegram_press(TELEGRAM_EVE, &asked, label).await;
        assert!(answer["text"].as_str().unwrap().contains("you are not one of them"), "{label}: {answer}");
    }
    // Whoever sees a keyboard can send any bytes: those of another chat, or none of ours.
    for data in ["approve", "", &"A".repeat(60)] {
        let press = json!({"user": TELEGRAM_DANA, "chat": TELEGRAM_GROUP, "message": asked["id"], "data": data});
        let answer = world.anyone.post("/local/telegram/press", press).await.expect(200);
        assert!(answer["text"].as_str().is_none_or(|text| text.contains("not one that was posted here")), "{answer}");
    }
    assert_eq!(world.reread(&draft).await["status"], "pending");
    // Whose reply counts is who pressed.
    world.telegram_press(TELEGRAM_DANA, &asked, "Reject").await;
    let prompt =
        world.telegram_message(TELEGRAM_GROUP, "the question", |message| said_in(message, "Why do you reject")).await;
    let said = world.telegram_answer(TELEGRAM_EVE, &prompt, "because").await;
    assert!(said_in(&said, "Only whoever pressed the button"), "{said}");
    assert_eq!(world.reread(&draft).await["status"], "pending");
    assert_eq!(world.telegram_press(TELEGRAM_DANA, &asked, "Approve").await["text"], "Approved. Its author sends it.");
    world.telegram_until(&asked, "Approved by Dana Scully in Telegram").await;
}

#[tokio::test]
async fn saving_a_chat_registers_the_bot_and_says_what_to_do() {
    let world = World::start().await;
    let path = format!("/v1/identities/{}", id(&world.identity));
    for (channel, field, words) in [
        (
            telegram(json!({"bot_token": "1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"})),
            "approval_channel.bot_token",
            "Telegram says: Unauthorized.",
        ),
        (telegram(json!({"chat_id": "12345"})), "approval_channel.chat_id", "Telegram says: chat not found."),
        (
            telegram(json!({"chat_id": TELEGRAM_EVE.to_string()})),
            "approval_channel.chat_id",
            "bot can't initiate conversation",
        ),
    ] {
        let refused =
            world.owner.patch(&path, json!({"approval_channel": channel})).await.refused(422, "validation_error");
        assert_eq!(refused["details"][0]["field"], field, "{refused}");
        assert!(refused["details"][0]["message"].as_str().unwrap().contains(words), "{refused}");
        assert!(!refused["message"].as_str().unwrap().ends_with(".."), "{refused}");
    }
    // A bot that answers to another program keeps it.
    let bot = |method: &str| format!("{}/bot{TELEGRAM_TOKEN}/{method}", world.engine.telegram);
    world.anyone.post(&bot("setWebhook"), json!({"url": "https://other.example/hook"})).await.expect(200);
    let refused = world
        .owner
        .patch(&path, json!({"approval_channel": telegram(json!({}))}))
        .await
        .refused(422, "validation_error");
    assert!(refused.to_string().contains("sends its updates to other.example"), "{refused}");
    world.anyone.post(&bot("deleteWebhook"), json!({})).await.expect(200);
    world.owner.patch(&path, json!({"approval_channel": telegram(json!({}))})).await.expect(200);
    world.telegram_message(TELEGRAM_DANA, "the greeting", |message| said_in(message, "will be asked about here")).await;
    let info = world.anyone.post(&bot("getWebhookInfo"), json!({})).await.expect(200);
    assert!(
        info["result"]["url"].as_str().unwrap().ends_with(&format!("/callbacks/telegram/{TELEGRAM_BOT}")),
        "{info}"
    );

    // Two identities share the bot; the webhook goes with the last of them.
    let other = world.new_identity("max", json!({"approval_channel": telegram(json!({}))})).await;
    world.owner.patch(&path, json!({"approval_channel": null})).await.expect(200);
    let info = world.anyone.post(&bot("getWebhookInfo"), json!({})).await.expect(200);
    assert!(!info["result"]["url"].as_str().unwrap().is_empty());
    world.owner.delete(&format!("/v1/identities/{}", id(&other))).await.expect(204);
    let info = world.anyone.post(&bot("getWebhookInfo"), json!({})).await.expect(200);
    assert_eq!(info["result"]["url"], "");
}

#[tokio::test]
async fn a_request_without_the_secret_is_nobodys() {
    let world = in_telegram(json!({})).await;
    let path = format!("/callbacks/telegram/{TELEGRAM_BOT}");
    let update = json!({"update_id": 1, "callback_query": {"id": "1", "from": {"id": TELEGRAM_DANA, "is_bot": false, "first_name": "Dana"},
        "data": "x", "message": {"message_id": 1, "date": 1, "chat": {"id": TELEGRAM_DANA, "type": "private"}}}});
    assert_eq!(world.anyone.post(&path, update.clone()).await.status, 401);
    let headers = [("content-type", "application/json"), ("x-telegram-bot-api-secret-token", "guess")];
    let guessed = world.anyone.ask(reqwest::Method::POST, &path, &headers, update.to_string().into_bytes()).await;
    assert_eq!(guessed.status, 401);
    assert_eq!(world.anyone.post("/callbacks/telegram/123", update.clone()).await.status, 401);
    assert_eq!(world.anyone.post("/callbacks/telegram/x", update).await.status, 401);
}

#[tokio::test]
async fn a_group_that_moves_is_followed_and_a_bot_that_is_kicked_shows() {
    let group = json!({"chat_id": TELEGRAM_GROUP.to_string(), "approvers": [TELEGRAM_DANA.to_string()]});
    let world = in_telegram(group).await;
    let moved = -1_002_000_000_002_i64;
    world.anyone.patch("/local/telegram/state", json!({"chat": TELEGRAM_GROUP, "upgrade_to": moved})).await.expect(200);
    let thread = world.begin(&Letter::from(CUSTOMER)).await;
    let draft = world.submit(&thread, "after the move").await;
    let asked = world.telegram_question(moved, "after the move").await;
    assert_eq!(world.telegram_press(TELEGRAM_DANA, &asked, "Approve").await["text"], "Approved. Its author sends it.");
    world.until_draft(&draft, "approved").await;
    let path = format!("/v1/identities/{}", id(&world.identity));
    assert_eq!(world.owner.get(&path).await.expect(200)["approval_channel"]["chat_id"], moved.to_string());

    let reason = "bot was kicked from the supergroup chat";
    world.anyone.patch("/local/telegram/state", json!({"chat": moved, "barred": reason})).await.expect(200);
    let draft = world.submit(&thread, "nobody hears").await;
    let told = eventually("the failure", async || {
        let told = world.reread(&draft).await["notifications"].clone();
        (!array(&told).is_empty()).then_some(told)
    })
    .await;
    assert_eq!((told[0]["state"].as_str(), told[0]["error"].as_str()), (Some("failed"), Some(reason)));
    let status = world.owner.get(&path).await.expect(200)["channel_status"].clone();
    assert_eq!(status[0]["error"], reason);
    assert_eq!(world.reread(&draft).await["status"], "pending");
    world.act(&draft, "approve").await.expect(200);
    world.owner.post_empty(&step(&draft, "send")).await.expect(202);
    world.until_draft(&draft, "sent").await;
}

#[tokio::test]
async fn a_press_outlives_a_restart_and_counts_once() {
    let mut world = in_telegram(json!({})).await;
    let thread = world.begin(&Letter::from(CUSTOMER)).await;
    let draft = world.submit(&thread, "pressed before the crash").await;
    let asked = world.telegram_question(TELEGRAM_DANA, "pressed before the crash").await;
    world.fault("telegram", "webhook", "duplicate_delivery", 1).await;
    world.telegram_press(TELEGRAM_DANA, &asked, "Approve & send").await;
    world.crash_and_restart().await;
    // What a queue had handed out when it died is handed out again.
    world.advance(200).await;
    // Unless its worker died with the mail in its hands: then nobody knows whether it left, and it is not sent again.
    eventually("the draft to be sent or in doubt", async || {
        let draft = world.reread(&draft).await;
        (draft["status"] == "sent" || draft["send_state"] == "sending").then_some(())
    })
    .await;
    world.come_to_rest().await;
    let sent = world.sent_to(CUSTOMER).await.len();
    let draft = world.reread(&draft).await;
    assert!(sent == 1 || sent == 0 && draft["failure"]["code"] == "outcome_unknown", "{sent} left: {draft}");
}
