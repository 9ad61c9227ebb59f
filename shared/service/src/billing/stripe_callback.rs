//! What Stripe calls when something about a subscription changed: at least once, in any order, perhaps late. An event is a
//! reason to ask Stripe, and nothing more.

use std::time::Duration;

use actionlayer_clients::stripe::{EventError, read_event};
use actionlayer_store::{StripeCustomer, StripeEventSeen, keys};

use super::refresh::refresh;
use crate::{App, ServiceError};

/// How long an event is remembered. Stripe tries for three days, and people send one again within thirty.
const REMEMBERED: Duration = Duration::from_hours(30 * 24);

/// What is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StripeAnswer {
    /// 200: it was dealt with, now or before, or is about nothing here.
    Taken,
    /// 401: not signed with this deployment's secret.
    Unauthorized,
    /// 400: signed, and no event.
    Malformed,
}

/// Takes an event: `signature` is the header `Stripe-Signature`, `body` the raw bytes as they came.
pub async fn stripe_callback(app: &App, signature: Option<&str>, body: &[u8]) -> Result<StripeAnswer, ServiceError> {
    let Some(secret) = app.settings.billing.as_ref().and_then(|billing| billing.webhook_secret.as_ref()) else {
        return Ok(StripeAnswer::Unauthorized);
    };
    let event = match read_event(secret, signature, body, app.now()) {
        Ok(event) => event,
        Err(EventError::Malformed) => return Ok(StripeAnswer::Malformed),
        Err(error @ (EventError::Missing | EventError::OutOfTime | EventError::Mismatch)) => {
            tracing::warn!(%error, "a request is not Stripe's");
            return Ok(StripeAnswer::Unauthorized);
        }
    };
    let Some(customer_id) = event.customer_id else { return Ok(StripeAnswer::Taken) };
    let (event_key, customer_key) = (keys::stripe_event(&event.id), keys::stripe_customer(&customer_id));
    let (seen, customer) = tokio::try_join!(
        app.store.get::<StripeEventSeen>(&event_key),
        app.store.get::<StripeCustomer>(&customer_key),
    )?;
    // Somebody who pays for something else in the same account.
    let Some(customer) = customer else { return Ok(StripeAnswer::Taken) };
    if seen.is_none() {
        let seen = StripeEventSeen { id: event.id, until: app.now().after(REMEMBERED) };
        match refresh(app, customer.value.workspace_id, Some(&seen)).await {
            Ok(_) | Err(ServiceError::NotFound { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(StripeAnswer::Taken)
}
