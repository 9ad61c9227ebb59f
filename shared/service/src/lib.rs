//! What the product does: one file per use case, in a folder per resource; each a function from a caller's wish to a
//! durable change.
//!
//! **Job.** Read what a step needs, let `domain` decide, write the outcome under a condition, and try again when someone
//! else was faster. Side effects outside the table (SES, DNS) happen after a claim and before its record.
//!
//! **Invariants.** Nothing here publishes: writing state is all, the stream makes it known. A decision is never taken
//! on a state that a write does not check. What SES did not answer is not known, and stays so until an event says.
//!
//! **Must never know.** HTTP, Lambda, which machine this is.

pub mod app;
pub mod change;
pub mod error;

mod contention;
mod fields;
pub mod guesses;
pub mod input;
pub mod permission;
pub mod secrets;
pub mod waiting;

pub mod accounts;
pub mod approvals;
pub mod billing;
pub mod contacts;
pub mod domains;
pub mod drafts;
pub mod events;
pub mod identities;
pub mod inbound;
pub mod outbound;
pub mod rules;
pub mod threads;
pub mod workspace;

pub mod jobs;
pub mod relay;
pub mod sweep;

pub use actionlayer_domain::Caller;
pub use app::{App, BillingSettings, Ports, Settings, SlackApp, TelegramUpdates};
pub use error::{FieldError, ServiceError};
