//! Domains.

use std::sync::Arc;

use actionlayer_api::{
    ApiError, Authenticated, Id, JsonBody, List, NoFields, NoQuery, OptionalJsonBody, Query, views::DomainView,
};
use actionlayer_domain::{DomainId, DomainName};
use actionlayer_service::{App, create_domain as create, domains, verify_domain as verify};
use axum::{Json, extract::State, http::StatusCode};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewDomain {
    domain: DomainName,
}

pub(crate) async fn create_domain(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    _: NoQuery,
    JsonBody(body): JsonBody<NewDomain>,
) -> Result<(StatusCode, Json<DomainView>), ApiError> {
    let domain = create::create_domain(&app, &caller, body.domain).await?;
    Ok((StatusCode::CREATED, Json(DomainView::of(domain))))
}

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

pub(crate) async fn get_domain(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    Id(id): Id<DomainId>,
    _: NoQuery,
) -> Result<Json<DomainView>, ApiError> {
    Ok(Json(DomainView::of(domains::get_domain(&app, &caller, id).await?)))
}

pub(crate) async fn verify_domain(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    Id(id): Id<DomainId>,
    _: NoQuery,
    OptionalJsonBody(NoFields {}): OptionalJsonBody<NoFields>,
) -> Result<Json<DomainView>, ApiError> {
    Ok(Json(DomainView::of(verify::verify_domain(&app, &caller, id).await?)))
}

pub(crate) async fn delete_domain(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    Id(id): Id<DomainId>,
    _: NoQuery,
) -> Result<StatusCode, ApiError> {
    domains::delete_domain(&app, &caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
