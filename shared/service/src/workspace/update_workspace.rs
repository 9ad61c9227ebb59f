//! `GET|PATCH /v1/workspace`.

use actionlayer_domain::{HeaderText, Workspace, key::Permission};
use actionlayer_store::{Row, Transaction, keys};

use crate::{App, Caller, FieldError, ServiceError, contention::until_settled, permission::Require as _};

/// What to change; `None` leaves it.
#[derive(Debug, Clone, Default)]
pub struct WorkspacePatch {
    /// The name.
    pub name: Option<HeaderText>,
    /// Hold mail from senders who are not trusted contacts.
    pub sender_trust_gating: Option<bool>,
    /// After how many hours an undecided draft expires; `Some(None)` for never.
    pub draft_ttl_hours: Option<Option<u32>>,
    /// Approvers are reminded after so many hours; `Some(None)` for never.
    pub remind_after_hours: Option<Option<u32>>,
    /// Tell the approvers about held mail.
    pub notify_held_inbound: Option<bool>,
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
pub async fn update_workspace(app: &App, caller: &Caller, patch: WorkspacePatch) -> Result<Workspace, ServiceError> {
    caller.require(Permission::Administer)?;
    let mut errors: Vec<FieldError> =
        patch.name.as_ref().and_then(|name| name_error("name", name)).into_iter().collect();
    if let Some(Some(hours)) = patch.draft_ttl_hours
        && !(1..=MAX_DRAFT_TTL_HOURS).contains(&hours)
    {
        errors.push(FieldError::new("settings.draft_ttl_hours", "must be from 1 to 8784, or null for never"));
    }
    if let Some(Some(hours)) = patch.remind_after_hours
        && !(1..=MAX_DRAFT_TTL_HOURS).contains(&hours)
    {
        errors.push(FieldError::new("settings.remind_after_hours", "must be from 1 to 8784, or null for never"));
    }
    if !errors.is_empty() {
        return Err(ServiceError::Validation(errors));
    }
    until_settled(app, || update_once(app, caller, &patch)).await
}

async fn update_once(app: &App, caller: &Caller, patch: &WorkspacePatch) -> Result<Workspace, ServiceError> {
    let row = read(app, caller).await?;
    let mut workspace = row.value.clone();
    if let Some(name) = &patch.name {
        workspace.name = name.clone();
    }
    let settings = &mut workspace.settings;
    settings.sender_trust_gating = patch.sender_trust_gating.unwrap_or(settings.sender_trust_gating);
    settings.draft_ttl_hours = patch.draft_ttl_hours.unwrap_or(settings.draft_ttl_hours);
    settings.remind_after_hours = patch.remind_after_hours.unwrap_or(settings.remind_after_hours);
    settings.notify_held_inbound = patch.notify_held_inbound.unwrap_or(settings.notify_held_inbound);
    if workspace == row.value {
        return Ok(workspace);
    }
    workspace.updated_at = app.now();
    let mut transaction = Transaction::new();
    transaction.replace(&row, &workspace)?;
    app.store.commit(transaction).await?;
    Ok(workspace)
}
