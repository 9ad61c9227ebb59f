//! What a delivery is signed with, twice: for receivers that check `X-ActionLayer-Signature`, and for the libraries of
//! Standard Webhooks (<https://www.standardwebhooks.com>).

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use super::{SECRET_PREFIX, WebhookSecrets};
use crate::Timestamp;

/// Lowercase hexadecimal HMAC-SHA256 of the raw body; its key is the secret's text as it stands, `whsec_` included.
/// While a replaced secret is valid it is that one's, so that nobody's receiver breaks on the day of a rotation.
pub const SIGNATURE_HEADER: &str = "x-actionlayer-signature";
/// Standard Webhooks: the id of the event, the same on every try.
pub const ID_HEADER: &str = "webhook-id";
/// Standard Webhooks: when this try was signed, in seconds since the Unix epoch.
pub const TIMESTAMP_HEADER: &str = "webhook-timestamp";
/// Standard Webhooks: `v1,` and the base64 of HMAC-SHA256 over `id.timestamp.body`; its key is what the part of the secret
/// after `whsec_` decodes to. While a replaced secret is valid there are two, by a blank.
pub const STANDARD_SIGNATURE_HEADER: &str = "webhook-signature";

/// The headers that sign a body, by name.
pub fn signature_headers(
    secrets: &WebhookSecrets,
    id: &str,
    body: &[u8],
    now: Timestamp,
) -> [(&'static str, String); 4] {
    let previous = secrets.previous.as_ref().filter(|previous| previous.valid_until > now);
    let current = secrets.secret.expose().as_str();
    let previous = previous.map(|previous| previous.secret.expose().as_str());
    let timestamp = now.unix_seconds().to_string();
    let mut standard = standard_signature(current, id, &timestamp, body);
    if let Some(previous) = previous {
        standard.push(' ');
        standard.push_str(&standard_signature(previous, id, &timestamp, body));
    }
    [
        (SIGNATURE_HEADER, hex::encode(hmac(previous.unwrap_or(current).as_bytes(), &[body]))),
        (ID_HEADER, id.to_owned()),
        (TIMESTAMP_HEADER, timestamp),
        (STANDARD_SIGNATURE_HEADER, standard),
    ]
}

fn standard_signature(secret: &str, id: &str, timestamp: &str, body: &[u8]) -> String {
    // A secret of ours always decodes. Keying with its text instead would still be a secret.
    let key = STANDARD.decode(secret.strip_prefix(SECRET_PREFIX).unwrap_or(secret));
    let key = key.unwrap_or_else(|_| secret.as_bytes().to_vec());
    let signature = hmac(&key, &[id.as_bytes(), b".", timestamp.as_bytes(), b".", body]);
    format!("v1,{}", STANDARD.encode(signature))
}

fn hmac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    // HMAC takes a key of any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return [0; 32] };
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Secret;

    const NOW: Timestamp = Timestamp::from_unix_ms(1_614_265_330_500);

    /// The example of the Standard Webhooks specification.
    #[test]
    fn the_example_of_the_specification() {
        let secrets = WebhookSecrets::new(Secret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned()));
        let [seed, id, timestamp, signature] =
            signature_headers(&secrets, "msg_p5jXN8AQM9LWM0D4loKWxJek", br#"{"test": 2432232314}"#, NOW);
        assert_eq!(seed.0, "x-actionlayer-signature");
        assert!(seed.1.len() == 64 && seed.1.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')));
        assert_eq!(id, ("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek".to_owned()));
        assert_eq!(timestamp, ("webhook-timestamp", "1614265330".to_owned()));
        assert_eq!(signature, ("webhook-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=".to_owned()));
    }

    #[test]
    fn while_a_secret_is_replaced_both_verify() {
        let secrets = WebhookSecrets::new(Secret::new("whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA".to_owned()));
        let before = signature_headers(&secrets, "id", b"{}", NOW);
        let secrets = secrets.rotated(Secret::new("whsec_BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB".to_owned()), NOW);
        let during = signature_headers(&secrets, "id", b"{}", NOW);
        assert_eq!(during[0], before[0]);
        let (new, old) = during[3].1.split_once(' ').unwrap_or_default();
        assert_eq!(old, before[3].1);
        let later = Timestamp::from_unix_ms(NOW.unix_ms() + 24 * 3_600_000);
        let after = signature_headers(&secrets, "id", b"{}", later);
        assert_ne!(after[0], before[0]);
        assert!(!after[3].1.contains(' ') && new != old);
    }
}
