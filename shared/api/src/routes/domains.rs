//! Domains.

use std::sync::Arc;

use actionlayer_domain::{DomainId, DomainName};
use actionlayer_service::{
    App,
    domains::{create_domain as create, read_domains as domains, verify_domain as verify},
};
use axum::{Json, extract::State, http::StatusCode};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    ApiError, Authenticated, Id, JsonBody, List, NoFields, NoQuery, OptionalJsonBody, Query, openapi::Paging,
    views::DomainView,
};

operations! {
    list_domains, create_domain;
    get_domain, delete_domain;
    verify_domain;
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "domain": "ai.example.com" }))]
pub(crate) struct NewDomain {
    domain: DomainName,
}

/// Create a domain
///
/// Returns the DNS records that prove it is yours and make it receive mail.
#[utoipa::path(
    post, path = "/v1/domains", tag = "Domains",
    request_body = NewDomain,
    responses((status = 201, description = "The domain, pending, with its five records.", body = DomainView)),
    extensions(("x-errors" = json!(["plan_limit_reached", "conflict"])))
)]
pub(crate) async fn create_domain(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    _: NoQuery,
    JsonBody(body): JsonBody<NewDomain>,
) -> Result<(StatusCode, Json<DomainView>), ApiError> {
    let domain = create::create_domain(&app, &caller, body.domain).await?;
    Ok((StatusCode::CREATED, Json(DomainView::of(domain))))
}

/// List domains
///
/// Newest first.
#[utoipa::path(
    get, path = "/v1/domains", tag = "Domains",
    params(Paging),
    responses((status = 200, description = "A page of domains.", body = List<DomainView>))
)]
pub(crate) async fn list_domains(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    mut query: Query,
) -> Result<Json<List<DomainView>>, ApiError> {
    let request = query.page();
    query.finish()?;
    let page = domains::list_domains(&app, &caller, &request).await?;
    Ok(Json(List::of(page, &request, DomainView::of)))
}

/// Retrieve a domain
#[utoipa::path(
    get, path = "/v1/domains/{id}", tag = "Domains",
    params(("id" = DomainId, Path, description = "The domain.")),
    responses((status = 200, description = "The domain.", body = DomainView))
)]
pub(crate) async fn get_domain(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    Id(id): Id<DomainId>,
    _: NoQuery,
) -> Result<Json<DomainView>, ApiError> {
    Ok(Json(DomainView::of(domains::get_domain(&app, &caller, id).await?)))
}

/// Verify a domain
///
/// Looks up its DNS records now.
#[utoipa::path(
    post, path = "/v1/domains/{id}/verify", tag = "Domains",
    params(("id" = DomainId, Path, description = "The domain.")),
    responses((status = 200, description = "The domain with what was found.", body = DomainView)),
    extensions(("x-errors" = json!(["conflict"])))
)]
pub(crate) async fn verify_domain(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    Id(id): Id<DomainId>,
    _: NoQuery,
    OptionalJsonBody(NoFields {}): OptionalJsonBody<NoFields>,
) -> Result<Json<DomainView>, ApiError> {
    Ok(Json(DomainView::of(verify::verify_domain(&app, &caller, id).await?)))
}

/// Delete a domain
///
/// Only a domain without identities can be deleted.
#[utoipa::path(
    delete, path = "/v1/domains/{id}", tag = "Domains",
    params(("id" = DomainId, Path, description = "The domain.")),
    responses((status = 204, description = "It is gone.")),
    extensions(("x-errors" = json!(["conflict"])))
)]
pub(crate) async fn delete_domain(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    Id(id): Id<DomainId>,
    _: NoQuery,
) -> Result<StatusCode, ApiError> {
    domains::delete_domain(&app, &caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
