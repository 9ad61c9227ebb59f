//! The first owner's way in: the link an engine prints, or the deployment's token.

use std::sync::Arc;

use actionlayer_pages::dashboard::accounts::{Door, DoorForm, Field};
use actionlayer_service::{
    App,
    accounts::{
        Person, Profile,
        first_owner::{Start, become_owner, open_start, sign_in_by_link},
    },
};
use axum::{
    extract::{Query, State},
    response::Response,
};
use http::StatusCode;
use serde::Deserialize;

use super::door::{Token, again, door, link_problem, shown, signed_in, with_token};
use crate::posted::{Browser, Posted};

#[derive(Deserialize)]
pub(super) struct StartForm {
    token: String,
    #[serde(default)]
    email: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    workspace_name: String,
}

/// What a link shows, with what was typed before.
fn screen(start: &Start, form: &StartForm) -> Door {
    match start {
        Start::SignIn { email } => {
            let sentence = format!("This signs you in as {email}, the owner, without the password.");
            let form = DoorForm { button: "Sign in".to_owned(), ..with_token("/start", &form.token) };
            door("Welcome back", &[&sentence, "The link works once; the next start prints another."], Some(form))
        }
        Start::BecomeOwner { has_workspace } => {
            let mut fields = vec![Field::name(&form.name), Field::email(&form.email), Field::new_password("password")];
            if !has_workspace {
                fields.push(Field::workspace(&form.workspace_name));
            }
            let form = DoorForm { fields, button: "Begin".to_owned(), ..with_token("/start", &form.token) };
            let sentence = "You are the first here: this makes you the owner. Others come in by your invitation.";
            door("Welcome to ActionLayer", &[sentence], Some(form))
        }
    }
}

/// `GET /start`: shows, and changes nothing.
pub(super) async fn show(State(app): State<Arc<App>>, Query(Token { token }): Query<Token>) -> Response {
    match open_start(&app, &token).await {
        Ok(start) => {
            let empty = String::new;
            let form = StartForm { token, email: empty(), name: empty(), password: empty(), workspace_name: empty() };
            shown(StatusCode::OK, &screen(&start, &form))
        }
        Err(problem) => link_problem(problem),
    }
}

/// `POST /start`: uses the link up.
pub(super) async fn post(State(app): State<Arc<App>>, browser: Browser, Posted(form): Posted<StartForm>) -> Response {
    let start = match open_start(&app, &form.token).await {
        Ok(start) => start,
        Err(problem) => return link_problem(problem),
    };
    let had = browser.cookie.as_deref();
    let outcome = match start {
        Start::SignIn { .. } => sign_in_by_link(&app, &browser.source, &form.token, had).await,
        Start::BecomeOwner { .. } => {
            let person = Person {
                email: form.email.clone(),
                profile: Profile { name: form.name.clone(), password: form.password.clone() },
                workspace_name: form.workspace_name.clone(),
            };
            become_owner(&app, &browser.source, &form.token, &person, had).await
        }
    };
    match outcome {
        Ok(token) => signed_in(&app, &token, "/"),
        Err(refusal) => again(screen(&start, &form), refusal, "Somebody used this link already."),
    }
}
