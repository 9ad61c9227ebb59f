//! Slack's signature of its requests. See "Verifying requests from Slack", docs.slack.dev.

use actionlayer_domain::{Secret, Timestamp};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// How far a request's time may be from ours, either way, in seconds.
const WINDOW_SECONDS: i64 = 300;
/// More digits than seconds since 1970 have.
const MAX_TIMESTAMP_DIGITS: usize = 12;

/// Why a request is not believed to be Slack's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// `X-Slack-Signature` or `X-Slack-Request-Timestamp` is not there, or has not their form.
    #[error("the request has no Slack signature")]
    Missing,
    /// It was made more than five minutes ago, or will be: it may be a repetition by somebody else.
    #[error("the request's timestamp is not within five minutes of now")]
    OutOfTime,
    /// The app whose signing secret this is did not make it.
    #[error("the signature does not match")]
    Mismatch,
}

/// Checks that `body`, the raw bytes as they came, was sent by the app with this signing secret. Constant in time.
pub fn verify_signature(
    signing_secret: &Secret<String>,
    timestamp: Option<&str>,
    signature: Option<&str>,
    body: &[u8],
    now: Timestamp,
) -> Result<(), SignatureError> {
    let timestamp = timestamp.ok_or(SignatureError::Missing)?;
    let hex_digits = signature.and_then(|signature| signature.strip_prefix("v0=")).ok_or(SignatureError::Missing)?;
    if timestamp.len() > MAX_TIMESTAMP_DIGITS || !timestamp.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(SignatureError::Missing);
    }
    let sent_at: i64 = timestamp.parse().map_err(|_| SignatureError::Missing)?;
    let mut given = [0; 32];
    hex::decode_to_slice(hex_digits, &mut given).map_err(|_| SignatureError::Missing)?;
    // Before the time: whoever does not know the secret learns nothing but that.
    let mut mac =
        Hmac::<Sha256>::new_from_slice(signing_secret.expose().as_bytes()).map_err(|_| SignatureError::Mismatch)?;
    mac.update(b"v0:");
    mac.update(timestamp.as_bytes());
    mac.update(b":");
    mac.update(body);
    mac.verify_slice(&given).map_err(|_| SignatureError::Mismatch)?;
    if (now.unix_ms() / 1000).abs_diff(sent_at) > WINDOW_SECONDS.unsigned_abs() {
        return Err(SignatureError::OutOfTime);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    // The example of docs.slack.dev.
    const SECRET: &str = "8f742231b10e8888abcd99yyyzzz85a5";
    const TIMESTAMP: &str = "1531420618";
    const BODY: &str = "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
    const SIGNATURE: &str = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503";

    fn check(
        secret: &str,
        timestamp: Option<&str>,
        signature: Option<&str>,
        body: &str,
        now_seconds: i64,
    ) -> Result<(), SignatureError> {
        let now = Timestamp::from_unix_ms(now_seconds * 1000);
        verify_signature(&Secret::new(secret.to_owned()), timestamp, signature, body.as_bytes(), now)
    }

    #[test]
    fn slacks_own_example() {
        assert_eq!(check(SECRET, Some(TIMESTAMP), Some(SIGNATURE), BODY, 1_531_420_618), Ok(()));
    }

    #[test]
    fn five_minutes_and_no_more() {
        for (now, expected) in [
            (1_531_420_618 + 300, Ok(())),
            (1_531_420_618 - 300, Ok(())),
            (1_531_420_618 + 301, Err(SignatureError::OutOfTime)),
            (1_531_420_618 - 301, Err(SignatureError::OutOfTime)),
        ] {
            assert_eq!(check(SECRET, Some(TIMESTAMP), Some(SIGNATURE), BODY, now), expected, "{now}");
        }
    }

    #[test]
    fn what_was_altered_is_noticed() {
        let now = 1_531_420_618;
        let mismatch = Err(SignatureError::Mismatch);
        assert_eq!(check(SECRET, Some(TIMESTAMP), Some(SIGNATURE), &format!("{BODY}&x=1"), now), mismatch);
        assert_eq!(check("another secret", Some(TIMESTAMP), Some(SIGNATURE), BODY, now), mismatch);
        assert_eq!(check(SECRET, Some("1531420619"), Some(SIGNATURE), BODY, now), mismatch);
        assert_eq!(check(SECRET, Some(TIMESTAMP), Some(&SIGNATURE.replace('a', "b")), BODY, now), mismatch);
    }

    #[test]
    fn what_is_missing_or_malformed_is_no_signature() {
        let missing = Err(SignatureError::Missing);
        let now = 1_531_420_618;
        for (timestamp, signature) in [
            (None, Some(SIGNATURE)),
            (Some(TIMESTAMP), None),
            (Some(""), Some("v0=")),
            (Some("-1531420618"), Some(SIGNATURE)),
            (Some("9999999999999999999999"), Some(SIGNATURE)),
            (Some(TIMESTAMP), Some("v1=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503")),
            (Some(TIMESTAMP), Some("v0=a2114d57")),
            (Some(TIMESTAMP), Some("v0=zz")),
        ] {
            assert_eq!(check(SECRET, timestamp, signature, BODY, now), missing, "{timestamp:?} {signature:?}");
        }
    }
}
