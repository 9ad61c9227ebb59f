//! `/settings/delete`: deleting the workspace, and taking that back.

use std::sync::Arc;

use actionlayer_domain::account::Password;
use actionlayer_pages::{
    dashboard::Section,
    screens::{Problem, deletion::deletion},
};
use actionlayer_service::{
    App, ServiceError,
    accounts::{passwords::confirm_password, sign_in::SignInRefusal},
    workspace::{
        delete_workspace::{cancel_deletion, get_deletion, schedule_deletion},
        update_workspace::get_workspace,
    },
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

async fn show(State(app): State<Arc<App>>, visitor: SignedIn) -> Response {
    page(&app, &visitor, (StatusCode::OK, None)).await
}

async fn page(app: &App, visitor: &SignedIn, (status, problem): (StatusCode, Option<Problem>)) -> Response {
    let read = tokio::join!(get_workspace(app, &visitor.caller), get_deletion(app, &visitor.caller));
    let (workspace, scheduled) = match read {
        (Ok(workspace), Ok(scheduled)) => (workspace, Some(scheduled)),
        (Ok(workspace), Err(ServiceError::NotFound { .. })) => (workspace, None),
        (Err(error), _) | (_, Err(error)) => return failed(visitor, Section::Settings, &error),
    };
    answer::page(visitor, status, &deletion(&workspace, scheduled.as_ref(), access(visitor), problem, app.now()))
}

/// The role first: whoever may not delete is not asked for a password.
async fn schedule(State(app): State<Arc<App>>, visitor: SignedIn, browser: Browser, form: Form) -> Response {
    if access(&visitor).administer {
        let given = Password::given(form.text("password"));
        match confirm_password(&app, &visitor.visitor, &browser.source, given).await {
            Ok(()) => {}
            Err(SignInRefusal::Wrong) => {
                let refusal = mistake("The password is not right", "Nothing was changed.");
                return page(&app, &visitor, refusal).await;
            }
            Err(SignInRefusal::TooMany(_)) => {
                let (_, problem) =
                    mistake("That was tried too often", "Nothing was changed. Try again in a quarter of an hour.");
                return page(&app, &visitor, (StatusCode::TOO_MANY_REQUESTS, problem)).await;
            }
            Err(SignInRefusal::Service(error)) => return failed(&visitor, Section::Settings, &error),
        }
    }
    match schedule_deletion(&app, &visitor.caller, form.text("name")).await {
        Ok(_) => told(&app, PATH, "The workspace will be deleted in 7 days."),
        Err(error) => page(&app, &visitor, refused(&error)).await,
    }
}

async fn cancel(State(app): State<Arc<App>>, visitor: SignedIn) -> Response {
    match cancel_deletion(&app, &visitor.caller).await {
        Ok(()) => told(&app, PATH, "The workspace stays."),
        Err(error) => page(&app, &visitor, refused(&error)).await,
    }
}
