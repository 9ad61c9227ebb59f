//! `GET /v1/billing/subscription`.

use actionlayer_domain::{
    Plan, Timestamp,
    billing::PaidSubscription,
    plan::{Limits, PlanStatus},
};

use super::{plan::entitlement, read_workspace};
use crate::{App, BillingSettings, Caller, ServiceError};

/// What a workspace has and what it used of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    pub plan: Plan,
    /// Whether the operator lifted its limits.
    pub beta_override: bool,
    /// What is paid for, or was; none where nobody pays.
    pub paid: Option<PaidSubscription>,
    /// Whether there is a customer at the payment provider, who has a portal.
    pub has_customer: bool,
    /// The plans that can be subscribed to; none in a deployment that cannot be paid.
    pub for_sale: Vec<Plan>,
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

impl Subscription {
    /// Whether it is paid: where nobody pays, it is active.
    pub fn plan_status(&self) -> PlanStatus {
        self.paid.as_ref().map_or(PlanStatus::Active, |paid| paid.status)
    }
}

/// The subscription of the caller's workspace: counted, not estimated.
pub async fn get_subscription(app: &App, caller: &Caller) -> Result<Subscription, ServiceError> {
    let now = app.now();
    let id = caller.workspace_id;
    let workspace = read_workspace(app, id).await?.value;
    let entitled = entitlement(app, Some(&workspace));
    let period = entitled.period(now);
    let (usage, identities, rules, domains) = tokio::try_join!(
        app.store.usage(id, &period),
        app.store.identities(id),
        app.store.rules(id),
        app.store.domains(id),
    )?;
    let bounds = entitled.period_bounds(now);
    let for_sale = app.settings.billing.as_ref().map(BillingSettings::for_sale).unwrap_or_default();
    Ok(Subscription {
        plan: entitled.plan,
        beta_override: app.settings.beta_workspaces.contains(&id),
        paid: workspace.billing.as_ref().and_then(|billing| billing.subscription.clone()),
        has_customer: workspace.billing.is_some(),
        for_sale,
        current_period_start: bounds.map_or(workspace.created_at, |(start, _)| start),
        current_period_end: bounds.map(|(_, end)| end),
        emails_sent: usage.outbound,
        inbound_received: usage.inbound,
        inbound_dropped: usage.dropped,
        identity_count: identities.len(),
        rule_count: rules.len(),
        domain_count: domains.len(),
        limits: entitled.limits(),
    })
}
