//! Every trigger with every action and every operator: what goes together is carried out once, the rest is refused.

use std::collections::HashSet;

use actionlayer_tests::{
    CUSTOMER, Engine, Letter, World, eventually,
    world::{DOMAIN, array, id},
};
use futures_util::{StreamExt as _, stream};
use serde_json::{Value, json};

use crate::rules_at_work::{results, tags};

const TRIGGERS: [&str; 7] =
    ["email.received", "email.sent", "email.delivered", "draft.created", "draft.approved", "draft.sent", "draft.stale"];

const ACTIONS: [&str; 13] = [
    "approve_draft",
    "send_draft",
    "reject_draft",
    "set_thread_status",
    "set_needs_review",
    "add_tag",
    "remove_tag",
    "skip_ai",
    "trust_contact",
    "block_contact",
    "assign_identity",
    "auto_reply",
    "notify",
];

/// As the table of the document has it.
fn may_follow(action: &str, trigger: &str) -> bool {
    match action {
        "approve_draft" => trigger == "draft.created",
        "send_draft" => matches!(trigger, "draft.created" | "draft.approved"),
        "reject_draft" => matches!(trigger, "draft.created" | "draft.approved" | "draft.stale"),
        "assign_identity" | "auto_reply" => trigger == "email.received",
        _ => true,
    }
}

fn action(kind: &str, other_identity: &Value) -> Value {
    let mut action = match kind {
        "reject_draft" => json!({"reason": "No."}),
        "set_thread_status" => json!({"status": "closed"}),
        "set_needs_review" => json!({"needs_review": false}),
        "add_tag" => json!({"tag": "added"}),
        "remove_tag" => json!({"tag": "removed"}),
        "assign_identity" => json!({"identity_id": other_identity}),
        "auto_reply" => json!({"body_text": "Thank you."}),
        _ => json!({}),
    };
    action["type"] = json!(kind);
    action
}

/// Each operator, with a condition that holds for every thread here at every trigger.
fn holding() -> [Value; 11] {
    [
        json!({"field": "thread.message_count", "op": "in", "value": [1, 2, 3]}),
        json!({"field": "contact.email", "op": "not_equals", "value": "nobody@elsewhere.test"}),
        json!({"field": "thread.subject", "op": "contains", "value": "MATRIX"}),
        json!({"field": "thread.subject", "op": "not_contains", "value": "zzz"}),
        json!({"field": "thread.subject", "op": "starts_with", "value": "matrix"}),
        json!({"field": "contact.email", "op": "ends_with", "value": "@Customer.test"}),
        json!({"field": "contact.status", "op": "equals", "value": "pending"}),
        json!({"field": "thread.subject", "op": "matches", "value": "^matrix (email|draft)\\.[a-z]+"}),
        json!({"field": "contact.email", "op": "exists"}),
        json!({"field": "thread.message_count", "op": "gt", "value": 0}),
        json!({"field": "thread.message_count", "op": "lt", "value": 9}),
    ]
}

/// Each operator, with a condition that holds for none of them.
fn failing(trigger: &str) -> [Value; 11] {
    let from = if matches!(trigger, "email.sent" | "email.delivered") { DOMAIN } else { "customer.test" };
    [
        json!({"field": "thread.subject", "op": "equals", "value": "something else"}),
        json!({"field": "message.from_domain", "op": "not_equals", "value": from}),
        json!({"field": "thread.subject", "op": "contains", "value": "zzz"}),
        json!({"field": "thread.subject", "op": "not_contains", "value": "Matrix"}),
        json!({"field": "thread.subject", "op": "starts_with", "value": "zzz"}),
        json!({"field": "contact.email", "op": "ends_with", "value": "@elsewhere.test"}),
        json!({"field": "thread.message_count", "op": "in", "value": [0, 99]}),
        json!({"field": "thread.subject", "op": "matches", "value": "^zzz$"}),
        json!({"field": "contact.email", "op": "exists", "value": false}),
        json!({"field": "thread.message_count", "op": "gt", "value": 9}),
        json!({"field": "thread.message_count", "op": "lt", "value": 1}),
    ]
}

fn rule(name: &str, trigger: &str, conditions: &[Value], actions: &Value) -> Value {
    json!({
        "name": name, "trigger": trigger, "actions": [actions],
        "conditions": {"operator": "AND", "conditions": conditions},
    })
}

fn subject(trigger: &str, action: &str) -> String {
    format!("Matrix {trigger} {action}")
}

/// What comes together: 64 of 91.
fn pairs() -> Vec<(&'static str, &'static str)> {
    let all = TRIGGERS.into_iter().flat_map(|trigger| ACTIONS.map(|action| (trigger, action)));
    all.filter(|(trigger, action)| may_follow(action, trigger)).collect()
}

async fn world() -> (World, Value) {
    let world = World::start_on(Engine::start_with(&["RateLimits=off"]).await, json!({})).await;
    let other = world.new_identity("leo", json!({})).await["id"].clone();
    (world, other)
}

/// Brings a thread to where the trigger fires for it.
async fn happen(world: &World, trigger: &str, action: &str, number: usize) -> Value {
    let person = format!("m{number}@customer.test");
    let letter = Letter::from(&person).subject(&subject(trigger, action));
    let thread = world.begin(&letter).await;
    if trigger == "email.received" {
        return thread;
    }
    let draft = world.submit(&thread, "Yes.").await;
    match trigger {
        "draft.created" => {}
        "draft.stale" => _ = world.answer(&thread, &Letter::from(&person).in_reply_to(letter.id())).await,
        _ => {
            world.act(&draft, "approve").await.expect(200);
            if trigger != "draft.approved" {
                world.act(&draft, "send").await.expect(202);
            }
        }
    }
    thread
}

/// What the action is expected to say, and whether the thread shows it.
fn is_as_expected(trigger: &str, action: &str, result: &str, thread: &Value, other_identity: &Value) -> bool {
    let draft = &thread["drafts"][0];
    let (said, seen) = match action {
        "approve_draft" => ("done", draft["status"] == "approved" && draft["decided_by"]["kind"] == "rule"),
        "send_draft" => ("done", draft["status"] == "sent"),
        "reject_draft" => match trigger {
            "draft.created" => ("done", draft["status"] == "rejected" && draft["decided_by"]["kind"] == "rule"),
            _ => return result.starts_with("reject_draft: "),
        },
        "set_thread_status" => return !result.contains("failed"),
        "set_needs_review" => {
            return !result.contains("failed") && (trigger == "draft.stale" || thread["needs_review"] == false);
        }
        "add_tag" => ("done", tags(thread) == ["added"]),
        "remove_tag" => ("unchanged", tags(thread).is_empty()),
        "skip_ai" => ("done", thread["skip_ai"] == true),
        "trust_contact" => ("done", thread["contact"]["status"] == "trusted"),
        "block_contact" => ("done", thread["contact"]["status"] == "blocked"),
        "assign_identity" => ("done", &thread["identity_id"] == other_identity),
        "auto_reply" => ("done", draft["status"] == "sent" && draft["decided_by"]["kind"] == "rule"),
        _ => ("done", true),
    };
    result == format!("{action}: {said}") && seen
}

#[tokio::test]
async fn every_action_is_carried_out_once_after_every_trigger_that_it_may_follow() {
    let (world, other) = world().await;
    let mut made = Vec::new();
    for (i, (trigger, kind)) in pairs().into_iter().enumerate() {
        // Two operators each, so that at each trigger all of them decide something.
        let of_this = json!({"field": "thread.subject", "op": "equals", "value": subject(trigger, kind)});
        let all = holding();
        let conditions = [of_this, all[2 * i % 11].clone(), all[(2 * i + 1) % 11].clone()];
        let rule = rule(&subject(trigger, kind), trigger, &conditions, &action(kind, &other));
        made.push((trigger, kind, world.owner.post("/v1/rules", rule).await.expect(201)));
    }
    assert_eq!(made.len(), 64);
    let mut never = Vec::new();
    for trigger in TRIGGERS {
        for condition in failing(trigger) {
            let rule = rule("never", trigger, &[condition], &json!({"type": "add_tag", "tag": "never"}));
            never.push(world.owner.post("/v1/rules", rule).await.expect(201));
        }
    }
    let (world, other) = (&world, &other);
    let threads = made.iter().enumerate().map(async |(i, (trigger, kind, _))| happen(world, trigger, kind, i).await);
    let threads: Vec<Value> = stream::iter(threads).buffered(4).collect().await;
    let matched = async |rule: &Value| {
        let list = world.owner.get(&format!("/v1/rules/{}/runs?limit=100", id(rule))).await.expect(200);
        array(&list["data"]).iter().filter(|run| run["matched"] == true).cloned().collect::<Vec<_>>()
    };
    for ((trigger, kind, rule), thread) in made.iter().zip(&threads) {
        let result = eventually(&format!("{kind} after {trigger}"), async || {
            let runs = matched(rule).await;
            runs.first().filter(|run| run["finished_at"].is_string()).map(|run| results(run).remove(0))
        })
        .await;
        eventually(&format!("what {kind} does after {trigger}: {result}"), async || {
            let thread = world.thread(thread).await;
            is_as_expected(trigger, kind, &result, &thread, other).then_some(())
        })
        .await;
    }
    world.come_to_rest().await;
    for (trigger, kind, rule) in &made {
        assert_eq!(matched(rule).await.len(), 1, "{kind} after {trigger}");
    }
    // Of these threads: the mails that showed that all is at rest are others.
    let ours: HashSet<&str> = threads.iter().map(id).collect();
    for rule in &never {
        let runs = matched(rule).await;
        assert!(runs.iter().all(|run| !ours.contains(run["thread_id"].as_str().unwrap())), "{rule}: {runs:?}");
    }
    // Nobody was answered twice.
    for (i, (trigger, kind, _)) in made.iter().enumerate() {
        let sent = world.sent_to(&format!("m{i}@customer.test")).await.len();
        let left = matches!(*trigger, "email.sent" | "email.delivered" | "draft.sent");
        let answers = left || matches!(*kind, "send_draft" | "auto_reply");
        assert_eq!(sent, usize::from(answers), "{kind} after {trigger}");
    }
}

#[tokio::test]
async fn every_trigger_with_every_action_and_every_operator_is_tried_out() {
    let (world, other) = world().await;
    let letter = Letter::from(CUSTOMER).subject("Matrix draft.all");
    let thread = world.begin(&letter).await;
    let draft = world.submit(&thread, "Yes.").await;
    world.act(&draft, "approve").await.expect(200);
    world.act(&draft, "send").await.expect(202);
    world.until_draft(&draft, "sent").await;
    let messages = world.thread(&thread).await["messages"].clone();
    let mail_that = |direction: &str| {
        array(&messages).iter().find(|message| message["direction"] == direction).map(|message| message["id"].clone())
    };
    let (came, left) = (mail_that("inbound"), mail_that("outbound"));
    let reader = world.key("read").await;
    let about = |trigger: &str| match trigger {
        "email.received" => json!({"message_id": came}),
        "email.sent" | "email.delivered" => json!({"message_id": left}),
        _ => json!({"draft_id": draft["id"]}),
    };
    let mut tries = Vec::new();
    for trigger in TRIGGERS {
        for kind in ACTIONS {
            for (condition, holds) in
                holding().map(|it| (it, true)).into_iter().chain(failing(trigger).map(|it| (it, false)))
            {
                let mut body = about(trigger);
                body["rule"] = rule("tried", trigger, &[condition], &action(kind, &other));
                tries.push((trigger, kind, holds, body));
            }
        }
    }
    assert_eq!(tries.len(), 7 * 13 * 22);
    let reader = &reader;
    let tried = tries.into_iter().map(async |(trigger, kind, holds, body)| {
        let answer = reader.post("/v1/rules/test", body.clone()).await;
        if !may_follow(kind, trigger) {
            let refused = answer.refused(422, "validation_error");
            assert_eq!(refused["details"][0]["field"], "rule.actions[0].type", "{body}");
            return 0;
        }
        let only = &answer.expect(200)["rules"][0];
        assert_eq!(only["matched"], holds, "{body} {only}");
        usize::from(holds)
    });
    let matched: usize = stream::iter(tried).buffer_unordered(4).fold(0, async |sum, one| sum + one).await;
    assert_eq!(matched, 64 * 11);
    // Nothing of it happened.
    let after = world.thread(&thread).await;
    assert_eq!((tags(&after), &after["skip_ai"]), (vec![], &thread["skip_ai"]));
    assert_eq!(world.owner.get("/v1/rules").await.expect(200)["total"], 0);
}
