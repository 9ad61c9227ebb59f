//! Which threads are found by a word: see `docs/adr/0008-search.md`.

use futures_util::{StreamExt as _, TryStreamExt as _, future::try_join_all, stream};
use std::collections::{BTreeSet, HashSet};

use actionlayer_domain::{Family, Thread, ThreadId, WorkspaceId, search::Word};

use crate::{
    BlobKey, Store, StoreError, keys,
    postings::Segment,
    record::{Row, row},
    segment::{Damaged, Directory, Words},
};

/// As many threads are read to be sorted. Of more, the newest are looked through instead.
pub(crate) const MAX_CANDIDATES: usize = 1_000;
/// The beginning of a segment that is read first: the directory is in it, and of most segments all the rest.
const FIRST_BYTES: usize = 64 * 1024;
/// How much of all segments is read for one word. Of a word that is the beginning of very many in a very large mailbox only
/// the newest are found.
const MAX_BYTES_OF_WORD: usize = 8 * 1024 * 1024;
/// How many segments are read at once.
const CONCURRENT_SEGMENTS: usize = 16;

/// What a search finds.
#[derive(Debug)]
pub(crate) enum Search {
    /// These, and perhaps some that only look like it: whoever reads them sees.
    These(BTreeSet<Family>),
    /// The same, but too many to read.
    Many(HashSet<Family>),
}

impl Store {
    /// Looks up which threads have all of the words.
    pub(crate) async fn search(&self, workspace: WorkspaceId, words: &[Word]) -> Result<Search, StoreError> {
        let unmerged = self.unmerged(workspace, false).await?;
        let mut recent = Words::default();
        for (_, posting) in &unmerged.postings {
            recent.add_posting(posting)?;
        }
        let mut found: Vec<BTreeSet<u64>> = words.iter().map(|word| recent.families(word)).collect();
        let segments = unmerged.index.map(|row| row.value.segments).unwrap_or_default();
        // Futures, not a closure that makes them: that one would have to be `FnOnce` for every lifetime.
        let heads: Vec<_> = segments.iter().map(|segment| self.head(segment)).collect();
        let heads: Vec<(Directory, Vec<u8>)> = stream::iter(heads).buffered(CONCURRENT_SEGMENTS).try_collect().await?;
        for (word, families) in words.iter().zip(&mut found) {
            let mut bytes = 0;
            let mut readings = Vec::new();
            // The smallest segments are the last, and the newest.
            for (segment, (directory, head)) in segments.iter().zip(&heads).rev() {
                if let Some(range) = directory.range(word)
                    && bytes + range.len() <= MAX_BYTES_OF_WORD
                {
                    bytes += range.len();
                    readings.push(self.families_in(segment, directory, head, word));
                }
            }
            families.extend(try_join_all(readings).await?.into_iter().flatten());
        }
        let all = found.into_iter().reduce(|all, of_word| &all & &of_word).unwrap_or_default();
        let all = all.into_iter().map(Family::of_hash);
        Ok(if all.len() > MAX_CANDIDATES { Search::Many(all.collect()) } else { Search::These(all.collect()) })
    }

    /// The beginning of a segment, and what it says about the rest.
    async fn head(&self, segment: &Segment) -> Result<(Directory, Vec<u8>), StoreError> {
        let blob = BlobKey::stored(&segment.blob);
        let mut head = self.get_blob_part(&blob, 0..FIRST_BYTES).await?;
        let end = Directory::end(&head)?;
        if end > head.len() {
            head.extend(self.get_blob_part(&blob, head.len()..end).await?);
        }
        Ok((Directory::read(&head)?, head))
    }

    async fn families_in(
        &self,
        segment: &Segment,
        directory: &Directory,
        head: &[u8],
        word: &Word,
    ) -> Result<BTreeSet<u64>, StoreError> {
        let Some(range) = directory.range(word) else { return Ok(BTreeSet::new()) };
        let range = range.start + directory.blocks_at..range.end + directory.blocks_at;
        if let Some(bytes) = head.get(range.clone()) {
            return Ok(directory.families(word, bytes)?);
        }
        let bytes = self.get_blob_part(&BlobKey::stored(&segment.blob), range.clone()).await?;
        if bytes.len() != range.len() {
            return Err(Damaged.into());
        }
        Ok(directory.families(word, &bytes)?)
    }

    /// Threads as lists see them, in no order, each once; in place of one that became part of another, the other.
    pub(crate) async fn threads_for_list(
        &self,
        workspace: WorkspaceId,
        families: impl IntoIterator<Item = Family>,
    ) -> Result<Vec<Row<Thread>>, StoreError> {
        /// A thread is merged into an older one, so that this ends; it is a bound should a stored one be damaged.
        const MAX_STEPS: usize = 8;
        let mut wanted: BTreeSet<Family> = families.into_iter().collect();
        let mut known = wanted.clone();
        let mut threads = Vec::with_capacity(wanted.len());
        for _ in 0..MAX_STEPS {
            let keys: Vec<_> = wanted.iter().map(|family| keys::thread(workspace, *family)).collect();
            wanted.clear();
            for item in self.batch_get_for_list(&keys).await? {
                let thread = row::<Thread>(item)?;
                match thread.value.merged_into.map(ThreadId::family) {
                    Some(root) if known.insert(root) => _ = wanted.insert(root),
                    Some(_) => {}
                    None => threads.push(thread),
                }
            }
            if wanted.is_empty() {
                break;
            }
        }
        Ok(threads)
    }
}
