//! Mail that leaves: made, queued, handed to SES once, and settled.

pub mod attachments;
pub(crate) mod clearance;
pub(crate) mod content;
pub mod deliver;
pub(crate) mod file_names;
pub(crate) mod message;
pub(crate) mod reply;
pub mod reply_email;
pub mod send_email;
pub mod settle;
pub(crate) mod unattended;
pub mod uploads;
