#![allow(clippy::unwrap_used)]

use actionlayer_domain::{
    HeaderText, RuleId, Timestamp, WorkspaceId,
    rule::{Conditions, DEFAULT_PRIORITY},
};
use serde_json::json;

use super::*;

fn rule(conditions: &Value, actions: &Value) -> Rule {
    let at = Timestamp::from_unix_ms(0);
    Rule {
        id: RuleId::from_bytes([1; 16]),
        workspace_id: WorkspaceId::from_bytes([1; 16]),
        name: HeaderText::sanitize("Billing"),
        trigger: Trigger::EmailReceived,
        priority: DEFAULT_PRIORITY,
        active: true,
        conditions: Conditions::read(&serde_json::from_value(conditions.clone()).unwrap()).unwrap(),
        actions: serde_json::from_value(actions.clone()).unwrap(),
        stop_after_match: true,
        last_error: None,
        failures_in_a_row: 0,
        switched_off: None,
        created_at: at,
        updated_at: at,
    }
}

/// The form as a browser sends it.
fn sent(typed: &RuleForm, edit: &str) -> Form {
    let mut fields = vec![("name", typed.name.clone()), ("trigger", typed.trigger.clone())];
    for TypedCondition { depth, kind } in &typed.conditions {
        match kind {
            TypedKind::Group { operator } => {
                fields.extend([("node", format!("{depth} group")), ("operator", operator.clone())]);
            }
            TypedKind::Test { field, op, value } => {
                let texts = [("field", field.clone()), ("op", op.clone()), ("value", value.clone())];
                fields.extend([("node", format!("{depth} test"))].into_iter().chain(texts));
            }
        }
    }
    for action in &typed.actions {
        fields.extend([("action", action.kind.clone()), ("argument", action.argument.clone())]);
    }
    fields.extend([("priority", typed.priority.clone()), ("edit", edit.to_owned())]);
    if typed.stop {
        fields.push(("stop", "yes".to_owned()));
    }
    Form::of(fields)
}

fn nested() -> Value {
    json!({"operator": "AND", "conditions": [
        {"field": "message.subject", "op": "contains", "value": "invoice"},
        {"operator": "NOT", "conditions": [
            {"field": "message.from_domain", "op": "in", "value": ["a.example", "b.example"]},
            {"operator": "OR", "conditions": [
                {"field": "message.is_automated", "op": "equals", "value": true},
                {"field": "thread.message_count", "op": "gt", "value": 3},
            ]},
        ]},
        {"field": "contact.tags", "op": "exists", "value": false},
    ]})
}

fn every_action() -> Value {
    json!([
        {"type": "add_tag", "tag": "billing"}, {"type": "remove_tag", "tag": "new"}, {"type": "skip_ai"}, {"type": "notify"},
        {"type": "set_needs_review", "needs_review": true}, {"type": "set_thread_status", "status": "waiting"},
        {"type": "assign_identity", "identity_id": "0197f3a0-5c1e-7d2a-9f00-1234567890ab"}, {"type": "trust_contact"},
        {"type": "auto_reply", "body_text": "Thank you.\nWe answer tomorrow."},
    ])
}

#[test]
fn the_form_says_the_very_rule_it_was_made_from() {
    for conditions in [nested(), json!({"operator": "AND", "conditions": []})] {
        let rule = rule(&conditions, &every_action());
        let typed = typed_rule(&rule).unwrap();
        let again = new_rule_of(&from_form(&sent(&typed, ""))).unwrap();
        assert_eq!(again.actions, rule.actions);
        let empty = ConditionForm { operator: Some(Operator::And), conditions: Some(vec![]), ..Default::default() };
        assert_eq!(again.conditions.unwrap_or(empty), rule.conditions.form());
        assert_eq!((again.trigger, again.priority, again.stop_after_match), (rule.trigger, Some(100), Some(true)));
    }
}

#[test]
fn what_only_json_can_say_is_not_put_into_the_form() {
    for condition in [
        json!({"field": "message.from_email", "op": "in", "value": ["a,b@x.example"]}),
        json!({"field": "draft.metadata.total", "op": "equals", "value": "5"}),
        json!({"field": "message.subject", "op": "equals", "value": " x "}),
    ] {
        let mut rule = rule(&json!({"operator": "AND", "conditions": [condition]}), &json!([{"type": "skip_ai"}]));
        rule.trigger = Trigger::DraftCreated;
        assert_eq!(typed_rule(&rule), None);
        let text = as_json(&rule);
        assert_eq!(from_json(&text).unwrap().conditions.unwrap(), rule.conditions.form());
    }
}

#[test]
fn buttons_add_and_remove_where_they_stand() {
    let rule = rule(&nested(), &json!([{"type": "skip_ai"}]));
    let start = typed_rule(&rule).unwrap();
    let depths = |typed: &RuleForm| typed.conditions.iter().map(|condition| condition.depth).collect::<Vec<_>>();
    assert_eq!(depths(&start), [0, 1, 1, 2, 2, 3, 3, 1]);
    for (edit, expected, added) in [
        ("test 0", vec![0, 1, 1, 2, 2, 3, 3, 1, 1], Added::Condition(8)),
        ("test 2", vec![0, 1, 1, 2, 2, 3, 3, 2, 1], Added::Condition(7)),
        ("group 4", vec![0, 1, 1, 2, 2, 3, 3, 3, 4, 1], Added::Condition(7)),
        ("remove 2", vec![0, 1, 1], Added::Nothing),
        ("remove 4", vec![0, 1, 1, 2, 1], Added::Nothing),
        ("remove 0", depths(&start), Added::Nothing),
        ("remove 99", depths(&start), Added::Nothing),
        ("nonsense", depths(&start), Added::Nothing),
    ] {
        let form = sent(&start, edit);
        let mut typed = from_form(&form);
        assert_eq!(edited(&form, &mut typed), Some(added), "{edit}");
        assert_eq!(depths(&typed), expected, "{edit}");
    }
    let form = sent(&start, "do");
    let mut typed = from_form(&form);
    assert_eq!(edited(&form, &mut typed), Some(Added::Action(1)));
    let form = sent(&typed, "undo 0");
    let mut typed = from_form(&form);
    edited(&form, &mut typed);
    assert_eq!(typed.actions, [TypedAction::default()]);
    let form = sent(&start, "");
    assert_eq!(edited(&form, &mut from_form(&form)), None, "sent to be saved");
}

#[test]
fn no_form_breaks_it() {
    for fields in [
        vec![("node", "9 test")],
        vec![("node", "0 test"), ("field", "message.subject"), ("op", "equals"), ("value", "x")],
        vec![("node", "x"), ("node", "1 group"), ("node", "77 group"), ("operator", "XOR")],
        vec![("node", "18446744073709551615 group"), ("operator", "AND"), ("edit", "group 0")],
    ] {
        let form = Form::of(fields.into_iter().map(|(name, value)| (name, value.to_owned())).collect());
        let mut typed = from_form(&form);
        let _ = edited(&form, &mut typed);
        assert!(new_rule_of(&typed).is_err());
    }
    let json = json!({"name": "x", "trigger": "draft.created", "actions": [], "colour": 1});
    assert!(new_rule_of(&RuleForm { json: json.to_string(), ..RuleForm::default() }).is_err());
}
