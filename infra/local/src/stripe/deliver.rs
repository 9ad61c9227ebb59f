//! Events go to the webhook, signed, until they are taken: at least once, and in no order that could be relied on.

use std::{sync::Arc, time::Duration};

use aws_lc_rs::hmac;

use super::{
    Stripe, object, time,
    world::{Event, WEBHOOK_SECRET, World},
};
use crate::faults::{FaultKind, Service};

const ANSWER_WITHIN: Duration = Duration::from_secs(20);
/// Pauses between tries double from the first to the longest.
const RETRY_FIRST_MS: i64 = 1_000;
const RETRY_LONGEST_MS: i64 = 3_600_000;
/// Stripe tries for three days.
const MAX_TRIES: u32 = 80;

/// The header that says when, and by whom, bytes were signed.
pub(super) fn signature(secret: &str, at: i64, body: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let tag = hmac::sign(&key, &[format!("{at}.").as_bytes(), body].concat());
    format!("t={at},v1={}", hex::encode(tag))
}

pub(super) async fn run(stripe: Arc<Stripe>) {
    loop {
        let mut changed = std::pin::pin!(stripe.changed.notified());
        changed.as_mut().enable();
        let now_ms = stripe.clock.now_ms();
        let (is_due, next_ms) = stripe.world.read(|world| wait(world, now_ms)).await;
        if is_due {
            step(&stripe).await;
            continue;
        }
        tokio::select! {
            () = changed => {}
            () = stripe.clock.sleep_until(next_ms.unwrap_or(i64::MAX)), if next_ms.is_some() => {}
        }
    }
}

/// Whether there is something to do now, and when there will be.
fn wait(world: &World, now_ms: i64) -> (bool, Option<i64>) {
    let deliveries = world.events.iter().filter(|_| !world.holds_events).filter_map(|event| event.due_ms);
    let next_ms = deliveries.chain(time::next(world).map(|at| at * 1_000)).min();
    (next_ms.is_some_and(|next| next <= now_ms), next_ms)
}

async fn step(stripe: &Arc<Stripe>) {
    let now_ms = stripe.clock.now_ms();
    let taken = stripe
        .world
        .change(|world| {
            time::pass(world, now_ms / 1_000);
            if world.holds_events {
                return (Vec::new(), String::new());
            }
            let due = world.events.iter().filter(|event| event.due_ms.is_some_and(|due| due <= now_ms));
            (due.cloned().collect::<Vec<Event>>(), world.webhook_url.clone())
        })
        .await;
    let Ok((due, url)) = taken else { return };
    for event in due {
        let twice = stripe.faults.take(Service::Stripe, "webhook", &[FaultKind::DuplicateDelivery]).is_some();
        let mut status = post(stripe, &url, &event, stripe.clock.now_ms() / 1_000).await;
        if twice {
            status = post(stripe, &url, &event, stripe.clock.now_ms() / 1_000).await;
        }
        let now_ms = stripe.clock.now_ms();
        let noted = stripe.world.change(|world| note(world, &event, status, now_ms)).await;
        if let Err(error) = noted {
            tracing::warn!(%error, "a delivery could not be noted, and is repeated");
        }
    }
}

fn note(world: &mut World, event: &Event, status: u16, now_ms: i64) {
    let Some(known) = world.events.iter_mut().find(|known| known.id == event.id) else { return };
    known.tries += 1;
    known.answered = Some(status);
    let pause_ms = RETRY_FIRST_MS.saturating_mul(1 << (known.tries - 1).min(20)).min(RETRY_LONGEST_MS);
    let is_over = (200..300).contains(&status) || known.tries >= MAX_TRIES;
    known.due_ms = (!is_over).then_some(now_ms + pause_ms);
}

/// Posts an event as it was signed at a moment; gives the status, 0 for none.
pub(super) async fn post(stripe: &Stripe, url: &str, event: &Event, signed_at: i64) -> u16 {
    let body = object::event(event).to_string();
    let request = stripe
        .http
        .post(url)
        .timeout(ANSWER_WITHIN)
        .header("content-type", "application/json; charset=utf-8")
        .header("stripe-signature", signature(WEBHOOK_SECRET, signed_at, body.as_bytes()))
        .body(body);
    request.send().await.map_or(0, |answer| answer.status().as_u16())
}
