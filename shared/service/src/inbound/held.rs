//! Held mail: `GET /v1/inbound/pending`, `/approve`, `/block`; and what a decision about a sender does.

use actionlayer_domain::{
    ContactId, EmailAddress, HeldId, IdentityId,
    contact::{Contact, ContactStatus, HeldInbound, SenderDecision, SenderNotice},
    key::Permission,
};
use actionlayer_store::{HeldOfSender, Page, PageRequest, Row, Transaction, keys};

use crate::{
    App, Caller, ServiceError, contention::until_settled, inbound::receive_mail::receive_held, permission::Require as _,
};

/// Held mail, newest first; of one identity or of all that the key may see.
pub async fn list_held(
    app: &App,
    caller: &Caller,
    identity_id: Option<IdentityId>,
    page: PageRequest,
) -> Result<Page<HeldInbound>, ServiceError> {
    let identity_id = caller.listed_identity(identity_id)?;
    Ok(app.store.list_held(caller.workspace_id, identity_id, &page).await?)
}

async fn find(app: &App, caller: &Caller, id: HeldId) -> Result<Row<HeldInbound>, ServiceError> {
    caller.require_role(Permission::Approve)?;
    let row = app.store.get::<HeldInbound>(&keys::held(caller.workspace_id, id)).await?;
    let row = row.filter(|row| caller.sees(row.value.identity_id));
    let row = row.ok_or(ServiceError::NotFound { what: "pending mail" })?;
    caller.require_decides_about_senders()?;
    Ok(row)
}

/// Trusts the sender of a held mail and receives all their held mail in the order it came. Returns how many that was.
/// Begun again, it goes on where it ended.
pub async fn approve_held(app: &App, caller: &Caller, id: HeldId) -> Result<usize, ServiceError> {
    let held = find(app, caller, id).await?;
    let Some(sender) = sender(&held.value) else { return Ok(usize::from(receive_held(app, &held).await?)) };
    decide(app, &sender, &held.value, ContactStatus::Trusted).await?;
    release(app, caller, &sender).await
}

/// Drops all held mail of a sender and, from now on, everything they send. Returns how many were dropped.
pub async fn block_held(app: &App, caller: &Caller, id: HeldId) -> Result<usize, ServiceError> {
    let held = find(app, caller, id).await?;
    let Some(sender) = sender(&held.value) else {
        discard(app, &held).await?;
        return Ok(1);
    };
    decide(app, &sender, &held.value, ContactStatus::Blocked).await?;
    drop_all(app, caller, &sender).await
}

/// Whom a decision is about. Mail whose author has no address that could be a contact is decided by itself alone.
fn sender(held: &HeldInbound) -> Option<EmailAddress> {
    held.from_email.parse().ok()
}

/// Decides about a sender: from the moment this is written, their mail is not held any more.
async fn decide(
    app: &App,
    sender: &EmailAddress,
    held: &HeldInbound,
    status: ContactStatus,
) -> Result<(), ServiceError> {
    let workspace = held.workspace_id;
    until_settled(app, || async {
        let now = app.now();
        let mut transaction = Transaction::new();
        if let Some(row) = app.store.get::<Contact>(&keys::contact(workspace, sender)).await? {
            let mut contact = row.value.clone();
            if !contact.decide(status, now) {
                return Ok(());
            }
            transaction.replace(&row, &contact)?;
        } else {
            // It was deleted since.
            let id = ContactId::generate(now, app.entropy());
            let name = held.from_name.clone();
            transaction.create(&Contact::new(id, workspace, sender.clone(), name, status, now))?;
        }
        Ok(app.store.commit(transaction).await?)
    })
    .await
}

/// Receives all held mail of a sender who is trusted by now, in the order it came, as far as the plan has room for it.
pub(crate) async fn release(app: &App, caller: &Caller, sender: &EmailAddress) -> Result<usize, ServiceError> {
    let HeldOfSender { mail, .. } = app.store.held_of_sender(caller.workspace_id, sender.as_str()).await?;
    let mut received = 0;
    for held in &mail {
        received += usize::from(receive_held(app, held).await?);
    }
    forget_notices(app, caller, sender, true).await?;
    Ok(received)
}

/// Drops all held mail of a sender who is blocked by now.
pub(crate) async fn drop_all(app: &App, caller: &Caller, sender: &EmailAddress) -> Result<usize, ServiceError> {
    let HeldOfSender { mail, .. } = app.store.held_of_sender(caller.workspace_id, sender.as_str()).await?;
    for held in &mail {
        discard(app, held).await?;
    }
    forget_notices(app, caller, sender, false).await?;
    Ok(mail.len())
}

async fn discard(app: &App, held: &Row<HeldInbound>) -> Result<(), ServiceError> {
    let key = keys::held(held.value.workspace_id, held.value.id);
    until_settled(app, || async {
        // Gone by now: received or dropped by somebody who was faster.
        let Some(row) = app.store.get::<HeldInbound>(&key).await? else { return Ok(()) };
        let mut transaction = Transaction::new();
        transaction.delete(&row);
        Ok(app.store.commit(transaction).await?)
    })
    .await
}

/// Of somebody decided about nobody needs to be told; should their mail be held again, it is told again.
async fn forget_notices(app: &App, caller: &Caller, sender: &EmailAddress, trusted: bool) -> Result<(), ServiceError> {
    until_settled(app, || async {
        for notice in app.store.held_of_sender(caller.workspace_id, sender.as_str()).await?.notices {
            // What was posted is to say who decided: that goes with the notice, whose end the stream carries.
            let is_shown = notice.value.notifications.iter().any(|told| told.posted.is_some());
            if is_shown && notice.value.decision.is_none() {
                let decision = SenderDecision { trusted, by: caller.actor(), at: app.now() };
                let mut transaction = Transaction::new();
                transaction.replace(&notice, &SenderNotice { decision: Some(decision), ..notice.value.clone() })?;
                app.store.commit(transaction).await?;
                return Err(ServiceError::Contended);
            }
            let mut transaction = Transaction::new();
            transaction.delete(&notice);
            app.store.commit(transaction).await?;
        }
        Ok(())
    })
    .await
}
