//! The memory of the product: one DynamoDB table, and a bucket for raw mail, files and long bodies.
//!
//! **Job.** Make a change durable, whole or not at all, under a condition; and read back just what is asked for.
//!
//! **Invariants.** Every write has a condition: the item is new, or its `revision` is the one that was read. So whoever
//! read the older state loses, re-reads and decides again. What must agree is written in one [`Transaction`]. The
//! workspace is part of every key of a tenant's data, and comes from the credential, never from a request.
//!
//! **Must never know.** HTTP, Lambda, what a step means or whether it is allowed (that is `domain`), and when now is:
//! callers bring the time.

mod accounts;
mod billing;
mod blobs;
mod body;
mod channels;
mod compact;
mod contacts;
mod counted;
mod credentials;
mod cursor;
mod drafts;
mod due;
mod entries;
mod erasures;
mod error;
mod events;
mod exports;
mod family;
mod follow;
mod held;
mod idempotency;
mod inbound;
pub mod keys;
mod list;
mod meter;
mod postings;
mod record;
mod records;
mod requests;
mod rules;
pub mod schema;
mod secrets;
mod segment;
pub mod stream;
mod suppressions;
mod threads;
mod totals;
mod transaction;
mod unattended;
mod usage;
mod webhooks;
mod word_budget;
mod words;
mod workspace;

pub use accounts::{FirstOwner, Standing, UserEmail};
pub use billing::{StripeCustomer, StripeEventSeen};
pub use blobs::{BlobKey, SignedUpload, SignedUrl, SizedBlob};
pub use channels::{SlackConsent, TelegramPrompt};
pub use contacts::ContactFilter;
pub use counted::Counted;
pub use credentials::Credential;
pub use drafts::DraftFilter;
pub use entries::{ENTRY_KIND, Entries};
pub use error::{CommitError, StoreError};
pub use events::EventFilter;
pub use family::{Answering, Outbound, ThreadPage};
pub use follow::{EventCursor, Followed};
pub use held::HeldOfSender;
pub use idempotency::{AnswerHead, IDEMPOTENCY_SECONDS, IdempotencyClaim, IdempotencyScope, IdempotentEffect};
pub use inbound::{MailPointer, Receipt, ReceiptOutcome};
pub use list::{Page, PageRequest};
pub use meter::{Cost, Meter};
pub use postings::MailWords;
pub use record::{Record, Row};
pub use records::{AddressClaim, DeploymentWorkspace, DomainClaim, DraftVersion, SweepPosition};
pub use secrets::{
    DomainKeys, FormerlyClear, LinkSecret, Sealable, SecretRecord, SlackCallback, SlackInstallation, TelegramBotRecord,
};
pub use threads::ThreadFilter;
pub use transaction::Transaction;
pub use usage::{Usage, Used};

use std::sync::{Arc, OnceLock};

/// The table and the bucket.
#[derive(Debug, Clone)]
pub struct Store {
    dynamodb: aws_sdk_dynamodb::Client,
    s3_config: aws_sdk_s3::Config,
    /// Made when it is first asked: a function that asks nothing has none of its code.
    s3: OnceLock<aws_sdk_s3::Client>,
    table: String,
    bucket: String,
    meter: Arc<Meter>,
}

impl Store {
    /// A store over the given client and settings. The clients' own retries stay on: every write is conditional, so that a retry
    /// whose first try went through fails its condition instead of writing twice.
    pub fn new(
        dynamodb: aws_sdk_dynamodb::Client,
        s3: aws_sdk_s3::Config,
        table: impl Into<String>,
        bucket: impl Into<String>,
    ) -> Self {
        Self {
            dynamodb,
            s3_config: s3,
            s3: OnceLock::new(),
            table: table.into(),
            bucket: bucket.into(),
            meter: Arc::default(),
        }
    }

    fn s3(&self) -> &aws_sdk_s3::Client {
        self.s3.get_or_init(|| aws_sdk_s3::Client::from_conf(self.s3_config.clone()))
    }

    /// What this store's requests have cost so far.
    pub fn meter(&self) -> &Meter {
        &self.meter
    }
}
