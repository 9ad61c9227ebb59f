//! The screens: inbox, threads and decisions, identities, and the rest of what a workspace has.

use std::sync::Arc;

use actionlayer_service::App;
use axum::Router;

/// The routes of the screens.
pub(crate) fn routes() -> Router<Arc<App>> {
    Router::new()
}
