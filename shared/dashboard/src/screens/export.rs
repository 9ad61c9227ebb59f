//! `/settings/export`: all that the workspace has, to take away.

use std::sync::Arc;

use actionlayer_pages::{
    dashboard::Section,
    screens::{Problem, export::export},
};
use actionlayer_service::{
    App, ServiceError,
    workspace::{
        export_workspace::{export_workspace, get_export, get_export_part},
        idempotency::Idempotency,
    },
};
use axum::{
    Router,
    extract::{Path, State},
    http::StatusCode,
    response::Response,
    routing::get,
};

use super::answer::{self, access, failed, refused, see_other};
use crate::{SignedIn, accounts::told};

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new().route("/settings/export", get(show).post(begin)).route("/settings/export/{part}", get(part))
}

async fn show(State(app): State<Arc<App>>, visitor: SignedIn) -> Response {
    page(&app, &visitor, (StatusCode::OK, None)).await
}

async fn page(app: &App, visitor: &SignedIn, (status, problem): (StatusCode, Option<Problem>)) -> Response {
    let found = match get_export(app, &visitor.caller).await {
        Ok(found) => Some(found.export),
        Err(ServiceError::NotFound { .. }) => None,
        Err(error) => return failed(visitor, Section::Settings, &error),
    };
    answer::page(visitor, status, &export(found.as_ref(), access(visitor), problem, app.now()))
}

async fn begin(State(app): State<Arc<App>>, visitor: SignedIn) -> Response {
    match export_workspace(&app, &visitor.caller, &Idempotency::NONE).await {
        Ok(_) => told(&app, "/settings/export", "The export has begun. Its first part is there within minutes."),
        Err(error) => page(&app, &visitor, refused(&error)).await,
    }
}

async fn part(State(app): State<Arc<App>>, visitor: SignedIn, Path(part): Path<String>) -> Response {
    let found = async {
        let part = part.parse().map_err(|_| ServiceError::NotFound { what: "export" })?;
        get_export_part(&app, &visitor.caller, part).await
    };
    match found.await {
        Ok(signed) => see_other(&signed.url),
        Err(error) => failed(&visitor, Section::Settings, &error),
    }
}
