//! `GET /v1/domains`, `GET|DELETE /v1/domains/{id}`.

use actionlayer_domain::{DomainId, SendingDomain, key::Permission};
use actionlayer_store::{DomainClaim, Page, PageRequest, Transaction, keys};

use crate::{
    App, Caller, ServiceError, contention::until_settled, domains::create_domain::forget_keys, permission::Require as _,
};

/// The workspace's domains, newest first.
pub async fn list_domains(
    app: &App,
    caller: &Caller,
    request: &PageRequest,
) -> Result<Page<SendingDomain>, ServiceError> {
    let domains = app.store.domains(caller.workspace_id).await?.into_iter().map(|row| row.value).collect();
    Ok(Page::of_few(domains, &format!("{}#domains", caller.workspace_id), request, |domain: &SendingDomain| {
        domain.id.to_string()
    })?)
}

/// A domain as the last check left it.
pub async fn get_domain(app: &App, caller: &Caller, id: DomainId) -> Result<SendingDomain, ServiceError> {
    let row = app.store.get::<SendingDomain>(&keys::domain(caller.workspace_id, id)).await?;
    row.map(|row| row.value).ok_or(ServiceError::NotFound { what: "domain" })
}

/// Gives a domain up, here and at SES. Refused while identities live on it.
pub async fn delete_domain(app: &App, caller: &Caller, id: DomainId) -> Result<(), ServiceError> {
    caller.require(Permission::Administer)?;
    let domain = until_settled(app, || delete_once(app, caller, id)).await?;
    // The name is free from here on; what SES may keep of it sends nothing by itself.
    if let Err(error) = app.mailer.forget_domain(&domain.domain).await {
        tracing::warn!(%error, domain_id = %id, "SES keeps a domain that was deleted");
    }
    Ok(())
}

async fn delete_once(app: &App, caller: &Caller, id: DomainId) -> Result<SendingDomain, ServiceError> {
    let workspace_id = caller.workspace_id;
    // The domain before its identities: creating an identity touches the domain, so that one made after this read
    // makes the deletion below fail and look again.
    let row = app.store.get::<SendingDomain>(&keys::domain(workspace_id, id)).await?;
    let Some(row) = row else { return Err(ServiceError::NotFound { what: "domain" }) };
    let identities = app.store.identities(workspace_id).await?;
    if identities.iter().any(|identity| identity.value.domain_id == id) {
        return Err(ServiceError::Conflict("the domain has identities; delete those first"));
    }
    let claim = app.store.get::<DomainClaim>(&keys::domain_claim(&row.value.domain)).await?;
    let mut transaction = Transaction::new();
    transaction.delete(&row);
    if let Some(claim) = claim.filter(|claim| claim.value.domain_id == id) {
        transaction.delete(&claim);
    }
    forget_keys(app, &mut transaction, &row.value).await?;
    app.store.commit(transaction).await?;
    Ok(row.value)
}
