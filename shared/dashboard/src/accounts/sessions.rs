//! One's sessions, password and address.

use std::sync::Arc;

use actionlayer_domain::account::Password;
use actionlayer_pages::dashboard::{
    Section,
    accounts::{Door, DoorForm, Sessions},
    render,
};
use actionlayer_service::{
    App, ServiceError,
    accounts::{
        SignInRefusal, passwords,
        sessions::{end_session, list_sessions},
        verify_email,
    },
};
use axum::{
    extract::{Query, State},
    response::{AppendHeaders, Html, IntoResponse as _, Redirect, Response},
};
use http::{StatusCode, header};
use serde::Deserialize;

use super::{
    door::{Token, door, link_problem, shown, with_token},
    told,
};
use crate::{
    SignedIn, cookies,
    posted::{Browser, Posted},
    problem::Refused,
};

const PATH: &str = "/settings/sessions";

#[derive(Deserialize)]
pub(super) struct Which {
    session: String,
}

#[derive(Deserialize)]
pub(super) struct Change {
    password: String,
    new_password: String,
}

async fn screen(app: &App, me: &SignedIn, problems: Vec<String>) -> Result<Html<String>, Refused> {
    Ok(Html(render(&Sessions {
        frame: me.frame("Sessions and password", Section::Settings),
        tab: PATH,
        sessions: list_sessions(app, &me.visitor).await?,
        own_sha256: me.session.sha256_hex.clone(),
        email: me.user.email.to_string(),
        is_proven: me.user.email_verified_at.is_some(),
        problems,
    })))
}

/// `GET /settings/sessions`.
pub(super) async fn show(State(app): State<Arc<App>>, me: SignedIn) -> Result<Response, Refused> {
    Ok(screen(&app, &me, Vec::new()).await?.into_response())
}

/// `POST /settings/sessions/end`.
pub(super) async fn end(
    State(app): State<Arc<App>>,
    me: SignedIn,
    Posted(Which { session }): Posted<Which>,
) -> Result<Response, Refused> {
    end_session(&app, &me.visitor, &session).await?;
    if session == me.session.sha256_hex {
        let cookie = cookies::forget_session(&app);
        return Ok((AppendHeaders([(header::SET_COOKIE, cookie)]), Redirect::to("/sign-in")).into_response());
    }
    Ok(told(&app, PATH, "That session is over."))
}

/// `POST /settings/sessions/password`: this browser gets a new session, every other one is over.
pub(super) async fn change_password(
    State(app): State<Arc<App>>,
    me: SignedIn,
    browser: Browser,
    Posted(form): Posted<Change>,
) -> Result<Response, Refused> {
    let current = Password::given(&form.password);
    let outcome = passwords::change_password(&app, &me.visitor, &browser.source, current, &form.new_password).await;
    let (status, problems) = match outcome {
        Ok(token) => {
            let cookies = [
                (header::SET_COOKIE, cookies::keep_session(&app, &token)),
                (
                    header::SET_COOKIE,
                    cookies::keep_notice(&app, "The password is changed. Every other session is over."),
                ),
            ];
            return Ok((AppendHeaders(cookies), Redirect::to(PATH)).into_response());
        }
        Err(SignInRefusal::Wrong) => {
            (StatusCode::UNPROCESSABLE_ENTITY, vec!["The current password is not right.".to_owned()])
        }
        Err(SignInRefusal::TooMany(_)) => (
            StatusCode::TOO_MANY_REQUESTS,
            vec!["That was tried too often. Try again in a quarter of an hour.".to_owned()],
        ),
        Err(SignInRefusal::Service(ServiceError::Validation(errors))) => (
            StatusCode::UNPROCESSABLE_ENTITY,
            errors.iter().map(|error| format!("{} {}.", error.field, error.message)).collect(),
        ),
        Err(SignInRefusal::Service(error)) => return Err(error.into()),
    };
    Ok((status, screen(&app, &me, problems).await?).into_response())
}

/// `POST /settings/sessions/verify`: sends the link.
pub(super) async fn ask_to_verify(
    State(app): State<Arc<App>>,
    me: SignedIn,
    browser: Browser,
) -> Result<Response, Refused> {
    match verify_email::ask_to_verify(&app, &browser.source, &me.visitor).await {
        Ok(()) => Ok(told(&app, PATH, "A mail is on its way. Its link works once, for 24 hours.")),
        Err(SignInRefusal::Service(ServiceError::Conflict(reason))) => {
            let screen = screen(&app, &me, vec![format!("Not sent: {reason}.")]).await?;
            Ok((StatusCode::CONFLICT, screen).into_response())
        }
        Err(SignInRefusal::Service(error)) => Err(error.into()),
        Err(SignInRefusal::Wrong | SignInRefusal::TooMany(_)) => {
            let problem = "Mails were sent a moment ago. Look for them, or try again in a quarter of an hour.";
            let screen = screen(&app, &me, vec![problem.to_owned()]).await?;
            Ok((StatusCode::TOO_MANY_REQUESTS, screen).into_response())
        }
    }
}

fn verification(email: &str, token: &str) -> Door {
    let form = DoorForm { button: "It is mine".to_owned(), ..with_token("/verify", token) };
    door("Confirm your address", &[&format!("Is {email} yours?")], Some(form))
}

/// `GET /verify`: shows, and changes nothing.
pub(super) async fn show_verification(State(app): State<Arc<App>>, Query(Token { token }): Query<Token>) -> Response {
    match verify_email::open_verification(&app, &token).await {
        Ok(email) => shown(StatusCode::OK, &verification(&email, &token)),
        Err(problem) => link_problem(problem),
    }
}

/// `POST /verify`: the address is proven.
pub(super) async fn verify(State(app): State<Arc<App>>, Posted(Token { token }): Posted<Token>) -> Response {
    match verify_email::verify_email(&app, &token).await {
        Ok(()) => told(&app, "/", "Your address is confirmed."),
        Err(problem) => link_problem(problem),
    }
}
