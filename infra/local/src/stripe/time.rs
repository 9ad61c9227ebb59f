//! What time brings about: periods that end, payments that are tried again.

use actionlayer_domain::Timestamp;

use super::{
    object,
    world::{Subscription, World},
};

/// When a payment that failed is tried again, in days after it last was; after that the subscription is canceled, as
/// Stripe's accounts have it unless they choose otherwise.
const RETRY_AFTER_DAYS: [i64; 3] = [3, 5, 7];
const DAY_SECONDS: i64 = 86_400;

/// A month after the anchor for every month that has passed.
fn month_end(anchor: i64, at: i64) -> i64 {
    let (anchor, at) = (Timestamp::from_unix_ms(anchor * 1_000), Timestamp::from_unix_ms(at * 1_000));
    anchor.after_months(at.months_since(anchor) + 1).unix_seconds()
}

/// When something comes about next.
pub(super) fn next(world: &World) -> Option<i64> {
    world.subscriptions.iter().filter_map(due).min()
}

fn due(subscription: &Subscription) -> Option<i64> {
    match subscription.status.as_str() {
        "active" | "trialing" => Some(subscription.period_end),
        "past_due" => subscription.retry_at,
        _ => None,
    }
}

/// Lets everything come about that is due, in its order.
pub(super) fn pass(world: &mut World, now: i64) {
    loop {
        let next = world.subscriptions.iter().filter_map(|one| Some((due(one)?, one.id.clone()))).min();
        let Some((at, id)) = next.filter(|(at, _)| *at <= now) else { return };
        step(world, &id, at);
    }
}

fn step(world: &mut World, id: &str, at: i64) {
    let Some(found) = world.subscriptions.iter().find(|one| one.id == id).cloned() else { return };
    let works = world.customer(&found.customer).is_some_and(|customer| customer.card_works);
    if found.cancel_at_period_end && found.status != "past_due" {
        end(world, id, at);
        return;
    }
    let Some(subscription) = world.subscription_mut(id) else { return };
    if subscription.status != "past_due" {
        if subscription.status == "trialing" {
            // Its own months begin when the trial ends.
            subscription.anchor = at;
        }
        subscription.period_start = at;
        subscription.period_end = month_end(subscription.anchor, at);
    }
    settle(world, id, works, at);
}

/// A payment is tried.
pub(super) fn settle(world: &mut World, id: &str, works: bool, at: i64) {
    let Some(subscription) = world.subscription_mut(id) else { return };
    if works {
        "active".clone_into(&mut subscription.status);
        (subscription.failures, subscription.retry_at) = (0, None);
    } else {
        let failures = usize::try_from(subscription.failures).unwrap_or(usize::MAX);
        let Some(days) = RETRY_AFTER_DAYS.get(failures) else {
            end(world, id, at);
            return;
        };
        "past_due".clone_into(&mut subscription.status);
        subscription.failures += 1;
        subscription.retry_at = Some(at + days * DAY_SECONDS);
    }
    let invoice = object::invoice(subscription, works);
    world.tell_of(if works { "invoice.paid" } else { "invoice.payment_failed" }, invoice, at);
    world.tell("customer.subscription.updated", id, at);
}

/// A subscription ends for good.
pub(super) fn end(world: &mut World, id: &str, at: i64) {
    let Some(subscription) = world.subscription_mut(id) else { return };
    "canceled".clone_into(&mut subscription.status);
    subscription.canceled_at = Some(at);
    subscription.retry_at = None;
    world.tell("customer.subscription.deleted", id, at);
}

/// A subscription begins.
pub(super) fn begin(world: &mut World, checkout_id: &str, now: i64) -> Option<String> {
    let checkout = world.checkouts.iter().find(|checkout| checkout.id == checkout_id)?.clone();
    let id = world.id("sub");
    let trial_end = (checkout.trial_days > 0).then(|| now + checkout.trial_days * DAY_SECONDS);
    world.subscriptions.push(Subscription {
        id: id.clone(),
        customer: checkout.customer,
        price: checkout.price,
        status: if trial_end.is_some() { "trialing" } else { "active" }.to_owned(),
        created: now,
        anchor: trial_end.unwrap_or(now),
        period_start: now,
        period_end: trial_end.unwrap_or_else(|| month_end(now, now)),
        trial_end,
        cancel_at_period_end: false,
        canceled_at: None,
        failures: 0,
        retry_at: None,
        metadata: checkout.metadata,
    });
    let paid = world.checkouts.iter_mut().find(|checkout| checkout.id == checkout_id)?;
    paid.subscription = Some(id.clone());
    let session = object::checkout(paid, "", now);
    world.tell("customer.subscription.created", &id, now);
    world.tell_of("checkout.session.completed", session, now);
    Some(id)
}
