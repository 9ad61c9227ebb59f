//! What the plan allows, held where something is made: in the same transaction.

use actionlayer_domain::{
    Message, Plan, Timestamp, Workspace, WorkspaceId,
    plan::{Entitlement, Limits, calendar_month},
    rule::MAX_RULES,
};
use actionlayer_store::{Row, Transaction, Usage, Used, keys};

use crate::{App, ServiceError};

/// What a workspace may use now: without limits where the operator says so, what it pays for, or else what the deployment
/// gives everybody. Decided here and nowhere else.
pub(crate) fn entitlement(app: &App, workspace: Option<&Workspace>) -> Entitlement {
    let Some(workspace) = workspace else { return app.settings.plan.into() };
    if app.settings.beta_workspaces.contains(&workspace.id) {
        return Plan::Unlimited.into();
    }
    let paid = workspace.billing.as_ref().and_then(|billing| billing.entitlement(app.now()));
    paid.unwrap_or_else(|| app.settings.plan.into())
}

/// That of a workspace that nobody has read yet.
pub(crate) async fn read_entitlement(app: &App, workspace: WorkspaceId) -> Result<Entitlement, ServiceError> {
    let row = app.store.get::<Workspace>(&keys::workspace(workspace)).await?;
    Ok(entitlement(app, row.as_ref().map(|row| &row.value)))
}

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
    entitlement: Entitlement,
    workspace: Row<Workspace>,
}

impl Room {
    /// To be called before counting.
    pub(crate) async fn look(app: &App, workspace: WorkspaceId, what: Limited) -> Result<Self, ServiceError> {
        let row = app.store.get::<Workspace>(&keys::workspace(workspace)).await?;
        let workspace = row.ok_or(ServiceError::NotFound { what: "workspace" })?;
        Ok(Self { what, entitlement: entitlement(app, Some(&workspace.value)), workspace })
    }

    /// Refuses when there are as many as may be.
    pub(crate) fn take(&self, app: &App, existing: usize, transaction: &mut Transaction) -> Result<(), ServiceError> {
        let existing = u32::try_from(existing).unwrap_or(u32::MAX);
        let limit = self.what.limit(self.entitlement.limits());
        if let Some(limit) = limit.filter(|limit| existing >= *limit) {
            return Err(reached(app, self.entitlement.plan, u64::from(limit), self.what.noun()));
        }
        let is_bounded = self.what == Limited::Rules;
        if is_bounded && existing >= MAX_RULES {
            return Err(ServiceError::Conflict("the workspace has 200 rules, which is the most there can be"));
        }
        // Where nothing is limited nobody has to count again.
        if is_bounded || limit.is_some() {
            transaction.replace(&self.workspace, &self.workspace.value)?;
        }
        Ok(())
    }
}

/// What is left of the mails of a period, as of a moment ago. Without a cap nothing is read.
#[derive(Debug)]
pub(crate) struct Allowance {
    entitlement: Entitlement,
    used: Used,
    period: String,
    capped: Option<(Usage, u64)>,
}

impl Allowance {
    /// Of mail that comes in or goes out at that moment.
    pub(crate) async fn of(
        app: &App,
        workspace: WorkspaceId,
        entitlement: Entitlement,
        used: Used,
        at: Timestamp,
    ) -> Result<Self, ServiceError> {
        let period = entitlement.period(at);
        let cap = match used {
            Used::Inbound => entitlement.limits().inbound_per_period,
            Used::Outbound => entitlement.limits().emails_per_period,
            Used::Dropped => None,
        };
        let capped = match cap {
            Some(cap) => Some((app.store.usage(workspace, &period).await?, cap)),
            None => None,
        };
        Ok(Self { entitlement, used, period, capped })
    }

    /// As long as nobody looked: nothing is used up.
    pub(crate) fn unread(entitlement: Entitlement, used: Used, at: Timestamp) -> Self {
        Self { entitlement, used, period: entitlement.period(at), capped: None }
    }

    /// What is said when there is none left.
    pub(crate) fn reached(&self, app: &App, what: &str) -> ServiceError {
        reached(app, self.entitlement.plan, self.capped.as_ref().map_or(0, |(_, cap)| *cap), what)
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

/// Takes back the count of an outbound message that did not leave, from the period it was counted in.
pub(crate) fn uncount(transaction: &mut Transaction, message: &Message) {
    let period = message.delivery.as_ref().and_then(|delivery| delivery.counted_in.clone());
    let period = period.unwrap_or_else(|| calendar_month(message.created_at));
    transaction.count_usage(message.workspace_id, &period, message.id.family(), Used::Outbound, -1);
}

fn reached(app: &App, plan: Plan, limit: u64, what: &str) -> ServiceError {
    ServiceError::PlanLimit {
        reason: format!("The plan `{}` allows {limit} {what}", plan.as_str()),
        upgrade_url: format!("{}/billing", app.settings.public_url),
    }
}
