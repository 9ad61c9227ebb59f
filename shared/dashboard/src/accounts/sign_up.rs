//! Signing up where anybody may.

use std::sync::Arc;

use actionlayer_domain::account::SignUp;
use actionlayer_pages::dashboard::accounts::{Door, DoorForm, Field};
use actionlayer_service::{
    App,
    accounts::{
        Person, Profile,
        sign_up::{ask_to_sign_up, confirm_sign_up, open_sign_up},
    },
};
use axum::{
    extract::{Query, State},
    response::Response,
};
use http::StatusCode;
use serde::Deserialize;

use super::door::{Token, again, closed, door, link_problem, shown, signed_in, with_token};
use crate::posted::{Browser, Posted};

#[derive(Default, Deserialize)]
pub(super) struct SignUpForm {
    email: String,
    name: String,
    password: String,
    workspace_name: String,
}

fn screen(form: &SignUpForm) -> Door {
    let fields = vec![
        Field::name(&form.name),
        Field::email(&form.email),
        Field::new_password("password"),
        Field::workspace(&form.workspace_name),
    ];
    let form = DoorForm { action: "/sign-up".to_owned(), fields, button: "Sign up".to_owned(), ..DoorForm::default() };
    let mut door = door("Sign up", &[], Some(form));
    door.links.push(("/sign-in".to_owned(), "Sign in instead".to_owned()));
    door
}

/// `GET /sign-up`.
pub(super) async fn show(State(app): State<Arc<App>>) -> Response {
    match app.settings.sign_up {
        SignUp::Open => shown(StatusCode::OK, &screen(&SignUpForm::default())),
        SignUp::Invite | SignUp::Off => closed(),
    }
}

/// `POST /sign-up`: the same answer whether or not the address has an account.
pub(super) async fn post(State(app): State<Arc<App>>, browser: Browser, Posted(form): Posted<SignUpForm>) -> Response {
    let person = Person {
        email: form.email.clone(),
        profile: Profile { name: form.name.clone(), password: form.password.clone() },
        workspace_name: form.workspace_name.clone(),
    };
    match ask_to_sign_up(&app, &browser.source, &person).await {
        Ok(()) => {
            let sentence = "We sent a mail to that address. Its link makes your account; it works once, for 24 hours.";
            shown(StatusCode::OK, &door("Look into your mail", &[sentence], None))
        }
        Err(refusal) => again(screen(&form), refusal, ""),
    }
}

fn confirmation(email: &str, token: &str) -> Door {
    let form = DoorForm { button: "Make my account".to_owned(), ..with_token("/sign-up/confirm", token) };
    door("Confirm your address", &[&format!("This makes the account of {email}, and signs you in.")], Some(form))
}

/// `GET /sign-up/confirm`: shows, and changes nothing.
pub(super) async fn show_confirmation(State(app): State<Arc<App>>, Query(Token { token }): Query<Token>) -> Response {
    match open_sign_up(&app, &token).await {
        Ok(email) => shown(StatusCode::OK, &confirmation(&email, &token)),
        Err(problem) => link_problem(problem),
    }
}

/// `POST /sign-up/confirm`: makes the account.
pub(super) async fn confirm(
    State(app): State<Arc<App>>,
    browser: Browser,
    Posted(Token { token }): Posted<Token>,
) -> Response {
    let email = match open_sign_up(&app, &token).await {
        Ok(email) => email,
        Err(problem) => return link_problem(problem),
    };
    match confirm_sign_up(&app, &browser.source, &token, browser.cookie.as_deref()).await {
        Ok(session) => signed_in(&app, &session, "/"),
        Err(refusal) => again(confirmation(&email, &token), refusal, "This link was used already."),
    }
}
