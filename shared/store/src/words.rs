//! Which threads are found by a word: an inverted index in the table, see `docs/adr/0008-search.md`.
//!
//! The words that begin alike lie in one partition, `<word>#<thread>`: a word is a range of it, and so are all words that
//! begin with it.

use futures_util::future::try_join_all;
use std::collections::BTreeSet;

use actionlayer_domain::{Thread, ThreadId, WorkspaceId, search::Word};

use crate::{
    Store, StoreError, keys,
    record::{Row, row},
};

/// The first look at each word. Most words that are worth searching for have fewer threads.
const FIRST_LOOK: i32 = 100;
/// The second look, when all words of a search have more: what lies in 1 MB, one request.
const SECOND_LOOK: i32 = 5_000;
/// As many threads are read to be sorted. Of more, the newest are looked through instead.
pub(crate) const MAX_CANDIDATES: usize = 1_000;
/// How many words the beginning of one stands for where not all of their threads were read.
const MAX_MEANINGS: usize = 4;

/// What is known about the threads of one word of a search.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    /// The stored words it stands for, as far as they were read.
    meanings: BTreeSet<String>,
    threads: BTreeSet<ThreadId>,
    /// There are no others.
    is_complete: bool,
}

/// What a search finds.
#[derive(Debug)]
pub(crate) enum Search {
    /// These, and perhaps some that only look like it: whoever reads them sees.
    These(BTreeSet<ThreadId>),
    /// Too many to read. The words tell which thread is among them.
    Many(Vec<Found>),
}

impl Store {
    /// Looks up which threads have all of the words.
    pub(crate) async fn search(&self, workspace: WorkspaceId, words: &[Word]) -> Result<Search, StoreError> {
        let mut found = self.look_up(workspace, words, FIRST_LOOK).await?;
        if found.iter().all(|word| !word.is_complete) {
            found = self.look_up(workspace, words, SECOND_LOOK).await?;
        }
        let complete = found.iter().filter(|word| word.is_complete).map(|word| word.threads.clone());
        let Some(mut candidates) = complete.reduce(|all, word| &all & &word) else { return Ok(Search::Many(found)) };
        if candidates.len() > MAX_CANDIDATES {
            return Ok(Search::Many(found));
        }
        for word in found.iter().filter(|word| !word.is_complete) {
            candidates = self.with_word(workspace, word, candidates).await?;
        }
        Ok(Search::These(candidates))
    }

    async fn look_up(&self, workspace: WorkspaceId, words: &[Word], limit: i32) -> Result<Vec<Found>, StoreError> {
        try_join_all(words.iter().map(|word| self.threads_of_word(workspace, word, limit))).await
    }

    /// The threads of a word, newest first; those of the words that begin with it, in the order of the words.
    async fn threads_of_word(&self, workspace: WorkspaceId, word: &Word, limit: i32) -> Result<Found, StoreError> {
        let (entries, more) = self.entries_of_word(keys::words(workspace, &word.text), word, limit).await?;
        let (mut meanings, mut threads) = (BTreeSet::new(), BTreeSet::new());
        for (meaning, id) in entries.iter().filter_map(|entry| entry.split_once('#')) {
            if let Ok(thread) = id.parse() {
                meanings.insert(meaning.to_owned());
                threads.insert(thread);
            }
        }
        Ok(Found { meanings, threads, is_complete: !more })
    }

    /// Those of some threads that have the word.
    async fn with_word(
        &self,
        workspace: WorkspaceId,
        word: &Found,
        threads: BTreeSet<ThreadId>,
    ) -> Result<BTreeSet<ThreadId>, StoreError> {
        let unknown: Vec<ThreadId> = threads.difference(&word.threads).copied().collect();
        let mut having: BTreeSet<ThreadId> = &threads & &word.threads;
        if word.is_complete || unknown.is_empty() {
            return Ok(having);
        }
        let entries: Vec<_> = word
            .meanings
            .iter()
            .take(MAX_MEANINGS)
            .flat_map(|meaning| unknown.iter().map(|thread| keys::word_of_thread(workspace, meaning, *thread)))
            .collect();
        for item in self.batch_get_for_list(&entries).await? {
            let id = item.get(keys::SK).and_then(|sk| sk.as_s().ok()).and_then(|sk| sk.split_once('#'));
            having.extend(id.and_then(|(_, id)| id.parse::<ThreadId>().ok()));
        }
        Ok(having)
    }

    /// Those of some threads that have all of the words.
    pub(crate) async fn with_words(
        &self,
        workspace: WorkspaceId,
        words: &[Found],
        threads: Vec<Thread>,
    ) -> Result<Vec<Thread>, StoreError> {
        let mut having: BTreeSet<ThreadId> = threads.iter().map(|thread| thread.id).collect();
        for word in words {
            having = self.with_word(workspace, word, having).await?;
        }
        Ok(threads.into_iter().filter(|thread| having.contains(&thread.id)).collect())
    }

    /// Threads by id, as lists see them, in no order, each once; in place of one that became part of another, the other.
    pub(crate) async fn threads_for_list(
        &self,
        workspace: WorkspaceId,
        ids: impl IntoIterator<Item = ThreadId>,
    ) -> Result<Vec<Thread>, StoreError> {
        /// A thread is merged into an older one, so that this ends; it is a bound should a stored one be damaged.
        const MAX_STEPS: usize = 8;
        let mut wanted: BTreeSet<ThreadId> = ids.into_iter().collect();
        let mut known = wanted.clone();
        let mut threads = Vec::with_capacity(wanted.len());
        for _ in 0..MAX_STEPS {
            let keys: Vec<_> = wanted.iter().map(|id| keys::thread(workspace, id.family())).collect();
            wanted.clear();
            for item in self.batch_get_for_list(&keys).await? {
                let Row { value: thread, .. } = row::<Thread>(item)?;
                match thread.merged_into {
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
