//! The arguments of a call, as strictly read as the API's bodies.

use std::fmt::Display;

use actionlayer_api::{ApiError, parse_json};
use actionlayer_domain::Timestamp;
use actionlayer_service::FieldError;
use actionlayer_store::PageRequest;
use rmcp::model::JsonObject;
use serde::de::DeserializeOwned;
use utoipa::ToSchema;

use crate::schema;

const DEFAULT_LIMIT: u32 = 20;
const MAX_LIMIT: u32 = 100;
const MAX_OFFSET: u32 = 1_000;

/// The arguments as what a tool takes. An argument that is `null` is one that was left out: models send both.
pub(crate) fn read<T: DeserializeOwned>(arguments: JsonObject) -> Result<T, ApiError> {
    parse(&without_null(arguments))
}

/// The arguments of a tool that carries out an operation of the API: its own, and the input of the operation.
pub(crate) fn read_both<Own, Input>(arguments: &JsonObject) -> Result<(Own, Input), ApiError>
where
    Own: DeserializeOwned + ToSchema,
    Input: DeserializeOwned,
{
    read_patch(&without_null(arguments.clone()))
}

/// The same where `null` empties a field.
pub(crate) fn read_patch<Own, Input>(arguments: &JsonObject) -> Result<(Own, Input), ApiError>
where
    Own: DeserializeOwned + ToSchema,
    Input: DeserializeOwned,
{
    let names = schema::names::<Own>();
    let (own, input): (JsonObject, JsonObject) =
        arguments.clone().into_iter().partition(|(name, _)| names.contains(name));
    Ok((read(own)?, parse(&input)?))
}

/// The arguments that were given a value.
fn without_null(mut arguments: JsonObject) -> JsonObject {
    arguments.retain(|_, value| !value.is_null());
    arguments
}

fn parse<T: DeserializeOwned>(arguments: &JsonObject) -> Result<T, ApiError> {
    parse_json(&serde_json::to_vec(arguments).map_err(|error| ApiError::internal(error.to_string()))?)
}

/// One field that cannot be taken.
pub(crate) fn invalid(field: &str, message: impl Display) -> ApiError {
    ApiError::validation(vec![FieldError::new(field, message)])
}

/// What was asked of a list.
pub(crate) fn page(limit: Option<u32>, offset: Option<u32>, cursor: Option<String>) -> Result<PageRequest, ApiError> {
    let limit = limit.unwrap_or(DEFAULT_LIMIT);
    let offset = offset.unwrap_or(0);
    if !(1..=MAX_LIMIT).contains(&limit) {
        return Err(invalid("limit", "must be from 1 to 100"));
    }
    if offset > MAX_OFFSET {
        return Err(invalid("offset", "must be at most 1000: to go further, pass `next_cursor` as `cursor`"));
    }
    if cursor.is_some() && offset > 0 {
        return Err(invalid("offset", "cannot be combined with `cursor`"));
    }
    Ok(PageRequest { limit, offset, cursor })
}

/// The first instant of a day, or an instant.
pub(crate) fn from_date(text: Option<&str>) -> Result<Option<Timestamp>, ApiError> {
    text.map(Timestamp::first_of).transpose().map_err(|error| invalid("from_date", error))
}

/// The last instant of a day, or an instant.
pub(crate) fn to_date(text: Option<&str>) -> Result<Option<Timestamp>, ApiError> {
    text.map(Timestamp::last_of).transpose().map_err(|error| invalid("to_date", error))
}
