//! The plan.

use std::sync::Arc;

use actionlayer_domain::Plan;
use actionlayer_service::{
    App,
    billing::{
        begin_checkout::begin_checkout as begin, get_subscription::get_subscription as get,
        open_portal::open_portal as open,
    },
};
use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{ApiError, Authenticated, JsonBody, NoFields, NoQuery, OptionalJsonBody, views::SubscriptionView};

operations! {
    get_subscription;
    begin_checkout;
    open_portal;
}

/// Retrieve the subscription
///
/// The plan of the workspace, and how much of it was used. `plan_status` says how it stands with paying: `active` also where
/// nobody pays; `past_due` when a payment failed, which leaves the plan for seven days; `canceled` once it has ended, and
/// then `plan` is what the deployment gives everybody. Counts are exact: a mail that was retried or arrived twice
/// counts once, and one that did not leave does not count.
#[utoipa::path(
    get, path = "/v1/billing/subscription", tag = "Billing",
    responses((status = 200, description = "The subscription.", body = SubscriptionView))
)]
pub(crate) async fn get_subscription(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    _: NoQuery,
) -> Result<Json<SubscriptionView>, ApiError> {
    Ok(Json(SubscriptionView::of(&get(&app, &caller).await?)))
}

/// A page of the payment provider.
#[derive(Serialize, ToSchema)]
#[schema(as = BillingPage)]
pub(crate) struct Page {
    /// Where to send the person who pays.
    url: String,
}

/// A plan that can be bought.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = PaidPlan)]
enum PaidPlan {
    Pro,
    Agency,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Checkout {
    plan: PaidPlan,
}

/// Create a checkout session
///
/// Returns a page of Stripe's on which a plan is subscribed to. Nothing changes until it is paid; then the plan of the
/// workspace is the one that is paid for, within seconds, and mail that waited for room comes in. The same request within
/// the hour returns the same page. A workspace that has a subscription changes it in the portal: a second one would be paid
/// as well. In a deployment without a payment provider the plan is what its operator set, and this says so.
#[utoipa::path(
    post, path = "/v1/billing/checkout", tag = "Billing",
    request_body = Checkout,
    responses((status = 200, description = "Where to pay.", body = Page)),
    extensions(("x-errors" = json!(["billing_not_configured", "conflict"])))
)]
pub(crate) async fn begin_checkout(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    _: NoQuery,
    JsonBody(body): JsonBody<Checkout>,
) -> Result<Json<Page>, ApiError> {
    let plan = match body.plan {
        PaidPlan::Pro => Plan::Pro,
        PaidPlan::Agency => Plan::Agency,
    };
    Ok(Json(Page { url: begin(&app, &caller, plan).await? }))
}

/// Create a billing portal session
///
/// Returns a page of Stripe's on which the plan, the card and the address are changed, the subscription is given up, and
/// invoices are. It is good for some minutes. A workspace that never began to pay has none (`conflict`); nor has a
/// deployment without a payment provider.
#[utoipa::path(
    post, path = "/v1/billing/portal", tag = "Billing",
    responses((status = 200, description = "Where the subscription can be changed.", body = Page)),
    extensions(("x-errors" = json!(["billing_not_configured", "conflict"])))
)]
pub(crate) async fn open_portal(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    _: NoQuery,
    OptionalJsonBody(NoFields {}): OptionalJsonBody<NoFields>,
) -> Result<Json<Page>, ApiError> {
    Ok(Json(Page { url: open(&app, &caller).await? }))
}
