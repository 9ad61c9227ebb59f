//! The one way a list is read.
//!
//! A list is newest first. It says where it is read ([`List::in_index`], [`List::beside`], [`List::entered_in`],
//! [`List::these`]), what of that is asked for ([`List::that`]) and who counts it ([`List::counted_by`]);
//! [`List::page`] reads as much as was asked for, and never more than a bound.
//!
//! Every item has a **place**: the text that it is sorted by, unique in its list. A cursor is the place of the last item that
//! was given out, so that pages neither skip nor repeat what stands still, whatever else moves meanwhile, and whether that
//! item is still there or not.

mod page;

use std::fmt::Debug;

use actionlayer_domain::WorkspaceId;
use aws_sdk_dynamodb::{
    operation::query::{QueryInput, QueryOutput},
    types::Select,
};
use futures_util::future::{BoxFuture, try_join_all};

use crate::{
    Record, Row, Store, StoreError,
    counted::TotalsKey,
    keys::{self, Index},
    record::{Item, row, s},
};

pub use page::{Page, PageRequest};
use page::{Read, Start};

/// Counting by looking stops here.
pub(crate) const TOTAL_CAP: u64 = 1_000;
/// As many items are looked at for one answer: a little more than the longest way an offset can ask for. Where reading
/// ended, the next cursor goes on.
const MAX_LOOKED_AT: usize = 1_200;
/// Where something is left out and a counter knows the total, so many are looked at first: most filters leave enough.
const FIRST_FILTERED_PIECE: usize = 200;
/// Of several partitions that are looked through at least so many are read at once.
const LOOKED_THROUGH_AT_ONCE: usize = 250;
/// As many are fetched at once where a list has no more than their keys.
const FETCHED_AT_ONCE: usize = 250;

type Fetch<'a, T> = Box<dyn Fn(Vec<String>) -> BoxFuture<'a, Result<Vec<Row<T>>, StoreError>> + Send + Sync + 'a>;
type Keep<'a, T> = Box<dyn Fn(&T) -> bool + Send + Sync + 'a>;

/// Where a list is read.
enum Source<'a, T> {
    /// Partitions of an index or of the table, whose items are merged by their places.
    Partitions(Option<Index>, Vec<String>),
    /// Partitions that follow each other, the newest first, each with the least place it may hold.
    Periods(Option<Index>, Vec<(String, String)>),
    /// Entries of a partition, by which the items are fetched.
    Entries(String, Fetch<'a, T>),
    /// All that there is, newest first.
    These(Vec<Row<T>>),
}

/// A list that is being described.
#[must_use = "a list is read by `page`"]
pub(crate) struct List<'a, T> {
    store: &'a Store,
    workspace: WorkspaceId,
    name: String,
    source: Source<'a, T>,
    /// Places lie between these two, both included.
    first: String,
    last: String,
    keep: Option<Keep<'a, T>>,
    counter: Option<TotalsKey>,
}

impl Store {
    /// A list of a workspace. `filter` is all that tells it from other lists of the kind: its cursors open no other.
    pub(crate) fn newest_first<T: Record>(&self, workspace: WorkspaceId, filter: &impl Debug) -> List<'_, T> {
        List {
            store: self,
            workspace,
            name: format!("{workspace}#{}#{filter:?}", T::KIND),
            source: Source::These(Vec::new()),
            // Places begin with a digit or a letter.
            first: "0".to_owned(),
            last: "~".to_owned(),
            keep: None,
            counter: None,
        }
    }
}

impl<'a, T: Record> List<'a, T> {
    /// Reads a partition of an index.
    pub(crate) fn in_index(self, index: Index, partition: String) -> Self {
        self.in_index_all(index, vec![partition])
    }

    /// Reads partitions of an index as one list.
    pub(crate) fn in_index_all(mut self, index: Index, partitions: Vec<String>) -> Self {
        self.source = Source::Partitions(Some(index), partitions);
        self
    }

    /// Reads what begins alike in partitions of the table.
    pub(crate) fn beside(mut self, partitions: Vec<String>, prefix: &str) -> Self {
        self.source = Source::Partitions(None, partitions);
        prefix.clone_into(&mut self.first);
        self.last = format!("{prefix}~");
        self
    }

    /// Reads partitions that follow each other, the newest first, each with the least place it may hold.
    pub(crate) fn in_periods(mut self, index: Option<Index>, periods: Vec<(String, String)>) -> Self {
        self.source = Source::Periods(index, periods);
        self
    }

    /// Reads entries of a partition; `fetch` gives what still stands at some of them.
    pub(crate) fn entered_in(
        mut self,
        partition: String,
        fetch: impl Fn(Vec<String>) -> BoxFuture<'a, Result<Vec<Row<T>>, StoreError>> + Send + Sync + 'a,
    ) -> Self {
        self.source = Source::Entries(partition, Box::new(fetch));
        self
    }

    /// Is made of these, whatever their order.
    pub(crate) fn these(mut self, mut rows: Vec<Row<T>>) -> Self {
        rows.sort_by_cached_key(|row| std::cmp::Reverse(place_in(Some(Index::List), &row.value)));
        self.source = Source::These(rows);
        self
    }

    /// Not older than this place.
    pub(crate) fn since(mut self, place: String) -> Self {
        self.first = place;
        self
    }

    /// Not newer than this place.
    pub(crate) fn until(mut self, place: String) -> Self {
        self.last = place;
        self
    }

    /// Only those that pass. Whatever counted the list does not count them.
    pub(crate) fn that(mut self, passes: impl Fn(&T) -> bool + Send + Sync + 'a) -> Self {
        self.keep = Some(Box::new(passes));
        self.counter = None;
        self
    }

    /// The counter that knows how many there are.
    pub(crate) fn counted_by(mut self, counter: TotalsKey) -> Self {
        self.counter = Some(counter);
        self
    }

    /// Nobody has counted what is left of it.
    pub(crate) fn uncounted(mut self) -> Self {
        self.counter = None;
        self
    }

    /// A page of the entities.
    ///
    /// # Errors
    ///
    /// [`StoreError::InvalidCursor`], and what reading the table can end with.
    pub(crate) async fn page(self, request: &PageRequest) -> Result<Page<T>, StoreError> {
        Ok(self.rows(request).await?.map(|row| row.value))
    }

    /// A page of the entities with what belongs to their rows.
    pub(crate) async fn rows(mut self, request: &PageRequest) -> Result<Page<Row<T>>, StoreError> {
        let start = Start::of(request, &self.name)?;
        if let Source::These(rows) = &mut self.source {
            let mut items = std::mem::take(rows);
            items.retain(|row| self.keep.as_ref().is_none_or(|keep| keep(&row.value)));
            let total = (items.len() as u64, false);
            let place = |row: &Row<T>| place_in(Some(Index::List), &row.value);
            items.retain(|row| start.is_before(&place(row)));
            return Ok(Read { items, rest: None }.page(&self.name, &start, place, total));
        }
        let from_start = start.after.is_none();
        let (read, total) = if self.leaves_out() && self.counter.is_none() && from_start {
            // What is counted by looking is looked at once.
            let all = self.read(None, usize::MAX).await?;
            let total = looked(&all);
            (all, total)
        } else {
            // Beside the page where it is needed for sure, or was always: then it costs no waiting.
            let beside = self.counter.is_some() || !from_start || matches!(self.source, Source::Entries(..));
            let counted = async { if beside { self.count().await.map(Some) } else { Ok(None) } };
            let (read, counted) = tokio::try_join!(self.read(start.after.clone(), start.wanted + 1), counted)?;
            let is_whole = from_start && read.rest.is_none() && read.items.len() <= start.wanted;
            let total = match counted {
                // No counter can know better.
                _ if is_whole => (read.items.len() as u64, false),
                Some(counted) => counted,
                None => self.count().await?,
            };
            (read, total)
        };
        Ok(read.page(&self.name, &start, |row| self.place(&row.value), total))
    }

    fn leaves_out(&self) -> bool {
        self.keep.is_some()
    }

    /// Where an entity stands in this list.
    fn place(&self, value: &T) -> String {
        match &self.source {
            Source::Partitions(index, _) | Source::Periods(index, _) => place_in(*index, value),
            Source::Entries(..) | Source::These(_) => place_in(Some(Index::List), value),
        }
    }

    /// The first `wanted` items behind a place that pass, and perhaps some more; or those of as much of the list as may be
    /// looked at for one answer.
    async fn read(&self, after: Option<String>, wanted: usize) -> Result<Read<Row<T>>, StoreError> {
        let mut read = Read { items: Vec::new(), rest: after };
        let mut looked_at = 0;
        loop {
            let left = MAX_LOOKED_AT - looked_at;
            let limit = match (self.leaves_out(), self.counter) {
                (false, _) => left.min(wanted - read.items.len()),
                // Everything that is left is needed for the count.
                (true, None) => left,
                (true, Some(_)) => left.min(FIRST_FILTERED_PIECE.max(wanted)),
            };
            let (mut piece, seen) = self.piece(read.rest.as_deref(), limit).await?;
            looked_at += seen;
            if let Some(keep) = &self.keep {
                piece.items.retain(|row| keep(&row.value));
            }
            read.items.extend(piece.items);
            read.rest = piece.rest;
            if read.rest.is_none() || read.items.len() >= wanted || looked_at >= MAX_LOOKED_AT {
                return Ok(read);
            }
        }
    }

    /// The next items behind a place, about `limit` of them, and how many were looked at.
    async fn piece(&self, after: Option<&str>, limit: usize) -> Result<(Read<Row<T>>, usize), StoreError> {
        match &self.source {
            Source::These(_) => Ok((Read { items: Vec::new(), rest: None }, 0)),
            Source::Partitions(index, partitions) => {
                // All of a page may be in one of them; what is only looked through may come from each in turn.
                let share = limit.div_ceil(partitions.len().max(1)).max(LOOKED_THROUGH_AT_ONCE).min(limit);
                let each = if self.leaves_out() { share } else { limit };
                let pieces = partitions.iter().map(|partition| self.partition(*index, partition, after, each));
                let pieces: Vec<Read<Row<T>>> = try_join_all(pieces).await?;
                let seen = pieces.iter().map(|piece| piece.items.len()).sum();
                // What lies behind the place where any of them ended is not known yet.
                let rest = pieces.iter().filter_map(|piece| piece.rest.clone()).max();
                let mut items: Vec<Row<T>> = pieces.into_iter().flat_map(|piece| piece.items).collect();
                if partitions.len() > 1 {
                    items.retain(|row| rest.as_ref().is_none_or(|rest| self.place(&row.value) >= *rest));
                    items.sort_by_cached_key(|row| std::cmp::Reverse(self.place(&row.value)));
                }
                Ok((Read { items, rest }, seen))
            }
            Source::Periods(index, periods) => {
                let mut items = Vec::new();
                for (number, (partition, least)) in periods.iter().enumerate() {
                    if after.is_some_and(|after| after <= least.as_str()) {
                        continue;
                    }
                    let piece: Read<Row<T>> = self.partition(*index, partition, after, limit - items.len()).await?;
                    items.extend(piece.items);
                    let is_full = items.len() >= limit && number + 1 < periods.len();
                    let rest =
                        piece.rest.or_else(|| items.last().filter(|_| is_full).map(|row| self.place(&row.value)));
                    if rest.is_some() {
                        let seen = items.len();
                        return Ok((Read { items, rest }, seen));
                    }
                }
                let seen = items.len();
                Ok((Read { items, rest: None }, seen))
            }
            Source::Entries(partition, fetch) => {
                let answer = self.query(None, partition, after, Some(limit.min(FETCHED_AT_ONCE)), None).await?;
                let Some(answer) = answer else { return Ok((Read { items: Vec::new(), rest: None }, 0)) };
                let rest = answer.last_evaluated_key().and_then(|key| sort_key(key, None));
                let mut entries: Vec<String> = answer.items().iter().filter_map(|item| sort_key(item, None)).collect();
                entries.retain(|entry| after.is_none_or(|after| entry.as_str() < after));
                let seen = entries.len();
                let mut items = fetch(entries).await?;
                items.sort_by_cached_key(|row| std::cmp::Reverse(self.place(&row.value)));
                Ok((Read { items, rest }, seen))
            }
        }
    }

    /// The next `limit` items of a partition behind a place.
    async fn partition(
        &self,
        index: Option<Index>,
        partition: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Read<Row<T>>, StoreError> {
        let answer = self.query(index, partition, after, Some(limit), None).await?;
        let Some(answer) = answer else { return Ok(Read { items: Vec::new(), rest: None }) };
        let rest = answer.last_evaluated_key.as_ref().and_then(|key| sort_key(key, index));
        let mut items = Vec::with_capacity(answer.items.as_ref().map_or(0, Vec::len));
        for item in answer.items.unwrap_or_default() {
            if after.is_none_or(|after| sort_key(&item, index).is_some_and(|place| place.as_str() < after)) {
                items.push(row(item)?);
            }
        }
        Ok(Read { items, rest })
    }

    /// How many items the list has: by its counter, by counting up to [`TOTAL_CAP`], or, where something is left out, by
    /// looking at as many as may be for one answer.
    async fn count(&self) -> Result<(u64, bool), StoreError> {
        if let Some(counter) = self.counter {
            return Ok((self.store.total(self.workspace, counter).await?, false));
        }
        if self.leaves_out() {
            return Ok(looked(&self.read(None, usize::MAX).await?));
        }
        let partitions: Vec<(Option<Index>, &String)> = match &self.source {
            Source::Partitions(index, partitions) => partitions.iter().map(|partition| (*index, partition)).collect(),
            Source::Periods(index, periods) => periods.iter().map(|(partition, _)| (*index, partition)).collect(),
            Source::Entries(partition, _) => vec![(None, partition)],
            Source::These(rows) => return Ok((rows.len() as u64, false)),
        };
        let mut count = 0;
        for (index, partition) in partitions {
            let mut after: Option<String> = None;
            loop {
                let limit = usize::try_from(TOTAL_CAP - count).unwrap_or(usize::MAX);
                let answer = self.query(index, partition, after.as_deref(), Some(limit), Some(Select::Count)).await?;
                let Some(answer) = answer else { break };
                // The place it goes on behind comes along, and was counted.
                count += u64::try_from(answer.count).unwrap_or(0).saturating_sub(u64::from(after.is_some()));
                after = answer.last_evaluated_key.as_ref().and_then(|key| sort_key(key, index));
                if after.is_some() && count >= TOTAL_CAP {
                    return Ok((TOTAL_CAP, true));
                }
                if after.is_none() {
                    break;
                }
            }
        }
        Ok((count.min(TOTAL_CAP), count > TOTAL_CAP))
    }

    /// Asks a partition for what lies behind a place, that place itself included. `None` when nothing can lie there.
    async fn query(
        &self,
        index: Option<Index>,
        partition: &str,
        after: Option<&str>,
        limit: Option<usize>,
        select: Option<Select>,
    ) -> Result<Option<QueryOutput>, StoreError> {
        let last = after.map_or(self.last.as_str(), |after| after.min(self.last.as_str()));
        if last < self.first.as_str() {
            return Ok(None);
        }
        // One more, since the place itself comes along.
        let limit = limit.map(|limit| limit.saturating_add(usize::from(after.is_some())));
        let query = QueryInput::builder()
            .set_index_name(index.map(|index| index.name().to_owned()))
            .key_condition_expression("#pk = :pk AND #sk BETWEEN :first AND :last")
            .expression_attribute_names("#pk", index.map_or(keys::PK, Index::pk))
            .expression_attribute_names("#sk", index.map_or(keys::SK, Index::sk))
            .expression_attribute_values(":pk", s(partition))
            .expression_attribute_values(":first", s(&self.first))
            .expression_attribute_values(":last", s(last))
            .set_limit(limit.map(|limit| i32::try_from(limit).unwrap_or(i32::MAX)))
            .set_select(select)
            .scan_index_forward(false);
        self.store.query(query).await.map(Some)
    }
}

/// How many were found by looking, and whether that may not be all.
fn looked<T>(read: &Read<T>) -> (u64, bool) {
    match read.items.len() as u64 {
        count if count >= TOTAL_CAP => (TOTAL_CAP, true),
        count => (count, read.rest.is_some()),
    }
}

/// Where an entity stands in an index, or in the table.
fn place_in<T: Record>(index: Option<Index>, value: &T) -> String {
    match index {
        None => value.key().sk,
        Some(index) => {
            let entry = value.indexes().into_iter().find(|entry| entry.index == index);
            entry.map_or_else(String::new, |entry| entry.sk)
        }
    }
}

fn sort_key(item: &Item, index: Option<Index>) -> Option<String> {
    item.get(index.map_or(keys::SK, Index::sk))?.as_s().ok().cloned()
}
