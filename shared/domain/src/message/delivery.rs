//! The life of an outbound message: queued, claimed, sent, and what the receiving side said.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{AttemptId, Timestamp, failure::Failure};

/// How far an outbound message came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum DeliveryStatus {
    /// Waits for a worker.
    Queued,
    /// A worker claimed it and may have handed it to SES.
    Sending,
    /// SES took it.
    Sent,
    /// The receiving host took it.
    Delivered,
    /// The receiving host refused it for good.
    Bounced,
    /// The recipient called it spam.
    Complained,
    /// It did not leave, or nobody knows: see the failure.
    Failed,
}

impl DeliveryStatus {
    /// The name in the API. A claimed message is still `queued` to the world: it has not left as far as anyone knows.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued | Self::Sending => "queued",
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Bounced => "bounced",
            Self::Complained => "complained",
            Self::Failed => "failed",
        }
    }
}

/// The delivery of an outbound message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// How far it came.
    pub status: DeliveryStatus,
    /// The attempt that claimed it last; SES events carry it as a tag.
    pub attempt_id: Option<AttemptId>,
    /// When that attempt claimed it.
    pub claimed_at: Option<Timestamp>,
    /// What SES called it.
    pub ses_message_id: Option<String>,
    /// Why it failed.
    pub failure: Option<Failure>,
    /// When the receiving side last said what became of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reported_at: Option<Timestamp>,
    /// Nobody approves it and nobody reads it before it leaves: it must say `Auto-Submitted`.
    pub unattended: bool,
    /// Its recipients count as known once it left: a person approved it, and what it answers did not look like a trick.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub makes_known: bool,
    /// The period of the plan it was counted in, where that is not the month it was queued in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counted_in: Option<String>,
}

/// What is known about an attempt to hand a message to SES.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SendOutcome {
    /// SES took it.
    Accepted {
        /// SES's id of it.
        ses_message_id: String,
    },
    /// SES said no, but may say yes later.
    RefusedForNow,
    /// SES said no for good.
    Refused(Failure),
    /// Nobody knows: no answer, or one that says nothing about the mail. Never success, never retried.
    Unknown,
}

/// A step of a delivery that its state does not allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the delivery is not in a state that allows this")]
pub struct DeliveryRefusal;

impl Delivery {
    /// A delivery that waits for a worker.
    pub const fn queued(unattended: bool) -> Self {
        Self {
            status: DeliveryStatus::Queued,
            attempt_id: None,
            claimed_at: None,
            ses_message_id: None,
            failure: None,
            reported_at: None,
            unattended,
            makes_known: false,
            counted_in: None,
        }
    }

    /// A worker takes it. Only a queued one can be taken, so of two workers one fails.
    pub fn claim(&mut self, attempt_id: AttemptId, now: Timestamp) -> Result<(), DeliveryRefusal> {
        if self.status != DeliveryStatus::Queued {
            return Err(DeliveryRefusal);
        }
        self.status = DeliveryStatus::Sending;
        self.attempt_id = Some(attempt_id);
        self.claimed_at = Some(now);
        Ok(())
    }

    /// SES said "not now": it waits again.
    pub fn release(&mut self, attempt_id: AttemptId) -> Result<(), DeliveryRefusal> {
        if self.status != DeliveryStatus::Sending || self.attempt_id != Some(attempt_id) {
            return Err(DeliveryRefusal);
        }
        self.status = DeliveryStatus::Queued;
        self.claimed_at = None;
        Ok(())
    }

    /// SES took it: said so itself, or by an event. An event may come after the outcome was given up as unknown.
    pub fn accepted(&mut self, attempt_id: AttemptId, ses_message_id: &str) -> Result<(), DeliveryRefusal> {
        let in_doubt = self.failure.as_ref().is_some_and(Failure::is_outcome_unknown);
        let open = self.status == DeliveryStatus::Sending || (self.status == DeliveryStatus::Failed && in_doubt);
        if !open || self.attempt_id != Some(attempt_id) {
            return Err(DeliveryRefusal);
        }
        self.status = DeliveryStatus::Sent;
        self.ses_message_id = Some(ses_message_id.to_owned());
        self.failure = None;
        Ok(())
    }

    /// It will not leave, or nobody will ever know.
    pub fn failed(&mut self, failure: Failure) -> Result<(), DeliveryRefusal> {
        match self.status {
            DeliveryStatus::Queued | DeliveryStatus::Sending => {
                self.status = DeliveryStatus::Failed;
                self.failure = Some(failure);
                Ok(())
            }
            DeliveryStatus::Sent
            | DeliveryStatus::Delivered
            | DeliveryStatus::Bounced
            | DeliveryStatus::Complained
            | DeliveryStatus::Failed => Err(DeliveryRefusal),
        }
    }

    /// What the receiving side said. Later and worse news wins: a complaint follows a delivery, a delivery does not undo
    /// a bounce.
    pub fn reported(&mut self, status: DeliveryStatus, now: Timestamp) -> Result<(), DeliveryRefusal> {
        const fn rank(status: DeliveryStatus) -> u8 {
            match status {
                DeliveryStatus::Queued | DeliveryStatus::Sending | DeliveryStatus::Failed => 0,
                DeliveryStatus::Sent => 1,
                DeliveryStatus::Delivered => 2,
                DeliveryStatus::Bounced => 3,
                DeliveryStatus::Complained => 4,
            }
        }
        if rank(self.status) == 0 || rank(status) <= rank(self.status) {
            return Err(DeliveryRefusal);
        }
        self.status = status;
        self.reported_at = Some(now);
        Ok(())
    }
}
