//! Several workspaces of one user.

use actionlayer_domain::{
    WorkspaceId,
    account::{AuditAct, MemberRole, SignUp},
};
use actionlayer_store::Transaction;

use super::{
    new_user::named,
    sessions::{Visitor, note},
};
use crate::{App, ServiceError, workspace::create_workspace::NewWorkspace};

/// Whether somebody may make another workspace: where anybody may sign up, and elsewhere owners.
pub async fn may_create_workspace(app: &App, visitor: &Visitor) -> Result<bool, ServiceError> {
    if app.settings.sign_up == SignUp::Open {
        return Ok(true);
    }
    let memberships = app.store.memberships_of(visitor.user.id).await?;
    Ok(memberships.iter().any(|row| row.value.role == MemberRole::Owner))
}

/// Makes another workspace, whose owner they are.
pub async fn create_own_workspace(app: &App, visitor: &Visitor, name: &str) -> Result<WorkspaceId, ServiceError> {
    if !may_create_workspace(app, visitor).await? {
        return Err(ServiceError::Forbidden { reason: "only an owner may make another workspace" });
    }
    let name = named("The name", name).map_err(|error| ServiceError::Validation(vec![error]))?;
    let new = NewWorkspace::generate(name, "", app.now(), app.entropy());
    let membership = visitor.user.member_of(new.workspace.id, MemberRole::Owner, app.now());
    let mut transaction = Transaction::new();
    transaction.create(&new.workspace)?;
    transaction.create(&membership)?;
    note(app, &mut transaction, &membership, AuditAct::BecameOwner, "")?;
    app.store.commit(transaction).await?;
    Ok(new.workspace.id)
}
