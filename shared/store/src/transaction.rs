//! Writing: what must agree, in one transaction, every operation with a condition.

use aws_sdk_dynamodb::{
    error::SdkError,
    operation::transact_write_items::TransactWriteItemsError,
    types::{
        ConditionCheck, Delete, Put, ReturnConsumedCapacity, ReturnValuesOnConditionCheckFailure, TransactWriteItem,
        Update,
    },
};
use serde::Serialize;

use crate::{
    CommitError, Store, StoreError,
    body::StoredBody,
    keys::{self, Index, Key},
    record::{Item, Record, Row, attributes, key_item, n, s},
    totals::{KIND, TotalsChange},
};

/// What `TransactWriteItems` takes.
const MAX_OPERATIONS: usize = 100;

/// Operations that happen together or not at all. The position of an operation is the order it was added in.
#[derive(Debug, Default)]
pub struct Transaction {
    operations: Vec<Operation>,
    totals: TotalsChange,
}

#[derive(Debug)]
enum Operation {
    /// The item must be new.
    Create { key: Key, item: Item },
    /// The item must be as it was read.
    Replace {
        key: Key,
        revision: u64,
        set: Vec<(&'static str, aws_sdk_dynamodb::types::AttributeValue)>,
        remove: Vec<&'static str>,
    },
    /// The item must be as it was read, and stays so.
    Check { key: Key, revision: u64 },
    /// The item must be as it was read.
    Delete { key: Key, revision: u64 },
    /// Adds to counters; the item may be new. Unconditional by itself, unless a counter must be below a bound: it stands
    /// beside a conditional operation.
    Add { key: Key, kind: &'static str, amounts: Vec<(String, i64)>, below: Option<Below> },
}

/// A counter that must be less than this.
#[derive(Debug)]
pub(crate) struct Below {
    pub(crate) counter: String,
    pub(crate) bound: i64,
    /// When the counter may be deleted.
    pub(crate) ttl_unix_seconds: Option<i64>,
}

impl Transaction {
    /// An empty one.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many operations it has; also the position the next one will have.
    pub fn len(&self) -> usize {
        self.operations.len()
    }

    /// How many more it may have.
    pub fn room(&self) -> usize {
        MAX_OPERATIONS.saturating_sub(self.operations.len() + self.totals.len())
    }

    /// Whether it does nothing.
    pub fn is_empty(&self) -> bool {
        self.operations.is_empty()
    }

    /// Adds a new entity without a body. Fails if its key is taken.
    pub fn create<T: Record<Body = ()>>(&mut self, value: &T) -> Result<&mut Self, StoreError> {
        self.create_item(value, None)
    }

    /// Adds a new entity that has no body yet. Fails if its key is taken.
    pub fn create_without_body<T: Record>(&mut self, value: &T) -> Result<&mut Self, StoreError> {
        self.create_item(value, None)
    }

    fn create_item<T: Record>(&mut self, value: &T, body: Option<&StoredBody>) -> Result<&mut Self, StoreError> {
        let key = value.key();
        let mut item = key_item(&key);
        item.extend(attributes(value, 1, body)?.into_iter().map(|(name, value)| (name.to_owned(), value)));
        self.operations.push(Operation::Create { key, item });
        self.totals.count(value.counted(), 1);
        Ok(self)
    }

    /// Adds a new entity with its body. Fails if its key is taken.
    pub async fn create_with_body<T: Record>(
        &mut self,
        store: &Store,
        value: &T,
        body: &T::Body,
    ) -> Result<&mut Self, StoreError>
    where
        T::Body: Serialize,
    {
        let body = store.store_body(body).await?;
        self.create_item(value, Some(&body))
    }

    /// Replaces an entity as it was read; its body stays.
    pub fn replace<T: Record>(&mut self, old: &Row<T>, new: &T) -> Result<&mut Self, StoreError> {
        self.replace_item(old, new, None)
    }

    fn replace_item<T: Record>(
        &mut self,
        old: &Row<T>,
        new: &T,
        body: Option<&StoredBody>,
    ) -> Result<&mut Self, StoreError> {
        let set = attributes(new, old.revision + 1, body)?;
        let mut remove: Vec<&'static str> = Index::ALL
            .iter()
            .flat_map(|index| [index.pk(), index.sk()])
            .filter(|name| !set.iter().any(|(set, _)| set == name))
            .collect();
        if new.ttl_unix_seconds().is_none() {
            remove.push(keys::TTL);
        }
        if new.state().is_none() && old.value.state().is_some() {
            remove.push(keys::STATE);
        }
        self.operations.push(Operation::Replace { key: new.key(), revision: old.revision, set, remove });
        self.totals.count(old.value.counted(), -1);
        self.totals.count(new.counted(), 1);
        Ok(self)
    }

    /// Replaces an entity as it was read, with its body.
    pub async fn replace_with_body<T: Record>(
        &mut self,
        store: &Store,
        old: &Row<T>,
        new: &T,
        body: &T::Body,
    ) -> Result<&mut Self, StoreError> {
        let body = store.store_body(body).await?;
        self.replace_item(old, new, Some(&body))
    }

    /// Requires that an entity is still as it was read.
    pub fn check<T: Record>(&mut self, row: &Row<T>) -> &mut Self {
        self.operations.push(Operation::Check { key: row.value.key(), revision: row.revision });
        self
    }

    /// Removes an entity as it was read.
    pub fn delete<T: Record>(&mut self, row: &Row<T>) -> &mut Self {
        self.operations.push(Operation::Delete { key: row.value.key(), revision: row.revision });
        self.totals.count(row.value.counted(), -1);
        self
    }

    pub(crate) fn add(&mut self, key: Key, kind: &'static str, amounts: Vec<(String, i64)>) -> &mut Self {
        self.operations.push(Operation::Add { key, kind, amounts, below: None });
        self
    }

    /// Adds one, if the counter is below a bound.
    pub(crate) fn add_one_below(&mut self, key: Key, kind: &'static str, below: Below) -> &mut Self {
        let amounts = vec![(below.counter.clone(), 1)];
        self.operations.push(Operation::Add { key, kind, amounts, below: Some(below) });
        self
    }
}

const IS_NEW: &str = "attribute_not_exists(pk)";
const IS_AS_READ: &str = "revision = :was";
const IS_BELOW: &str = "attribute_not_exists(#below) OR #below < :below";

/// An update expression with its names and values.
#[derive(Default)]
struct Expression {
    text: String,
    names: std::collections::HashMap<String, String>,
    values: Item,
}

impl Operation {
    fn key(&self) -> &Key {
        match self {
            Self::Create { key, .. }
            | Self::Replace { key, .. }
            | Self::Check { key, .. }
            | Self::Delete { key, .. }
            | Self::Add { key, .. } => key,
        }
    }

    /// What a `Replace` or `Add` requires.
    fn requirement(&self) -> Option<String> {
        match self {
            Self::Replace { .. } => Some(IS_AS_READ.to_owned()),
            Self::Add { below, .. } => below.as_ref().map(|_| IS_BELOW.to_owned()),
            Self::Create { .. } | Self::Check { .. } | Self::Delete { .. } => None,
        }
    }

    /// The update expression of a `Replace` or `Add`.
    fn expression(self) -> Expression {
        let mut expression = Expression::default();
        match self {
            Self::Replace { revision, set, remove, .. } => {
                let mut sets = Vec::new();
                for (i, (name, value)) in set.into_iter().enumerate() {
                    expression.names.insert(format!("#s{i}"), name.to_owned());
                    expression.values.insert(format!(":s{i}"), value);
                    sets.push(format!("#s{i} = :s{i}"));
                }
                let removes: Vec<String> = (0..remove.len()).map(|i| format!("#r{i}")).collect();
                for (placeholder, name) in removes.iter().zip(remove) {
                    expression.names.insert(placeholder.clone(), name.to_owned());
                }
                expression.text = format!("SET {} REMOVE {}", sets.join(", "), removes.join(", "));
                expression.values.insert(":was".to_owned(), n(revision));
            }
            Self::Add { kind, amounts, below, .. } => {
                let mut until = "";
                if let Some(Below { counter, bound, ttl_unix_seconds }) = below {
                    expression.names.insert("#below".to_owned(), counter);
                    expression.values.insert(":below".to_owned(), n(bound));
                    if let Some(ttl) = ttl_unix_seconds {
                        expression.names.insert("#ttl".to_owned(), keys::TTL.to_owned());
                        expression.values.insert(":ttl".to_owned(), n(ttl));
                        until = ", #ttl = :ttl";
                    }
                }
                let mut adds = Vec::new();
                for (i, (name, amount)) in amounts.into_iter().enumerate() {
                    expression.names.insert(format!("#a{i}"), name);
                    expression.values.insert(format!(":a{i}"), n(amount));
                    adds.push(format!("#a{i} :a{i}"));
                }
                expression.names.insert("#k".to_owned(), keys::KIND.to_owned());
                expression.values.insert(":k".to_owned(), s(kind));
                expression.text = format!("SET #k = :k{until} ADD {}", adds.join(", "));
            }
            Self::Create { .. } | Self::Check { .. } | Self::Delete { .. } => {}
        }
        expression
    }

    fn into_write(self, table: &str) -> Result<TransactWriteItem, StoreError> {
        let refused =
            |e: aws_sdk_dynamodb::error::BuildError| StoreError::Corrupt { kind: "transaction", reason: e.to_string() };
        let key = key_item(self.key());
        let write = TransactWriteItem::builder();
        let none = ReturnValuesOnConditionCheckFailure::None;
        Ok(match self {
            Self::Create { item, .. } => {
                let put = Put::builder().table_name(table).set_item(Some(item)).condition_expression(IS_NEW);
                write.put(put.return_values_on_condition_check_failure(none).build().map_err(refused)?)
            }
            Self::Check { revision, .. } => {
                let check = ConditionCheck::builder().table_name(table).set_key(Some(key));
                let check = check.condition_expression(IS_AS_READ).expression_attribute_values(":was", n(revision));
                write.condition_check(check.build().map_err(refused)?)
            }
            Self::Delete { revision, .. } => {
                let delete = Delete::builder().table_name(table).set_key(Some(key));
                let delete = delete.condition_expression(IS_AS_READ).expression_attribute_values(":was", n(revision));
                write.delete(delete.build().map_err(refused)?)
            }
            replace_or_add @ (Self::Replace { .. } | Self::Add { .. }) => {
                let requirement = replace_or_add.requirement();
                let Expression { text, names, values } = replace_or_add.expression();
                let update = Update::builder()
                    .table_name(table)
                    .set_key(Some(key))
                    .update_expression(text)
                    .set_expression_attribute_names(Some(names))
                    .set_expression_attribute_values(Some(values))
                    .set_condition_expression(requirement);
                write.update(update.build().map_err(refused)?)
            }
        }
        .build())
    }
}

impl Store {
    /// Makes a transaction happen. A single operation is written by itself, at half the price.
    pub async fn commit(&self, transaction: Transaction) -> Result<(), CommitError> {
        let Transaction { mut operations, totals } = transaction;
        // Behind all others: the positions of those stay as they are.
        if let Some(first) = operations.first().map(|operation| operation.key().clone()) {
            let amounts = totals.into_amounts(&first).into_iter();
            operations.extend(amounts.map(|(key, amounts)| Operation::Add { key, kind: KIND, amounts, below: None }));
        }
        match operations.len() {
            0 => Ok(()),
            1 => match operations.pop() {
                Some(operation) => self.commit_one(operation).await,
                None => Ok(()),
            },
            _ => self.commit_all(operations).await,
        }
    }

    async fn commit_all(&self, operations: Vec<Operation>) -> Result<(), CommitError> {
        let writes =
            operations.into_iter().map(|o| o.into_write(&self.table)).collect::<Result<Vec<_>, StoreError>>()?;
        let trip = self.meter.trip();
        let answer = self
            .dynamodb
            .transact_write_items()
            .set_transact_items(Some(writes))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await;
        match answer {
            Ok(answer) => {
                trip.wrote(answer.consumed_capacity());
                Ok(())
            }
            Err(error) => Err(commit_error(&error)),
        }
    }

    async fn commit_one(&self, operation: Operation) -> Result<(), CommitError> {
        // Alone there is nothing it must agree with; it would only cost.
        if matches!(operation, Operation::Check { .. }) {
            return Ok(());
        }
        let total = ReturnConsumedCapacity::Total;
        let key = key_item(operation.key());
        let trip = self.meter.trip();
        let consumed = match operation {
            Operation::Create { item, .. } => {
                let put = self.dynamodb.put_item().table_name(&self.table).set_item(Some(item));
                let put = put.condition_expression(IS_NEW).return_consumed_capacity(total);
                put.send().await.map(|answer| answer.consumed_capacity).map_err(|e| condition_error(&e))
            }
            Operation::Delete { revision, .. } => {
                let delete = self.dynamodb.delete_item().table_name(&self.table).set_key(Some(key));
                let delete = delete.condition_expression(IS_AS_READ).expression_attribute_values(":was", n(revision));
                let delete = delete.return_consumed_capacity(total);
                delete.send().await.map(|answer| answer.consumed_capacity).map_err(|e| condition_error(&e))
            }
            Operation::Check { .. } => return Ok(()),
            replace_or_add @ (Operation::Replace { .. } | Operation::Add { .. }) => {
                let requirement = replace_or_add.requirement();
                let Expression { text, names, values } = replace_or_add.expression();
                let update = self
                    .dynamodb
                    .update_item()
                    .table_name(&self.table)
                    .set_key(Some(key))
                    .update_expression(text)
                    .set_expression_attribute_names(Some(names))
                    .set_expression_attribute_values(Some(values))
                    .set_condition_expression(requirement)
                    .return_consumed_capacity(total);
                update.send().await.map(|answer| answer.consumed_capacity).map_err(|e| condition_error(&e))
            }
        };
        trip.wrote(consumed.as_ref().ok().and_then(Option::as_ref));
        consumed.map(drop)
    }
}

fn condition_error<E, R>(error: &SdkError<E, R>) -> CommitError
where
    E: aws_sdk_dynamodb::error::ProvideErrorMetadata,
{
    match error.as_service_error().and_then(|e| e.code()) {
        Some("ConditionalCheckFailedException") => CommitError::Conflict { failed: vec![0] },
        Some("TransactionConflictException") => CommitError::Conflict { failed: Vec::new() },
        _ => CommitError::Store(StoreError::dynamodb(error)),
    }
}

/// Reads why a transaction was cancelled. Only conditions and collisions are conflicts; a throttle inside a cancellation
/// is a throttle.
fn commit_error<R>(error: &SdkError<TransactWriteItemsError, R>) -> CommitError {
    let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) = error.as_service_error() else {
        return match error.as_service_error() {
            Some(TransactWriteItemsError::TransactionInProgressException(_)) => {
                CommitError::Conflict { failed: Vec::new() }
            }
            _ => CommitError::Store(StoreError::dynamodb(error)),
        };
    };
    let mut failed = Vec::new();
    for (position, reason) in cancelled.cancellation_reasons().iter().enumerate() {
        match reason.code() {
            Some("ConditionalCheckFailed") => failed.push(position),
            None | Some("None" | "TransactionConflict") => {}
            Some("ThrottlingError" | "ProvisionedThroughputExceeded") => {
                return CommitError::Store(StoreError::Throttled { service: "dynamodb" });
            }
            Some(code) => {
                return CommitError::Store(StoreError::Refused { service: "dynamodb", code: code.to_owned() });
            }
        }
    }
    CommitError::Conflict { failed }
}
