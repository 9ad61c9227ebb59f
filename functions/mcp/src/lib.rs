//! `/mcp`: may read what the API reads, and write drafts.

use std::sync::Arc;

use actionlayer_mcp::Router;
use actionlayer_service::App;

/// The routes of this function.
pub fn router(app: Arc<App>) -> Router {
    actionlayer_mcp::serve(app)
}
