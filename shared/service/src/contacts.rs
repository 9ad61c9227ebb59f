//! Contacts, and addresses that nothing is sent to any more.

pub mod edit_contacts;
pub(crate) mod first_contact;
pub mod suppressions;
