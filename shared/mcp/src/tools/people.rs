//! Identities, contacts and held mail.

use actionlayer_api::ApiError;
use actionlayer_domain::{
    ContactId, IdentityId, contact::ContactStatus, identity::IdentityStatus, search::words_of_search,
};
use actionlayer_service::{
    contacts::edit_contacts as contacts,
    identities::read_identities::{self as identities, IdentityFilter},
    inbound::held,
};
use actionlayer_store::ContactFilter;
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::Call;
use crate::{
    answer::{ListOf, value},
    input::{invalid, page, read},
    views::{ContactView, HeldView, IdentityView},
};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListIdentities {
    /// Only identities in this state.
    status: Option<IdentityStatus>,
    /// How many to give at most; 20 if it is left out.
    #[schema(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    /// How many to pass over.
    #[schema(minimum = 0, maximum = 1000)]
    offset: Option<u32>,
    /// `next_cursor` of the page before, with the same filters.
    cursor: Option<String>,
}

pub(crate) async fn list_identities(call: Call) -> Result<Value, ApiError> {
    let input: ListIdentities = read(call.arguments.clone())?;
    let mut request = page(input.limit, input.offset, input.cursor)?;
    let filter = IdentityFilter { status: input.status, ..IdentityFilter::default() };
    loop {
        let page = identities::list_identities(&call.app, &call.caller, filter, &request).await?;
        let list = ListOf::new(page, &request, IdentityView::of);
        match list.too_long() {
            Some(fewer) => request.limit = fewer,
            None => return value(&list),
        }
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GetIdentity {
    /// The identity.
    identity_id: IdentityId,
}

pub(crate) async fn get_identity(call: Call) -> Result<Value, ApiError> {
    let input: GetIdentity = read(call.arguments.clone())?;
    value(&IdentityView::of(identities::get_identity(&call.app, &call.caller, input.identity_id).await?))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListContacts {
    /// Words that must all be in the address or name; of the last word its beginning is enough.
    #[schema(min_length = 1, max_length = 200)]
    q: Option<String>,
    /// Only contacts in this state.
    status: Option<ContactStatus>,
    /// Only contacts with this tag.
    tag: Option<String>,
    /// How many to give at most; 20 if it is left out.
    #[schema(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    /// How many to pass over.
    #[schema(minimum = 0, maximum = 1000)]
    offset: Option<u32>,
    /// `next_cursor` of the page before, with the same filters.
    cursor: Option<String>,
}

pub(crate) async fn list_contacts(call: Call) -> Result<Value, ApiError> {
    let input: ListContacts = read(call.arguments.clone())?;
    let mut request = page(input.limit, input.offset, input.cursor)?;
    let words = match input.q {
        Some(q) => words_of_search(&q).map_err(|error| invalid("q", error))?,
        None => Vec::new(),
    };
    let filter = ContactFilter { status: input.status, tag: input.tag, words };
    loop {
        let page = contacts::list_contacts(&call.app, &call.caller, filter.clone(), request.clone()).await?;
        let list = ListOf::new(page, &request, ContactView::of).untrusted();
        match list.too_long() {
            Some(fewer) => request.limit = fewer,
            None => return value(&list),
        }
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GetContact {
    /// The contact.
    contact_id: ContactId,
}

pub(crate) async fn get_contact(call: Call) -> Result<Value, ApiError> {
    let input: GetContact = read(call.arguments.clone())?;
    value(&ContactView::of(contacts::get_contact(&call.app, &call.caller, input.contact_id).await?))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListPendingInbound {
    /// Only mail that was sent to this identity.
    identity_id: Option<IdentityId>,
    /// How many to give at most; 20 if it is left out.
    #[schema(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    /// How many to pass over.
    #[schema(minimum = 0, maximum = 1000)]
    offset: Option<u32>,
    /// `next_cursor` of the page before, with the same filters.
    cursor: Option<String>,
}

pub(crate) async fn list_pending_inbound(call: Call) -> Result<Value, ApiError> {
    let input: ListPendingInbound = read(call.arguments.clone())?;
    let mut request = page(input.limit, input.offset, input.cursor)?;
    loop {
        let page = held::list_held(&call.app, &call.caller, input.identity_id, request.clone()).await?;
        let list = ListOf::new(page, &request, HeldView::of).untrusted();
        match list.too_long() {
            Some(fewer) => request.limit = fewer,
            None => return value(&list),
        }
    }
}
