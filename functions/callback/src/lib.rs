//! `/callbacks/*`: where people decide who are not callers of the API. For now: the links of approval mails.
//!
//! **Job.** Show the draft behind a link, and take the decision that its form posts.
//!
//! **Invariants.** GET and HEAD change nothing, whoever sends them: link scanners open every link of a mail. A decision is
//! about the version the link was made for, by the approver it was made for, and dies with the first decision. Whatever
//! goes wrong is a page a person can read, under the status a program can.
//!
//! **Must never know.** API keys: the link is the credential, and opens this one draft only.

mod answer;
mod email_link;

use std::sync::Arc;

use actionlayer_service::App;
use axum::{Router, extract::DefaultBodyLimit, routing::get};

/// More than a form with the longest reason needs, however it is encoded.
const MAX_FORM_BYTES: usize = 64 * 1024;

/// The routes of this function.
pub fn router(app: Arc<App>) -> Router {
    let routes = Router::new()
        // `get` answers HEAD as well.
        .route("/callbacks/email/{token}", get(email_link::open).post(email_link::decide))
        .layer(DefaultBodyLimit::max(MAX_FORM_BYTES));
    actionlayer_api::serve(routes, app)
}
