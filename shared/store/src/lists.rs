//! Lists: each reads one partition of one index, newest first, and just as far as it must.

use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity, Select};
use std::collections::HashMap;

use actionlayer_domain::{
    Draft, DraftStatus, IdentityId, Thread, ThreadId, WorkspaceId, contact::HeldInbound, thread::ThreadStatus,
};

use crate::{
    Cursor, InvalidCursor, Record, Row, Store, StoreError, TotalsKey,
    keys::{self, Index},
    record::{Item, row, s},
};

/// Which part of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageRequest {
    /// How many, 1 to 100.
    pub limit: u32,
    /// How many to pass over first, 0 to 1,000. Not used with a cursor.
    pub offset: u32,
    /// `next_cursor` of an earlier page.
    pub cursor: Option<String>,
}

/// A part of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Page<T> {
    /// The items, newest first.
    pub items: Vec<T>,
    /// How many the whole list has.
    pub total: u64,
    /// Whether `total` stopped counting at its bound.
    pub total_is_capped: bool,
    /// Where the list goes on, if it does.
    pub next_cursor: Option<String>,
}

/// Which threads. A filter that is `None` asks nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ThreadFilter {
    /// Whether they need review.
    pub needs_review: Option<bool>,
    /// Whose turn it is.
    pub status: Option<ThreadStatus>,
    /// Whose threads.
    pub identity_id: Option<IdentityId>,
}

/// Which drafts. A filter that is `None` asks nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DraftFilter {
    /// Of which thread.
    pub thread_id: Option<ThreadId>,
    /// Where they stand.
    pub status: Option<DraftStatus>,
    /// Sent as whom.
    pub identity_id: Option<IdentityId>,
}

/// Counting stops here for combinations of filters.
pub(crate) const TOTAL_CAP: u64 = 1_000;

/// A partition of an index (or of the table itself) with what remains to be filtered in it.
struct Listing {
    index: Option<Index>,
    pk: String,
    /// Sort keys begin so.
    prefix: Option<&'static str>,
    /// Attributes of the entity and the value each must have.
    equal: Vec<(&'static str, AttributeValue)>,
    total: Option<TotalsKey>,
}

impl Listing {
    /// Names the list for its cursors.
    fn name(&self) -> String {
        format!("{:?}{}{:?}{:?}", self.index, self.pk, self.prefix, self.equal)
    }
}

fn thread_listing(workspace: WorkspaceId, filter: &ThreadFilter) -> Listing {
    let ThreadFilter { needs_review, status, identity_id } = *filter;
    let by_identity = |id: IdentityId| ("identity_id", s(id.to_string()));
    let by_status = |status: ThreadStatus| ("status", s(status.as_str()));
    let mut equal: Vec<_> = status.map(by_status).into_iter().chain(identity_id.map(by_identity)).collect();
    let index = |index, pk| (Some(index), pk);
    let ((index, pk), total) = match (needs_review, status, identity_id) {
        // The sparse index first: it holds the fewest.
        (Some(true), _, _) => (index(Index::Review, keys::threads_to_review(workspace)), TotalsKey::ThreadsToReview),
        (_, Some(status), _) => {
            equal.retain(|(name, _)| *name != "status");
            (index(Index::State, keys::threads_with_status(workspace, status)), TotalsKey::ThreadsWithStatus(status))
        }
        (_, None, Some(id)) => {
            equal.clear();
            (index(Index::Owner, keys::threads_of_identity(workspace, id)), TotalsKey::ThreadsOfIdentity(id))
        }
        (_, None, None) => (index(Index::List, keys::threads(workspace)), TotalsKey::Threads),
    };
    if needs_review == Some(false) {
        equal.push(("needs_review", AttributeValue::Bool(false)));
    }
    let total = equal.is_empty().then_some(total);
    Listing { index, pk, prefix: None, equal, total }
}

fn draft_listing(workspace: WorkspaceId, filter: &DraftFilter) -> Listing {
    let DraftFilter { thread_id, status, identity_id } = *filter;
    let by_identity = |id: IdentityId| ("identity_id", s(id.to_string()));
    let by_status = |status: DraftStatus| ("status", s(status.as_str()));
    let mut equal: Vec<_> = status.map(by_status).into_iter().chain(identity_id.map(by_identity)).collect();
    if let Some(thread) = thread_id {
        // The drafts of a thread lie beside it: the table itself is the index.
        let pk = keys::family_pk(workspace, thread.family());
        return Listing { index: None, pk, prefix: Some("2#draft#"), equal, total: None };
    }
    let (index, pk, total) = match (status, identity_id) {
        (Some(status), _) => {
            equal.retain(|(name, _)| *name != "status");
            (Index::State, keys::drafts_with_status(workspace, status), TotalsKey::DraftsWithStatus(status))
        }
        (None, Some(id)) => {
            equal.clear();
            (Index::Owner, keys::drafts_of_identity(workspace, id), TotalsKey::DraftsOfIdentity(id))
        }
        (None, None) => (Index::List, keys::drafts(workspace), TotalsKey::Drafts),
    };
    let total = equal.is_empty().then_some(total);
    Listing { index: Some(index), pk, prefix: None, equal, total }
}

impl Store {
    /// Threads, newest message first.
    pub async fn list_threads(
        &self,
        workspace: WorkspaceId,
        filter: &ThreadFilter,
        page: &PageRequest,
    ) -> Result<Result<Page<Thread>, InvalidCursor>, StoreError> {
        self.list(workspace, &thread_listing(workspace, filter), page).await
    }

    /// Drafts, newest first, without their bodies.
    pub async fn list_drafts(
        &self,
        workspace: WorkspaceId,
        filter: &DraftFilter,
        page: &PageRequest,
    ) -> Result<Result<Page<Draft>, InvalidCursor>, StoreError> {
        self.list(workspace, &draft_listing(workspace, filter), page).await
    }

    /// Held mail, newest first.
    pub async fn list_held(
        &self,
        workspace: WorkspaceId,
        page: &PageRequest,
    ) -> Result<Result<Page<HeldInbound>, InvalidCursor>, StoreError> {
        let listing =
            Listing { index: None, pk: keys::held_pk(workspace), prefix: None, equal: Vec::new(), total: None };
        self.list(workspace, &listing, page).await
    }

    async fn list<T: Record>(
        &self,
        workspace: WorkspaceId,
        listing: &Listing,
        request: &PageRequest,
    ) -> Result<Result<Page<T>, InvalidCursor>, StoreError> {
        let name = listing.name();
        let start = match &request.cursor {
            None => None,
            Some(text) => match Cursor::decode(text, &name, &keys::workspace_pk(workspace)) {
                Ok(cursor) => Some(cursor),
                Err(invalid) => return Ok(Err(invalid)),
            },
        };
        let from_start = start.is_none();
        let skip = if from_start { request.offset as usize } else { 0 };
        let wanted = skip + request.limit as usize;
        // Asked for together, so that the counter costs no waiting.
        let counter = async {
            match listing.total {
                Some(key) => self.total(workspace, key).await.map(Some),
                None => Ok(None),
            }
        };
        // One more than wanted tells whether there is a next page.
        let from = start.map(|cursor| start_key(listing, &cursor));
        let (mut found, counter) = tokio::try_join!(self.read_listing(listing, wanted + 1, from), counter)?;
        let more = found.len() > wanted;
        found.truncate(wanted);
        let next_cursor = if more { found.last().map(|last| cursor_of(listing, last).encode(&name)) } else { None };
        let seen = found.len() as u64;
        let items = found
            .into_iter()
            .skip(skip)
            .map(|item| row::<T>(item).map(|row| row.value))
            .collect::<Result<Vec<_>, _>>()?;
        let (total, total_is_capped) = if from_start && !more {
            // The whole list was read: no counter can know better.
            (seen, false)
        } else {
            match counter {
                // The counters follow the stream by moments; what was just seen is the least there can be.
                Some(counter) => (counter.max(seen + u64::from(more)), false),
                None => self.count(listing).await?,
            }
        };
        Ok(Ok(Page { items, total, total_is_capped, next_cursor }))
    }

    /// The first `wanted` items of a listing, or all if it has fewer, and perhaps some more.
    async fn read_listing(
        &self,
        listing: &Listing,
        wanted: usize,
        mut from: Option<Item>,
    ) -> Result<Vec<Item>, StoreError> {
        let mut found: Vec<Item> = Vec::with_capacity(wanted);
        loop {
            let still = i32::try_from(wanted - found.len()).unwrap_or(i32::MAX);
            let answer = self.query_listing(listing, Some(still), from.take(), None).await?;
            found.extend(answer.items.unwrap_or_default());
            from = answer.last_evaluated_key;
            if from.is_none() || found.len() >= wanted {
                return Ok(found);
            }
        }
    }

    /// Counts a listing up to [`TOTAL_CAP`].
    async fn count(&self, listing: &Listing) -> Result<(u64, bool), StoreError> {
        let mut count = 0;
        let mut from = None;
        loop {
            let answer = self.query_listing(listing, None, from, Some(Select::Count)).await?;
            count += u64::try_from(answer.count).unwrap_or(0);
            from = answer.last_evaluated_key;
            if count >= TOTAL_CAP {
                return Ok((TOTAL_CAP, true));
            }
            if from.is_none() {
                return Ok((count, false));
            }
        }
    }

    async fn query_listing(
        &self,
        listing: &Listing,
        limit: Option<i32>,
        from: Option<Item>,
        select: Option<Select>,
    ) -> Result<aws_sdk_dynamodb::operation::query::QueryOutput, StoreError> {
        let mut names = HashMap::from([("#pk".to_owned(), listing.index.map_or(keys::PK, Index::pk).to_owned())]);
        let mut values = Item::from([(":pk".to_owned(), s(&listing.pk))]);
        let mut condition = "#pk = :pk".to_owned();
        if let Some(prefix) = listing.prefix {
            condition.push_str(" AND begins_with(#sk, :prefix)");
            names.insert("#sk".to_owned(), listing.index.map_or(keys::SK, Index::sk).to_owned());
            values.insert(":prefix".to_owned(), s(prefix));
        }
        let mut filters = Vec::new();
        for (i, (name, value)) in listing.equal.iter().enumerate() {
            names.insert("#data".to_owned(), keys::DATA.to_owned());
            names.insert(format!("#f{i}"), (*name).to_owned());
            values.insert(format!(":f{i}"), value.clone());
            filters.push(format!("#data.#f{i} = :f{i}"));
        }
        let trip = self.meter.trip();
        let answer = self
            .dynamodb
            .query()
            .table_name(&self.table)
            .set_index_name(listing.index.map(|index| index.name().to_owned()))
            .key_condition_expression(condition)
            .set_filter_expression((!filters.is_empty()).then(|| filters.join(" AND ")))
            .set_expression_attribute_names(Some(names))
            .set_expression_attribute_values(Some(values))
            .set_limit(limit.filter(|_| filters.is_empty()))
            .set_exclusive_start_key(from)
            .set_select(select)
            .scan_index_forward(false)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map_err(|e| StoreError::dynamodb(&e))?;
        trip.read(answer.consumed_capacity());
        Ok(answer)
    }

    /// What falls due in a list of [`Index::Due`], earliest first, up to `before` (exclusive, a time's text).
    pub(crate) async fn due<T: Record>(&self, list: &str, before: &str, limit: i32) -> Result<Vec<T>, StoreError> {
        let trip = self.meter.trip();
        let answer = self
            .dynamodb
            .query()
            .table_name(&self.table)
            .index_name(Index::Due.name())
            .key_condition_expression("due_pk = :list AND due_sk < :before")
            .expression_attribute_values(":list", s(list))
            .expression_attribute_values(":before", s(before))
            .limit(limit)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map_err(|e| StoreError::dynamodb(&e))?;
        trip.read(answer.consumed_capacity());
        answer.items.unwrap_or_default().into_iter().map(|item| row(item).map(|row: Row<T>| row.value)).collect()
    }
}

fn start_key(listing: &Listing, cursor: &Cursor) -> Item {
    let mut key = Item::from([(keys::PK.to_owned(), s(&cursor.pk)), (keys::SK.to_owned(), s(&cursor.sk))]);
    if let Some(index) = listing.index {
        key.insert(index.pk().to_owned(), s(&listing.pk));
        key.insert(index.sk().to_owned(), s(&cursor.position));
    }
    key
}

fn cursor_of(listing: &Listing, item: &Item) -> Cursor {
    let text = |name: &str| item.get(name).and_then(|value| value.as_s().ok()).cloned().unwrap_or_default();
    Cursor {
        pk: text(keys::PK),
        sk: text(keys::SK),
        position: listing.index.map_or_else(String::new, |i| text(i.sk())),
    }
}
