//! How an entity becomes an item and comes back.

use aws_sdk_dynamodb::{
    operation::{get_item::GetItemInput, query::QueryInput},
    primitives::Blob,
    types::AttributeValue,
};
use futures_util::future::try_join_all;
use serde::{Serialize, de::DeserializeOwned};
use std::collections::HashMap;

use crate::{
    Store, StoreError,
    body::StoredBody,
    compact,
    counted::Counted,
    keys::{self, IndexEntry, Key},
};

/// What `BatchGetItem` takes at once.
const MAX_BATCH: usize = 100;

pub(crate) type Item = HashMap<String, AttributeValue>;

/// An entity that lies in the table.
pub trait Record: Serialize + DeserializeOwned + Send + Sync {
    /// What kind of item it is.
    const KIND: &'static str;
    /// What is too long for lists. `()` when there is nothing.
    type Body: Serialize + DeserializeOwned + Send + Sync;

    /// Where it lies. Never changes in its life.
    fn key(&self) -> Key;

    /// Where indexes list it, as it is now.
    fn indexes(&self) -> Vec<IndexEntry> {
        Vec::new()
    }

    /// What it counts in, as it is now.
    fn counted(&self) -> Option<Counted> {
        None
    }

    /// Where it stands, in a word: for kinds that a filter tells apart by it before their data is read, that of the
    /// stream in `template.yaml` or that of a query.
    fn state(&self) -> Option<&'static str> {
        None
    }

    /// When DynamoDB may delete it, in seconds since the Unix epoch.
    fn ttl_unix_seconds(&self) -> Option<i64> {
        None
    }
}

/// An entity as it was read: with the revision a write must still find.
#[derive(Debug, Clone, PartialEq)]
pub struct Row<T> {
    /// The entity.
    pub value: T,
    /// How often its item was written.
    pub revision: u64,
    pub(crate) body: Option<StoredBody>,
}

impl<T> Row<T> {
    /// The row as a replacement that went through has left it; its body stayed.
    #[must_use]
    pub fn replaced(&self, value: T) -> Self {
        Self { value, revision: self.revision + 1, body: self.body.clone() }
    }

    /// A new entity as it is once its transaction went through.
    pub fn created(value: T) -> Self {
        Self { value, revision: 1, body: None }
    }

    /// The row once it was replaced by `value`, without its body.
    #[must_use]
    pub fn replaced_by(self, value: T) -> Self {
        Self { value, revision: self.revision + 1, body: None }
    }
}

pub(crate) fn n(number: impl std::fmt::Display) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

pub(crate) fn s(text: impl Into<String>) -> AttributeValue {
    AttributeValue::S(text.into())
}

/// The entity as the `data` attribute.
pub(crate) fn data_attribute<T: Record>(value: &T) -> Result<AttributeValue, StoreError> {
    let bytes = compact::write(value).map_err(|reason| StoreError::Corrupt { kind: T::KIND, reason })?;
    Ok(AttributeValue::B(Blob::new(bytes)))
}

pub(crate) fn body_attribute(body: &StoredBody) -> AttributeValue {
    match body {
        StoredBody::Inline(bytes) => AttributeValue::B(Blob::new(bytes.clone())),
        StoredBody::Blob(key) => s(key),
    }
}

/// The attributes of an item besides its key, for a revision.
pub(crate) fn attributes<T: Record>(
    value: &T,
    revision: u64,
    body: Option<&StoredBody>,
) -> Result<Vec<(&'static str, AttributeValue)>, StoreError> {
    let mut attributes =
        vec![(keys::KIND, s(T::KIND)), (keys::REVISION, n(revision)), (keys::DATA, data_attribute(value)?)];
    if let Some(body) = body {
        attributes.push((keys::BODY, body_attribute(body)));
    }
    if let Some(state) = value.state() {
        attributes.push((keys::STATE, s(state)));
    }
    if let Some(seconds) = value.ttl_unix_seconds() {
        attributes.push((keys::TTL, n(seconds)));
    }
    for entry in value.indexes() {
        attributes.push((entry.index.pk(), s(entry.pk)));
        attributes.push((entry.index.sk(), s(entry.sk)));
    }
    Ok(attributes)
}

/// What a number attribute says.
pub(crate) fn number(value: &AttributeValue) -> Option<u64> {
    value.as_n().ok()?.parse().ok()
}

pub(crate) fn key_item(key: &Key) -> Item {
    Item::from([(keys::PK.to_owned(), s(&key.pk)), (keys::SK.to_owned(), s(&key.sk))])
}

/// Reads an item as the kind it must be.
pub(crate) fn row<T: Record>(mut item: Item) -> Result<Row<T>, StoreError> {
    let corrupt = |reason: &str| StoreError::Corrupt { kind: T::KIND, reason: reason.to_owned() };
    if item.get(keys::KIND).and_then(|kind| kind.as_s().ok()).is_none_or(|kind| kind != T::KIND) {
        return Err(corrupt("it is of another kind"));
    }
    let revision = item
        .get(keys::REVISION)
        .and_then(|revision| revision.as_n().ok())
        .and_then(|revision| revision.parse().ok())
        .ok_or_else(|| corrupt("no revision"))?;
    let body = match item.remove(keys::BODY) {
        Some(AttributeValue::B(bytes)) => Some(StoredBody::Inline(bytes.into_inner())),
        Some(AttributeValue::S(key)) => Some(StoredBody::Blob(key)),
        Some(_) => return Err(corrupt("its body is neither bytes nor a key")),
        None => None,
    };
    let value = match item.remove(keys::DATA) {
        Some(AttributeValue::B(bytes)) => compact::read(bytes.as_ref()).map_err(|reason| corrupt(&reason))?,
        _ => return Err(corrupt("no data")),
    };
    Ok(Row { value, revision, body })
}

/// The kind of an item, whatever it is.
pub(crate) fn kind(item: &Item) -> &str {
    item.get(keys::KIND).and_then(|kind| kind.as_s().ok()).map_or("", String::as_str)
}

impl Store {
    /// Reads one entity, as of now: strongly consistent, since decisions follow from it.
    pub async fn get<T: Record>(&self, key: &Key) -> Result<Option<Row<T>>, StoreError> {
        let get = GetItemInput::builder().set_key(Some(key_item(key))).consistent_read(true);
        self.get_item(get).await?.map(row).transpose()
    }

    /// The one entity that the owner index has under this key, as of moments ago.
    pub(crate) async fn find_indexed<T: Record>(&self, owner_pk: String) -> Result<Option<Row<T>>, StoreError> {
        let query = QueryInput::builder()
            .index_name(keys::Index::Owner.name())
            .key_condition_expression("owner_pk = :owner")
            .expression_attribute_values(":owner", s(owner_pk));
        self.query(query).await?.items.unwrap_or_default().pop().map(row).transpose()
    }

    /// The same as of now: the index says which entity it is, and that is read.
    pub(crate) async fn get_indexed<T: Record>(&self, owner_pk: String) -> Result<Option<Row<T>>, StoreError> {
        match self.find_indexed::<T>(owner_pk).await? {
            Some(found) => self.get(&found.value.key()).await,
            None => Ok(None),
        }
    }

    /// Reads many items at once, strongly consistent, in no order, as raw items; at most 100 keys.
    pub(crate) async fn batch_get(&self, keys: &[Key]) -> Result<Vec<Item>, StoreError> {
        self.batch(keys, true).await
    }

    /// Reads any number of items for a list: eventually consistent, in no order, as raw items.
    pub(crate) async fn batch_get_for_list(&self, keys: &[Key]) -> Result<Vec<Item>, StoreError> {
        let batches = keys.chunks(MAX_BATCH).map(|keys| self.batch(keys, false));
        Ok(try_join_all(batches).await?.into_iter().flatten().collect())
    }

    async fn batch(&self, keys: &[Key], consistent: bool) -> Result<Vec<Item>, StoreError> {
        use aws_sdk_dynamodb::types::{KeysAndAttributes, ReturnConsumedCapacity};
        let mut items = Vec::with_capacity(keys.len());
        let mut wanted: Vec<Item> = Vec::with_capacity(keys.len());
        for key in keys {
            let key = key_item(key);
            // BatchGetItem refuses a request that names an item twice.
            if !wanted.contains(&key) {
                wanted.push(key);
            }
        }
        // What did not fit into an answer is asked for again; an empty answer three times over is a throttle.
        let mut empty_answers = 0;
        while !wanted.is_empty() {
            let request = KeysAndAttributes::builder()
                .set_keys(Some(std::mem::take(&mut wanted)))
                .consistent_read(consistent)
                .build()
                .map_err(|e| StoreError::Corrupt { kind: "batch", reason: e.to_string() })?;
            let trip = self.meter.trip();
            let answer = self
                .dynamodb
                .batch_get_item()
                .request_items(&self.table, request)
                .return_consumed_capacity(ReturnConsumedCapacity::Total)
                .send()
                .await
                .map_err(|e| StoreError::dynamodb(&e))?;
            trip.read(answer.consumed_capacity());
            let got = answer.responses.and_then(|mut tables| tables.remove(&self.table)).unwrap_or_default();
            empty_answers = if got.is_empty() { empty_answers + 1 } else { 0 };
            items.extend(got);
            wanted = answer
                .unprocessed_keys
                .and_then(|mut tables| tables.remove(&self.table))
                .map(|rest| rest.keys)
                .unwrap_or_default();
            if empty_answers == 3 && !wanted.is_empty() {
                return Err(StoreError::Throttled { service: "dynamodb" });
            }
        }
        Ok(items)
    }

    /// The body of a row that has one; the default one where there is none.
    pub async fn body<T: Record>(&self, row: &Row<T>) -> Result<T::Body, StoreError>
    where
        T::Body: Default,
    {
        match &row.body {
            Some(stored) => self.load_body(stored).await,
            None => Ok(T::Body::default()),
        }
    }
}
