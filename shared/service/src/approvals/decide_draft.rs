//! Deciding a draft: `POST /v1/drafts/{id}/approve`, `/reject`, and the buttons of the approval channels.

use actionlayer_domain::{
    Draft, DraftBody, DraftId, DraftRefusal, DraftStatus, WorkspaceId,
    draft::{Actor, ActorKind},
    key::Permission,
};
use actionlayer_store::{Transaction, keys};

use crate::{
    App, Caller, ServiceError,
    contention::until_settled,
    drafts::{
        read_drafts::visible,
        send_draft::{Approval, queue_draft, require_seen},
    },
};

/// What an approver chose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
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

/// A reason is a note, not a letter.
const MAX_REASON_BYTES: usize = 4 * 1024;

/// Approves a draft. Does not send it.
pub async fn approve_draft(
    app: &App,
    caller: &Caller,
    id: DraftId,
    version: Option<u32>,
) -> Result<(Draft, DraftBody), ServiceError> {
    if let Err(refusal) = caller.require(Permission::Approve) {
        // To a key that does not see the draft it does not exist.
        visible(app, caller, id).await?;
        return Err(refusal);
    }
    let (actor, now) = (caller.actor(), app.now());
    let approving = Approving { actor: &actor, caller: Some(caller), version, now };
    until_settled(app, || approve_once(app, caller.workspace_id, id, approving)).await
}

/// Rejects a draft.
pub async fn reject_draft(
    app: &App,
    caller: &Caller,
    id: DraftId,
    reason: Option<String>,
) -> Result<(Draft, DraftBody), ServiceError> {
    caller.require(Permission::Draft)?;
    visible(app, caller, id).await?;
    decide(app, caller.workspace_id, id, &caller.actor(), None, &Decision::Reject { reason }).await
}

/// Carries out a decision about one version of a draft, or about the current one. The first decision wins; whoever comes
/// second is told who decided and when.
pub async fn decide(
    app: &App,
    workspace: WorkspaceId,
    id: DraftId,
    actor: &Actor,
    version: Option<u32>,
    decision: &Decision,
) -> Result<(Draft, DraftBody), ServiceError> {
    match decision {
        Decision::Approve => {
            let approving = Approving { actor, caller: None, version, now: app.now() };
            until_settled(app, || approve_once(app, workspace, id, approving)).await
        }
        Decision::ApproveAndSend => {
            queue_draft(app, workspace, id, None, Some(Approval { actor, version, answer_again: false })).await
        }
        Decision::Reject { reason } => {
            if reason.as_ref().is_some_and(|reason| reason.len() > MAX_REASON_BYTES) {
                return Err(ServiceError::invalid("reason", "must be at most 4 KB long"));
            }
            let now = app.now();
            until_settled(app, || reject_once(app, workspace, id, actor, version, reason.as_ref(), now)).await
        }
    }
}

/// An approval, the same in every try.
#[derive(Debug, Clone, Copy)]
struct Approving<'a> {
    actor: &'a Actor,
    /// Whose key it is, if it is one; approvers who use a link see the draft they were shown.
    caller: Option<&'a Caller>,
    version: Option<u32>,
    now: actionlayer_domain::Timestamp,
}

async fn approve_once(
    app: &App,
    workspace: WorkspaceId,
    id: DraftId,
    Approving { actor, caller, version, now }: Approving<'_>,
) -> Result<(Draft, DraftBody), ServiceError> {
    let row = app.store.get::<Draft>(&keys::draft(workspace, id)).await?;
    let row = row.filter(|row| caller.is_none_or(|caller| caller.sees(row.value.identity_id)));
    let Some(row) = row else { return Err(ServiceError::NotFound { what: "draft" }) };
    let body = app.store.body(&row).await?;
    let mut draft = row.value.clone();
    // Should the answer to the write be lost and the SDK try again, the caller is told that it was decided, by itself.
    require_seen(&draft, actor, version)?;
    draft.approve(actor.clone(), version, now)?;
    let mut transaction = Transaction::new();
    transaction.replace(&row, &draft)?;
    app.store.commit(transaction).await?;
    Ok((draft, body))
}

async fn reject_once(
    app: &App,
    workspace: WorkspaceId,
    id: DraftId,
    actor: &Actor,
    version: Option<u32>,
    reason: Option<&String>,
    now: actionlayer_domain::Timestamp,
) -> Result<(Draft, DraftBody), ServiceError> {
    let found = app.store.draft_and_thread(workspace, id).await?;
    let Some((row, thread_row)) = found else { return Err(ServiceError::NotFound { what: "draft" }) };
    let body = app.store.body(&row).await?;
    let mut draft = row.value.clone();
    // A link or a button dies with the first decision. To take an approval back is for callers of the API.
    let is_approver = matches!(actor.kind, ActorKind::Email | ActorKind::Slack | ActorKind::Telegram);
    if is_approver && draft.status == DraftStatus::Approved {
        let Draft { status, decided_by, decided_at, .. } = draft;
        return Err(DraftRefusal::Decided { status, by: decided_by, at: decided_at }.into());
    }
    draft.reject(actor.clone(), reason.cloned(), version, now)?;
    let mut thread = thread_row.value.clone();
    thread.draft_closed(id, now);
    let mut transaction = Transaction::new();
    transaction.replace(&row, &draft)?.replace(&thread_row, &thread)?;
    app.store.commit(transaction).await?;
    Ok((draft, body))
}
