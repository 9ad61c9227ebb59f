//! What makes a repeated POST happen once: a claim that is made before it is carried out and holds its answer after, and
//! a mark that is written together with its effect.

use actionlayer_domain::{Timestamp, WorkspaceId};
use serde::{Deserialize, Serialize};

use crate::{
    Record,
    keys::{self, Key},
};

/// How long a claim is kept, in seconds.
pub const IDEMPOTENCY_SECONDS: i64 = 86_400;

/// Whose keys they are: two of them may use the same one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IdempotencyScope {
    /// A workspace's.
    Workspace(WorkspaceId),
    /// Those of an address, for requests without a credential: the SHA-256 of it.
    Source(String),
}

/// That a request was begun, and what it was answered. Its body is the answer's, sealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdempotencyClaim {
    /// Whose key it is.
    pub scope: IdempotencyScope,
    /// SHA-256 of route and key.
    pub key_sha256: String,
    /// SHA-256 of what else must be the same: the body and who sent it.
    pub request_sha256: String,
    /// Names the claim: a key used again a day later makes another one.
    pub claim_id: String,
    /// When the request first came.
    pub claimed_at: Timestamp,
    /// Until when it is being carried out; whoever did has ended by then.
    pub lease_until: Timestamp,
    /// What was answered; none while it is being carried out.
    pub answer: Option<AnswerHead>,
}

/// The beginning of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnswerHead {
    pub status: u16,
    /// The headers that belong to the answer rather than to its delivery.
    pub headers: Vec<(String, String)>,
}

impl IdempotencyClaim {
    /// Whether its time is over: DynamoDB deletes it some time after that.
    pub fn is_over(&self, now: Timestamp) -> bool {
        now.unix_seconds() >= self.claimed_at.unix_seconds() + IDEMPOTENCY_SECONDS
    }
}

impl Record for IdempotencyClaim {
    const KIND: &'static str = "idempotency_claim";
    /// The sealed body of the answer, base64.
    type Body = String;

    fn key(&self) -> Key {
        keys::idempotency_claim(&self.scope, &self.key_sha256)
    }

    fn ttl_unix_seconds(&self) -> Option<i64> {
        Some(self.claimed_at.unix_seconds() + IDEMPOTENCY_SECONDS)
    }
}

/// That a claimed request had its effect. Written in the effect's own transaction: a second run finds it, and whoever
/// runs at the same time cannot write it again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdempotentEffect {
    /// Whose request it was.
    pub workspace_id: WorkspaceId,
    pub claim_id: String,
    /// The id of what was made.
    pub made: String,
    pub at: Timestamp,
}

impl Record for IdempotentEffect {
    const KIND: &'static str = "idempotent_effect";
    type Body = ();

    fn key(&self) -> Key {
        keys::idempotent_effect(self.workspace_id, &self.claim_id)
    }

    fn ttl_unix_seconds(&self) -> Option<i64> {
        // The claim may be a day old when its effect happens, and ends before this does.
        Some(self.at.unix_seconds() + IDEMPOTENCY_SECONDS)
    }
}
