//! How many words the mails of a sender were entered under today.
//!
//! Counted by chance: a mail of `n` words writes `STEP` with a probability of `n / STEP`, so that an ordinary one pays a
//! fifteenth of a write unit, and who sends very much is counted well enough.

use actionlayer_domain::{Entropy, Timestamp, WorkspaceId};
use aws_sdk_dynamodb::operation::get_item::GetItemInput;

use crate::{
    Store, StoreError, keys,
    record::{key_item, number},
    requests::Counter,
};

const KIND: &str = "sender_words";
const COUNTER: &str = "words";
const STEP: u64 = 1_000;
/// For tidying only: the day is part of the key.
const KEPT_SECONDS: i64 = 3 * 24 * 3_600;

impl Store {
    /// About how many words were counted for the sender today.
    pub async fn words_of_sender(
        &self,
        workspace: WorkspaceId,
        sender: &str,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        let get = GetItemInput::builder().set_key(Some(key_item(&keys::sender_words(workspace, sender, now))));
        let item = self.get_item(get).await?;
        Ok(item.and_then(|item| number(item.get(COUNTER)?)).unwrap_or(0))
    }

    /// Counts the words of a mail, at most a thousand.
    pub async fn count_words_of_sender(
        &self,
        workspace: WorkspaceId,
        sender: &str,
        words: u64,
        entropy: &dyn Entropy,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        if entropy.next_u64() % STEP >= words {
            return Ok(());
        }
        let counter = Counter {
            key: keys::sender_words(workspace, sender, now),
            kind: KIND,
            attribute: COUNTER,
            ends_at_unix_seconds: now.unix_seconds() + KEPT_SECONDS,
        };
        self.count(counter, STEP).await?;
        Ok(())
    }
}
