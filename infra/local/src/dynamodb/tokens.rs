//! `TransactWriteItems` asked twice with one `ClientRequestToken`, as an SDK does when an answer was lost: done once.
//! <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html>

use std::{
    borrow::Cow,
    collections::{HashMap, VecDeque},
    fmt,
    hash::{DefaultHasher, Hash, Hasher as _},
    time::{Duration, Instant},
};

use dynoxide::{
    DynoxideError,
    actions::{
        transact_get_items::{self, TransactGet, TransactGetItem, TransactGetItemsRequest},
        transact_write_items::{self, TransactWriteItem, TransactWriteItemsRequest, TransactWriteItemsResponse},
    },
    storage::Storage,
};
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, SeqAccess, Visitor},
};

use super::operations::{answer, key_of, now, request};

/// How long DynamoDB remembers a token.
const REMEMBERED: Duration = Duration::from_mins(10);

/// The transactions of the last ten minutes, by token: what was asked, as a digest.
#[derive(Debug, Default)]
pub(super) struct Tokens {
    digests: HashMap<String, u64>,
    /// Oldest first.
    since: VecDeque<(Instant, String)>,
}

#[derive(Deserialize)]
struct Items {
    #[serde(rename = "TransactItems", default)]
    items: Digest,
}

impl Tokens {
    /// Writes the transaction, unless it was written before: then only the answer is given.
    pub(super) fn transact(&mut self, storage: &Storage, body: &[u8]) -> Result<String, DynoxideError> {
        let transaction: TransactWriteItemsRequest = request(body)?;
        let Some(token) = transaction.client_request_token.clone() else {
            return answer(now(transact_write_items::execute(storage, transaction))?);
        };
        self.forget();
        let Digest(digest) = request::<Items>(body)?.items;
        match self.digests.get(&token) {
            Some(known) if *known == digest => return answer(replay(storage, transaction)?),
            Some(_) => {
                return Err(DynoxideError::IdempotentParameterMismatchException(
                    "An error occurred (IdempotentParameterMismatchException)".to_owned(),
                ));
            }
            None => {}
        }
        let written = now(transact_write_items::execute(storage, transaction))?;
        self.since.push_back((Instant::now(), token.clone()));
        self.digests.insert(token, digest);
        answer(written)
    }

    fn forget(&mut self) {
        while self.since.front().is_some_and(|(since, _)| since.elapsed() >= REMEMBERED) {
            if let Some((_, token)) = self.since.pop_front() {
                self.digests.remove(&token);
            }
        }
    }
}

/// What stands for a value: the same of equal ones, in whatever order the members of their objects come. Made while it is
/// read, since each transaction is read for it once more.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Digest(u64);

impl Digest {
    fn of(kind: u8, value: impl Hash) -> Self {
        let mut hasher = DefaultHasher::new();
        (kind, value).hash(&mut hasher);
        Self(hasher.finish())
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Digest;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Digest, E> {
        Ok(Digest::of(0, ()))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Digest, E> {
        Ok(Digest::of(1, value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Digest, E> {
        Ok(Digest::of(2, value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Digest, E> {
        Ok(Digest::of(3, value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Digest, E> {
        Ok(Digest::of(4, value.to_bits()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Digest, E> {
        Ok(Digest::of(5, value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<Digest, A::Error> {
        let mut hasher = DefaultHasher::new();
        while let Some(Digest(value)) = values.next_element()? {
            value.hash(&mut hasher);
        }
        Ok(Digest::of(6, hasher.finish()))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Digest, A::Error> {
        let mut sum: u64 = 0;
        while let Some((name, Digest(value))) = members.next_entry::<Cow<'_, str>, Digest>()? {
            sum = sum.wrapping_add(Digest::of(7, (name, value)).0);
        }
        Ok(Digest::of(8, sum))
    }
}

/// The answer to a transaction that was written before: DynamoDB charges for reading its items.
fn replay(
    storage: &Storage,
    transaction: TransactWriteItemsRequest,
) -> Result<TransactWriteItemsResponse, DynoxideError> {
    let mode = transaction.return_consumed_capacity;
    if !matches!(mode.as_deref(), Some("TOTAL" | "INDEXES")) {
        return Ok(TransactWriteItemsResponse::default());
    }
    let items = transaction.transact_items.into_iter().map(|item| read_of(storage, item)).collect::<Result<_, _>>()?;
    let read = TransactGetItemsRequest { transact_items: items, return_consumed_capacity: mode };
    let consumed_capacity = now(transact_get_items::execute(storage, read))?.consumed_capacity;
    Ok(TransactWriteItemsResponse { consumed_capacity, ..TransactWriteItemsResponse::default() })
}

fn read_of(storage: &Storage, item: TransactWriteItem) -> Result<TransactGetItem, DynoxideError> {
    let (table_name, key) = match item {
        TransactWriteItem { put: Some(put), .. } => {
            let Some(table) = storage.get_table_metadata(&put.table_name)? else {
                return Ok(TransactGetItem::default());
            };
            (put.table_name, key_of(&table, put.item)?)
        }
        TransactWriteItem { update: Some(update), .. } => (update.table_name, update.key),
        TransactWriteItem { delete: Some(delete), .. } => (delete.table_name, delete.key),
        TransactWriteItem { condition_check: Some(check), .. } => (check.table_name, check.key),
        _ => Default::default(),
    };
    Ok(TransactGetItem { get: TransactGet { table_name, key, ..TransactGet::default() } })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod digests {
    use super::Digest;

    #[test]
    fn equal_values_have_one_digest_and_others_another() {
        let digest = |text: &str| serde_json::from_str::<Digest>(text).unwrap();
        assert_eq!(digest(r#"{"a":{"S":"x"},"b":[1,null]}"#), digest(r#"{"b":[1,null],"a":{"S":"x"}}"#));
        let different = [r#"{"a":"x","b":"y"}"#, r#"{"a":"y","b":"x"}"#, r#"["a","x"]"#, r#"["x","a"]"#, "1", "true"];
        for (position, one) in different.iter().enumerate() {
            assert!(different[..position].iter().all(|other| digest(other) != digest(one)), "{one}");
        }
    }
}
