//! The workspace.

use std::sync::Arc;

use actionlayer_domain::HeaderText;
use actionlayer_service::{
    App,
    workspace::{
        bootstrap_workspace as bootstrap,
        update_workspace::{self, WorkspacePatch},
    },
};
use axum::{Json, extract::State, http::StatusCode};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    ApiError, Authenticated, JsonBody, NoQuery, nullable,
    views::{BootstrapView, WorkspaceView},
};

/// The operations on this resource.
pub fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(bootstrap_workspace)).routes(routes!(get_workspace, update_workspace))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "workspace_name": "Novacore" }))]
pub(crate) struct Bootstrap {
    workspace_name: HeaderText,
}

/// Create the first workspace
///
/// Creates the workspace of this deployment and its first key, which has the role `full`. Works once, and only where it
/// is switched on.
#[utoipa::path(
    post, path = "/v1/auth/bootstrap", tag = "Workspace",
    security(()),
    request_body = Bootstrap,
    responses((status = 201, description = "The workspace, and the key: the only time it is shown.", body = BootstrapView)),
    extensions(("x-errors" = json!(["workspace_exists", "forbidden"])))
)]
pub(crate) async fn bootstrap_workspace(
    State(app): State<Arc<App>>,
    _: NoQuery,
    JsonBody(body): JsonBody<Bootstrap>,
) -> Result<(StatusCode, Json<BootstrapView>), ApiError> {
    let (workspace, _, secret) = bootstrap::bootstrap_workspace(&app, body.workspace_name).await?;
    Ok((StatusCode::CREATED, Json(BootstrapView::of(workspace, secret))))
}

/// Retrieve the workspace
#[utoipa::path(
    get, path = "/v1/workspace", tag = "Workspace",
    responses((status = 200, description = "The workspace.", body = WorkspaceView))
)]
pub(crate) async fn get_workspace(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    _: NoQuery,
) -> Result<Json<WorkspaceView>, ApiError> {
    Ok(Json(WorkspaceView::of(update_workspace::get_workspace(&app, &caller).await?)))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "settings": { "sender_trust_gating": true, "draft_ttl_hours": 48 } }))]
pub(crate) struct UpdateWorkspace {
    name: Option<HeaderText>,
    settings: Option<UpdateSettings>,
}

#[allow(clippy::option_option, reason = "absent, null and a value are three different wishes")]
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct UpdateSettings {
    sender_trust_gating: Option<bool>,
    #[serde(default, deserialize_with = "nullable")]
    draft_ttl_hours: Option<Option<u32>>,
    notify_held_inbound: Option<bool>,
    #[serde(default, deserialize_with = "nullable")]
    remind_after_hours: Option<Option<u32>>,
}

/// Update the workspace
///
/// Changes its name or settings.
#[utoipa::path(
    patch, path = "/v1/workspace", tag = "Workspace",
    request_body = UpdateWorkspace,
    responses((status = 200, description = "The workspace as it is now.", body = WorkspaceView))
)]
pub(crate) async fn update_workspace(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    _: NoQuery,
    JsonBody(body): JsonBody<UpdateWorkspace>,
) -> Result<Json<WorkspaceView>, ApiError> {
    let settings = body.settings.unwrap_or_default();
    let patch = WorkspacePatch {
        name: body.name,
        sender_trust_gating: settings.sender_trust_gating,
        draft_ttl_hours: settings.draft_ttl_hours,
        notify_held_inbound: settings.notify_held_inbound,
        remind_after_hours: settings.remind_after_hours,
    };
    Ok(Json(WorkspaceView::of(update_workspace::update_workspace(&app, &caller, patch).await?)))
}
