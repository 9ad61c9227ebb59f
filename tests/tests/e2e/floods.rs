//! What a stranger sends a lot of, and who must not notice.

use actionlayer_domain::held_digest::HeldDigest;
use actionlayer_store::{BlobKey, keys};
use actionlayer_tests::{
    APPROVER, CUSTOMER, Letter, World,
    chats::{SLACK_DANA, says, slack},
    eventually,
    world::{array, id},
};
use serde_json::{Value, json};

/// Words that nobody else uses, all beginning alike.
fn words(letter: usize) -> String {
    (0..500).map(|word| format!("zz{letter:02}w{word:03}")).collect::<Vec<_>>().join(" ")
}

/// As many letters as it takes, twice: words are counted by chance.
const LETTERS: usize = 80;

/// Of a sender who writes very much, subjects and people are still found, and all of what others write.
#[tokio::test]
async fn the_words_of_one_sender_in_a_day_have_a_limit() {
    let world = World::start().await;
    for letter in 0..LETTERS {
        world.receive(&Letter::from("eve@evil.test").subject(&format!("Flood {letter}")).text(&words(letter))).await;
    }
    world.come_to_rest().await;
    let last = world.begin(&Letter::from("eve@evil.test").subject("Floodgate").text("yyunheardof")).await;
    let other = world.begin(&Letter::from(CUSTOMER).subject("Anvils").text("yyunheardof")).await;
    let found = async |query: &str| {
        let list = world.owner.get(&format!("/v1/threads?q={query}")).await.expect(200);
        array(&list["data"]).iter().map(|thread| thread["id"].clone()).collect::<Vec<_>>()
    };
    eventually("both to be found", async || {
        let both = (found("floodgate").await, found("anvils").await);
        (both == (vec![last["id"].clone()], vec![other["id"].clone()])).then_some(())
    })
    .await;
    assert_eq!(found(&format!("zz{:02}w450", LETTERS - 1)).await, Vec::<serde_json::Value>::new());
    assert_eq!(found("zz00w450").await.len(), 1);
    assert!(found("yyunheardof").await.contains(&other["id"]));
    let limited = |thread: serde_json::Value| thread["messages"][0]["search_limited"].clone();
    let of_flood = async |subject: &str| {
        let thread = found(subject).await.remove(0);
        limited(world.owner.get(&format!("/v1/threads/{}", thread.as_str().unwrap())).await.expect(200))
    };
    assert_eq!(of_flood(&format!("flood%20{}", LETTERS - 1)).await, true);
    assert_eq!(limited(world.thread(&other).await), false);
}

/// The table takes no entries at all: what a flood of words makes of it. People are asked and mail leaves all the same, and
/// when it takes them again everything is found.
#[tokio::test]
async fn words_of_strangers_hold_nobody_up() {
    let world = World::start().await;
    let thread = world.begin(&Letter::from(CUSTOMER).subject("Anvils")).await;
    world.fault("dynamodb", "BatchWriteItem", "throttle", 100_000).await;
    let flood: Vec<Letter> = (0..12)
        .map(|letter| Letter::from(&format!("eve{letter}@evil.test")).subject("Flood").text(&words(letter)))
        .collect();
    for letter in &flood {
        world.receive(letter).await;
    }
    // Three more make them one thread, words and all.
    for part in flood.chunks(4) {
        let cited = part.iter().map(|letter| format!("<{}>", letter.id())).collect::<Vec<_>>().join(" ");
        world.receive(&Letter::from("eve@evil.test").header("References", &cited)).await;
    }
    let draft = world.asked(&thread, "We open at nine.").await;
    world.act(&draft, "approve").await.expect(200);
    world.act(&draft, "send").await.expect(202);
    world.until_draft(&draft, "sent").await;
    assert!(world.the_answer().await.text().contains("We open at nine."));

    world.no_faults().await;
    // What was tried in vain comes back when its time of being out of sight is over.
    world.advance(200).await;
    eventually("the flood to be found", async || {
        let list = world.owner.get("/v1/threads?q=zz11w450").await.expect(200);
        (!array(&list["data"]).is_empty()).then_some(())
    })
    .await;
    let list = eventually("the thread to be found", async || {
        let list = world.owner.get("/v1/threads?q=anvils").await.expect(200);
        (!array(&list["data"]).is_empty()).then_some(list)
    })
    .await;
    assert_eq!(id(&list["data"][0]), id(&thread));
}

/// A world whose identity holds the mail of strangers, and tells Dana of them by mail and in Slack.
async fn gated() -> World {
    let channels = json!([slack(json!({})), {"type": "email", "to": [APPROVER]}]);
    let world = World::start_with(json!({"approval_channel": channels})).await;
    world.enter_request_url(&world.identity["approval_channel"][0]).await;
    let settings = json!({"settings": {"sender_trust_gating": true, "notify_held_inbound": true}});
    world.owner.patch("/v1/workspace", settings).await.expect(200);
    world
}

async fn held(world: &World, count: usize) -> Vec<Value> {
    eventually("the held mail", async || {
        let list = world.owner.get("/v1/inbound/pending?limit=100").await.expect(200);
        Some(array(&list["data"]).to_vec()).filter(|held| held.len() == count)
    })
    .await
}

/// Whom the approvers will be told of together.
async fn gathered(world: &World) -> Option<HeldDigest> {
    let workspace = world.owner.get("/v1/workspace").await.expect(200);
    let key = keys::held_digest(id(&workspace).parse().unwrap(), id(&world.identity).parse().unwrap());
    world.engine.store().get::<HeldDigest>(&key).await.unwrap().map(|row| row.value)
}

#[tokio::test]
async fn a_hundred_new_senders_make_two_mails() {
    let world = gated().await;
    let about = async |words: &str| {
        let sent = world.sent_to(APPROVER).await;
        let wanted = |subject: Option<String>| subject.is_some_and(|subject| subject.contains(words));
        sent.into_iter().filter(|mail| wanted(mail.header("Subject"))).collect::<Vec<_>>()
    };
    world.receive(&Letter::from("eve0@evil.test")).await;
    eventually("the first notice", async || Some(about("eve0@evil.test").await).filter(|told| told.len() == 1)).await;
    for sender in 1..30 {
        world.receive(&Letter::from(&format!("eve{sender}@evil.test"))).await;
    }
    held(&world, 30).await;
    eventually("them to be gathered", async || gathered(&world).await.filter(|digest| digest.waiting.len() == 29))
        .await;
    assert_eq!(about("Held: mail from").await.len(), 1);

    world.advance(3_700).await;
    let digest = eventually("the digest", async || about("29 new senders").await.into_iter().next()).await;
    let text = digest.text();
    assert_eq!(text.matches("/callbacks/senders/").count(), 10, "{text}");
    assert!(text.contains("And 19 more") && text.contains("/held"), "{text}");
    world.slack_message("the digest in Slack", |message| says(message, "29 new senders wrote to")).await;
    // Each link decides about its own sender.
    let from = text.find("/callbacks/senders/").unwrap();
    let path = text[from..].split_whitespace().next().unwrap();
    assert_eq!(world.anyone.press(path, "block").await.status, 200);
    held(&world, 29).await;

    // The next hour is another one; and nothing is told twice.
    world.receive(&Letter::from("mallory@evil.test")).await;
    eventually("one to be gathered", async || gathered(&world).await.filter(|digest| digest.waiting.len() == 1)).await;
    world.advance(3_700).await;
    eventually("the next digest", async || about("from 1 new sender").await.into_iter().next()).await;
    eventually("it to be over", async || gathered(&world).await.filter(|digest| digest.waiting.is_empty())).await;
    assert_eq!(about("Held: mail from").await.len(), 3);
    let messages = world.slack_messages(SLACK_DANA).await;
    assert_eq!(messages.iter().filter(|message| says(message, "their mail is held")).count(), 2);
}

#[tokio::test]
async fn who_decides_is_told_of_the_next_one_at_once() {
    let world = gated().await;
    for sender in ["one@customer.test", "two@customer.test"] {
        world.receive(&Letter::from(sender)).await;
        let asked = world.slack_message("the question", |message| says(message, sender)).await;
        world.slack_press(SLACK_DANA, &asked, "block").await;
        world.slack_until(&asked, "Blocked by dana in Slack").await;
    }
}

/// SES's ids of what lies in the bucket.
async fn raw_mail(world: &World) -> Vec<String> {
    let (mails, _) = world.engine.store().list_inbound(None).await.unwrap();
    mails.into_iter().map(|(id, _)| id).collect()
}

#[tokio::test]
async fn raw_mail_that_nobody_is_to_read_goes_after_a_month() {
    let world = World::start().await;
    world.begin(&Letter::from(CUSTOMER).text("keep me")).await;
    let kept = raw_mail(&world).await;
    let contact = world.owner.post("/v1/contacts", json!({"email": "spam@elsewhere.test", "status": "blocked"})).await;
    contact.expect(201);
    world.receive(&Letter::from("spam@elsewhere.test").text("drop me")).await;
    world.receive_at("nobody@ai.novacore.test", &Letter::from(CUSTOMER).text("for nobody")).await;
    let all = eventually("all mail", async || Some(raw_mail(&world).await).filter(|all| all.len() == 3)).await;
    world.advance(29 * 86_400).await;
    world.sweep().await;
    assert_eq!(raw_mail(&world).await.len(), all.len());
    world.advance(2 * 86_400).await;
    let left = eventually("them to go", async || {
        world.advance(3_600).await;
        Some(raw_mail(&world).await).filter(|left| left.len() == 1)
    })
    .await;
    assert_eq!(left, kept);
    let key = BlobKey::inbound(&kept[0]).unwrap();
    assert!(world.engine.store().get_blob(&key).await.unwrap().is_some());
}

/// Mail whose event was lost: it lies in the bucket, and nobody was told.
#[tokio::test]
async fn mail_that_the_schedule_finds_is_received_or_goes_after_a_month_as_any_other() {
    let world = World::start().await;
    let found = Letter::from(CUSTOMER).text("keep me");
    for (name, address) in [("found", world.address()), ("for-nobody", "nobody@ai.novacore.test")] {
        let key = BlobKey::inbound(name).unwrap();
        world.engine.store().put_blob(&key, found.bytes(address), "message/rfc822").await.unwrap();
    }
    world.advance(20 * 60).await;
    world.sweep().await;
    assert_eq!(world.threads().await.len(), 1);
    assert_eq!(raw_mail(&world).await.len(), 2);
    world.advance(31 * 86_400).await;
    let left = eventually("the other one to go", async || {
        world.advance(3_600).await;
        Some(raw_mail(&world).await).filter(|left| left.len() == 1)
    })
    .await;
    assert_eq!(left, ["found"]);
}
