//! `GET /v1/billing/subscription`, `POST /v1/billing/checkout` and `/portal`.

use actionlayer_domain::{
    Plan, Timestamp, Workspace,
    key::Permission,
    plan::{Limits, PlanStatus},
};
use actionlayer_store::keys;

use crate::{App, Caller, ServiceError, permission::Require as _, workspace::plan::plan_of};

/// What a workspace has and what it used of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    pub plan: Plan,
    /// Whether it is paid.
    pub plan_status: PlanStatus,
    /// When the period began that mails are counted in.
    pub current_period_start: Timestamp,
    /// When it ends; none when it is a lifetime.
    pub current_period_end: Option<Timestamp>,
    /// Mails that went out in it, or are on their way.
    pub emails_sent: u64,
    /// Mails that came in in it.
    pub inbound_received: u64,
    /// Mails of blocked senders that were dropped in it. They count for nothing.
    pub inbound_dropped: u64,
    /// Identities there are.
    pub identity_count: usize,
    /// Rules there are.
    pub rule_count: usize,
    /// Domains there are.
    pub domain_count: usize,
    /// What the plan allows.
    pub limits: Limits,
}

/// The subscription of the caller's workspace: counted, not estimated.
pub async fn get_subscription(app: &App, caller: &Caller) -> Result<Subscription, ServiceError> {
    let now = app.now();
    let id = caller.workspace_id;
    let workspace = app.store.get::<Workspace>(&keys::workspace(id)).await?;
    let workspace = workspace.ok_or(ServiceError::NotFound { what: "workspace" })?.value;
    let plan = plan_of(app, Some(&workspace));
    let period = plan.period(now);
    let (usage, identities, rules, domains) = tokio::try_join!(
        app.store.usage(id, &period),
        app.store.identities(id),
        app.store.rules(id),
        app.store.domains(id),
    )?;
    let bounds = plan.period_bounds(now);
    Ok(Subscription {
        plan,
        // Nobody else is asked: what the deployment says is so.
        plan_status: PlanStatus::Active,
        current_period_start: bounds.map_or(workspace.created_at, |(start, _)| start),
        current_period_end: bounds.map(|(_, end)| end),
        emails_sent: usage.outbound,
        inbound_received: usage.inbound,
        inbound_dropped: usage.dropped,
        identity_count: identities.len(),
        rule_count: rules.len(),
        domain_count: domains.len(),
        limits: plan.limits(),
    })
}

/// Where a plan can be paid.
pub fn checkout(_: &App, caller: &Caller, _: Plan) -> Result<String, ServiceError> {
    caller.require(Permission::Administer)?;
    // There is no payment provider to send anybody to.
    Err(ServiceError::BillingNotConfigured)
}

/// Where a subscription can be changed and its invoices are.
pub fn portal(_: &App, caller: &Caller) -> Result<String, ServiceError> {
    caller.require(Permission::Administer)?;
    Err(ServiceError::BillingNotConfigured)
}
