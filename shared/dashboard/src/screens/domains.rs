//! `/domains`: what to enter at the registrar, and checking it.

use std::sync::Arc;

use actionlayer_domain::{DomainId, DomainName, SendingDomain};
use actionlayer_pages::{
    dashboard::Section,
    screens::{Problem, domains},
};
use actionlayer_service::{
    App, ServiceError,
    domains::{create_domain::create_domain, read_domains, verify_domain::verify_domain},
    identities::read_identities::{IdentityFilter, list_identities},
};
use axum::{
    Router,
    extract::{Path, State},
    http::StatusCode,
    response::Response,
    routing::{get, post},
};

use super::{
    answer::{self, access, failed, only_total, refused, whole},
    form::Form,
};
use crate::{SignedIn, accounts::told};

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/domains", get(list).post(create))
        .route("/domains/{id}", get(show))
        .route("/domains/{id}/verify", post(verify))
        .route("/domains/{id}/delete", post(delete))
}

fn domain_id(text: &str) -> Result<DomainId, ServiceError> {
    text.parse().map_err(|_| ServiceError::NotFound { what: "domain" })
}

async fn list(State(app): State<Arc<App>>, visitor: SignedIn) -> Response {
    list_page(&app, &visitor, StatusCode::OK, "", None).await
}

async fn list_page(
    app: &App,
    visitor: &SignedIn,
    status: StatusCode,
    entered: &str,
    problem: Option<Problem>,
) -> Response {
    match read_domains::list_domains(app, &visitor.caller, &whole()).await {
        Ok(list) => {
            let screen = domains::domains(&list.items, access(visitor), entered, problem, app.now());
            answer::page(visitor, status, &screen)
        }
        Err(error) => failed(visitor, Section::Domains, &error),
    }
}

async fn create(State(app): State<Arc<App>>, visitor: SignedIn, form: Form) -> Response {
    let entered = form.text("domain").trim().trim_end_matches('.').to_lowercase();
    let made = async {
        let name = entered.parse::<DomainName>().map_err(|error| ServiceError::invalid("domain", error))?;
        create_domain(&app, &visitor.caller, name).await
    };
    match made.await {
        Ok(domain) => told(
            &app,
            &format!("/domains/{}", domain.id),
            "The domain was added. Now its five records go to your registrar.",
        ),
        Err(error) => {
            let (status, problem) = refused(&error);
            list_page(&app, &visitor, status, &entered, problem).await
        }
    }
}

async fn show(State(app): State<Arc<App>>, visitor: SignedIn, Path(id): Path<String>) -> Response {
    page(&app, &visitor, &id, StatusCode::OK, None).await
}

async fn page(app: &App, visitor: &SignedIn, id: &str, status: StatusCode, problem: Option<Problem>) -> Response {
    let read = async {
        let id = domain_id(id)?;
        let filter = IdentityFilter { domain_id: Some(id), ..IdentityFilter::default() };
        let total = only_total();
        tokio::try_join!(
            read_domains::get_domain(app, &visitor.caller, id),
            list_identities(app, &visitor.caller, filter, &total)
        )
    };
    match read.await {
        Ok((domain, identities)) => {
            let url = &app.settings.public_url;
            let count = usize::try_from(identities.total).unwrap_or(usize::MAX);
            answer::page(visitor, status, &domains::domain(&domain, count, url, access(visitor), problem, app.now()))
        }
        Err(error) => failed(visitor, Section::Domains, &error),
    }
}

/// What a check came to.
pub(super) fn checked(domain: &SendingDomain) -> &'static str {
    match domain.missing_records().count() {
        0 => "All five records are there: the domain is verified.",
        _ => "DNS was asked just now. What is missing is named below.",
    }
}

async fn verify(State(app): State<Arc<App>>, visitor: SignedIn, Path(id): Path<String>) -> Response {
    let done = async { verify_domain(&app, &visitor.caller, domain_id(&id)?).await };
    match done.await {
        Ok(domain) => told(&app, &format!("/domains/{}", domain.id), checked(&domain)),
        Err(error) => {
            let (status, problem) = refused(&error);
            page(&app, &visitor, &id, status, problem).await
        }
    }
}

async fn delete(State(app): State<Arc<App>>, visitor: SignedIn, Path(id): Path<String>) -> Response {
    let done = async { read_domains::delete_domain(&app, &visitor.caller, domain_id(&id)?).await };
    match done.await {
        Ok(()) => told(&app, "/domains", "The domain was deleted."),
        Err(error) => {
            let (status, problem) = refused(&error);
            page(&app, &visitor, &id, status, problem).await
        }
    }
}
