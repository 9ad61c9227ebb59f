//! `/v1/auth`, `/v1/workspace`, `/v1/api-keys`, `/v1/billing`, `/v1/webhooks`, `/v1/events`, and the answer to every
//! path below `/v1` that no function has.

use std::sync::Arc;

use actionlayer_api::{Router, routes, serve};
use actionlayer_service::App;

/// The routes of this function.
pub fn router(app: Arc<App>) -> Router {
    serve(
        [
            routes::workspace(),
            routes::api_keys(),
            routes::webhooks(),
            routes::events(),
            routes::slack(),
            routes::billing(),
            routes::document(),
        ],
        app,
    )
}
