//! Lists: each reads one partition of one index, newest first, and just as far as it must.

use aws_sdk_dynamodb::{
    operation::query::{QueryInput, QueryOutput},
    types::{AttributeValue, Select},
};
use std::collections::HashMap;

use actionlayer_domain::{Draft, DraftStatus, IdentityId, ThreadId, WorkspaceId};

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

impl PageRequest {
    /// A place that the table refuses to go on from was not one of ours, however much the cursor looked like it.
    pub(crate) fn blame_cursor<T>(
        &self,
        answer: Result<Result<T, InvalidCursor>, StoreError>,
    ) -> Result<Result<T, InvalidCursor>, StoreError> {
        match answer {
            Err(StoreError::Refused { code, .. }) if self.cursor.is_some() && code == "ValidationException" => {
                Ok(Err(InvalidCursor))
            }
            answer => answer,
        }
    }
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

/// Where something remains to be filtered, the first page is this many items, if the answer is not to be longer: most
/// filters leave enough of them.
const FIRST_FILTERED_PAGE: usize = 200;
/// And then so many pages of 1 MB are read at most, for an answer and for a total. What was not found by then is left to
/// the next cursor.
const MAX_FILTERED_PAGES: usize = 4;

/// A partition of an index (or of the table itself) with what remains to be filtered in it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Listing {
    pub(crate) index: Option<Index>,
    pub(crate) pk: String,
    /// Sort keys begin so.
    pub(crate) prefix: Option<&'static str>,
    /// Sort keys lie between these two, both included. Not together with a prefix.
    pub(crate) range: Option<(String, String)>,
    /// Attributes of the entity and the value each must have.
    pub(crate) equal: Vec<(&'static str, AttributeValue)>,
    /// What counts it, if anything does.
    pub(crate) total: Option<TotalsKey>,
}

impl Listing {
    /// Names the list for its cursors.
    fn name(&self) -> String {
        format!("{:?}{}{:?}{:?}{:?}", self.index, self.pk, self.prefix, self.range, self.equal)
    }
}

/// What was read of a list.
struct Reading {
    items: Vec<Item>,
    /// Where it would go on, when reading ended before the list did.
    rest: Option<Item>,
}

fn draft_listing(workspace: WorkspaceId, filter: &DraftFilter) -> Listing {
    let DraftFilter { thread_id, status, identity_id } = *filter;
    let by_identity = |id: IdentityId| ("identity_id", s(id.to_string()));
    let by_status = |status: DraftStatus| ("status", s(status.as_str()));
    let mut equal: Vec<_> = status.map(by_status).into_iter().chain(identity_id.map(by_identity)).collect();
    if let Some(thread) = thread_id {
        // The drafts of a thread lie beside it: the table itself is the index.
        let pk = keys::family_pk(workspace, thread.family());
        return Listing { pk, prefix: Some("2#draft#"), equal, ..Listing::default() };
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
    Listing { index: Some(index), pk, equal, total, ..Listing::default() }
}

impl Store {
    /// Drafts, newest first, without their bodies.
    pub async fn list_drafts(
        &self,
        workspace: WorkspaceId,
        filter: &DraftFilter,
        page: &PageRequest,
    ) -> Result<Result<Page<Draft>, InvalidCursor>, StoreError> {
        self.list(workspace, &draft_listing(workspace, filter), page).await
    }

    pub(crate) async fn list<T: Record>(
        &self,
        workspace: WorkspaceId,
        listing: &Listing,
        request: &PageRequest,
    ) -> Result<Result<Page<T>, InvalidCursor>, StoreError> {
        request.blame_cursor(self.page_of(workspace, listing, request).await)
    }

    async fn page_of<T: Record>(
        &self,
        workspace: WorkspaceId,
        listing: &Listing,
        request: &PageRequest,
    ) -> Result<Result<Page<T>, InvalidCursor>, StoreError> {
        let name = listing.name();
        let cursor = match &request.cursor {
            None => None,
            Some(text) => match Cursor::decode(text, &name, &keys::workspace_pk(workspace)) {
                Ok(cursor) => Some(cursor),
                Err(invalid) => return Ok(Err(invalid)),
            },
        };
        let from_start = cursor.is_none();
        let skip = cursor.as_ref().map_or(request.offset, |cursor| cursor.skip) as usize;
        let wanted = skip + request.limit as usize;
        // Asked for together, so that the counter costs no waiting.
        let counter = async {
            match listing.total {
                Some(key) => self.total(workspace, key).await.map(Some),
                None => Ok(None),
            }
        };
        // One more than wanted tells whether there is a next page.
        let from = cursor.map(|cursor| start_key(listing, &cursor));
        let (reading, counter) = tokio::try_join!(self.read_listing(listing, wanted + 1, from), counter)?;
        let Reading { items: mut found, rest } = reading;
        let next = if found.len() > wanted {
            found.truncate(wanted);
            found.last().map(|last| cursor_of(listing, last, 0))
        } else {
            let left = u32::try_from(skip.saturating_sub(found.len())).unwrap_or(u32::MAX);
            rest.map(|last| cursor_of(listing, &last, left))
        };
        let next_cursor = next.map(|cursor| cursor.encode(&name));
        let seen = found.len() as u64;
        let items = found
            .into_iter()
            .skip(skip)
            .map(|item| row::<T>(item).map(|row| row.value))
            .collect::<Result<Vec<_>, _>>()?;
        let more = next_cursor.is_some();
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

    /// The first `wanted` items of a listing, or all if it has fewer, and perhaps some more; or those of as much of it as
    /// may be read for one answer.
    async fn read_listing(
        &self,
        listing: &Listing,
        wanted: usize,
        mut from: Option<Item>,
    ) -> Result<Reading, StoreError> {
        let mut items: Vec<Item> = Vec::with_capacity(wanted);
        for page in 0.. {
            let limit = match (listing.equal.is_empty(), page) {
                (true, _) => Some(wanted - items.len()),
                (false, 0) => Some(wanted.max(FIRST_FILTERED_PAGE)),
                (false, _) => None,
            };
            let limit = limit.map(|limit| i32::try_from(limit).unwrap_or(i32::MAX));
            let answer = self.query_listing(listing, limit, from.take(), None).await?;
            items.extend(answer.items.unwrap_or_default());
            from = answer.last_evaluated_key;
            let read_enough = !listing.equal.is_empty() && page == MAX_FILTERED_PAGES;
            if from.is_none() || items.len() >= wanted || read_enough {
                break;
            }
        }
        Ok(Reading { items, rest: from })
    }

    /// Counts a listing up to [`TOTAL_CAP`], or as far as may be read for one answer.
    async fn count(&self, listing: &Listing) -> Result<(u64, bool), StoreError> {
        let mut count = 0;
        let mut from = None;
        for _ in 0..MAX_FILTERED_PAGES {
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
        Ok((count, true))
    }

    pub(crate) async fn query_listing(
        &self,
        listing: &Listing,
        limit: Option<i32>,
        from: Option<Item>,
        select: Option<Select>,
    ) -> Result<QueryOutput, StoreError> {
        let mut names = HashMap::from([("#pk".to_owned(), listing.index.map_or(keys::PK, Index::pk).to_owned())]);
        let mut values = Item::from([(":pk".to_owned(), s(&listing.pk))]);
        let mut condition = "#pk = :pk".to_owned();
        if let Some(prefix) = listing.prefix {
            condition.push_str(" AND begins_with(#sk, :prefix)");
            names.insert("#sk".to_owned(), listing.index.map_or(keys::SK, Index::sk).to_owned());
            values.insert(":prefix".to_owned(), s(prefix));
        }
        if let Some((first, last)) = &listing.range {
            condition.push_str(" AND #sk BETWEEN :first AND :last");
            names.insert("#sk".to_owned(), listing.index.map_or(keys::SK, Index::sk).to_owned());
            values.insert(":first".to_owned(), s(first));
            values.insert(":last".to_owned(), s(last));
        }
        let mut filters = Vec::new();
        for (i, (name, value)) in listing.equal.iter().enumerate() {
            names.insert("#data".to_owned(), keys::DATA.to_owned());
            names.insert(format!("#f{i}"), (*name).to_owned());
            values.insert(format!(":f{i}"), value.clone());
            filters.push(format!("#data.#f{i} = :f{i}"));
        }
        let query = QueryInput::builder()
            .set_index_name(listing.index.map(|index| index.name().to_owned()))
            .key_condition_expression(condition)
            .set_filter_expression((!filters.is_empty()).then(|| filters.join(" AND ")))
            .set_expression_attribute_names(Some(names))
            .set_expression_attribute_values(Some(values))
            .set_limit(limit)
            .set_exclusive_start_key(from)
            .set_select(select)
            .scan_index_forward(false);
        self.query(query).await
    }

    /// What falls due in a list of [`Index::Due`], earliest first, up to `before` (exclusive, a time's text).
    pub(crate) async fn due<T: Record>(&self, list: &str, before: &str, limit: i32) -> Result<Vec<T>, StoreError> {
        let query = QueryInput::builder()
            .index_name(Index::Due.name())
            .key_condition_expression("due_pk = :list AND due_sk < :before")
            .expression_attribute_values(":list", s(list))
            .expression_attribute_values(":before", s(before))
            .limit(limit);
        let answer = self.query(query).await?;
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

fn cursor_of(listing: &Listing, item: &Item, skip: u32) -> Cursor {
    let text = |name: &str| item.get(name).and_then(|value| value.as_s().ok()).cloned().unwrap_or_default();
    Cursor {
        pk: text(keys::PK),
        sk: text(keys::SK),
        position: listing.index.map_or_else(String::new, |i| text(i.sk())),
        skip,
    }
}
