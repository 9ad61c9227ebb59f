//! Who pays for a workspace, and what follows for what it may use.
//!
//! The payment provider (Stripe) says what is paid for; what is kept here is what it said last, never what an event of
//! its own claims.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{
    Plan, Timestamp,
    plan::{Entitlement, PlanStatus},
};

/// How long a plan stays when a payment failed. The provider may go on trying for longer.
pub const GRACE: Duration = Duration::from_hours(7 * 24);

/// Who pays for a workspace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Billing {
    /// The customer at the provider: `cus_…`. The same as long as the provider knows them.
    pub customer_id: String,
    /// What they pay for, as it was last asked; none before the first checkout is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subscription: Option<PaidSubscription>,
}

/// A subscription at the provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaidSubscription {
    /// The provider's id: `sub_…`.
    pub id: String,
    /// What its price stands for.
    pub plan: Plan,
    pub status: PlanStatus,
    /// When its first month began: months are counted from there.
    pub anchor: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trial_ends_at: Option<Timestamp>,
    /// When the next payment is due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renews_at: Option<Timestamp>,
    /// When it ends, once somebody has given it up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancels_at: Option<Timestamp>,
    /// Until when the plan stays though a payment failed; none where none failed, and where the provider gave up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grace_ends_at: Option<Timestamp>,
}

impl PaidSubscription {
    /// Whether what it is for may be used.
    pub fn entitles(&self, now: Timestamp) -> bool {
        match self.status {
            PlanStatus::Trialing | PlanStatus::Active => true,
            PlanStatus::PastDue => self.grace_ends_at.is_some_and(|end| now < end),
            PlanStatus::Canceled => false,
        }
    }

    /// Whether it can still be paid: who has such a one changes it, and does not begin another.
    pub const fn is_live(&self) -> bool {
        match self.status {
            PlanStatus::Trialing | PlanStatus::Active | PlanStatus::PastDue => true,
            PlanStatus::Canceled => false,
        }
    }

    /// As it was asked just now, keeping what only was known before: since when a payment is missing.
    #[must_use]
    pub fn following(self, known: Option<&Self>, missing_payment: bool, now: Timestamp) -> Self {
        let began = known.filter(|known| known.id == self.id).and_then(|known| known.grace_ends_at);
        let grace_ends_at = missing_payment.then(|| began.unwrap_or_else(|| now.after(GRACE)));
        Self { grace_ends_at, ..self }
    }
}

impl Billing {
    /// What is paid for now; none where nothing is, so that what the deployment says counts.
    pub fn entitlement(&self, now: Timestamp) -> Option<Entitlement> {
        let paid = self.subscription.as_ref().filter(|paid| paid.entitles(now))?;
        Some(Entitlement { plan: paid.plan, anchor: Some(paid.anchor) })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn paid(status: PlanStatus) -> PaidSubscription {
        PaidSubscription {
            id: "sub_1".to_owned(),
            plan: Plan::Pro,
            status,
            anchor: at("2026-04-15T00:00:00Z"),
            trial_ends_at: None,
            renews_at: None,
            cancels_at: None,
            grace_ends_at: None,
        }
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_plan_stays_for_a_while_when_a_payment_failed() {
        let failed = at("2026-05-15T00:00:00Z");
        let first = paid(PlanStatus::PastDue).following(Some(&paid(PlanStatus::Active)), true, failed);
        assert_eq!(first.grace_ends_at, Some(at("2026-05-22T00:00:00Z")));
        // Told again, it does not begin anew.
        let again = paid(PlanStatus::PastDue).following(Some(&first), true, at("2026-05-20T00:00:00Z"));
        assert_eq!(again, first);
        assert!(first.entitles(at("2026-05-21T23:59:59Z")) && !first.entitles(at("2026-05-22T00:00:00Z")));
        assert!(first.is_live());
        // Paid, it is as if nothing had been.
        let mended = paid(PlanStatus::Active).following(Some(&again), false, at("2026-05-21T00:00:00Z"));
        assert_eq!(mended.grace_ends_at, None);
        // What another subscription was allowed is no grace of this one.
        let other = PaidSubscription { id: "sub_2".to_owned(), ..first };
        let of_other = paid(PlanStatus::PastDue).following(Some(&other), true, at("2026-06-01T00:00:00Z"));
        assert_eq!(of_other.grace_ends_at, Some(at("2026-06-08T00:00:00Z")));
    }

    #[test]
    fn what_nobody_pays_for_may_not_be_used() {
        let now = at("2026-05-01T00:00:00Z");
        let billing = |status| Billing { customer_id: "cus_1".to_owned(), subscription: Some(paid(status)) };
        for status in [PlanStatus::Trialing, PlanStatus::Active] {
            let entitlement = billing(status).entitlement(now).unwrap();
            assert_eq!((entitlement.plan, entitlement.period(now).as_str()), (Plan::Pro, "2026-04-15"));
        }
        for status in [PlanStatus::PastDue, PlanStatus::Canceled] {
            assert_eq!(billing(status).entitlement(now), None);
        }
        assert!(!paid(PlanStatus::Canceled).is_live());
        assert_eq!(Billing { customer_id: "cus_1".to_owned(), subscription: None }.entitlement(now), None);
    }
}
