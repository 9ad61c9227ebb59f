//! How many mails left today that nobody approved, by identity and by recipient.
//!
//! Each is counted in the transaction that makes it, under the condition that the counter is below its cap: of many at once, no
//! more than the cap get through.

use actionlayer_domain::{
    EmailAddress, IdentityId, Timestamp, WorkspaceId,
    unattended::{MAX_OF_ONE_IDENTITY_A_DAY, MAX_TO_ONE_PERSON_A_DAY, UnattendedToday},
};

use crate::{Store, StoreError, Transaction, keys, keys::Key, record::Item, transaction::Below};

const KIND: &str = "unattended";
const COUNTER: &str = "sent";
/// For tidying only: the day is part of the key.
const KEPT_SECONDS: i64 = 3 * 24 * 3_600;

impl Transaction {
    /// Counts one mail that nobody approves. The commit fails if a cap is reached.
    pub fn count_unattended<'a>(
        &mut self,
        workspace: WorkspaceId,
        identity: IdentityId,
        recipients: impl IntoIterator<Item = &'a EmailAddress>,
        now: Timestamp,
    ) -> &mut Self {
        let day = now.date();
        let until = now.unix_seconds() + KEPT_SECONDS;
        let below =
            |cap: u32| Below { counter: COUNTER.to_owned(), bound: i64::from(cap), ttl_unix_seconds: Some(until) };
        self.add_one_below(keys::unattended_of(workspace, &day, identity), KIND, below(MAX_OF_ONE_IDENTITY_A_DAY));
        for recipient in recipients {
            let key = keys::unattended_to(workspace, &day, recipient);
            self.add_one_below(key, KIND, below(MAX_TO_ONE_PERSON_A_DAY));
        }
        self
    }
}

impl Store {
    /// What was counted today, of an identity and to some recipients.
    pub async fn unattended_today(
        &self,
        workspace: WorkspaceId,
        identity: IdentityId,
        recipients: &[EmailAddress],
        now: Timestamp,
    ) -> Result<UnattendedToday, StoreError> {
        let day = now.date();
        let of_identity = keys::unattended_of(workspace, &day, identity);
        let mut all: Vec<Key> = recipients.iter().map(|to| keys::unattended_to(workspace, &day, to)).collect();
        all.push(of_identity.clone());
        let mut today = UnattendedToday::default();
        for item in self.batch_get(&all).await? {
            let count = count(&item);
            if sort_key(&item) == Some(&of_identity.sk) {
                today.of_identity = count;
            } else {
                today.to_recipient = today.to_recipient.max(count);
            }
        }
        Ok(today)
    }

    /// What was counted today of some identities, in their order.
    pub async fn unattended_of_identities(
        &self,
        workspace: WorkspaceId,
        identities: &[IdentityId],
        now: Timestamp,
    ) -> Result<Vec<u32>, StoreError> {
        let day = now.date();
        let keys: Vec<Key> = identities.iter().map(|id| keys::unattended_of(workspace, &day, *id)).collect();
        let items = self.batch_get(&keys).await?;
        let found = |key: &Key| items.iter().find(|item| sort_key(item) == Some(&key.sk));
        Ok(keys.iter().map(|key| found(key).map_or(0, count)).collect())
    }
}

fn sort_key(item: &Item) -> Option<&String> {
    item.get(keys::SK)?.as_s().ok()
}

fn count(item: &Item) -> u32 {
    item.get(COUNTER).and_then(|count| count.as_n().ok()?.parse().ok()).unwrap_or(0)
}
