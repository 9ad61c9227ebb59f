//! What the plan allows, held where something is made: in the same transaction.

use actionlayer_domain::{Workspace, WorkspaceId, plan::Limits, rule::MAX_RULES};
use actionlayer_store::{Row, Transaction, keys};

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
        let workspace = match limited {
            true => Some(
                app.store
                    .get(&keys::workspace(workspace))
                    .await?
                    .ok_or(ServiceError::NotFound { what: "workspace" })?,
            ),
            false => None,
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

pub(crate) fn reached(app: &App, limit: u64, what: &str) -> ServiceError {
    ServiceError::PlanLimit {
        reason: format!("The plan `{}` allows {limit} {what}", app.settings.plan.as_str()),
        upgrade_url: format!("{}/billing", app.settings.public_url),
    }
}
