//! Signing in and out.

use std::sync::Arc;

use actionlayer_pages::dashboard::{Frame, accounts::SignIn, render};
use actionlayer_service::App;
use axum::{
    extract::{Query, State},
    response::{Html, IntoResponse as _, Redirect, Response},
};
use serde::Deserialize;

use crate::{SignedIn, origin::own_path};

/// `GET /`: the inbox.
pub(super) async fn home(_: SignedIn) -> Redirect {
    Redirect::to("/inbox")
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Way {
    #[serde(default)]
    next: String,
}

/// `GET /sign-in`.
pub(super) async fn show(State(_app): State<Arc<App>>, Query(way): Query<Way>) -> Response {
    let screen = SignIn {
        frame: Frame::outside("Sign in"),
        next: own_path(&way.next).unwrap_or("/").to_owned(),
        email: String::new(),
        problem: None,
        offers_sign_up: false,
    };
    Html(render(&screen)).into_response()
}
