//! Identities.

use std::sync::Arc;

use actionlayer_domain::{DomainId, HeaderText, IdentityId, RuleId, identity::IdentityStatus};
use actionlayer_service::{
    App,
    identities::{
        create_identity::{self as create, NewIdentity},
        read_identities::{self, IdentityFilter},
        test_email, test_notification,
        update_identity::{self as update, UpdateIdentity},
    },
};
use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    ApiError, Authenticated, Id, JsonBody, List, NoFields, NoQuery, OnceOnly, OptionalJsonBody, Query,
    openapi::Paging,
    views::{IdentityView, SentView, TestedChannelsView},
};

operations! {
    list_identities, create_identity;
    get_identity, update_identity, delete_identity;
    send_test_email;
    send_test_notification;
}

/// Create an identity
///
/// A mailbox at a verified domain. `approval_channel` is where its approvers are asked, one channel or a list; all are asked, and the first decision counts.
/// A channel in Slack or Telegram is written to when it is saved, and refused in the provider's own words if that fails. For
/// a Slack app of your own, enter the `callback_url` of the answer as the app's Request URL.
#[utoipa::path(
    post, path = "/v1/identities", tag = "Identities",
    request_body = NewIdentity,
    responses((status = 201, description = "The identity.", body = IdentityView)),
    extensions(("x-errors" = json!(["domain_not_verified", "plan_limit_reached", "conflict"])))
)]
pub(crate) async fn create_identity(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    _: NoQuery,
    JsonBody(new): JsonBody<NewIdentity>,
) -> Result<(StatusCode, Json<IdentityView>), ApiError> {
    let identity = create::create_identity(&app, &caller, new).await?;
    Ok((StatusCode::CREATED, Json(IdentityView::of(identity, &app.settings.public_url))))
}

/// List identities
///
/// Newest first.
#[utoipa::path(
    get, path = "/v1/identities", tag = "Identities",
    params(
        Paging,
        ("domain_id" = Option<DomainId>, Query, description = "Only identities at this domain."),
        ("status" = Option<IdentityStatus>, Query, description = "Only identities in this state."),
    ),
    responses((status = 200, description = "A page of identities.", body = List<IdentityView>))
)]
pub(crate) async fn list_identities(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    mut query: Query,
) -> Result<Json<List<IdentityView>>, ApiError> {
    let request = query.page();
    let filter = IdentityFilter {
        domain_id: query.parsed::<DomainId>("domain_id"),
        status: query.choice::<IdentityStatus>("status"),
    };
    query.finish()?;
    let page = read_identities::list_identities(&app, &caller, filter, &request).await?;
    Ok(Json(List::of(page, &request, |identity| IdentityView::of(identity, &app.settings.public_url))))
}

/// Retrieve an identity
#[utoipa::path(
    get, path = "/v1/identities/{id}", tag = "Identities",
    params(("id" = IdentityId, Path, description = "The identity.")),
    responses((status = 200, description = "The identity.", body = IdentityView))
)]
pub(crate) async fn get_identity(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    Id(id): Id<IdentityId>,
    _: NoQuery,
) -> Result<Json<IdentityView>, ApiError> {
    let identity = read_identities::get_identity(&app, &caller, id).await?;
    Ok(Json(IdentityView::of(identity, &app.settings.public_url)))
}

/// Update an identity
///
/// The address cannot be changed.
#[utoipa::path(
    patch, path = "/v1/identities/{id}", tag = "Identities",
    params(("id" = IdentityId, Path, description = "The identity.")),
    request_body = UpdateIdentity,
    responses((status = 200, description = "The identity as it is now.", body = IdentityView)),
    extensions(("x-errors" = json!(["conflict"])))
)]
pub(crate) async fn update_identity(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    Id(id): Id<IdentityId>,
    _: NoQuery,
    JsonBody(patch): JsonBody<UpdateIdentity>,
) -> Result<Json<IdentityView>, ApiError> {
    let identity = update::update_identity(&app, &caller, id, patch).await?;
    Ok(Json(IdentityView::of(identity, &app.settings.public_url)))
}

/// Delete an identity
///
/// Its threads stay. Rules that give threads to it are named in the answer: they fail until they are changed.
#[utoipa::path(
    delete, path = "/v1/identities/{id}", tag = "Identities",
    params(("id" = IdentityId, Path, description = "The identity.")),
    responses(
        (status = 204, description = "It is gone."),
        (status = 200, description = "It is gone, and rules name it.", body = DeletedIdentityView),
    ),
    extensions(("x-errors" = json!(["conflict"])))
)]
pub(crate) async fn delete_identity(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    Id(id): Id<IdentityId>,
    _: NoQuery,
) -> Result<Response, ApiError> {
    let rules = read_identities::delete_identity(&app, &caller, id).await?;
    if rules.is_empty() {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let rules = rules.into_iter().map(|rule| NamingRuleView { id: rule.id, name: rule.name }).collect();
    Ok(Json(DeletedIdentityView { rules }).into_response())
}

/// What still names an identity that is gone.
#[derive(Serialize, ToSchema)]
#[schema(as = DeletedIdentity)]
pub(crate) struct DeletedIdentityView {
    /// Rules that give threads to it.
    rules: Vec<NamingRuleView>,
}

/// A rule that names something.
#[derive(Serialize, ToSchema)]
#[schema(as = NamingRule)]
pub(crate) struct NamingRuleView {
    id: RuleId,
    name: HeaderText,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TestEmail {
    /// Who gets it; the identity's first approver when it is not given.
    #[schema(value_type = Option<actionlayer_domain::EmailAddress>)]
    to: Option<String>,
}

/// Send a test email
///
/// It is sent like any other mail: retrieve the message until its `delivery_status` says what became of it. Requires a
/// key with the role `automation` or `full`.
#[utoipa::path(
    post, path = "/v1/identities/{id}/test-email", tag = "Identities",
    params(("id" = IdentityId, Path, description = "The identity.")),
    request_body = Option<TestEmail>,
    responses((status = 202, description = "The message is on its way.", body = SentView)),
    extensions(("x-errors" = json!(["identity_suspended", "plan_limit_reached", "recipient_suppressed", "conflict"])))
)]
pub(crate) async fn send_test_email(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    OnceOnly(idempotency): OnceOnly,
    Id(id): Id<IdentityId>,
    _: NoQuery,
    OptionalJsonBody(body): OptionalJsonBody<TestEmail>,
) -> Result<(StatusCode, Json<SentView>), ApiError> {
    let (message, _) = test_email::send_test_email(&app, &caller, &idempotency, id, body.to.as_deref()).await?;
    Ok((StatusCode::ACCEPTED, Json(SentView::of(&message))))
}

/// Sends a harmless sample through every approval channel of an identity.
///
/// The answer says what came of each: whether the provider took it, or its word and what to do. A channel that works again
/// leaves `channel_status`.
#[utoipa::path(
    post, path = "/v1/identities/{id}/test-notification", tag = "Identities",
    params(("id" = IdentityId, Path, description = "The identity.")),
    responses((status = 200, description = "What came of each.", body = TestedChannelsView)),
    extensions(("x-errors" = json!(["conflict"])))
)]
pub(crate) async fn send_test_notification(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    Id(id): Id<IdentityId>,
    _: NoQuery,
    OptionalJsonBody(NoFields {}): OptionalJsonBody<NoFields>,
) -> Result<Json<TestedChannelsView>, ApiError> {
    Ok(Json(TestedChannelsView::of(test_notification::test_notification(&app, &caller, id).await?)))
}
