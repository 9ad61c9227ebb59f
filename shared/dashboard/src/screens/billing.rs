//! `/billing`: what the workspace pays for; the ways to Stripe and back.

use std::sync::Arc;

use actionlayer_domain::Plan;
use actionlayer_pages::{
    dashboard::Section,
    screens::{
        Problem,
        billing::{Billing, Returned, billing, leaving},
    },
};
use actionlayer_service::{
    App, ServiceError,
    billing::{begin_checkout::begin_checkout, get_subscription::get_subscription, open_portal::open_portal},
};
use axum::{
    Router,
    extract::State,
    http::StatusCode,
    response::{Html, IntoResponse as _, Response},
    routing::{get, post},
};

use super::{
    answer::{self, access, failed, incomplete, refused},
    form::{Asked, Form},
};
use crate::SignedIn;

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/billing", get(show))
        .route("/billing/checkout", post(checkout))
        .route("/billing/portal", post(portal))
}

async fn show(State(app): State<Arc<App>>, visitor: SignedIn, asked: Asked) -> Response {
    let returned = match asked.given("checkout") {
        Some("done") => Some(Returned::Done),
        Some("left") => Some(Returned::Left),
        _ => None,
    };
    page(&app, &visitor, returned, (StatusCode::OK, None)).await
}

async fn page(
    app: &App,
    visitor: &SignedIn,
    returned: Option<Returned>,
    (status, problem): (StatusCode, Option<Problem>),
) -> Response {
    let subscription = match get_subscription(app, &visitor.caller).await {
        Ok(subscription) => subscription,
        Err(error) => return failed(visitor, Section::Settings, &error),
    };
    let view = Billing {
        plan: subscription.plan,
        beta_override: subscription.beta_override,
        paid: subscription.paid.as_ref(),
        has_customer: subscription.has_customer,
        for_sale: &subscription.for_sale,
        returned,
        access: access(visitor),
    };
    answer::page(visitor, status, &billing(view, problem, app.now()))
}

async fn checkout(State(app): State<Arc<App>>, visitor: SignedIn, form: Form) -> Response {
    let Ok(plan) = form.text("plan").parse::<Plan>() else {
        return page(&app, &visitor, None, incomplete()).await;
    };
    let begun = begin_checkout(&app, &visitor.caller, plan).await;
    on_to(&app, &visitor, begun).await
}

async fn portal(State(app): State<Arc<App>>, visitor: SignedIn) -> Response {
    let opened = open_portal(&app, &visitor.caller).await;
    on_to(&app, &visitor, opened).await
}

async fn on_to(app: &App, visitor: &SignedIn, url: Result<String, ServiceError>) -> Response {
    match url {
        Ok(url) => (StatusCode::OK, Html(leaving(&url))).into_response(),
        Err(error) => page(app, visitor, None, refused(&error)).await,
    }
}
