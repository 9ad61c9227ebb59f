//! API keys.

use std::sync::Arc;

use actionlayer_domain::ApiKeyId;
use actionlayer_service::{
    App,
    workspace::api_keys::{self, NewApiKey},
};
use axum::{Json, extract::State, http::StatusCode};

use crate::{
    ApiError, Authenticated, Id, JsonBody, List, NoQuery, Query,
    openapi::Paging,
    views::{ApiKeyView, NewApiKeyView},
};

operations! {
    list_api_keys, create_api_key;
    revoke_api_key;
}

/// Create an API key
///
/// The key is in this answer and in no other.
#[utoipa::path(
    post, path = "/v1/api-keys", tag = "API keys",
    request_body = NewApiKey,
    responses((status = 201, description = "The key: the only time it is shown.", body = NewApiKeyView))
)]
pub(crate) async fn create_api_key(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    _: NoQuery,
    JsonBody(create): JsonBody<NewApiKey>,
) -> Result<(StatusCode, Json<NewApiKeyView>), ApiError> {
    let (key, secret) = api_keys::create_api_key(&app, &caller, create).await?;
    Ok((StatusCode::CREATED, Json(NewApiKeyView::of(key, secret))))
}

/// List API keys
///
/// Newest first. Shows the prefix of each key, never the key itself.
#[utoipa::path(
    get, path = "/v1/api-keys", tag = "API keys",
    params(Paging),
    responses((status = 200, description = "A page of keys.", body = List<ApiKeyView>)),
    extensions(("x-errors" = json!(["forbidden"])))
)]
pub(crate) async fn list_api_keys(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    mut query: Query,
) -> Result<Json<List<ApiKeyView>>, ApiError> {
    let request = query.page();
    query.finish()?;
    let page = api_keys::list_api_keys(&app, &caller, &request).await?;
    Ok(Json(List::of(page, &request, |(key, last_used_at)| ApiKeyView::of(key, last_used_at))))
}

/// Revoke an API key
///
/// It stops working at once.
#[utoipa::path(
    delete, path = "/v1/api-keys/{id}", tag = "API keys",
    params(("id" = ApiKeyId, Path, description = "The key.")),
    responses((status = 204, description = "It opens nothing any more.")),
    extensions(("x-errors" = json!(["conflict"])))
)]
pub(crate) async fn revoke_api_key(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    Id(id): Id<ApiKeyId>,
    _: NoQuery,
) -> Result<StatusCode, ApiError> {
    api_keys::revoke_api_key(&app, &caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
