//! The handlers: one file for each resource, each with its list of routes. A function of `functions/` serves some of them;
//! which ones is a matter of what its role may touch.
//!
//! A handler takes a request apart, calls the use case and shows its answer. Nothing is decided here.

mod api_keys;
mod attachments;
mod billing;
mod chat_callbacks;
mod contacts;
mod document;
mod domains;
mod drafts;
mod email_links;
mod emails;
mod events;
mod identities;
mod inbound;
mod messages;
mod rules;
mod slack;
mod suppressions;
mod threads;
mod uploads;
mod webhooks;
mod workspace;

pub use api_keys::routes as api_keys;
pub use billing::routes as billing;
pub use chat_callbacks::routes as chat_callbacks;
pub use contacts::routes as contacts;
pub use document::routes as document;
pub use domains::routes as domains;
pub use drafts::routes as drafts;
pub use email_links::routes as email_links;
pub use emails::routes as emails;
pub use events::routes as events;
pub use identities::routes as identities;
pub use inbound::routes as inbound;
pub use messages::routes as messages;
pub use rules::routes as rules;
pub use slack::routes as slack;
pub use suppressions::routes as suppressions;
pub use threads::routes as threads;
pub use uploads::routes as uploads;
pub use webhooks::routes as webhooks;
pub use workspace::routes as workspace;

use std::sync::Arc;

use actionlayer_service::App;
use utoipa_axum::router::OpenApiRouter;

/// Every route of the API.
pub(crate) fn all() -> [OpenApiRouter<Arc<App>>; 18] {
    [
        api_keys(),
        billing(),
        contacts(),
        document(),
        domains(),
        drafts(),
        emails(),
        events(),
        identities(),
        inbound(),
        messages(),
        rules(),
        slack(),
        suppressions(),
        threads(),
        uploads(),
        webhooks(),
        workspace(),
    ]
}
