//! Who pays what in this Stripe. Times are in seconds since the Unix epoch, as Stripe's own are.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::object;

/// The one key there is.
pub const SECRET_KEY: &str = "sk_test_local";
/// What events are signed with.
pub const WEBHOOK_SECRET: &str = "whsec_local0stripe0signs0with0this";
/// 29 dollars a month.
pub const PRO_PRICE: &str = "price_local_pro";
/// 79 dollars a month.
pub const AGENCY_PRICE: &str = "price_local_agency";

/// What can be subscribed to: the id of its price, what it is called, and cents a month.
pub(super) const PRICES: [(&str, &str, i64); 2] = [(PRO_PRICE, "Pro", 2_900), (AGENCY_PRICE, "Business", 7_900)];

/// The most events kept.
const MOST_EVENTS: usize = 500;

#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct World {
    pub(super) customers: Vec<Customer>,
    pub(super) checkouts: Vec<Checkout>,
    pub(super) portals: Vec<Portal>,
    pub(super) subscriptions: Vec<Subscription>,
    pub(super) events: Vec<Event>,
    /// What was answered under an idempotency key, and to which request.
    pub(super) answers: BTreeMap<String, (String, u16, Value)>,
    pub(super) webhook_url: String,
    /// Nothing is delivered: it gathers.
    pub(super) holds_events: bool,
    pub(super) last_number: u64,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Customer {
    pub(super) id: String,
    pub(super) name: Option<String>,
    pub(super) email: Option<String>,
    pub(super) metadata: BTreeMap<String, String>,
    pub(super) created: i64,
    /// Whether the card pays.
    pub(super) card_works: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Checkout {
    pub(super) id: String,
    pub(super) customer: String,
    pub(super) price: String,
    pub(super) client_reference_id: Option<String>,
    /// Of the subscription that comes of it.
    pub(super) metadata: BTreeMap<String, String>,
    pub(super) trial_days: i64,
    pub(super) success_url: String,
    pub(super) cancel_url: Option<String>,
    pub(super) created: i64,
    pub(super) expires_at: i64,
    /// Once it is paid.
    pub(super) subscription: Option<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Portal {
    pub(super) id: String,
    pub(super) customer: String,
    pub(super) return_url: String,
    pub(super) created: i64,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Subscription {
    pub(super) id: String,
    pub(super) customer: String,
    pub(super) price: String,
    /// As Stripe writes it: `active`.
    pub(super) status: String,
    pub(super) created: i64,
    pub(super) anchor: i64,
    pub(super) period_start: i64,
    pub(super) period_end: i64,
    pub(super) trial_end: Option<i64>,
    pub(super) cancel_at_period_end: bool,
    pub(super) canceled_at: Option<i64>,
    /// How often a payment was tried that failed, and when it is tried again.
    pub(super) failures: u32,
    pub(super) retry_at: Option<i64>,
    pub(super) metadata: BTreeMap<String, String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Event {
    pub(super) id: String,
    pub(super) kind: String,
    pub(super) created: i64,
    /// What it is about, as it was then.
    pub(super) object: Value,
    /// When it is delivered next, in milliseconds; none once it was taken or given up.
    pub(super) due_ms: Option<i64>,
    pub(super) tries: u32,
    /// What was answered last; 0 for nothing.
    pub(super) answered: Option<u16>,
}

impl World {
    /// The next id of a kind: `cus_local000001`.
    pub(super) fn id(&mut self, prefix: &str) -> String {
        self.last_number += 1;
        format!("{prefix}_local{:06}", self.last_number)
    }

    pub(super) fn customer(&self, id: &str) -> Option<&Customer> {
        self.customers.iter().find(|customer| customer.id == id)
    }

    pub(super) fn subscription_mut(&mut self, id: &str) -> Option<&mut Subscription> {
        self.subscriptions.iter_mut().find(|subscription| subscription.id == id)
    }

    /// Something happened to a subscription.
    pub(super) fn tell(&mut self, kind: &str, subscription_id: &str, now: i64) {
        let about = self.subscriptions.iter().find(|subscription| subscription.id == subscription_id);
        if let Some(object) = about.map(object::subscription) {
            self.tell_of(kind, object, now);
        }
    }

    /// Something happened.
    pub(super) fn tell_of(&mut self, kind: &str, object: Value, now: i64) {
        let id = self.id("evt");
        let due_ms = Some(now * 1_000);
        self.events.push(Event { id, kind: kind.to_owned(), created: now, object, due_ms, tries: 0, answered: None });
        if self.events.len() > MOST_EVENTS {
            self.events.remove(0);
        }
    }
}
