//! The log of what happened, and where it is delivered.

pub(crate) mod deliver_webhooks;
pub mod list_events;
pub(crate) mod publish;
pub mod webhook_deliveries;
pub mod webhooks;
