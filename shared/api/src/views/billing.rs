//! The plan and what is left of it.

use actionlayer_domain::{
    Plan, Timestamp,
    plan::{Limits, PlanStatus},
};
use actionlayer_service::billing::get_subscription::Subscription;
use serde::Serialize;
use utoipa::ToSchema;

/// A subscription.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SubscriptionView {
    plan: Plan,
    plan_status: PlanStatus,
    /// Whether the operator lifted the limits for a trial of new features.
    beta_override: bool,
    trial_ends_at: Option<Timestamp>,
    current_period_start: Timestamp,
    /// `null` for a plan whose mails are counted for ever.
    current_period_end: Option<Timestamp>,
    emails_sent_this_period: u64,
    inbound_received_this_period: u64,
    /// Mails of blocked senders; they count for nothing.
    inbound_dropped_this_period: u64,
    identity_count: usize,
    rule_count: usize,
    domain_count: usize,
    /// What the plan allows; `null` for as much as one likes.
    limits: Limits,
}

impl SubscriptionView {
    /// The view of a subscription.
    pub fn of(subscription: &Subscription) -> Self {
        Self {
            plan: subscription.plan,
            plan_status: subscription.plan_status(),
            beta_override: subscription.beta_override,
            trial_ends_at: subscription.paid.as_ref().and_then(|paid| paid.trial_ends_at),
            current_period_start: subscription.current_period_start,
            current_period_end: subscription.current_period_end,
            emails_sent_this_period: subscription.emails_sent,
            inbound_received_this_period: subscription.inbound_received,
            inbound_dropped_this_period: subscription.inbound_dropped,
            identity_count: subscription.identity_count,
            rule_count: subscription.rule_count,
            domain_count: subscription.domain_count,
            limits: subscription.limits,
        }
    }
}
