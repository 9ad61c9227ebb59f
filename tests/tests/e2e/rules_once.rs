//! Each effect of a rule happens once, whatever comes twice, late or not at all.

use actionlayer_tests::{
    CUSTOMER, Letter, World, eventually,
    world::{array, id},
};
use serde_json::{Value, json};

use crate::{
    chance::Chance,
    rules_at_work::{made, results, runs, tags},
};

/// A rule that does something of each kind.
async fn busy(world: &World) -> Value {
    let actions = json!([
        {"type": "add_tag", "tag": "order"},
        {"type": "auto_reply", "body_text": "Your order is on its way."},
        {"type": "trust_contact"},
        {"type": "set_needs_review", "needs_review": true},
    ]);
    made(world, "email.received", json!([]), actions, json!({"name": "Orders"})).await
}

/// Waits as [`eventually`] does. Now and then time passes, so that what a dead worker held comes again.
async fn patiently<T>(world: &World, what: &str, mut probe: impl AsyncFnMut() -> Option<T>) -> T {
    let mut probes = 0;
    eventually(what, async || {
        probes += 1;
        if probes % 50 == 0 {
            world.advance(200).await;
        }
        probe().await
    })
    .await
}

async fn answers(world: &World, to: &str) -> usize {
    world.sent_to(to).await.iter().filter(|mail| mail.text().contains("on its way")).count()
}

#[tokio::test]
async fn duplicates_and_disorder_change_nothing() {
    let world = World::start().await;
    let rule = busy(&world).await;
    world.fault("sqs", "ReceiveMessage", "duplicate_delivery", 100_000).await;
    world.fault("sqs", "ReceiveMessage", "reorder", 100_000).await;
    let people: Vec<_> = (0..6).map(|number| format!("p{number}@customer.test")).collect();
    for person in &people {
        world.receive(&Letter::from(person)).await;
    }
    let runs = runs(&world, &rule, people.len()).await;
    for run in &runs {
        assert_eq!(results(run)[..3], ["add_tag: done", "auto_reply: done", "trust_contact: done"], "{run}");
    }
    world.no_faults().await;
    for person in &people {
        eventually("the answer", async || (answers(&world, person).await > 0).then_some(())).await;
    }
    world.come_to_rest().await;
    for person in &people {
        assert_eq!(answers(&world, person).await, 1, "{person}");
    }
    let from = |thread: &Value| thread["messages"][0]["from_email"].as_str().unwrap().to_owned();
    for thread in world.threads().await.iter().filter(|thread| people.contains(&from(thread))) {
        assert_eq!(tags(thread), ["order"]);
        assert_eq!(thread["messages_total"], 2, "a mail and its answer");
    }
}

#[tokio::test]
async fn a_worker_that_dies_between_action_and_record_does_nothing_twice() {
    let world = World::start().await;
    let rule = busy(&world).await;
    let both = json!([{"type": "approve_draft"}, {"type": "send_draft"}]);
    let sends = made(&world, "draft.created", json!([]), both, json!({})).await;
    for (round, kind) in ["crash_after", "relay", "crash_after", "timeout_after_effect"].into_iter().enumerate() {
        let person = format!("round{round}@customer.test");
        match kind {
            "crash_after" => world.fault("lambda", "rules", "crash_after", 2).await,
            "relay" => world.fault("lambda", "relay", "crash_after", 2).await,
            kind => world.fault("dynamodb", "TransactWriteItems", kind, 2).await,
        }
        world.receive(&Letter::from(&person)).await;
        // What a dead worker held comes again when its time is over.
        let over = async || {
            let list = world.owner.get(&format!("/v1/rules/{}/runs", id(&rule))).await.expect(200);
            let runs = array(&list["data"]);
            (runs.len() == round + 1 && runs[0]["finished_at"].is_string()).then(|| runs[0].clone())
        };
        let run = patiently(&world, "the run", over).await;
        assert_eq!(results(&run)[..3], ["add_tag: done", "auto_reply: done", "trust_contact: done"], "{kind}: {run}");
    }
    world.no_faults().await;
    world.fault("lambda", "rules", "crash_after", 2).await;
    // Else its answer would be the first.
    world.owner.patch(&format!("/v1/rules/{}", id(&rule)), json!({"active": false})).await.expect(200);
    let thread = world.begin(&Letter::from(CUSTOMER).subject("by a draft")).await;
    let draft = world.submit(&thread, "Sent once.").await;
    let sent = patiently(&world, "the draft to be sent", async || {
        let draft = world.reread(&draft).await;
        (draft["status"] == "sent").then_some(draft)
    })
    .await;
    assert_eq!(sent["decided_by"]["kind"], "rule");
    patiently(&world, "the run to be over", async || {
        let list = world.owner.get(&format!("/v1/rules/{}/runs", id(&sends))).await.expect(200);
        list["data"][0]["finished_at"].is_string().then_some(())
    })
    .await;
    assert_eq!(results(&runs(&world, &sends, 1).await[0]), ["approve_draft: done", "send_draft: done"]);
    world.come_to_rest().await;
    for round in 0..4 {
        assert_eq!(answers(&world, &format!("round{round}@customer.test")).await, 1, "round {round}");
    }
    let mails = world.sent_to(CUSTOMER).await;
    assert_eq!(mails.iter().filter(|mail| mail.text().contains("Sent once.")).count(), 1);
}

#[tokio::test]
async fn the_machine_may_go_down_at_any_moment() {
    const ROUNDS: u64 = 6;
    let mut chance = Chance::new(7);
    let mut world = World::start().await;
    let rule = busy(&world).await;
    for round in 0..ROUNDS {
        world.receive(&Letter::from(&format!("k{round}@customer.test"))).await;
        let moment = std::time::Duration::from_millis(chance.below(300));
        let _ = tokio::time::timeout(moment, std::future::pending::<()>()).await;
        world.crash_and_restart().await;
    }
    world.come_to_rest().await;
    let list = world.owner.get(&format!("/v1/rules/{}/runs?limit=100", id(&rule))).await.expect(200);
    let ours = array(&list["data"]).len();
    assert!(ours >= usize::try_from(ROUNDS).unwrap(), "{list}");
    for run in array(&list["data"]) {
        assert!(run["finished_at"].is_string(), "{run}");
        assert_eq!(results(run)[0], "add_tag: done", "{run}");
    }
    for round in 0..ROUNDS {
        let person = format!("k{round}@customer.test");
        let found = world.owner.get(&format!("/v1/threads?contact={person}")).await.expect(200);
        let thread = world.thread(&found["data"][0]).await;
        let outbound: Vec<_> =
            array(&thread["messages"]).iter().filter(|message| message["direction"] == "outbound").collect();
        assert_eq!(outbound.len(), 1, "{person}: {thread}");
        // Killed with the mail in its hands, nobody knows whether it left; then it is not sent again.
        let left = answers(&world, &person).await;
        let in_doubt = outbound[0]["delivery_status"] == "failed";
        assert!(left == 1 || (left == 0 && in_doubt), "{person}: {left} {}", outbound[0]);
    }
}
