//! Rules.

use actionlayer_domain::{
    DraftId, EventId, HeaderText, MessageId, Rule, RuleId, ThreadId, Timestamp, WorkspaceId,
    rule::{
        Action, ActionResult, ActionRun, ConditionForm, Evaluated, Op, Operator, Outcome, RuleError, SwitchedOff,
        Trigger, Unmet, Withheld,
    },
};
use actionlayer_service::rules::{
    list_runs::Considered,
    test_rules::{DryRun, Tried},
};
use serde::Serialize;
use utoipa::ToSchema;

/// A rule.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RuleView {
    id: RuleId,
    workspace_id: WorkspaceId,
    name: HeaderText,
    trigger: Trigger,
    priority: u32,
    active: bool,
    conditions: ConditionForm,
    actions: Vec<Action>,
    stop_after_match: bool,
    /// Why it could not be carried out the last time.
    last_error: Option<RuleError>,
    /// How many times in a row it could not be carried out; at 20 it is switched off.
    failures_in_a_row: u32,
    /// That it was switched off by itself. Switched on again, it starts afresh.
    switched_off: Option<SwitchedOff>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl RuleView {
    /// The view of a rule.
    pub fn of(rule: Rule) -> Self {
        Self {
            id: rule.id,
            workspace_id: rule.workspace_id,
            name: rule.name,
            trigger: rule.trigger,
            priority: rule.priority,
            active: rule.active,
            conditions: rule.conditions.form(),
            actions: rule.actions,
            stop_after_match: rule.stop_after_match,
            last_error: rule.last_error,
            failures_in_a_row: rule.failures_in_a_row,
            switched_off: rule.switched_off,
            created_at: rule.created_at,
            updated_at: rule.updated_at,
        }
    }
}

/// What rules would do.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = RuleTest)]
pub struct RuleTestView {
    /// What was supposed to have happened.
    trigger: Trigger,
    thread_id: ThreadId,
    /// The message that conditions looked at.
    message_id: Option<MessageId>,
    /// The draft that conditions looked at.
    draft_id: Option<DraftId>,
    /// The rules that wait for it, in the order they are considered.
    rules: Vec<TriedView>,
}

/// What a rule would do.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = TriedRule)]
struct TriedView {
    /// `null` for a rule that came with the request.
    rule_id: Option<RuleId>,
    name: HeaderText,
    priority: u32,
    /// Whether its conditions hold.
    matched: bool,
    /// Whether an earlier match stopped it from being considered.
    skipped: bool,
    /// Each condition and whether it holds; `null` for a rule that was not considered.
    conditions: Option<EvaluatedView>,
    /// What it would do, in this order; nothing unless it matched.
    actions: Vec<Action>,
    /// What each of them would come to now.
    results: Vec<ActionResultView>,
}

/// A condition and whether it holds.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = EvaluatedCondition)]
struct EvaluatedView {
    holds: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    operator: Option<Operator>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, no_recursion)]
    conditions: Option<Vec<EvaluatedView>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    field: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    op: Option<Op>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<serde_json::Value>,
}

/// What became of an action, or would.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = RuleActionOutcome)]
enum ResultWord {
    /// It was done.
    Done,
    /// Things were so already.
    Unchanged,
    /// It may not be done, or not any more. Nothing is wrong with the rule.
    Refused,
    /// It cannot be done: the rule must be changed, or what it names.
    Failed,
}

/// What became of an action, or would, and why.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = RuleActionResult)]
struct ActionResultView {
    result: ResultWord,
    /// Why it was refused, or failed, as a word: `sender_not_aligned`, `thread_cap`, `draft_not_pending`, `not_found`, …
    code: Option<String>,
    /// The same for a person.
    message: Option<String>,
}

impl ActionResultView {
    fn of(result: ActionResult) -> Self {
        let (result, code, message) = match result {
            ActionResult::Done => (ResultWord::Done, None, None),
            ActionResult::Unchanged => (ResultWord::Unchanged, None, None),
            ActionResult::Refused { code, message } => (ResultWord::Refused, Some(code), Some(message)),
            ActionResult::Failed { code, message } => (ResultWord::Failed, Some(code), Some(message)),
        };
        Self { result, code, message }
    }
}

/// What a rule came to at an event, and what it did.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = RuleRun)]
pub struct RuleRunView {
    event_id: EventId,
    event: Trigger,
    /// When the event happened.
    at: Timestamp,
    thread_id: ThreadId,
    message_id: Option<MessageId>,
    draft_id: Option<DraftId>,
    /// Whether its conditions held, at the time of the event.
    matched: bool,
    /// The first condition that did not hold.
    unmet: Option<Unmet>,
    /// The earlier rule that matched and stopped it from being considered.
    stopped_by_rule_id: Option<RuleId>,
    /// Why it was not carried out although it matched.
    withheld: Option<Withheld>,
    /// Its actions, in the order in which they are carried out.
    actions: Vec<ActionRunView>,
    started_at: Option<Timestamp>,
    finished_at: Option<Timestamp>,
    /// From the event to the end of the run.
    duration_ms: Option<i64>,
}

/// An action and what became of it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = RuleActionRun)]
struct ActionRunView {
    action: Action,
    /// `null` while it is not known, and of an action that was withheld.
    result: Option<ActionResultView>,
}

impl RuleRunView {
    /// The view of an event that a rule was considered for.
    pub fn of(considered: Considered) -> Self {
        let Considered { occasion, verdict, run } = considered;
        let (unmet, stopped_by_rule_id) = match verdict.outcome {
            Outcome::Matched => (None, None),
            Outcome::NotMatched { unmet } => (unmet, None),
            Outcome::Stopped { by } => (None, Some(by)),
        };
        let event = occasion.event;
        let finished_at = run.as_ref().and_then(|run| run.finished_at);
        let started_at = run.as_ref().map(|run| run.started_at);
        Self {
            event_id: event.event_id,
            event: event.trigger,
            at: event.at,
            thread_id: event.thread_id,
            message_id: event.message_id,
            draft_id: event.draft_id,
            matched: run.is_some() || (unmet.is_none() && stopped_by_rule_id.is_none()),
            unmet,
            stopped_by_rule_id,
            withheld: run.as_ref().and_then(|run| run.withheld),
            actions: run.into_iter().flat_map(|run| run.actions).map(ActionRunView::of).collect(),
            started_at,
            finished_at,
            duration_ms: finished_at.map(|at| at.unix_ms() - event.at.unix_ms()),
        }
    }
}

impl ActionRunView {
    fn of(run: ActionRun) -> Self {
        Self { action: run.action, result: run.result.map(ActionResultView::of) }
    }
}

impl RuleTestView {
    /// The view of a dry run. `given` when the rule came with the request.
    pub fn of(run: DryRun, given: bool) -> Self {
        let rules = run.rules.into_iter().map(|tried| TriedView::of(tried, given)).collect();
        Self {
            trigger: run.trigger,
            thread_id: run.context.thread.id,
            message_id: run.context.message.map(|message| message.id),
            draft_id: run.context.draft.map(|draft| draft.id),
            rules,
        }
    }
}

impl TriedView {
    fn of(tried: Tried, given: bool) -> Self {
        let Tried { rule, evaluated, results } = tried;
        let matched = evaluated.as_ref().is_some_and(|evaluated| evaluated.holds);
        Self {
            rule_id: (!given).then_some(rule.id),
            name: rule.name,
            priority: rule.priority,
            matched,
            skipped: evaluated.is_none(),
            conditions: evaluated.map(EvaluatedView::of),
            actions: if matched { rule.actions } else { Vec::new() },
            results: results.into_iter().map(ActionResultView::of).collect(),
        }
    }
}

impl EvaluatedView {
    fn of(evaluated: Evaluated) -> Self {
        let Evaluated { holds, condition, conditions } = evaluated;
        let ConditionForm { operator, conditions: _, field, op, value } = condition;
        let conditions = operator.map(|_| conditions.into_iter().map(Self::of).collect());
        Self { holds, operator, conditions, field, op, value }
    }
}
