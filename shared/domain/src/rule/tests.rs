#![allow(
    clippy::unwrap_used,
    clippy::needless_pass_by_value,
    reason = "tests: a panic is how they fail, JSON is given away"
)]
use serde_json::{Value, json};

mod occasions;
mod reading;

use super::*;
use crate::{
    ContactId, DraftId, Entropy, IdentityId, MessageId, Thread, ThreadId,
    contact::{Contact, ContactStatus},
    draft::{Actor, ActorKind, Draft},
    message::{Authentication, Direction, Mailbox, Message, SafetyFlag, Verdict},
    thread::ThreadStatus,
};

#[derive(Debug)]
struct Zeros;

impl Entropy for Zeros {
    fn fill(&self, buffer: &mut [u8]) {
        buffer.fill(0);
    }
}

const NOW: Timestamp = Timestamp::from_unix_ms(1_777_000_000_000);

fn read(conditions: Value) -> Result<Conditions, Vec<(String, String)>> {
    let form: ConditionForm = serde_json::from_value(conditions).unwrap();
    Conditions::read(&form).map_err(|problems| problems.into_iter().map(|p| (p.path, p.message)).collect())
}

fn all(conditions: Value) -> Value {
    json!({"operator": "AND", "conditions": conditions})
}

struct World {
    message: Message,
    thread: ThreadThen,
    contact: ContactThen,
    draft: Draft,
    metadata: Value,
}

fn world() -> World {
    let (workspace_id, identity_id) = (WorkspaceId::generate(NOW, &Zeros), IdentityId::generate(NOW, &Zeros));
    let thread_id = ThreadId::generate(NOW, &Zeros);
    let email: crate::EmailAddress = "Ada@customer.test".parse().unwrap();
    let thread = Thread {
        status: ThreadStatus::Open,
        message_count: 3,
        tags: vec!["VIP".into(), "größe".into()],
        ..Thread::start(thread_id, workspace_id, identity_id, "Größe?", NOW, NOW)
    };
    let (id, from_email) = (MessageId::generate(NOW, &Zeros), "Ada@customer.test".to_owned());
    let message = Message {
        to: vec![Mailbox { name: None, email: "mia@ai.novacore.test".into() }],
        subject: "URGENT: Größe der Lieferung 4711".into(),
        authentication: Some(Authentication { dmarc: Verdict::Pass, ..Authentication::default() }),
        safety_flags: vec![SafetyFlag::ReplyToDiffers],
        received_at: Some(NOW),
        ..Message::start(id, thread_id, workspace_id, identity_id, Direction::Inbound, from_email, NOW)
    };
    let contact =
        Contact::new(ContactId::generate(NOW, &Zeros), workspace_id, email.clone(), None, ContactStatus::Trusted, NOW);
    let (id, subject) = (DraftId::generate(NOW, &Zeros), HeaderText::sanitize("Re: Größe?"));
    let agent = Actor { kind: ActorKind::ApiKey, id: String::new(), name: String::new() };
    let draft = Draft { to: vec![email], ..Draft::start(id, &thread, subject, agent, NOW) };
    let metadata = json!({
        "confidence": 0.92, "tier": "Gold", "checked": true, "order": {"total": 120, "items": ["book", 7]},
        "none": null, "empty": "",
    });
    World { message, thread: ThreadThen::from(&thread), contact: ContactThen::from(&contact), draft, metadata }
}

impl World {
    fn facts(&self) -> Facts<'_> {
        Facts {
            message: Some(MessageFacts { message: &self.message, text: "Is it BIG?\nPlease tell." }),
            thread: Some(&self.thread),
            contact: Some(&self.contact),
            draft: Some(DraftFacts { draft: &self.draft, text: "It is.", metadata: Some(&self.metadata) }),
        }
    }

    fn holds(&self, conditions: Value) -> bool {
        read(conditions).unwrap().evaluate(&self.facts()).holds
    }
}

#[test]
fn each_operator_on_each_kind_of_field() {
    let world = world();
    let id = world.draft.identity_id.to_string();
    for (field, op, value, holds) in [
        ("message.from_email", "equals", json!("ADA@CUSTOMER.TEST"), true),
        ("message.from_email", "not_equals", json!("bob@customer.test"), true),
        ("message.from_domain", "equals", json!("customer.test"), true),
        ("message.from_domain", "in", json!(["other.test", "Customer.Test"]), true),
        ("message.from_domain", "in", json!(["other.test"]), false),
        ("message.to", "contains", json!("MIA@ai.novacore.test"), true),
        ("message.to", "contains", json!("mia"), false),
        ("message.to", "not_contains", json!("mia"), true),
        ("message.to", "starts_with", json!("mia@"), true),
        ("message.to", "ends_with", json!("novacore.test"), true),
        ("message.to", "in", json!(["x@y.z", "mia@ai.novacore.test"]), true),
        ("message.to", "matches", json!("^m.a@"), true),
        ("message.subject", "starts_with", json!("urgent"), true),
        ("message.subject", "contains", json!("GRÖSSE"), false), // lower case of ß is ß: no folding
        ("message.subject", "contains", json!("GRÖẞE"), true),
        ("message.subject", "not_contains", json!("refund"), true),
        ("message.subject", "ends_with", json!("4711"), true),
        ("message.subject", "matches", json!(r"lieferung \d{4}$"), true),
        ("message.subject", "matches", json!(r"^\d"), false),
        ("message.body_text", "contains", json!("is it big"), true),
        ("message.is_automated", "equals", json!(false), true),
        ("message.is_automated", "not_equals", json!(false), false),
        ("message.has_attachments", "equals", json!(true), false),
        ("message.authentication.dmarc", "equals", json!("pass"), true),
        ("message.authentication.spf", "in", json!(["FAIL", "GRAY"]), true),
        ("message.authentication.aligned", "equals", json!(true), true),
        ("message.safety.flags", "contains", json!("reply_to_differs"), true),
        ("message.safety.flags", "in", json!(["hidden_text", "link_mismatch"]), false),
        ("thread.subject", "equals", json!("größe?"), true),
        ("thread.status", "equals", json!("open"), true),
        ("thread.status", "not_equals", json!("open"), false),
        ("thread.tags", "contains", json!("vip"), true),
        ("thread.tags", "exists", json!(true), true),
        ("thread.message_count", "gt", json!(2), true),
        ("thread.message_count", "gt", json!(3), false),
        ("thread.message_count", "lt", json!(3.5), true),
        ("thread.message_count", "in", json!([1, 3]), true),
        ("contact.status", "in", json!(["trusted"]), true),
        ("contact.email", "ends_with", json!("@customer.test"), true),
        ("contact.tags", "exists", json!(false), true),
        ("contact.tags", "contains", json!("x"), false),
        ("contact.tags", "not_contains", json!("x"), true),
        ("draft.body_text", "equals", json!("it is."), true),
        ("draft.rationale", "exists", json!(true), false),
        ("draft.rationale", "not_equals", json!("x"), true),
        ("draft.identity_id", "equals", json!(id), true),
        ("draft.metadata.confidence", "gt", json!(0.9), true),
        ("draft.metadata.confidence", "equals", json!(0.92), true),
        ("draft.metadata.confidence", "equals", json!("0.92"), false),
        ("draft.metadata.tier", "equals", json!("gold"), true),
        ("draft.metadata.tier", "gt", json!(1), false),
        ("draft.metadata.tier", "matches", json!("^g"), true),
        ("draft.metadata.checked", "equals", json!(true), true),
        ("draft.metadata.order", "exists", json!(true), true),
        ("draft.metadata.order", "equals", json!("x"), false),
        ("draft.metadata.order.total", "lt", json!(121), true),
        ("draft.metadata.order.items", "contains", json!("BOOK"), true),
        ("draft.metadata.order.items", "contains", json!("7"), true),
        ("draft.metadata.none", "exists", json!(true), false),
        ("draft.metadata.empty", "exists", json!(false), true),
        ("draft.metadata.tier.deeper", "exists", json!(true), false),
    ] {
        let leaf = json!({"field": field, "op": op, "value": value});
        assert_eq!(world.holds(all(json!([leaf]))), holds, "{field} {op} {value}");
    }
}

#[test]
fn what_is_not_there_compares_with_nothing() {
    let nothing = Facts::default();
    for (op, value, holds) in [
        ("equals", json!("x"), false),
        ("not_equals", json!("x"), true),
        ("contains", json!("x"), false),
        ("not_contains", json!("x"), true),
        ("starts_with", json!("x"), false),
        ("ends_with", json!("x"), false),
        ("in", json!(["x"]), false),
        ("matches", json!(".*"), false),
        ("exists", json!(false), true),
        ("gt", json!(0), false),
        ("lt", json!(0), false),
    ] {
        let conditions = read(all(json!([{"field": "draft.metadata.x", "op": op, "value": value}]))).unwrap();
        assert_eq!(conditions.evaluate(&nothing).holds, holds, "{op}");
    }
}

#[test]
fn a_tree_holds_as_its_operators_say() {
    let world = world();
    let yes = json!({"field": "thread.status", "op": "equals", "value": "open"});
    let no = json!({"field": "thread.status", "op": "equals", "value": "closed"});
    let group = |operator: &str, conditions: Value| json!({"operator": operator, "conditions": conditions});
    for (tree, holds) in [
        (group("AND", json!([])), true),
        (group("AND", json!([yes, yes])), true),
        (group("AND", json!([yes, no])), false),
        (group("OR", json!([no, yes])), true),
        (group("OR", json!([no, no])), false),
        (group("AND", json!([yes, group("OR", json!([no, yes]))])), true),
        (group("OR", json!([no, group("AND", json!([yes, no]))])), false),
        (group("NOT", json!([no, no])), true),
        (group("NOT", json!([no, yes])), false),
        (group("AND", json!([yes, group("NOT", json!([group("AND", json!([yes, no]))]))])), true),
        (group("NOT", json!([group("NOT", json!([yes]))])), true),
    ] {
        assert_eq!(world.holds(tree.clone()), holds, "{tree}");
    }
    for empty in [group("OR", json!([])), group("NOT", json!([])), group("AND", json!([group("NOT", json!([]))]))] {
        assert!(read(empty.clone()).is_err(), "{empty}");
    }
    // Because of which it did not hold: within a `NOT`, what did.
    let why = |tree| read(tree).unwrap().evaluate(&world.facts()).unmet().map(|unmet| unmet.path);
    assert_eq!(why(group("NOT", json!([no, yes]))).as_deref(), Some("conditions.conditions[1]"));
    let deep = group("AND", json!([yes, group("NOT", json!([group("AND", json!([yes, yes]))]))]));
    let path = "conditions.conditions[1].conditions[0].conditions[0]";
    assert_eq!(why(deep).as_deref(), Some(path));
    let evaluated = read(group("AND", json!([yes, group("OR", json!([no, yes]))]))).unwrap().evaluate(&world.facts());
    let each: Vec<_> = evaluated.conditions.iter().map(|c| c.holds).collect();
    assert_eq!(each, [true, true]);
    assert!(!evaluated.conditions[1].conditions[0].holds);
    assert_eq!(evaluated.conditions[1].conditions[0].condition.value, Some(json!("closed")));
}

#[test]
fn a_pattern_takes_time_linear_in_the_text() {
    let mut world = world();
    world.message.subject = "a".repeat(100_000);
    let evil = json!({"field": "message.subject", "op": "matches", "value": "^(a+)+$b"});
    assert!(!world.holds(all(json!([evil]))));
}

fn rule(name: &str, priority: u32, tag: &str, stop: bool) -> Rule {
    Rule {
        id: RuleId::generate(NOW, &Zeros),
        workspace_id: WorkspaceId::generate(NOW, &Zeros),
        name: HeaderText::sanitize(name),
        trigger: Trigger::EmailReceived,
        priority,
        active: true,
        conditions: read(all(json!([{"field": "thread.tags", "op": "contains", "value": tag}]))).unwrap(),
        actions: vec![Action::AddTag { tag: "x".into() }],
        stop_after_match: stop,
        last_error: None,
        failures_in_a_row: 0,
        switched_off: None,
        created_at: NOW,
        updated_at: NOW,
    }
}

#[test]
fn rules_are_considered_in_order_until_one_stops() {
    let world = world();
    let later = RuleId::generate(Timestamp::from_unix_ms(NOW.unix_ms() + 1), &Zeros);
    let rules = [
        Rule { id: later, ..rule("second", 5, "vip", false) },
        rule("last", 9, "vip", false),
        rule("first", 5, "nobody", true), // stops nobody, since it does not match
        rule("stops", 7, "vip", true),
        Rule { active: false, ..rule("inactive", 1, "vip", true) },
        Rule { trigger: Trigger::DraftCreated, ..rule("of another trigger", 1, "vip", true) },
    ];
    let considered = run(&rules, Trigger::EmailReceived, &world.facts());
    let seen: Vec<_> = considered.iter().map(|c| (c.rule.name.as_str(), c.evaluated.is_some(), c.matched())).collect();
    assert_eq!(seen, [("first", true, false), ("second", true, true), ("stops", true, true), ("last", false, false)]);
}

#[test]
fn trigger_conditions_and_actions_go_together() {
    let good = rule("good", 1, "vip", false);
    assert_eq!(good.problems(), []);
    let about_a_draft = read(all(
        json!([{"field": "thread.status", "op": "equals", "value": "open"}, {"operator": "OR", "conditions": [
        {"field": "draft.body_text", "op": "exists"}]}]),
    ))
    .unwrap();
    let bad = Rule {
        name: HeaderText::sanitize(" "),
        priority: 10_001,
        conditions: about_a_draft,
        actions: vec![
            Action::ApproveDraft {},
            Action::AddTag { tag: String::new() },
            Action::SetThreadStatus { status: ThreadStatus::DraftPending },
            Action::AutoReply { body_text: " ".into() },
        ],
        ..good.clone()
    };
    let paths: Vec<_> = bad.problems().into_iter().map(|problem| problem.path).collect();
    assert_eq!(
        paths,
        [
            "name",
            "priority",
            "conditions.conditions[1].conditions[0].field",
            "actions[0].type",
            "actions[1].tag",
            "actions[2].status",
            "actions[3].body_text",
        ]
    );
    let long = vec![Action::AutoReply { body_text: "x".repeat(16_000) }; 2];
    assert_eq!(Rule { actions: long, ..good.clone() }.problems()[0].path, "actions");
    assert_eq!(Rule { actions: Vec::new(), ..good }.problems()[0].path, "actions");
}

#[test]
fn a_rule_is_stored_as_it_is_written() {
    let tree = json!({"operator": "OR", "conditions": [
        {"field": "draft.metadata.total", "op": "gt", "value": 3},
        {"field": "draft.metadata.total", "op": "lt", "value": 0.5},
        {"field": "message.subject", "op": "exists", "value": true},
        {"operator": "AND", "conditions": [{"field": "thread.status", "op": "in", "value": ["open", "closed"]}]},
    ]});
    let conditions = read(tree.clone()).unwrap();
    assert_eq!(serde_json::to_value(conditions.form()).unwrap(), tree);
    let stored = Rule { conditions, ..rule("r", 1, "vip", false) };
    let json = serde_json::to_string(&stored).unwrap();
    assert_eq!(serde_json::from_str::<Rule>(&json).unwrap(), stored);
    assert!(!format!("{stored:?}").contains("closed"));
}
