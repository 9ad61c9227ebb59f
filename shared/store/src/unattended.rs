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

fn day(now: Timestamp) -> String {
    now.to_string().chars().take(10).collect()
}

impl Transaction {
    /// Counts one mail that nobody approves. The commit fails if a cap is reached.
    pub fn count_unattended<'a>(
        &mut self,
        workspace: WorkspaceId,
        identity: IdentityId,
        recipients: impl IntoIterator<Item = &'a EmailAddress>,
        now: Timestamp,
    ) -> &mut Self {
        let day = day(now);
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
        let day = day(now);
        let of_identity = keys::unattended_of(workspace, &day, identity);
        let mut all: Vec<Key> = recipients.iter().map(|to| keys::unattended_to(workspace, &day, to)).collect();
        all.push(of_identity.clone());
        let mut today = UnattendedToday::default();
        for item in self.batch_get(&all).await? {
            let count = count(&item);
            if item.get(keys::SK).and_then(|sk| sk.as_s().ok()) == Some(&of_identity.sk) {
                today.of_identity = count;
            } else {
                today.to_recipient = today.to_recipient.max(count);
            }
        }
        Ok(today)
    }
}

fn count(item: &Item) -> u32 {
    item.get(COUNTER).and_then(|count| count.as_n().ok()?.parse().ok()).unwrap_or(0)
}
