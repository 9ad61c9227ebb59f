//! How a screen answers. What was done is said by the page that a form leads to, see [`told`](crate::accounts::told).

use actionlayer_pages::{
    dashboard::Section,
    screens::{Access, Problem, Screen},
};
use actionlayer_service::ServiceError;
use actionlayer_store::PageRequest;
use axum::{
    http::StatusCode,
    response::{Html, IntoResponse as _, Redirect, Response},
};

use super::{form::Asked, words::words};
use crate::{Refused, SignedIn};

/// What the visitor may do.
pub(super) fn access(visitor: &SignedIn) -> Access {
    Access::of(visitor.caller.authority)
}

/// A screen within its frame.
pub(super) fn page(visitor: &SignedIn, status: StatusCode, screen: &Screen) -> Response {
    let frame = visitor.frame(screen.title.clone(), screen.section);
    (status, Html(screen.within(frame))).into_response()
}

/// The status of a form that was not taken, and what its page says above it.
pub(super) fn refused(error: &ServiceError) -> (StatusCode, Option<Problem>) {
    let (status, problem) = words(error);
    (status, Some(problem))
}

/// Something that a form says and no use case was asked about.
pub(super) fn mistake(title: &str, sentence: &str) -> (StatusCode, Option<Problem>) {
    let problem = Problem { title: title.to_owned(), sentences: vec![sentence.to_owned()] };
    (StatusCode::UNPROCESSABLE_ENTITY, Some(problem))
}

/// A form without one of its buttons.
pub(super) fn incomplete() -> (StatusCode, Option<Problem>) {
    mistake("That form was not complete", "Press one of its buttons. Nothing was changed.")
}

/// Where a file or a mail's source is.
pub(super) fn see_other(url: &str) -> Response {
    Redirect::to(url).into_response()
}

/// A page about a thing that cannot be shown.
pub(super) fn failed(visitor: &SignedIn, section: Section, error: &ServiceError) -> Response {
    Refused::from(error.clone()).within(visitor.frame("", section)).into_response()
}

/// How many a list shows at once.
const PAGE_ITEMS: u32 = 25;

/// The page of a list that the address asks for.
pub(super) fn page_request(asked: &Asked) -> PageRequest {
    PageRequest { limit: PAGE_ITEMS, offset: 0, cursor: asked.given("cursor").map(str::to_owned) }
}

/// As many as a list gives at most.
pub(super) fn whole() -> PageRequest {
    PageRequest { limit: 100, offset: 0, cursor: None }
}

/// Only how many there are.
pub(super) fn only_total() -> PageRequest {
    PageRequest { limit: 1, offset: 0, cursor: None }
}
