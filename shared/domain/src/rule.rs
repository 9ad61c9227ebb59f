//! Rules: what happens by itself when something happened.
//!
//! A rule is checked as a whole when it is saved ([`Rule::problems`] and [`Conditions::read`]), so that one that exists
//! can be carried out. Whether it matches is decided in one place, [`run`], for a dry run and for real alike.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

mod action;
mod condition;
mod evaluate;
mod fact;
mod field;
mod occasion;
mod read;
mod run;
#[cfg(test)]
mod tests;

pub use action::Action;
pub use condition::{ConditionForm, Conditions, Op, Operator};
pub use evaluate::{Considered, Evaluated, run};
pub use fact::{DraftFacts, Facts, MessageFacts};
pub use field::Field;
pub use occasion::{ContactThen, Occasion, Outcome, RuleEvent, ThreadThen, Unmet, Verdict, claim, verdicts};
pub use read::MAX_DEPTH;
pub use run::{ActionResult, ActionRun, MAX_FAILURES_IN_A_ROW, MAX_RUNS_A_MINUTE, RUN_LIFETIME, RuleRun, Withheld};

use crate::{HeaderText, RuleId, Timestamp, WorkspaceId};

/// A workspace may have this many, whatever its plan: all of them are read whenever one could apply.
pub const MAX_RULES: u32 = 200;
/// A rule may do this many things.
pub const MAX_ACTIONS: usize = 20;
/// What it does may take this much, as JSON.
const MAX_ACTIONS_BYTES: usize = 20 * 1_024;
/// Rules are considered from the lowest priority to this one.
pub const MAX_PRIORITY: u32 = 10_000;
/// Of a rule that does not say.
pub const DEFAULT_PRIORITY: u32 = 100;

/// What a rule waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
pub enum Trigger {
    /// Mail came in.
    #[serde(rename = "email.received")]
    EmailReceived,
    /// SES took a mail of ours.
    #[serde(rename = "email.sent")]
    EmailSent,
    /// The receiving host took it.
    #[serde(rename = "email.delivered")]
    EmailDelivered,
    /// A draft was submitted.
    #[serde(rename = "draft.created")]
    DraftCreated,
    /// A draft was approved.
    #[serde(rename = "draft.approved")]
    DraftApproved,
    /// A draft left.
    #[serde(rename = "draft.sent")]
    DraftSent,
    /// Newer mail overtook a draft.
    #[serde(rename = "draft.stale")]
    DraftStale,
}

impl Trigger {
    /// Every trigger.
    pub const ALL: [Self; 7] = [
        Self::EmailReceived,
        Self::EmailSent,
        Self::EmailDelivered,
        Self::DraftCreated,
        Self::DraftApproved,
        Self::DraftSent,
        Self::DraftStale,
    ];

    /// The name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::EmailReceived => "email.received",
            Self::EmailSent => "email.sent",
            Self::EmailDelivered => "email.delivered",
            Self::DraftCreated => "draft.created",
            Self::DraftApproved => "draft.approved",
            Self::DraftSent => "draft.sent",
            Self::DraftStale => "draft.stale",
        }
    }

    /// Whether it is about a draft, so that there always is one.
    pub const fn is_about_a_draft(self) -> bool {
        match self {
            Self::DraftCreated | Self::DraftApproved | Self::DraftSent | Self::DraftStale => true,
            Self::EmailReceived | Self::EmailSent | Self::EmailDelivered => false,
        }
    }

    /// Whether there can be a draft: mail that left may have been one.
    pub const fn may_know_a_draft(self) -> bool {
        !matches!(self, Self::EmailReceived)
    }
}

/// Why a rule could not be carried out the last time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RuleError {
    /// What went wrong, for a person.
    pub message: String,
    /// When.
    pub at: Timestamp,
}

/// That a rule was switched off by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = RuleSwitchedOff)]
pub struct SwitchedOff {
    /// Why.
    pub reason: SwitchOffReason,
    /// When.
    pub at: Timestamp,
}

/// Why a rule was switched off by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = RuleSwitchOffReason)]
pub enum SwitchOffReason {
    /// It matched more than 60 times in a minute.
    Runaway,
    /// It failed 20 times in a row.
    Failing,
}

/// A rule.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rule {
    pub id: RuleId,
    pub workspace_id: WorkspaceId,
    /// What its owner calls it.
    pub name: HeaderText,
    /// What it waits for.
    pub trigger: Trigger,
    /// Its place in line: the lowest is considered first.
    pub priority: u32,
    /// Whether it is considered at all.
    pub active: bool,
    /// When it matches.
    pub conditions: Conditions,
    /// What it then does, in this order.
    pub actions: Vec<Action>,
    /// When it matches, no later rule is considered.
    pub stop_after_match: bool,
    /// Why it could not be carried out the last time.
    pub last_error: Option<RuleError>,
    /// How many times in a row it could not be carried out.
    #[serde(default)]
    pub failures_in_a_row: u32,
    /// That it was switched off by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub switched_off: Option<SwitchedOff>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// Something about a rule that cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where, as a path: `conditions.conditions[1].op`.
    pub path: String,
    /// What is wrong and what would be right.
    pub message: String,
}

impl Problem {
    pub(crate) fn new(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { path: path.into(), message: message.into() }
    }
}

impl Rule {
    /// What is wrong with the rule as a whole: whether its trigger, conditions and actions go together.
    pub fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        if self.name.as_str().trim().is_empty() || self.name.as_str().len() > 200 {
            problems.push(Problem::new("name", "must be 1 to 200 bytes long and not blank"));
        }
        if self.priority > MAX_PRIORITY {
            problems.push(Problem::new("priority", format!("must be from 0 to {MAX_PRIORITY}")));
        }
        problems.extend(self.conditions.problems(self.trigger));
        if self.actions.is_empty() || self.actions.len() > MAX_ACTIONS {
            problems.push(Problem::new("actions", format!("must be 1 to {MAX_ACTIONS} actions")));
        }
        if serde_json::to_vec(&self.actions).map_or(usize::MAX, |json| json.len()) > MAX_ACTIONS_BYTES {
            problems.push(Problem::new("actions", "must be at most 20 KB long in all"));
        }
        for (i, action) in self.actions.iter().enumerate() {
            problems.extend(action.problems(&format!("actions[{i}]"), self.trigger));
            if let Some(earlier) = self.actions[..i].iter().position(|earlier| earlier.contradicts(action)) {
                let message = format!("contradicts `actions[{earlier}]`: a rule cannot mean both");
                problems.push(Problem::new(format!("actions[{i}]"), message));
            }
        }
        problems
    }

    /// It could not be carried out. Switches it off when that has happened too often.
    pub fn failed(&mut self, message: String, now: Timestamp) {
        self.last_error = Some(RuleError { message, at: now });
        self.failures_in_a_row = self.failures_in_a_row.saturating_add(1);
        if self.failures_in_a_row >= MAX_FAILURES_IN_A_ROW {
            self.switch_off(SwitchOffReason::Failing, now);
        }
    }

    /// It was carried out.
    pub const fn succeeded(&mut self) {
        self.failures_in_a_row = 0;
    }

    /// Switches it off by itself.
    pub const fn switch_off(&mut self, reason: SwitchOffReason, now: Timestamp) {
        if self.active {
            self.active = false;
            self.switched_off = Some(SwitchedOff { reason, at: now });
            self.updated_at = now;
        }
    }

    /// Somebody changed it: what went wrong before was another rule.
    pub fn changed(&mut self, now: Timestamp) {
        self.updated_at = now;
        self.last_error = None;
        self.failures_in_a_row = 0;
        self.switched_off = None;
    }
}
