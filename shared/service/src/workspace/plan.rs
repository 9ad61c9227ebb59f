//! What the plan allows, held where something is made: in the same transaction.

use actionlayer_domain::{Message, Plan, Timestamp, Workspace, WorkspaceId, plan::Limits, rule::MAX_RULES};
use actionlayer_store::{Row, Transaction, Usage, Used, keys};

use crate::{App, ServiceError};

/// Something of which a plan allows so many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Limited {
    Identities,
    Rules,
    Domains,
}

impl Limited {
    const fn noun(self) -> &'static str {
        match self {
            Self::Identities => "identities",
            Self::Rules => "rules",
            Self::Domains => "domains",
        }
    }

    const fn limit(self, limits: Limits) -> Option<u32> {
        match self {
            Self::Identities => limits.max_identities,
            Self::Rules => limits.max_rules,
            Self::Domains => limits.max_domains,
        }
    }
}

/// Room for one more, looked for before those that are there are counted. Whoever makes one writes the workspace, so that
/// of two who counted at once, one counts again.
pub(crate) struct Room {
    what: Limited,
    /// None where nothing is limited.
    workspace: Option<Row<Workspace>>,
}

impl Room {
    /// To be called before counting.
    pub(crate) async fn look(app: &App, workspace: WorkspaceId, what: Limited) -> Result<Self, ServiceError> {
        let limited = what == Limited::Rules || what.limit(app.settings.plan.limits()).is_some();
        let workspace = if limited {
            let row = app.store.get(&keys::workspace(workspace)).await?;
            Some(row.ok_or(ServiceError::NotFound { what: "workspace" })?)
        } else {
            None
        };
        Ok(Self { what, workspace })
    }

    /// Refuses when there are as many as may be.
    pub(crate) fn take(&self, app: &App, existing: usize, transaction: &mut Transaction) -> Result<(), ServiceError> {
        let Some(row) = &self.workspace else { return Ok(()) };
        let existing = u32::try_from(existing).unwrap_or(u32::MAX);
        if let Some(limit) = self.what.limit(app.settings.plan.limits())
            && existing >= limit
        {
            return Err(reached(app, u64::from(limit), self.what.noun()));
        }
        if self.what == Limited::Rules && existing >= MAX_RULES {
            return Err(ServiceError::Conflict("the workspace has 200 rules, which is the most there can be"));
        }
        transaction.replace(row, &row.value)?;
        Ok(())
    }
}

/// What is left of the mails of a period, as of a moment ago. Without a cap nothing is read.
pub(crate) struct Allowance {
    used: Used,
    period: String,
    capped: Option<(Usage, u64)>,
}

impl Allowance {
    /// Of mail that comes in or goes out at that moment.
    pub(crate) async fn of(app: &App, workspace: WorkspaceId, used: Used, at: Timestamp) -> Result<Self, ServiceError> {
        let plan = app.settings.plan;
        let period = plan.period(at);
        let cap = match used {
            Used::Inbound => plan.limits().inbound_per_period,
            Used::Outbound => plan.limits().emails_per_period,
            Used::Dropped => None,
        };
        let capped = match cap {
            Some(cap) => Some((app.store.usage(workspace, &period).await?, cap)),
            None => None,
        };
        Ok(Self { used, period, capped })
    }

    /// Whether there is none left.
    pub(crate) fn is_used_up(&self) -> bool {
        self.capped.as_ref().is_some_and(|(usage, cap)| usage.of(self.used) >= *cap)
    }

    /// Counts one mail in the transaction that makes it; who else took the last one meanwhile makes it fail. `spread`
    /// tells one mail from another.
    pub(crate) fn count(&self, workspace: WorkspaceId, spread: impl std::fmt::Display, transaction: &mut Transaction) {
        match &self.capped {
            Some((usage, cap)) => transaction.count_usage_within(workspace, &self.period, usage, self.used, *cap),
            None => transaction.count_usage(workspace, &self.period, spread, self.used, 1),
        };
    }
}

/// Counts a message that is to leave, or refuses it when the plan allows no more. It was made at its `created_at`.
pub(crate) async fn count_outbound(
    app: &App,
    message: &Message,
    transaction: &mut Transaction,
) -> Result<(), ServiceError> {
    let allowance = Allowance::of(app, message.workspace_id, Used::Outbound, message.created_at).await?;
    match &allowance.capped {
        Some((_, cap)) if allowance.is_used_up() => Err(reached(app, *cap, "outgoing mails")),
        _ => {
            allowance.count(message.workspace_id, message.id.family(), transaction);
            Ok(())
        }
    }
}

/// Takes back the count of an outbound message that did not leave, from the period it was counted in.
pub(crate) fn uncount(transaction: &mut Transaction, message: &Message) {
    let period = message.delivery.as_ref().and_then(|delivery| delivery.counted_in.clone());
    let period = period.unwrap_or_else(|| Plan::Unlimited.period(message.created_at));
    transaction.count_usage(message.workspace_id, &period, message.id.family(), Used::Outbound, -1);
}

fn reached(app: &App, limit: u64, what: &str) -> ServiceError {
    ServiceError::PlanLimit {
        reason: format!("The plan `{}` allows {limit} {what}", app.settings.plan.as_str()),
        upgrade_url: format!("{}/billing", app.settings.public_url),
    }
}
