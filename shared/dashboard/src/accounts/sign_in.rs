//! Signing in and out.

use std::sync::Arc;

use actionlayer_domain::account::{Password, SignUp};
use actionlayer_pages::dashboard::accounts::{Door, DoorForm, Field};
use actionlayer_service::{
    App,
    accounts::{sessions::end_session, sign_in::sign_in},
    identities::read_identities::{IdentityFilter, list_identities},
};
use actionlayer_store::PageRequest;
use axum::{
    extract::{Query, State},
    response::{AppendHeaders, IntoResponse as _, Redirect, Response},
};
use http::{HeaderMap, StatusCode, header};
use serde::Deserialize;

use super::door::{again, door, shown, signed_in};
use crate::{
    SignedIn, Visiting, cookies,
    origin::own_path,
    posted::{Browser, Posted},
    problem::Refused,
};

/// `GET /`: the inbox, or what to do first where there is no mailbox.
pub(super) async fn home(State(app): State<Arc<App>>, visitor: SignedIn) -> Redirect {
    let one = PageRequest { limit: 1, offset: 0, cursor: None };
    let mailboxes = list_identities(&app, &visitor.caller, IdentityFilter::default(), &one).await;
    // Where it cannot be told, the inbox says why.
    let is_new = mailboxes.is_ok_and(|list| list.items.is_empty());
    Redirect::to(if is_new { "/onboarding" } else { "/inbox" })
}

#[derive(Default, Deserialize)]
pub(super) struct Way {
    #[serde(default)]
    next: String,
}

#[derive(Deserialize)]
pub(super) struct SignInForm {
    email: String,
    password: String,
    #[serde(default)]
    next: String,
}

fn screen(app: &App, next: &str, email: &str) -> Door {
    let form = DoorForm {
        action: "/sign-in".to_owned(),
        hidden: vec![("next", own_path(next).unwrap_or("/").to_owned())],
        fields: vec![Field::email(email), Field::password()],
        button: "Sign in".to_owned(),
    };
    let mut door = door("Sign in", &[], Some(form));
    door.links.push(("/reset".to_owned(), "Forgot the password?".to_owned()));
    if app.settings.sign_up == SignUp::Open {
        door.links.push(("/sign-up".to_owned(), "Sign up".to_owned()));
    }
    door
}

/// `GET /sign-in`.
pub(super) async fn show(State(app): State<Arc<App>>, Query(way): Query<Way>, headers: HeaderMap) -> Response {
    let mut screen = screen(&app, &way.next, "");
    screen.frame.notice = cookies::notice(&headers);
    shown(StatusCode::OK, &screen)
}

/// `POST /sign-in`.
pub(super) async fn post(State(app): State<Arc<App>>, browser: Browser, Posted(form): Posted<SignInForm>) -> Response {
    let password = Password::given(&form.password);
    match sign_in(&app, &browser.source, &form.email, password, browser.cookie.as_deref()).await {
        Ok(token) => signed_in(&app, &token, own_path(&form.next).unwrap_or("/")),
        Err(refusal) => {
            let wrong = "The address or the password is not right. Try again, or set another password.";
            again(screen(&app, &form.next, &form.email), refusal, wrong)
        }
    }
}

/// `POST /sign-out`.
pub(super) async fn sign_out(State(app): State<Arc<App>>, visiting: Visiting) -> Result<Response, Refused> {
    end_session(&app, &visiting.visitor, &visiting.visitor.session.sha256_hex).await?;
    let cookies = [
        (header::SET_COOKIE, cookies::forget_session(&app)),
        (header::SET_COOKIE, cookies::keep_notice(&app, "You are signed out.")),
    ];
    Ok((AppendHeaders(cookies), Redirect::to("/sign-in")).into_response())
}
