//! `POST /v1/billing/checkout`.

use actionlayer_clients::stripe::{NewCheckout, NewCustomer};
use actionlayer_domain::{
    Plan, Workspace,
    account::{AuditAct, AuditEntry},
    billing::{Billing, PaidSubscription},
    key::Permission,
};
use actionlayer_store::{Row, StripeCustomer, Transaction};

use super::{idempotency_key, provider, read_workspace, refresh::refresh};
use crate::{
    App, Caller, ServiceError, accounts::members::owner_addresses, contention::until_settled, permission::Require as _,
};

/// How long the same wish leads to the same page: twice pressed is not twice paid.
const SAME_PAGE_FOR_SECONDS: i64 = 3_600;

/// Makes a page of Stripe's on which a plan is subscribed to; gives its URL. Nothing changes until it is paid.
///
/// Whoever has a subscription changes it in the portal ([`ServiceError::Conflict`]): a second one would be paid as well.
pub async fn begin_checkout(app: &App, caller: &Caller, plan: Plan) -> Result<String, ServiceError> {
    caller.require(Permission::Administer)?;
    let settings = provider(app)?;
    let price_id = settings
        .price_of(plan)
        .ok_or_else(|| ServiceError::invalid("plan", format!("this deployment does not sell `{}`", plan.as_str())))?;
    let mut workspace = read_workspace(app, caller.workspace_id).await?;
    if workspace.value.billing.is_some() {
        // Paid a moment ago, it may not have been said yet.
        workspace = refresh(app, caller.workspace_id, None).await?;
    }
    let known = workspace.value.billing.as_ref().and_then(|billing| billing.subscription.as_ref());
    if known.is_some_and(PaidSubscription::is_live) {
        return Err(ServiceError::Conflict(
            "the workspace has a subscription: change it in the portal, POST /v1/billing/portal",
        ));
    }
    let earlier = known.map_or_else(String::new, |known| known.id.clone());
    let hour = (app.now().unix_seconds() / SAME_PAGE_FOR_SECONDS).to_string();
    let customer_id = customer(app, caller, workspace, &hour).await?;
    let workspace_id = caller.workspace_id.to_string();
    let back = format!("{}/billing", app.settings.public_url);
    let (success_url, cancel_url) = (format!("{back}?checkout=done"), format!("{back}?checkout=left"));
    let key = idempotency_key(&["checkout", &workspace_id, &customer_id, price_id, &back, &earlier, &hour]);
    let checkout = NewCheckout {
        customer_id: &customer_id,
        price_id,
        workspace_id: &workspace_id,
        success_url: &success_url,
        cancel_url: &cancel_url,
    };
    let url = app.stripe.create_checkout(&settings.secret_key, &key, checkout).await?;
    let act = AuditAct::BeganCheckout;
    let entry = AuditEntry::new(caller.workspace_id, caller.actor(), act, plan.as_str(), app.now(), app.entropy());
    let mut transaction = Transaction::new();
    transaction.create(&entry)?;
    app.store.commit(transaction).await?;
    Ok(url)
}

/// The customer that stands for the workspace at Stripe: made once, and known here before anything is paid.
async fn customer(app: &App, caller: &Caller, workspace: Row<Workspace>, hour: &str) -> Result<String, ServiceError> {
    if let Some(billing) = workspace.value.billing {
        return Ok(billing.customer_id);
    }
    let settings = provider(app)?;
    let owners = owner_addresses(app, caller.workspace_id).await?;
    let (id, name) = (caller.workspace_id.to_string(), workspace.value.name.as_str());
    let email = owners.first().map(ToString::to_string);
    let key = idempotency_key(&["customer", &id, name, email.as_deref().unwrap_or_default(), hour]);
    let customer = NewCustomer { workspace_id: &id, name, email: email.as_deref() };
    let made = app.stripe.create_customer(&settings.secret_key, &key, customer).await?;
    until_settled(app, || async {
        let row = read_workspace(app, caller.workspace_id).await?;
        if let Some(billing) = row.value.billing {
            // Somebody else was faster; theirs counts.
            return Ok(billing.customer_id);
        }
        let billing = Some(Billing { customer_id: made.clone(), subscription: None });
        let mut transaction = Transaction::new();
        transaction.replace(&row, &Workspace { billing, ..row.value.clone() })?;
        transaction.create(&StripeCustomer { customer_id: made.clone(), workspace_id: caller.workspace_id })?;
        app.store.commit(transaction).await?;
        Ok(made.clone())
    })
    .await
}
