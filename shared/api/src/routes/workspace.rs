//! The workspace.

use std::sync::Arc;

use actionlayer_domain::{HeaderText, Secret};
use actionlayer_service::{
    App,
    workspace::{
        bootstrap_workspace as bootstrap, delete_workspace as deletion,
        export_workspace::{self as exports, Exported},
        update_workspace::{self, UpdateWorkspace},
    },
};
use axum::{Json, extract::State, http::StatusCode};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    ApiError, Authenticated, JsonBody, NoFields, NoQuery, OnceOnly, OptionalJsonBody,
    views::{BootstrapView, DeletionView, ExportView, WorkspaceView},
};

operations! {
    bootstrap_workspace;
    get_workspace, update_workspace;
    export_workspace, get_workspace_export;
    delete_workspace, get_workspace_deletion, cancel_workspace_deletion;
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "workspace_name": "Novacore" }))]
pub(crate) struct Bootstrap {
    workspace_name: HeaderText,
    /// The parameter `BootstrapToken` of the deployment. Not asked for on one machine.
    #[schema(value_type = Option<String>)]
    bootstrap_token: Option<Secret<String>>,
}

/// Create the first workspace
///
/// Creates the workspace of this deployment and its first key, which has the role `full`. Works once, and in the cloud only
/// with the token that whoever deployed it chose.
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
    let (workspace, _, secret) = {
        let token = body.bootstrap_token.as_ref().map(|token| token.expose().as_str());
        bootstrap::bootstrap_workspace(&app, body.workspace_name, token).await?
    };
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
    JsonBody(patch): JsonBody<UpdateWorkspace>,
) -> Result<Json<WorkspaceView>, ApiError> {
    Ok(Json(WorkspaceView::of(update_workspace::update_workspace(&app, &caller, patch).await?)))
}

/// Export the workspace
///
/// Writes all that the workspace has into files of JSON lines, each line with a `type` (`workspace`, `user`, `identity`, `domain`,
/// `api_key`, `rule`, `webhook`, `contact`, `suppression`, `audit`, `thread`, `draft`, `message`) and `data` as the API shows it,
/// without secrets. Files and raw mail are named by their ids and fetched with the API. It is written in parts of some 4 MB, some
/// every minute; ask for it with `GET /v1/workspace/export`. One is written at a time. Takes a key with the role `full`.
#[utoipa::path(
    post, path = "/v1/workspace/export", tag = "Workspace",
    responses((status = 202, description = "The export, of which nothing is written yet.", body = ExportView)),
    extensions(("x-errors" = json!(["conflict"])))
)]
pub(crate) async fn export_workspace(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    OnceOnly(idempotency): OnceOnly,
    _: NoQuery,
    OptionalJsonBody(NoFields {}): OptionalJsonBody<NoFields>,
) -> Result<(StatusCode, Json<ExportView>), ApiError> {
    let export = exports::export_workspace(&app, &caller, &idempotency).await?;
    Ok((StatusCode::ACCEPTED, Json(ExportView::of(Exported { export, urls: Vec::new() }))))
}

/// Retrieve the export of the workspace
///
/// The newest one of the last 7 days, with URLs of the files that are there so far. Takes a key with the role `full`.
#[utoipa::path(
    get, path = "/v1/workspace/export", tag = "Workspace",
    responses((status = 200, description = "The export.", body = ExportView)),
    extensions(("x-errors" = json!(["not_found", "forbidden"])))
)]
pub(crate) async fn get_workspace_export(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    _: NoQuery,
) -> Result<Json<ExportView>, ApiError> {
    Ok(Json(ExportView::of(exports::get_export(&app, &caller).await?)))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "name": "Novacore" }))]
pub(crate) struct DeleteWorkspace {
    /// The name of the workspace, so that it is the one that is meant.
    name: String,
}

/// Delete the workspace
///
/// Schedules it. For 7 days everything works as before, and it can be taken back with `DELETE /v1/workspace/deletion`. Then keys,
/// webhooks, identities, domains and users go, so that nothing comes in or leaves any more; then everything the table has of it, and
/// its files. What remains is raw mail as SES delivered it, under SES's id, and for 30 days earlier versions of files, where the
/// operator keeps them. Takes a key with the role `full`.
#[utoipa::path(
    post, path = "/v1/workspace/deletion", tag = "Workspace",
    request_body = DeleteWorkspace,
    responses((status = 202, description = "When it begins.", body = DeletionView))
)]
pub(crate) async fn delete_workspace(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    _: NoQuery,
    JsonBody(DeleteWorkspace { name }): JsonBody<DeleteWorkspace>,
) -> Result<(StatusCode, Json<DeletionView>), ApiError> {
    let erasure = deletion::schedule_deletion(&app, &caller, &name).await?;
    Ok((StatusCode::ACCEPTED, Json(DeletionView::of(&erasure))))
}

/// Retrieve the deletion of the workspace
///
/// 404 when none was asked for.
#[utoipa::path(
    get, path = "/v1/workspace/deletion", tag = "Workspace",
    responses((status = 200, description = "When it begins.", body = DeletionView)),
    extensions(("x-errors" = json!(["not_found", "forbidden"])))
)]
pub(crate) async fn get_workspace_deletion(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    _: NoQuery,
) -> Result<Json<DeletionView>, ApiError> {
    Ok(Json(DeletionView::of(&deletion::get_deletion(&app, &caller).await?)))
}

/// Cancel the deletion of the workspace
///
/// Possible until it begins.
#[utoipa::path(
    delete, path = "/v1/workspace/deletion", tag = "Workspace",
    responses((status = 204, description = "It is not deleted.")),
    extensions(("x-errors" = json!(["not_found", "conflict"])))
)]
pub(crate) async fn cancel_workspace_deletion(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    _: NoQuery,
) -> Result<StatusCode, ApiError> {
    deletion::cancel_deletion(&app, &caller).await?;
    Ok(StatusCode::NO_CONTENT)
}
