//! An event of Stripe's webhook: whether it is Stripe's, and whom it is about. What it claims beside that is not read: it may
//! be old, and it comes in any order. See "Verify webhook signatures manually", docs.stripe.com/webhooks.

use actionlayer_domain::{Secret, Timestamp};
use aws_lc_rs::hmac;
use serde_json::Value;

/// How far an event's time may be from ours, either way, in seconds.
const WINDOW_SECONDS: u64 = 300;
/// More digits than seconds since 1970 have.
const MAX_TIMESTAMP_DIGITS: usize = 12;
/// Events after which a subscription may have changed.
const KINDS: [&str; 4] =
    ["checkout.session.completed", "invoice.paid", "invoice.payment_failed", "invoice.payment_succeeded"];
const PREFIX: &str = "customer.subscription.";

/// An event that is Stripe's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StripeEvent {
    /// `evt_…`, the same however often it is sent.
    pub id: String,
    /// The customer whose subscription may have changed; none where the event is about something else.
    pub customer_id: Option<String>,
}

/// Why an event is not believed, or not understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EventError {
    /// `Stripe-Signature` is not there, or has not its form.
    #[error("the request has no Stripe signature")]
    Missing,
    /// It was signed more than five minutes ago, or will be: it may be a repetition by somebody else.
    #[error("the signature's timestamp is not within five minutes of now")]
    OutOfTime,
    /// Whoever made it does not know the webhook's secret.
    #[error("the signature does not match")]
    Mismatch,
    /// Signed, and no event.
    #[error("the body is not an event")]
    Malformed,
}

/// Checks that `body`, the raw bytes as they came, was signed with the webhook's secret (`whsec_…`, as a whole), and reads
/// it. One of several signatures is enough: while a secret is rolled, Stripe signs with both. Constant in time.
pub fn read_event(
    secret: &Secret<String>,
    signature: Option<&str>,
    body: &[u8],
    now: Timestamp,
) -> Result<StripeEvent, EventError> {
    let signature = signature.ok_or(EventError::Missing)?;
    let parts = || signature.split(',').filter_map(|part| part.trim().split_once('='));
    let timestamp = parts().find(|(name, _)| *name == "t").ok_or(EventError::Missing)?.1;
    if timestamp.len() > MAX_TIMESTAMP_DIGITS || !timestamp.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(EventError::Missing);
    }
    let signed_at: i64 = timestamp.parse().map_err(|_| EventError::Missing)?;
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.expose().as_bytes());
    let signed = [timestamp.as_bytes(), b".", body].concat();
    // Before the time: whoever does not know the secret learns nothing but that.
    let matches = |(name, digits): (&str, &str)| {
        name == "v1" && from_hex(digits).is_some_and(|given| hmac::verify(&key, &signed, &given).is_ok())
    };
    if !parts().any(matches) {
        return Err(EventError::Mismatch);
    }
    if now.unix_seconds().abs_diff(signed_at) > WINDOW_SECONDS {
        return Err(EventError::OutOfTime);
    }
    let event: Value = serde_json::from_slice(body).map_err(|_| EventError::Malformed)?;
    let (Some(id), Some(kind)) = (event["id"].as_str(), event["type"].as_str()) else {
        return Err(EventError::Malformed);
    };
    let is_about = KINDS.contains(&kind) || kind.starts_with(PREFIX);
    let customer = event["data"]["object"]["customer"].as_str().filter(|_| is_about);
    Ok(StripeEvent { id: id.to_owned(), customer_id: customer.map(str::to_owned) })
}

fn from_hex(digits: &str) -> Option<Vec<u8>> {
    if !digits.is_ascii() || !digits.len().is_multiple_of(2) {
        return None;
    }
    (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::fmt::Write as _;

    use super::*;

    const BODY: &[u8] =
        br#"{"id":"evt_1","type":"customer.subscription.updated","data":{"object":{"customer":"cus_1"}}}"#;

    fn secret(text: &str) -> Secret<String> {
        Secret::new(text.to_owned())
    }

    fn sign(secret: &str, at: i64, body: &[u8]) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
        let tag = hmac::sign(&key, &[format!("{at}.").as_bytes(), body].concat());
        tag.as_ref().iter().fold(String::new(), |mut digits, byte| {
            _ = write!(digits, "{byte:02x}");
            digits
        })
    }

    fn read(signature: &str, body: &[u8]) -> Result<StripeEvent, EventError> {
        read_event(&secret("whsec_test"), Some(signature), body, Timestamp::from_unix_ms(1_700_000_000_000))
    }

    #[test]
    fn what_stripe_signed_is_read() {
        let good = sign("whsec_test", 1_700_000_000, BODY);
        let event = read(&format!("t=1700000000,v1={good}"), BODY).unwrap();
        assert_eq!(event, StripeEvent { id: "evt_1".to_owned(), customer_id: Some("cus_1".to_owned()) });
        // While a secret is rolled there are two; v0 is of test mode and says nothing.
        let other = sign("whsec_other", 1_700_000_000, BODY);
        assert!(read(&format!("t=1700000000,v1={other},v1={good},v0=00"), BODY).is_ok());
        // As wide as it may be, and a second more.
        for (at, taken) in [(1_699_999_700, true), (1_700_000_300, true), (1_699_999_699, false)] {
            let outcome = read(&format!("t={at},v1={}", sign("whsec_test", at, BODY)), BODY);
            assert_eq!(outcome.is_ok(), taken, "{at}: {outcome:?}");
        }
    }

    #[test]
    fn what_is_not_stripes_is_refused() {
        let good = sign("whsec_test", 1_700_000_000, BODY);
        let changed = BODY.to_ascii_uppercase();
        assert_eq!(read(&format!("t=1700000000,v1={good}"), &changed), Err(EventError::Mismatch));
        assert_eq!(read(&format!("t=1700000001,v1={good}"), BODY), Err(EventError::Mismatch));
        assert_eq!(read(&format!("t=1700000000,v0={good}"), BODY), Err(EventError::Mismatch));
        for bad in ["", "t=1700000000", "t=1700000000,v1=", "t=1700000000,v1=zz", "t=1700000000,v1=é1"] {
            assert!(matches!(read(bad, BODY), Err(EventError::Missing | EventError::Mismatch)), "{bad}");
        }
        for bad in ["v1=00", "t=,v1=00", "t=-5,v1=00", "t=99999999999999999999,v1=00"] {
            assert!(read(bad, BODY).is_err(), "{bad}");
        }
        let now = Timestamp::from_unix_ms(0);
        assert_eq!(read_event(&secret("whsec_test"), None, BODY, now), Err(EventError::Missing));
        let no_event = b"[]";
        let signed = format!("t=1700000000,v1={}", sign("whsec_test", 1_700_000_000, no_event));
        assert_eq!(read(&signed, no_event), Err(EventError::Malformed));
    }

    #[test]
    fn events_about_something_else_name_nobody() {
        let body = br#"{"id":"evt_2","type":"charge.refunded","data":{"object":{"customer":"cus_1"}}}"#;
        let signed = format!("t=1700000000,v1={}", sign("whsec_test", 1_700_000_000, body));
        assert_eq!(read(&signed, body).unwrap().customer_id, None);
    }
}
