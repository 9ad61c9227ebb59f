//! `/v1/drafts`, `/v1/emails` and `/v1/uploads`: may write drafts and messages, and ask approvers again.

use std::sync::Arc;

use actionlayer_api::{Router, routes, serve};
use actionlayer_service::App;

/// The routes of this function.
pub fn router(app: Arc<App>) -> Router {
    serve([routes::drafts(), routes::emails(), routes::uploads()], app)
}
