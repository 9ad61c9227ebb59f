//! The conventions of the HTTP API, once for every function that serves a part of it.
//!
//! **Job.** Turn a request into values a use case takes, and its answer or its refusal into a response: authentication,
//! strict bodies and queries, ids in paths, paging, the views of every resource, and the one table from
//! [`actionlayer_service::ServiceError`] to status, code, message and the next thing to do.
//!
//! **Invariants.** A POST with an `Idempotency-Key` has one effect and one answer. Every response carries `X-Request-Id`; no request chooses it. What is not understood is refused and
//! named, never dropped: an unknown field, an unknown parameter, a parameter given twice. A 5xx says nothing about its
//! cause; the cause is logged, once. No log line has an address, a body or a key.
//!
//! **Must never know.** Lambda, the table's layout, what a step means or who may take it.

mod authenticated;
mod body;
mod boundary;
mod credential;
mod error;
pub mod export;
mod guesses;
mod idempotent;
pub mod openapi;
mod page;
mod path;
mod query;
pub mod routes;
#[cfg(test)]
mod tests;
pub mod views;

pub use authenticated::{Authenticated, Counted};
pub use body::{JsonBody, NoFields, OptionalJsonBody, parse as parse_json, read as read_body};
pub use boundary::{Noted, RequestId, SourceAddress, boundary, note_tenant};
pub use credential::bearer;
pub use error::ApiError;
pub use guesses::{WrongGuess, guard_guesses};
pub(crate) use idempotent::OnceOnly;
pub use page::List;
pub use path::{AttachmentId, DeliveryId, Id, IdOrAddress, NamedId};
pub use query::{NoQuery, Query};

pub use axum::Router;

use std::sync::Arc;

use actionlayer_service::App;
use axum::middleware::from_fn_with_state;

/// The routes as a service: with answers for unknown paths and methods, request ids, headers and the request's log line.
pub fn serve(routes: impl IntoIterator<Item = Router<Arc<App>>>, app: Arc<App>) -> Router {
    let routes: Router<Arc<App>> = routes.into_iter().fold(Router::new(), Router::merge);
    let entropy = Arc::clone(&app.ports.entropy);
    let once = from_fn_with_state(Arc::clone(&app), idempotent::idempotent);
    let sign_ins = from_fn_with_state(Arc::clone(&app), authenticated::limit_sign_ins);
    let routes = routes.with_state(Arc::clone(&app)).layer(once).layer(sign_ins);
    boundary(guard_guesses(routes, app), entropy)
}
