//! Who pays, by the names that the payment provider has for them.

use actionlayer_domain::{Timestamp, WorkspaceId};
use serde::{Deserialize, Serialize};

use crate::{
    keys::{self, Key},
    record::Record,
};

/// The workspace that a customer pays for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StripeCustomer {
    /// `cus_…`.
    pub customer_id: String,
    pub workspace_id: WorkspaceId,
}

impl Record for StripeCustomer {
    const KIND: &'static str = "stripe_customer";
    type Body = ();

    fn key(&self) -> Key {
        keys::stripe_customer(&self.customer_id)
    }
}

/// An event that was dealt with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StripeEventSeen {
    /// `evt_…`.
    pub id: String,
    /// Until when it is remembered.
    pub until: Timestamp,
}

impl Record for StripeEventSeen {
    const KIND: &'static str = "stripe_event";
    type Body = ();

    fn key(&self) -> Key {
        keys::stripe_event(&self.id)
    }

    fn ttl_unix_seconds(&self) -> Option<i64> {
        Some(self.until.unix_seconds())
    }
}
