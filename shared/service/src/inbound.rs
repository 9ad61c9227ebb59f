//! Mail that arrives: received, admitted or held, and what a person decides about a sender.

pub mod held;
pub(crate) mod notify_of_digest;
pub(crate) mod notify_of_sender;
pub mod receive_mail;
