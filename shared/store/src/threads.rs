//! Lists of threads. Always in the order of their newest messages, whatever is asked for, so that a place in one is a time
//! and an id.
//!
//! A filter alone has a list of its own, which is read as far as it is given out. Of several, the one that asks for the least
//! is read and the rest is filtered.

use std::collections::BTreeSet;

use actionlayer_domain::{
    Family, IdentityId, Message, Thread, ThreadId, Timestamp, WorkspaceId, search::Word, thread::ThreadStatus,
};
use futures_util::FutureExt as _;

use crate::{
    Page, PageRequest, Row, Store, StoreError,
    counted::TotalsKey,
    keys::{self, Index},
    list::List,
    words::Search,
};

/// Which threads. A filter that is not set asks nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ThreadFilter {
    /// Whether they need review.
    pub needs_review: Option<bool>,
    /// Whose turn it is.
    pub status: Option<ThreadStatus>,
    /// Whose threads.
    pub identity_id: Option<IdentityId>,
    /// Who takes part: an address, folded.
    pub contact: Option<String>,
    pub tag: Option<String>,
    /// Their newest message is not older.
    pub from: Option<Timestamp>,
    /// Their newest message is not newer.
    pub to: Option<Timestamp>,
    /// Words they have, all of them.
    pub words: Vec<Word>,
}

impl ThreadFilter {
    /// Whether a thread passes. Words are not looked at.
    pub fn takes(&self, thread: &Thread) -> bool {
        let Self { needs_review, status, identity_id, contact, tag, from, to, words: _ } = self;
        thread.merged_into.is_none()
            && needs_review.is_none_or(|needs_review| thread.needs_review == needs_review)
            && status.is_none_or(|status| thread.status == status)
            && identity_id.is_none_or(|id| thread.identity_id == id)
            && contact.as_ref().is_none_or(|contact| thread.participants().any(|address| address == *contact))
            && tag.as_ref().is_none_or(|tag| thread.tags.contains(tag))
            && from.is_none_or(|from| from <= thread.last_message_at)
            && to.is_none_or(|to| thread.last_message_at <= to)
    }

    /// How many filters there are beside the dates.
    fn count(&self) -> usize {
        let Self { needs_review, status, identity_id, contact, tag, words, from: _, to: _ } = self;
        let asked = [needs_review.is_some(), status.is_some(), identity_id.is_some(), contact.is_some(), tag.is_some()];
        asked.into_iter().chain([!words.is_empty()]).filter(|asked| *asked).count()
    }
}

/// The thread that stands in such a place.
fn thread_at(place: &str) -> Option<ThreadId> {
    place.split_once('#')?.1.parse().ok()
}

impl Store {
    /// Threads, newest message first.
    pub async fn list_threads(
        &self,
        workspace: WorkspaceId,
        filter: &ThreadFilter,
        page: &PageRequest,
    ) -> Result<Page<Thread>, StoreError> {
        let threads = self.newest_first::<Thread>(workspace, filter);
        let found = match filter.words.as_slice() {
            [] => None,
            words => Some(self.search(workspace, words).await?),
        };
        let threads = match found {
            Some(Search::These(ids)) => threads.these(self.threads_for_list(workspace, ids).await?),
            Some(Search::Many(families)) => {
                let threads = self.listed_with(threads, workspace, filter);
                let takes = move |thread: &Thread| families.contains(&thread.id.family()) && filter.takes(thread);
                return threads.that(takes).page(page).await;
            }
            None => self.listed_with(threads, workspace, filter),
        };
        // A list that one filter made needs no other look.
        let threads = match (filter.count(), filter.words.is_empty()) {
            (0 | 1, true) => threads,
            _ => threads.that(|thread| filter.takes(thread)),
        };
        threads.page(page).await
    }

    /// The list that asks for the least.
    fn listed_with<'a>(
        &'a self,
        threads: List<'a, Thread>,
        workspace: WorkspaceId,
        filter: &ThreadFilter,
    ) -> List<'a, Thread> {
        let ThreadFilter { needs_review, status, identity_id, contact, tag, from, to, words: _ } = filter;
        let fetch = move |places| self.threads_at(workspace, places).boxed();
        let partitions = |status: Option<ThreadStatus>, needs_review: Option<bool>| {
            let statuses = ThreadStatus::ALL.into_iter().filter(move |of| status.is_none_or(|status| status == *of));
            let states = statuses.flat_map(|status| [(status, true), (status, false)]);
            let states =
                states.filter(move |(_, review)| needs_review.is_none_or(|needs_review| needs_review == *review));
            states.map(|(status, needs_review)| keys::threads_in_state(workspace, status, needs_review)).collect()
        };
        let threads = match (contact, tag, needs_review, status, identity_id) {
            (Some(address), ..) => threads.entered_in(keys::threads_with_participant(workspace, address), fetch),
            (None, Some(tag), ..) => threads.entered_in(keys::threads_with_tag(workspace, tag), fetch),
            (None, None, Some(needs_review), None, None) => threads
                .in_index_all(Index::State, partitions(None, Some(*needs_review)))
                .counted_by(TotalsKey::ThreadsByReview(*needs_review)),
            // What needs review is seldom much; what does not, is more than one identity has.
            (None, None, Some(true), None, Some(_)) => threads.in_index_all(Index::State, partitions(None, Some(true))),
            (None, None, needs_review, Some(status), _) => threads
                .in_index_all(Index::State, partitions(Some(*status), *needs_review))
                .counted_by(TotalsKey::ThreadsWithStatus(*status)),
            (None, None, _, None, Some(id)) => threads
                .in_index(Index::Owner, keys::threads_of_identity(workspace, *id))
                .counted_by(TotalsKey::ThreadsOfIdentity(*id)),
            (None, None, None, None, None) => {
                threads.in_index(Index::List, keys::threads(workspace)).counted_by(TotalsKey::Threads)
            }
        };
        // A place is a time and an id; a tilde sorts behind every id.
        match (from, to) {
            (None, None) => threads,
            (Some(from), None) => threads.uncounted().since(from.to_string()),
            (None, Some(to)) => threads.uncounted().until(format!("{to}~")),
            (Some(from), Some(to)) => threads.uncounted().since(from.to_string()).until(format!("{to}~")),
        }
    }

    /// The threads that still stand in these places.
    async fn threads_at(&self, workspace: WorkspaceId, places: Vec<String>) -> Result<Vec<Row<Thread>>, StoreError> {
        let mut threads = self
            .threads_for_list(workspace, places.iter().filter_map(|place| Some(thread_at(place)?.family())))
            .await?;
        let places: BTreeSet<String> = places.into_iter().collect();
        threads.retain(|row| {
            let Thread { id, last_message_at, .. } = &row.value;
            places.contains(&keys::by_time(*last_message_at, id))
        });
        Ok(threads)
    }

    /// The messages of a conversation, newest first, from all the threads that turned out to be parts of it. The first
    /// family is that of the thread itself.
    pub async fn list_thread_messages(
        &self,
        workspace: WorkspaceId,
        families: &[Family],
        page: &PageRequest,
    ) -> Result<Page<Row<Message>>, StoreError> {
        // Ids are ordered by time, in whatever family they are.
        self.newest_first::<Message>(workspace, &families.first())
            .beside(families.iter().map(|family| keys::family_pk(workspace, *family)).collect(), keys::MESSAGE_PREFIX)
            .rows(page)
            .await
    }
}
