//! Trying an identity out.

use std::sync::Arc;

use actionlayer_api::{ApiError, Authenticated, Id, NoQuery, OptionalJsonBody, views::SentView};
use actionlayer_domain::IdentityId;
use actionlayer_service::{App, test_email};
use axum::{Json, extract::State, http::StatusCode};
use serde::Deserialize;
use utoipa::ToSchema;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TestEmail {
    /// Who gets it; the identity's first approver when it is not given.
    #[schema(value_type = Option<actionlayer_domain::EmailAddress>)]
    to: Option<String>,
}

/// Sends a test mail from an identity.
///
/// It goes the way of every mail: read the message until its `delivery_status` says what became of it. Takes a key with the
/// role `automation` or `full`.
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
    Id(id): Id<IdentityId>,
    _: NoQuery,
    OptionalJsonBody(body): OptionalJsonBody<TestEmail>,
) -> Result<(StatusCode, Json<SentView>), ApiError> {
    let (message, _) = test_email::send_test_email(&app, &caller, id, body.to.as_deref()).await?;
    Ok((StatusCode::ACCEPTED, Json(SentView::of(&message))))
}
