//! One rule: what it says, what it would do, and what it did.

use actionlayer_channels::legible::line;
use actionlayer_domain::{
    Rule, Timestamp,
    rule::{Action, ActionResult, ConditionForm, Evaluated, Occasion, Outcome, RuleRun, Verdict},
};
use askama::Template;

use super::{
    Access, Pager, Problem, Screen,
    parts::{When, in_query, when},
    rule_words::{action_words, condition_words, field_words, op_words, result_words, withheld_words},
    rules::{Row, row},
};
use crate::dashboard::Section;

/// What a rule would do about something.
#[derive(Debug, Clone, Copy)]
pub struct Tried<'a> {
    /// What it was tried on, in words.
    pub on: &'a str,
    /// What its conditions come to.
    pub evaluated: Option<&'a Evaluated>,
    /// What each of its actions would come to; nothing unless it matched.
    pub results: &'a [ActionResult],
}

/// An event that the rule was considered for.
#[derive(Debug, Clone, Copy)]
pub struct Considered<'a> {
    /// The event, and how things stood.
    pub occasion: &'a Occasion,
    /// What the rule came to.
    pub verdict: &'a Verdict,
    /// What it did, if it matched.
    pub run: Option<&'a RuleRun>,
}

/// What one rule's screen shows.
#[derive(Debug, Clone, Copy)]
pub struct Shown<'a> {
    pub rule: &'a Rule,
    /// What trying it came to, if it was tried.
    pub tried: Option<Tried<'a>>,
    /// A page of the events that it was considered for, newest first.
    pub considered: &'a [Considered<'a>],
    /// The cursor that was followed.
    pub cursor: Option<&'a str>,
    /// The cursor to older ones.
    pub next_cursor: Option<&'a str>,
    /// What the visitor may do.
    pub access: Access,
    pub now: Timestamp,
}

#[derive(Template)]
#[template(path = "screens/rule.html")]
struct Page<'a> {
    problem: Option<Problem>,
    rule: Row,
    tree: Vec<Branch>,
    tried: Option<Attempted<'a>>,
    runs: Vec<Ran>,
    pager: Pager,
    stops: bool,
    access: Access,
}

struct Branch {
    depth: usize,
    words: String,
    holds: Option<bool>,
}

struct Attempted<'a> {
    on: &'a str,
    matches: bool,
    tree: Vec<Branch>,
    /// Each action and what it would come to.
    actions: Vec<String>,
}

struct Ran {
    event_id: String,
    thread_id: String,
    subject: String,
    at: When,
    tone: &'static str,
    outcome: String,
    /// Each action and what became of it.
    actions: Vec<String>,
}

/// One rule.
pub fn rule(view: Shown<'_>, problem: Option<Problem>) -> Screen {
    let rule = view.rule;
    let mut tree = Vec::new();
    branches(&rule.conditions.form(), 0, &mut tree);
    let tried = view.tried.map(|tried| {
        let mut tree = Vec::new();
        if let Some(evaluated) = tried.evaluated {
            evaluated_branches(evaluated, 0, &mut tree);
        }
        let results = rule.actions.iter().zip(tried.results);
        Attempted {
            on: tried.on,
            matches: tried.evaluated.is_some_and(|evaluated| evaluated.holds),
            tree,
            actions: results.map(|(action, result)| action_and_result(action, Some(result))).collect(),
        }
    });
    let path = format!("/rules/{}", rule.id);
    let page = Page {
        problem,
        tree,
        tried,
        runs: view.considered.iter().map(|considered| ran(considered, view.now)).collect(),
        pager: Pager {
            newest: view.cursor.map(|_| path.clone()),
            older: view.next_cursor.map(|cursor| format!("{path}?cursor={}", in_query(cursor))),
        },
        stops: rule.stop_after_match,
        access: view.access,
        rule: row(rule, view.now),
    };
    Screen::of(Section::Rules, line(rule.name.as_str()), &page)
}

fn ran(considered: &Considered<'_>, now: Timestamp) -> Ran {
    let event = &considered.occasion.event;
    let withheld = considered.run.and_then(|run| run.withheld);
    let (tone, outcome) = match (&considered.verdict.outcome, withheld) {
        (Outcome::Matched, Some(withheld)) => ("warn", format!("It matched, and was {}", withheld_words(withheld))),
        (Outcome::Matched, None) => ("good", "It matched".to_owned()),
        (Outcome::Stopped { .. }, _) => ("", "An earlier rule stopped it".to_owned()),
        (Outcome::NotMatched { unmet: None }, _) => ("", "It did not match".to_owned()),
        (Outcome::NotMatched { unmet: Some(unmet) }, _) => {
            let because = format!("{} {} …", field_words(&unmet.field), op_words(unmet.op));
            ("", format!("It did not match, because of “{because}”"))
        }
    };
    let actions = considered.run.filter(|_| withheld.is_none()).into_iter().flat_map(|run| &run.actions);
    Ran {
        event_id: event.event_id.to_string(),
        thread_id: event.thread_id.to_string(),
        subject: subject(&considered.occasion.thread.subject),
        at: when(event.at, now),
        tone,
        outcome,
        actions: actions.map(|run| action_and_result(&run.action, run.result.as_ref())).collect(),
    }
}

fn action_and_result(action: &Action, result: Option<&ActionResult>) -> String {
    format!("{}: {}", action_words(action), result_words(result).1)
}

fn subject(text: &str) -> String {
    let subject = line(text);
    if subject.is_empty() { "(no subject)".to_owned() } else { subject }
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
