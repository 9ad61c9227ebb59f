//! `/v1/contacts`: who mail is exchanged with, and whose mail comes in.

use actionlayer_domain::{
    ContactId, EmailAddress, HeaderText,
    contact::{Contact, ContactStatus},
    key::Permission,
};
use actionlayer_store::{CommitError, ContactFilter, Page, PageRequest, Row, Transaction, keys};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    App, Caller, ServiceError,
    contention::until_settled,
    fields::{Fields, distinct},
    inbound::held,
    input::nullable,
    permission::Require as _,
    workspace::idempotency::Idempotency,
};

/// A contact to create.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "email": "ada@example.com", "name": "Ada Lovelace", "tags": ["customer"] }))]
pub struct CreateContact {
    pub email: EmailAddress,
    pub name: Option<HeaderText>,
    /// `trusted` unless it is given.
    pub status: Option<ContactStatus>,
    #[serde(default)]
    pub tags: Vec<String>,
}

/// The fields to change; what is left out stays as it is. The address cannot be changed.
#[allow(clippy::option_option, reason = "absent, null and a value are three different wishes")]
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "status": "trusted", "tags": ["customer", "vip"] }))]
pub struct UpdateContact {
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<HeaderText>)]
    pub name: Option<Option<HeaderText>>,
    pub status: Option<ContactStatus>,
    pub tags: Option<Vec<String>>,
}

const MAX_NAME_BYTES: usize = 200;

/// Contacts, newest first.
pub async fn list_contacts(
    app: &App,
    caller: &Caller,
    filter: ContactFilter,
    page: PageRequest,
) -> Result<Page<Contact>, ServiceError> {
    caller.require_unbound()?;
    Ok(app.store.list_contacts(caller.workspace_id, &filter, &page).await?)
}

/// A contact.
pub async fn get_contact(app: &App, caller: &Caller, id: ContactId) -> Result<Contact, ServiceError> {
    caller.require_unbound()?;
    Ok(find(app, caller, id).await?.value)
}

async fn find(app: &App, caller: &Caller, id: ContactId) -> Result<Row<Contact>, ServiceError> {
    app.store.contact_by_id(caller.workspace_id, id).await?.ok_or(ServiceError::NotFound { what: "contact" })
}

/// Adds a contact. Of one address there is one; the refusal names it. Held mail of theirs is decided with it.
pub async fn create_contact(
    app: &App,
    caller: &Caller,
    idempotency: &Idempotency,
    new: CreateContact,
) -> Result<Contact, ServiceError> {
    caller.require(Permission::Administer)?;
    check(new.name.as_ref(), &new.tags)?;
    let contact = until_settled(app, || create_once(app, caller, idempotency, &new)).await?;
    carry_out(app, caller, &contact).await?;
    Ok(contact)
}

async fn create_once(
    app: &App,
    caller: &Caller,
    idempotency: &Idempotency,
    new: &CreateContact,
) -> Result<Contact, ServiceError> {
    let key = keys::contact(caller.workspace_id, &new.email);
    if let Some(id) = idempotency.made::<ContactId>(app, caller).await? {
        let made = app.store.get::<Contact>(&key).await?.filter(|row| row.value.id == id);
        return made.map(|row| row.value).ok_or(ServiceError::NotFound { what: "contact" });
    }
    let now = app.now();
    let name = new.name.as_ref().map(|name| name.as_str().to_owned());
    let status = new.status.unwrap_or(ContactStatus::Trusted);
    let id = ContactId::generate(now, app.entropy());
    let mut contact = Contact::new(id, caller.workspace_id, new.email.clone(), name, status, now);
    contact.tags = distinct(&new.tags);
    let mut transaction = Transaction::new();
    let place = transaction.len();
    transaction.create(&contact)?;
    idempotency.mark(&mut transaction, caller, contact.id, now)?;
    match app.store.commit(transaction).await {
        Ok(()) => Ok(contact),
        Err(CommitError::Conflict { failed }) if failed.contains(&place) => {
            // Should it be gone again by now, the next try makes it.
            let there = app.store.get::<Contact>(&key).await?.ok_or(ServiceError::Contended)?;
            Err(ServiceError::Exists { what: "contact", id: there.value.id.to_string() })
        }
        Err(error) => Err(error.into()),
    }
}

/// Changes a contact. To trust them lets all their held mail in, in the order it came; to block them drops it.
pub async fn update_contact(
    app: &App,
    caller: &Caller,
    id: ContactId,
    patch: UpdateContact,
) -> Result<Contact, ServiceError> {
    Ok(change_contact(app, caller, &Idempotency::NONE, id, patch).await?.0)
}

/// The same for what may come twice, and whether it changed anything.
pub(crate) async fn change_contact(
    app: &App,
    caller: &Caller,
    idempotency: &Idempotency,
    id: ContactId,
    patch: UpdateContact,
) -> Result<(Contact, bool), ServiceError> {
    caller.require(Permission::Administer)?;
    check(patch.name.as_ref().and_then(Option::as_ref), patch.tags.as_deref().unwrap_or_default())?;
    let (contact, changed) = until_settled(app, || update_once(app, caller, idempotency, id, &patch)).await?;
    if patch.status.is_some() {
        carry_out(app, caller, &contact).await?;
    }
    Ok((contact, changed))
}

async fn update_once(
    app: &App,
    caller: &Caller,
    idempotency: &Idempotency,
    id: ContactId,
    patch: &UpdateContact,
) -> Result<(Contact, bool), ServiceError> {
    let row = find(app, caller, id).await?;
    if idempotency.happened(app, caller).await? {
        return Ok((row.value, true));
    }
    let now = app.now();
    let mut contact = row.value.clone();
    if let Some(name) = &patch.name {
        contact.name = name.as_ref().map(|name| name.as_str().to_owned());
    }
    if let Some(tags) = &patch.tags {
        contact.tag(distinct(tags), now);
    }
    if let Some(status) = patch.status {
        contact.decide(status, now);
    }
    if contact == row.value {
        return Ok((contact, false));
    }
    contact.updated_at = now;
    let mut transaction = Transaction::new();
    transaction.replace(&row, &contact)?;
    idempotency.mark(&mut transaction, caller, contact.id, now)?;
    app.store.commit(transaction).await?;
    Ok((contact, true))
}

/// Forgets a contact. Their threads stay, and so does mail that is held; whoever writes again is a stranger.
pub async fn delete_contact(app: &App, caller: &Caller, id: ContactId) -> Result<(), ServiceError> {
    caller.require(Permission::Administer)?;
    until_settled(app, || async {
        let row = find(app, caller, id).await?;
        let mut transaction = Transaction::new();
        transaction.delete(&row);
        Ok(app.store.commit(transaction).await?)
    })
    .await
}

/// What a decision means for mail that is held. Done again, it goes on where it ended.
async fn carry_out(app: &App, caller: &Caller, contact: &Contact) -> Result<(), ServiceError> {
    match contact.status {
        ContactStatus::Trusted => held::release(app, caller, &contact.email).await.map(drop),
        ContactStatus::Blocked => held::drop_all(app, caller, &contact.email).await.map(drop),
        ContactStatus::Pending => Ok(()),
    }
}

fn check(name: Option<&HeaderText>, tags: &[String]) -> Result<(), ServiceError> {
    let mut fields = Fields::default();
    if let Some(name) = name
        && (name.as_str().trim().is_empty() || name.as_str().len() > MAX_NAME_BYTES)
    {
        fields.refuse("name", "must be 1 to 200 bytes long and not blank, or null for none");
    }
    fields.tags(tags);
    fields.finish()
}
