//! Approving in Slack: asked, decided, and every message tells the truth afterwards.

use actionlayer_tests::{
    CUSTOMER, Letter, World,
    chats::{
        SLACK_CHANNEL, SLACK_DANA, SLACK_EVE, SLACK_SECRET, SLACK_TOKEN, TELEGRAM_DANA, button_value, buttons,
        keyboard, said_in, says, slack, telegram,
    },
    eventually,
    world::{array, id, step},
};
use reqwest::Method;
use serde_json::{Value, json};

/// Whoever presses is told nothing by the press itself but that it arrived.
#[track_caller]
fn taken(answer: &Value) {
    assert_eq!((answer["status"].as_u64(), answer["trouble"].is_null()), (Some(200), true), "{answer}");
}

#[tokio::test]
async fn a_tap_in_slack_sends_exactly_what_it_showed() {
    let world = World::in_slack(json!({})).await;
    world
        .slack_message("the greeting", |message| {
            says(message, "Drafts of Mia (AI Assistant) will be asked about here.")
        })
        .await;
    let thread = world.begin(&Letter::from(CUSTOMER)).await;
    let mut proposal = world.proposal(&thread, "We open at <nine>. :smile: *no* @channel");
    proposal["rationale"] = json!("The web site says so.");
    let draft = world.owner.post("/v1/drafts", proposal).await.expect(201);
    let asked = world.slack_question("We open at <nine>. :smile: *no* @channel").await;
    assert_eq!(buttons(&asked), ["approve_and_send", "approve", "edit", "reject"]);
    assert!(
        says(&asked, &format!("Mia (AI Assistant) wants to answer {CUSTOMER}"))
            && says(&asked, "The web site says so.")
    );
    // Recorded once Slack has answered.
    let told = eventually("a notification", async || {
        let told = world.reread(&draft).await["notifications"].clone();
        told[0].is_object().then_some(told)
    })
    .await;
    assert_eq!(
        (&told[0]["channel"], &told[0]["state"], &told[0]["recipient"]),
        (&json!("slack"), &json!("sent"), &json!(SLACK_CHANNEL))
    );

    taken(&world.slack_press(SLACK_DANA, &asked, "approve_and_send").await);
    let sent = world.until_draft(&draft, "sent").await;
    assert_eq!(sent["decided_by"], json!({"kind": "slack", "id": SLACK_DANA, "name": "dana"}));
    assert!(world.the_answer().await.text().contains("We open at <nine>."));
    let said = world.slack_until(&asked, "Approved by dana in Slack").await;
    let said = world.slack_until(&said, "and sent.").await;
    assert!(buttons(&said).is_empty() && says(&said, "We open at <nine>."));

    // Twice, and by somebody else: told, not silently ignored.
    let press = |user: &'static str| {
        let (world, asked) = (&world, &asked);
        async move {
            let value = json!({"user": user, "channel": SLACK_CHANNEL, "ts": asked["ts"], "action_id": "approve"});
            world.anyone.post("/local/slack/press", value).await
        }
    };
    assert_eq!(press(SLACK_EVE).await.status, 404, "the buttons are gone");
    world.come_to_rest().await;
    assert_eq!(world.sent_to(CUSTOMER).await.len(), 1, "exactly one");
}

#[tokio::test]
async fn approving_leaves_sending_to_the_agent_and_a_later_press_is_told_who_decided() {
    let world = World::in_slack(json!({})).await;
    let thread = world.begin(&Letter::from(CUSTOMER)).await;
    let draft = world.submit(&thread, "decided once").await;
    let asked = world.slack_question("decided once").await;
    // The message is not yet written again when somebody else presses: the press itself is refused, with the reason.
    world.fault("slack", "chat.update", "throttle", 1).await;
    taken(&world.slack_press(SLACK_DANA, &asked, "approve").await);
    taken(&world.slack_press(SLACK_EVE, &asked, "reject").await);
    world.slack_told(SLACK_EVE, "It was approved by dana in Slack on ").await;
    let approved = world.reread(&draft).await;
    assert_eq!((approved["status"].as_str(), approved["send_state"].is_null()), (Some("approved"), true));
    // What Slack asked to wait with comes after all.
    world.advance(5).await;
    let said = world.slack_until(&asked, "Its author sends it.").await;
    assert!(buttons(&said).is_empty());
    let agent = world.key("agent").await;
    agent.post_empty(&step(&draft, "send")).await.expect(202);
    world.slack_until(&asked, "and sent.").await;
}

#[tokio::test]
async fn a_rejection_asks_for_a_reason_and_a_decision_elsewhere_shows() {
    let world = World::in_slack(json!({})).await;
    let thread = world.begin(&Letter::from(CUSTOMER)).await;
    let draft = world.submit(&thread, "too rude").await;
    let asked = world.slack_question("too rude").await;
    taken(&world.slack_press(SLACK_DANA, &asked, "reject").await);
    assert_eq!(world.slack_modal(SLACK_DANA).await["view"]["callback_id"], "reject");
    assert_eq!(world.reread(&draft).await["status"], "pending", "a modal decides nothing");
    assert_eq!(world.slack_submit(SLACK_DANA, json!({"reason": "Say please. <!here>"})).await, json!({}));
    let rejected = world.until_draft(&draft, "rejected").await;
    assert_eq!(rejected["reject_reason"], "Say please. <!here>");
    let said = world.slack_until(&asked, "Rejected by dana in Slack").await;
    assert!(says(&said, "│ Say please. <!here>") && buttons(&said).is_empty());

    // By the API, by newer mail, by time: the message says so and has no buttons.
    let by_api = world.submit(&thread, "by the API").await;
    let asked = world.slack_question("by the API").await;
    world.act(&by_api, "approve").await.expect(200);
    let said = world.slack_until(&asked, "Approved by the API key").await;
    assert!(buttons(&said).is_empty());

    let letter = Letter::from("bob@customer.test");
    let other = world.begin(&letter).await;
    world.submit(&other, "soon out of date").await;
    let asked = world.slack_question("soon out of date").await;
    world.answer(&other, &Letter::from("bob@customer.test").in_reply_to(letter.id())).await;
    let said = world.slack_until(&asked, "Out of date: a newer message arrived.").await;
    assert!(buttons(&said).is_empty());

    world.owner.patch("/v1/workspace", json!({"settings": {"draft_ttl_hours": 1}})).await.expect(200);
    let third = world.begin(&Letter::from("eve@customer.test")).await;
    world.submit(&third, "nobody decides").await;
    let asked = world.slack_question("nobody decides").await;
    assert!(says(&asked, "expires 20"));
    world.advance(3_601).await;
    world.sweep().await;
    world.slack_until(&asked, "Nobody decided in time.").await;
}

#[tokio::test]
async fn an_edit_in_slack_is_asked_about_again_in_the_thread() {
    let world = World::in_slack(json!({})).await;
    let thread = world.begin(&Letter::from(CUSTOMER)).await;
    let mut proposal = world.proposal(&thread, "We open at nine.");
    proposal["body_html"] = json!("<p>We open at nine.</p>");
    let draft = world.owner.post("/v1/drafts", proposal).await.expect(201);
    let first = world.slack_question("We open at nine.").await;
    taken(&world.slack_press(SLACK_DANA, &first, "edit").await);
    let modal = world.slack_modal(SLACK_DANA).await["view"].clone();
    assert_eq!(modal["blocks"][1]["element"]["initial_value"], "We open at nine.");
    let subject = draft["subject"].clone();
    assert_eq!(world.slack_submit(SLACK_DANA, json!({"subject": subject, "text": "We open at ten."})).await, json!({}));
    let edited = world.reread(&draft).await;
    assert_eq!((edited["version"].as_u64(), edited["body_text"].as_str()), (Some(2), Some("We open at ten.")));
    assert!(edited["body_html"].is_null(), "an HTML version with the old words would be another mail");
    let second = world.slack_question("We open at ten.").await;
    assert_eq!(second["thread_ts"], first["ts"]);
    assert!(says(&second, "[-nine.-]{+ten.+}") && says(&second, "Changed since version 1"));
    let old = world.slack_until(&first, "This version was edited. Version 2 is asked about now.").await;
    assert!(buttons(&old).is_empty());

    // A modal about a version that is not current says so, and keeps what was typed.
    taken(&world.slack_press(SLACK_EVE, &second, "edit").await);
    let path = format!("/v1/drafts/{}", id(&draft));
    world.owner.patch(&path, json!({"body_text": "We open at eleven."})).await.expect(200);
    let errors = world.slack_submit(SLACK_EVE, json!({"text": "Typed for a long time."})).await;
    assert!(errors["text"].as_str().unwrap().contains("version 3"), "{errors}");
    assert_eq!(world.slack_modal(SLACK_EVE).await["typed"]["text"], "Typed for a long time.");
    let third = world.slack_question("We open at eleven.").await;
    taken(&world.slack_press(SLACK_DANA, &third, "approve_and_send").await);
    world.until_draft(&draft, "sent").await;
    assert!(world.the_answer().await.text().contains("We open at eleven."));
}

#[tokio::test]
async fn who_may_not_decide_is_told_so() {
    let world = World::in_slack(json!({"approvers": [SLACK_DANA]})).await;
    let thread = world.begin(&Letter::from(CUSTOMER)).await;
    let draft = world.submit(&thread, "not for everybody").await;
    let asked = world.slack_question("not for everybody").await;
    for action in ["approve_and_send", "approve", "edit", "reject"] {
        taken(&world.slack_press(SLACK_EVE, &asked, action).await);
    }
    world.slack_told(SLACK_EVE, "Only the approvers of mia@ai.novacore.test decide here").await;
    assert!(world.slack_modal(SLACK_EVE).await.is_null());
    assert_eq!(world.reread(&draft).await["status"], "pending");
    taken(&world.slack_press(SLACK_DANA, &asked, "approve").await);
    world.until_draft(&draft, "approved").await;
}

#[tokio::test]
async fn a_press_that_is_delivered_twice_decides_once() {
    let world = World::in_slack(json!({})).await;
    let thread = world.begin(&Letter::from(CUSTOMER)).await;
    let draft = world.submit(&thread, "delivered twice").await;
    let asked = world.slack_question("delivered twice").await;
    world.fault("slack", "interaction", "duplicate_delivery", 1).await;
    taken(&world.slack_press(SLACK_DANA, &asked, "approve_and_send").await);
    world.until_draft(&draft, "sent").await;
    world.come_to_rest().await;
    assert_eq!(world.sent_to(CUSTOMER).await.len(), 1);
}

#[tokio::test]
async fn a_message_that_was_posted_without_an_answer_may_stand_twice_and_decides_once() {
    let world = World::in_slack(json!({})).await;
    let thread = world.begin(&Letter::from(CUSTOMER)).await;
    world.fault("slack", "chat.postMessage", "timeout_after_effect", 1).await;
    let draft = world.submit(&thread, "posted twice").await;
    let first = world.slack_question("posted twice").await;
    world.advance(10 * 60).await;
    eventually("the second one", async || {
        let all = world.slack_messages(SLACK_DANA).await;
        (all.iter().filter(|message| says(message, "posted twice")).count() == 2).then_some(())
    })
    .await;
    // The one nobody knows of works as well.
    taken(&world.slack_press(SLACK_DANA, &first, "approve_and_send").await);
    world.until_draft(&draft, "sent").await;
    world.come_to_rest().await;
    assert_eq!(world.sent_to(CUSTOMER).await.len(), 1);
}

#[tokio::test]
async fn what_is_not_slacks_is_not_believed() {
    let world = World::in_slack(json!({})).await;
    let callback = world.identity["approval_channel"]["callback_url"].as_str().unwrap().to_owned();
    let nobody = world.anyone.post(&callback, json!({"payload": "{}"})).await;
    assert_eq!(nobody.status, 401);
    assert_eq!(world.anyone.post("/callbacks/slack/0123456789abcdef0123456789abcdef", json!({})).await.status, 401);
    assert_eq!(world.anyone.post("/callbacks/slack", json!({})).await.status, 401);
    // A button of one place is none in another: whoever copies its value into an app of their own presses nothing.
    let thread = world.begin(&Letter::from(CUSTOMER)).await;
    let draft = world.submit(&thread, "signed for its place").await;
    let asked = world.slack_question("signed for its place").await;
    let value = button_value(&asked, "approve");
    assert!(value.len() <= 64 && !value.contains(id(&draft)));
    world.anyone.patch("/local/slack/state", json!({"channel": "C0RANDOM001", "bots": true})).await.expect(200);
    let blocks = json!([{"type": "actions", "elements": [{"type": "button", "action_id": "approve", "value": value,
        "text": {"type": "plain_text", "text": "Approve"}}]}]);
    let state = world.anyone.get("/local/slack/state").await.expect(200);
    assert!(state["messages"].is_array());
    let forged = json!({"channel": "C0RANDOM001", "text": "forged", "blocks": blocks});
    let slack_api = world.engine.slack.clone();
    let posted =
        world.anyone.with_key(SLACK_TOKEN).post(&format!("{slack_api}/api/chat.postMessage"), forged).await.expect(200);
    let press = json!({"user": SLACK_DANA, "channel": "C0RANDOM001", "ts": posted["ts"], "action_id": "approve"});
    world.anyone.post("/local/slack/press", press).await.expect(200);
    world.slack_told(SLACK_DANA, "This button is not one that was posted here.").await;
    assert_eq!(world.reread(&draft).await["status"], "pending");
}

#[tokio::test]
async fn saving_a_channel_speaks_to_it_and_says_what_to_do() {
    let world = World::start().await;
    let path = format!("/v1/identities/{}", id(&world.identity));
    let save = |channel: Value| {
        let (world, path) = (&world, &path);
        async move { world.owner.patch(path, json!({"approval_channel": channel})).await }
    };
    for (channel, field, words) in [
        (
            slack(json!({"bot_token": "xoxb-nobody-knows-me"})),
            "approval_channel.bot_token",
            "Slack says: invalid_auth. This is not a bot token",
        ),
        (
            slack(json!({"channel": "C0RANDOM001"})),
            "approval_channel.channel",
            "Slack says: not_in_channel. Invite the bot to the channel",
        ),
        (slack(json!({"channel": "C0ARCHIVED1"})), "approval_channel.channel", "Slack says: is_archived."),
        (slack(json!({"channel": "C0NOTHERE01"})), "approval_channel.channel", "Slack says: channel_not_found."),
        (json!({"type": "slack", "channel": SLACK_CHANNEL}), "approval_channel.bot_token", "Install the Slack app"),
    ] {
        let refused = save(channel).await.refused(422, "validation_error");
        assert_eq!(refused["details"][0]["field"], field, "{refused}");
        assert!(refused["details"][0]["message"].as_str().unwrap().contains(words), "{refused}");
    }
    world
        .anyone
        .patch("/local/slack/state", json!({"token": SLACK_TOKEN, "scopes": ["channels:read"]}))
        .await
        .expect(200);
    let refused = save(slack(json!({}))).await.refused(422, "validation_error");
    assert!(refused.to_string().contains("Add the scope chat:write"), "{refused}");
    world.anyone.patch("/local/slack/state", json!({"token": SLACK_TOKEN, "scopes": ["chat:write"]})).await.expect(200);
    let saved = save(slack(json!({}))).await.expect(200);
    let shown = &saved["approval_channel"];
    assert_eq!(
        (shown["bot_token"].as_str(), saved["channel_status"].as_array().map(Vec::len)),
        (Some("…0001"), Some(0))
    );
    assert!(shown["callback_url"].as_str().unwrap().contains("/callbacks/slack/"));
    // What was read can be written back; nothing is posted again.
    let greetings = world.slack_messages(SLACK_DANA).await.len();
    assert_eq!(save(shown.clone()).await.expect(200)["approval_channel"], *shown);
    assert_eq!(world.slack_messages(SLACK_DANA).await.len(), greetings);
    assert!(!shown.to_string().contains(SLACK_SECRET));
}

#[tokio::test]
async fn a_channel_that_broke_shows_until_it_works_again() {
    let world = World::in_slack(json!({})).await;
    let both = json!([world.identity["approval_channel"], {"type": "email", "to": [actionlayer_tests::APPROVER]}]);
    let path = format!("/v1/identities/{}", id(&world.identity));
    world.owner.patch(&path, json!({"approval_channel": both})).await.expect(200);
    world.anyone.patch("/local/slack/state", json!({"token": SLACK_TOKEN, "revoked": true})).await.expect(200);
    let thread = world.begin(&Letter::from(CUSTOMER)).await;
    let draft = world.submit(&thread, "by mail all the same").await;
    let link = world.approval_path("by mail all the same").await;
    let told = eventually("both to be told", async || {
        let told = world.reread(&draft).await["notifications"].clone();
        (array(&told).len() == 2).then_some(told)
    })
    .await;
    let slack = array(&told).iter().find(|told| told["channel"] == "slack").unwrap();
    assert_eq!((slack["state"].as_str(), slack["error"].as_str()), (Some("failed"), Some("token_revoked")));
    assert!(slack["fix"].as_str().unwrap().contains("install it again"), "{slack}");
    let status = world.owner.get(&path).await.expect(200)["channel_status"].clone();
    assert_eq!((&status[0]["channel"], &status[0]["error"]), (&json!("slack"), &json!("token_revoked")));
    assert_eq!(
        world.reread(&draft).await["status"],
        "pending",
        "nothing is approved because somebody could not be reached"
    );
    assert_eq!(world.anyone.press(&link, "approve").await.status, 200);

    world.anyone.patch("/local/slack/state", json!({"token": SLACK_TOKEN, "revoked": false})).await.expect(200);
    world.submit(&thread, "works again").await;
    world.slack_question("works again").await;
    eventually("the channel to be well", async || {
        array(&world.owner.get(&path).await.expect(200)["channel_status"]).is_empty().then_some(())
    })
    .await;
}

#[tokio::test]
async fn nobody_deciding_is_reminded_of_once() {
    let world = World::in_slack(json!({})).await;
    let thread = world.begin(&Letter::from(CUSTOMER)).await;
    let draft = world.submit(&thread, "forgotten").await;
    let asked = world.slack_question("forgotten").await;
    for _ in 0..3 {
        world.advance(4 * 3_600 + 1).await;
        world.sweep().await;
    }
    let reminder = world.slack_message("the reminder", |message| says(message, "still waits for a decision")).await;
    assert_eq!(reminder["thread_ts"], asked["ts"]);
    world.submit(&thread, "asked after it").await;
    world.slack_question("asked after it").await;
    let all = world.slack_messages(SLACK_DANA).await;
    assert_eq!(all.iter().filter(|message| says(message, "still waits for a decision")).count(), 1, "once");
    // Asked for by hand it is told again; the message with the buttons stays the one there is.
    world.owner.post_empty(&step(&draft, "notify")).await.expect(202);
    eventually("the second reminder", async || {
        let all = world.slack_messages(SLACK_DANA).await;
        (all.iter().filter(|message| says(message, "still waits for a decision")).count() == 2).then_some(())
    })
    .await;
    let all = world.slack_messages(SLACK_DANA).await;
    assert_eq!(all.iter().filter(|message| says(message, "│ forgotten")).count(), 1);
    world
        .owner
        .patch("/v1/workspace", json!({"settings": {"remind_after_hours": 0}}))
        .await
        .refused(422, "validation_error");
    let never = world.owner.patch("/v1/workspace", json!({"settings": {"remind_after_hours": null}})).await.expect(200);
    assert!(never["settings"]["remind_after_hours"].is_null());
}

#[tokio::test]
async fn a_new_sender_is_trusted_or_blocked_in_the_chats() {
    let channels = json!([slack(json!({"approvers": [SLACK_DANA]})), telegram(json!({}))]);
    let world = World::start_with(json!({"approval_channel": channels})).await;
    world.enter_request_url(&world.identity["approval_channel"][0]).await;
    let settings = json!({"settings": {"sender_trust_gating": true, "notify_held_inbound": true}});
    world.owner.patch("/v1/workspace", settings).await.expect(200);
    let letter = Letter::from(CUSTOMER).text("Hello <!channel>, it is me.");
    world.receive(&letter).await;
    let asked = world.slack_message("the question", |message| says(message, "Somebody new wrote to Mia")).await;
    assert_eq!(buttons(&asked), ["trust", "block"]);
    assert!(says(&asked, "│ Hello <!channel>, it is me."));
    let in_telegram =
        world.telegram_message(TELEGRAM_DANA, "the question", |message| said_in(message, "Somebody new wrote")).await;
    assert_eq!(keyboard(&in_telegram), ["Trust", "Block"]);
    taken(&world.slack_press(SLACK_EVE, &asked, "trust").await);
    world.slack_told(SLACK_EVE, "Only the approvers of").await;
    taken(&world.slack_press(SLACK_DANA, &asked, "trust").await);
    let said = world.slack_until(&asked, "Trusted by dana in Slack").await;
    assert!(buttons(&said).is_empty());
    let said = world.telegram_until(&in_telegram, "Trusted by dana in Slack").await;
    assert!(keyboard(&said).is_empty());
    eventually("the thread", async || (world.threads().await.len() == 1).then_some(())).await;

    world.receive(&Letter::from("spam@elsewhere.test")).await;
    let asked = world
        .telegram_message(TELEGRAM_DANA, "the question", |message| {
            said_in(message, "spam@elsewhere.test") && !keyboard(message).is_empty()
        })
        .await;
    assert_eq!(world.telegram_press(TELEGRAM_DANA, &asked, "Block").await["text"], "Blocked. Their mail is dropped.");
    world.telegram_until(&asked, "Blocked by Dana Scully in Telegram").await;
    let contacts = world.owner.get("/v1/contacts?status=blocked").await.expect(200);
    assert_eq!(contacts["data"][0]["email"], "spam@elsewhere.test");
    eventually("nothing to be held any more", async || {
        let held = world.owner.get("/v1/inbound/pending").await.expect(200);
        array(&held["data"]).is_empty().then_some(())
    })
    .await;
}

#[tokio::test]
async fn the_deployments_app_is_installed_by_a_browser() {
    let world = World::start().await;
    assert_eq!(world.owner.get("/v1/workspace/slack").await.expect(200)["installed"], false);
    world.key("agent").await.post_empty("/v1/workspace/slack/install").await.refused(403, "forbidden");
    let link =
        world.owner.post_empty("/v1/workspace/slack/install").await.expect(201)["url"].as_str().unwrap().to_owned();
    let browser = world.anyone.staying();
    let begun = browser.get(&link).await;
    assert_eq!(begun.status, 303, "{}", begun.text());
    let (authorize, cookie) = (begun.header("location").to_owned(), begun.header("set-cookie").to_owned());
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"));
    let page = world.anyone.get(&authorize).await;
    assert!(page.text().contains("ActionLayer asks for access to Novacore"), "{}", page.text());
    let query = authorize.split_once('?').unwrap().1;
    let allowed = browser.form(authorize.split('?').next().unwrap(), query).await;
    let back = allowed.header("location").to_owned();
    // Another browser cannot end it, and whoever began it can only once.
    assert_eq!(world.anyone.get(&back).await.status, 403);
    let cookie = cookie.split(';').next().unwrap().to_owned();
    let with_cookie = [("cookie", cookie.as_str())];
    let done = browser.ask(Method::GET, &back, &with_cookie, Vec::new()).await;
    assert_eq!(done.status, 200, "{}", done.text());
    assert!(done.text().contains("The app is installed in Novacore."));
    assert_eq!(browser.ask(Method::GET, &back, &with_cookie, Vec::new()).await.status, 410);
    let installed = world.owner.get("/v1/workspace/slack").await.expect(200);
    assert_eq!((installed["installed"].as_bool(), installed["team_name"].as_str()), (Some(true), Some("Novacore")));
    assert!(!installed.to_string().contains("xoxb"));

    let identity =
        world.new_identity("max", json!({"approval_channel": {"type": "slack", "channel": SLACK_CHANNEL}})).await;
    let letter = Letter::from(CUSTOMER);
    world.receive_at(identity["email_address"].as_str().unwrap(), &letter).await;
    let thread = eventually("the thread", async || world.threads().await.into_iter().next()).await;
    let draft = world.submit(&thread, "by the installed app").await;
    let asked = world.slack_question("by the installed app").await;
    taken(&world.slack_press(SLACK_DANA, &asked, "approve").await);
    world.until_draft(&draft, "approved").await;
}
