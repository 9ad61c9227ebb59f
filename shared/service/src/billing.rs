//! What a workspace may use, and who pays for it.
//!
//! The plan is the deployment's, unless somebody pays for another through Stripe. What is paid for is asked of Stripe
//! ([`refresh`]) whenever something may have changed, and never taken from what an event or a browser says.

pub mod begin_checkout;
mod end_billing;
pub mod get_subscription;
pub mod open_portal;
pub(crate) mod plan;
mod refresh;
pub mod stripe_callback;

pub(crate) use end_billing::end_billing;

use actionlayer_clients::stripe::StripeError;
use actionlayer_domain::{Workspace, WorkspaceId, secret::Fingerprint};
use actionlayer_store::{Row, StoreError, keys};

use crate::{App, BillingSettings, ServiceError};

impl From<StripeError> for ServiceError {
    fn from(error: StripeError) -> Self {
        let code = error.to_string();
        if error.retryable() {
            Self::Upstream { service: "stripe", code }
        } else {
            StoreError::Refused { service: "stripe", code }.into()
        }
    }
}

/// Refuses where nobody can be paid.
fn provider(app: &App) -> Result<&BillingSettings, ServiceError> {
    app.settings.billing.as_ref().ok_or(ServiceError::BillingNotConfigured)
}

async fn read_workspace(app: &App, id: WorkspaceId) -> Result<Row<Workspace>, ServiceError> {
    let row = app.store.get::<Workspace>(&keys::workspace(id)).await?;
    row.ok_or(ServiceError::NotFound { what: "workspace" })
}

/// Names a request to Stripe by all that it says: the same one is carried out once, and one that says something else is
/// another, which Stripe would refuse under the same key.
fn idempotency_key(said: &[&str]) -> String {
    format!("actionlayer-{}", Fingerprint::of(said).as_str())
}
