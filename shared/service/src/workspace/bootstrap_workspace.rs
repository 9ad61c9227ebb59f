//! `POST /v1/auth/bootstrap`: the one workspace of a deployment without sign-up.

use actionlayer_domain::{
    ApiKeyId, ApiKeySecret, HeaderText, Role, Workspace, WorkspaceId, key::ApiKey, workspace::WorkspaceSettings,
};
use actionlayer_store::{CommitError, DeploymentWorkspace, Transaction};

use crate::{App, ServiceError, contention::until_settled, workspace::update_workspace::workspace_name};

/// Makes the workspace and its first key, which may do everything. Whoever comes second is told that it exists.
pub async fn bootstrap_workspace(
    app: &App,
    name: HeaderText,
) -> Result<(Workspace, ApiKey, ApiKeySecret), ServiceError> {
    if !app.settings.bootstrap {
        return Err(ServiceError::Forbidden { reason: "bootstrapping is switched off in this deployment" });
    }
    let name = workspace_name("workspace_name", name)?;
    until_settled(app, || bootstrap_once(app, &name)).await
}

async fn bootstrap_once(app: &App, name: &HeaderText) -> Result<(Workspace, ApiKey, ApiKeySecret), ServiceError> {
    let now = app.now();
    let workspace = Workspace {
        id: WorkspaceId::generate(now, app.entropy()),
        name: name.clone(),
        settings: WorkspaceSettings::default(),
        plan: None,
        created_at: now,
        updated_at: now,
    };
    let secret = ApiKeySecret::generate(app.entropy());
    let key = ApiKey {
        id: ApiKeyId::generate(now, app.entropy()),
        workspace_id: workspace.id,
        name: HeaderText::sanitize("bootstrap"),
        prefix: secret.prefix().to_owned(),
        role: Role::Full,
        identity_ids: Vec::new(),
        created_at: now,
    };
    let mut transaction = Transaction::new();
    let singleton = transaction.len();
    transaction.create(&DeploymentWorkspace { workspace_id: workspace.id })?;
    transaction.create(&workspace)?;
    transaction.create_api_key(&key, &secret)?;
    match app.store.commit(transaction).await {
        Ok(()) => Ok((workspace, key, secret)),
        Err(CommitError::Conflict { failed }) if failed.contains(&singleton) => Err(ServiceError::WorkspaceExists),
        Err(error) => Err(error.into()),
    }
}
