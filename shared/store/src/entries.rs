//! Entries: items that are nothing but a key, for lists that no index of the table can hold, since a thread is in many of
//! them: one for each of its tags and its participants. So are the words of contacts, and the domains that are known. The relay writes them
//! from the stream.
//!
//! An entry says no more than its key, so writing or removing it twice changes nothing, and it needs no condition: the
//! stream gives the changes of an item in order, and gives them again from where it failed. Readers look at the thread
//! itself and pass over an entry that is not (or not yet) true.

use aws_sdk_dynamodb::{
    operation::query::QueryInput,
    types::{DeleteRequest, PutRequest, ReturnConsumedCapacity, WriteRequest},
};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use std::collections::{BTreeSet, HashMap, HashSet};

use actionlayer_domain::{
    Thread, WorkspaceId,
    contact::{Contact, ContactStatus},
    search::Word,
};

use crate::{
    Store, StoreError,
    contacts::entries_of,
    keys::{self, Key},
    record::{Item, key_item, s},
};

/// What kind of item an entry is. The stream's filter in `template.yaml` names it: nothing follows from an entry.
pub const ENTRY_KIND: &str = "entry";

/// What `BatchWriteItem` takes at once.
pub(crate) const MAX_BATCH: usize = 25;
/// How many batches are under way together.
const CONCURRENT_BATCHES: usize = 8;
/// How often what a batch left out is written again before the table counts as throttled.
const MAX_TRIES: usize = 5;

/// Entries to be written and removed.
#[derive(Debug, Clone, Default)]
pub struct Entries {
    /// Whether there is to be an entry. What is said last counts.
    entries: HashMap<Key, bool>,
}

impl Entries {
    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// As keys, to be carried: partition key, sort key, and whether there is to be an entry.
    pub fn into_places(self) -> Vec<(String, String, bool)> {
        self.entries.into_iter().map(|(Key { pk, sk }, is_to_be)| (pk, sk, is_to_be)).collect()
    }

    /// What [`Self::into_places`] gave.
    pub fn from_places(places: &[(String, String, bool)]) -> Self {
        let key = |pk: &String, sk: &String| Key { pk: pk.clone(), sk: sk.clone() };
        Self { entries: places.iter().map(|(pk, sk, is_to_be)| (key(pk, sk), *is_to_be)).collect() }
    }

    /// A thread changed: it moves in the lists of its tags and participants.
    pub fn thread_changed(&mut self, old: Option<&Thread>, new: Option<&Thread>) {
        let before: BTreeSet<_> = old.map(lists_of).unwrap_or_default().into_iter().collect();
        let after: BTreeSet<_> = new.map(lists_of).unwrap_or_default().into_iter().collect();
        let key = |(pk, sk): &(String, String)| Key { pk: pk.clone(), sk: sk.clone() };
        self.entries.extend(before.difference(&after).map(|entry| (key(entry), false)));
        self.entries.extend(after.difference(&before).map(|entry| (key(entry), true)));
    }

    /// A contact changed: what it is found by, and whether its domain is known. A domain stays known when one of its people
    /// is trusted no more, for there are others; but not if it only passed for another one.
    pub fn contact_changed(&mut self, old: Option<&Contact>, new: Option<&Contact>) {
        let before: HashSet<Key> = old.map(entries_of).unwrap_or_default().into_iter().collect();
        let after: HashSet<Key> = new.map(entries_of).unwrap_or_default().into_iter().collect();
        self.entries.extend(before.difference(&after).map(|key| (key.clone(), false)));
        self.entries.extend(after.difference(&before).map(|key| (key.clone(), true)));
        let trusted = |contact: Option<&Contact>| contact.is_some_and(|c| c.status == ContactStatus::Trusted);
        if let Some(contact) = new.or(old)
            && trusted(old) != trusted(new)
            && (trusted(new) || contact.lookalike == Some(true))
        {
            self.entries.insert(keys::known_domain(contact.workspace_id, contact.email.domain()), trusted(new));
        }
    }

    /// These domains are known.
    pub fn known<'a>(&mut self, workspace: WorkspaceId, domains: impl IntoIterator<Item = &'a str>) {
        let keys = domains.into_iter().map(|domain| keys::known_domain(workspace, domain));
        self.entries.extend(keys.map(|key| (key, true)));
    }
}

/// The lists a thread is entered in, and where.
fn lists_of(thread: &Thread) -> Vec<(String, String)> {
    if thread.merged_into.is_some() {
        return Vec::new();
    }
    let workspace = thread.workspace_id;
    let tags = thread.tags.iter().map(|tag| keys::threads_with_tag(workspace, tag));
    let participants = thread.participants().map(|address| keys::threads_with_participant(workspace, &address));
    let position = keys::by_time(thread.last_message_at, thread.id);
    tags.chain(participants).map(|list| (list, position.clone())).collect()
}

impl Store {
    /// The sort keys of a word's entries, `<word>#<what has it>`, and whether there are more: of a word the newest first, of
    /// all words that begin with it in the order of the words.
    pub(crate) async fn entries_of_word(
        &self,
        pk: String,
        word: &Word,
        limit: i32,
    ) -> Result<(Vec<String>, bool), StoreError> {
        let Word { text, is_prefix } = word;
        let beginning = if *is_prefix { text.clone() } else { format!("{text}#") };
        let query = QueryInput::builder()
            .key_condition_expression("pk = :pk AND begins_with(sk, :beginning)")
            .projection_expression(keys::SK)
            .expression_attribute_values(":pk", s(pk))
            .expression_attribute_values(":beginning", s(beginning))
            .scan_index_forward(*is_prefix)
            .limit(limit);
        let answer = self.query(query).await?;
        let more = answer.last_evaluated_key.is_some();
        let sort_key = |item: Item| item.get(keys::SK)?.as_s().ok().cloned();
        Ok((answer.items.unwrap_or_default().into_iter().filter_map(sort_key).collect(), more))
    }

    /// Writes and removes entries.
    pub async fn write_entries(&self, entries: Entries) -> Result<(), StoreError> {
        let unusable =
            |e: aws_sdk_dynamodb::error::BuildError| StoreError::Corrupt { kind: ENTRY_KIND, reason: e.to_string() };
        let mut requests = Vec::with_capacity(entries.entries.len());
        for (key, is_to_be) in entries.entries {
            let mut item = key_item(&key);
            let request = WriteRequest::builder();
            requests.push(if is_to_be {
                item.insert(keys::KIND.to_owned(), s(ENTRY_KIND));
                request.put_request(PutRequest::builder().set_item(Some(item)).build().map_err(unusable)?).build()
            } else {
                let delete = DeleteRequest::builder().set_key(Some(item)).build().map_err(unusable)?;
                request.delete_request(delete).build()
            });
        }
        let batches: Vec<Vec<WriteRequest>> = requests.chunks(MAX_BATCH).map(<[_]>::to_vec).collect();
        stream::iter(batches)
            .map(|batch| self.write_batch(batch))
            .buffer_unordered(CONCURRENT_BATCHES)
            .try_collect::<Vec<()>>()
            .await?;
        Ok(())
    }

    pub(crate) async fn write_batch(&self, mut batch: Vec<WriteRequest>) -> Result<(), StoreError> {
        for _ in 0..MAX_TRIES {
            let trip = self.meter.trip();
            let answer = self
                .dynamodb
                .batch_write_item()
                .request_items(&self.table, batch)
                .return_consumed_capacity(ReturnConsumedCapacity::Total)
                .send()
                .await
                .map_err(|e| StoreError::dynamodb(&e))?;
            trip.wrote(answer.consumed_capacity());
            batch = answer.unprocessed_items.and_then(|mut tables| tables.remove(&self.table)).unwrap_or_default();
            if batch.is_empty() {
                return Ok(());
            }
        }
        Err(StoreError::Throttled { service: "dynamodb" })
    }
}
