//! How much a workspace used in a period: the one place that adds to it and reads it.
//!
//! Every mail counts, in the transaction that makes it: a counter that was one item would make all mails of a workspace
//! collide on it. So it is sixteen, picked by what is counted, and their sum is the count, exactly.
//!
//! Where a plan sets a cap, one more item takes all that is counted under it: only a condition on a single item can say
//! that there is room. Mails under a cap queue up on it; there are few of them. The sum is still the count, whatever the
//! plan was when.

use actionlayer_domain::WorkspaceId;
use aws_sdk_dynamodb::operation::query::QueryInput;
use sha2::{Digest, Sha256};

use crate::{
    Store, StoreError, Transaction, keys,
    record::{Item, s},
    transaction::Below,
};

/// Over how many items a counter is spread.
const SHARDS: u8 = 16;
/// The item that counts under a cap: beside the shards, and none of them.
const CAPPED: u8 = 99;
const KIND: &str = "usage";

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Used {
    /// Mail that came in.
    Inbound,
    /// Mail that was queued to go out, and did not turn out to stay.
    Outbound,
    /// Mail of a blocked sender, which was dropped.
    Dropped,
}

impl Used {
    const fn attribute(self) -> &'static str {
        match self {
            Self::Inbound => "inbound",
            Self::Outbound => "outbound",
            Self::Dropped => "dropped",
        }
    }
}

/// What was used in a period.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// Of the mails that came in, those that were counted under a cap.
    inbound_capped: i64,
    /// Of the mails that went out, the same.
    outbound_capped: i64,
    /// Mails that came in.
    pub inbound: u64,
    /// Mails that went out, or are on their way.
    pub outbound: u64,
    /// Mails of blocked senders, which were dropped.
    pub dropped: u64,
}

impl Transaction {
    /// Counts use in a period (`lifetime`, or a month as `2026-04`). `spread` is what tells one mail from another, such
    /// as the family of its thread; taking back a count takes the same.
    pub fn count_usage(
        &mut self,
        workspace: WorkspaceId,
        period: &str,
        spread: impl std::fmt::Display,
        used: Used,
        amount: i64,
    ) -> &mut Self {
        let key = keys::usage(workspace, period, shard(&spread.to_string()));
        self.add(key, KIND, vec![(used.attribute().to_owned(), amount)])
    }

    /// Counts one more under a cap. `usage` was read before, and had room; the commit fails if others have taken it
    /// since.
    pub fn count_usage_within(
        &mut self,
        workspace: WorkspaceId,
        period: &str,
        usage: &Usage,
        used: Used,
        cap: u64,
    ) -> &mut Self {
        let capped = match used {
            Used::Inbound => usage.inbound_capped,
            Used::Outbound => usage.outbound_capped,
            Used::Dropped => 0,
        };
        let elsewhere = i64::try_from(usage.of(used)).unwrap_or(i64::MAX) - capped;
        let bound = i64::try_from(cap).unwrap_or(i64::MAX).saturating_sub(elsewhere);
        let below = Below { counter: used.attribute().to_owned(), bound, ttl_unix_seconds: None };
        self.add_one_below(keys::usage(workspace, period, CAPPED), KIND, below)
    }
}

impl Usage {
    /// How much of something.
    pub const fn of(&self, used: Used) -> u64 {
        match used {
            Used::Inbound => self.inbound,
            Used::Outbound => self.outbound,
            Used::Dropped => self.dropped,
        }
    }
}

/// The same for ever: what was counted is taken back where it was.
fn shard(text: &str) -> u8 {
    Sha256::digest(text.as_bytes())[0] % SHARDS
}

impl Store {
    /// What a workspace used in a period, strongly consistent: one query of a few small items.
    pub async fn usage(&self, workspace: WorkspaceId, period: &str) -> Result<Usage, StoreError> {
        let query = QueryInput::builder()
            .key_condition_expression("pk = :pk AND begins_with(sk, :period)")
            .expression_attribute_values(":pk", s(keys::usage_pk(workspace)))
            .expression_attribute_values(":period", s(format!("{period}#")))
            .consistent_read(true);
        let answer = self.query(query).await?;
        let shards = answer.items.unwrap_or_default();
        let sum = |used: Used| {
            let sum: i64 = shards.iter().filter_map(|shard| number(shard, used.attribute())).sum();
            u64::try_from(sum).unwrap_or(0)
        };
        let capped_sk = keys::usage(workspace, period, CAPPED).sk;
        let is_capped = |item: &&Item| item.get(keys::SK).and_then(|sk| sk.as_s().ok()) == Some(&capped_sk);
        let capped = shards.iter().find(is_capped);
        let of_capped = |used: Used| capped.and_then(|item| number(item, used.attribute())).unwrap_or(0);
        Ok(Usage {
            inbound: sum(Used::Inbound),
            outbound: sum(Used::Outbound),
            dropped: sum(Used::Dropped),
            inbound_capped: of_capped(Used::Inbound),
            outbound_capped: of_capped(Used::Outbound),
        })
    }
}

fn number(item: &Item, attribute: &str) -> Option<i64> {
    item.get(attribute)?.as_n().ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_counted_is_spread() {
        let mut counts = [0; SHARDS as usize];
        for i in 0..1_600 {
            counts[usize::from(shard(&format!("{i:016x}")))] += 1;
        }
        assert!(counts.iter().all(|count| (50..150).contains(count)), "{counts:?}");
    }
}
