//! `GET /v1/suppressions`, `DELETE /v1/suppressions/{id}`; and what keeps mail from addresses on the list.

use actionlayer_domain::{EmailAddress, Suppression, SuppressionId, SuppressionReason, WorkspaceId, key::Permission};
use actionlayer_store::{Page, PageRequest, Transaction, keys};

use crate::{App, Caller, FieldError, ServiceError, contention::until_settled};

/// What a suppression is named by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SuppressionName {
    /// Its id.
    Id(SuppressionId),
    /// The address.
    Email(EmailAddress),
}

/// Suppressed addresses, newest first.
pub async fn list_suppressions(
    app: &App,
    caller: &Caller,
    page: PageRequest,
) -> Result<Page<Suppression>, ServiceError> {
    caller.require_unbound()?;
    Ok(app.store.list_suppressions(caller.workspace_id, &page).await?)
}

/// Takes an address off the list: the next mail to it is sent. Should that bounce, it is on the list again.
pub async fn delete_suppression(app: &App, caller: &Caller, name: &SuppressionName) -> Result<(), ServiceError> {
    caller.require(Permission::Administer)?;
    until_settled(app, || async {
        let row = match name {
            SuppressionName::Id(id) => app.store.suppression_by_id(caller.workspace_id, *id).await?,
            SuppressionName::Email(email) => app.store.get(&keys::suppression(caller.workspace_id, email)).await?,
        };
        let Some(row) = row else { return Err(ServiceError::NotFound { what: "suppression" }) };
        let mut transaction = Transaction::new();
        transaction.delete::<Suppression>(&row);
        Ok(app.store.commit(transaction).await?)
    })
    .await
}

/// Refuses a message to anybody who is suppressed, naming them.
pub(crate) async fn require_deliverable(
    app: &App,
    workspace: WorkspaceId,
    to: &[EmailAddress],
    cc: &[EmailAddress],
    bcc: &[EmailAddress],
) -> Result<(), ServiceError> {
    let lists = [("to", to), ("cc", cc), ("bcc", bcc)];
    let suppressed = app.store.suppressed(workspace, lists.iter().flat_map(|(_, addresses)| *addresses)).await?;
    let mut named = Vec::new();
    for (field, addresses) in lists {
        for (i, address) in addresses.iter().enumerate() {
            if let Some(row) = suppressed.iter().find(|row| row.value.email.folded() == address.folded()) {
                let why = match row.value.reason {
                    SuppressionReason::Bounce => "mail to it bounced",
                    SuppressionReason::Complaint => "its owner complained about mail",
                };
                named.push(FieldError::new(format!("{field}[{i}]"), format!("{address} is suppressed: {why}")));
            }
        }
    }
    if named.is_empty() { Ok(()) } else { Err(ServiceError::RecipientSuppressed(named)) }
}
