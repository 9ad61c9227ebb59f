//! What the screens at the door have in common: a form again with what was wrong, and a session at the end.

use actionlayer_api::WrongGuess;
use actionlayer_domain::account::SessionToken;
use actionlayer_pages::dashboard::{
    Frame,
    accounts::{Door, DoorForm},
    render,
};
use actionlayer_service::{
    App, ServiceError,
    accounts::{LinkProblem, SignInRefusal, TooMany},
};
use axum::{
    Extension,
    response::{AppendHeaders, Html, IntoResponse as _, Redirect, Response},
};
use http::{HeaderValue, StatusCode, header};
use serde::Deserialize;

use crate::{cookies, problem::Refused};

/// The last part of a link.
#[derive(Deserialize)]
pub(super) struct Token {
    #[serde(default)]
    pub(super) token: String,
}

/// A screen with a form.
pub(super) fn door(headline: &str, sentences: &[&str], form: Option<DoorForm>) -> Door {
    Door {
        frame: Frame::outside(headline),
        headline: headline.to_owned(),
        sentences: sentences.iter().map(|&sentence| sentence.to_owned()).collect(),
        problems: Vec::new(),
        form,
        links: Vec::new(),
    }
}

/// A screen, as an answer.
pub(super) fn shown(status: StatusCode, door: &Door) -> Response {
    (status, Html(render(door))).into_response()
}

/// The form again, with why it was not done.
pub(super) fn again(mut door: Door, refusal: SignInRefusal, wrong: &str) -> Response {
    let (status, retry_after) = match refusal {
        SignInRefusal::Wrong => {
            door.problems.push(wrong.to_owned());
            (StatusCode::UNPROCESSABLE_ENTITY, None)
        }
        SignInRefusal::TooMany(TooMany { retry_after_seconds }) => {
            let minutes = retry_after_seconds.div_ceil(60);
            let plural = if minutes == 1 { "" } else { "s" };
            door.problems.push(format!("That was tried too often. Try again in {minutes} minute{plural}."));
            (StatusCode::TOO_MANY_REQUESTS, Some(retry_after_seconds))
        }
        SignInRefusal::Service(ServiceError::Validation(errors)) => {
            door.problems.extend(errors.iter().map(|error| format!("{} {}.", error.field, error.message)));
            (StatusCode::UNPROCESSABLE_ENTITY, None)
        }
        SignInRefusal::Service(ServiceError::Conflict(reason)) => {
            door.problems.push(format!("Not done: {reason}."));
            (StatusCode::CONFLICT, None)
        }
        SignInRefusal::Service(ServiceError::Forbidden { .. }) => return closed(),
        SignInRefusal::Service(error) => return Refused::from(error).into_response(),
    };
    let mut response = shown(status, &door);
    if let Some(seconds) = retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// Nobody signs up here.
pub(super) fn closed() -> Response {
    Refused::new(
        StatusCode::FORBIDDEN,
        "Signing up is not open here",
        "Whoever runs this deployment decides who may make an account: its parameter SignUp can be open, invite or off. Ask \
         them, or an owner of the workspace you want to join.",
    )
    .way_on("/sign-in", "Sign in")
    .into_response()
}

/// A link that does nothing.
pub(super) fn link_problem(problem: LinkProblem) -> Response {
    match problem {
        LinkProblem::Gone => {
            let refused = Refused::new(
                StatusCode::GONE,
                "This link does nothing any more",
                "It was used already, or its time is over. Ask for another one.",
            );
            (Extension(WrongGuess), refused.way_on("/sign-in", "Sign in")).into_response()
        }
        LinkProblem::OtherAddress => Refused::new(
            StatusCode::FORBIDDEN,
            "This invitation is for another address",
            "You are signed in with another one than it was sent to. Sign out, and open the link again.",
        )
        .way_on("/", "Go back")
        .into_response(),
        LinkProblem::Service(error) => Refused::from(error).into_response(),
    }
}

/// Lets the browser keep a session, and leads on.
pub(super) fn signed_in(app: &App, token: &SessionToken, path: &str) -> Response {
    let cookie = cookies::keep_session(app, token);
    (AppendHeaders([(header::SET_COOKIE, cookie)]), Redirect::to(path)).into_response()
}

/// The path of a link, with its token.
pub(super) fn with_token(path: &str, token: &str) -> DoorForm {
    DoorForm { action: path.to_owned(), hidden: vec![("token", token.to_owned())], ..DoorForm::default() }
}
