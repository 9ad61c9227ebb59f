//! What Slack posts when somebody presses a button or submits a modal. See "Interaction payloads", docs.slack.dev.

use serde::Deserialize;
use serde_json::Value;

use super::modal::{EDIT_CALLBACK, ModalMeta, REJECT_CALLBACK};

/// Something somebody did.
#[derive(Debug, Clone, PartialEq)]
pub enum Interaction {
    /// They pressed a button of a message.
    Pressed(Pressed),
    /// They submitted a modal.
    Submitted(Submitted),
    /// Nothing that is for us: a link was opened, a modal closed.
    Other,
}

/// A pressed button.
#[derive(Clone, PartialEq, Eq)]
pub struct Pressed {
    /// The value of the button, still to be believed.
    pub button: String,
    pub user_id: String,
    /// Their name, as Slack gives it.
    pub user_name: String,
    pub channel: String,
    pub message_ts: Option<String>,
    /// Opens a modal, once and within three seconds.
    pub trigger_id: Option<String>,
    /// Takes an answer only they see, five times within half an hour.
    pub response_url: Option<String>,
    /// The Slack workspace.
    pub team_id: Option<String>,
}

/// A submitted modal.
#[derive(Clone, PartialEq, Eq)]
pub struct Submitted {
    /// Which button opened it, and where.
    pub meta: ModalMeta,
    pub user_id: String,
    pub user_name: String,
    /// The Slack workspace.
    pub team_id: Option<String>,
    /// What they typed.
    pub form: Form,
}

/// What a modal took.
#[derive(Clone, PartialEq, Eq)]
pub enum Form {
    /// Reject, with or without a reason.
    Reject {
        /// Why.
        reason: Option<String>,
    },
    /// Change.
    Edit { subject: String, text: String },
}

actionlayer_domain::debug_without_content!(Pressed, Submitted, Form);

/// Why a body is no interaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InteractionError {
    /// Not a form with one field `payload`.
    #[error("the body is not a form with a payload")]
    NoPayload,
    /// The payload is not the JSON that is documented.
    #[error("the payload cannot be read")]
    Malformed,
}

#[derive(Deserialize)]
struct Payload {
    #[serde(rename = "type")]
    kind: String,
    user: Option<User>,
    team: Option<Id>,
    channel: Option<Id>,
    container: Option<Container>,
    trigger_id: Option<String>,
    response_url: Option<String>,
    #[serde(default)]
    actions: Vec<Pushed>,
    view: Option<View>,
}

#[derive(Deserialize)]
struct User {
    id: String,
    name: Option<String>,
    username: Option<String>,
}

#[derive(Deserialize)]
struct Id {
    id: String,
}

#[derive(Deserialize)]
struct Container {
    message_ts: Option<String>,
    channel_id: Option<String>,
}

#[derive(Deserialize)]
struct Pushed {
    #[serde(rename = "type")]
    kind: String,
    value: Option<String>,
}

#[derive(Deserialize)]
struct View {
    callback_id: Option<String>,
    private_metadata: Option<String>,
    state: Option<State>,
}

#[derive(Deserialize)]
struct State {
    values: Value,
}

/// Reads the body of a request whose signature was checked.
pub fn parse_interaction(body: &[u8]) -> Result<Interaction, InteractionError> {
    let payload =
        form_urlencoded::parse(body).find(|(name, _)| name == "payload").ok_or(InteractionError::NoPayload)?.1;
    let payload: Payload = serde_json::from_str(&payload).map_err(|_| InteractionError::Malformed)?;
    match payload.kind.as_str() {
        "block_actions" => pressed(payload),
        "view_submission" => submitted(payload),
        _ => Ok(Interaction::Other),
    }
}

fn pressed(payload: Payload) -> Result<Interaction, InteractionError> {
    let Some(button) =
        payload.actions.into_iter().find(|action| action.kind == "button").and_then(|action| action.value)
    else {
        return Ok(Interaction::Other);
    };
    let user = payload.user.ok_or(InteractionError::Malformed)?;
    let (message_ts, container_channel) =
        payload.container.map_or((None, None), |container| (container.message_ts, container.channel_id));
    let channel = payload.channel.map(|channel| channel.id).or(container_channel).ok_or(InteractionError::Malformed)?;
    Ok(Interaction::Pressed(Pressed {
        button,
        user_name: user.name.or(user.username).unwrap_or_else(|| user.id.clone()),
        user_id: user.id,
        channel,
        message_ts,
        trigger_id: payload.trigger_id,
        response_url: payload.response_url,
        team_id: payload.team.map(|team| team.id),
    }))
}

fn submitted(payload: Payload) -> Result<Interaction, InteractionError> {
    let view = payload.view.ok_or(InteractionError::Malformed)?;
    let values = view.state.map(|state| state.values).unwrap_or_default();
    let typed = |block: &str| values[block]["value"]["value"].as_str().map(|text| text.replace("\r\n", "\n"));
    let form = match view.callback_id.as_deref() {
        Some(REJECT_CALLBACK) => Form::Reject { reason: typed("reason").filter(|reason| !reason.trim().is_empty()) },
        Some(EDIT_CALLBACK) => Form::Edit {
            subject: typed("subject").ok_or(InteractionError::Malformed)?,
            text: typed("text").ok_or(InteractionError::Malformed)?,
        },
        _ => return Ok(Interaction::Other),
    };
    let meta = view.private_metadata.as_deref().unwrap_or_default();
    let meta: ModalMeta = serde_json::from_str(meta).map_err(|_| InteractionError::Malformed)?;
    let user = payload.user.ok_or(InteractionError::Malformed)?;
    Ok(Interaction::Submitted(Submitted {
        meta,
        user_name: user.name.or(user.username).unwrap_or_else(|| user.id.clone()),
        user_id: user.id,
        team_id: payload.team.map(|team| team.id),
        form,
    }))
}
