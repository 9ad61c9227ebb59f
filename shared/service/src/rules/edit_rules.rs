//! `POST|GET /v1/rules`, `GET|PATCH|DELETE /v1/rules/{id}`.

use actionlayer_domain::{
    HeaderText, Rule, RuleId,
    key::Permission,
    rule::{Action, ConditionForm, Conditions, DEFAULT_PRIORITY, Problem, Trigger},
};
use actionlayer_store::{Page, PageRequest, Row, Transaction, keys};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    App, Caller, FieldError, ServiceError,
    billing::plan::{Limited, Room},
    contention::until_settled,
    permission::Require as _,
    workspace::idempotency::Idempotency,
};

/// A rule to create.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "name": "Invoices",
    "trigger": "email.received",
    "priority": 10,
    "conditions": { "operator": "AND", "conditions": [
        { "field": "message.subject", "op": "contains", "value": "invoice" },
        { "operator": "OR", "conditions": [
            { "field": "message.from_domain", "op": "in", "value": ["example.com", "example.org"] },
            { "field": "contact.status", "op": "equals", "value": "trusted" },
        ] },
    ] },
    "actions": [{ "type": "add_tag", "tag": "invoice" }, { "type": "notify" }],
    "stop_after_match": true,
}))]
pub struct CreateRule {
    pub name: HeaderText,
    pub trigger: Trigger,
    /// Its place in line: rules are considered from the lowest to the highest.
    #[schema(minimum = 0, maximum = 10_000, default = 100)]
    pub priority: Option<u32>,
    /// Whether it is considered at all.
    #[schema(default = true)]
    pub active: Option<bool>,
    /// A group of conditions. A rule without any always matches.
    pub conditions: Option<ConditionForm>,
    #[schema(min_items = 1, max_items = 20)]
    pub actions: Vec<Action>,
    /// When it matches, no later rule is considered.
    #[schema(default = false)]
    pub stop_after_match: Option<bool>,
}

/// The fields to change; what is left out stays as it is.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "active": false }))]
pub struct UpdateRule {
    pub name: Option<HeaderText>,
    pub trigger: Option<Trigger>,
    #[schema(minimum = 0, maximum = 10_000)]
    pub priority: Option<u32>,
    pub active: Option<bool>,
    /// All of its conditions.
    pub conditions: Option<ConditionForm>,
    /// All of its actions.
    #[schema(min_items = 1, max_items = 20)]
    pub actions: Option<Vec<Action>>,
    pub stop_after_match: Option<bool>,
}

/// Which rules. A filter that is `None` asks nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct RuleFilter {
    /// Waiting for what.
    pub trigger: Option<Trigger>,
    /// Considered or not.
    pub active: Option<bool>,
}

/// A rule acts on the whole workspace, whoever wrote it.
fn require_owner(caller: &Caller) -> Result<(), ServiceError> {
    caller.require(Permission::Administer)?;
    if caller.sees_all() {
        return Ok(());
    }
    Err(ServiceError::Forbidden { reason: "rules act on every identity, and this key is bound to some" })
}

/// Makes a rule.
pub async fn create_rule(
    app: &App,
    caller: &Caller,
    idempotency: &Idempotency,
    new: CreateRule,
) -> Result<Rule, ServiceError> {
    require_owner(caller)?;
    let rule = build(app, caller, new)?;
    check_identities(app, &rule).await?;
    until_settled(app, || async {
        if let Some(id) = idempotency.made(app, caller).await? {
            return get_rule(app, caller, id).await;
        }
        let mut transaction = Transaction::new();
        let room = Room::look(app, caller.workspace_id, Limited::Rules).await?;
        room.take(app, app.store.rules(caller.workspace_id).await?.len(), &mut transaction)?;
        transaction.create(&rule)?;
        idempotency.mark(&mut transaction, caller, rule.id, rule.created_at)?;
        app.store.commit(transaction).await?;
        Ok(rule.clone())
    })
    .await
}

/// A rule as it would be stored; nothing is.
pub(crate) fn build(app: &App, caller: &Caller, new: CreateRule) -> Result<Rule, ServiceError> {
    let CreateRule { name, trigger, priority, active, conditions, actions, stop_after_match } = new;
    let (conditions, mut problems) = read(conditions.as_ref());
    let now = app.now();
    let rule = Rule {
        id: RuleId::generate(now, app.entropy()),
        workspace_id: caller.workspace_id,
        name,
        trigger,
        priority: priority.unwrap_or(DEFAULT_PRIORITY),
        active: active.unwrap_or(true),
        conditions,
        actions,
        stop_after_match: stop_after_match.unwrap_or(false),
        last_error: None,
        failures_in_a_row: 0,
        switched_off: None,
        created_at: now,
        updated_at: now,
    };
    problems.extend(rule.problems());
    refuse(problems)?;
    Ok(rule)
}

/// Conditions as they were written, or none and what is wrong with them.
fn read(form: Option<&ConditionForm>) -> (Conditions, Vec<Problem>) {
    match form.map(Conditions::read) {
        None => (Conditions::none(), Vec::new()),
        Some(Ok(conditions)) => (conditions, Vec::new()),
        Some(Err(problems)) => (Conditions::none(), problems),
    }
}

fn refuse(problems: Vec<Problem>) -> Result<(), ServiceError> {
    if problems.is_empty() {
        return Ok(());
    }
    Err(ServiceError::Validation(problems.into_iter().map(|p| FieldError::new(p.path, p.message)).collect()))
}

/// Identities that a rule names must be there.
async fn check_identities(app: &App, rule: &Rule) -> Result<(), ServiceError> {
    let mut problems = Vec::new();
    for (i, action) in rule.actions.iter().enumerate() {
        if let Action::AssignIdentity { identity_id } = action
            && app.store.identity(rule.workspace_id, *identity_id).await?.is_none()
        {
            problems.push(FieldError::new(
                format!("actions[{i}].identity_id"),
                "must be the id of an identity of this workspace",
            ));
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(ServiceError::Validation(problems)) }
}

/// The workspace's rules, newest first.
pub async fn list_rules(
    app: &App,
    caller: &Caller,
    filter: RuleFilter,
    request: &PageRequest,
) -> Result<Page<Rule>, ServiceError> {
    let RuleFilter { trigger, active } = filter;
    let rules = app.store.rules(caller.workspace_id).await?;
    let wanted = rules
        .into_iter()
        .map(|row| row.value)
        .filter(|rule| trigger.is_none_or(|trigger| rule.trigger == trigger))
        .filter(|rule| active.is_none_or(|active| rule.active == active))
        .collect();
    let list = format!("{}#rules{trigger:?}{active:?}", caller.workspace_id);
    Ok(Page::of_few(wanted, &list, request, |rule: &Rule| rule.id.to_string())?)
}

async fn find(app: &App, caller: &Caller, id: RuleId) -> Result<Row<Rule>, ServiceError> {
    app.store.get(&keys::rule(caller.workspace_id, id)).await?.ok_or(ServiceError::NotFound { what: "rule" })
}

/// A rule.
pub async fn get_rule(app: &App, caller: &Caller, id: RuleId) -> Result<Rule, ServiceError> {
    Ok(find(app, caller, id).await?.value)
}

/// Changes a rule; it is checked as a whole.
pub async fn update_rule(app: &App, caller: &Caller, id: RuleId, patch: UpdateRule) -> Result<Rule, ServiceError> {
    require_owner(caller)?;
    until_settled(app, || update_once(app, caller, id, &patch)).await
}

async fn update_once(app: &App, caller: &Caller, id: RuleId, patch: &UpdateRule) -> Result<Rule, ServiceError> {
    let row = find(app, caller, id).await?;
    let mut rule = row.value.clone();
    let mut problems = Vec::new();
    if let Some(form) = &patch.conditions {
        (rule.conditions, problems) = read(Some(form));
    }
    if let Some(name) = &patch.name {
        rule.name = name.clone();
    }
    if let Some(actions) = &patch.actions {
        rule.actions.clone_from(actions);
    }
    rule.trigger = patch.trigger.unwrap_or(rule.trigger);
    rule.priority = patch.priority.unwrap_or(rule.priority);
    rule.active = patch.active.unwrap_or(rule.active);
    rule.stop_after_match = patch.stop_after_match.unwrap_or(rule.stop_after_match);
    problems.extend(rule.problems());
    refuse(problems)?;
    if patch.actions.is_some() {
        check_identities(app, &rule).await?;
    }
    if rule == row.value {
        return Ok(rule);
    }
    rule.changed(app.now());
    let mut transaction = Transaction::new();
    transaction.replace(&row, &rule)?;
    app.store.commit(transaction).await?;
    Ok(rule)
}

/// Deletes a rule.
pub async fn delete_rule(app: &App, caller: &Caller, id: RuleId) -> Result<(), ServiceError> {
    require_owner(caller)?;
    until_settled(app, || async {
        let mut transaction = Transaction::new();
        transaction.delete(&find(app, caller, id).await?);
        Ok(app.store.commit(transaction).await?)
    })
    .await
}
