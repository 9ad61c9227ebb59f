//! The product's own words: ids, addresses, entities and the state machines that decide what may happen to them.
//!
//! **Job.** Say what a thread, a message and a draft are, and which step may follow which. Every rule about approving,
//! going stale and sending is a pure function here; the store only makes its result durable, under a condition.
//!
//! **Invariants.** A value that exists is valid: an [`EmailAddress`] can be mailed, a [`HeaderText`] cannot break out of
//! its header, a [`Secret`] cannot be printed. A transition takes the old value and the time and returns the new value
//! or the reason why not; nothing is changed half-way.
//!
//! **Must never know.** AWS, HTTP, async, the clock, randomness. Time and entropy arrive through [`ports`].

/// `Debug` that prints a type's name and nothing in it: what people wrote, and secrets, could reach a log.
#[macro_export]
macro_rules! debug_without_content {
    ($($name:ident $(<$lifetime:lifetime>)?),+) => {$(
        impl std::fmt::Debug for $name $(<$lifetime>)? {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }
    )+};
}

pub mod account;
pub mod address;
pub mod admission;
pub mod asking;
pub mod billing;
pub mod caller;
pub mod channel;
pub mod channel_line;
pub mod contact;
pub mod draft;
pub mod erasure;
pub mod event;
pub mod export;
pub mod failure;
pub mod held_digest;
pub mod identity;
pub mod ids;
pub mod key;
pub mod measures;
pub mod message;
pub mod notification;
pub mod plan;
pub mod ports;
pub mod public_address;
pub mod public_suffix;
pub mod rate;
pub mod rule;
mod schema;
pub mod sealed;
pub mod search;
pub mod secret;
mod sender;
pub mod sending;
pub mod sending_domain;
pub mod suppression;
pub mod text;
pub mod thread;
pub mod time;
pub mod unattended;
pub mod upload;
pub mod webhook;
pub mod work;
pub mod workspace;

pub use address::{APPROVALS_LOCAL_PART, DomainName, EmailAddress, LocalPart};
pub use caller::{Authority, Caller, Principal, Scope};
pub use draft::{Draft, DraftBody, DraftRefusal, DraftStatus};
pub use identity::Identity;
pub use ids::{
    ApiKeyId, AttemptId, AuditId, ContactId, DomainId, DraftId, EventId, ExportId, Family, HeldId, IdentityId,
    MessageId, RuleId, SuppressionId, ThreadId, UploadId, UserId, WebhookDeliveryId, WebhookId, WorkspaceId,
};
pub use key::{ApiKeySecret, Role};
pub use message::{Message, MessageBody};
pub use plan::Plan;
pub use ports::{Clock, Entropy};
pub use rule::Rule;
pub use sealed::{SecretKind, SecretPlace};
pub use secret::Secret;
pub use sending_domain::SendingDomain;
pub use suppression::{Suppression, SuppressionReason};
pub use text::HeaderText;
pub use thread::Thread;
pub use time::Timestamp;
pub use upload::Upload;
pub use webhook::{Webhook, WebhookDelivery, WebhookUrl};
pub use workspace::Workspace;
