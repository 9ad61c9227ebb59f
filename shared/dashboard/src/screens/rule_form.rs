//! A rule from what was typed, and what is typed from a rule: by the form, or as JSON as the API takes it.

use actionlayer_domain::{
    HeaderText, Rule,
    rule::{Action, ConditionForm, Field, MAX_ACTIONS, MAX_DEPTH, Op, Operator, Trigger},
    thread::ThreadStatus,
};
use actionlayer_pages::screens::rule_form::{Added, RuleForm, TypedAction, TypedCondition, TypedKind};
use actionlayer_service::{ServiceError, rules::edit_rules::CreateRule};
use serde_json::Value;

use super::form::Form;

/// What was typed.
pub(super) fn from_form(form: &Form) -> RuleForm {
    let mut operators = form.all("operator").into_iter();
    let mut tests = form.all("field").into_iter().zip(form.all("op")).zip(form.all("value"));
    // A form that says nothing about its conditions has none.
    let mut conditions = vec![TypedCondition::group(0)];
    for (at, node) in form.all("node").iter().enumerate() {
        let Some((depth, kind)) = node.split_once(' ') else { continue };
        let Ok(depth) = depth.parse::<usize>() else { continue };
        let kind = match kind {
            "group" => TypedKind::Group { operator: operators.next().unwrap_or_default() },
            _ => match tests.next() {
                Some(((field, op), value)) => TypedKind::Test { field, op, value },
                None => continue,
            },
        };
        match at {
            0 => conditions[0].kind = kind,
            _ => conditions.push(TypedCondition { depth: depth.max(1), kind }),
        }
    }
    let actions = form.all("action").into_iter().zip(form.all("argument"));
    RuleForm {
        name: form.text("name").trim().to_owned(),
        trigger: form.text("trigger").to_owned(),
        priority: form.text("priority").trim().to_owned(),
        conditions,
        actions: actions.map(|(kind, argument)| TypedAction { kind, argument: argument.trim().to_owned() }).collect(),
        stop: form.has("stop"),
        json: form.text("json").trim().to_owned(),
    }
}

/// The form after a button that adds or removes; none when the form was sent to be saved.
pub(super) fn edited(form: &Form, typed: &mut RuleForm) -> Option<Added> {
    let edit = form.given("edit")?;
    let (what, at) = edit.split_once(' ').unwrap_or((edit, ""));
    let at = at.parse::<usize>().unwrap_or(usize::MAX);
    let added = match what {
        "test" | "group" => {
            let depth = typed.conditions.get(at)?.depth + 1;
            let end = end_of(&typed.conditions, at);
            match what {
                "group" if depth < MAX_DEPTH => {
                    let group = [TypedCondition::group(depth), TypedCondition::test(depth + 1)];
                    typed.conditions.splice(end..end, group);
                }
                _ => typed.conditions.insert(end, TypedCondition::test(depth)),
            }
            Added::Condition(end)
        }
        // The group that holds all others stays.
        "remove" if at > 0 && at < typed.conditions.len() => {
            typed.conditions.drain(at..end_of(&typed.conditions, at));
            Added::Nothing
        }
        "do" if typed.actions.len() < MAX_ACTIONS => {
            typed.actions.push(TypedAction::default());
            Added::Action(typed.actions.len() - 1)
        }
        "undo" if at < typed.actions.len() => {
            typed.actions.remove(at);
            Added::Nothing
        }
        _ => Added::Nothing,
    };
    Some(added)
}

/// Where what lies in the condition at `at` ends.
fn end_of(conditions: &[TypedCondition], at: usize) -> usize {
    let depth = conditions.get(at).map_or(0, |condition| condition.depth);
    let after = conditions.iter().skip(at + 1).position(|condition| condition.depth <= depth);
    after.map_or(conditions.len(), |after| at + 1 + after)
}

/// The rule that it means.
pub(super) fn new_rule_of(typed: &RuleForm) -> Result<CreateRule, ServiceError> {
    if !typed.json.is_empty() {
        return from_json(&typed.json);
    }
    let trigger = serde_json::from_value::<Trigger>(Value::String(typed.trigger.clone()));
    let priority = Some(typed.priority.as_str()).filter(|text| !text.is_empty()).map(str::parse::<u32>).transpose();
    let has_conditions = typed.conditions.iter().any(|condition| is_said(&condition.kind));
    Ok(CreateRule {
        name: HeaderText::parse(typed.name.as_str()).map_err(|error| ServiceError::invalid("name", error))?,
        trigger: trigger.map_err(|_| ServiceError::invalid("trigger", "must be one of the list"))?,
        priority: priority.map_err(|_| ServiceError::invalid("priority", "must be a number"))?,
        active: None,
        conditions: has_conditions.then(|| group(&typed.conditions)).transpose()?,
        actions: typed.actions.iter().map(action).collect::<Result<_, _>>()?,
        stop_after_match: Some(typed.stop),
    })
}

fn is_said(kind: &TypedKind) -> bool {
    matches!(kind, TypedKind::Test { field, .. } if !field.is_empty())
}

/// The group that the first of these is, with those after it that lie in it.
fn group(conditions: &[TypedCondition]) -> Result<ConditionForm, ServiceError> {
    let (operator, depth) = match conditions.first() {
        Some(TypedCondition { depth, kind: TypedKind::Group { operator } }) => (operator.as_str(), *depth),
        _ => ("", 0),
    };
    let operator = Operator::ALL.into_iter().find(|known| known.as_str() == operator);
    let mut inner = Vec::new();
    let mut at = 1;
    while let Some(condition) = conditions.get(at).filter(|condition| condition.depth > depth) {
        let end = end_of(conditions, at);
        match &condition.kind {
            TypedKind::Group { .. } => inner.push(group(conditions.get(at..end).unwrap_or_default())?),
            TypedKind::Test { field, op, value } if !field.is_empty() => inner.push(test(field, op, value)?),
            TypedKind::Test { .. } => {}
        }
        at = end;
    }
    Ok(ConditionForm {
        operator: Some(operator.ok_or_else(|| ServiceError::invalid("operator", "must be one of the list"))?),
        conditions: Some(inner),
        ..ConditionForm::default()
    })
}

fn test(field: &str, op: &str, value: &str) -> Result<ConditionForm, ServiceError> {
    let op = Op::ALL.into_iter().find(|known| known.as_str() == op);
    let op = op.ok_or_else(|| ServiceError::invalid("op", "must be one of the list"))?;
    let known = Field::named(field).map_err(|message| ServiceError::invalid("field", message))?;
    let value = match op {
        Op::In => Value::Array(value.split(',').map(|one| known.value_of(one.trim())).collect()),
        Op::Exists => Value::Bool(!matches!(value.trim(), "false" | "no")),
        _ => known.value_of(value.trim()),
    };
    Ok(ConditionForm { field: Some(field.to_owned()), op: Some(op), value: Some(value), ..ConditionForm::default() })
}

fn action(typed: &TypedAction) -> Result<Action, ServiceError> {
    let argument = || typed.argument.clone();
    Ok(match typed.kind.as_str() {
        "add_tag" => Action::AddTag { tag: argument() },
        "remove_tag" => Action::RemoveTag { tag: argument() },
        "set_needs_review" => Action::SetNeedsReview { needs_review: true },
        "clear_needs_review" => Action::SetNeedsReview { needs_review: false },
        "close" => Action::SetThreadStatus { status: ThreadStatus::Closed },
        "reopen" => Action::SetThreadStatus { status: ThreadStatus::Open },
        "set_waiting" => Action::SetThreadStatus { status: ThreadStatus::Waiting },
        "skip_ai" => Action::SkipAi {},
        "trust_contact" => Action::TrustContact {},
        "block_contact" => Action::BlockContact {},
        "assign_identity" => Action::AssignIdentity {
            identity_id: typed.argument.parse().map_err(|error| ServiceError::invalid("identity_id", error))?,
        },
        "notify" => Action::Notify {},
        "reject_draft" => Action::RejectDraft { reason: Some(argument()).filter(|reason| !reason.is_empty()) },
        "approve_draft" => Action::ApproveDraft {},
        "send_draft" => Action::SendDraft {},
        "auto_reply" => Action::AutoReply { body_text: argument() },
        _ => return Err(ServiceError::invalid("actions", "must be one of the list")),
    })
}

/// The rule that a JSON text means, as the API takes it.
pub(super) fn from_json(text: &str) -> Result<CreateRule, ServiceError> {
    serde_json::from_str(text).map_err(|error| ServiceError::invalid("", format!("the JSON cannot be read: {error}")))
}

/// The rule as the API takes it.
pub(super) fn as_json(rule: &Rule) -> String {
    let value = serde_json::json!({
        "name": rule.name.as_str(),
        "trigger": rule.trigger,
        "priority": rule.priority,
        "conditions": rule.conditions.form(),
        "actions": rule.actions,
        "stop_after_match": rule.stop_after_match,
    });
    serde_json::to_string_pretty(&value).unwrap_or_default()
}

/// The form that means this rule; none where it says something that only JSON can say.
pub(super) fn typed_rule(rule: &Rule) -> Option<RuleForm> {
    let whole = rule.conditions.form();
    let mut conditions = Vec::new();
    lay_out(&whole, 0, &mut conditions);
    if conditions.len() == 1 {
        conditions.push(TypedCondition::test(1));
    }
    let typed = RuleForm {
        name: rule.name.as_str().to_owned(),
        trigger: rule.trigger.as_str().to_owned(),
        priority: rule.priority.to_string(),
        conditions,
        actions: rule.actions.iter().map(typed_action).collect(),
        stop: rule.stop_after_match,
        json: String::new(),
    };
    let again = new_rule_of(&typed).ok()?;
    let empty =
        || ConditionForm { operator: Some(Operator::And), conditions: Some(Vec::new()), ..ConditionForm::default() };
    let is_same = again.conditions.unwrap_or_else(empty) == whole && again.actions == rule.actions;
    is_same.then_some(typed)
}

fn lay_out(form: &ConditionForm, depth: usize, into: &mut Vec<TypedCondition>) {
    let kind = match (&form.field, form.op) {
        (Some(field), Some(op)) => {
            let value = match &form.value {
                Some(Value::Array(list)) => list.iter().map(value_text).collect::<Vec<_>>().join(", "),
                value => value.as_ref().map(value_text).unwrap_or_default(),
            };
            TypedKind::Test { field: field.clone(), op: op.as_str().to_owned(), value }
        }
        _ => TypedKind::Group { operator: form.operator.unwrap_or(Operator::And).as_str().to_owned() },
    };
    into.push(TypedCondition { depth, kind });
    for condition in form.conditions.iter().flatten() {
        lay_out(condition, depth + 1, into);
    }
}

fn value_text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn typed_action(action: &Action) -> TypedAction {
    let (kind, argument) = match action {
        Action::SetNeedsReview { needs_review: false } => ("clear_needs_review", String::new()),
        Action::SetThreadStatus { status: ThreadStatus::Closed } => ("close", String::new()),
        Action::SetThreadStatus { status: ThreadStatus::Open } => ("reopen", String::new()),
        Action::SetThreadStatus { .. } => ("set_waiting", String::new()),
        Action::AddTag { tag } | Action::RemoveTag { tag } => (action.kind(), tag.clone()),
        Action::RejectDraft { reason } => (action.kind(), reason.clone().unwrap_or_default()),
        Action::AssignIdentity { identity_id } => (action.kind(), identity_id.to_string()),
        Action::AutoReply { body_text } => (action.kind(), body_text.clone()),
        Action::SetNeedsReview { needs_review: true }
        | Action::ApproveDraft {}
        | Action::SendDraft {}
        | Action::SkipAi {}
        | Action::TrustContact {}
        | Action::BlockContact {}
        | Action::Notify {} => (action.kind(), String::new()),
    };
    TypedAction { kind: kind.to_owned(), argument }
}

#[cfg(test)]
mod tests;
