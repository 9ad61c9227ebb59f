//! The form of a rule: groups within groups, and as many actions as it takes, without a script.
//!
//! Conditions stand in the form as they are read from top to bottom, each with how deep it lies; buttons that add and remove
//! send the form along and get it back changed, so that nothing is kept anywhere until it is saved.

use actionlayer_domain::rule::{MAX_ACTIONS, MAX_DEPTH, Op, Operator, Trigger};
use askama::Template;

use super::{
    Access, Choice, Problem, Screen,
    rule_words::{fields, op_words, operator_words, trigger_words},
};
use crate::dashboard::Section;

/// What the form of a rule shows: texts as they were typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleForm {
    /// What its owner calls it.
    pub name: String,
    /// What it waits for.
    pub trigger: String,
    /// Its place in line.
    pub priority: String,
    /// Its conditions from top to bottom. The first is the group that holds all others.
    pub conditions: Vec<TypedCondition>,
    /// What it does, in this order.
    pub actions: Vec<TypedAction>,
    /// When it matches, no later rule is considered.
    pub stop: bool,
    /// The whole rule, as JSON text; used instead when there is any.
    pub json: String,
}

/// A condition as it was typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypedCondition {
    /// In how many groups it lies.
    pub depth: usize,
    pub kind: TypedKind,
}

/// A group, or something that is looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TypedKind {
    /// Those that follow and lie deeper are its own.
    Group { operator: String },
    /// Without a field it is none.
    Test { field: String, op: String, value: String },
}

/// An action as it was typed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TypedAction {
    /// One of [`ACTIONS`].
    pub kind: String,
    /// With what: a tag, a reason, a text, the id of an identity.
    pub argument: String,
}

impl TypedCondition {
    /// A group at a depth.
    pub fn group(depth: usize) -> Self {
        Self { depth, kind: TypedKind::Group { operator: Operator::And.as_str().to_owned() } }
    }

    /// Something to look at, at a depth, which nobody has said yet.
    pub const fn test(depth: usize) -> Self {
        let kind = TypedKind::Test { field: String::new(), op: String::new(), value: String::new() };
        Self { depth, kind }
    }
}

impl Default for RuleForm {
    /// Room for one condition and one action.
    fn default() -> Self {
        Self {
            name: String::new(),
            trigger: String::new(),
            priority: String::new(),
            conditions: vec![TypedCondition::group(0), TypedCondition::test(1)],
            actions: vec![TypedAction::default()],
            stop: false,
            json: String::new(),
        }
    }
}

/// What a rule can do, with what people call it.
pub const ACTIONS: [(&str, &str); 16] = [
    ("add_tag", "Add the tag …"),
    ("remove_tag", "Remove the tag …"),
    ("set_needs_review", "Mark for review"),
    ("clear_needs_review", "Mark as reviewed"),
    ("close", "Close the conversation"),
    ("reopen", "Open the conversation again"),
    ("set_waiting", "Set the conversation to waiting"),
    ("skip_ai", "Ask agents to leave it alone"),
    ("trust_contact", "Trust the sender"),
    ("block_contact", "Block the sender"),
    ("assign_identity", "Give it to the identity with the id …"),
    ("notify", "Tell the approvers"),
    ("reject_draft", "Reject the draft, saying …"),
    ("approve_draft", "Approve the draft"),
    ("send_draft", "Approve and send the draft"),
    ("auto_reply", "Answer at once with …"),
];

#[derive(Template)]
#[template(path = "screens/rule_form.html")]
struct Page<'a> {
    problem: Option<Problem>,
    /// Where the form goes.
    path: String,
    /// The button that saves.
    save: &'static str,
    /// The form; none where only JSON says the rule.
    form: Option<&'a RuleForm>,
    json: &'a str,
    triggers: Vec<Choice>,
    conditions: Vec<ConditionRow>,
    actions: Vec<ActionRow>,
    takes_more_actions: bool,
    access: Access,
}

struct ConditionRow {
    at: usize,
    depth: usize,
    /// `2.1`; empty for the group that holds all.
    number: String,
    /// How the group goes together; none when it is no group.
    operators: Option<Vec<Choice>>,
    takes_groups: bool,
    fields: Vec<Choice>,
    ops: Vec<Choice>,
    value: String,
    has_focus: bool,
}

struct ActionRow {
    at: usize,
    number: usize,
    kinds: Vec<Choice>,
    argument: String,
    has_focus: bool,
}

/// What was added last: there the visitor goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Added {
    Nothing,
    /// The condition at this place.
    Condition(usize),
    /// The action at this place.
    Action(usize),
}

/// The form for a new rule, or for the rule whose page is at `path`.
pub fn rule_form(
    path: Option<String>,
    form: Result<&RuleForm, &str>,
    added: Added,
    access: Access,
    problem: Option<Problem>,
) -> Screen {
    let is_new = path.is_none();
    let (shown, json) = form.map_or_else(|json| (None, json), |form| (Some(form), form.json.as_str()));
    let default = RuleForm::default();
    let typed = shown.unwrap_or(&default);
    let page = Page {
        problem,
        path: path.unwrap_or_else(|| "/rules".to_owned()),
        save: if is_new { "Add rule" } else { "Save rule" },
        form: shown,
        json,
        triggers: Trigger::ALL
            .into_iter()
            .map(|known| Choice::new(known.as_str(), trigger_words(known), known.as_str() == typed.trigger))
            .collect(),
        conditions: condition_rows(&typed.conditions, added),
        actions: typed.actions.iter().enumerate().map(|(at, action)| action_row(at, action, added)).collect(),
        takes_more_actions: typed.actions.len() < MAX_ACTIONS,
        access,
    };
    Screen::of(Section::Rules, if is_new { "New rule" } else { "Change a rule" }, &page)
}

fn condition_rows(typed: &[TypedCondition], added: Added) -> Vec<ConditionRow> {
    // How many there were so far at each depth below the first group.
    let mut counted: Vec<usize> = Vec::new();
    let rows = typed.iter().enumerate().map(|(at, condition)| {
        if condition.depth > 0 {
            counted.resize(condition.depth, 0);
            if let Some(last) = counted.last_mut() {
                *last += 1;
            }
        }
        let number = if at == 0 { Vec::new() } else { counted.iter().map(usize::to_string).collect() };
        let (operator, field, op, value) = match &condition.kind {
            TypedKind::Group { operator } => (Some(operator), "", "", ""),
            TypedKind::Test { field, op, value } => (None, field.as_str(), op.as_str(), value.as_str()),
        };
        ConditionRow {
            at,
            depth: condition.depth,
            number: number.join("."),
            operators: operator.map(|operator| operators(operator)),
            takes_groups: condition.depth + 1 < MAX_DEPTH,
            fields: field_choices(field),
            ops: Op::ALL
                .into_iter()
                .map(|known| Choice::new(known.as_str(), op_words(known), known.as_str() == op))
                .collect(),
            value: value.to_owned(),
            has_focus: added == Added::Condition(at),
        }
    });
    rows.collect()
}

fn operators(chosen: &str) -> Vec<Choice> {
    let named =
        |operator: Operator| Choice::new(operator.as_str(), operator_words(operator), operator.as_str() == chosen);
    Operator::ALL.into_iter().map(named).collect()
}

/// The fields there are; and one that only its name says, where the rule has it.
fn field_choices(chosen: &str) -> Vec<Choice> {
    let none = Choice::new("", "(no condition)", chosen.is_empty());
    let known = fields().map(|(value, name)| Choice::new(value, name, value == chosen));
    let own =
        (!chosen.is_empty() && fields().all(|(value, _)| value != chosen)).then(|| Choice::new(chosen, chosen, true));
    std::iter::once(none).chain(known).chain(own).collect()
}

fn action_row(at: usize, action: &TypedAction, added: Added) -> ActionRow {
    ActionRow {
        at,
        number: at + 1,
        kinds: ACTIONS.into_iter().map(|(value, name)| Choice::new(value, name, value == action.kind)).collect(),
        argument: action.argument.clone(),
        has_focus: added == Added::Action(at),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_are_numbered_as_they_lie_in_each_other() {
        let typed = [0, 1, 1, 2, 2, 3, 1].map(|depth| match depth {
            0 | 1 => TypedCondition::group(depth),
            _ => TypedCondition::test(depth),
        });
        let numbers: Vec<_> = condition_rows(&typed, Added::Nothing).into_iter().map(|row| row.number).collect();
        assert_eq!(numbers, ["", "1", "2", "2.1", "2.2", "2.2.1", "3"]);
    }

    #[test]
    fn a_field_that_only_its_name_says_stays_chosen() {
        let chosen = |field| {
            let choices = field_choices(field).into_iter();
            choices.filter(|choice| choice.chosen).map(|choice| choice.value).collect::<Vec<_>>()
        };
        assert_eq!(chosen("draft.metadata.order"), ["draft.metadata.order"]);
        assert_eq!(chosen("message.subject"), ["message.subject"]);
        assert_eq!(chosen(""), [""]);
    }
}
