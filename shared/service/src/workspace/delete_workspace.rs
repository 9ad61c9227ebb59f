//! `POST|GET|DELETE /v1/workspace/deletion`, and the deletion itself, step by step.

use std::time::Duration;

use actionlayer_domain::{
    Authority, SecretPlace, Workspace,
    account::{AuditAct, AuditEntry},
    erasure::{Erasure, ErasurePhase},
    key::Permission,
};
use actionlayer_store::{DeploymentWorkspace, Row, SecretRecord, Transaction, keys};

use crate::{
    App, Caller, ServiceError, billing::end_billing, contention::until_settled, domains::read_domains::delete_domain,
    events::webhooks::delete_webhook, identities::read_identities::delete_identity, permission::Require as _,
};

/// How long one call works at it: less than the function has.
const BUDGET: Duration = Duration::from_secs(15);

const NOT_FOUND: ServiceError = ServiceError::NotFound { what: "deletion" };
const UNDER_WAY: ServiceError =
    ServiceError::Conflict("the workspace is being deleted: that cannot be taken back any more");

/// Schedules the deletion of the caller's workspace, whose name they give. Asked for again, it is as it was.
pub async fn schedule_deletion(app: &App, caller: &Caller, name: &str) -> Result<Erasure, ServiceError> {
    caller.require(Permission::Administer)?;
    until_settled(app, || async {
        let workspace = app.store.get::<Workspace>(&keys::workspace(caller.workspace_id)).await?;
        let workspace = workspace.ok_or(ServiceError::NotFound { what: "workspace" })?;
        if workspace.value.name.as_str().trim() != name.trim() {
            return Err(ServiceError::invalid("name", "must be the name of the workspace, as it is written"));
        }
        if let Some(row) = read(app, caller).await? {
            return Ok(row.value);
        }
        let erasure = Erasure::schedule(caller.workspace_id, caller.actor(), app.now());
        let mut transaction = Transaction::new();
        transaction.check(&workspace).create(&erasure)?;
        note(app, caller, AuditAct::ScheduledDeletion, &mut transaction)?;
        app.store.commit(transaction).await?;
        Ok(erasure)
    })
    .await
}

/// The deletion that was asked for.
pub async fn get_deletion(app: &App, caller: &Caller) -> Result<Erasure, ServiceError> {
    caller.require_unbound()?;
    Ok(read(app, caller).await?.ok_or(NOT_FOUND)?.value)
}

/// Takes the deletion back.
pub async fn cancel_deletion(app: &App, caller: &Caller) -> Result<(), ServiceError> {
    caller.require(Permission::Administer)?;
    until_settled(app, || async {
        let row = read(app, caller).await?.ok_or(NOT_FOUND)?;
        if !row.value.can_be_taken_back() {
            return Err(UNDER_WAY);
        }
        let mut transaction = Transaction::new();
        transaction.delete(&row);
        note(app, caller, AuditAct::CanceledDeletion, &mut transaction)?;
        Ok(app.store.commit(transaction).await?)
    })
    .await
}

fn note(app: &App, caller: &Caller, act: AuditAct, transaction: &mut Transaction) -> Result<(), ServiceError> {
    let entry = AuditEntry::new(caller.workspace_id, caller.actor(), act, "", app.now(), app.entropy());
    transaction.create(&entry)?;
    Ok(())
}

async fn read(app: &App, caller: &Caller) -> Result<Option<Row<Erasure>>, ServiceError> {
    Ok(app.store.get::<Erasure>(&keys::erasure(caller.workspace_id)).await?)
}

/// Goes on with every deletion that is due, for some seconds; gives how many came to their end. One that fails keeps no
/// other.
pub(crate) async fn delete_due(app: &App, count: &mut usize) -> Result<(), ServiceError> {
    let began = app.now();
    let mut outcome = Ok(());
    for mut erasure in app.store.due_erasures(began).await? {
        while erasure.due_at <= app.now() && app.now().since(began) < BUDGET {
            match step(app, &erasure).await {
                Ok(Some(further)) => erasure = further,
                Ok(None) => {
                    *count += 1;
                    break;
                }
                // Somebody else is at it, or it was taken back.
                Err(ServiceError::Contended) => break,
                Err(error) => {
                    outcome = Err(error);
                    break;
                }
            }
        }
    }
    outcome
}

/// One step, and how things stand after it; none when nothing is left.
async fn step(app: &App, erasure: &Erasure) -> Result<Option<Erasure>, ServiceError> {
    let row = app.store.get::<Erasure>(&keys::erasure(erasure.workspace_id)).await?;
    let row = row.filter(|row| row.value == *erasure).ok_or(ServiceError::Contended)?;
    let after = match &erasure.phase {
        // From here on nobody takes it back.
        ErasurePhase::Scheduled => None,
        ErasurePhase::Closing => {
            close(app, erasure).await?;
            None
        }
        ErasurePhase::Table { after, .. } => app.store.erase_items(erasure.workspace_id, after.as_ref()).await?,
        ErasurePhase::Bucket => {
            if app.store.erase_blobs(erasure.workspace_id).await? {
                let mut transaction = Transaction::new();
                transaction.delete(&row);
                app.store.commit(transaction).await?;
                tracing::info!(workspace_id = %erasure.workspace_id, "a workspace was deleted");
                return Ok(None);
            }
            None
        }
    };
    let further = erasure.further(after, app.now());
    let mut transaction = Transaction::new();
    transaction.replace(&row, &further)?;
    app.store.commit(transaction).await?;
    Ok(Some(further))
}

/// Lets nothing come in or leave any more. Half done, it is done again.
async fn close(app: &App, erasure: &Erasure) -> Result<(), ServiceError> {
    let workspace = erasure.workspace_id;
    end_billing(app, workspace).await?;
    let caller = Caller::on_behalf(workspace, &erasure.requested_by, Authority::Full).ok_or(NOT_FOUND)?;
    let gone = |outcome: Result<(), ServiceError>| match outcome {
        Err(ServiceError::NotFound { .. }) => Ok(()),
        other => other,
    };
    for (key, _) in app.store.list_api_keys(workspace).await? {
        app.store.revoke_api_key(workspace, key.id).await?;
    }
    for row in app.store.webhooks(workspace).await? {
        gone(delete_webhook(app, &caller, row.value.id).await)?;
    }
    for row in app.store.identities(workspace).await? {
        gone(delete_identity(app, &caller, row.value.id).await.map(|_| ()))?;
    }
    for row in app.store.domains(workspace).await? {
        gone(delete_domain(app, &caller, row.value.id).await)?;
    }
    // The others went with what they belong to.
    let place = SecretPlace::SlackInstallation { workspace_id: workspace };
    if let Some(row) = app.store.get::<SecretRecord>(&keys::secret(&place)).await? {
        delete(app, &row).await?;
    }
    for row in app.store.invitations_of(workspace).await? {
        delete(app, &row).await?;
    }
    for row in app.store.members_of(workspace).await? {
        delete(app, &row).await?;
    }
    let own = app.store.get::<DeploymentWorkspace>(&keys::deployment_workspace()).await?;
    if let Some(own) = own.filter(|own| own.value.workspace_id == workspace) {
        delete(app, &own).await?;
    }
    Ok(())
}

async fn delete<T: actionlayer_store::Record>(app: &App, row: &Row<T>) -> Result<(), ServiceError> {
    let mut transaction = Transaction::new();
    transaction.delete(row);
    Ok(app.store.commit(transaction).await?)
}
