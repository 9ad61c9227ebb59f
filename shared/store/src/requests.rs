//! One request to the table, counted and with its price on the meter.
//!
//! The SDK's futures are several kilobytes each, and a use case holds one inside the other: they are boxed here, so that
//! what awaits them stays small.

use aws_sdk_dynamodb::{
    error::SdkError,
    operation::{
        get_item::builders::GetItemInputBuilder,
        query::{QueryOutput, builders::QueryInputBuilder},
        update_item::{UpdateItemError, UpdateItemInput, UpdateItemOutput, builders::UpdateItemInputBuilder},
    },
    types::{ReturnConsumedCapacity, ReturnValue},
};

use crate::{
    Store, StoreError,
    keys::{self, Key},
    record::{Item, key_item, n, number, s},
};

/// A number in an item of its own, which is made when it is first counted.
pub(crate) struct Counter {
    pub(crate) key: Key,
    pub(crate) kind: &'static str,
    /// The attribute it is in.
    pub(crate) attribute: &'static str,
    /// From when on it may be tidied away.
    pub(crate) ends_at_unix_seconds: i64,
}

impl Store {
    /// What one query finds: a page, which ends where its limit or 1 MB does.
    pub(crate) async fn query(&self, query: QueryInputBuilder) -> Result<QueryOutput, StoreError> {
        let trip = self.meter.trip();
        let query = query.table_name(&self.table).return_consumed_capacity(ReturnConsumedCapacity::Total);
        let answer = Box::pin(query.send_with(&self.dynamodb)).await.map_err(|e| StoreError::dynamodb(&e))?;
        trip.read(answer.consumed_capacity());
        Ok(answer)
    }

    /// All that a query finds, page after page. For what is bounded otherwise: by a plan, or by what one person can cause.
    pub(crate) async fn query_all(&self, query: QueryInputBuilder) -> Result<Vec<Item>, StoreError> {
        let mut items = Vec::new();
        let mut from = None;
        loop {
            let answer = self.query(query.clone().set_exclusive_start_key(from)).await?;
            items.extend(answer.items.unwrap_or_default());
            from = answer.last_evaluated_key;
            if from.is_none() {
                return Ok(items);
            }
        }
    }

    /// One item, if it is there.
    pub(crate) async fn get_item(&self, get: GetItemInputBuilder) -> Result<Option<Item>, StoreError> {
        let trip = self.meter.trip();
        let get = get.table_name(&self.table).return_consumed_capacity(ReturnConsumedCapacity::Total);
        let answer = Box::pin(get.send_with(&self.dynamodb)).await.map_err(|e| StoreError::dynamodb(&e))?;
        trip.read(answer.consumed_capacity());
        Ok(answer.item)
    }

    /// Changes one item. Whoever asks knows what a failed condition means.
    pub(crate) async fn update_item(
        &self,
        update: UpdateItemInputBuilder,
    ) -> Result<UpdateItemOutput, SdkError<UpdateItemError>> {
        let trip = self.meter.trip();
        let update = update.table_name(&self.table).return_consumed_capacity(ReturnConsumedCapacity::Total);
        let answer = Box::pin(update.send_with(&self.dynamodb)).await?;
        trip.wrote(answer.consumed_capacity());
        Ok(answer)
    }

    /// Adds to a counter; gives what it is then. `None` when that cannot be read.
    pub(crate) async fn count(&self, counter: Counter, by: u64) -> Result<Option<u64>, StoreError> {
        let Counter { key, kind, attribute, ends_at_unix_seconds } = counter;
        let update = UpdateItemInput::builder()
            .set_key(Some(key_item(&key)))
            .update_expression("SET #ttl = :ttl, #kind = :kind ADD #n :by")
            .expression_attribute_names("#ttl", keys::TTL)
            .expression_attribute_names("#kind", keys::KIND)
            .expression_attribute_names("#n", attribute)
            .expression_attribute_values(":ttl", n(ends_at_unix_seconds))
            .expression_attribute_values(":kind", s(kind))
            .expression_attribute_values(":by", n(by))
            .return_values(ReturnValue::UpdatedNew);
        let answer = self.update_item(update).await.map_err(|e| StoreError::dynamodb(&e))?;
        Ok(answer.attributes.and_then(|item| number(item.get(attribute)?)))
    }
}
