//! `POST /v1/billing/portal`.

use actionlayer_clients::stripe::StripeError;
use actionlayer_domain::{
    account::{AuditAct, AuditEntry},
    key::Permission,
};
use actionlayer_store::Transaction;

use super::{idempotency_key, provider, read_workspace, refresh::refresh};
use crate::{App, Caller, ServiceError, permission::Require as _};

const NO_SUBSCRIPTION: ServiceError =
    ServiceError::Conflict("the workspace has no subscription: begin with POST /v1/billing/checkout");

/// Makes a page of Stripe's on which the subscription is changed or given up, and where its invoices are; gives its URL.
pub async fn open_portal(app: &App, caller: &Caller) -> Result<String, ServiceError> {
    caller.require(Permission::Administer)?;
    let settings = provider(app)?;
    let workspace = read_workspace(app, caller.workspace_id).await?.value;
    let billing = workspace.billing.ok_or(NO_SUBSCRIPTION)?;
    // Each wish is one of its own: a page is good for minutes.
    let entry = AuditEntry::new(
        caller.workspace_id,
        caller.actor(),
        AuditAct::OpenedBillingPortal,
        "",
        app.now(),
        app.entropy(),
    );
    let key = idempotency_key(&["portal", &entry.id.to_string()]);
    let back = format!("{}/billing", app.settings.public_url);
    let url = match app.stripe.create_portal(&settings.secret_key, &key, &billing.customer_id, &back).await {
        Ok(url) => url,
        // Stripe does not know them any more: nobody pays.
        Err(StripeError::Missing) => {
            refresh(app, caller.workspace_id, None).await?;
            return Err(NO_SUBSCRIPTION);
        }
        Err(error) => return Err(error.into()),
    };
    let mut transaction = Transaction::new();
    transaction.create(&entry)?;
    app.store.commit(transaction).await?;
    Ok(url)
}
