//! Coming in by an invitation.

use std::sync::Arc;

use actionlayer_domain::account::SignUp;
use actionlayer_pages::dashboard::accounts::{Door, DoorForm, Field};
use actionlayer_service::{
    App,
    accounts::{
        Profile,
        invitations::{Invitation, accept_as_new_user, accept_invitation, open_invitation},
    },
};
use axum::{
    extract::{Query, State},
    response::Response,
};
use http::StatusCode;
use serde::Deserialize;

use super::{
    door::{Token, again, closed, door, link_problem, shown, signed_in, with_token},
    told,
};
use crate::{
    Visiting,
    posted::{Browser, Posted},
};

#[derive(Deserialize)]
pub(super) struct Accept {
    token: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    password: String,
}

fn screen(invitation: &Invitation, token: &str, is_signed_in: bool, name: &str) -> Door {
    let Invitation { workspace_name, email, role, invited_by, has_account } = invitation;
    let headline = format!("Join {}", workspace_name.as_str());
    let sentence = format!("{} invites you as {role}: one who {}.", invited_by.as_str(), role.meaning());
    let mut form = DoorForm { button: "Join".to_owned(), ..with_token("/invitation", token) };
    if is_signed_in {
        return door(&headline, &[&sentence], Some(form));
    }
    if *has_account {
        let ask = format!("Sign in as {email} to accept.");
        let mut door = door(&headline, &[&sentence, &ask], None);
        // The token stays in the link: a redirect would lead it through the address bar of another page.
        let back = format!("/sign-in?next=%2Finvitation%3Ftoken%3D{token}");
        door.links.push((back, "Sign in".to_owned()));
        return door;
    }
    form.fields = vec![Field::name(name), Field::new_password("password")];
    door(&headline, &[&sentence, &format!("Your account gets the address {email}.")], Some(form))
}

/// `GET /invitation`: shows, and changes nothing.
pub(super) async fn show(
    State(app): State<Arc<App>>,
    visiting: Option<Visiting>,
    Query(Token { token }): Query<Token>,
) -> Response {
    match open_invitation(&app, &token).await {
        Ok(invitation) if !invitation.has_account && app.settings.sign_up == SignUp::Off => closed(),
        Ok(invitation) => shown(StatusCode::OK, &screen(&invitation, &token, visiting.is_some(), "")),
        Err(problem) => link_problem(problem),
    }
}

/// `POST /invitation`: uses it up.
pub(super) async fn post(
    State(app): State<Arc<App>>,
    visiting: Option<Visiting>,
    browser: Browser,
    Posted(form): Posted<Accept>,
) -> Response {
    if let Some(visiting) = visiting {
        return match accept_invitation(&app, &visiting.visitor, &form.token).await {
            Ok(()) => told(&app, "/", "Welcome."),
            Err(problem) => link_problem(problem),
        };
    }
    let invitation = match open_invitation(&app, &form.token).await {
        Ok(invitation) => invitation,
        Err(problem) => return link_problem(problem),
    };
    let profile = Profile { name: form.name.clone(), password: form.password };
    match accept_as_new_user(&app, &browser.source, &form.token, profile, browser.cookie.as_deref()).await {
        Ok(session) => signed_in(&app, &session, "/"),
        Err(refusal) => {
            again(screen(&invitation, &form.token, false, &form.name), refusal, "This invitation was used already.")
        }
    }
}
