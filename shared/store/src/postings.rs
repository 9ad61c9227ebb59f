//! The words of mails, written: a posting as each comes, merged into segments as they become many.
//!
//! A posting is one item for the words of a mail, or of some that came together. Every now and then they are merged into
//! a segment in the bucket, and segments of one size into a larger one, so that a search has few places to look at. See
//! `docs/adr/0008-search.md`.

use std::collections::BTreeSet;

use actionlayer_domain::{Entropy, Family, Timestamp, WorkspaceId};
use aws_sdk_dynamodb::{
    operation::query::QueryInput,
    primitives::Blob,
    types::{AttributeValue, DeleteRequest, PutRequest, WriteRequest},
};
use futures_util::future::try_join_all;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{
    BlobKey, CommitError, ENTRY_KIND, Record, Row, Store, StoreError, Transaction,
    keys::{self, Key},
    record::{Item, key_item, kind, row, s},
    segment::{Damaged, Words, posting},
};

/// The words of a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailWords {
    pub workspace_id: WorkspaceId,
    /// Its thread.
    pub family: Family,
    pub words: BTreeSet<String>,
}

/// The words of mails that come together share an item until they are this long, before compression; so an item is about a
/// write unit.
const POSTING_BYTES: usize = 1_500;
/// Fewer postings are not worth a segment.
const MIN_POSTINGS: usize = 16;
/// As many segments of a level become one of the next.
const FANOUT: usize = 4;
/// The largest are left alone: 16 · 4⁶ postings at least.
const MAX_LEVEL: u8 = 6;

const ATTRIBUTE: &str = "words";

/// Where the segments of a workspace are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct WordIndex {
    pub(crate) workspace_id: WorkspaceId,
    /// The largest first.
    pub(crate) segments: Vec<Segment>,
    /// Blobs that became part of a larger one by the last merge. Whoever read the index just before may still read them.
    dropped: Vec<String>,
}

/// A blob of sorted words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Segment {
    /// Its key in the bucket.
    pub(crate) blob: String,
    /// How often it was merged.
    level: u8,
}

impl Record for WordIndex {
    const KIND: &'static str = "word_index";
    type Body = ();

    fn key(&self) -> Key {
        keys::word_index(self.workspace_id)
    }
}

/// What lies in the table of a workspace's words.
#[derive(Debug, Default)]
pub(crate) struct Unmerged {
    pub(crate) index: Option<Row<WordIndex>>,
    /// Sort keys and contents of the postings. Some may be in a segment already, which does no harm: nobody got to remove
    /// them, and the next merge does.
    pub(crate) postings: Vec<(String, Vec<u8>)>,
}

impl From<Damaged> for StoreError {
    fn from(Damaged: Damaged) -> Self {
        Self::Corrupt { kind: WordIndex::KIND, reason: "words that cannot be read".to_owned() }
    }
}

impl Store {
    /// Makes threads found by the words of mails. Doing it twice changes nothing but the price.
    pub async fn post_words(&self, mails: &[MailWords], now: Timestamp) -> Result<(), StoreError> {
        let mut requests = Vec::new();
        let workspaces: BTreeSet<WorkspaceId> = mails.iter().map(|mail| mail.workspace_id).collect();
        for workspace in workspaces {
            let (mut together, mut bytes): (Vec<&MailWords>, usize) = (Vec::new(), 0);
            for mail in mails.iter().filter(|mail| mail.workspace_id == workspace && !mail.words.is_empty()) {
                let more = mail.words.iter().map(|word| word.len() + 1).sum::<usize>();
                if bytes > 0 && bytes + more > POSTING_BYTES {
                    requests.push(put(workspace, &together, now)?);
                    (together, bytes) = (Vec::new(), 0);
                }
                together.push(mail);
                bytes += more;
            }
            if !together.is_empty() {
                requests.push(put(workspace, &together, now)?);
            }
        }
        self.write_all(requests).await
    }

    /// Merges the postings of a workspace into a segment, if there are enough to be worth it. Of two at once one does it.
    pub async fn merge_words(&self, workspace: WorkspaceId, entropy: &dyn Entropy) -> Result<(), StoreError> {
        let Unmerged { index, postings } = self.unmerged(workspace, true).await?;
        if postings.len() < MIN_POSTINGS {
            return Ok(());
        }
        let Some(unread) = self.merge(workspace, index, &postings, entropy).await? else { return Ok(()) };
        for blob in unread {
            self.delete_blob(&BlobKey::stored(&blob)).await?;
        }
        let pk = keys::words(workspace);
        let deletes = postings.into_iter().map(|(sk, _)| {
            let delete = DeleteRequest::builder().set_key(Some(key_item(&Key { pk: pk.clone(), sk }))).build();
            delete.map(|delete| WriteRequest::builder().delete_request(delete).build()).map_err(|e| unusable(&e))
        });
        self.write_all(deletes.collect::<Result<_, _>>()?).await
    }

    /// Writes the segment and the index that names it. The blobs that nobody reads any more, or `None` when somebody else
    /// was faster.
    async fn merge(
        &self,
        workspace: WorkspaceId,
        row: Option<Row<WordIndex>>,
        postings: &[(String, Vec<u8>)],
        entropy: &dyn Entropy,
    ) -> Result<Option<Vec<String>>, StoreError> {
        let mut words = Words::default();
        for (_, posting) in postings {
            words.add_posting(posting)?;
        }
        let old = row.as_ref().map(|row| row.value.clone());
        let mut segments = old.as_ref().map(|old| old.segments.clone()).unwrap_or_default();
        let (mut level, mut dropped) = (0, Vec::new());
        // The smallest are last; as many as make a larger one go into it.
        while level < MAX_LEVEL && segments.iter().filter(|segment| segment.level == level).count() + 1 >= FANOUT {
            let (of_level, others) = segments.into_iter().partition(|segment| segment.level == level);
            segments = others;
            let of_level: Vec<Segment> = of_level;
            for segment in of_level {
                let bytes = self.get_blob(&BlobKey::stored(&segment.blob)).await?.ok_or(Damaged)?;
                words.add_segment(&bytes)?;
                dropped.push(segment.blob);
            }
            level += 1;
        }
        let blob = BlobKey::words(workspace, entropy.next_u64());
        self.put_blob(&blob, words.segment()?, "application/octet-stream").await?;
        segments.push(Segment { blob: blob.as_str().to_owned(), level });
        segments.sort_by_key(|segment| std::cmp::Reverse(segment.level));
        let new = WordIndex { workspace_id: workspace, segments, dropped };
        let mut transaction = Transaction::new();
        match &row {
            Some(row) => transaction.replace(row, &new)?,
            None => transaction.create(&new)?,
        };
        match self.commit(transaction).await {
            Ok(()) => Ok(Some(old.map(|old| old.dropped).unwrap_or_default())),
            Err(CommitError::Conflict { .. }) => {
                self.delete_blob(&blob).await?;
                Ok(None)
            }
            Err(CommitError::Store(error)) => Err(error),
        }
    }

    /// What the table has of a workspace's words: as of now, for who merges, or as of moments ago.
    pub(crate) async fn unmerged(&self, workspace: WorkspaceId, consistent: bool) -> Result<Unmerged, StoreError> {
        let query = QueryInput::builder()
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", s(keys::words(workspace)))
            .consistent_read(consistent);
        // One page holds some thousand postings. Should there be more, the next merge takes them.
        let mut found = Unmerged::default();
        for item in self.query(query).await?.items.unwrap_or_default() {
            if kind(&item) == WordIndex::KIND {
                found.index = Some(row(item)?);
                continue;
            }
            found.postings.extend(posting_of(item));
        }
        Ok(found)
    }

    async fn write_all(&self, requests: Vec<WriteRequest>) -> Result<(), StoreError> {
        try_join_all(requests.chunks(crate::entries::MAX_BATCH).map(|batch| self.write_batch(batch.to_vec()))).await?;
        Ok(())
    }
}

fn unusable(error: &aws_sdk_dynamodb::error::BuildError) -> StoreError {
    StoreError::Corrupt { kind: WordIndex::KIND, reason: error.to_string() }
}

fn put(workspace: WorkspaceId, mails: &[&MailWords], now: Timestamp) -> Result<WriteRequest, StoreError> {
    let content = posting(mails.iter().map(|mail| (mail.family, &mail.words)))?;
    let name = hex::encode(&Sha256::digest(&content)[..8]);
    let mut item = key_item(&keys::word_posting(workspace, now, &name));
    item.insert(keys::KIND.to_owned(), s(ENTRY_KIND));
    item.insert(ATTRIBUTE.to_owned(), AttributeValue::B(Blob::new(content)));
    let put = PutRequest::builder().set_item(Some(item)).build().map_err(|e| unusable(&e))?;
    Ok(WriteRequest::builder().put_request(put).build())
}

fn posting_of(mut item: Item) -> Option<(String, Vec<u8>)> {
    match (item.remove(keys::SK)?, item.remove(ATTRIBUTE)?) {
        (AttributeValue::S(sk), AttributeValue::B(content)) => Some((sk, content.into_inner())),
        _ => None,
    }
}
