//! `POST /v1/auth/bootstrap`: the first workspace of a deployment without sign-up.

use actionlayer_domain::{ApiKeySecret, HeaderText, Workspace, account::Bootstrap, key::ApiKey};
use actionlayer_store::{CommitError, DeploymentWorkspace, Transaction};

use crate::{
    App, ServiceError,
    accounts::first_owner::is_deployment_token,
    contention::until_settled,
    workspace::{create_workspace::NewWorkspace, update_workspace::workspace_name},
};

/// Makes the workspace and its first key, which may do everything. Whoever comes second is told that it exists.
pub async fn bootstrap_workspace(
    app: &App,
    name: HeaderText,
    token: Option<&str>,
) -> Result<(Workspace, ApiKey, ApiKeySecret), ServiceError> {
    may_bootstrap(app, token)?;
    let name = workspace_name("workspace_name", name)?;
    until_settled(app, || bootstrap_once(app, &name)).await
}

/// Whether somebody who shows this may. A deployment that others reach belongs to whoever deployed it, not to who comes first.
fn may_bootstrap(app: &App, token: Option<&str>) -> Result<(), ServiceError> {
    let reason = match app.settings.bootstrap {
        Bootstrap::Open => return Ok(()),
        Bootstrap::Off => "bootstrapping is switched off in this deployment",
        Bootstrap::Token if app.settings.bootstrap_token.is_none() => {
            "this deployment has no bootstrap token: deploy it with the parameter BootstrapToken"
        }
        Bootstrap::Token => match token {
            Some(token) if is_deployment_token(app, token) => return Ok(()),
            Some(_) => "the bootstrap_token is not that of this deployment",
            None => "bootstrap_token is required: it is the parameter BootstrapToken of this deployment",
        },
    };
    Err(ServiceError::Forbidden { reason })
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
