//! Identities: the mailboxes of agents.

pub mod create_identity;
pub mod read_identities;
pub mod test_email;
pub mod test_notification;
pub mod update_identity;
