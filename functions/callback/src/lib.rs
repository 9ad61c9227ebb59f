//! `/callbacks/*`: where people decide who are not callers of the API, and where Stripe says that somebody paid.

use std::sync::Arc;

use actionlayer_api::{Router, routes, serve};
use actionlayer_service::App;

/// The routes of this function.
pub fn router(app: Arc<App>) -> Router {
    serve([routes::email_links(), routes::chat_callbacks(), routes::stripe_callback()], app)
}
