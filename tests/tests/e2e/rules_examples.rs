//! The examples of `docs/RULES.md` work as they stand.

use actionlayer_tests::{
    APPROVER, CUSTOMER, Letter, World, eventually, smtp,
    world::{array, id},
};
use serde_json::{Value, json};

use crate::rules_at_work::{results, runs, tags};

const DOCUMENT: &str = include_str!("../../../docs/RULES.md");

/// The examples, for the domain that the customer writes from.
fn examples() -> Vec<Value> {
    let blocks = DOCUMENT.split("```json\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    let examples: Vec<Value> = blocks
        .map(|block| serde_json::from_str(&block.replace("example.com", "customer.test")).expect("an example is JSON"))
        .collect();
    assert_eq!(examples.len(), 7);
    examples
}

async fn with(name: &str) -> (World, Value) {
    let world = World::start().await;
    let example = examples().into_iter().find(|example| example["name"] == name).expect("it is in the document");
    let rule = world.owner.post("/v1/rules", example).await.expect(201);
    (world, rule)
}

async fn last(world: &World, rule: &Value, count: usize) -> Vec<String> {
    results(&runs(world, rule, count).await[0])
}

#[tokio::test]
async fn all_of_them_can_be_made() {
    let world = World::start().await;
    for example in examples() {
        world.owner.post("/v1/rules", example).await.expect(201);
    }
    assert_eq!(world.owner.get("/v1/rules").await.expect(200)["total"], 7);
}

#[tokio::test]
async fn partners_are_trusted() {
    let (world, rule) = with("Trust partners").await;
    let thread = world.begin(&Letter::from(CUSTOMER)).await;
    assert_eq!(last(&world, &rule, 1).await, ["trust_contact: done", "add_tag: done"]);
    let thread = world.thread(&thread).await;
    assert_eq!((&thread["contact"]["status"], tags(&thread)), (&json!("trusted"), vec!["partner"]));
    world.begin(&Letter::from("eve@elsewhere.test")).await;
    assert!(last(&world, &rule, 2).await.is_empty());
    // Somebody else under their name.
    world.begin(&Letter::from("mallory@elsewhere.test").header("From", "boss@customer.test")).await;
    assert!(last(&world, &rule, 3).await.is_empty());
}

#[tokio::test]
async fn an_order_number_is_answered() {
    let (world, rule) = with("Answer an order number").await;
    let letter = Letter::from(CUSTOMER).subject("Where is order #4711?");
    world.begin(&letter).await;
    assert_eq!(last(&world, &rule, 1).await, ["auto_reply: done", "add_tag: done"]);
    let mail = world.the_answer().await;
    assert!(mail.text().contains("We have your order number"), "{}", mail.text());
    assert_eq!(mail.header("In-Reply-To").as_deref(), Some(format!("<{}>", letter.id()).as_str()));
    world.begin(&Letter::from(CUSTOMER).subject("An order of magnitude")).await;
    assert!(last(&world, &rule, 2).await.is_empty());
}

#[tokio::test]
async fn newsletters_are_closed() {
    let (world, rule) = with("Close newsletters").await;
    let letter = Letter::from("news@elsewhere.test")
        .header("List-Id", "<news.elsewhere.test>")
        .header("Precedence", "bulk")
        .text("Our offers. To unsubscribe, write to us.");
    let thread = world.begin(&letter).await;
    let results = last(&world, &rule, 1).await;
    assert_eq!((results[0].as_str(), results[2].as_str()), ("set_thread_status: done", "skip_ai: done"));
    let thread = world.thread(&thread).await;
    assert_eq!((&thread["status"], &thread["needs_review"]), (&json!("closed"), &json!(false)));
    assert_eq!(thread["skip_ai"], true);
}

#[tokio::test]
async fn attachments_wait_for_a_person() {
    let (world, rule) = with("Hold attachments for a person").await;
    let raw = format!(
        "From: <{CUSTOMER}>\r\nTo: <{}>\r\nSubject: A file\r\nMessage-ID: <file@customer.test>\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nHere.\r\n\
         --b\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment; filename=a.pdf\r\n\r\n%PDF\r\n--b--\r\n",
        world.address()
    );
    smtp::send(world.engine.smtp, CUSTOMER, &[world.address()], raw.as_bytes()).await.expect("the mail is taken");
    let thread = eventually("the thread", async || world.threads().await.pop()).await;
    let results = last(&world, &rule, 1).await;
    assert_eq!((results[0].as_str(), results[3].as_str()), ("skip_ai: done", "notify: done"));
    let thread = world.thread(&thread).await;
    assert_eq!((&thread["skip_ai"], tags(&thread)), (&json!(true), vec!["attachment"]));
    let mail = eventually("the approver to be told", async || {
        world.sent_to(APPROVER).await.into_iter().find(|mail| mail.text().contains(id(&thread)))
    })
    .await;
    assert!(mail.header("Subject").unwrap().contains("Hold attachments"), "{:?}", mail.header("Subject"));
    world.come_to_rest().await;
    let told = world.sent_to(APPROVER).await.into_iter().filter(|mail| mail.text().contains(id(&thread))).count();
    assert_eq!(told, 1);
}

#[tokio::test]
async fn small_talk_of_trusted_contacts_is_approved_and_sent() {
    let (world, rule) = with("Approve small talk").await;
    let thread = world.begin(&Letter::from(CUSTOMER)).await;
    let contact = format!("/v1/contacts/{}", thread["contact"]["id"].as_str().unwrap());
    world.owner.patch(&contact, json!({"status": "trusted"})).await.expect(200);
    let mut proposal = world.proposal(&thread, "Have a nice day, too.");
    proposal["metadata"] = json!({"intent": "small_talk", "confidence": 0.97});
    let draft = world.owner.post("/v1/drafts", proposal).await.expect(201);
    assert_eq!(last(&world, &rule, 1).await, ["approve_draft: done", "send_draft: done"]);
    assert_eq!(world.until_draft(&draft, "sent").await["decided_by"]["name"], "Approve small talk");
}

#[tokio::test]
async fn threads_are_tagged_by_domain() {
    let (world, rule) = with("Tag by domain").await;
    for (number, from) in [CUSTOMER, "ada@sub.customer.test"].into_iter().enumerate() {
        let thread = world.begin(&Letter::from(from)).await;
        assert_eq!(last(&world, &rule, number + 1).await, ["add_tag: done"]);
        assert_eq!(tags(&world.thread(&thread).await), ["example"]);
    }
    world.begin(&Letter::from("ada@othercustomer.test")).await;
    assert!(last(&world, &rule, 3).await.is_empty());
}

#[tokio::test]
async fn what_nobody_decided_is_escalated() {
    let (world, rule) = with("Escalate what nobody decided").await;
    let letter = Letter::from(CUSTOMER);
    let thread = world.begin(&letter).await;
    let draft = world.submit(&thread, "Yes.").await;
    world.answer(&thread, &Letter::from(CUSTOMER).in_reply_to(letter.id())).await;
    world.until_draft(&draft, "stale").await;
    let results = last(&world, &rule, 1).await;
    assert_eq!(results[1..], ["add_tag: done", "notify: done"]);
    assert_eq!(tags(&world.thread(&thread).await), ["escalated"]);
    eventually("the approver to be told", async || {
        let sent = world.sent_to(APPROVER).await;
        sent.into_iter().find(|mail| mail.text().contains("Escalate what nobody decided"))
    })
    .await;
    assert!(array(&world.owner.get("/v1/drafts").await.expect(200)["data"]).iter().all(|one| one["status"] == "stale"));
}
