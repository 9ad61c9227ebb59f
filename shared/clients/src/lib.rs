//! What we say to others, and what their answers mean: SES, SQS, KMS, DNS, Slack, Telegram, Stripe, and HTTP to
//! addresses that strangers chose.
//!
//! **Job.** One client for each service, which makes one call and sorts its answer into what is known after it.
//!
//! **Invariants.** A call that has an effect is made once: no client here tries again by itself. No answer is never taken
//! for an answer.
//!
//! **Must never know.** What a call is made for, the table, HTTP servers, which machine this is.

pub mod dns;
pub mod http;
pub mod kms;
mod providers;
pub mod ses;
pub mod slack;
pub mod sqs;
pub mod stripe;
pub mod telegram;

/// A service gave no usable answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{service} is unavailable: {code}")]
pub struct ClientError {
    /// Which service, as a word: `ses`.
    pub service: &'static str,
    /// Its own code, or a word of ours where it gave none.
    pub code: String,
}
