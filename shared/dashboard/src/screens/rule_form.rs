//! A rule from what was typed: from the simple form, or from JSON as the API takes it.

use actionlayer_domain::{
    HeaderText,
    rule::{Action, ConditionForm, Op, Operator, Trigger},
    thread::ThreadStatus,
};
use actionlayer_pages::screens::rules::RuleForm;
use actionlayer_service::{ServiceError, rules::edit_rules::NewRule};
use serde::Deserialize;
use serde_json::Value;

use super::form::Form;

/// What was typed.
pub(super) fn from_form(form: &Form) -> RuleForm {
    let (fields, ops, values) = (form.all("field"), form.all("op"), form.all("value"));
    let conditions = fields.into_iter().zip(ops).zip(values).map(|((field, op), value)| (field, op, value));
    RuleForm {
        name: form.text("name").trim().to_owned(),
        trigger: form.text("trigger").to_owned(),
        priority: form.text("priority").trim().to_owned(),
        any: form.has("any"),
        conditions: conditions.filter(|(field, ..)| !field.is_empty()).collect(),
        action: form.text("action").to_owned(),
        argument: form.text("argument").trim().to_owned(),
        stop: form.has("stop"),
        json: form.text("json").trim().to_owned(),
    }
}

/// The rule that it means.
pub(super) fn new_rule_of(typed: &RuleForm) -> Result<NewRule, ServiceError> {
    if !typed.json.is_empty() {
        return from_json(&typed.json);
    }
    let trigger = serde_json::from_value::<Trigger>(Value::String(typed.trigger.clone()));
    let priority = Some(typed.priority.as_str()).filter(|text| !text.is_empty()).map(str::parse::<u32>).transpose();
    let conditions = typed.conditions.iter().map(condition).collect::<Result<Vec<_>, _>>()?;
    Ok(NewRule {
        name: HeaderText::parse(typed.name.as_str()).map_err(|error| ServiceError::invalid("name", error))?,
        trigger: trigger.map_err(|_| ServiceError::invalid("trigger", "must be one of the list"))?,
        priority: priority.map_err(|_| ServiceError::invalid("priority", "must be a number"))?,
        active: None,
        conditions: (!conditions.is_empty()).then(|| ConditionForm {
            operator: Some(if typed.any { Operator::Or } else { Operator::And }),
            conditions: Some(conditions),
            ..ConditionForm::default()
        }),
        actions: vec![action(typed)?],
        stop_after_match: Some(typed.stop),
    })
}

fn condition((field, op, value): &(String, String, String)) -> Result<ConditionForm, ServiceError> {
    let op = Op::ALL.into_iter().find(|known| known.as_str() == op);
    let op = op.ok_or_else(|| ServiceError::invalid("op", "must be one of the list"))?;
    let one = |text: &str| match (text.trim(), field.as_str()) {
        ("true" | "yes", _) => Value::Bool(true),
        ("false" | "no", _) => Value::Bool(false),
        (text, "thread.message_count") => text.parse::<u32>().map_or_else(|_| Value::from(text), Value::from),
        (text, _) => Value::from(text),
    };
    let value = match op {
        Op::In => Value::Array(value.split(',').map(one).collect()),
        Op::Exists if value.trim().is_empty() => Value::Bool(true),
        _ => one(value),
    };
    Ok(ConditionForm { field: Some(field.clone()), op: Some(op), value: Some(value), ..ConditionForm::default() })
}

fn action(typed: &RuleForm) -> Result<Action, ServiceError> {
    let argument = || typed.argument.clone();
    Ok(match typed.action.as_str() {
        "add_tag" => Action::AddTag { tag: argument() },
        "remove_tag" => Action::RemoveTag { tag: argument() },
        "set_needs_review" => Action::SetNeedsReview { needs_review: true },
        "clear_needs_review" => Action::SetNeedsReview { needs_review: false },
        "close" => Action::SetThreadStatus { status: ThreadStatus::Closed },
        "skip_ai" => Action::SkipAi {},
        "trust_contact" => Action::TrustContact {},
        "block_contact" => Action::BlockContact {},
        "notify" => Action::Notify {},
        "reject_draft" => Action::RejectDraft { reason: Some(argument()).filter(|reason| !reason.is_empty()) },
        "approve_draft" => Action::ApproveDraft {},
        "send_draft" => Action::SendDraft {},
        "auto_reply" => Action::AutoReply { body_text: argument() },
        _ => return Err(ServiceError::invalid("actions", "must be one of the list")),
    })
}

/// A rule as the API takes it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct JsonRule {
    name: HeaderText,
    trigger: Trigger,
    priority: Option<u32>,
    active: Option<bool>,
    conditions: Option<ConditionForm>,
    actions: Vec<Action>,
    stop_after_match: Option<bool>,
}

/// The rule that a JSON text means.
pub(super) fn from_json(text: &str) -> Result<NewRule, ServiceError> {
    let rule: JsonRule = serde_json::from_str(text)
        .map_err(|error| ServiceError::invalid("", format!("the JSON cannot be read: {error}")))?;
    Ok(NewRule {
        name: rule.name,
        trigger: rule.trigger,
        priority: rule.priority,
        active: rule.active,
        conditions: rule.conditions,
        actions: rule.actions,
        stop_after_match: rule.stop_after_match,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn what_was_typed_is_a_rule() {
        let typed = RuleForm {
            name: "Billing".to_owned(),
            trigger: "email.received".to_owned(),
            any: true,
            conditions: vec![
                ("message.subject".to_owned(), "contains".to_owned(), "invoice".to_owned()),
                ("thread.message_count".to_owned(), "gt".to_owned(), "3".to_owned()),
            ],
            action: "add_tag".to_owned(),
            argument: "billing".to_owned(),
            ..RuleForm::default()
        };
        let rule = new_rule_of(&typed).unwrap();
        let conditions = serde_json::to_value(rule.conditions.unwrap()).unwrap();
        assert_eq!(conditions["operator"], "OR");
        assert_eq!(conditions["conditions"][1]["value"], 3);
        assert_eq!(serde_json::to_value(&rule.actions[0]).unwrap()["tag"], "billing");
        let json = serde_json::json!({"name": "x", "trigger": "draft.created", "actions": [], "colour": 1});
        assert!(new_rule_of(&RuleForm { json: json.to_string(), ..typed }).is_err());
    }
}
