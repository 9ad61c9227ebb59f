//! Held mail: `GET /v1/inbound/pending`, `/approve`, `/block`.

use actionlayer_domain::{
    ContactId, EmailAddress, HeldId, WorkspaceId,
    contact::{Contact, ContactStatus, HeldInbound},
    key::Permission,
};
use actionlayer_store::{Page, PageRequest, Row, Transaction, keys};

use crate::{App, Caller, ServiceError, contention::until_settled, pages, receive_mail::receive_held};

/// Held mail, newest first.
pub async fn list_held(app: &App, caller: &Caller, page: PageRequest) -> Result<Page<HeldInbound>, ServiceError> {
    pages::page(app.store.list_held(caller.workspace_id, &page).await)
}

async fn find(app: &App, caller: &Caller, id: HeldId) -> Result<Row<HeldInbound>, ServiceError> {
    caller.require(Permission::Administer)?;
    let row = app.store.get::<HeldInbound>(&keys::held(caller.workspace_id, id)).await?;
    row.filter(|row| caller.sees(row.value.identity_id)).ok_or(ServiceError::NotFound { what: "pending mail" })
}

/// Trusts the sender of a held mail and receives all their held mail in the order it came. Returns how many that was.
pub async fn approve_held(app: &App, caller: &Caller, id: HeldId) -> Result<usize, ServiceError> {
    let held = find(app, caller, id).await?.value;
    set_status(app, caller.workspace_id, &held, ContactStatus::Trusted).await?;
    let mut received = 0;
    // The index may lag behind; what was asked for by id is received whether it shows there or not.
    let mut all = app.store.held_of_sender(caller.workspace_id, &held.from_email).await?;
    if all.iter().all(|other| other.id != held.id) {
        all.push(held);
    }
    all.sort_by_key(|held| held.id);
    for held in all {
        let row = app.store.get::<HeldInbound>(&keys::held(caller.workspace_id, held.id)).await?;
        if let Some(row) = row {
            receive_held(app, &row).await?;
            received += 1;
        }
    }
    Ok(received)
}

/// Drops all held mail of a sender and, from now on, everything they send. Returns how many were dropped.
pub async fn block_held(app: &App, caller: &Caller, id: HeldId) -> Result<usize, ServiceError> {
    let held = find(app, caller, id).await?.value;
    set_status(app, caller.workspace_id, &held, ContactStatus::Blocked).await?;
    let mut dropped = 0;
    let mut all = app.store.held_of_sender(caller.workspace_id, &held.from_email).await?;
    if all.iter().all(|other| other.id != held.id) {
        all.push(held);
    }
    for held in all {
        let key = keys::held(caller.workspace_id, held.id);
        if let Some(row) = app.store.get::<HeldInbound>(&key).await? {
            let mut transaction = Transaction::new();
            transaction.delete(&row);
            app.store.commit(transaction).await?;
            dropped += 1;
        }
    }
    Ok(dropped)
}

/// Decides about a sender. Mail whose author has no address that could be a contact is decided by itself alone.
async fn set_status(
    app: &App,
    workspace: WorkspaceId,
    held: &HeldInbound,
    status: ContactStatus,
) -> Result<(), ServiceError> {
    let Ok(email) = held.from_email.parse::<EmailAddress>() else { return Ok(()) };
    until_settled(app, || async {
        let now = app.now();
        let mut transaction = Transaction::new();
        match app.store.get::<Contact>(&keys::contact(workspace, &email)).await? {
            Some(row) => {
                let mut contact = row.value.clone();
                contact.status = status;
                contact.updated_at = now;
                transaction.replace(&row, &contact)?;
            }
            None => {
                transaction.create(&Contact {
                    id: ContactId::generate(now, app.entropy()),
                    workspace_id: workspace,
                    email: email.clone(),
                    name: held.from_name.clone(),
                    status,
                    tags: Vec::new(),
                    last_seen_at: held.received_at,
                    created_at: now,
                    updated_at: now,
                })?;
            }
        }
        Ok(app.store.commit(transaction).await?)
    })
    .await
}
