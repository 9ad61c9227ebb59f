//! `/settings/delete`: deleting the workspace, and taking that back.

use std::sync::Arc;

use actionlayer_domain::account::Password;
use actionlayer_pages::{
    dashboard::Section,
    screens::{Problem, deletion::deletion},
};
use actionlayer_service::{
    App,
    accounts::{passwords::confirm_password, sign_in::SignInRefusal},
    workspace::delete_workspace::{cancel_deletion, schedule_deletion},
};
use axum::{
    Router,
    extract::State,
    http::StatusCode,
    response::Response,
    routing::{get, post},
};

use super::{
    answer::{self, access, failed, mistake, refused},
    form::Form,
};
use crate::{SignedIn, accounts::told, posted::Browser};

const PATH: &str = "/settings/delete";

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new().route("/settings/delete", get(show).post(schedule)).route("/settings/delete/cancel", post(cancel))
}

async fn show(visitor: SignedIn) -> Response {
    page(&visitor, (StatusCode::OK, None))
}

fn page(visitor: &SignedIn, (status, problem): (StatusCode, Option<Problem>)) -> Response {
    let is_scheduled = visitor.visitor.deletion.is_some();
    answer::page(visitor, status, &deletion(&visitor.workspace, is_scheduled, access(visitor), problem))
}

/// The role first: whoever may not delete is not asked for a password.
async fn schedule(State(app): State<Arc<App>>, visitor: SignedIn, browser: Browser, form: Form) -> Response {
    if access(&visitor).administer {
        let given = Password::given(form.text("password"));
        match confirm_password(&app, &visitor.visitor, &browser.source, given).await {
            Ok(()) => {}
            Err(SignInRefusal::Wrong) => {
                let refusal = mistake("The password is not right", "Nothing was changed.");
                return page(&visitor, refusal);
            }
            Err(SignInRefusal::TooMany(_)) => {
                let (_, problem) =
                    mistake("That was tried too often", "Nothing was changed. Try again in a quarter of an hour.");
                return page(&visitor, (StatusCode::TOO_MANY_REQUESTS, problem));
            }
            Err(SignInRefusal::Service(error)) => return failed(&visitor, Section::Settings, &error),
        }
    }
    match schedule_deletion(&app, &visitor.caller, form.text("name")).await {
        Ok(_) => told(&app, PATH, "The deletion is scheduled. The owners are told by mail."),
        Err(error) => page(&visitor, refused(&error)),
    }
}

async fn cancel(State(app): State<Arc<App>>, visitor: SignedIn) -> Response {
    match cancel_deletion(&app, &visitor.caller).await {
        Ok(()) => told(&app, PATH, "The workspace stays."),
        Err(error) => page(&visitor, refused(&error)),
    }
}
