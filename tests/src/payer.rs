//! Somebody who pays: what a person does on Stripe's pages, and what can go wrong there.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{Answer, Engine, World, eventually, world::array};

/// What an engine is started with so that plans are sold.
pub const SELLS_PLANS: [&str; 3] = [
    "Plan=builder_pack",
    "StripeSecretKey=sk_test_local",
    "StripePrices=pro=price_local_pro,agency=price_local_agency",
];

/// The secret that this machine's Stripe signs events with.
pub const STRIPE_WEBHOOK_SECRET: &str = "whsec_local0stripe0signs0with0this";

impl World {
    /// A workspace of a deployment that sells plans.
    pub async fn selling(identity: Value) -> Self {
        Self::start_on(Engine::start_with(&SELLS_PLANS).await, identity).await
    }

    /// What the workspace pays for and may use.
    pub async fn subscription(&self) -> Value {
        self.owner.get("/v1/billing/subscription").await.expect(200)
    }

    /// That, once a field has a value.
    pub async fn until_subscription(&self, field: &str, value: &str) -> Value {
        eventually(&format!("{field} to be {value}"), async || {
            let now = self.subscription().await;
            (now[field] == value).then_some(now)
        })
        .await
    }

    /// The page on which a plan is paid for.
    pub async fn checkout(&self, plan: &str) -> String {
        let page = self.owner.post("/v1/billing/checkout", json!({"plan": plan})).await.expect(200);
        page["url"].as_str().expect("a page").to_owned()
    }

    /// The page on which the subscription is changed.
    pub async fn portal(&self) -> String {
        let page = self.owner.post_empty("/v1/billing/portal").await.expect(200);
        page["url"].as_str().expect("a page").to_owned()
    }

    /// Presses a button of a page of Stripe's.
    pub async fn press_at_stripe(&self, page: &str, form: &str) -> Answer {
        let kind = [("content-type", "application/x-www-form-urlencoded")];
        self.anyone.staying().ask(Method::POST, page, &kind, form.as_bytes().to_vec()).await
    }

    /// Pays for a plan, and waits until that is known.
    pub async fn pay(&self, plan: &str) -> Value {
        let page = self.checkout(plan).await;
        let paid = self.press_at_stripe(&page, "card=works").await;
        assert_eq!(paid.status, 303, "{}", paid.text());
        self.until_subscription("plan", plan).await
    }

    /// Everything that Stripe has.
    pub async fn stripe(&self) -> Value {
        self.anyone.get("/local/stripe/state").await.expect(200)
    }

    /// Orders Stripe about.
    pub async fn order_stripe(&self, change: Value) {
        self.anyone.patch("/local/stripe/state", change).await.expect(200);
    }

    /// Changes the subscription in the portal: a button of it, as `act=cancel`.
    pub async fn change_at_stripe(&self, button: &str) {
        let state = self.stripe().await;
        let subscription = array(&state["subscriptions"]).last().expect("a subscription");
        let form = format!("subscription={}&{button}", subscription["id"].as_str().expect("an id"));
        let changed = self.press_at_stripe(&self.portal().await, &form).await;
        assert_eq!(changed.status, 303, "{}", changed.text());
    }
}
