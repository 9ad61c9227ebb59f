//! `/v1/domains` and `/v1/identities`.
//!
//! **Job.** Take a request apart, call the use case, show its answer.
//!
//! **Invariants.** An unknown field is refused, so that no setting is ever silently not made.
//!
//! **Must never know.** Lambda, the table, SES, DNS.

mod domains;
mod identities;

use std::sync::Arc;

use actionlayer_service::App;
use axum::{
    Router,
    routing::{get, post},
};

/// The routes.
pub fn router(app: Arc<App>) -> Router {
    let routes = Router::new()
        .route("/v1/domains", get(domains::list_domains).post(domains::create_domain))
        .route("/v1/domains/{id}", get(domains::get_domain).delete(domains::delete_domain))
        .route("/v1/domains/{id}/verify", post(domains::verify_domain))
        .route("/v1/identities", get(identities::list_identities).post(identities::create_identity))
        .route(
            "/v1/identities/{id}",
            get(identities::get_identity).patch(identities::update_identity).delete(identities::delete_identity),
        );
    actionlayer_api::serve(routes, app)
}
