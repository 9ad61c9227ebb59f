//! The end of all payments, when a workspace is deleted.

use actionlayer_clients::stripe::StripeError;
use actionlayer_domain::{Workspace, WorkspaceId};
use actionlayer_store::{StripeCustomer, Transaction, keys};

use super::provider;
use crate::{App, ServiceError};

/// Cancels whatever is paid for the workspace, and forgets who paid. Half done, it is done again.
///
/// A deployment that has no key of Stripe's any more cannot cancel anything: [`ServiceError::BillingNotConfigured`], so that
/// the workspace stays until it can, and nobody pays for what is not there.
pub(crate) async fn end_billing(app: &App, workspace: WorkspaceId) -> Result<(), ServiceError> {
    let row = app.store.get::<Workspace>(&keys::workspace(workspace)).await?;
    let Some(billing) = row.and_then(|row| row.value.billing) else { return Ok(()) };
    let settings = provider(app)?;
    let paid = match app.stripe.subscriptions(&settings.secret_key, &billing.customer_id).await {
        Ok(paid) => paid,
        Err(StripeError::Missing) => Vec::new(),
        Err(error) => return Err(error.into()),
    };
    for subscription in paid {
        app.stripe.cancel_subscription(&settings.secret_key, &subscription.id).await?;
    }
    let customer = app.store.get::<StripeCustomer>(&keys::stripe_customer(&billing.customer_id)).await?;
    if let Some(row) = customer {
        let mut transaction = Transaction::new();
        transaction.delete(&row);
        app.store.commit(transaction).await?;
    }
    Ok(())
}
