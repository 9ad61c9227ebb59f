//! Everything outside `/v1`, `/mcp` and `/callbacks`: the dashboard, and the answer to every path that is none.

use std::sync::Arc;

use actionlayer_dashboard::Router;
use actionlayer_service::App;

/// The routes of this function.
pub fn router(app: Arc<App>) -> Router {
    actionlayer_dashboard::router(app)
}
