//! Rules: what happens by itself, in which order, and what they would do.

use actionlayer_channels::legible::line;
use actionlayer_domain::{
    Rule, Timestamp,
    rule::{Action, ConditionForm, Evaluated, Op, Operator, Trigger},
};
use askama::Template;
use serde_json::Value;

use super::{
    Access, Choice, Problem, Screen,
    parts::{When, when},
};
use crate::dashboard::Section;

/// How many conditions the simple form has.
pub const CONDITIONS: usize = 3;

/// The fields that the simple form offers, with what people call them.
pub const FIELDS: [(&str, &str); 14] = [
    ("message.from_email", "the sender's address"),
    ("message.from_domain", "the sender's domain"),
    ("message.subject", "the mail's subject"),
    ("message.body_text", "the mail's text"),
    ("message.to", "the recipients"),
    ("message.is_automated", "written by a machine"),
    ("message.has_attachments", "has files"),
    ("message.safety.flags", "the safety flags"),
    ("thread.subject", "the conversation's subject"),
    ("thread.tags", "the conversation's tags"),
    ("thread.message_count", "the number of messages"),
    ("contact.status", "the contact's status"),
    ("contact.tags", "the contact's tags"),
    ("draft.body_text", "the draft's text"),
];

/// What the form of a rule begins with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RuleForm {
    /// What its owner calls it.
    pub name: String,
    /// What it waits for.
    pub trigger: String,
    /// Its place in line.
    pub priority: String,
    /// Whether one condition is enough.
    pub any: bool,
    /// Field, operator and value of each condition.
    pub conditions: Vec<(String, String, String)>,
    /// What it does.
    pub action: String,
    /// With what: a tag, a status, a text.
    pub argument: String,
    /// When it matches, no later rule is considered.
    pub stop: bool,
    /// The whole rule, as JSON text; used instead when there is any.
    pub json: String,
}

/// What a rule can do, with what people call it.
pub const ACTIONS: [(&str, &str); 13] = [
    ("add_tag", "Add the tag …"),
    ("remove_tag", "Remove the tag …"),
    ("set_needs_review", "Mark for review"),
    ("clear_needs_review", "Mark as reviewed"),
    ("close", "Close the conversation"),
    ("skip_ai", "Ask agents to leave it alone"),
    ("trust_contact", "Trust the sender"),
    ("block_contact", "Block the sender"),
    ("notify", "Tell the approvers"),
    ("reject_draft", "Reject the draft, saying …"),
    ("approve_draft", "Approve the draft"),
    ("send_draft", "Approve and send the draft"),
    ("auto_reply", "Answer at once with …"),
];

#[derive(Template)]
#[template(path = "screens/rules.html")]
struct ListPage<'a> {
    problem: Option<Problem>,
    rows: Vec<Row>,
    form: &'a RuleForm,
    triggers: Vec<Choice>,
    conditions: Vec<ConditionRow>,
    actions: Vec<Choice>,
    access: Access,
}

struct ConditionRow {
    number: usize,
    fields: Vec<Choice>,
    ops: Vec<Choice>,
    value: String,
}

struct Row {
    id: String,
    name: String,
    trigger: &'static str,
    priority: u32,
    is_active: bool,
    error: Option<String>,
    does: String,
    at: When,
}

/// All rules, in the order in which they are considered, and the form for another.
pub fn rules(rules: &[Rule], form: &RuleForm, access: Access, problem: Option<Problem>, now: Timestamp) -> Screen {
    let mut sorted: Vec<&Rule> = rules.iter().collect();
    sorted.sort_by_key(|rule| (rule.trigger.as_str(), rule.priority, rule.id));
    let page = ListPage {
        problem,
        rows: sorted.into_iter().map(|rule| row(rule, now)).collect(),
        form,
        triggers: triggers(&form.trigger),
        conditions: condition_rows(&form.conditions),
        actions: ACTIONS.into_iter().map(|(value, name)| Choice::new(value, name, value == form.action)).collect(),
        access,
    };
    Screen::of(Section::Rules, "Rules", &page)
}

fn triggers(chosen: &str) -> Vec<Choice> {
    Trigger::ALL
        .into_iter()
        .map(|trigger| Choice::new(trigger.as_str(), trigger_words(trigger), trigger.as_str() == chosen))
        .collect()
}

const fn trigger_words(trigger: Trigger) -> &'static str {
    match trigger {
        Trigger::EmailReceived => "Mail came in",
        Trigger::EmailSent => "Mail was sent",
        Trigger::EmailDelivered => "Mail was delivered",
        Trigger::DraftCreated => "A draft was submitted",
        Trigger::DraftApproved => "A draft was approved",
        Trigger::DraftSent => "A draft was sent",
        Trigger::DraftStale => "A draft went out of date",
    }
}

const fn op_words(op: Op) -> &'static str {
    match op {
        Op::Equals => "is",
        Op::NotEquals => "is not",
        Op::Contains => "contains",
        Op::NotContains => "does not contain",
        Op::StartsWith => "begins with",
        Op::EndsWith => "ends with",
        Op::In => "is one of",
        Op::Matches => "matches the pattern",
        Op::Exists => "is there",
        Op::Gt => "is more than",
        Op::Lt => "is less than",
    }
}

fn condition_rows(entered: &[(String, String, String)]) -> Vec<ConditionRow> {
    let rows = (0..CONDITIONS).map(|at| {
        let (field, op, value) = entered.get(at).cloned().unwrap_or_default();
        let none = Choice::new("", "(no condition)", field.is_empty());
        let each = FIELDS.into_iter().map(|(value, name)| Choice::new(value, name, value == field));
        ConditionRow {
            number: at + 1,
            fields: std::iter::once(none).chain(each).collect(),
            ops: Op::ALL
                .into_iter()
                .map(|known| Choice::new(known.as_str(), op_words(known), known.as_str() == op))
                .collect(),
            value,
        }
    });
    rows.collect()
}

fn row(rule: &Rule, now: Timestamp) -> Row {
    Row {
        id: rule.id.to_string(),
        name: line(rule.name.as_str()),
        trigger: trigger_words(rule.trigger),
        priority: rule.priority,
        is_active: rule.active,
        error: rule.last_error.as_ref().map(|error| line(&error.message)),
        does: rule.actions.iter().map(action_words).collect::<Vec<_>>().join("; "),
        at: when(rule.updated_at, now),
    }
}

fn action_words(action: &Action) -> String {
    match action {
        Action::ApproveDraft {} => "approve the draft".to_owned(),
        Action::SendDraft {} => "approve and send the draft".to_owned(),
        Action::RejectDraft { .. } => "reject the draft".to_owned(),
        Action::SetThreadStatus { status } => format!("set the conversation to {}", status.as_str()),
        Action::SetNeedsReview { needs_review: true } => "mark for review".to_owned(),
        Action::SetNeedsReview { needs_review: false } => "mark as reviewed".to_owned(),
        Action::AddTag { tag } => format!("add the tag “{}”", line(tag)),
        Action::RemoveTag { tag } => format!("remove the tag “{}”", line(tag)),
        Action::SkipAi {} => "ask agents to leave it alone".to_owned(),
        Action::TrustContact {} => "trust the sender".to_owned(),
        Action::BlockContact {} => "block the sender".to_owned(),
        Action::AssignIdentity { .. } => "give it to another identity".to_owned(),
        Action::AutoReply { .. } => "answer at once".to_owned(),
        Action::Notify {} => "tell the approvers".to_owned(),
    }
}

/// What a rule would do about something.
#[derive(Debug, Clone, Copy)]
pub struct Tried<'a> {
    /// What it was tried on, in words.
    pub on: &'a str,
    /// What its conditions come to.
    pub evaluated: Option<&'a Evaluated>,
}

#[derive(Template)]
#[template(path = "screens/rule.html")]
struct Page<'a> {
    problem: Option<Problem>,
    rule: Row,
    tree: Vec<Branch>,
    tried: Option<Outcome<'a>>,
    json: String,
    stops: bool,
    access: Access,
}

struct Branch {
    depth: usize,
    words: String,
    holds: Option<bool>,
}

struct Outcome<'a> {
    on: &'a str,
    matches: bool,
    tree: Vec<Branch>,
}

/// One rule, with what it would do if it was tried. `json` is what was typed into its form.
pub fn rule(
    rule: &Rule,
    json: Option<&str>,
    tried: Option<Tried<'_>>,
    access: Access,
    problem: Option<Problem>,
    now: Timestamp,
) -> Screen {
    let mut tree = Vec::new();
    branches(&rule.conditions.form(), 0, &mut tree);
    let tried = tried.map(|tried| {
        let mut tree = Vec::new();
        if let Some(evaluated) = tried.evaluated {
            evaluated_branches(evaluated, 0, &mut tree);
        }
        Outcome { on: tried.on, matches: tried.evaluated.is_some_and(|evaluated| evaluated.holds), tree }
    });
    let shown = row(rule, now);
    let page = Page {
        problem,
        tree,
        tried,
        json: json.map_or_else(|| as_json(rule), str::to_owned),
        stops: rule.stop_after_match,
        access,
        rule: shown,
    };
    Screen::of(Section::Rules, line(rule.name.as_str()), &page)
}

/// The rule as the API takes it.
fn as_json(rule: &Rule) -> String {
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

fn branches(form: &ConditionForm, depth: usize, tree: &mut Vec<Branch>) {
    tree.push(Branch { depth, words: condition_words(form), holds: None });
    for condition in form.conditions.iter().flatten() {
        branches(condition, depth + 1, tree);
    }
}

fn evaluated_branches(evaluated: &Evaluated, depth: usize, tree: &mut Vec<Branch>) {
    tree.push(Branch { depth, words: condition_words(&evaluated.condition), holds: Some(evaluated.holds) });
    for condition in &evaluated.conditions {
        evaluated_branches(condition, depth + 1, tree);
    }
}

fn condition_words(form: &ConditionForm) -> String {
    match (&form.field, form.op) {
        (Some(field), Some(op)) => {
            let known = FIELDS.into_iter().find(|(value, _)| value == field).map(|(_, name)| name.to_owned());
            let value = match &form.value {
                None => String::new(),
                Some(Value::String(text)) => format!(" “{}”", line(text)),
                Some(other) => format!(" {}", line(&other.to_string())),
            };
            format!("{} {}{value}", known.unwrap_or_else(|| line(field)), op_words(op))
        }
        _ if form.conditions.as_ref().is_some_and(Vec::is_empty) => "always".to_owned(),
        _ if form.operator == Some(Operator::Or) => "one of these holds".to_owned(),
        _ => "all of these hold".to_owned(),
    }
}
