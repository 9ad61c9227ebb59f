//! Lists: which part of one is asked for, and the envelope it comes in.

use std::time::Duration;

use actionlayer_service::waiting::MAX_WAIT;
use actionlayer_store::{Page, PageRequest};
use serde::Serialize;
use utoipa::ToSchema;

use crate::Query;

const DEFAULT_LIMIT: u32 = 20;
const MAX_LIMIT: u32 = 100;
/// Passing over items costs as much as reading them; a cursor costs nothing.
const MAX_OFFSET: u32 = 1_000;

impl Query {
    /// The parameters of every list: `limit`, and `offset` or `cursor`.
    pub fn page(&mut self) -> PageRequest {
        let limit = self.convert("limit", |text| match text.parse() {
            Ok(limit @ 1..=MAX_LIMIT) => Ok(limit),
            _ => Err("must be a number from 1 to 100".to_owned()),
        });
        let offset = self.convert("offset", |text| match text.parse::<u64>() {
            Ok(offset) if offset <= u64::from(MAX_OFFSET) => u32::try_from(offset).map_err(|e| e.to_string()),
            Ok(_) => Err("must be at most 1000: to go further, pass `next_cursor` as `cursor`".to_owned()),
            Err(_) => Err("must be a number from 0 to 1000".to_owned()),
        });
        let cursor = self.text("cursor");
        if cursor.is_some() && offset.is_some_and(|offset| offset > 0) {
            self.refuse("offset", "cannot be combined with `cursor`");
        }
        PageRequest { limit: limit.unwrap_or(DEFAULT_LIMIT), offset: offset.unwrap_or(0), cursor }
    }
}

impl Query {
    /// `wait`: how long an answer may wait for something to answer with.
    pub fn wait(&mut self) -> Option<Duration> {
        self.convert("wait", |text| match text.parse::<u64>() {
            Ok(seconds) if seconds <= MAX_WAIT.as_secs() => Ok(Duration::from_secs(seconds)),
            _ => Err(format!("must be a number of seconds from 0 to {}", MAX_WAIT.as_secs())),
        })
    }
}

/// The envelope of a list.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct List<V> {
    data: Vec<V>,
    /// How many there are altogether.
    total: u64,
    /// There are more: `total` stopped counting.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    total_is_capped: bool,
    limit: u32,
    offset: u32,
    /// Pass it as `cursor` to get the next page; `null` on the last one.
    next_cursor: Option<String>,
}

impl<V> List<V> {
    /// A page of entities, as views, in the envelope.
    pub fn of<T>(page: Page<T>, request: &PageRequest, view: impl FnMut(T) -> V) -> Self {
        Self {
            data: page.items.into_iter().map(view).collect(),
            total: page.total,
            total_is_capped: page.total_is_capped,
            limit: request.limit,
            offset: request.offset,
            next_cursor: page.next_cursor,
        }
    }

    /// Some of a list that is followed: how many it has by now nobody asks, and there always is a cursor.
    pub fn followed(data: Vec<V>, more: bool, limit: u32, next_cursor: String) -> Self {
        let total = data.len() as u64;
        Self { data, total, total_is_capped: more, limit, offset: 0, next_cursor: Some(next_cursor) }
    }

    /// A list that is always given whole.
    pub fn whole(data: Vec<V>) -> Self {
        let total = data.len();
        Self {
            data,
            total: total as u64,
            total_is_capped: false,
            limit: u32::try_from(total).unwrap_or(u32::MAX),
            offset: 0,
            next_cursor: None,
        }
    }
}
