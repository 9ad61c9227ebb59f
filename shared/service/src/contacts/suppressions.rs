//! `GET /v1/suppressions`, `DELETE /v1/suppressions/{id}`.

use actionlayer_domain::{EmailAddress, Suppression, SuppressionId, key::Permission};
use actionlayer_store::{Page, PageRequest, Transaction, keys};

use crate::{App, Caller, ServiceError, contention::until_settled, permission::Require as _};

/// What a suppression is named by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SuppressionName {
    Id(SuppressionId),
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
