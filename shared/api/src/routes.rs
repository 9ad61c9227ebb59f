//! The handlers: one file for each resource, each with its list of routes. A function of `functions/` serves some of them;
//! which ones is a matter of what its role may touch.
//!
//! A handler takes a request apart, calls the use case and shows its answer. Nothing is decided here.

/// The operations on a resource, a line for each path: `routes` serves them, and `described` is what the document says of them.
/// These are two, so that a function that serves has nothing of what describes: it would be built at each start.
macro_rules! operations {
    ($($first:ident $(, $more:ident)*;)+) => {
        /// The operations on this resource.
        pub fn routes() -> axum::Router<std::sync::Arc<actionlayer_service::App>> {
            let router = axum::Router::new();
            $(
                let methods = $crate::routes::methods!($first, axum::routing::MethodRouter::new());
                $(let methods = $crate::routes::methods!($more, methods);)*
                let router = router.route(&utoipa_axum::routes!(@path [path()] of $first), methods);
            )+
            router
        }

        pub(super) fn described() -> utoipa::openapi::OpenApi {
            let router = utoipa_axum::router::OpenApiRouter::<std::sync::Arc<actionlayer_service::App>>::new();
            $(let router = router.routes(utoipa_axum::routes!($first $(, $more)*));)+
            router.into_openapi()
        }
    };
}

/// Adds a handler under the methods of its annotation.
macro_rules! methods {
    ($handler:ident, $router:expr) => {{
        use utoipa_axum::PathItemExt as _;
        utoipa_axum::routes!(@path [methods()] of $handler)
            .into_iter()
            .fold($router, |router, method| router.on(method.to_method_filter(), $handler))
    }};
}
pub(crate) use methods;

mod api_keys;
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
mod stripe_callback;
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
pub use stripe_callback::routes as stripe_callback;
pub use suppressions::routes as suppressions;
pub use threads::routes as threads;
pub use uploads::routes as uploads;
pub use webhooks::routes as webhooks;
pub use workspace::routes as workspace;

use utoipa::openapi::OpenApi;

/// What the document says of every operation.
pub(crate) fn described() -> [OpenApi; 18] {
    [
        api_keys::described(),
        billing::described(),
        contacts::described(),
        document::described(),
        domains::described(),
        drafts::described(),
        emails::described(),
        events::described(),
        identities::described(),
        inbound::described(),
        messages::described(),
        rules::described(),
        slack::described(),
        suppressions::described(),
        threads::described(),
        uploads::described(),
        webhooks::described(),
        workspace::described(),
    ]
}
