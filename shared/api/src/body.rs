//! Request bodies, strictly.

use actionlayer_domain::{EmailAddress, ids::InvalidId};
use actionlayer_service::FieldError;
use axum::{
    body::Body,
    extract::{FromRequest, Request},
};
use bytes::Bytes;
use http::{HeaderMap, header};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, SeqAccess, Visitor},
};
use serde_json::error::Category;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ArrayBuilder, OneOfBuilder, RefOr, Schema},
};

use crate::ApiError;

/// The longest body taken, in bytes: what Lambda takes.
const MAX_BODY_BYTES: usize = 6 * 1024 * 1024;

/// A JSON object as the body.
#[derive(Debug, Clone)]
pub struct JsonBody<T>(pub T);

/// A JSON object as the body, or no body at all, which stands for an object without fields.
#[derive(Debug, Clone)]
pub struct OptionalJsonBody<T>(pub T);

/// An object without fields, for requests that only the path and method describe.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoFields {}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for JsonBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        let (parts, body) = request.into_parts();
        let bytes = read(body).await?;
        if bytes.is_empty() {
            return Err(ApiError::invalid_json("The request has no body."));
        }
        require_json(&parts.headers)?;
        parse(&bytes).map(Self)
    }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for OptionalJsonBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        let (parts, body) = request.into_parts();
        let bytes = read(body).await?;
        if bytes.is_empty() {
            return parse(b"{}").map(Self);
        }
        require_json(&parts.headers)?;
        parse(&bytes).map(Self)
    }
}

/// The whole body, up to what Lambda takes.
pub async fn read(body: Body) -> Result<Bytes, ApiError> {
    match Limited::new(body, MAX_BODY_BYTES).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(ApiError::payload_too_large()),
        Err(_) => Err(ApiError::invalid_json("The request body ended before it was complete.")),
    }
}

/// `application/json`, with any parameters.
fn require_json(headers: &HeaderMap) -> Result<(), ApiError> {
    let media_type = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .map(|value| value.split(';').next().unwrap_or_default().trim());
    match media_type {
        Some(media_type) if media_type.eq_ignore_ascii_case("application/json") => Ok(()),
        _ => Err(ApiError::unsupported_media_type()),
    }
}

/// A JSON object, strictly: what is wrong with it is named by field.
pub fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ApiError> {
    let json = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let json = std::str::from_utf8(json).map_err(|_| ApiError::invalid_json("The body is not UTF-8."))?;
    // What is no JSON has no fields to complain about.
    serde_json::from_str::<serde::de::IgnoredAny>(json).map_err(|error| syntax(&error))?;
    // serde would take an array as a struct whose fields come in order.
    if !json.trim_start().starts_with('{') {
        return Err(ApiError::validation(vec![FieldError::new("", "must be a JSON object")]));
    }
    let mut deserializer = serde_json::Deserializer::from_str(json);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let path = error.path().to_string();
        let error = error.into_inner();
        match error.classify() {
            Category::Data => {
                let path = if path == "." { "" } else { &path };
                ApiError::validation(vec![describe(path, &error)])
            }
            Category::Syntax | Category::Eof | Category::Io => syntax(&error),
        }
    })?;
    deserializer.end().map_err(|error| syntax(&error))?;
    Ok(value)
}

fn syntax(error: &serde_json::Error) -> ApiError {
    ApiError::invalid_json(format!("The body is not valid JSON: {error}."))
}

/// serde's words as the field they are about and what is wrong with it.
fn describe(path: &str, error: &serde_json::Error) -> FieldError {
    let text = error.to_string();
    // serde_json adds " at line L column C".
    let text = text.rsplit_once(" at line ").map_or(text.as_str(), |(text, _)| text);
    // serde speaks of these from the outside: of the object, not of the field in it.
    let inside = |name: &str| {
        let name = name.trim_matches('`');
        if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
    };
    if let Some(name) = text.strip_prefix("missing field ") {
        return FieldError::new(inside(name), "is required");
    }
    if let Some(name) = text.strip_prefix("duplicate field ") {
        return FieldError::new(inside(name), "must be given only once");
    }
    if let Some(rest) = text.strip_prefix("unknown field ") {
        let (name, expected) = rest.split_once(", ").unwrap_or((rest, "there are none"));
        // Inside a value that is read twice (`"type"` decides what it is) the path ends before the field.
        let ends = path.rsplit('.').next() == Some(name.trim_matches('`'));
        let path = if ends { path.to_owned() } else { inside(name) };
        return FieldError::new(path, format!("is not a field of this request: {expected}"));
    }
    if text.starts_with("UUID parsing failed") {
        return FieldError::new(path, InvalidId);
    }
    let expected = |rest: &str| rest.rsplit_once(", expected ").map(|(_, expected)| type_name(expected).to_owned());
    let message = if let Some(rest) = text.strip_prefix("invalid type: ") {
        expected(rest).map(|expected| format!("must be {expected}, not {}", found_name(rest)))
    } else if let Some(rest) = text.strip_prefix("invalid value: ").or_else(|| text.strip_prefix("unknown variant ")) {
        expected(rest).map(|expected| format!("must be {expected}"))
    } else {
        None
    };
    FieldError::new(path, message.as_deref().unwrap_or(text))
}

/// A type in words, where serde says it in Rust.
fn type_name(expected: &str) -> &str {
    match expected {
        "u8" => "a whole number from 0 to 255",
        "u32" => "a whole number from 0 to 4294967295",
        "a sequence" => "a list",
        expected if expected.starts_with("struct ") => "an object",
        expected => expected,
    }
}

/// The type that was found. serde quotes the value; values do not belong in messages.
fn found_name(found: &str) -> &str {
    match found.split([' ', '`', ',']).next() {
        Some("map") => "an object",
        Some("sequence") => "a list",
        Some("string") => "a string",
        Some("integer" | "floating") => "a number",
        Some("boolean") => "a boolean",
        Some("null") => "null",
        _ => "this",
    }
}

/// For `#[serde(default, deserialize_with = "nullable")]` on an `Option<Option<T>>`: tells a field that is `null` (clear
/// it) from one that is not there (leave it).
pub fn nullable<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// Addresses in a request: a list, or one alone. Only their shape is checked here; the use case says which of them
/// cannot be mailed, all at once.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Addresses(pub Vec<String>);

impl PartialSchema for Addresses {
    fn schema() -> RefOr<Schema> {
        let one = EmailAddress::schema;
        OneOfBuilder::new().item(one()).item(ArrayBuilder::new().items(one())).into()
    }
}

impl ToSchema for Addresses {}

impl<'de> Deserialize<'de> for Addresses {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneOrMany;

        impl<'de> Visitor<'de> for OneOrMany {
            type Value = Addresses;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an e-mail address or a list of them")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Addresses, E> {
                Ok(Addresses(vec![text.to_owned()]))
            }

            fn visit_unit<E: serde::de::Error>(self) -> Result<Addresses, E> {
                Ok(Addresses::default())
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut addresses: A) -> Result<Addresses, A::Error> {
                let mut all = Vec::new();
                while let Some(address) = addresses.next_element()? {
                    all.push(address);
                }
                Ok(Addresses(all))
            }
        }

        deserializer.deserialize_any(OneOrMany)
    }
}
