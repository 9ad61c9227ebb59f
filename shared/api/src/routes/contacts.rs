//! Contacts.

use std::sync::Arc;

use actionlayer_domain::{ContactId, contact::ContactStatus, search::words_of_search};
use actionlayer_service::{
    App,
    contacts::edit_contacts::{self, CreateContact, UpdateContact},
};
use actionlayer_store::ContactFilter;
use axum::{Json, extract::State, http::StatusCode};

use crate::{
    ApiError, Authenticated, Id, JsonBody, List, NoQuery, OnceOnly, Query, openapi::Paging, views::ContactView,
};

operations! {
    list_contacts, create_contact;
    get_contact, update_contact, delete_contact;
}

/// List contacts
///
/// Newest first.
#[utoipa::path(
    get, path = "/v1/contacts", tag = "Contacts",
    params(
        Paging,
        ("q" = Option<String>, Query, description = "Only contacts that have all of these words in their address and name. \
            Case and accents do not matter, and of the last word its beginning is enough: `ada@cust` finds \
            `ada@customer.test`. At most 200 characters and 12 words. Who was just added is found a moment later."),
        ("status" = Option<ContactStatus>, Query, description = "Only contacts in this state."),
        ("tag" = Option<String>, Query, description = "Only contacts with this tag."),
    ),
    responses((status = 200, description = "A page of contacts.", body = List<ContactView>)),
    extensions(("x-errors" = json!(["forbidden"])))
)]
pub(crate) async fn list_contacts(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    mut query: Query,
) -> Result<Json<List<ContactView>>, ApiError> {
    let request = query.page();
    let filter = ContactFilter {
        status: query.choice::<ContactStatus>("status"),
        tag: query.text("tag"),
        words: query.convert("q", |text| words_of_search(text).map_err(|error| error.to_string())).unwrap_or_default(),
    };
    query.finish()?;
    let page = edit_contacts::list_contacts(&app, &caller, filter, request.clone()).await?;
    Ok(Json(List::of(page, &request, ContactView::of)))
}

/// Create a contact
///
/// There is one contact for each address. Held mail of theirs is received when they are trusted, and dropped when they
/// are blocked.
#[utoipa::path(
    post, path = "/v1/contacts", tag = "Contacts",
    request_body = CreateContact,
    responses((status = 201, description = "The contact.", body = ContactView)),
    extensions(("x-errors" = json!(["conflict"])))
)]
pub(crate) async fn create_contact(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    OnceOnly(idempotency): OnceOnly,
    _: NoQuery,
    JsonBody(contact): JsonBody<CreateContact>,
) -> Result<(StatusCode, Json<ContactView>), ApiError> {
    let contact = edit_contacts::create_contact(&app, &caller, &idempotency, contact).await?;
    Ok((StatusCode::CREATED, Json(ContactView::of(contact))))
}

/// Retrieve a contact
#[utoipa::path(
    get, path = "/v1/contacts/{id}", tag = "Contacts",
    params(("id" = ContactId, Path, description = "The contact.")),
    responses((status = 200, description = "The contact.", body = ContactView)),
    extensions(("x-errors" = json!(["forbidden"])))
)]
pub(crate) async fn get_contact(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    Id(id): Id<ContactId>,
    _: NoQuery,
) -> Result<Json<ContactView>, ApiError> {
    Ok(Json(ContactView::of(edit_contacts::get_contact(&app, &caller, id).await?)))
}

/// Update a contact
///
/// The address cannot be changed. Setting `trusted` receives all their held mail, in the order it arrived; setting
/// `blocked` drops it, and everything they send later.
#[utoipa::path(
    patch, path = "/v1/contacts/{id}", tag = "Contacts",
    params(("id" = ContactId, Path, description = "The contact.")),
    request_body = UpdateContact,
    responses((status = 200, description = "The contact as it is now.", body = ContactView))
)]
pub(crate) async fn update_contact(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    Id(id): Id<ContactId>,
    _: NoQuery,
    JsonBody(patch): JsonBody<UpdateContact>,
) -> Result<Json<ContactView>, ApiError> {
    let contact = edit_contacts::update_contact(&app, &caller, id, patch).await?;
    Ok(Json(ContactView::of(contact)))
}

/// Delete a contact
///
/// Threads with them stay. If they write again, they are a new sender.
#[utoipa::path(
    delete, path = "/v1/contacts/{id}", tag = "Contacts",
    params(("id" = ContactId, Path, description = "The contact.")),
    responses((status = 204, description = "It is gone."))
)]
pub(crate) async fn delete_contact(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    Id(id): Id<ContactId>,
    _: NoQuery,
) -> Result<StatusCode, ApiError> {
    edit_contacts::delete_contact(&app, &caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
