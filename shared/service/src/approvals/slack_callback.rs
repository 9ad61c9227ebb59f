//! What Slack calls: a button was pressed, a modal submitted. Verified, one conditional write, an empty answer; whatever else
//! is to be said goes by queue, but for a modal, which Slack opens within three seconds or not at all.

use std::time::Duration;

use actionlayer_channels::{
    approval_link::Member,
    press::Action,
    slack::{
        Form, Interaction, ModalMeta, Submitted, edit_modal, field_errors, notice_modal, parse_interaction,
        reject_modal, verify_signature,
    },
};
use actionlayer_domain::{
    Secret, WorkspaceId,
    channel::{ApprovalChannel, ChannelKind},
    work::{AnswerJob, AnswerTo, NotifyWork, Work},
};
use serde_json::Value;

use super::{
    connect::read_callback,
    decide_draft::Choice,
    press::{NotPressed, Pressed, Presser, Proof, open_press, read_button},
    sender_press::{decide_sender, is_about_sender},
    voice::{Voice, slack_token},
};
use crate::{App, ServiceError, secrets};

/// A trigger lives three seconds, of which some are gone.
const MODAL_WITHIN: Duration = Duration::from_millis(1_800);
/// The longest reason, in characters.
const MAX_REASON_CHARS: usize = 1_000;

/// A request as it came, not yet believed.
#[derive(Debug, Clone, Copy)]
pub struct SlackRequest<'a> {
    /// The last part of the path: which app of one's own; none for the deployment's.
    pub callback_id: Option<&'a str>,
    /// `X-Slack-Request-Timestamp`.
    pub timestamp: Option<&'a str>,
    /// `X-Slack-Signature`.
    pub signature: Option<&'a str>,
    /// The raw body.
    pub body: &'a [u8],
}

/// What is answered.
#[derive(Debug, Clone, PartialEq)]
pub enum SlackAnswer {
    /// 200 without a body.
    Empty,
    /// 200 with what a modal is to do.
    Modal(Value),
    /// 401: not signed by that app.
    Unauthorized,
    /// 400: signed, and not what is documented.
    Malformed,
}

/// Takes a request of Slack.
pub async fn slack_callback(app: &App, request: SlackRequest<'_>) -> Result<SlackAnswer, ServiceError> {
    let (callback, voice) = tokio::try_join!(callback(app, request.callback_id), Voice::new(app))?;
    let Some(Callback { secret, workspace_id, proof }) = callback else { return Ok(SlackAnswer::Unauthorized) };
    let checked = verify_signature(&secret, request.timestamp, request.signature, request.body, app.now());
    if let Err(error) = checked {
        tracing::warn!(%error, "a request is not Slack's");
        return Ok(SlackAnswer::Unauthorized);
    }
    let Ok(interaction) = parse_interaction(request.body) else { return Ok(SlackAnswer::Malformed) };
    match interaction {
        Interaction::Other => Ok(SlackAnswer::Empty),
        Interaction::Submitted(submitted) => submit(&voice, workspace_id, proof, &submitted).await,
        Interaction::Pressed(pressed) => {
            let member = Member {
                channel: ChannelKind::Slack,
                place: pressed.channel.clone(),
                user_id: pressed.user_id.clone(),
                name: pressed.user_name.clone(),
            };
            let presser = Presser { member, proof };
            let outcome = press(&voice, workspace_id, &presser, &pressed.button, pressed.trigger_id.as_deref()).await;
            match (outcome, pressed.response_url) {
                (Ok(()), _) => {}
                (Err(NotPressed::Failed(error)), _) => return Err(error),
                (Err(NotPressed::Refused(sentence)), Some(url)) => tell(app, url, sentence).await?,
                (Err(NotPressed::Refused(_)), None) => {}
            }
            Ok(SlackAnswer::Empty)
        }
    }
}

struct Callback {
    secret: Secret<String>,
    /// None for the deployment's app: the button says it.
    workspace_id: Option<WorkspaceId>,
    proof: Proof,
}

async fn callback(app: &App, id: Option<&str>) -> Result<Option<Callback>, ServiceError> {
    let Some(id) = id else {
        let own = app.settings.slack_app.as_ref();
        return Ok(own.map(|own| Callback {
            secret: own.signing_secret.clone(),
            workspace_id: None,
            proof: Proof::SlackApp,
        }));
    };
    let known = read_callback(app, id).await?;
    Ok(known.map(|known| Callback {
        secret: known.value.signing_secret,
        workspace_id: Some(known.value.workspace_id),
        proof: Proof::SlackCallback(known.value.id),
    }))
}

async fn press(
    voice: &Voice<'_>,
    workspace_id: Option<WorkspaceId>,
    presser: &Presser,
    button: &str,
    trigger_id: Option<&str>,
) -> Result<(), NotPressed> {
    let app = voice.app;
    let opened = read_button(voice, &presser.member, button)?;
    require_workspace(workspace_id, opened.workspace_id)?;
    if is_about_sender(opened.action) {
        return decide_sender(app, presser, opened).await.map(drop);
    }
    let pressed = open_press(app, presser, opened).await?;
    match pressed.action {
        Action::Approve => pressed.decide(app, Choice::Approve).await,
        Action::ApproveAndSend => pressed.decide(app, Choice::ApproveAndSend).await,
        Action::RejectNow => pressed.decide(app, Choice::Reject { reason: None }).await,
        Action::Edit | Action::Reject => {
            pressed.require_open(app)?;
            let trigger_id = trigger_id.unwrap_or_default();
            open_modal(voice, &pressed, button, trigger_id).await
        }
        Action::Trust | Action::Block => Ok(()),
    }
}

/// An app of one's own speaks for its own workspace only.
fn require_workspace(of_app: Option<WorkspaceId>, of_button: WorkspaceId) -> Result<(), NotPressed> {
    if of_app.is_none_or(|of_app| of_app == of_button) {
        return Ok(());
    }
    Err(NotPressed::Refused("This button is not one that was posted here. Nothing was decided.".to_owned()))
}

async fn open_modal(voice: &Voice<'_>, pressed: &Pressed, button: &str, trigger_id: &str) -> Result<(), NotPressed> {
    let app = voice.app;
    let meta = ModalMeta { button: button.to_owned(), channel: pressed.member.place.clone() };
    let (draft, body) = (&pressed.context.draft, &pressed.context.body);
    let subject = draft.subject.as_str();
    let view = match pressed.action {
        Action::Edit => body.text.as_deref().and_then(|text| edit_modal(&meta, subject, text)).unwrap_or_else(|| {
            let page = pressed.own_page(voice);
            notice_modal(
                "Edit the draft",
                "The draft is too long for a dialog, or HTML alone. Change it on its page, which is yours alone.",
                Some(&page),
            )
        }),
        _ => reject_modal(&meta, subject),
    };
    let place = &pressed.member.place;
    let identity = &pressed.context.identity;
    let asks_here =
        |channel: &&ApprovalChannel| channel.kind() == ChannelKind::Slack && channel.place() == Some(place.as_str());
    let own = match identity.approval_channels.iter().find(asks_here) {
        Some(channel) => secrets::open_channel(app, identity, channel).await.map_err(NotPressed::Failed)?,
        None => None,
    };
    let own = match &own {
        Some(ApprovalChannel::Slack { bot_token, .. }) => bot_token.as_ref(),
        _ => None,
    };
    let token = slack_token(app, draft.workspace_id, own).await.map_err(NotPressed::Failed)?;
    let opened = match token {
        Ok(token) => app.slack.open_view(&token, trigger_id, &view, MODAL_WITHIN).await.map_err(|error| error.word()),
        Err(trouble) => Err(trouble.word),
    };
    opened.map_err(|word| {
        let page = pressed.own_page(voice);
        NotPressed::Refused(format!(
            "Slack did not open the dialog ({word}). Press again, or do it on this page, which is yours alone: {page}"
        ))
    })
}

/// A modal came back. Whatever is against it is said in the modal, which keeps what was typed.
async fn submit(
    voice: &Voice<'_>,
    workspace_id: Option<WorkspaceId>,
    proof: Proof,
    submitted: &Submitted,
) -> Result<SlackAnswer, ServiceError> {
    let member = Member {
        channel: ChannelKind::Slack,
        place: submitted.meta.channel.clone(),
        user_id: submitted.user_id.clone(),
        name: submitted.user_name.clone(),
    };
    let presser = Presser { member, proof };
    let block = match &submitted.form {
        Form::Reject { .. } => "reason",
        Form::Edit { .. } => "text",
    };
    let outcome = async {
        let opened = read_button(voice, &presser.member, &submitted.meta.button)?;
        require_workspace(workspace_id, opened.workspace_id)?;
        let pressed = open_press(voice.app, &presser, opened).await?;
        match &submitted.form {
            Form::Reject { reason }
                if reason.as_ref().is_some_and(|reason| reason.chars().count() > MAX_REASON_CHARS) =>
            {
                Err(NotPressed::Refused(format!("A reason may be {MAX_REASON_CHARS} characters long.")))
            }
            Form::Reject { reason } => pressed.decide(voice.app, Choice::Reject { reason: reason.clone() }).await,
            Form::Edit { subject, text } => pressed.edit(voice.app, Some(subject.trim()), text).await,
        }
    };
    match outcome.await {
        Ok(()) => Ok(SlackAnswer::Empty),
        Err(NotPressed::Refused(sentence)) => Ok(SlackAnswer::Modal(field_errors(block, &sentence))),
        Err(NotPressed::Failed(error)) => Err(error),
    }
}

/// Tells whoever pressed, and only them, by the queue: the answer to the press itself has to be empty.
async fn tell(app: &App, url: String, sentence: String) -> Result<(), ServiceError> {
    let job = AnswerJob { answer_to: AnswerTo::SlackResponse(url), sentence };
    Ok(app.queues.put(&[Work::Notify(NotifyWork::Answer(job))]).await?)
}
