//! `POST /v1/auth/bootstrap`: the first workspace of a deployment without sign-up.

use actionlayer_domain::{ApiKeySecret, HeaderText, Workspace, key::ApiKey};
use actionlayer_store::{CommitError, DeploymentWorkspace, Transaction};

use crate::{
    App, ServiceError,
    contention::until_settled,
    workspace::{create_workspace::NewWorkspace, update_workspace::workspace_name},
};

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
    let new = NewWorkspace::generate(name.clone(), "bootstrap", app.now(), app.entropy());
    let mut transaction = Transaction::new();
    let singleton = transaction.len();
    transaction.create(&DeploymentWorkspace { workspace_id: new.workspace.id })?;
    new.create(&mut transaction)?;
    match app.store.commit(transaction).await {
        Ok(()) => Ok((new.workspace, new.key, new.secret)),
        Err(CommitError::Conflict { failed }) if failed.contains(&singleton) => Err(ServiceError::WorkspaceExists),
        Err(error) => Err(error.into()),
    }
}
