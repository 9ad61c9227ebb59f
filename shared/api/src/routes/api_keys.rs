//! API keys.

use std::sync::Arc;

use actionlayer_domain::{ApiKeyId, HeaderText, IdentityId, Role};
use actionlayer_service::{
    App,
    workspace::api_keys::{self, CreateApiKey},
};
use axum::{Json, extract::State, http::StatusCode};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    ApiError, Authenticated, Id, JsonBody, List, NoQuery, Query,
    openapi::Paging,
    views::{ApiKeyView, NewApiKeyView},
};

/// The operations on this resource.
pub fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(list_api_keys, create_api_key)).routes(routes!(revoke_api_key))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "name": "agent", "role": "agent" }))]
pub(crate) struct NewApiKey {
    name: HeaderText,
    role: Option<Role>,
    identity_ids: Option<Vec<IdentityId>>,
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
    JsonBody(body): JsonBody<NewApiKey>,
) -> Result<(StatusCode, Json<NewApiKeyView>), ApiError> {
    let create = CreateApiKey {
        name: body.name,
        // A key that can approve must be asked for.
        role: body.role.unwrap_or(Role::Agent),
        identity_ids: body.identity_ids.unwrap_or_default(),
    };
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
