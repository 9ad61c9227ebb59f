//! `GET|PATCH /v1/workspace`.

use actionlayer_domain::{HeaderText, Workspace, key::Permission, workspace::NewParticipants};
use actionlayer_store::{Row, Transaction, keys};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    App, Caller, FieldError, ServiceError, contention::until_settled, input::nullable, permission::Require as _,
};

/// The fields to change; what is left out stays as it is.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "settings": { "sender_trust_gating": true, "draft_ttl_hours": 48 } }))]
pub struct UpdateWorkspace {
    pub name: Option<HeaderText>,
    pub settings: Option<UpdateSettings>,
}

/// The settings to change; what is left out stays as it is.
#[allow(clippy::option_option, reason = "absent, null and a value are three different wishes")]
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateSettings {
    pub sender_trust_gating: Option<bool>,
    #[serde(default, deserialize_with = "nullable")]
    pub draft_ttl_hours: Option<Option<u32>>,
    pub notify_held_inbound: Option<bool>,
    #[serde(default, deserialize_with = "nullable")]
    pub remind_after_hours: Option<Option<u32>>,
    /// Where mail goes that cites a conversation its author takes no part in.
    pub new_participants: Option<NewParticipants>,
}

/// A name is shown in pages and mails.
const MAX_NAME_BYTES: usize = 200;
/// A year.
const MAX_DRAFT_TTL_HOURS: u32 = 24 * 366;

/// A name of a workspace or key: something to read, not endless.
pub(crate) fn workspace_name(field: &str, name: HeaderText) -> Result<HeaderText, ServiceError> {
    match name_error(field, &name) {
        Some(error) => Err(ServiceError::Validation(vec![error])),
        None => Ok(name),
    }
}

/// What is wrong with a name.
pub(crate) fn name_error(field: &str, name: &HeaderText) -> Option<FieldError> {
    let blank = name.as_str().trim().is_empty();
    (blank || name.as_str().len() > MAX_NAME_BYTES)
        .then(|| FieldError::new(field, "must be 1 to 200 bytes long and not blank"))
}

async fn read(app: &App, caller: &Caller) -> Result<Row<Workspace>, ServiceError> {
    let row = app.store.get(&keys::workspace(caller.workspace_id)).await?;
    row.ok_or(ServiceError::NotFound { what: "workspace" })
}

/// The caller's workspace.
pub async fn get_workspace(app: &App, caller: &Caller) -> Result<Workspace, ServiceError> {
    Ok(read(app, caller).await?.value)
}

/// Changes the caller's workspace.
pub async fn update_workspace(app: &App, caller: &Caller, patch: UpdateWorkspace) -> Result<Workspace, ServiceError> {
    caller.require(Permission::Administer)?;
    let settings = patch.settings.clone().unwrap_or_default();
    let mut errors: Vec<FieldError> =
        patch.name.as_ref().and_then(|name| name_error("name", name)).into_iter().collect();
    if let Some(Some(hours)) = settings.draft_ttl_hours
        && !(1..=MAX_DRAFT_TTL_HOURS).contains(&hours)
    {
        errors.push(FieldError::new("settings.draft_ttl_hours", "must be from 1 to 8784, or null for never"));
    }
    if let Some(Some(hours)) = settings.remind_after_hours
        && !(1..=MAX_DRAFT_TTL_HOURS).contains(&hours)
    {
        errors.push(FieldError::new("settings.remind_after_hours", "must be from 1 to 8784, or null for never"));
    }
    if !errors.is_empty() {
        return Err(ServiceError::Validation(errors));
    }
    until_settled(app, || update_once(app, caller, patch.name.as_ref(), &settings)).await
}

async fn update_once(
    app: &App,
    caller: &Caller,
    name: Option<&HeaderText>,
    patch: &UpdateSettings,
) -> Result<Workspace, ServiceError> {
    let row = read(app, caller).await?;
    let mut workspace = row.value.clone();
    if let Some(name) = name {
        workspace.name = name.clone();
    }
    let settings = &mut workspace.settings;
    settings.sender_trust_gating = patch.sender_trust_gating.unwrap_or(settings.sender_trust_gating);
    settings.draft_ttl_hours = patch.draft_ttl_hours.unwrap_or(settings.draft_ttl_hours);
    settings.remind_after_hours = patch.remind_after_hours.unwrap_or(settings.remind_after_hours);
    settings.notify_held_inbound = patch.notify_held_inbound.unwrap_or(settings.notify_held_inbound);
    settings.new_participants = patch.new_participants.unwrap_or(settings.new_participants);
    if workspace == row.value {
        return Ok(workspace);
    }
    workspace.updated_at = app.now();
    let mut transaction = Transaction::new();
    transaction.replace(&row, &workspace)?;
    app.store.commit(transaction).await?;
    Ok(workspace)
}
