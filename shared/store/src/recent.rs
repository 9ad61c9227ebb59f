//! Lists of what is kept for a while only: read from the newest back to what has expired, over partitions by time.
//!
//! DynamoDB deletes what has expired when it gets to it, days later perhaps. Nobody is shown it in between: every sort key
//! is an id that sorts by time, and reading ends at the least id that is still alive.

use aws_sdk_dynamodb::{
    operation::query::{QueryInput, QueryOutput},
    types::{AttributeValue, Select},
};

use actionlayer_domain::WorkspaceId;

use crate::{
    Cursor, InvalidCursor, Page, PageRequest, Record, Store, StoreError,
    keys::{self, Index},
    lists::TOTAL_CAP,
    record::{Item, row, s},
};

/// Where something remains to be filtered, this many items are looked at in one request to the table,
const FILTERED_PAGE: usize = 250;
/// and this many for one answer. What was not found by then is left to the next cursor.
const MAX_LOOKED_AT: usize = 1_000;

/// A list over partitions by time.
#[derive(Debug)]
pub(crate) struct Recent {
    /// Names it for its cursors: the workspace, the kind and the filters, and nothing that changes with time.
    pub(crate) name: String,
    /// An index, or the table itself.
    pub(crate) index: Option<Index>,
    /// The partitions there, the newest first.
    pub(crate) partitions: Vec<String>,
    /// Sort keys that are less than this have expired.
    pub(crate) alive_from: String,
    /// An attribute of the entity and the value it must have.
    pub(crate) equal: Option<(&'static str, String)>,
}

impl Recent {
    fn cursor(&self, item: &Item) -> Cursor {
        let text = |name: &str| item.get(name).and_then(|value| value.as_s().ok()).cloned().unwrap_or_default();
        let position = text(self.index.map_or(keys::PK, Index::pk));
        Cursor { pk: text(keys::PK), sk: text(keys::SK), position, skip: 0 }
    }

    /// The partition that a cursor is in, and the key it names there.
    fn start(&self, cursor: &Cursor) -> Option<(usize, Item)> {
        let number = self.partitions.iter().position(|partition| *partition == cursor.position)?;
        if cursor.sk < self.alive_from {
            return None;
        }
        let mut key = Item::from([(keys::PK.to_owned(), s(&cursor.pk)), (keys::SK.to_owned(), s(&cursor.sk))]);
        if let Some(index) = self.index {
            key.insert(index.pk().to_owned(), s(&cursor.position));
            key.insert(index.sk().to_owned(), s(&cursor.sk));
        }
        Some((number, key))
    }
}

impl Store {
    /// A page of such a list.
    pub(crate) async fn recent<T: Record>(
        &self,
        workspace: WorkspaceId,
        list: &Recent,
        request: &PageRequest,
    ) -> Result<Result<Page<T>, InvalidCursor>, StoreError> {
        let nothing = Page { items: Vec::new(), total: 0, total_is_capped: false, next_cursor: None };
        let (from_start, skip, start) = match &request.cursor {
            None => (true, request.offset as usize, Some((0, None))),
            Some(text) => match Cursor::decode(text, &list.name, &keys::workspace_pk(workspace)) {
                Ok(cursor) => (false, 0, list.start(&cursor).map(|(number, key)| (number, Some(key)))),
                Err(invalid) => return Ok(Err(invalid)),
            },
        };
        // What a cursor led to has expired meanwhile, and all after it.
        let Some((number, key)) = start else { return Ok(Ok(nothing)) };
        let wanted = skip + request.limit as usize;
        // One more than wanted tells whether there is a next page.
        let (mut found, rest) = self.read_recent(list, number, key, wanted + 1).await?;
        let next = if found.len() > wanted {
            found.truncate(wanted);
            found.last().map(|last| list.cursor(last))
        } else {
            rest.map(|last| list.cursor(&last))
        };
        let next_cursor = next.map(|cursor| cursor.encode(&list.name));
        let seen = found.len() as u64;
        let items = found.into_iter().skip(skip).map(|item| row(item).map(|row| row.value));
        let items = items.collect::<Result<Vec<T>, _>>()?;
        let (total, total_is_capped) = if from_start && next_cursor.is_none() {
            // The whole list was read.
            (seen, false)
        } else {
            let (counted, capped) = self.count_recent(list).await?;
            (counted.max(seen), capped)
        };
        Ok(Ok(Page { items, total, total_is_capped, next_cursor }))
    }

    /// The first `wanted` items from a place on, and perhaps some more; and where to go on, when as much was looked at as
    /// may be for one answer.
    async fn read_recent(
        &self,
        list: &Recent,
        first: usize,
        mut from: Option<Item>,
        wanted: usize,
    ) -> Result<(Vec<Item>, Option<Item>), StoreError> {
        let mut found = Vec::with_capacity(wanted);
        let mut looked_at = 0;
        for partition in list.partitions.iter().skip(first) {
            loop {
                let limit = if list.equal.is_some() { FILTERED_PAGE } else { wanted - found.len() };
                let answer = self.query_recent(list, partition, limit, from.take(), None).await?;
                looked_at += usize::try_from(answer.scanned_count).unwrap_or(0);
                found.extend(answer.items.unwrap_or_default());
                from = answer.last_evaluated_key;
                if found.len() >= wanted {
                    return Ok((found, None));
                }
                if from.is_none() {
                    break;
                }
                if list.equal.is_some() && looked_at >= MAX_LOOKED_AT {
                    return Ok((found, from));
                }
            }
        }
        Ok((found, None))
    }

    /// How many the list has, as far as [`TOTAL_CAP`] items show.
    async fn count_recent(&self, list: &Recent) -> Result<(u64, bool), StoreError> {
        let (mut count, mut looked_at) = (0, 0);
        for partition in &list.partitions {
            let mut from = None;
            loop {
                let limit = usize::try_from(TOTAL_CAP - looked_at).unwrap_or(usize::MAX);
                let answer = self.query_recent(list, partition, limit, from, Some(Select::Count)).await?;
                count += u64::try_from(answer.count).unwrap_or(0);
                looked_at += u64::try_from(answer.scanned_count).unwrap_or(0);
                from = answer.last_evaluated_key;
                if looked_at >= TOTAL_CAP {
                    return Ok((count, true));
                }
                if from.is_none() {
                    break;
                }
            }
        }
        Ok((count, false))
    }

    async fn query_recent(
        &self,
        list: &Recent,
        partition: &str,
        limit: usize,
        from: Option<Item>,
        select: Option<Select>,
    ) -> Result<QueryOutput, StoreError> {
        let mut query = QueryInput::builder()
            .set_index_name(list.index.map(|index| index.name().to_owned()))
            .key_condition_expression("#pk = :pk AND #sk >= :alive_from")
            .expression_attribute_names("#pk", list.index.map_or(keys::PK, Index::pk))
            .expression_attribute_names("#sk", list.index.map_or(keys::SK, Index::sk))
            .expression_attribute_values(":pk", s(partition))
            .expression_attribute_values(":alive_from", s(&list.alive_from))
            .limit(i32::try_from(limit).unwrap_or(i32::MAX))
            .set_exclusive_start_key(from)
            .set_select(select)
            .scan_index_forward(false);
        if let Some((name, value)) = &list.equal {
            query = query
                .filter_expression("#data.#equal = :equal")
                .expression_attribute_names("#data", keys::DATA)
                .expression_attribute_names("#equal", *name)
                .expression_attribute_values(":equal", AttributeValue::S(value.clone()));
        }
        self.query(query).await
    }
}
