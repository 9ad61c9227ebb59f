//! `/onboarding`: what to do first.

use std::sync::Arc;

use actionlayer_domain::{DomainId, DraftStatus};
use actionlayer_pages::{
    dashboard::Section,
    screens::{
        Problem,
        setup::{Progress, setup},
    },
};
use actionlayer_service::{
    App, ServiceError,
    domains::{read_domains::list_domains, verify_domain::verify_domain},
    drafts::read_drafts::list_drafts,
    identities::read_identities::{IdentityFilter, list_identities},
    threads::list_threads::list_threads,
    workspace::api_keys::list_api_keys,
};
use actionlayer_store::{DraftFilter, ThreadFilter};
use axum::{
    Router,
    extract::{Path, State},
    http::StatusCode,
    response::Response,
    routing::{get, post},
};

use super::{
    answer::{self, access, failed, only_total, refused, whole},
    domains::checked,
};
use crate::{SignedIn, accounts::told};

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new().route("/onboarding", get(show)).route("/onboarding/verify/{id}", post(verify))
}

async fn show(State(app): State<Arc<App>>, visitor: SignedIn) -> Response {
    page(&app, &visitor, StatusCode::OK, None).await
}

async fn page(app: &App, visitor: &SignedIn, status: StatusCode, problem: Option<Problem>) -> Response {
    let caller = &visitor.caller;
    let all = whole();
    let sent = DraftFilter { status: Some(DraftStatus::Sent), ..DraftFilter::default() };
    let read = tokio::try_join!(
        list_domains(app, caller, &all),
        list_identities(app, caller, IdentityFilter::default(), &all),
        list_api_keys(app, caller, &all),
        list_threads(app, caller, ThreadFilter::default(), None, only_total()),
        list_drafts(app, caller, DraftFilter::default(), only_total()),
        list_drafts(app, caller, sent, only_total()),
    );
    let (domains, identities, keys, threads, drafts, sent) = match read {
        Ok(read) => read,
        Err(error) => return failed(visitor, Section::Setup, &error),
    };
    let progress = Progress {
        domains: &domains.items,
        identities: &identities.items,
        keys: &keys.items,
        thread: threads.items.first(),
        draft: drafts.items.first(),
        has_sent: !sent.items.is_empty(),
        public_url: &app.settings.public_url,
        access: access(visitor),
        now: app.now(),
    };
    answer::page(visitor, status, &setup(progress, problem))
}

async fn verify(State(app): State<Arc<App>>, visitor: SignedIn, Path(id): Path<String>) -> Response {
    let done = async {
        let id = id.parse::<DomainId>().map_err(|_| ServiceError::NotFound { what: "domain" })?;
        verify_domain(&app, &visitor.caller, id).await
    };
    match done.await {
        Ok(domain) => told(&app, "/onboarding", checked(&domain)),
        Err(error) => {
            let (status, problem) = refused(&error);
            page(&app, &visitor, status, problem).await
        }
    }
}
