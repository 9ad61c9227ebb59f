//! `/settings/keys`: keys for agents and programs.

use std::sync::Arc;

use actionlayer_domain::{ApiKeyId, HeaderText, IdentityId, Role};
use actionlayer_pages::{
    dashboard::Section,
    screens::{Problem, keys},
};
use actionlayer_service::{
    App, ServiceError,
    identities::read_identities::{IdentityFilter, list_identities},
    workspace::api_keys::{CreateApiKey, create_api_key, list_api_keys, revoke_api_key},
};
use axum::{
    Router,
    extract::{Path, State},
    http::StatusCode,
    response::Response,
    routing::{get, post},
};

use super::{
    answer::{self, access, failed, refused, whole},
    form::Form,
};
use crate::{SignedIn, accounts::told};

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new().route("/settings/keys", get(list).post(create)).route("/settings/keys/{id}/revoke", post(revoke))
}

async fn list(State(app): State<Arc<App>>, visitor: SignedIn) -> Response {
    page(&app, &visitor, StatusCode::OK, "", None).await
}

async fn page(app: &App, visitor: &SignedIn, status: StatusCode, name: &str, problem: Option<Problem>) -> Response {
    let read = tokio::try_join!(async { list_api_keys(app, &visitor.caller, &whole()).await }, async {
        list_identities(app, &visitor.caller, IdentityFilter::default(), &whole()).await
    },);
    match read {
        Ok((list, identities)) => {
            let url = &app.settings.public_url;
            let screen = keys::keys(&list.items, &identities.items, access(visitor), url, name, problem, app.now());
            answer::page(visitor, status, &screen)
        }
        Err(error) => failed(visitor, Section::ApiKeys, &error),
    }
}

/// The answer shows the key, and nothing can show it again: it leads nowhere else.
async fn create(State(app): State<Arc<App>>, visitor: SignedIn, form: Form) -> Response {
    let name = form.text("name").trim();
    let made = async {
        let role = match form.text("role") {
            "read" => Role::Read,
            "automation" => Role::Automation,
            "full" => Role::Full,
            _ => Role::Agent,
        };
        let identity = form
            .given("identity")
            .map(|id| id.parse::<IdentityId>().map_err(|error| ServiceError::invalid("identity_ids", error)));
        let create = CreateApiKey {
            name: HeaderText::parse(name).map_err(|error| ServiceError::invalid("name", error))?,
            role,
            identity_ids: identity.transpose()?.into_iter().collect(),
        };
        create_api_key(&app, &visitor.caller, create).await
    };
    match made.await {
        Ok((key, secret)) => {
            let screen = keys::key_made(&key, secret.expose(), &app.settings.public_url);
            answer::page(&visitor, StatusCode::CREATED, &screen)
        }
        Err(error) => {
            let (status, problem) = refused(&error);
            page(&app, &visitor, status, name, problem).await
        }
    }
}

async fn revoke(State(app): State<Arc<App>>, visitor: SignedIn, Path(id): Path<String>) -> Response {
    let revoked = async {
        let id = id.parse::<ApiKeyId>().map_err(|_| ServiceError::NotFound { what: "key" })?;
        revoke_api_key(&app, &visitor.caller, id).await
    };
    match revoked.await {
        Ok(()) => told(&app, "/settings/keys", "The key was revoked. It opens nothing any more."),
        Err(error) => {
            let (status, problem) = refused(&error);
            page(&app, &visitor, status, "", problem).await
        }
    }
}
