//! `/v1/domains` and `/v1/identities`.
//!
//! **Job.** Take a request apart, call the use case, show its answer.
//!
//! **Invariants.** An unknown field is refused, so that no setting is ever silently not made.
//!
//! **Must never know.** Lambda, the table, SES, DNS.

mod domains;
mod identities;
mod test_email;

use std::sync::Arc;

use actionlayer_service::App;
use axum::Router;
use utoipa_axum::{router::OpenApiRouter, routes};

fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(domains::list_domains, domains::create_domain))
        .routes(routes!(domains::get_domain, domains::delete_domain))
        .routes(routes!(domains::verify_domain))
        .routes(routes!(identities::list_identities, identities::create_identity))
        .routes(routes!(identities::get_identity, identities::update_identity, identities::delete_identity))
        .routes(routes!(test_email::send_test_email))
}

/// The routes, served.
pub fn router(app: Arc<App>) -> Router {
    actionlayer_api::serve(routes().into(), app)
}

/// The routes, described.
pub fn openapi() -> utoipa::openapi::OpenApi {
    routes().into_openapi()
}
