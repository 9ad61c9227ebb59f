//! `POST|GET /v1/api-keys`, `DELETE /v1/api-keys/{id}`.

use actionlayer_domain::{
    ApiKeyId, ApiKeySecret, HeaderText, IdentityId, Role, Timestamp,
    key::{ApiKey, Permission},
};
use actionlayer_store::{Page, PageRequest, Transaction};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    App, Caller, FieldError, ServiceError, contention::until_settled, permission::Require as _,
    workspace::update_workspace::name_error,
};

/// A key to create.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "name": "agent", "role": "agent" }))]
pub struct NewApiKey {
    pub name: HeaderText,
    pub role: Option<Role>,
    pub identity_ids: Option<Vec<IdentityId>>,
}

/// Makes a key. The key itself is in this answer and nowhere else.
pub async fn create_api_key(
    app: &App,
    caller: &Caller,
    create: NewApiKey,
) -> Result<(ApiKey, ApiKeySecret), ServiceError> {
    caller.require(Permission::Administer)?;
    let NewApiKey { name, role, identity_ids } = create;
    // A key that can approve must be asked for.
    let role = role.unwrap_or(Role::Agent);
    let mut identity_ids = identity_ids.unwrap_or_default();
    identity_ids.sort_unstable();
    identity_ids.dedup();
    let mut errors: Vec<FieldError> = name_error("name", &name).into_iter().collect();
    if identity_ids.is_empty() && !caller.sees_all() {
        errors.push(FieldError::new("identity_ids", "must be given: this key is bound to identities itself"));
    }
    if !identity_ids.is_empty() {
        let identities = app.store.identities(caller.workspace_id).await?;
        for (i, id) in identity_ids.iter().enumerate() {
            if !caller.sees(*id) || identities.iter().all(|row| row.value.id != *id) {
                errors.push(FieldError::new(format!("identity_ids[{i}]"), "is not an identity of this workspace"));
            }
        }
    }
    if !errors.is_empty() {
        return Err(ServiceError::Validation(errors));
    }
    let now = app.now();
    let secret = ApiKeySecret::generate(app.entropy());
    let key = ApiKey {
        id: ApiKeyId::generate(now, app.entropy()),
        workspace_id: caller.workspace_id,
        name,
        prefix: secret.prefix().to_owned(),
        role,
        identity_ids,
        created_at: now,
    };
    let mut transaction = Transaction::new();
    transaction.create_api_key(&key, &secret)?;
    app.store.commit(transaction).await?;
    Ok((key, secret))
}

/// The workspace's keys and when each was last used, newest first.
pub async fn list_api_keys(
    app: &App,
    caller: &Caller,
    request: &PageRequest,
) -> Result<Page<(ApiKey, Option<Timestamp>)>, ServiceError> {
    caller.require_unbound()?;
    let keys = app.store.list_api_keys(caller.workspace_id).await?;
    Ok(Page::of_few(keys, &format!("{}#api_keys", caller.workspace_id), request, |(key, _)| key.id.to_string())?)
}

/// Revokes a key: the next request with it is refused.
pub async fn revoke_api_key(app: &App, caller: &Caller, id: ApiKeyId) -> Result<(), ServiceError> {
    caller.require(Permission::Administer)?;
    until_settled(app, || revoke_once(app, caller, id)).await
}

async fn revoke_once(app: &App, caller: &Caller, id: ApiKeyId) -> Result<(), ServiceError> {
    let keys = app.store.list_api_keys(caller.workspace_id).await?;
    let mut full = keys.iter().map(|(key, _)| key).filter(|key| key.role == Role::Full && key.identity_ids.is_empty());
    // Nothing could make another one.
    if let (Some(only), None) = (full.next(), full.next())
        && only.id == id
    {
        return Err(ServiceError::Conflict("it is the last key that may manage the workspace; make another one first"));
    }
    if app.store.revoke_api_key(caller.workspace_id, id).await? {
        Ok(())
    } else {
        Err(ServiceError::NotFound { what: "API key" })
    }
}
