//! Stripe's API, as far as subscriptions need it. See docs.stripe.com/api.
//!
//! Nobody's card is ever seen here: people pay on Stripe's own pages, and what came of it is asked of Stripe.

use actionlayer_domain::{Secret, Timestamp};
use serde_json::Value;

use crate::providers::Http;

mod error;
mod event;

pub use error::StripeError;
pub use event::{EventError, StripeEvent, read_event};

/// Where Stripe is.
pub const STRIPE_URL: &str = "https://api.stripe.com";
/// The version of the API that answers are read as, whatever the account's own is.
const API_VERSION: &str = "2025-08-27.basil";
/// More live subscriptions than a customer has.
const MAX_SUBSCRIPTIONS: &str = "20";

/// A client of Stripe.
#[derive(Debug, Clone)]
pub struct Stripe {
    http: Http,
    base_url: String,
}

/// Somebody who will pay.
#[derive(Debug, Clone, Copy)]
pub struct NewCustomer<'a> {
    /// What they pay for, by an id of ours; kept with the customer.
    pub workspace_id: &'a str,
    /// What invoices are made out to.
    pub name: &'a str,
    /// Where invoices go; none where nobody is known yet.
    pub email: Option<&'a str>,
}

/// A page on which a subscription is begun.
#[derive(Debug, Clone, Copy)]
pub struct NewCheckout<'a> {
    pub customer_id: &'a str,
    /// The price to subscribe to: `price_…`.
    pub price_id: &'a str,
    /// What is paid for, by an id of ours; kept with the subscription.
    pub workspace_id: &'a str,
    /// Where the browser goes once it is paid,
    pub success_url: &'a str,
    /// and where it goes back to without.
    pub cancel_url: &'a str,
}

/// Where a subscription stands. See docs.stripe.com/billing/subscriptions/overview.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SubscriptionStatus {
    /// The first payment is still to come: nothing was begun.
    Incomplete,
    /// It never came.
    IncompleteExpired,
    Trialing,
    Active,
    /// A payment failed, and Stripe tries again.
    PastDue,
    /// Stripe gave up trying.
    Unpaid,
    /// A trial ended and nobody said how to pay.
    Paused,
    Canceled,
}

/// A subscription.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StripeSubscription {
    /// `sub_…`.
    pub id: String,
    pub status: SubscriptionStatus,
    /// The prices of its items: `price_…`.
    pub price_ids: Vec<String>,
    pub created_at: Timestamp,
    /// When it began.
    pub started_at: Timestamp,
    /// What its periods are counted from.
    pub billing_cycle_anchor: Timestamp,
    pub trial_ends_at: Option<Timestamp>,
    /// When the period ends that is paid for.
    pub period_ends_at: Option<Timestamp>,
    /// When it ends for good, if somebody gave it up.
    pub cancels_at: Option<Timestamp>,
}

impl Stripe {
    /// Stripe at this URL, [`STRIPE_URL`] but for tests.
    pub fn at(base_url: &str) -> Self {
        Self { http: Http::default(), base_url: base_url.trim_end_matches('/').to_owned() }
    }

    /// `POST /v1/customers`; gives the customer's id. With the same idempotency key it is the same customer.
    pub async fn create_customer(
        &self,
        key: &Secret<String>,
        idempotency_key: &str,
        customer: NewCustomer<'_>,
    ) -> Result<String, StripeError> {
        let mut form = vec![("name", customer.name), ("metadata[workspace_id]", customer.workspace_id)];
        form.extend(customer.email.map(|email| ("email", email)));
        let made = self.post(key, "customers", idempotency_key, &form).await?;
        text(&made, "id")
    }

    /// `POST /v1/checkout/sessions`; gives the page's URL, which is good for a day.
    pub async fn create_checkout(
        &self,
        key: &Secret<String>,
        idempotency_key: &str,
        checkout: NewCheckout<'_>,
    ) -> Result<String, StripeError> {
        let form = [
            ("mode", "subscription"),
            ("customer", checkout.customer_id),
            ("client_reference_id", checkout.workspace_id),
            ("line_items[0][price]", checkout.price_id),
            ("line_items[0][quantity]", "1"),
            ("subscription_data[metadata][workspace_id]", checkout.workspace_id),
            ("success_url", checkout.success_url),
            ("cancel_url", checkout.cancel_url),
        ];
        page(&self.post(key, "checkout/sessions", idempotency_key, &form).await?)
    }

    /// `POST /v1/billing_portal/sessions`; gives the page's URL, which is good for minutes.
    pub async fn create_portal(
        &self,
        key: &Secret<String>,
        idempotency_key: &str,
        customer_id: &str,
        return_url: &str,
    ) -> Result<String, StripeError> {
        let form = [("customer", customer_id), ("return_url", return_url)];
        page(&self.post(key, "billing_portal/sessions", idempotency_key, &form).await?)
    }

    /// `GET /v1/subscriptions`: those of a customer that were not canceled, newest first. All of them in one answer, so
    /// that whoever pays twice is not told that they stopped paying when they cancel one.
    pub async fn subscriptions(
        &self,
        key: &Secret<String>,
        customer_id: &str,
    ) -> Result<Vec<StripeSubscription>, StripeError> {
        let query = form_urlencoded::Serializer::new(String::new())
            .extend_pairs([("customer", customer_id), ("limit", MAX_SUBSCRIPTIONS)])
            .finish();
        let request = self.http.client()?.get(format!("{}/v1/subscriptions?{query}", self.base_url));
        let found = Self::call(key, request).await?;
        let list = found["data"].as_array().ok_or(StripeError::NoAnswer)?;
        list.iter().map(|item| subscription(item).ok_or(StripeError::NoAnswer)).collect()
    }

    /// `DELETE /v1/subscriptions/{id}`: canceled at once. One that was canceled before is as good as canceled now.
    pub async fn cancel_subscription(&self, key: &Secret<String>, id: &str) -> Result<(), StripeError> {
        let request = self.http.client()?.delete(format!("{}/v1/subscriptions/{}", self.base_url, path(id)));
        match Self::call(key, request).await {
            Ok(_) | Err(StripeError::Missing) => Ok(()),
            Err(error) => Err(error),
        }
    }

    async fn post(
        &self,
        key: &Secret<String>,
        path: &str,
        idempotency_key: &str,
        form: &[(&str, &str)],
    ) -> Result<Value, StripeError> {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let request = self.http.client()?.post(format!("{}/v1/{path}", self.base_url));
        let request = request
            .header("content-type", "application/x-www-form-urlencoded")
            .header("idempotency-key", idempotency_key)
            .body(body);
        Self::call(key, request).await
    }

    async fn call(key: &Secret<String>, request: reqwest::RequestBuilder) -> Result<Value, StripeError> {
        let request = request.bearer_auth(key.expose()).header("stripe-version", API_VERSION);
        StripeError::of_answer(Http::call(request).await?)
    }
}

/// An id as a part of a path.
fn path(id: &str) -> String {
    form_urlencoded::byte_serialize(id.as_bytes()).collect()
}

fn text(object: &Value, field: &str) -> Result<String, StripeError> {
    object[field].as_str().map(str::to_owned).ok_or(StripeError::NoAnswer)
}

/// Where a browser is to be sent: nowhere but to a page.
fn page(session: &Value) -> Result<String, StripeError> {
    let url = text(session, "url")?;
    let is_page = url::Url::parse(&url).is_ok_and(|url| matches!(url.scheme(), "https" | "http"));
    if is_page { Ok(url) } else { Err(StripeError::NoAnswer) }
}

fn subscription(object: &Value) -> Option<StripeSubscription> {
    let at = |value: &Value| value.as_i64().map(|seconds| Timestamp::from_unix_ms(seconds.saturating_mul(1_000)));
    let items = object["items"]["data"].as_array()?;
    let created_at = at(&object["created"])?;
    let started_at = at(&object["start_date"]).unwrap_or(created_at);
    // Since 2025-03-31 the period is that of an item, before that of the subscription.
    let of_items = items.iter().filter_map(|item| at(&item["current_period_end"])).min();
    Some(StripeSubscription {
        id: object["id"].as_str()?.to_owned(),
        status: status(object["status"].as_str()?)?,
        price_ids: items.iter().filter_map(|item| Some(item["price"]["id"].as_str()?.to_owned())).collect(),
        created_at,
        started_at,
        billing_cycle_anchor: at(&object["billing_cycle_anchor"]).unwrap_or(started_at),
        trial_ends_at: at(&object["trial_end"]),
        period_ends_at: of_items.or_else(|| at(&object["current_period_end"])),
        cancels_at: at(&object["cancel_at"]),
    })
}

fn status(word: &str) -> Option<SubscriptionStatus> {
    Some(match word {
        "incomplete" => SubscriptionStatus::Incomplete,
        "incomplete_expired" => SubscriptionStatus::IncompleteExpired,
        "trialing" => SubscriptionStatus::Trialing,
        "active" => SubscriptionStatus::Active,
        "past_due" => SubscriptionStatus::PastDue,
        "unpaid" => SubscriptionStatus::Unpaid,
        "paused" => SubscriptionStatus::Paused,
        "canceled" => SubscriptionStatus::Canceled,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;

    #[test]
    fn the_period_is_found_where_either_version_has_it() {
        let old = json!({
            "id": "sub_1", "status": "active", "created": 10, "start_date": 20, "billing_cycle_anchor": 30,
            "current_period_end": 40, "cancel_at": null, "trial_end": null,
            "items": {"data": [{"price": {"id": "price_pro"}}]},
        });
        let mut new = old.clone();
        new.as_object_mut().unwrap().remove("current_period_end");
        new["items"]["data"][0]["current_period_end"] = 40.into();
        let read = subscription(&old).unwrap();
        assert_eq!(subscription(&new), Some(read.clone()));
        assert_eq!(read.period_ends_at, Some(Timestamp::from_unix_ms(40_000)));
        assert_eq!(read.billing_cycle_anchor, Timestamp::from_unix_ms(30_000));
        assert_eq!(read.price_ids, ["price_pro"]);
        // What cannot be read is no answer, rather than a guess.
        new["status"] = "improved".into();
        assert_eq!(subscription(&new), None);
    }

    #[test]
    fn a_browser_is_sent_to_pages_alone() {
        assert!(page(&json!({"url": "https://checkout.stripe.com/c/pay/cs_1"})).is_ok());
        for bad in [json!({"url": "javascript:alert(1)"}), json!({"url": null}), json!({"url": "/c/pay"})] {
            assert_eq!(page(&bad), Err(StripeError::NoAnswer), "{bad}");
        }
        assert_eq!(path("sub_1/../customers"), "sub_1%2F..%2Fcustomers");
    }
}
