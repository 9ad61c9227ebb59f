//! Things of this Stripe as its API shows them.

use serde_json::{Value, json};

use super::world::{Checkout, Customer, Event, PRICES, Portal, Subscription};

/// The version of the API that objects are written in.
const API_VERSION: &str = "2025-08-27.basil";

pub(super) fn customer(customer: &Customer) -> Value {
    json!({
        "id": customer.id, "object": "customer", "created": customer.created, "livemode": false,
        "name": customer.name, "email": customer.email, "metadata": customer.metadata,
    })
}

pub(super) fn checkout(checkout: &Checkout, base_url: &str, now: i64) -> Value {
    let status = match &checkout.subscription {
        Some(_) => "complete",
        None if checkout.expires_at <= now => "expired",
        None => "open",
    };
    json!({
        "id": checkout.id, "object": "checkout.session", "mode": "subscription", "livemode": false,
        "created": checkout.created, "expires_at": checkout.expires_at, "status": status,
        "payment_status": if status == "complete" { "paid" } else { "unpaid" },
        "customer": checkout.customer, "client_reference_id": checkout.client_reference_id,
        "subscription": checkout.subscription, "success_url": checkout.success_url,
        "cancel_url": checkout.cancel_url, "metadata": {},
        // One that is over has no page any more.
        "url": (status == "open").then(|| format!("{base_url}/c/pay/{}", checkout.id)),
    })
}

pub(super) fn portal(portal: &Portal, base_url: &str) -> Value {
    json!({
        "id": portal.id, "object": "billing_portal.session", "created": portal.created, "livemode": false,
        "customer": portal.customer, "return_url": portal.return_url,
        "url": format!("{base_url}/p/session/{}", portal.id),
    })
}

pub(super) fn price(id: &str) -> Value {
    let (_, name, cents) = PRICES.into_iter().find(|(known, ..)| *known == id).unwrap_or((id, "", 0));
    json!({
        "id": id, "object": "price", "active": true, "currency": "usd", "type": "recurring", "nickname": name,
        "unit_amount": cents, "recurring": {"interval": "month", "interval_count": 1}, "livemode": false,
    })
}

pub(super) fn subscription(subscription: &Subscription) -> Value {
    let cancel_at = subscription.cancel_at_period_end.then_some(subscription.period_end);
    json!({
        "id": subscription.id, "object": "subscription", "livemode": false, "customer": subscription.customer,
        "status": subscription.status, "created": subscription.created, "start_date": subscription.created,
        "billing_cycle_anchor": subscription.anchor, "trial_end": subscription.trial_end,
        "trial_start": subscription.trial_end.map(|_| subscription.created),
        "cancel_at_period_end": subscription.cancel_at_period_end, "cancel_at": cancel_at,
        "canceled_at": subscription.canceled_at, "metadata": subscription.metadata,
        "items": {"object": "list", "has_more": false, "data": [{
            "id": format!("si_{}", subscription.id), "object": "subscription_item", "quantity": 1,
            "current_period_start": subscription.period_start, "current_period_end": subscription.period_end,
            "price": price(&subscription.price), "subscription": subscription.id,
        }]},
    })
}

pub(super) fn invoice(subscription: &Subscription, paid: bool) -> Value {
    json!({
        "id": format!("in_{}", subscription.id), "object": "invoice", "customer": subscription.customer,
        "status": if paid { "paid" } else { "open" }, "livemode": false,
    })
}

pub(super) fn event(event: &Event) -> Value {
    json!({
        "id": event.id, "object": "event", "api_version": API_VERSION, "created": event.created, "livemode": false,
        "pending_webhooks": 1, "request": {"id": null, "idempotency_key": null}, "type": event.kind,
        "data": {"object": event.object},
    })
}

pub(super) fn list(url: &str, data: &[Value]) -> Value {
    json!({"object": "list", "url": url, "has_more": false, "data": data})
}
