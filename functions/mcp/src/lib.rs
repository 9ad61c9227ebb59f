//! `/mcp`: the Model Context Protocol.
//!
//! **Job.** Hand requests to `actionlayer_mcp`.
//!
//! **Invariants.** One answer for one request: no session, no stream.
//!
//! **Must never know.** Lambda, the table, what a tool does.

use std::sync::Arc;

use actionlayer_service::App;
use axum::Router;

/// The endpoint and the paths that clients probe beside it, served.
pub fn router(app: Arc<App>) -> Router {
    actionlayer_mcp::serve(app)
}
