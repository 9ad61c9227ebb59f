//! `/held`: unknown senders whose mail is held.

use std::sync::Arc;

use actionlayer_domain::HeldId;
use actionlayer_pages::{
    dashboard::Section,
    screens::{
        Problem,
        held::{Held, held},
    },
};
use actionlayer_service::{
    App, ServiceError,
    inbound::held::{approve_held, block_held, list_held},
    workspace::update_workspace::{WorkspacePatch, get_workspace, update_workspace},
};
use axum::{
    Router,
    extract::{Path, State},
    http::StatusCode,
    response::Response,
    routing::{get, post},
};

use super::{
    answer::{self, access, failed, incomplete, page_request, refused},
    form::{Asked, Form},
};
use crate::{SignedIn, accounts::told};

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new().route("/held", get(show)).route("/held/gating", post(hold_unknown)).route("/held/{id}", post(decide))
}

async fn show(State(app): State<Arc<App>>, visitor: SignedIn, asked: Asked) -> Response {
    page(&app, &visitor, &asked, StatusCode::OK, None).await
}

async fn page(app: &App, visitor: &SignedIn, asked: &Asked, status: StatusCode, problem: Option<Problem>) -> Response {
    let request = page_request(asked);
    let read =
        tokio::try_join!(list_held(app, &visitor.caller, None, request.clone()), get_workspace(app, &visitor.caller));
    let (list, workspace) = match read {
        Ok(read) => read,
        Err(error) => return failed(visitor, Section::Held, &error),
    };
    let view = Held {
        mails: &list.items,
        total: list.total,
        gating: workspace.settings.sender_trust_gating,
        cursor: request.cursor.as_deref(),
        next_cursor: list.next_cursor.as_deref(),
        access: access(visitor),
        now: app.now(),
    };
    answer::page(visitor, status, &held(view, problem))
}

async fn decide(
    State(app): State<Arc<App>>,
    visitor: SignedIn,
    Path(id): Path<String>,
    asked: Asked,
    form: Form,
) -> Response {
    let decided = match (id.parse::<HeldId>(), form.text("action")) {
        (Ok(id), "approve") => approve_held(&app, &visitor.caller, id)
            .await
            .map(|_| "Let in. Their mail is in the inbox, and comes straight in from now on."),
        (Ok(id), "block") => {
            block_held(&app, &visitor.caller, id).await.map(|_| "Blocked. Their mail is dropped, now and later.")
        }
        (Ok(_), _) => {
            let (status, problem) = incomplete();
            return page(&app, &visitor, &asked, status, problem).await;
        }
        (Err(_), _) => Err(ServiceError::NotFound { what: "held mail" }),
    };
    match decided {
        Ok(done) => told(&app, "/held", done),
        Err(error) => {
            let (status, problem) = refused(&error);
            page(&app, &visitor, &asked, status, problem).await
        }
    }
}

async fn hold_unknown(State(app): State<Arc<App>>, visitor: SignedIn, asked: Asked) -> Response {
    let patch = WorkspacePatch { sender_trust_gating: Some(true), ..WorkspacePatch::default() };
    match update_workspace(&app, &visitor.caller, patch).await {
        Ok(_) => told(&app, "/held", "From now on, mail of unknown senders is held here."),
        Err(error) => {
            let (status, problem) = refused(&error);
            page(&app, &visitor, &asked, status, problem).await
        }
    }
}
