//! What an approval link leads to. Reads only: opening a link, however often and by whomever, changes nothing.

use actionlayer_channels::{
    Proposal,
    approval_link::{ApprovalToken, TokenError},
};
use actionlayer_domain::{
    Draft, DraftBody, DraftRefusal, EmailAddress, Identity, Message, MessageBody, Thread, Timestamp,
    channel::ApprovalChannel, draft::Actor,
};
use actionlayer_store::keys;

use crate::{App, ServiceError};

/// A draft behind a link, and the approver the link was made for.
#[derive(Debug, Clone)]
pub struct ApprovalView {
    /// What the link is about.
    pub token: ApprovalToken,
    /// Who would decide: one of the identity's approvers as they are now.
    pub approver: EmailAddress,
    /// Who would send it.
    pub identity: Identity,
    /// The conversation.
    pub thread: Thread,
    /// The draft as it is now, whatever version the link is about.
    pub draft: Draft,
    /// Its text.
    pub body: DraftBody,
    /// The newest mail that came in.
    pub newest_inbound: Option<(Message, MessageBody)>,
}

/// What can still be decided through a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// Anything.
    Open,
    /// A newer message arrived: it can only be rejected.
    Stale,
    /// Nothing, and why.
    Closed(DraftRefusal),
}

/// Why a link leads to no draft.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum LinkProblem {
    /// Not a link of ours, or what it led to is gone. The two are told apart to nobody.
    #[error("no such approval link")]
    Unknown,
    /// Its time is over.
    #[error("the approval link has expired")]
    Expired,
    /// Its approver was taken off the identity after it was mailed.
    #[error("the link's approver is not asked any more")]
    NoLongerApprover,
    /// It could not be looked up.
    #[error(transparent)]
    Service(#[from] ServiceError),
}

impl ApprovalView {
    /// The draft as approvers are shown it.
    pub fn proposal(&self) -> Proposal<'_> {
        Proposal {
            identity: &self.identity,
            thread: &self.thread,
            draft: &self.draft,
            body: &self.body,
            newest_inbound: self.newest_inbound.as_ref().map(|(message, body)| (message, body)),
        }
    }

    /// What can still be decided, by the rules of the draft itself. A decision is checked again when it is written.
    pub fn standing(&self, now: Timestamp) -> Standing {
        let (seen, current) = (self.token.version, self.draft.version);
        match self.draft.clone().approve(self.actor(), Some(seen), now) {
            Ok(()) if self.proposal().is_stale() => Standing::Stale,
            Ok(()) => Standing::Open,
            Err(DraftRefusal::Stale) if seen == current => Standing::Stale,
            Err(DraftRefusal::Stale) => Standing::Closed(DraftRefusal::Superseded { seen, current }),
            Err(refusal) => Standing::Closed(refusal),
        }
    }

    /// The approver as one who decides.
    pub fn actor(&self) -> Actor {
        Actor::email(&self.approver)
    }
}

/// Follows a link: checks that it is ours, in time and its approver still one, and reads what it is about.
pub async fn open_link(app: &App, token: &str) -> Result<ApprovalView, LinkProblem> {
    let secret = app.store.link_secret(app.entropy()).await.map_err(ServiceError::from)?;
    let token = ApprovalToken::open(&secret, token, app.now()).map_err(|error| match error {
        TokenError::Malformed | TokenError::BadSignature => LinkProblem::Unknown,
        TokenError::Expired => LinkProblem::Expired,
    })?;
    let workspace = token.workspace_id;
    let found = app.store.draft_and_thread(workspace, token.draft_id).await.map_err(ServiceError::from)?;
    let (draft, thread) = found.ok_or(LinkProblem::Unknown)?;
    let newest = keys_of_newest(&thread.value);
    let (identity, body, newest_inbound) = tokio::try_join!(
        async { app.store.identity(workspace, draft.value.identity_id).await.map_err(ServiceError::from) },
        async { app.store.body(&draft).await.map_err(ServiceError::from) },
        async {
            let Some(key) = newest else { return Ok(None) };
            let Some(message) = app.store.get::<Message>(&key).await? else { return Ok(None) };
            let body = app.store.body(&message).await?;
            Ok(Some((message.value, body)))
        },
    )?;
    let identity = identity.ok_or(LinkProblem::Unknown)?.value;
    let approver = approver(&identity, &token).ok_or(LinkProblem::NoLongerApprover)?;
    Ok(ApprovalView { token, approver, identity, thread: thread.value, draft: draft.value, body, newest_inbound })
}

fn keys_of_newest(thread: &Thread) -> Option<keys::Key> {
    thread.last_inbound_message_id.map(|id| keys::message(thread.workspace_id, id))
}

fn approver(identity: &Identity, token: &ApprovalToken) -> Option<EmailAddress> {
    identity
        .approval_channels
        .iter()
        .flat_map(|ApprovalChannel::Email { to }| to)
        .find(|approver| token.is_for(approver))
        .cloned()
}
