//! Which events rules are considered for, and what is kept of what they came to.

use super::*;
use crate::event::{Event, EventData};
use crate::rule::Verdict as RuleVerdict;

fn events() -> [(Trigger, EventData); 7] {
    let world = world();
    let Message { id: message_id, thread_id, identity_id, .. } = world.message;
    let (draft_id, version, at) = (world.draft.id, 2, NOW);
    let (subject, to) = (String::new(), Vec::new());
    [
        (
            Trigger::EmailReceived,
            EventData::EmailReceived {
                thread_id,
                message_id,
                identity_id,
                from_email: String::new(),
                subject: subject.clone(),
                received_at: at,
            },
        ),
        (
            Trigger::EmailSent,
            EventData::EmailSent {
                thread_id,
                message_id,
                identity_id,
                draft_id: Some(draft_id),
                to: to.clone(),
                subject: subject.clone(),
                sent_at: at,
            },
        ),
        (
            Trigger::EmailDelivered,
            EventData::EmailDelivered {
                thread_id,
                message_id,
                identity_id,
                draft_id: Some(draft_id),
                to,
                subject: subject.clone(),
                delivered_at: at,
            },
        ),
        (
            Trigger::DraftCreated,
            EventData::DraftCreated { draft_id, thread_id, identity_id, version, subject, created_at: at },
        ),
        (
            Trigger::DraftApproved,
            EventData::DraftApproved {
                draft_id,
                thread_id,
                identity_id,
                version,
                decided_by_kind: None,
                decided_by_id: None,
                decided_by_name: None,
                decided_at: at,
            },
        ),
        (
            Trigger::DraftSent,
            EventData::DraftSent {
                draft_id,
                thread_id,
                identity_id,
                version,
                message_id: Some(message_id),
                sent_at: at,
            },
        ),
        (
            Trigger::DraftStale,
            EventData::DraftStale {
                draft_id,
                thread_id,
                identity_id,
                version,
                based_on_message_id: Some(message_id),
                stale_at: at,
            },
        ),
    ]
}

#[test]
fn each_trigger_has_its_event_unless_a_rule_caused_it() {
    let workspace = WorkspaceId::generate(NOW, &Zeros);
    let seen: Vec<Trigger> = events().into_iter().map(|(trigger, _)| trigger).collect();
    assert_eq!(seen, Trigger::ALL);
    for (trigger, what) in events() {
        let event = Event::of(workspace, NOW, "cause", what);
        let occasion = RuleEvent::of(&event).unwrap();
        assert_eq!((occasion.trigger, occasion.event_id, occasion.at), (trigger, event.id, NOW));
        assert_eq!(occasion.draft_id.is_some(), trigger.may_know_a_draft());
        assert_eq!(occasion.version.is_some(), trigger.is_about_a_draft());
        let by_rule = event.caused_by(Some(RuleId::generate(NOW, &Zeros)));
        assert_eq!(RuleEvent::of(&by_rule), None);
    }
}

#[test]
fn every_operator_decides_at_every_trigger() {
    let world = world();
    for trigger in Trigger::ALL {
        let condition = if trigger.is_about_a_draft() { "draft.body_text" } else { "message.subject" };
        for (op, value) in [
            ("not_equals", json!("x")),
            ("not_contains", json!("zzz")),
            ("matches", json!(".")),
            ("exists", json!(true)),
        ] {
            let holds = read(all(json!([{"field": condition, "op": op, "value": value}]))).unwrap();
            let rules = [Rule { trigger, conditions: holds, ..rule("r", 1, "vip", false) }];
            assert!(run(&rules, trigger, &world.facts())[0].matched(), "{trigger:?} {op}");
        }
        for (op, value) in [
            ("equals", json!("x")),
            ("contains", json!("zzz")),
            ("starts_with", json!("zzz")),
            ("ends_with", json!("zzz")),
            ("in", json!(["zzz"])),
        ] {
            let fails = read(all(json!([{"field": condition, "op": op, "value": value}]))).unwrap();
            let rules = [Rule { trigger, conditions: fails, ..rule("r", 1, "vip", false) }];
            let verdicts = verdicts(&run(&rules, trigger, &world.facts()));
            let Outcome::NotMatched { unmet: Some(unmet) } = &verdicts[0].outcome else { panic!("{verdicts:?}") };
            assert_eq!((unmet.path.as_str(), unmet.op.as_str()), ("conditions.conditions[0]", op));
        }
    }
    for op in ["gt", "lt"] {
        let fails = read(all(json!([{"field": "thread.message_count", "op": op, "value": 3}]))).unwrap();
        let rules = [Rule { conditions: fails, ..rule("r", 1, "vip", false) }];
        assert!(!run(&rules, Trigger::EmailReceived, &world.facts())[0].matched(), "{op}");
    }
}

#[test]
fn verdicts_say_who_stopped_whom() {
    let world = world();
    let rules = [rule("no", 1, "nobody", true), rule("stops", 2, "vip", true), rule("last", 3, "vip", false)];
    let verdicts = verdicts(&run(&rules, Trigger::EmailReceived, &world.facts()));
    assert!(matches!(verdicts[0].outcome, Outcome::NotMatched { .. }));
    assert_eq!(verdicts[1].outcome, Outcome::Matched);
    assert_eq!(verdicts[2].outcome, Outcome::Stopped { by: rules[1].id });
    let kept: Vec<RuleVerdict> = serde_json::from_str(&serde_json::to_string(&verdicts).unwrap()).unwrap();
    assert_eq!(kept, verdicts);
}

#[test]
fn a_claim_is_of_one_action_at_one_event() {
    let (rule, event) = (RuleId::generate(NOW, &Zeros), crate::EventId::generate(NOW, &Zeros));
    let later = crate::EventId::generate(Timestamp::from_unix_ms(NOW.unix_ms() + 1), &Zeros);
    let claims = [claim(rule, event, 0), claim(rule, event, 1), claim(rule, later, 0)];
    assert_eq!(claims[0], claim(rule, event, 0));
    assert!(claims[0] != claims[1] && claims[0] != claims[2] && claims[0].len() == 32);
}

#[test]
fn what_undoes_itself_is_refused() {
    let add = |tag: &str| Action::AddTag { tag: tag.into() };
    let remove = |tag: &str| Action::RemoveTag { tag: tag.into() };
    let places = |actions: Vec<Action>| {
        let rule = Rule { actions, ..rule("r", 1, "vip", false) };
        rule.problems().into_iter().map(|problem| problem.path).collect::<Vec<_>>()
    };
    assert_eq!(places(vec![add("a"), remove("b"), add("c")]), Vec::<String>::new());
    assert_eq!(places(vec![add("a"), remove("b"), remove("a")]), ["actions[2]"]);
    assert_eq!(places(vec![Action::BlockContact {}, Action::TrustContact {}]), ["actions[1]"]);
}

#[test]
fn a_rule_that_keeps_failing_is_switched_off_and_a_change_forgives() {
    let mut rule = rule("r", 1, "vip", false);
    for round in 1..MAX_FAILURES_IN_A_ROW {
        rule.failed("no".into(), NOW);
        assert_eq!((rule.active, rule.failures_in_a_row), (true, round));
    }
    rule.succeeded();
    assert_eq!(rule.failures_in_a_row, 0);
    for _ in 0..MAX_FAILURES_IN_A_ROW {
        rule.failed("no".into(), NOW);
    }
    assert_eq!(rule.switched_off.unwrap().reason, SwitchOffReason::Failing);
    assert!(!rule.active);
    rule.changed(NOW);
    assert_eq!((rule.switched_off, &rule.last_error, rule.failures_in_a_row), (None, &None, 0));
}
