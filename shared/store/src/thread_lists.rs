//! Lists of threads. Always in the order of their newest messages, whatever is asked for, so that a place in one is a time
//! and an id.
//!
//! A filter alone has a list of its own, which is read as far as it is given out. Of several, one list is read and the
//! rest is filtered; how much is read for one answer is bounded, and where it ended the next cursor goes on.

use aws_sdk_dynamodb::types::{AttributeValue, Select};

use actionlayer_domain::{IdentityId, Thread, ThreadId, Timestamp, WorkspaceId, search::Word, thread::ThreadStatus};

use crate::{
    Cursor, InvalidCursor, Page, PageRequest, Row, Store, StoreError, TotalsKey,
    keys::{self, Index},
    lists::{Listing, TOTAL_CAP},
    record::{Item, row, s},
    words::{Found, Search},
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
    /// A tag they have.
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

    /// The places in a list that the dates allow, both ends included; `None` when any.
    fn range(&self) -> Option<(String, String)> {
        let first = self.from.map(|from| from.to_string());
        // A tilde sorts behind every id, and behind every time.
        let last = self.to.map(|to| format!("{to}~"));
        (first.is_some() || last.is_some())
            .then(|| (first.unwrap_or_else(|| "0".to_owned()), last.unwrap_or_else(|| "~".to_owned())))
    }
}

/// Threads looked through for one answer, where one list cannot tell alone: read so many at a time, so many times. A
/// little more than the longest way an offset can ask for.
const PIECE: i32 = 100;
const MAX_PIECES: usize = 12;

/// A list that threads are read from.
#[derive(Debug)]
enum Source {
    /// An index of the table.
    Index(Listing),
    /// Entries: the threads with a tag, or those of a participant.
    Entries(String),
}

/// The list that asks for the least, and whether it answers the filter alone.
fn source(workspace: WorkspaceId, filter: &ThreadFilter) -> (Source, bool) {
    let ThreadFilter { needs_review, status, identity_id, contact, tag, words, .. } = filter;
    let asked = [needs_review.is_some(), status.is_some(), identity_id.is_some(), contact.is_some(), tag.is_some()];
    let is_alone = words.is_empty() && asked.into_iter().filter(|asked| *asked).count() == 1;
    match (contact, tag) {
        (Some(address), _) => (Source::Entries(keys::threads_with_participant(workspace, address)), is_alone),
        (None, Some(tag)) => (Source::Entries(keys::threads_with_tag(workspace, tag)), is_alone),
        (None, None) => {
            let listing = listing(workspace, filter);
            let is_alone = words.is_empty() && listing.equal.is_empty();
            (Source::Index(listing), is_alone)
        }
    }
}

fn listing(workspace: WorkspaceId, filter: &ThreadFilter) -> Listing {
    let ThreadFilter { needs_review, status, identity_id, .. } = *filter;
    let by_identity = |id: IdentityId| ("identity_id", s(id.to_string()));
    let by_status = |status: ThreadStatus| ("status", s(status.as_str()));
    let mut equal: Vec<_> = status.map(by_status).into_iter().chain(identity_id.map(by_identity)).collect();
    let by_review = |needs_review| ("needs_review", AttributeValue::Bool(needs_review));
    let (index, pk, total) = match (needs_review, status, identity_id) {
        // What needs review first: that is the fewest.
        (Some(true), _, _) | (Some(false), None, None) => {
            let needs_review = needs_review == Some(true);
            let pk = keys::threads_by_review(workspace, needs_review);
            (Index::Review, pk, TotalsKey::ThreadsByReview(needs_review))
        }
        (_, Some(status), _) => {
            equal.retain(|(name, _)| *name != "status");
            equal.extend(needs_review.map(by_review));
            (Index::State, keys::threads_with_status(workspace, status), TotalsKey::ThreadsWithStatus(status))
        }
        (_, None, Some(id)) => {
            equal.clear();
            equal.extend(needs_review.map(by_review));
            (Index::Owner, keys::threads_of_identity(workspace, id), TotalsKey::ThreadsOfIdentity(id))
        }
        (None, None, None) => (Index::List, keys::threads(workspace), TotalsKey::Threads),
    };
    let range = filter.range();
    let total = (equal.is_empty() && range.is_none()).then_some(total);
    Listing { index: Some(index), pk, range, equal, total, ..Listing::default() }
}

/// Where a thread stands in every list of threads.
fn place(thread: &Thread) -> String {
    keys::by_time(thread.last_message_at, thread.id)
}

/// The thread that stands in such a place.
fn thread_at(place: &str) -> Option<ThreadId> {
    place.split_once('#')?.1.parse().ok()
}

/// A list, and what threads of it have to have besides.
#[derive(Debug)]
struct Sought<'a> {
    workspace: WorkspaceId,
    source: Source,
    filter: &'a ThreadFilter,
    words: Vec<Found>,
}

/// What was found, and where looking ended before the list did.
#[derive(Debug, Default)]
struct Walk {
    threads: Vec<Thread>,
    rest: Option<String>,
}

impl Store {
    /// Threads, newest message first.
    pub async fn list_threads(
        &self,
        workspace: WorkspaceId,
        filter: &ThreadFilter,
        request: &PageRequest,
    ) -> Result<Result<Page<Thread>, InvalidCursor>, StoreError> {
        let (source, is_alone) = source(workspace, filter);
        let source = match source {
            Source::Index(listing) if filter.words.is_empty() => return self.list(workspace, &listing, request).await,
            source => source,
        };
        request.blame_cursor(self.look_through(workspace, filter, source, is_alone, request).await)
    }

    async fn look_through(
        &self,
        workspace: WorkspaceId,
        filter: &ThreadFilter,
        source: Source,
        is_alone: bool,
        request: &PageRequest,
    ) -> Result<Result<Page<Thread>, InvalidCursor>, StoreError> {
        let name = format!("{}{filter:?}", keys::threads(workspace));
        let (after, skip) = match &request.cursor {
            None => (None, request.offset),
            Some(text) => match Cursor::decode(text, &name, &keys::workspace_pk(workspace)) {
                Ok(Cursor { position, skip, .. }) if thread_at(&position).is_some() => (Some(position), skip),
                Ok(_) | Err(InvalidCursor) => return Ok(Err(InvalidCursor)),
            },
        };
        let skip = skip as usize;
        let wanted = skip + request.limit as usize;
        let words = if filter.words.is_empty() {
            Vec::new()
        } else {
            match self.search(workspace, &filter.words).await? {
                Search::Many(words) => words,
                Search::These(ids) => {
                    let all = self.sorted(workspace, filter, ids).await?;
                    let total = (all.len() as u64, false);
                    let rest =
                        all.into_iter().filter(|thread| after.as_ref().is_none_or(|after| place(thread) < *after));
                    let walk = Walk { threads: rest.collect(), rest: None };
                    return Ok(Ok(page(workspace, &name, walk, skip, wanted, total)));
                }
            }
        };
        let sought = Sought { workspace, source, filter, words };
        let from_start = after.is_none();
        // What is counted by looking through it is looked through once, if the page is at its beginning.
        let walk = self.walk(&sought, after, if from_start && !is_alone { usize::MAX } else { wanted + 1 });
        let counted = async {
            match &sought.source {
                Source::Entries(list) if is_alone => self.count_entries(list, filter).await.map(Some),
                _ if !from_start => {
                    let walk = self.walk(&sought, None, usize::MAX).await?;
                    Ok(Some((walk.threads.len() as u64, walk.rest.is_some())))
                }
                _ => Ok(None),
            }
        };
        let (walk, counted) = tokio::try_join!(walk, counted)?;
        let seen = (walk.threads.len() as u64, walk.rest.is_some());
        let total = match counted {
            Some(counted) if !(from_start && !seen.1 && walk.threads.len() <= wanted) => counted,
            _ => seen,
        };
        Ok(Ok(page(workspace, &name, walk, skip, wanted, total)))
    }

    /// The threads of some ids that pass the filter, in order.
    async fn sorted(
        &self,
        workspace: WorkspaceId,
        filter: &ThreadFilter,
        ids: impl IntoIterator<Item = ThreadId>,
    ) -> Result<Vec<Thread>, StoreError> {
        let mut threads = self.threads_for_list(workspace, ids).await?;
        threads.retain(|thread| filter.takes(thread));
        threads.sort_by_cached_key(|thread| std::cmp::Reverse(place(thread)));
        Ok(threads)
    }

    /// Looks through a list from a place on, until as many are found as are wanted or as many were seen as may be.
    async fn walk(&self, sought: &Sought<'_>, after: Option<String>, wanted: usize) -> Result<Walk, StoreError> {
        let mut found = Walk { threads: Vec::new(), rest: after };
        for _ in 0..MAX_PIECES {
            let (mut threads, rest) = self.piece(sought, found.rest.take()).await?;
            threads.retain(|thread| sought.filter.takes(thread));
            found.threads.extend(self.with_words(sought.workspace, &sought.words, threads).await?);
            found.rest = rest;
            if found.rest.is_none() || found.threads.len() >= wanted {
                break;
            }
        }
        Ok(found)
    }

    /// The threads behind a place in a list, and where they end unless the list does.
    async fn piece(
        &self,
        sought: &Sought<'_>,
        after: Option<String>,
    ) -> Result<(Vec<Thread>, Option<String>), StoreError> {
        match &sought.source {
            Source::Index(listing) => {
                let from = after.and_then(|place| {
                    let keys::Key { pk, sk } = keys::thread(sought.workspace, thread_at(&place)?.family());
                    Some(start_of(listing.index, &listing.pk, place, Some((pk, sk))))
                });
                // What a list cannot tell alone is told by the threads themselves.
                let listing = Listing { equal: Vec::new(), ..listing.clone() };
                let answer = self.query_listing(&listing, Some(PIECE), from, None).await?;
                let place = listing.index.and_then(|index| answer.last_evaluated_key?.remove(index.sk()));
                let rows = answer
                    .items
                    .unwrap_or_default()
                    .into_iter()
                    .map(|item| row(item).map(|row: Row<Thread>| row.value));
                Ok((rows.collect::<Result<_, _>>()?, place.and_then(|place| place.as_s().ok().cloned())))
            }
            Source::Entries(list) => {
                let from = after.map(|place| start_of(None, list, place, None));
                let listing = Listing { pk: list.clone(), range: sought.filter.range(), ..Listing::default() };
                let answer = self.query_listing(&listing, Some(PIECE), from, None).await?;
                let place = |item: &Item| item.get(keys::SK)?.as_s().ok().cloned();
                let places: Vec<String> = answer.items().iter().filter_map(place).collect();
                let mut threads =
                    self.sorted(sought.workspace, sought.filter, places.iter().filter_map(|p| thread_at(p))).await?;
                // One that moved on in the meantime stands somewhere else.
                threads.retain(|thread| places.contains(&self::place(thread)));
                Ok((threads, answer.last_evaluated_key().and_then(place)))
            }
        }
    }

    /// How many threads are entered in a list, up to [`TOTAL_CAP`].
    async fn count_entries(&self, list: &str, filter: &ThreadFilter) -> Result<(u64, bool), StoreError> {
        let listing = Listing { pk: list.to_owned(), range: filter.range(), ..Listing::default() };
        let limit = i32::try_from(TOTAL_CAP).unwrap_or(i32::MAX);
        let answer = self.query_listing(&listing, Some(limit), None, Some(Select::Count)).await?;
        Ok((u64::try_from(answer.count).unwrap_or(0), answer.last_evaluated_key.is_some()))
    }
}

/// Where a query goes on behind a place.
fn start_of(index: Option<Index>, list: &str, place: String, key: Option<(String, String)>) -> Item {
    let mut start = Item::new();
    let (pk, sk) = index.map_or((keys::PK, keys::SK), |index| (index.pk(), index.sk()));
    if let Some((of_pk, of_sk)) = key {
        start.insert(keys::PK.to_owned(), s(of_pk));
        start.insert(keys::SK.to_owned(), s(of_sk));
    }
    start.insert(pk.to_owned(), s(list));
    start.insert(sk.to_owned(), s(place));
    start
}

/// The part of what was found that was asked for.
fn page(
    workspace: WorkspaceId,
    name: &str,
    walk: Walk,
    skip: usize,
    wanted: usize,
    (total, total_is_capped): (u64, bool),
) -> Page<Thread> {
    let Walk { mut threads, rest } = walk;
    let next = if threads.len() > wanted {
        threads.truncate(wanted);
        threads.last().map(|last| (place(last), 0))
    } else {
        let left = u32::try_from(skip.saturating_sub(threads.len())).unwrap_or(u32::MAX);
        rest.map(|rest| (rest, left))
    };
    let next_cursor = next.map(|(position, skip)| {
        let (pk, sk) = (keys::threads(workspace), String::new());
        Cursor { pk, sk, position, skip }.encode(name)
    });
    Page { items: threads.into_iter().skip(skip).collect(), total, total_is_capped, next_cursor }
}
