//! Asking people, and what they decide.

pub mod approval_page;
pub(crate) mod approver_mail;
pub mod decide_draft;
pub mod notify;
pub(crate) mod notify_of_switch_off;
