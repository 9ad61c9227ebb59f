//! What stands in a path.

use std::str::FromStr;

use actionlayer_domain::{
    ApiKeyId, ContactId, DomainId, DraftId, HeldId, IdentityId, MessageId, RuleId, ThreadId, WebhookDeliveryId,
    WebhookId,
};
use actionlayer_service::contacts::suppressions::SuppressionName;
use axum::extract::{FromRequestParts, RawPathParams};
use http::request::Parts;

use crate::ApiError;

/// An id whose kind of object has a name in the API.
pub trait NamedId: FromStr {
    /// The kind of object, as a word in a sentence.
    const WHAT: &'static str;
}

macro_rules! named_ids {
    ($($id:ty => $what:literal),+ $(,)?) => {$(impl NamedId for $id { const WHAT: &'static str = $what; })+};
}
named_ids! {
    ApiKeyId => "API key",
    ContactId => "contact",
    DomainId => "domain",
    DraftId => "draft",
    HeldId => "pending inbound message",
    IdentityId => "identity",
    MessageId => "message",
    RuleId => "rule",
    ThreadId => "thread",
    WebhookId => "webhook",
}

/// The `{id}` of a route. What cannot be an id is the id of nothing: 404, as for one that does not exist.
#[derive(Debug, Clone, Copy)]
pub struct Id<T>(pub T);

impl<T: NamedId, S: Send + Sync> FromRequestParts<S> for Id<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        segment(parts, state, "id").await?.parse().map(Self).map_err(|_| ApiError::no_such(T::WHAT))
    }
}

/// The `{id}` of a suppression: its id, or the address itself.
#[derive(Debug, Clone)]
pub struct IdOrAddress(pub SuppressionName);

impl<S: Send + Sync> FromRequestParts<S> for IdOrAddress {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let text = segment(parts, state, "id").await?;
        let address = || text.parse().ok().map(SuppressionName::Email);
        let name = text.parse().ok().map(SuppressionName::Id).or_else(address);
        name.map(Self).ok_or_else(|| ApiError::no_such("suppression"))
    }
}

/// The `{attachment_id}` of a route.
#[derive(Debug, Clone)]
pub struct AttachmentId(pub String);

impl<S: Send + Sync> FromRequestParts<S> for AttachmentId {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        segment(parts, state, "attachment_id").await.map(Self)
    }
}

/// The `{delivery_id}` of a route; none where it cannot be one. That there is no such delivery is said only to those who may
/// know.
#[derive(Debug, Clone, Copy)]
pub struct DeliveryId(pub Option<WebhookDeliveryId>);

impl<S: Send + Sync> FromRequestParts<S> for DeliveryId {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        Ok(Self(segment(parts, state, "delivery_id").await?.parse().ok()))
    }
}

async fn segment<S: Send + Sync>(parts: &mut Parts, state: &S, name: &str) -> Result<String, ApiError> {
    // Fails for a segment that is not UTF-8 once decoded; no id is like that.
    let params = RawPathParams::from_request_parts(parts, state).await.map_err(|_| ApiError::no_such_path())?;
    let value = params.iter().find(|(key, _)| *key == name).map(|(_, value)| value.to_owned());
    value.ok_or_else(ApiError::no_such_path)
}
