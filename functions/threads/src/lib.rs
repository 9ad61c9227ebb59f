//! `/v1/threads`, `/v1/messages`, `/v1/contacts`, `/v1/inbound`, `/v1/suppressions`, `/v1/rules`.

use std::sync::Arc;

use actionlayer_api::{Router, routes, serve};
use actionlayer_service::App;

/// The routes of this function.
pub fn router(app: Arc<App>) -> Router {
    serve(
        [
            routes::threads(),
            routes::messages(),
            routes::contacts(),
            routes::suppressions(),
            routes::inbound(),
            routes::rules(),
        ],
        app,
    )
}
