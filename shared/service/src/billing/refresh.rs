//! What a workspace pays for, as Stripe says now.

use actionlayer_clients::stripe::{StripeError, StripeSubscription, SubscriptionStatus};
use actionlayer_domain::{
    Plan, Timestamp, Workspace, WorkspaceId,
    billing::{Billing, PaidSubscription},
    plan::PlanStatus,
};
use actionlayer_store::{Row, StripeCustomer, StripeEventSeen, Transaction, keys};

use super::{provider, read_workspace};
use crate::{App, BillingSettings, ServiceError, contention::until_settled};

/// Asks Stripe and keeps what it says, with the event that was the reason to ask, if there was one. The workspace is read
/// before Stripe is asked and written only if it is still as it was read: of two at once, what was asked later stays.
pub(crate) async fn refresh(
    app: &App,
    workspace: WorkspaceId,
    event: Option<&StripeEventSeen>,
) -> Result<Row<Workspace>, ServiceError> {
    until_settled(app, || async {
        let row = read_workspace(app, workspace).await?;
        let billing = match &row.value.billing {
            Some(billing) => ask(app, workspace, billing).await?,
            None => None,
        };
        let changed = billing != row.value.billing;
        let mut transaction = Transaction::new();
        let now = app.now();
        let next = Workspace { billing, updated_at: now, ..row.value.clone() };
        if changed {
            transaction.replace(&row, &next)?;
        }
        if let (Some(gone), None) = (&row.value.billing, &next.billing)
            && let Some(customer) = app.store.get::<StripeCustomer>(&keys::stripe_customer(&gone.customer_id)).await?
        {
            transaction.delete(&customer);
        }
        if let Some(event) = event {
            transaction.create(event)?;
        }
        if transaction.is_empty() {
            return Ok(row);
        }
        app.store.commit(transaction).await?;
        Ok(if changed { row.replaced(next) } else { row })
    })
    .await
}

/// None where Stripe knows no such customer: they were deleted there, or the deployment has the key of another account now,
/// as after trying it out in test mode. Then nobody pays, and whoever begins to is a new customer.
async fn ask(app: &App, workspace: WorkspaceId, known: &Billing) -> Result<Option<Billing>, ServiceError> {
    let settings = provider(app)?;
    let found = match app.stripe.subscriptions(&settings.secret_key, &known.customer_id).await {
        Ok(found) => found,
        Err(StripeError::Missing) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let now = app.now();
    let mut paid: Vec<PaidSubscription> =
        found.iter().filter_map(|found| paid(settings, found, known.subscription.as_ref(), now)).collect();
    if paid.iter().filter(|paid| paid.is_live()).count() > 1 {
        tracing::warn!(workspace_id = %workspace, "a customer pays for more than one subscription");
    }
    // Of several the one that allows most; the first of them is the newest.
    paid.sort_by_key(|paid| (!paid.entitles(now), std::cmp::Reverse(rank(paid.plan))));
    let canceled = |known: &PaidSubscription| PaidSubscription {
        status: PlanStatus::Canceled,
        renews_at: None,
        grace_ends_at: None,
        ..known.clone()
    };
    let subscription = paid.into_iter().next().or_else(|| known.subscription.as_ref().map(canceled));
    Ok(Some(Billing { customer_id: known.customer_id.clone(), subscription }))
}

const fn rank(plan: Plan) -> u8 {
    match plan {
        Plan::BuilderPack => 0,
        Plan::Pro => 1,
        Plan::Agency => 2,
        Plan::Unlimited => 3,
    }
}

/// A subscription for one of the deployment's prices; none where it is for something else, or has not begun.
fn paid(
    settings: &BillingSettings,
    found: &StripeSubscription,
    known: Option<&PaidSubscription>,
    now: Timestamp,
) -> Option<PaidSubscription> {
    let plan = found.price_ids.iter().find_map(|price| settings.plan_of(price))?;
    let status = match found.status {
        SubscriptionStatus::Incomplete | SubscriptionStatus::IncompleteExpired => return None,
        SubscriptionStatus::Trialing => PlanStatus::Trialing,
        SubscriptionStatus::Active => PlanStatus::Active,
        SubscriptionStatus::PastDue | SubscriptionStatus::Unpaid | SubscriptionStatus::Paused => PlanStatus::PastDue,
        SubscriptionStatus::Canceled => PlanStatus::Canceled,
    };
    // The anchor of a trial is its end: its own months begin with it.
    let is_trial = found.status == SubscriptionStatus::Trialing;
    let subscription = PaidSubscription {
        id: found.id.clone(),
        plan,
        status,
        anchor: if is_trial { found.started_at } else { found.billing_cycle_anchor },
        trial_ends_at: found.trial_ends_at.filter(|_| is_trial),
        renews_at: found.period_ends_at.filter(|_| found.cancels_at.is_none()),
        cancels_at: found.cancels_at,
        grace_ends_at: None,
    };
    let is_tried_again = found.status == SubscriptionStatus::PastDue;
    Some(subscription.following(known, is_tried_again, now))
}
