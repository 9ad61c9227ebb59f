//! The screens: one file for each resource, each with its list of routes.
//!
//! A handler takes an address or a form apart, calls the use case as the visitor, and shows what came of it: a form that
//! was taken leads on, one that was not stands there again under why. Nothing is decided here.

mod activity;
mod answer;
mod billing;
mod channels;
mod contacts;
mod deletion;
mod domains;
mod drafts;
mod export;
mod form;
mod held;
mod identities;
mod inbox;
mod keys;
mod messages;
mod rule_form;
mod rules;
mod setup;
mod threads;
mod webhooks;
mod words;
mod workspace;

pub(crate) use words::words;

use std::sync::Arc;

use actionlayer_service::App;
use axum::Router;

/// Every screen.
pub(crate) fn routes() -> Router<Arc<App>> {
    Router::new()
        .merge(activity::routes())
        .merge(billing::routes())
        .merge(channels::routes())
        .merge(contacts::routes())
        .merge(deletion::routes())
        .merge(domains::routes())
        .merge(drafts::routes())
        .merge(export::routes())
        .merge(held::routes())
        .merge(identities::routes())
        .merge(inbox::routes())
        .merge(keys::routes())
        .merge(messages::routes())
        .merge(rules::routes())
        .merge(setup::routes())
        .merge(threads::routes())
        .merge(webhooks::routes())
        .merge(workspace::routes())
}
