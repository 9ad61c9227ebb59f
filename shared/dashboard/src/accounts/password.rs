//! A forgotten password.

use std::sync::Arc;

use actionlayer_pages::dashboard::accounts::{Door, DoorForm, Field};
use actionlayer_service::{
    App, ServiceError,
    accounts::{
        LinkProblem, SignInRefusal,
        account_mail::sender,
        reset_password::{ask_for_reset, open_reset, reset_password},
    },
};
use axum::{
    extract::{Query, State},
    response::{IntoResponse as _, Response},
};
use http::StatusCode;
use serde::Deserialize;

use super::{
    door::{Token, again, door, link_problem, shown, with_token},
    told,
};
use crate::{
    posted::{Browser, Posted},
    problem::Refused,
};

#[derive(Deserialize)]
pub(super) struct Address {
    email: String,
}

#[derive(Deserialize)]
pub(super) struct NewPassword {
    token: String,
    password: String,
}

fn screen(email: &str) -> Door {
    let fields = vec![Field::email(email)];
    let form =
        DoorForm { action: "/reset".to_owned(), fields, button: "Send a link".to_owned(), ..DoorForm::default() };
    let sentence = "If an account has this address, it gets a mail with a link that sets another password.";
    let mut door = door("Forgot the password?", &[sentence], Some(form));
    door.links.push(("/sign-in".to_owned(), "Sign in".to_owned()));
    door
}

/// `GET /reset`. Where no mail can be sent it says so, and what to do.
pub(super) async fn show(State(app): State<Arc<App>>) -> Result<Response, Refused> {
    if sender(&app).await?.is_some() {
        return Ok(shown(StatusCode::OK, &screen("")));
    }
    let sentences = [
        "This deployment cannot send mail yet, so a forgotten password cannot be set by mail.",
        "On one machine, start the engine again: it prints a link that signs the owner in. Elsewhere, whoever runs the \
         deployment sets the parameter AccountMailFrom to an address that SES may send from, or an owner verifies a domain \
         under Identities.",
    ];
    Ok(shown(StatusCode::OK, &door("No mail can be sent from here", &sentences, None)))
}

/// `POST /reset`: the same answer whether or not there is such a user.
pub(super) async fn post(State(app): State<Arc<App>>, browser: Browser, Posted(form): Posted<Address>) -> Response {
    match ask_for_reset(&app, &browser.source, &form.email).await {
        Ok(()) => {
            let sentence = "If an account has that address, a link is on its way to it. It works once, for an hour.";
            shown(StatusCode::OK, &door("Look into your mail", &[sentence], None))
        }
        Err(refusal) => again(screen(&form.email), refusal, ""),
    }
}

fn screen_of_new(email: &str, token: &str) -> Door {
    let fields = vec![Field::new_password("password")];
    let form = DoorForm { fields, button: "Set it".to_owned(), ..with_token("/reset/password", token) };
    let sentence = format!("For {email}. You are signed out everywhere, and sign in with the new one.");
    door("Set another password", &[&sentence], Some(form))
}

/// `GET /reset/password`: shows, and changes nothing.
pub(super) async fn show_new(State(app): State<Arc<App>>, Query(Token { token }): Query<Token>) -> Response {
    match open_reset(&app, &token).await {
        Ok(email) => shown(StatusCode::OK, &screen_of_new(&email, &token)),
        Err(problem) => link_problem(problem),
    }
}

/// `POST /reset/password`: sets it, once.
pub(super) async fn set_new(State(app): State<Arc<App>>, Posted(form): Posted<NewPassword>) -> Response {
    let email = match open_reset(&app, &form.token).await {
        Ok(email) => email,
        Err(problem) => return link_problem(problem),
    };
    match reset_password(&app, &form.token, &form.password).await {
        Ok(()) => told(&app, "/sign-in", "The password is set. Sign in with it."),
        Err(LinkProblem::Service(error @ ServiceError::Validation(_))) => {
            again(screen_of_new(&email, &form.token), SignInRefusal::Service(error), "")
        }
        Err(problem) => link_problem(problem).into_response(),
    }
}
