//! Rules.

use actionlayer_domain::{
    DraftId, HeaderText, MessageId, Rule, RuleId, ThreadId, Timestamp, WorkspaceId,
    rule::{Action, ConditionForm, Evaluated, Op, Operator, RuleError, Trigger},
};
use actionlayer_service::rules::test_rules::{DryRun, Tried};
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
    last_error: Option<RuleError>,
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
        let Tried { rule, evaluated } = tried;
        let matched = evaluated.as_ref().is_some_and(|evaluated| evaluated.holds);
        Self {
            rule_id: (!given).then_some(rule.id),
            name: rule.name,
            priority: rule.priority,
            matched,
            skipped: evaluated.is_none(),
            conditions: evaluated.map(EvaluatedView::of),
            actions: if matched { rule.actions } else { Vec::new() },
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
