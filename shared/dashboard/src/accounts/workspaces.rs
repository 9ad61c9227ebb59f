//! Going from one workspace to another.

use std::sync::Arc;

use actionlayer_domain::WorkspaceId;
use actionlayer_pages::dashboard::{accounts::Workspaces, render};
use actionlayer_service::{
    App, ServiceError,
    accounts::{
        sessions::{list_workspaces, switch_workspace},
        workspaces::{create_own_workspace, may_create_workspace},
    },
};
use axum::{
    extract::State,
    response::{Html, IntoResponse as _, Response},
};
use serde::Deserialize;

use super::told;
use crate::{Visiting, posted::Posted, problem::Refused};

#[derive(Deserialize)]
pub(super) struct Switch {
    workspace_id: String,
}

#[derive(Deserialize)]
pub(super) struct Create {
    name: String,
}

/// `GET /workspaces`.
pub(super) async fn show(State(app): State<Arc<App>>, me: Visiting) -> Result<Response, Refused> {
    let at = me.visitor.place.as_ref().map(|place| place.workspace.id);
    let workspaces = list_workspaces(&app, &me.visitor).await?;
    let workspaces = workspaces
        .into_iter()
        .map(|place| {
            let id = place.workspace.id;
            let name = place.workspace.name.as_str().to_owned();
            (id.to_string(), name, place.membership.role.as_str(), Some(id) == at)
        })
        .collect();
    let may_create = may_create_workspace(&app, &me.visitor).await?;
    Ok(Html(render(&Workspaces { frame: me.frame("Workspaces"), workspaces, may_create })).into_response())
}

/// `POST /workspaces/switch`.
pub(super) async fn switch(
    State(app): State<Arc<App>>,
    me: Visiting,
    Posted(form): Posted<Switch>,
) -> Result<Response, Refused> {
    let id: WorkspaceId = form.workspace_id.parse().map_err(|_| ServiceError::NotFound { what: "workspace" })?;
    switch_workspace(&app, &me.visitor, id).await?;
    Ok(told(&app, "/", "You are in another workspace now."))
}

/// `POST /workspaces/create`.
pub(super) async fn create(
    State(app): State<Arc<App>>,
    me: Visiting,
    Posted(form): Posted<Create>,
) -> Result<Response, Refused> {
    let id = create_own_workspace(&app, &me.visitor, &form.name).await?;
    switch_workspace(&app, &me.visitor, id).await?;
    Ok(told(&app, "/", "The workspace is made, and you are in it."))
}
