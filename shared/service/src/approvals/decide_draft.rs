//! Deciding a draft: `POST /v1/drafts/{id}/approve`, `/reject`, the buttons of the approval channels, and rules. All of
//! them go through [`decide`].

use actionlayer_domain::{Caller, Draft, DraftBody, DraftId, Timestamp, key::Permission};
use actionlayer_store::{Transaction, keys};

use crate::{
    App, ServiceError,
    contention::until_settled,
    drafts::{
        read_drafts::visible,
        send_draft::{queue_draft, require_seen},
    },
    outbound::unattended,
    permission::Require as _,
};

/// What somebody decided about a draft.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// What they chose.
    pub choice: Choice,
    /// The version they saw: about another one nothing is decided. `None` for the current one, whichever that is.
    pub version: Option<u32>,
}

/// What can be chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    /// Yes; the agent sends it.
    Approve,
    /// Yes, and send it now.
    ApproveAndSend,
    /// No.
    Reject {
        /// Why, for the agent.
        reason: Option<String>,
    },
}

impl Choice {
    const fn permission(&self) -> Permission {
        match self {
            Self::Approve | Self::ApproveAndSend => Permission::Approve,
            Self::Reject { .. } => Permission::Draft,
        }
    }
}

/// A reason is a note, not a letter.
const MAX_REASON_BYTES: usize = 4 * 1024;

/// Carries out a decision about a draft. The first one wins; whoever comes second is told who decided and when.
pub async fn decide(
    app: &App,
    caller: &Caller,
    id: DraftId,
    decision: &Decision,
) -> Result<(Draft, DraftBody), ServiceError> {
    if let Err(refusal) = caller.require(decision.choice.permission()) {
        // To a caller who does not see the draft it does not exist.
        visible(app, caller, id).await?;
        return Err(refusal);
    }
    let now = app.now();
    match &decision.choice {
        Choice::Approve => until_settled(app, || approve_once(app, caller, id, decision.version, now)).await,
        Choice::ApproveAndSend => queue_draft(app, caller, id, decision.version, false).await,
        Choice::Reject { reason } => {
            if reason.as_ref().is_some_and(|reason| reason.len() > MAX_REASON_BYTES) {
                return Err(ServiceError::invalid("reason", "must be at most 4 KB long"));
            }
            until_settled(app, || reject_once(app, caller, id, decision.version, reason.as_ref(), now)).await
        }
    }
}

async fn approve_once(
    app: &App,
    caller: &Caller,
    id: DraftId,
    version: Option<u32>,
    now: Timestamp,
) -> Result<(Draft, DraftBody), ServiceError> {
    let row = app.store.get::<Draft>(&keys::draft(caller.workspace_id, id)).await?;
    let row = row.filter(|row| caller.sees(row.value.identity_id));
    let Some(row) = row else { return Err(ServiceError::NotFound { what: "draft" }) };
    let body = app.store.body(&row).await?;
    let mut draft = row.value.clone();
    // Should the answer to the write be lost and the SDK try again, the caller is told that it was decided, by itself.
    let actor = caller.actor();
    require_seen(&draft, &actor, version)?;
    let is_standing = actor.kind.is_standing();
    draft.approve(actor, version, now)?;
    // Who approves without having seen it approves only what may leave so.
    if is_standing && let Err(declined) = unattended::foresee(app, caller, &row.value).await? {
        return Err(ServiceError::Unattended(declined));
    }
    let mut transaction = Transaction::new();
    transaction.replace(&row, &draft)?;
    app.store.commit(transaction).await?;
    Ok((draft, body))
}

async fn reject_once(
    app: &App,
    caller: &Caller,
    id: DraftId,
    version: Option<u32>,
    reason: Option<&String>,
    now: Timestamp,
) -> Result<(Draft, DraftBody), ServiceError> {
    let found = app.store.draft_and_thread(caller.workspace_id, id).await?;
    let found = found.filter(|(row, _)| caller.sees(row.value.identity_id));
    let Some((row, thread_row)) = found else { return Err(ServiceError::NotFound { what: "draft" }) };
    let body = app.store.body(&row).await?;
    let mut draft = row.value.clone();
    draft.reject(caller.actor(), reason.cloned(), version, now)?;
    let mut thread = thread_row.value.clone();
    thread.draft_closed(id, now);
    let mut transaction = Transaction::new();
    transaction.replace(&row, &draft)?.replace(&thread_row, &thread)?;
    app.store.commit(transaction).await?;
    Ok((draft, body))
}
