//! Work that falls due, over all workspaces.

use aws_sdk_dynamodb::{operation::query::QueryInput, types::AttributeValue};

use crate::{
    Record, Store, StoreError,
    keys::{self, Index, Key},
    record::{Item, kind, row, s},
};

/// How much due work is taken up at once; the rest is still due a minute later. As many items as one read takes.
const BATCH: i32 = 100;

impl Store {
    /// What falls due in a list of [`Index::Due`] in the order of its times: behind `after` and before `before`, both
    /// exclusive. The index says which, and the table what they are: as of now, and only if they are still due.
    pub(crate) async fn due<T: Record>(&self, list: &str, after: &str, before: &str) -> Result<Vec<T>, StoreError> {
        let query = QueryInput::builder()
            .index_name(Index::Due.name())
            .key_condition_expression("due_pk = :list AND due_sk BETWEEN :after AND :before")
            .expression_attribute_values(":list", s(list))
            .expression_attribute_values(":after", s(after))
            .expression_attribute_values(":before", s(before))
            .limit(BATCH);
        let found = self.query(query).await?.items.unwrap_or_default();
        let due: Vec<Key> = found.iter().filter_map(key_of).collect();
        let mut rows: Vec<(String, T)> = Vec::with_capacity(due.len());
        for item in self.batch_get(&due).await? {
            if kind(&item) != T::KIND {
                continue;
            }
            let value: T = row(item)?.value;
            let entries = value.indexes().into_iter();
            let place =
                entries.filter(|entry| entry.index == Index::Due && entry.pk == list).map(|entry| entry.sk).next();
            rows.extend(
                place.filter(|place| after < place.as_str() && place.as_str() < before).map(|place| (place, value)),
            );
        }
        rows.sort_by(|(one, _), (other, _)| one.cmp(other));
        Ok(rows.into_iter().map(|(_, value)| value).collect())
    }
}

fn key_of(item: &Item) -> Option<Key> {
    match (item.get(keys::PK)?, item.get(keys::SK)?) {
        (AttributeValue::S(pk), AttributeValue::S(sk)) => Some(Key { pk: pk.clone(), sk: sk.clone() }),
        _ => None,
    }
}
