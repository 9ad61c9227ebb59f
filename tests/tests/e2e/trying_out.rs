//! Test mails of identities, the mail program of everybody else, and reading a long thread by pages.

use actionlayer_tests::{APPROVER, Answer, CUSTOMER, Letter, World, eventually, world::id};
use reqwest::Method;
use serde_json::json;

#[tokio::test]
async fn an_identity_sends_a_test_mail() {
    let world = World::start().await;
    let path = format!("/v1/identities/{}/test-email", id(&world.identity));
    let queued = world.owner.post_empty(&path).await.expect(202);
    world.until_message(&queued["message_id"], &["delivered"]).await;
    let sent = world.sent_to(APPROVER).await;
    assert_eq!(sent.len(), 1);
    assert!(sent[0].message().subject().unwrap().contains(world.address()));
    assert!(sent[0].header("From").unwrap().contains(world.address()));
    let queued = world.key("automation").await.post(&path, json!({"to": "me@elsewhere.test"})).await.expect(202);
    world.until_message(&queued["message_id"], &["delivered"]).await;
    assert_eq!(world.sent_to("me@elsewhere.test").await.len(), 1);

    let refused = world.owner.post(&path, json!({"to": "nobody"})).await.refused(422, "validation_error");
    assert_eq!(refused["details"][0]["field"], "to");
    world.key("agent").await.post_empty(&path).await.refused(403, "forbidden");
    let identity = format!("/v1/identities/{}", id(&world.identity));
    world.owner.patch(&identity, json!({"approval_channel": null})).await.expect(200);
    let refused = world.owner.post_empty(&path).await.refused(422, "validation_error");
    assert_eq!(refused["details"][0]["field"], "to");
    world.owner.patch(&identity, json!({"status": "suspended"})).await.expect(200);
    world.owner.post(&path, json!({"to": "me@elsewhere.test"})).await.refused(422, "identity_suspended");
}

/// Posts the form of `/local/mail`, as its page does.
async fn write(world: &World, to: &str, subject: &str, text: &str, answers: &str) -> Answer {
    let encoded = |text: &str| text.replace('@', "%40").replace(' ', "+");
    let form = format!(
        "from={}&to={}&subject={}&text={}&answers={answers}",
        encoded(CUSTOMER),
        encoded(to),
        encoded(subject),
        encoded(text)
    );
    let headers = [("content-type", "application/x-www-form-urlencoded"), ("origin", world.engine.http.as_str())];
    world.anyone.staying().ask(Method::POST, "/local/mail", &headers, form.into_bytes()).await
}

#[tokio::test]
async fn mail_is_written_read_and_answered_in_a_browser() {
    let world = World::start().await;
    let refused = write(&world, "mia@elsewhere.test", "Hello", "Hi", "").await;
    assert!(refused.status == 422 && refused.text().contains("No domain"), "{}", refused.text());
    assert_eq!(write(&world, "nobody", "Hello", "Hi", "").await.status, 422);
    assert_eq!(write(&world, world.address(), "Opening hours", "When do you open", "").await.status, 303);
    let thread = eventually("the thread", async || {
        world.threads().await.into_iter().find(|thread| thread["subject"] == "Opening hours")
    })
    .await;
    let draft = world.asked(&thread, "We open at nine.").await;
    world.approval_mail("We open at nine.").await;
    let list = world.anyone.get("/local/mail").await.text();
    let read = list.split("?read=").nth(1).unwrap().split('"').next().unwrap();
    let approval = world.anyone.get(&format!("/local/mail?read={read}")).await.text();
    assert!(approval.contains(&format!("<a href=\"{}/callbacks/email/", world.engine.http)), "{approval}");

    world.act(&draft, "approve").await.expect(200);
    world.act(&draft, "send").await.expect(202);
    let sent = world.the_answer().await;
    let form = world.anyone.get(&format!("/local/mail?answer={}", sent.id)).await.text();
    assert!(form.contains(&format!("value=\"{}\"", world.address())) && form.contains("Re: Opening hours"), "{form}");
    let answer = write(&world, world.address(), "Re: Opening hours", "And on Sundays", &sent.id).await;
    assert_eq!(answer.status, 303);
    eventually("the answer in the same thread", async || {
        let thread = world.thread(&thread).await;
        thread["messages"].as_array()?.iter().any(|message| message["snippet"] == "And on Sundays").then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_long_thread_is_read_by_pages() {
    let world = World::start().await;
    let first = Letter::from(CUSTOMER).subject("Long");
    let mut thread = world.begin(&first).await;
    for n in 1..7 {
        thread =
            world.answer(&thread, &Letter::from(CUSTOMER).text(&format!("message {n}")).in_reply_to(first.id())).await;
    }
    let path = format!("/v1/threads/{}/messages", id(&thread));
    let whole = world.owner.get(&path).await.expect(200);
    assert_eq!((&whole["total"], &whole["next_cursor"], &whole["limit"]), (&json!(7), &json!(null), &json!(20)));
    let mut newest_first = thread["messages"].as_array().unwrap().clone();
    newest_first.reverse();
    assert_eq!(whole["data"], json!(newest_first), "as the thread shows them, the other way round");
    let (mut seen, mut next) = (Vec::new(), format!("{path}?limit=3"));
    loop {
        let page = world.owner.get(&next).await.expect(200);
        assert_eq!(page["total"], 7);
        seen.extend(page["data"].as_array().unwrap().clone());
        match page["next_cursor"].as_str() {
            Some(cursor) => next = format!("{path}?limit=3&cursor={cursor}"),
            None => break,
        }
    }
    assert_eq!(seen, newest_first);
    let page = world.owner.get(&format!("{path}?limit=2&offset=4")).await.expect(200);
    assert_eq!(page["data"], json!(newest_first[4..6]));
    let other = world.begin(&Letter::from("bob@customer.test").subject("Other")).await;
    let cursor =
        world.owner.get(&format!("{path}?limit=1")).await.expect(200)["next_cursor"].as_str().unwrap().to_owned();
    let refused = world
        .owner
        .get(&format!("/v1/threads/{}/messages?cursor={cursor}", id(&other)))
        .await
        .refused(422, "validation_error");
    assert_eq!(refused["details"][0]["field"], "cursor");
    world.owner.get(&format!("{path}?offset=1001")).await.refused(422, "validation_error");
    world.owner.get(&format!("/v1/threads/{}/messages", id(&world.identity))).await.refused(404, "not_found");
}
