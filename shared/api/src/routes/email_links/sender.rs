//! The links of mails about senders. As with drafts, GET and HEAD change nothing, whoever sends them.

use std::sync::Arc;

use actionlayer_pages::{outcome::Outcome, sender::sender_page};
use actionlayer_service::{
    App, ServiceError,
    approvals::{
        approval_page::LinkProblem,
        sender_page::{SenderView, decide_by_sender_link, open_sender_link},
    },
};
use axum::{
    Form,
    extract::{Path, State, rejection::FormRejection},
    http::StatusCode,
    response::Response,
};
use serde::Deserialize;

use super::{
    Token,
    answer::{of_problem, of_service_error, outcome, page},
};

/// What the page's form posts.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Decide {
    action: Action,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Action {
    Trust,
    Block,
}

async fn follow(app: &App, token: Token) -> Result<SenderView, LinkProblem> {
    match token {
        Ok(Path(token)) => open_sender_link(app, &token).await,
        Err(_) => Err(LinkProblem::Unknown),
    }
}

/// `GET` and `HEAD`: reads and shows.
pub(super) async fn open(State(app): State<Arc<App>>, token: Token) -> Response {
    match follow(&app, token).await {
        Ok(SenderView { identity, held: Some(held), .. }) => page(StatusCode::OK, sender_page(&identity, &held)),
        Ok(SenderView { held: None, .. }) => outcome(StatusCode::CONFLICT, &Outcome::SenderDecided),
        Err(problem) => of_problem(&problem),
    }
}

/// `POST`: decides, if nobody has.
pub(super) async fn decide(
    State(app): State<Arc<App>>,
    token: Token,
    form: Result<Form<Decide>, FormRejection>,
) -> Response {
    let action = match form {
        Ok(Form(form)) => form.action,
        Err(rejection) => return outcome(rejection.status(), &Outcome::BadForm),
    };
    let view = match follow(&app, token).await {
        Ok(view) => view,
        Err(problem) => return of_problem(&problem),
    };
    let trust = matches!(action, Action::Trust);
    match decide_by_sender_link(&app, &view, trust).await {
        Ok(()) if trust => outcome(StatusCode::OK, &Outcome::SenderTrusted),
        Ok(()) => outcome(StatusCode::OK, &Outcome::SenderBlocked),
        Err(ServiceError::NotFound { .. }) => outcome(StatusCode::CONFLICT, &Outcome::SenderDecided),
        Err(error) => of_service_error(&error),
    }
}
