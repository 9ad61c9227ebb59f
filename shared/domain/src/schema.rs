//! How the values that are text in JSON look in the API's document. Entities and enums derive theirs.

use utoipa::openapi::{
    ObjectBuilder, SchemaFormat,
    schema::{SchemaType, Type},
};

use crate::{DomainName, EmailAddress, HeaderText, LocalPart, Timestamp, WebhookUrl, text::MAX_HEADER_BYTES};

/// An id.
pub(crate) fn id() -> ObjectBuilder {
    text(Some("uuid"), "0197f3a0-5c1e-7d2a-9f00-1234567890ab")
}

fn text(format: Option<&str>, example: &str) -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(SchemaType::new(Type::String))
        .format(format.map(|name| SchemaFormat::Custom(name.to_owned())))
        .examples([example])
}

/// Makes `$name` look like `$schema` in the document.
macro_rules! schemas {
    ($($name:ident => $schema:expr),+ $(,)?) => {$(
        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                $schema.into()
            }
        }
        impl utoipa::ToSchema for $name {}
    )+};
}
pub(crate) use schemas;

schemas! {
    // Each of them counts bytes where JSON Schema counts characters: the document is never stricter than the code.
    HeaderText => ObjectBuilder::new().schema_type(SchemaType::new(Type::String)).max_length(Some(MAX_HEADER_BYTES)).pattern(Some(r"^[^\x00-\x1f\x7f-\x9f]*$")),
    DomainName => text(None, "ai.example.com").max_length(Some(254)),
    LocalPart => text(None, "mia").min_length(Some(1)).max_length(Some(64)).pattern(Some(r"^[a-z0-9]([a-z0-9._+-]*[a-z0-9])?$")),
    EmailAddress => text(Some("email"), "ada@example.com").max_length(Some(254)),
    WebhookUrl => text(Some("uri"), "https://example.com/hooks").max_length(Some(2_000)),
    Timestamp => text(Some("date-time"), "2026-04-30T14:22:11.000Z"),
}
