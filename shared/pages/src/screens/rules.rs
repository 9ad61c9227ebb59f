//! Rules: what happens by itself, in which order.

use actionlayer_channels::legible::line;
use actionlayer_domain::{Rule, Timestamp};
use askama::Template;

use super::{
    Access, Problem, Screen,
    parts::{When, when},
    rule_words::{action_words, trigger_words},
};
use crate::dashboard::Section;

#[derive(Template)]
#[template(path = "screens/rules.html")]
struct ListPage {
    problem: Option<Problem>,
    rows: Vec<Row>,
    access: Access,
}

pub(super) struct Row {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) trigger: &'static str,
    pub(super) priority: u32,
    pub(super) is_active: bool,
    pub(super) error: Option<String>,
    pub(super) does: String,
    pub(super) at: When,
}

/// All rules, in the order in which they are considered.
pub fn rules(rules: &[Rule], access: Access, problem: Option<Problem>, now: Timestamp) -> Screen {
    let mut sorted: Vec<&Rule> = rules.iter().collect();
    sorted.sort_by_key(|rule| (rule.trigger.as_str(), rule.priority, rule.id));
    let rows = sorted.into_iter().map(|rule| row(rule, now)).collect();
    Screen::of(Section::Rules, "Rules", &ListPage { problem, rows, access })
}

pub(super) fn row(rule: &Rule, now: Timestamp) -> Row {
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
