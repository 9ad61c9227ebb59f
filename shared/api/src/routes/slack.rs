//! "Add to Slack".

use std::sync::Arc;

use actionlayer_service::{App, approvals::slack_install};
use axum::{Json, extract::State, http::StatusCode};

use crate::{
    ApiError, Authenticated, NoFields, NoQuery, OptionalJsonBody,
    views::{SlackInstallationView, SlackLinkView},
};

operations! {
    get_slack_installation;
    install_slack;
}

/// Reads whether the deployment's Slack app is installed for the workspace.
#[utoipa::path(
    get, path = "/v1/workspace/slack", tag = "Workspace",
    responses((status = 200, description = "The installation.", body = SlackInstallationView)),
    extensions(("x-errors" = json!(["forbidden"])))
)]
pub(crate) async fn get_slack_installation(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    _: NoQuery,
) -> Result<Json<SlackInstallationView>, ApiError> {
    Ok(Json(SlackInstallationView::of(slack_install::installation(&app, &caller).await?)))
}

/// Makes a link that adds the deployment's Slack app to a Slack workspace.
///
/// Open it in a browser within ten minutes and allow the app; it works once, in that browser. From then on an identity
/// names just the channel: `{"type": "slack", "channel": "C024BE91L"}`.
#[utoipa::path(
    post, path = "/v1/workspace/slack/install", tag = "Workspace",
    responses((status = 201, description = "The link.", body = SlackLinkView)),
    extensions(("x-errors" = json!(["conflict"])))
)]
pub(crate) async fn install_slack(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    _: NoQuery,
    OptionalJsonBody(NoFields {}): OptionalJsonBody<NoFields>,
) -> Result<(StatusCode, Json<SlackLinkView>), ApiError> {
    let link = slack_install::install_link(&app, &caller).await?;
    Ok((StatusCode::CREATED, Json(SlackLinkView { url: link.url })))
}
