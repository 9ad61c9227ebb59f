//! `/settings`: the workspace. Its users and sessions are with the accounts.

use std::sync::Arc;

use actionlayer_domain::{HeaderText, workspace::NewParticipants};
use actionlayer_pages::{
    dashboard::Section,
    screens::{
        Problem,
        workspace::{WorkspaceForm, workspace},
    },
};
use actionlayer_service::{
    App, ServiceError,
    workspace::update_workspace::{UpdateSettings, UpdateWorkspace, get_workspace, update_workspace},
};
use axum::{Router, extract::State, http::StatusCode, response::Response, routing::get};

use super::{
    answer::{self, access, failed, refused},
    form::Form,
};
use crate::{SignedIn, accounts::told};

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new().route("/settings", get(show).post(save))
}

async fn show(State(app): State<Arc<App>>, visitor: SignedIn) -> Response {
    page(&app, &visitor, StatusCode::OK, None, None).await
}

async fn page(
    app: &App,
    visitor: &SignedIn,
    status: StatusCode,
    typed: Option<WorkspaceForm>,
    problem: Option<Problem>,
) -> Response {
    match get_workspace(app, &visitor.caller).await {
        Ok(found) => {
            let form = typed.unwrap_or_else(|| WorkspaceForm::of(&found));
            answer::page(visitor, status, &workspace(&found, &form, access(visitor), problem))
        }
        Err(error) => failed(visitor, Section::Settings, &error),
    }
}

/// A number of hours; none when nothing was typed.
fn hours(field: &'static str, text: &str) -> Result<Option<u32>, ServiceError> {
    let given = Some(text).filter(|text| !text.is_empty());
    given.map(|text| text.parse().map_err(|_| ServiceError::invalid(field, "must be a number of hours"))).transpose()
}

async fn save(State(app): State<Arc<App>>, visitor: SignedIn, form: Form) -> Response {
    let typed = WorkspaceForm {
        name: form.text("name").trim().to_owned(),
        hold: form.has("hold"),
        tell: form.has("tell"),
        apart: form.has("apart"),
        expires: form.text("expires").trim().to_owned(),
        remind: form.text("remind").trim().to_owned(),
    };
    let saved = async {
        let name = HeaderText::parse(typed.name.as_str()).map_err(|error| ServiceError::invalid("name", error))?;
        let settings = UpdateSettings {
            sender_trust_gating: Some(typed.hold),
            draft_ttl_hours: Some(hours("draft_ttl_hours", &typed.expires)?),
            remind_after_hours: Some(hours("remind_after_hours", &typed.remind)?),
            notify_held_inbound: Some(typed.tell),
            new_participants: Some(if typed.apart { NewParticipants::NewThread } else { NewParticipants::Join }),
        };
        let patch = UpdateWorkspace { name: Some(name), settings: Some(settings) };
        update_workspace(&app, &visitor.caller, patch).await
    };
    match saved.await {
        Ok(_) => told(&app, "/settings", "Saved."),
        Err(error) => {
            let (status, problem) = refused(&error);
            page(&app, &visitor, status, Some(typed), problem).await
        }
    }
}
