//! `/contacts`: the people mail was exchanged with.

use std::sync::Arc;

use actionlayer_domain::{
    ContactId, EmailAddress, HeaderText,
    contact::{Contact, ContactStatus},
    search::words_of_search,
};
use actionlayer_pages::{
    dashboard::Section,
    screens::{
        Problem,
        contacts::{self, ContactList},
    },
};
use actionlayer_service::{
    App, ServiceError,
    contacts::edit_contacts::{
        ContactPatch, NewContact, create_contact, delete_contact, get_contact, list_contacts, update_contact,
    },
    workspace::idempotency::Idempotency,
};
use actionlayer_store::{ContactFilter, Page};
use axum::{
    Router,
    extract::{Path, State},
    http::StatusCode,
    response::Response,
    routing::{get, post},
};

use super::{
    answer::{self, access, failed, incomplete, page_request, refused},
    form::{Asked, Form},
};
use crate::{SignedIn, accounts::told};

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/contacts", get(list).post(create))
        .route("/contacts/{id}", get(show).post(set_status))
        .route("/contacts/{id}/edit", post(edit))
        .route("/contacts/{id}/delete", post(delete))
}

fn contact_id(text: &str) -> Result<ContactId, ServiceError> {
    text.parse().map_err(|_| ServiceError::NotFound { what: "contact" })
}

fn status(text: &str) -> Option<ContactStatus> {
    [ContactStatus::Trusted, ContactStatus::Pending, ContactStatus::Blocked]
        .into_iter()
        .find(|status| status.as_str() == text)
}

async fn list(State(app): State<Arc<App>>, visitor: SignedIn, asked: Asked) -> Response {
    list_page(&app, &visitor, &asked, StatusCode::OK, None).await
}

async fn list_page(
    app: &App,
    visitor: &SignedIn,
    asked: &Asked,
    mut code: StatusCode,
    mut problem: Option<Problem>,
) -> Response {
    let (search, status) = (asked.text("q"), status(asked.text("status")));
    let request = page_request(asked);
    let found = async {
        let words = match search {
            "" => Vec::new(),
            search => words_of_search(search).map_err(|error| ServiceError::invalid("q", error))?,
        };
        let filter = ContactFilter { status, tag: None, words };
        list_contacts(app, &visitor.caller, filter, request.clone()).await
    };
    let page = match found.await {
        Ok(page) => page,
        Err(error @ ServiceError::Validation(_)) => {
            (code, problem) = refused(&error);
            Page { items: Vec::new(), total: 0, total_is_capped: false, next_cursor: None }
        }
        Err(error) => return failed(visitor, Section::Contacts, &error),
    };
    let view = ContactList {
        contacts: &page.items,
        status,
        search,
        cursor: request.cursor.as_deref(),
        next_cursor: page.next_cursor.as_deref(),
        access: access(visitor),
        now: app.now(),
    };
    answer::page(visitor, code, &contacts::contacts(view, problem))
}

fn name(form: &Form) -> Result<Option<HeaderText>, ServiceError> {
    let name = form.given("name").map(HeaderText::parse);
    name.transpose().map_err(|error| ServiceError::invalid("name", error))
}

async fn create(State(app): State<Arc<App>>, visitor: SignedIn, asked: Asked, form: Form) -> Response {
    let made = async {
        let email = form.text("email").trim().parse::<EmailAddress>();
        let new = NewContact {
            email: email.map_err(|error| ServiceError::invalid("email", error))?,
            name: name(&form)?,
            status: Some(ContactStatus::Trusted),
            tags: Vec::new(),
        };
        create_contact(&app, &visitor.caller, &Idempotency::NONE, new).await
    };
    match made.await {
        Ok(contact) => told(&app, &format!("/contacts/{}", contact.id), "Added: their mail comes straight in."),
        Err(ServiceError::Exists { id, .. }) => {
            told(&app, &format!("/contacts/{id}"), "They are known already. Nothing was changed.")
        }
        Err(error) => {
            let (status, problem) = refused(&error);
            list_page(&app, &visitor, &asked, status, problem).await
        }
    }
}

async fn show(State(app): State<Arc<App>>, visitor: SignedIn, Path(id): Path<String>) -> Response {
    page(&app, &visitor, &id, StatusCode::OK, None).await
}

async fn page(app: &App, visitor: &SignedIn, id: &str, status: StatusCode, problem: Option<Problem>) -> Response {
    let read = async { get_contact(app, &visitor.caller, contact_id(id)?).await };
    match read.await {
        Ok(contact) => {
            let screen = contacts::contact(&contact, access(visitor), problem, app.now());
            answer::page(visitor, status, &screen)
        }
        Err(error) => failed(visitor, Section::Contacts, &error),
    }
}

async fn changed(
    app: &App,
    visitor: &SignedIn,
    id: &str,
    outcome: Result<Contact, ServiceError>,
    done: &str,
) -> Response {
    match outcome {
        Ok(contact) => told(app, &format!("/contacts/{}", contact.id), done),
        Err(error) => {
            let (status, problem) = refused(&error);
            page(app, visitor, id, status, problem).await
        }
    }
}

async fn set_status(State(app): State<Arc<App>>, visitor: SignedIn, Path(id): Path<String>, form: Form) -> Response {
    let Some(status) = status(form.text("status")) else {
        let (status, problem) = incomplete();
        return page(&app, &visitor, &id, status, problem).await;
    };
    let done = match status {
        ContactStatus::Trusted => "Trusted: their mail comes straight in.",
        ContactStatus::Pending => "Undecided.",
        ContactStatus::Blocked => "Blocked: their mail is dropped.",
    };
    let patch = ContactPatch { status: Some(status), ..ContactPatch::default() };
    let outcome = async { update_contact(&app, &visitor.caller, contact_id(&id)?, patch).await };
    let outcome = outcome.await;
    changed(&app, &visitor, &id, outcome, done).await
}

async fn edit(State(app): State<Arc<App>>, visitor: SignedIn, Path(id): Path<String>, form: Form) -> Response {
    let outcome = async {
        let patch = ContactPatch {
            name: Some(name(&form)?),
            tags: Some(form.several_phrases("tags")),
            ..ContactPatch::default()
        };
        update_contact(&app, &visitor.caller, contact_id(&id)?, patch).await
    };
    let outcome = outcome.await;
    changed(&app, &visitor, &id, outcome, "Saved.").await
}

async fn delete(State(app): State<Arc<App>>, visitor: SignedIn, Path(id): Path<String>) -> Response {
    let deleted = async { delete_contact(&app, &visitor.caller, contact_id(&id)?).await };
    match deleted.await {
        Ok(()) => told(&app, "/contacts", "The contact was deleted. Their conversations stay."),
        Err(error) => {
            let (status, problem) = refused(&error);
            page(&app, &visitor, &id, status, problem).await
        }
    }
}
