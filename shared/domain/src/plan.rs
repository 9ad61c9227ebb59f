//! Plans: how much a workspace may use. One table, in code.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Timestamp;

/// What a workspace pays for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Plan {
    /// Free, to build with: its mails are counted once for ever.
    BuilderPack,
    /// For one team.
    Pro,
    /// "Business": for many customers.
    Agency,
    /// Of a deployment of one's own.
    Unlimited,
}

/// Whether a plan is paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PlanStatus {
    /// It costs nothing yet.
    Trialing,
    /// It is paid, or free.
    Active,
    /// A payment failed.
    PastDue,
    /// It was given up.
    Canceled,
}

/// How much that is; none for as much as one likes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = PlanLimits)]
pub struct Limits {
    /// Mails that go out in a period.
    pub emails_per_period: Option<u64>,
    /// Mails that come in in a period; more are held.
    pub inbound_per_period: Option<u64>,
    /// Identities.
    pub max_identities: Option<u32>,
    /// Rules.
    pub max_rules: Option<u32>,
    /// Domains.
    pub max_domains: Option<u32>,
}

const fn limits(
    emails_per_period: u64,
    inbound_per_period: u64,
    max_identities: u32,
    max_rules: u32,
    max_domains: u32,
) -> Limits {
    Limits {
        emails_per_period: Some(emails_per_period),
        inbound_per_period: Some(inbound_per_period),
        max_identities: Some(max_identities),
        max_rules: Some(max_rules),
        max_domains: Some(max_domains),
    }
}

/// The text names no plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be `builder_pack`, `pro`, `agency` or `unlimited`")]
pub struct UnknownPlan;

impl Plan {
    /// Every plan.
    pub const ALL: [Self; 4] = [Self::BuilderPack, Self::Pro, Self::Agency, Self::Unlimited];

    /// The name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BuilderPack => "builder_pack",
            Self::Pro => "pro",
            Self::Agency => "agency",
            Self::Unlimited => "unlimited",
        }
    }

    /// What it allows.
    pub const fn limits(self) -> Limits {
        match self {
            Self::BuilderPack => limits(50, 50, 1, 0, 1),
            Self::Pro => limits(5_000, 10_000, 10, 25, 3),
            Self::Agency => limits(25_000, 50_000, 50, 200, 10),
            Self::Unlimited => Limits {
                emails_per_period: None,
                inbound_per_period: None,
                max_identities: None,
                max_rules: None,
                max_domains: None,
            },
        }
    }
}

/// What a workspace may use now, and from when on its months are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entitlement {
    pub plan: Plan,
    /// When the first month of what it pays for began; none where months are those of the calendar.
    pub anchor: Option<Timestamp>,
}

impl From<Plan> for Entitlement {
    /// A plan that nobody pays for.
    fn from(plan: Plan) -> Self {
        Self { plan, anchor: None }
    }
}

impl Entitlement {
    /// What it allows.
    pub const fn limits(self) -> Limits {
        self.plan.limits()
    }

    /// The name of the period that use at a moment is counted in: `lifetime`, the month in UTC as `2026-04`, or where months
    /// are paid for, the day on which one began, as `2026-04-15`.
    pub fn period(self, at: Timestamp) -> String {
        match (self.plan, self.anchor) {
            (Plan::BuilderPack, _) => "lifetime".to_owned(),
            (_, None) => calendar_month(at),
            (_, Some(anchor)) => anchor.after_months(at.months_since(anchor)).date(),
        }
    }

    /// When that period began and when it ends; none when it is a lifetime.
    pub fn period_bounds(self, at: Timestamp) -> Option<(Timestamp, Timestamp)> {
        if self.plan == Plan::BuilderPack {
            return None;
        }
        let first_of_month = || Timestamp::first_of(&format!("{}-01", calendar_month(at))).ok();
        let anchor = self.anchor.or_else(first_of_month)?;
        let months = at.months_since(anchor);
        Some((anchor.after_months(months), anchor.after_months(months + 1)))
    }
}

/// The month of a moment in UTC, as `2026-04`.
pub fn calendar_month(at: Timestamp) -> String {
    at.to_string().chars().take("2026-04".len()).collect()
}

impl std::str::FromStr for Plan {
    type Err = UnknownPlan;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|plan| plan.as_str() == text).ok_or(UnknownPlan)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_period_is_a_month_or_a_lifetime() {
        let at: Timestamp = "2026-12-31T23:59:59.999Z".parse().unwrap();
        let free = Entitlement::from(Plan::BuilderPack);
        assert_eq!((free.period(at), free.period_bounds(at)), ("lifetime".to_owned(), None));
        for plan in [Plan::Pro, Plan::Agency, Plan::Unlimited].map(Entitlement::from) {
            assert_eq!(plan.period(at), "2026-12");
            let (start, end) = plan.period_bounds(at).unwrap();
            assert_eq!(
                (start.to_string(), end.to_string()),
                ("2026-12-01T00:00:00.000Z".to_owned(), "2027-01-01T00:00:00.000Z".to_owned())
            );
            assert_eq!(plan.period_bounds(end).unwrap().0, end);
        }
    }

    #[test]
    fn months_that_are_paid_for_begin_when_they_were_first() {
        let anchor: Timestamp = "2026-01-31T12:00:00Z".parse().unwrap();
        let paid = Entitlement { plan: Plan::Pro, anchor: Some(anchor) };
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        for (now, period, start, end) in [
            ("2026-01-31T12:00:00Z", "2026-01-31", "2026-01-31T12:00:00Z", "2026-02-28T12:00:00Z"),
            ("2026-02-28T11:59:59Z", "2026-01-31", "2026-01-31T12:00:00Z", "2026-02-28T12:00:00Z"),
            ("2026-02-28T12:00:00Z", "2026-02-28", "2026-02-28T12:00:00Z", "2026-03-31T12:00:00Z"),
            // As long as nobody has said when it began: its first month.
            ("2026-01-30T00:00:00Z", "2026-01-31", "2026-01-31T12:00:00Z", "2026-02-28T12:00:00Z"),
        ] {
            assert_eq!(paid.period(at(now)), period);
            assert_eq!(paid.period_bounds(at(now)), Some((at(start), at(end))));
        }
        let given_up = Entitlement { plan: Plan::BuilderPack, ..paid };
        assert_eq!(given_up.period(anchor), "lifetime");
    }

    #[test]
    fn a_larger_plan_allows_more() {
        for plan in Plan::ALL {
            assert_eq!(plan.as_str().parse(), Ok(plan));
        }
        for pair in Plan::ALL.windows(2) {
            let (small, large) = (pair[0].limits(), pair[1].limits());
            let most = |limit: Option<u64>| limit.unwrap_or(u64::MAX);
            assert!(most(small.emails_per_period) < most(large.emails_per_period));
            assert!(most(small.inbound_per_period) < most(large.inbound_per_period));
            for (small, large) in [
                (small.max_identities, large.max_identities),
                (small.max_rules, large.max_rules),
                (small.max_domains, large.max_domains),
            ] {
                assert!(small.unwrap_or(u32::MAX) < large.unwrap_or(u32::MAX));
            }
        }
        assert!("free".parse::<Plan>().is_err());
    }
}
