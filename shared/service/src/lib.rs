//! What the product does: one file per use case, each a function from a caller's wish to a durable change.
//!
//! **Job.** Read what a step needs, let `domain` decide, write the outcome under a condition, and try again when someone
//! else was faster. Side effects outside the table (SES, DNS) happen after a claim and before its record.
//!
//! **Invariants.** Nothing here publishes: writing state is all, the stream makes it known. A decision is never taken
//! on a state that a write does not check. What SES did not answer is not known, and stays so until an event says.
//!
//! **Must never know.** HTTP, Lambda, which machine this is.

pub mod app;
pub mod error;

pub mod dns;
pub mod mailer;
pub mod queues;

mod contention;
mod few;
mod fields;
mod index_threads;
mod notice;
mod notify_of_sender;
mod outbound;
mod pages;
mod plan;
mod publish;
mod threads;

pub mod approval_page;
pub mod attachments;
pub mod contacts;
pub mod decide_draft;
pub mod deliver;
pub mod draft_context;
pub mod edit_draft;
pub mod get_thread;
pub mod held;
pub mod list_threads;
pub mod messages;
pub mod notify;
pub mod read_drafts;
pub mod receive_mail;
pub mod relay;
pub mod reply_email;
pub mod send_draft;
pub mod send_email;
pub mod settle;
pub mod submit_draft;
pub mod suppressions;
pub mod sweep;
pub mod test_email;
pub mod update_thread;
pub mod uploads;

pub mod api_keys;
pub mod authenticate;
pub mod billing;
pub mod bootstrap_workspace;
pub mod create_domain;
pub mod create_identity;
pub mod domain_records;
pub mod domains;
pub mod events;
pub mod idempotency;
pub mod identities;
pub mod rules;
pub mod situation;
pub mod test_rules;
pub mod update_identity;
pub mod verify_domain;
pub mod webhook_deliveries;
pub mod webhooks;
pub mod workspace;

pub use app::{App, Caller, Ports, Settings};
pub use error::{FieldError, ServiceError};
