//! What happens to rules, and between two of them, while something is on its way.

use actionlayer_tests::{
    CUSTOMER, Letter, World, eventually,
    world::{array, id},
};
use serde_json::{Value, json};

use crate::rules_at_work::{made, results, runs, tags};

fn tag(tag: &str) -> Value {
    json!([{"type": "add_tag", "tag": tag}])
}

fn path(rule: &Value) -> String {
    format!("/v1/rules/{}", id(rule))
}

async fn all_runs(world: &World, rule: &Value) -> Vec<Value> {
    let list = world.owner.get(&format!("{}/runs?limit=100", path(rule))).await.expect(200);
    array(&list["data"]).to_vec()
}

#[tokio::test]
async fn a_rule_that_changed_between_event_and_run_is_left_alone() {
    let world = World::start().await;
    let rule = async |name: &str| {
        let more = json!({"name": name, "stop_after_match": name == "edited"});
        made(&world, "draft.created", json!([]), tag(name), more).await
    };
    let edited = rule("edited").await;
    let off = rule("off").await;
    let deleted = rule("deleted").await;
    let kept = rule("kept").await;
    let thread = world.begin(&Letter::from(CUSTOMER)).await;
    // Nothing gets into a queue: it happened, and nothing follows from it yet.
    world.fault("sqs", "*", "throttle", 1_000_000).await;
    world.submit(&thread, "Yes.").await;
    world.owner.patch(&path(&edited), json!({"actions": tag("another")})).await.expect(200);
    world.owner.patch(&path(&off), json!({"active": false})).await.expect(200);
    world.owner.delete(&path(&deleted)).await.expect(204);
    let late = rule("late").await;
    world.no_faults().await;
    let run = runs(&world, &kept, 1).await.remove(0);
    assert_eq!(results(&run), ["add_tag: done"]);
    assert!(all_runs(&world, &edited).await.is_empty() && all_runs(&world, &late).await.is_empty());
    assert!(all_runs(&world, &off).await.is_empty());
    assert_eq!(tags(&world.thread(&thread).await), ["kept"]);
    // At the next event it is as it is now: alone, for it stops what follows.
    let other = world.begin(&Letter::from("bob@customer.test")).await;
    world.submit(&other, "Yes.").await;
    let run = runs(&world, &edited, 1).await.remove(0);
    assert_eq!(results(&run), ["add_tag: done"]);
    assert_eq!(tags(&world.thread(&other).await), ["another"]);
}

/// That their status is this one.
fn is(status: &str) -> Value {
    json!([{"field": "contact.status", "op": "equals", "value": status}])
}

#[tokio::test]
async fn what_a_rule_decided_about_a_sender_is_not_seen_at_mail_that_was_there_before() {
    for action in ["block_contact", "trust_contact"] {
        let world = World::start().await;
        let letter = Letter::from(CUSTOMER);
        let thread = world.begin(&letter).await;
        let decides = made(&world, "email.received", is("pending"), json!([{"type": action}]), json!({})).await;
        world.fault("sqs", "*", "throttle", 1_000_000).await;
        for _ in 0..2 {
            world.answer(&thread, &Letter::from(CUSTOMER).in_reply_to(letter.id())).await;
        }
        world.no_faults().await;
        // Whichever came first decided; at the other one they were still unknown.
        let both = runs(&world, &decides, 2).await;
        let mut results: Vec<String> = both.iter().flat_map(results).collect();
        results.sort();
        assert_eq!(results, [format!("{action}: done"), format!("{action}: unchanged")], "{both:?}");
    }
}

#[tokio::test]
async fn a_draft_was_overtaken_by_its_reader_as_they_were_then() {
    let world = World::start().await;
    let letter = Letter::from(CUSTOMER);
    let thread = world.begin(&letter).await;
    let draft = world.submit(&thread, "Yes.").await;
    let of_stranger = made(&world, "draft.stale", is("pending"), tag("stranger"), json!({})).await;
    let of_trusted = made(&world, "draft.stale", is("trusted"), tag("trusted"), json!({})).await;
    world.fault("sqs", "*", "throttle", 1_000_000).await;
    world.answer(&thread, &Letter::from(CUSTOMER).in_reply_to(letter.id())).await;
    world.until_draft(&draft, "stale").await;
    let contact = format!("/v1/contacts/{}", thread["contact"]["id"].as_str().unwrap());
    world.owner.patch(&contact, json!({"status": "trusted"})).await.expect(200);
    world.no_faults().await;
    assert_eq!(results(&runs(&world, &of_stranger, 1).await[0]), ["add_tag: done"]);
    assert_eq!(runs(&world, &of_trusted, 1).await[0]["matched"], false);
    assert_eq!(tags(&world.thread(&thread).await), ["stranger"]);
}

#[tokio::test]
async fn the_reader_of_a_draft_is_looked_at_as_they_were_then() {
    let world = World::start().await;
    let thread = world.begin(&Letter::from(CUSTOMER)).await;
    let contact = format!("/v1/contacts/{}", thread["contact"]["id"].as_str().unwrap());
    let mut rules = Vec::new();
    for trigger in ["draft.created", "draft.approved"] {
        for status in ["pending", "trusted"] {
            let tagged = tag(&format!("{trigger} {status}").replace('.', " "));
            rules.push(made(&world, trigger, is(status), tagged, json!({})).await);
        }
    }
    world.fault("sqs", "*", "throttle", 1_000_000).await;
    let draft = world.submit(&thread, "Yes.").await;
    world.act(&draft, "approve").await.expect(200);
    world.owner.patch(&contact, json!({"status": "trusted", "tags": ["vip"]})).await.expect(200);
    world.no_faults().await;
    for rule in &rules {
        runs(&world, rule, 1).await;
    }
    let thread = world.thread(&thread).await;
    let mut tagged = tags(&thread);
    tagged.sort_unstable();
    assert_eq!(tagged, ["draft approved pending", "draft created pending"]);
}

#[tokio::test]
async fn a_rule_that_changed_while_it_was_carried_out_does_not_begin_anew() {
    const ROUNDS: usize = 4;
    let world = World::start().await;
    let old = json!([{"type": "add_tag", "tag": "old"}, {"type": "skip_ai"}]);
    for round in 0..ROUNDS {
        let rule = made(&world, "draft.created", json!([]), old.clone(), json!({})).await;
        let thread = world.begin(&Letter::from(&format!("p{round}@customer.test"))).await;
        // Its worker dies somewhere in the middle.
        world.fault("lambda", "rules", "crash_after", 1).await;
        world.submit(&thread, "Yes.").await;
        eventually("a worker to die", async || world.faults_are_used_up().await.then_some(())).await;
        match round % 3 {
            0 => _ = world.owner.patch(&path(&rule), json!({"actions": tag("new")})).await.expect(200),
            1 => _ = world.owner.patch(&path(&rule), json!({"active": false})).await.expect(200),
            _ => _ = world.owner.delete(&path(&rule)).await.expect(204),
        }
        world.come_to_rest().await;
        let thread = world.thread(&thread).await;
        // All of what it was, or nothing; never what it became.
        let happened = match tags(&thread)[..] {
            [] => false,
            ["old"] => true,
            _ => panic!("{thread}"),
        };
        if round % 3 == 2 {
            continue;
        }
        let ours: Vec<Value> =
            all_runs(&world, &rule).await.into_iter().filter(|run| run["thread_id"] == thread["id"]).collect();
        assert!(ours.len() <= 1, "{ours:?}");
        if let Some(run) = ours.first() {
            let withheld = run["withheld"] == "rule_changed";
            assert!(withheld || results(run) == ["add_tag: done", "skip_ai: done"], "{run}");
            assert_eq!((happened, thread["skip_ai"].as_bool()), (!withheld, Some(!withheld)), "{run}");
        } else {
            assert!(!happened, "it says nothing of what it did");
        }
        world.owner.delete(&path(&rule)).await.expect(204);
    }
}

#[tokio::test]
async fn two_rules_that_undo_each_other_come_to_an_end() {
    let world = World::start().await;
    let approves = made(&world, "draft.created", json!([]), json!([{"type": "approve_draft"}]), json!({})).await;
    let rejects = made(&world, "draft.approved", json!([]), json!([{"type": "reject_draft"}]), json!({})).await;
    let closes = json!([{"type": "set_thread_status", "status": "closed"}, {"type": "add_tag", "tag": "x"}]);
    let first = made(&world, "email.received", json!([]), closes, json!({"priority": 1})).await;
    let opens = json!([{"type": "set_thread_status", "status": "open"}, {"type": "remove_tag", "tag": "x"}]);
    let second = made(&world, "email.received", json!([]), opens, json!({"priority": 2})).await;
    let thread = world.begin(&Letter::from(CUSTOMER)).await;
    assert_eq!(results(&runs(&world, &first, 1).await[0]), ["set_thread_status: done", "add_tag: done"]);
    // Each acts once, the later one last.
    assert_eq!(results(&runs(&world, &second, 1).await[0]), ["set_thread_status: done", "remove_tag: done"]);
    let thread = world.thread(&thread).await;
    assert_eq!((&thread["status"], tags(&thread)), (&json!("open"), vec![]));
    let draft = world.submit(&thread, "Yes.").await;
    assert_eq!(results(&runs(&world, &approves, 1).await[0]), ["approve_draft: done"]);
    world.come_to_rest().await;
    assert_eq!(world.reread(&draft).await["status"], "approved");
    assert!(all_runs(&world, &rejects).await.is_empty(), "a rule approved it");
}

#[tokio::test]
async fn two_mailboxes_that_answer_each_other_come_to_an_end() {
    let world = World::start_with(json!({"can_send_cold": true})).await;
    let other = world.new_identity("leo", json!({})).await;
    let answer = json!([{"type": "auto_reply", "body_text": "Thank you."}]);
    let answers = made(&world, "email.received", json!([]), answer, json!({})).await;
    let to = other["email_address"].as_str().unwrap();
    let cold = json!({"identity_id": world.identity["id"], "to": to, "subject": "Ping", "body_text": "Hello"});
    world.owner.post("/v1/emails/send", cold).await.expect(202);
    // It came to the other one, whose answer, if there was one, came back as a machine's.
    eventually("an end", async || {
        let ran = all_runs(&world, &answers).await;
        let refused = |run: &Value| results(run) == ["auto_reply: refused automated_sender"];
        ran.iter().any(refused).then_some(())
    })
    .await;
    world.come_to_rest().await;
    let ours = all_runs(&world, &answers).await;
    let answered = ours.iter().filter(|run| results(run) == ["auto_reply: done"]).count();
    // The first mail may be answered, and so is each of the mails that showed that all is at rest.
    assert!(answered <= 4, "{ours:?}");
    assert!(world.sent_to(to).await.len() <= 2 && world.sent_to(world.address()).await.len() <= 2);
}
