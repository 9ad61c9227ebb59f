//! The contact of somebody who is written to first.

use actionlayer_domain::{
    ContactId, EmailAddress, Timestamp, WorkspaceId,
    contact::{Contact, ContactStatus},
};
use actionlayer_store::{Transaction, keys};

use crate::{App, ServiceError};

/// The contact that a thread is begun with, made if there is none.
pub(crate) async fn first_contact(
    app: &App,
    workspace: WorkspaceId,
    email: &EmailAddress,
    now: Timestamp,
    transaction: &mut Transaction,
) -> Result<Contact, ServiceError> {
    if let Some(known) = app.store.get::<Contact>(&keys::contact(workspace, email)).await? {
        return Ok(known.value);
    }
    let id = ContactId::generate(now, app.entropy());
    // Whoever we write to first may answer.
    let contact = Contact::new(id, workspace, email.clone(), None, ContactStatus::Trusted, now);
    transaction.create(&contact)?;
    Ok(contact)
}
