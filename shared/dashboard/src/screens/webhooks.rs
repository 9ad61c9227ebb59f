//! `/webhooks`: where events are delivered.

use std::sync::Arc;

use actionlayer_domain::{Secret, Webhook, WebhookDeliveryId, WebhookId};
use actionlayer_pages::{
    dashboard::Section,
    screens::{
        Problem,
        webhook_delivery::webhook_delivery,
        webhooks::{self, Shown, WebhookForm},
    },
};
use actionlayer_service::{
    App, ServiceError,
    events::{webhook_deliveries, webhooks as edit},
    workspace::idempotency::Idempotency,
};
use axum::{
    Router,
    extract::{Path, State},
    http::StatusCode,
    response::Response,
    routing::{get, post},
};

use super::{
    answer::{self, access, failed, page_request, refused, whole},
    form::{Asked, Form},
};
use crate::{SignedIn, accounts::told};

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/webhooks", get(list).post(create))
        .route("/webhooks/{id}", get(show))
        .route("/webhooks/{id}/active", post(set_active))
        .route("/webhooks/{id}/test", post(test))
        .route("/webhooks/{id}/rotate", post(rotate))
        .route("/webhooks/{id}/delete", post(delete))
        .route("/webhooks/{id}/deliveries/{delivery}", get(show_delivery).post(redeliver))
}

fn webhook_id(text: &str) -> Result<WebhookId, ServiceError> {
    text.parse().map_err(|_| ServiceError::NotFound { what: "webhook" })
}

async fn list(State(app): State<Arc<App>>, visitor: SignedIn) -> Response {
    list_page(&app, &visitor, StatusCode::OK, &WebhookForm::default(), None).await
}

async fn list_page(
    app: &App,
    visitor: &SignedIn,
    status: StatusCode,
    form: &WebhookForm,
    problem: Option<Problem>,
) -> Response {
    match edit::list_webhooks(app, &visitor.caller, &whole()).await {
        Ok(list) => {
            let screen = webhooks::webhooks(&list.items, form, access(visitor), problem, app.now());
            answer::page(visitor, status, &screen)
        }
        Err(error) => failed(visitor, Section::Webhooks, &error),
    }
}

/// The answer shows the secret, and nothing can show it again: it leads nowhere else.
async fn create(State(app): State<Arc<App>>, visitor: SignedIn, form: Form) -> Response {
    let typed = WebhookForm {
        url: form.text("url").trim().to_owned(),
        description: form.text("description").trim().to_owned(),
        events: form.all("events"),
    };
    let new = edit::NewWebhook {
        url: typed.url.clone(),
        events: if typed.events.is_empty() { vec!["*".to_owned()] } else { typed.events.clone() },
        description: Some(typed.description.clone()).filter(|text| !text.is_empty()),
        active: None,
    };
    match edit::create_webhook(&app, &visitor.caller, &Idempotency::NONE, new).await {
        Ok((webhook, secret)) => with_secret(&app, &visitor, StatusCode::CREATED, &webhook, &secret),
        Err(error) => {
            let (status, problem) = refused(&error);
            list_page(&app, &visitor, status, &typed, problem).await
        }
    }
}

fn with_secret(
    app: &App,
    visitor: &SignedIn,
    status: StatusCode,
    webhook: &Webhook,
    secret: &Secret<String>,
) -> Response {
    let view = Shown {
        webhook,
        secret: Some(secret.expose()),
        deliveries: &[],
        cursor: None,
        next_cursor: None,
        access: access(visitor),
        now: app.now(),
    };
    answer::page(visitor, status, &webhooks::webhook(view, None))
}

async fn show(State(app): State<Arc<App>>, visitor: SignedIn, Path(id): Path<String>, asked: Asked) -> Response {
    page(&app, &visitor, &id, &asked, StatusCode::OK, None).await
}

async fn page(
    app: &App,
    visitor: &SignedIn,
    id: &str,
    asked: &Asked,
    status: StatusCode,
    problem: Option<Problem>,
) -> Response {
    let request = page_request(asked);
    let read = async {
        let id = webhook_id(id)?;
        tokio::try_join!(
            edit::get_webhook(app, &visitor.caller, id),
            webhook_deliveries::list_webhook_deliveries(app, &visitor.caller, id, None, &request)
        )
    };
    match read.await {
        Ok((webhook, list)) => {
            let view = Shown {
                webhook: &webhook,
                secret: None,
                deliveries: &list.items,
                cursor: request.cursor.as_deref(),
                next_cursor: list.next_cursor.as_deref(),
                access: access(visitor),
                now: app.now(),
            };
            answer::page(visitor, status, &webhooks::webhook(view, problem))
        }
        Err(error) => failed(visitor, Section::Webhooks, &error),
    }
}

/// What came of a step: onwards to `path`, or the webhook's page with why not.
async fn after<T>(
    app: &App,
    visitor: &SignedIn,
    id: &str,
    asked: &Asked,
    outcome: Result<T, ServiceError>,
    (path, done): (&str, &str),
) -> Response {
    match outcome {
        Ok(_) => told(app, path, done),
        Err(error) => {
            let (status, problem) = refused(&error);
            page(app, visitor, id, asked, status, problem).await
        }
    }
}

async fn set_active(
    State(app): State<Arc<App>>,
    visitor: SignedIn,
    Path(id): Path<String>,
    asked: Asked,
    form: Form,
) -> Response {
    let active = form.text("active") == "yes";
    let done = if active { "Switched on." } else { "Switched off: nothing is delivered there." };
    let outcome = async {
        let patch = edit::UpdateWebhook { active: Some(active), ..edit::UpdateWebhook::default() };
        edit::update_webhook(&app, &visitor.caller, webhook_id(&id)?, patch).await
    };
    let outcome = outcome.await;
    after(&app, &visitor, &id, &asked, outcome, (&format!("/webhooks/{id}"), done)).await
}

async fn test(State(app): State<Arc<App>>, visitor: SignedIn, Path(id): Path<String>, asked: Asked) -> Response {
    let outcome =
        async { webhook_deliveries::test_webhook(&app, &visitor.caller, &Idempotency::NONE, webhook_id(&id)?).await };
    let outcome = outcome.await;
    let done = (format!("/webhooks/{id}"), "A test event is on its way.");
    after(&app, &visitor, &id, &asked, outcome, (&done.0, done.1)).await
}

async fn rotate(State(app): State<Arc<App>>, visitor: SignedIn, Path(id): Path<String>, asked: Asked) -> Response {
    let rotated =
        async { edit::rotate_webhook_secret(&app, &visitor.caller, &Idempotency::NONE, webhook_id(&id)?).await };
    match rotated.await {
        Ok((webhook, secret)) => with_secret(&app, &visitor, StatusCode::OK, &webhook, &secret),
        Err(error) => {
            let (status, problem) = refused(&error);
            page(&app, &visitor, &id, &asked, status, problem).await
        }
    }
}

async fn delete(State(app): State<Arc<App>>, visitor: SignedIn, Path(id): Path<String>, asked: Asked) -> Response {
    let outcome = async { edit::delete_webhook(&app, &visitor.caller, webhook_id(&id)?).await };
    let outcome = outcome.await;
    after(&app, &visitor, &id, &asked, outcome, ("/webhooks", "The webhook was deleted.")).await
}

async fn show_delivery(
    State(app): State<Arc<App>>,
    visitor: SignedIn,
    Path((id, delivery)): Path<(String, String)>,
) -> Response {
    let read = async {
        let delivery = delivery.parse::<WebhookDeliveryId>().ok();
        webhook_deliveries::get_webhook_delivery(&app, &visitor.caller, webhook_id(&id)?, delivery).await
    };
    match read.await {
        Ok((delivery, answers)) => {
            let screen = webhook_delivery(&delivery, &answers, access(&visitor), app.now());
            answer::page(&visitor, StatusCode::OK, &screen)
        }
        Err(error) => failed(&visitor, Section::Webhooks, &error),
    }
}

async fn redeliver(
    State(app): State<Arc<App>>,
    visitor: SignedIn,
    Path((id, delivery)): Path<(String, String)>,
    asked: Asked,
) -> Response {
    let outcome = async {
        let delivery = delivery.parse::<WebhookDeliveryId>();
        let delivery = delivery.map_err(|_| ServiceError::NotFound { what: "delivery" })?;
        let id = webhook_id(&id)?;
        webhook_deliveries::redeliver(&app, &visitor.caller, &Idempotency::NONE, id, Some(delivery)).await
    };
    let outcome = outcome.await;
    let path = format!("/webhooks/{id}");
    after(&app, &visitor, &id, &asked, outcome, (&path, "It is delivered again.")).await
}
