//! What an approval link leads to. Reads only: opening a link, however often and by whomever, changes nothing.

use actionlayer_channels::approval_link::{self, ApprovalToken, Member, TokenError};
use actionlayer_domain::{
    Caller, Draft, DraftBody, DraftRefusal, DraftStatus, EmailAddress, Identity, Message, MessageBody, Principal,
    Timestamp, channel::ApprovalChannel,
};

use super::{
    press::{member_may, principal},
    voice::Voice,
};
use crate::{
    App, ServiceError,
    drafts::{
        draft_context::{self, DraftContext},
        edit_draft::edit_as_approver,
    },
    secrets,
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

impl From<TokenError> for LinkProblem {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::Malformed | TokenError::BadSignature => Self::Unknown,
            TokenError::Expired => Self::Expired,
        }
    }
}

impl ApprovalView {
    /// What can still be decided, by the rules of the draft itself. A decision is checked again when it is written.
    pub fn standing(&self, now: Timestamp) -> Standing {
        let (seen, current) = (self.token.version, self.context.draft.version);
        let Some(caller) = self.caller() else { return Standing::ReadOnly };
        match self.context.draft.clone().approve(caller.actor(), Some(seen), now) {
            Ok(()) if self.context.proposal().is_stale() => Standing::Stale,
            Ok(()) => Standing::Open,
            Err(DraftRefusal::Stale) if seen == current => Standing::Stale,
            Err(DraftRefusal::Stale) => Standing::Closed(DraftRefusal::Superseded { seen, current }),
            Err(refusal) => Standing::Closed(refusal),
        }
    }

    /// The visitor as one who decides, if they may.
    pub fn caller(&self) -> Option<Caller> {
        let principal = match &self.visitor {
            Visitor::Approver(address) => Principal::mail_approver(address),
            Visitor::Member(member) => principal(member),
            Visitor::Reader => return None,
        };
        Some(Caller::approver(self.token.workspace_id, self.context.identity.id, principal))
    }
}

/// Follows a link: checks that it is ours, in time and its approver still one, and reads what it is about.
pub async fn open_link(app: &App, token: &str) -> Result<ApprovalView, LinkProblem> {
    let secret = secrets::link_secret(app).await?;
    let token = ApprovalToken::open(&secret, token, app.now())?;
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

/// What stands around a draft on its page.
#[derive(Debug, Clone, Default)]
pub struct Surroundings {
    /// The newest messages of the conversation, oldest first.
    pub conversation: Vec<(Message, MessageBody)>,
    /// Other drafts that answer the same mail and wait for a decision.
    pub siblings: Vec<(Draft, DraftBody)>,
}

/// How much of a conversation is folded below a draft.
const CONVERSATION_MESSAGES: usize = 10;

/// Reads what stands around the draft of a link.
pub async fn surroundings(app: &App, view: &ApprovalView) -> Result<Surroundings, ServiceError> {
    let draft = &view.context.draft;
    let page = app.store.thread_page(draft.workspace_id, draft.id.family(), CONVERSATION_MESSAGES).await?;
    let Some(page) = page else { return Ok(Surroundings::default()) };
    let mut surroundings = Surroundings::default();
    for row in page.messages.into_iter().rev() {
        let body = app.store.body(&row).await?;
        surroundings.conversation.push((row.value, body));
    }
    let is_rival = |other: &Draft| {
        other.id != draft.id
            && other.status == DraftStatus::Pending
            && other.based_on_message_id.is_some()
            && other.based_on_message_id == draft.based_on_message_id
    };
    for row in page.drafts.into_iter().filter(|row| is_rival(&row.value)) {
        let body = app.store.body(&row).await?;
        surroundings.siblings.push((row.value, body));
    }
    Ok(surroundings)
}

/// Changes subject and text by a link; gives the link to the new version, for the same visitor.
pub async fn edit_by_link(app: &App, view: &ApprovalView, subject: &str, text: &str) -> Result<String, ServiceError> {
    let token = &view.token;
    let caller = view.caller().ok_or(ServiceError::NotFound { what: "draft" })?;
    let subject = Some(subject).filter(|subject| *subject != view.context.draft.subject.as_str());
    let (draft, _) = edit_as_approver(app, &caller, token.draft_id, token.version, subject, text).await?;
    let voice = Voice::new(app).await?;
    let token = match &view.visitor {
        Visitor::Approver(address) => {
            ApprovalToken::new(draft.workspace_id, draft.id, draft.version, address, token.expires_at)
        }
        Visitor::Member(member) => {
            ApprovalToken::for_member(draft.workspace_id, draft.id, draft.version, member.clone(), token.expires_at)
        }
        Visitor::Reader => ApprovalToken::for_readers(draft.workspace_id, draft.id, draft.version, token.expires_at),
    };
    Ok(approval_link::link(&app.settings.public_url, &token.sign(&voice.secret)))
}
