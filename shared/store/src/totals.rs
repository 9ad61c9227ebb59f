//! How many threads, drafts, held mails, contacts and suppressed addresses a workspace has, by the filters a list can have
//! alone: changed in the very transaction that changes what is counted, so that nothing is counted twice or missed, and no
//! list counts what it shows.
//!
//! What belongs to an identity is counted with it, and a list of all adds the identities up. Each counter is spread over
//! eight items, picked by what is counted, so that writes of a workspace do not wait for each other.

use std::collections::BTreeMap;

use actionlayer_domain::{IdentityId, WorkspaceId};
use aws_sdk_dynamodb::operation::query::QueryInput;
use sha2::{Digest, Sha256};

use crate::{
    Store, StoreError,
    counted::{Counted, TotalsKey},
    keys::{self, Key},
    record::{Item, s},
};

/// Over how many items a counter is spread.
const SHARDS: u8 = 8;

/// The kind of item a counter is.
pub(crate) const KIND: &str = "totals";

/// What a transaction adds to counters and takes from them.
#[derive(Debug, Default)]
pub(crate) struct TotalsChange(BTreeMap<(WorkspaceId, Option<IdentityId>), BTreeMap<&'static str, i64>>);

impl TotalsChange {
    /// An entity comes (1) or goes (-1).
    pub(crate) fn count(&mut self, counted: Option<Counted>, amount: i64) {
        let Some(Counted { workspace_id, identity_id, keys }) = counted else { return };
        let counters = self.0.entry((workspace_id, identity_id)).or_default();
        for key in keys {
            *counters.entry(key.counter().0).or_default() += amount;
        }
    }

    /// How many items it changes at most.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The counters and what is added to them, spread by the key of what is changed.
    pub(crate) fn into_amounts(self, spread: &Key) -> Vec<(Key, Vec<(String, i64)>)> {
        let shard = Sha256::digest(spread.pk.as_bytes())[0] % SHARDS;
        let amounts = |counters: BTreeMap<&'static str, i64>| -> Vec<(String, i64)> {
            let changed = counters.into_iter().filter(|(_, amount)| *amount != 0);
            changed.map(|(name, amount)| (name.to_owned(), amount)).collect()
        };
        let items = self
            .0
            .into_iter()
            .map(|((workspace, identity), counters)| (keys::totals(workspace, identity, shard), amounts(counters)));
        items.filter(|(_, amounts)| !amounts.is_empty()).collect()
    }
}

impl Store {
    /// A total, as of moments ago.
    pub(crate) async fn total(&self, workspace: WorkspaceId, key: TotalsKey) -> Result<u64, StoreError> {
        let (attribute, identity) = key.counter();
        let mut query = QueryInput::builder()
            .key_condition_expression("pk = :pk")
            .projection_expression("#a")
            .expression_attribute_names("#a", attribute)
            .expression_attribute_values(":pk", s(keys::totals_pk(workspace)));
        if let Some(identity) = identity {
            query = query
                .key_condition_expression("pk = :pk AND begins_with(sk, :identity)")
                .expression_attribute_values(":identity", s(identity.to_string()));
        }
        let shards = self.query_all(query).await?;
        let number = |item: &Item| item.get(attribute)?.as_n().ok()?.parse::<i64>().ok();
        Ok(u64::try_from(shards.iter().filter_map(number).sum::<i64>()).unwrap_or(0))
    }
}
