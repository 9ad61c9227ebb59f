//! Somebody pressed a button, wherever: may they, and what comes of it.

use actionlayer_channels::{
    approval_link::{self, ApprovalToken, LINK_LIFETIME, Member},
    press::{Action, Button, ButtonError, Subject},
    refusal_sentence,
};
use actionlayer_domain::{
    Caller, DraftId, DraftRefusal, DraftStatus, Identity, Principal, Secret, WorkspaceId, channel::ApprovalChannel,
};

use super::{
    connect::callback_of,
    decide_draft::{Choice, Decision, decide},
    voice::Voice,
};
use crate::{
    App, ServiceError,
    drafts::{
        draft_context::{self, DraftContext},
        edit_draft::edit_as_approver,
    },
};

/// Who pressed, as a provider whose signature was checked says it.
#[derive(Debug, Clone)]
pub(crate) struct Presser {
    /// Where.
    pub(crate) member: Member,
    /// What proves that this came from the provider: it must be what the channel itself has.
    pub(crate) proof: Proof,
}

/// What a request was checked with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Proof {
    /// The signing secret of a Slack app of one's own, which has this callback and no other.
    SlackCallback(String),
    /// The signing secret of the deployment's Slack app.
    SlackApp,
    /// The secret of a bot in Telegram.
    TelegramBot(i64),
}

/// Why a press decided nothing.
#[derive(Debug)]
pub(crate) enum NotPressed {
    /// To be told to whoever pressed.
    Refused(String),
    /// Something of ours failed; it may be pressed again.
    Failed(ServiceError),
}

impl From<ServiceError> for NotPressed {
    fn from(error: ServiceError) -> Self {
        let sentence = match &error {
            ServiceError::Draft(refusal) => refusal_sentence(refusal),
            ServiceError::StaleDraft => refusal_sentence(&DraftRefusal::Stale),
            ServiceError::NotFound { .. } => "It is not there any more.".to_owned(),
            ServiceError::IdentitySuspended => "This mailbox is suspended: nothing can be sent from it now. Nothing was decided.".to_owned(),
            ServiceError::PlanLimit { .. } => "The mails of this period are used up, so it cannot be sent now. Nothing was decided: “Approve” still works.".to_owned(),
            ServiceError::RecipientSuppressed(_) => "Mail to one of its recipients bounced, or was called spam, so it cannot be sent. Nothing was decided.".to_owned(),
            ServiceError::Validation(fields) => {
                let said = fields.iter().map(|field| format!("{} {}", field.field, field.message));
                format!("That cannot be taken: {}.", said.collect::<Vec<_>>().join("; "))
            }
            _ => return Self::Failed(error),
        };
        Self::Refused(sentence)
    }
}

impl From<ButtonError> for NotPressed {
    fn from(_: ButtonError) -> Self {
        Self::Refused("This button is not one that was posted here. Nothing was decided.".to_owned())
    }
}

/// A button that somebody may press, and what it is about.
pub(crate) struct Pressed {
    pub(crate) action: Action,
    pub(crate) draft_id: DraftId,
    pub(crate) version: u32,
    pub(crate) context: DraftContext,
    pub(crate) member: Member,
}

/// What a button's bytes say, believed only for the place it was pressed in.
pub(crate) fn read_button(voice: &Voice<'_>, member: &Member, text: &str) -> Result<Button, ButtonError> {
    let place = format!("{}:{}", member.channel.as_str(), member.place);
    Button::open(&voice.secret, &place, text)
}

/// Reads what a button about a draft is about, and whether this person may press it.
pub(crate) async fn open_press(app: &App, presser: &Presser, button: Button) -> Result<Pressed, NotPressed> {
    let Subject::Draft { id, version } = button.subject else { return Err(ButtonError::Malformed.into()) };
    let context = draft_context::load(app, button.workspace_id, id).await?;
    let context = context.ok_or_else(|| NotPressed::Refused("It is not there any more.".to_owned()))?;
    authorize(&context.identity, presser)?;
    Ok(Pressed { action: button.action, draft_id: id, version, context, member: presser.member.clone() })
}

/// Whether whoever pressed is asked by this identity, in this place, by that very app or bot. Fails closed.
pub(crate) fn authorize(identity: &Identity, presser: &Presser) -> Result<(), NotPressed> {
    let member = &presser.member;
    let mut here = identity
        .approval_channels
        .iter()
        .filter(|channel| {
            channel.kind() == member.channel
                && channel.place() == Some(&member.place)
                && proves(channel, identity.workspace_id, &presser.proof)
        })
        .peekable();
    if here.peek().is_none() {
        return Err(NotPressed::Refused("This mailbox does not ask here any more. Nothing was decided.".to_owned()));
    }
    if here.any(|channel| channel.lets_decide(&member.user_id)) {
        return Ok(());
    }
    let sentence = format!(
        "Only the approvers of {} decide here, and you are not one of them. Nothing was decided.",
        identity.email_address
    );
    Err(NotPressed::Refused(sentence))
}

fn proves(channel: &ApprovalChannel, workspace: WorkspaceId, proof: &Proof) -> bool {
    match (channel, proof) {
        (ApprovalChannel::Slack { signing_secret: Some(_), .. }, Proof::SlackCallback(checked)) => {
            callback_of(channel, workspace).as_ref() == Some(checked)
        }
        (ApprovalChannel::Slack { signing_secret: None, .. }, Proof::SlackApp) => true,
        (ApprovalChannel::Telegram { bot_token, .. }, Proof::TelegramBot(bot_id)) => {
            telegram_bot_id(bot_token) == Some(*bot_id)
        }
        _ => false,
    }
}

/// The id of a bot: what stands before the colon of its token.
pub(crate) fn telegram_bot_id(token: &Secret<String>) -> Option<i64> {
    token.expose().split_once(':').and_then(|(id, _)| id.parse().ok())
}

impl Pressed {
    /// Whoever pressed, as one who decides.
    fn caller(&self) -> Caller {
        Caller::approver(self.context.draft.workspace_id, self.context.identity.id, principal(&self.member))
    }

    /// Decides, if nobody has. Checked again in the write itself.
    pub(crate) async fn decide(&self, app: &App, choice: Choice) -> Result<(), NotPressed> {
        let decision = Decision { choice, version: Some(self.version) };
        decide(app, &self.caller(), self.draft_id, &decision).await?;
        Ok(())
    }

    /// Changes subject and text.
    pub(crate) async fn edit(&self, app: &App, subject: Option<&str>, text: &str) -> Result<(), NotPressed> {
        let subject = subject.filter(|subject| *subject != self.context.draft.subject.as_str());
        edit_as_approver(app, &self.caller(), self.draft_id, self.version, subject, text).await?;
        Ok(())
    }

    /// Refuses what would be refused later as well, before somebody types.
    pub(crate) fn require_open(&self, app: &App) -> Result<(), NotPressed> {
        let draft = &self.context.draft;
        let allowed = match self.action {
            Action::Reject if draft.status == DraftStatus::Stale && draft.version == self.version => Ok(()),
            _ => draft.edit(Some(self.version), app.now()),
        };
        allowed.map_err(|refusal| NotPressed::Refused(refusal_sentence(&refusal)))
    }

    /// A page for this person alone, where they decide and change longer texts.
    pub(crate) fn own_page(&self, voice: &Voice<'_>) -> String {
        let draft = &self.context.draft;
        let until = draft.expires_at.unwrap_or_else(|| voice.app.now().after(LINK_LIFETIME));
        let token = ApprovalToken::for_member(draft.workspace_id, draft.id, self.version, self.member.clone(), until);
        approval_link::link(&voice.app.settings.public_url, &token.sign(&voice.secret))
    }
}

/// Who somebody in a channel is.
pub(crate) fn principal(member: &Member) -> Principal {
    Principal::Approver { channel: member.channel, id: member.user_id.clone(), name: member.name.clone() }
}

/// Whether a member's page may still decide: the identity asks in that place, and them.
pub(crate) fn member_may(identity: &Identity, member: &Member) -> bool {
    identity.approval_channels.iter().any(|channel| {
        let here = channel.kind() == member.channel && channel.place() == Some(&member.place);
        here && channel.lets_decide(&member.user_id)
    })
}
