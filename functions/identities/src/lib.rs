//! `/v1/domains` and `/v1/identities`: may set domains up at SES.

use std::sync::Arc;

use actionlayer_api::{Router, routes, serve};
use actionlayer_service::App;

/// The routes of this function.
pub fn router(app: Arc<App>) -> Router {
    serve([routes::domains(), routes::identities()], app)
}
