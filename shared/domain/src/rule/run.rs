//! A rule that matched, carried out: what became of each of its actions.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Action, RuleEvent};
use crate::{HeaderText, RuleId, Timestamp};

/// A rule may be carried out this often in a minute; one more, and it is switched off.
pub const MAX_RUNS_A_MINUTE: u32 = 60;
/// A rule that failed so many times in a row is switched off.
pub const MAX_FAILURES_IN_A_ROW: u32 = 20;
/// How long runs are kept.
pub const RUN_LIFETIME: Duration = Duration::from_hours(30 * 24);

/// What became of an action.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "result", rename_all = "snake_case")]
pub enum ActionResult {
    Done,
    /// Things were so already.
    Unchanged,
    /// It may not be done, or not any more: nothing is wrong with the rule.
    Refused {
        /// Why, as a word.
        code: String,
        /// Why, for a person.
        message: String,
    },
    /// It cannot be done: the rule must be changed, or what it names.
    Failed {
        /// Why, as a word.
        code: String,
        /// Why, for a person.
        message: String,
    },
}

impl ActionResult {
    /// Something that may not be done, or not any more.
    pub fn refused(code: &str, message: impl Into<String>) -> Self {
        Self::Refused { code: code.to_owned(), message: message.into() }
    }

    /// Something that cannot be done.
    pub fn failed(code: &str, message: impl Into<String>) -> Self {
        Self::Failed { code: code.to_owned(), message: message.into() }
    }
}

/// An action and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActionRun {
    /// What was to be done.
    pub action: Action,
    /// What became of it; none while it is not known.
    pub result: Option<ActionResult>,
}

/// That a rule matched at an event, and what it did. There is one for each rule and event, whatever is tried again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleRun {
    pub rule_id: RuleId,
    /// Its name then.
    pub rule_name: HeaderText,
    pub event: RuleEvent,
    /// Its actions then, in the order in which they are carried out.
    pub actions: Vec<ActionRun>,
    /// Why none of them was carried out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withheld: Option<Withheld>,
    /// When it was begun.
    pub started_at: Timestamp,
    /// When it was done; none while it is being carried out.
    pub finished_at: Option<Timestamp>,
}

/// Why a rule that matched was not carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Withheld {
    /// It was changed or switched off in the meantime.
    RuleChanged,
    /// It had been carried out too often in that minute.
    Runaway,
}

impl Withheld {
    /// The name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RuleChanged => "rule_changed",
            Self::Runaway => "runaway",
        }
    }
}

impl RuleRun {
    /// The first action that failed, and why.
    pub fn failure(&self) -> Option<(usize, &str, &str)> {
        self.actions.iter().enumerate().find_map(|(i, run)| match &run.result {
            Some(ActionResult::Failed { code, message }) => Some((i, code.as_str(), message.as_str())),
            _ => None,
        })
    }

    /// Whether the identity's approvers are to be told.
    pub fn notifies(&self) -> bool {
        self.finished_at.is_some()
            && self
                .actions
                .iter()
                .any(|run| matches!(run.action, Action::Notify {}) && matches!(run.result, Some(ActionResult::Done)))
    }
}
