//! Asking people, and what they decide.

pub mod approval_page;
pub(crate) mod approver_mail;
pub mod decide_draft;
pub(crate) mod fan_out;
pub mod notify;
