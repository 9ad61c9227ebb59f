//! The users of a workspace.

use actionlayer_domain::{
    EmailAddress, UserId, Workspace, WorkspaceId,
    account::{AuditAct, MemberRole, Membership, leaves_an_owner},
    key::Permission,
};
use actionlayer_store::{Row, Transaction, keys};

use super::sessions::{Place, note};
use crate::{App, Caller, ServiceError, contention::until_settled, permission::Require as _};

const NO_OWNER: ServiceError =
    ServiceError::Conflict("a workspace has at least one owner; make somebody else an owner first");

/// The users of the caller's workspace, owners first. For everybody in it.
pub async fn list_members(app: &App, caller: &Caller) -> Result<Vec<Membership>, ServiceError> {
    caller.require_unbound()?;
    let members = app.store.members_of(caller.workspace_id).await?;
    let mut members: Vec<Membership> = members.into_iter().map(|row| row.value).collect();
    members.sort_by_key(|member| (MemberRole::ALL.iter().position(|role| *role == member.role), member.added_at));
    Ok(members)
}

/// The addresses of those who own a workspace, in the order in which they came to it.
pub(crate) async fn owner_addresses(app: &App, workspace: WorkspaceId) -> Result<Vec<EmailAddress>, ServiceError> {
    let members = app.store.members_of(workspace).await?;
    let mut owners: Vec<Membership> =
        members.into_iter().map(|row| row.value).filter(|member| member.role == MemberRole::Owner).collect();
    owners.sort_by_key(|owner| owner.added_at);
    Ok(owners.into_iter().map(|owner| owner.email).collect())
}

/// Makes somebody something else. A workspace keeps an owner.
pub async fn change_role(app: &App, place: &Place, user: UserId, role: MemberRole) -> Result<(), ServiceError> {
    place.caller().require(Permission::Administer)?;
    until_settled(app, || async {
        let (workspace, members) = read(app, place).await?;
        let row = find(&members, user)?;
        if row.value.role == role {
            return Ok(());
        }
        if role != MemberRole::Owner && !leaves_an_owner(members.iter().map(|row| &row.value), user) {
            return Err(NO_OWNER);
        }
        let mut transaction = Transaction::new();
        transaction.replace(row, &Membership { role, ..row.value.clone() })?;
        // Whoever changes an owner writes the workspace, so that of two who look at once, one looks again.
        transaction.replace(&workspace, &workspace.value)?;
        let about = format!("{} to {role}", row.value.email);
        note(app, &mut transaction, &place.membership, AuditAct::ChangedRole, &about)?;
        Ok(app.store.commit(transaction).await?)
    })
    .await
}

/// Removes somebody from the workspace: their next request there is refused. Anybody may leave; a workspace keeps an owner.
pub async fn remove_member(app: &App, place: &Place, user: UserId) -> Result<(), ServiceError> {
    if user != place.membership.user_id {
        place.caller().require(Permission::Administer)?;
    }
    until_settled(app, || async {
        let (workspace, members) = read(app, place).await?;
        let row = find(&members, user)?;
        if !leaves_an_owner(members.iter().map(|row| &row.value), user) {
            return Err(NO_OWNER);
        }
        let mut transaction = Transaction::new();
        transaction.delete(row);
        transaction.replace(&workspace, &workspace.value)?;
        note(app, &mut transaction, &place.membership, AuditAct::RemovedUser, row.value.email.as_str())?;
        Ok(app.store.commit(transaction).await?)
    })
    .await
}

/// The workspace first: who writes it meanwhile makes the write fail.
async fn read(app: &App, place: &Place) -> Result<(Row<Workspace>, Vec<Row<Membership>>), ServiceError> {
    let workspace = app.store.get::<Workspace>(&keys::workspace(place.workspace.id)).await?;
    let workspace = workspace.ok_or(ServiceError::NotFound { what: "workspace" })?;
    let members = app.store.members_of(place.workspace.id).await?;
    // What they were when the request began may be over.
    let own = members.iter().find(|row| row.value.user_id == place.membership.user_id);
    if own.is_none_or(|own| own.value.role != place.membership.role) {
        return Err(ServiceError::Forbidden { reason: "your role was changed a moment ago" });
    }
    Ok((workspace, members))
}

fn find(members: &[Row<Membership>], user: UserId) -> Result<&Row<Membership>, ServiceError> {
    members.iter().find(|row| row.value.user_id == user).ok_or(ServiceError::NotFound { what: "user" })
}
