//! `GET /inbox`.

use std::sync::Arc;

use actionlayer_domain::{IdentityId, search::words_of_search, thread::ThreadStatus};
use actionlayer_pages::{
    dashboard::Section,
    screens::inbox::{Counts, Inbox, Show, inbox},
};
use actionlayer_service::{
    App, ServiceError, identities::read_identities, inbound::held::list_held, threads::list_threads::list_threads,
};
use actionlayer_store::{Page, ThreadFilter};
use axum::{Router, extract::State, http::StatusCode, response::Response, routing::get};

use super::{
    answer::{self, failed, only_total, page_request, refused, whole},
    form::Asked,
};
use crate::SignedIn;

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new().route("/inbox", get(show))
}

async fn show(State(app): State<Arc<App>>, visitor: SignedIn, asked: Asked) -> Response {
    match page(&app, &visitor, &asked).await {
        Ok(response) => response,
        Err(error) => failed(&visitor, Section::Inbox, &error),
    }
}

async fn page(app: &App, visitor: &SignedIn, asked: &Asked) -> Result<Response, ServiceError> {
    let caller = &visitor.caller;
    let identities = async {
        let filter = read_identities::IdentityFilter::default();
        read_identities::list_identities(app, caller, filter, &whole()).await
    };
    let held = async { list_held(app, caller, None, only_total()).await };
    let (review, waiting, all, held, identities) = tokio::try_join!(
        total(app, visitor, ThreadFilter { needs_review: Some(true), ..ThreadFilter::default() }),
        total(app, visitor, ThreadFilter { status: Some(ThreadStatus::DraftPending), ..ThreadFilter::default() }),
        total(app, visitor, ThreadFilter::default()),
        held,
        identities,
    )?;
    let counts = Counts { review, waiting, all, held: held.total };
    let search = asked.text("q");
    let show = match asked.text("show") {
        "review" => Show::Review,
        "waiting" => Show::Waiting,
        "all" => Show::All,
        // Searching means all of them, unless somebody says otherwise.
        _ if !search.is_empty() => Show::All,
        _ if review == 0 && waiting > 0 => Show::Waiting,
        _ if review == 0 && all > 0 => Show::All,
        _ => Show::Review,
    };
    let identity = asked.text("identity");
    let request = page_request(asked);
    let (mut status, mut problem) = (StatusCode::OK, None);
    let found = match filter(show, search, identity) {
        Ok(filter) => list_threads(app, caller, filter, None, request.clone()).await,
        Err(error) => Err(error),
    };
    let found = match found {
        Ok(found) => found,
        Err(error @ ServiceError::Validation(_)) => {
            (status, problem) = refused(&error);
            Page { items: Vec::new(), total: 0, total_is_capped: false, next_cursor: None }
        }
        Err(error) => return Err(error),
    };
    let view = Inbox {
        show,
        search,
        identity,
        counts,
        threads: &found.items,
        identities: &identities.items,
        cursor: request.cursor.as_deref(),
        next_cursor: found.next_cursor.as_deref(),
        now: app.now(),
    };
    Ok(answer::page(visitor, status, &inbox(view, problem)))
}

async fn total(app: &App, visitor: &SignedIn, filter: ThreadFilter) -> Result<u64, ServiceError> {
    Ok(list_threads(app, &visitor.caller, filter, None, only_total()).await?.total)
}

fn filter(show: Show, search: &str, identity: &str) -> Result<ThreadFilter, ServiceError> {
    let mut filter = ThreadFilter::default();
    match show {
        Show::Review => filter.needs_review = Some(true),
        Show::Waiting => filter.status = Some(ThreadStatus::DraftPending),
        Show::All => {}
    }
    if !search.is_empty() {
        filter.words = words_of_search(search).map_err(|error| ServiceError::invalid("q", error))?;
    }
    if !identity.is_empty() {
        let id = identity.parse::<IdentityId>().map_err(|error| ServiceError::invalid("identity", error))?;
        filter.identity_id = Some(id);
    }
    Ok(filter)
}
