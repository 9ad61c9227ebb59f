//! What an approval link leads to. Reads only: opening a link, however often and by whomever, changes nothing.

use actionlayer_channels::approval_link::{ApprovalToken, Member, TokenError};
use actionlayer_domain::{DraftRefusal, EmailAddress, Identity, Timestamp, channel::ApprovalChannel, draft::Actor};

use super::press::{member_actor, member_may};
use crate::{
    App, ServiceError,
    drafts::draft_context::{self, DraftContext},
};

/// A link that was followed.
#[derive(Debug, Clone)]
pub struct ApprovalView {
    /// What the link is about.
    pub token: ApprovalToken,
    /// Who opened it.
    pub visitor: Visitor,
    /// The draft as it is now, whatever version the link is about.
    pub context: DraftContext,
}

/// Who opens a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Visitor {
    /// One of the identity's approvers as they are now.
    Approver(EmailAddress),
    /// Somebody in Slack or Telegram who was given a page of their own.
    Member(Member),
    /// Anybody who sees a message in a channel: they read, and decide by its buttons if they may.
    Reader,
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
    /// Nothing: the link is for reading.
    ReadOnly,
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
    /// What can still be decided, by the rules of the draft itself. A decision is checked again when it is written.
    pub fn standing(&self, now: Timestamp) -> Standing {
        let (seen, current) = (self.token.version, self.context.draft.version);
        let Some(actor) = self.actor() else { return Standing::ReadOnly };
        match self.context.draft.clone().approve(actor, Some(seen), now) {
            Ok(()) if self.context.proposal().is_stale() => Standing::Stale,
            Ok(()) => Standing::Open,
            Err(DraftRefusal::Stale) if seen == current => Standing::Stale,
            Err(DraftRefusal::Stale) => Standing::Closed(DraftRefusal::Superseded { seen, current }),
            Err(refusal) => Standing::Closed(refusal),
        }
    }

    /// The visitor as one who decides, if they may.
    pub fn actor(&self) -> Option<Actor> {
        match &self.visitor {
            Visitor::Approver(address) => Some(Actor::email(address)),
            Visitor::Member(member) => Some(member_actor(member)),
            Visitor::Reader => None,
        }
    }
}

/// Follows a link: checks that it is ours, in time and its approver still one, and reads what it is about.
pub async fn open_link(app: &App, token: &str) -> Result<ApprovalView, LinkProblem> {
    let secret = app.store.link_secret(app.entropy()).await.map_err(ServiceError::from)?;
    let token = ApprovalToken::open(&secret, token, app.now()).map_err(|error| match error {
        TokenError::Malformed | TokenError::BadSignature => LinkProblem::Unknown,
        TokenError::Expired => LinkProblem::Expired,
    })?;
    let context = draft_context::load(app, token.workspace_id, token.draft_id).await?.ok_or(LinkProblem::Unknown)?;
    let visitor = visitor(&context.identity, &token).ok_or(LinkProblem::NoLongerApprover)?;
    Ok(ApprovalView { token, visitor, context })
}

fn visitor(identity: &Identity, token: &ApprovalToken) -> Option<Visitor> {
    if token.is_for_readers() {
        return Some(Visitor::Reader);
    }
    if let Some(member) = token.member() {
        return member_may(identity, member).then(|| Visitor::Member(member.clone()));
    }
    identity
        .approval_channels
        .iter()
        .flat_map(ApprovalChannel::addresses)
        .find(|approver| token.is_for(approver))
        .map(|approver| Visitor::Approver(approver.clone()))
}
