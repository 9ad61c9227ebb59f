//! The tenant: its keys, its settings, and how often it may ask.

pub mod api_keys;
pub mod authenticate;
pub mod bootstrap_workspace;
pub mod create_workspace;
pub mod delete_workspace;
pub mod export_workspace;
pub mod idempotency;
pub(crate) mod notify_of_deletion;
pub mod update_workspace;
