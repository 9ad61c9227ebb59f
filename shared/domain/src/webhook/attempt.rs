//! One try of a delivery: what came of it, and what that means for the next.

use serde::{Deserialize, Serialize};
use std::time::Duration;
use utoipa::ToSchema;

use crate::Timestamp;

/// How long an endpoint has to answer, from resolving its name to the last byte that is read.
pub const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(15);
/// So much of an answer is read,
pub const MAX_ANSWER_BYTES: usize = 16 * 1_024;
/// and so much of it is kept.
pub const MAX_KEPT_BYTES: usize = 4 * 1_024;
/// The longest an endpoint may ask us to wait (`Retry-After`).
pub const MAX_RETRY_AFTER: Duration = Duration::from_hours(1);
/// The pauses between the tries of a delivery; there is one more try than pauses.
pub const RETRY_DELAYS: [Duration; 7] = [
    Duration::from_secs(5),
    Duration::from_mins(5),
    Duration::from_mins(30),
    Duration::from_hours(2),
    Duration::from_hours(5),
    Duration::from_hours(10),
    Duration::from_hours(10),
];
/// How often a delivery is tried.
pub const MAX_TRIES: usize = RETRY_DELAYS.len() + 1;

/// Why a try failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = WebhookAttemptError)]
pub enum AttemptError {
    /// The endpoint answered with a status other than 2xx or 3xx.
    Status,
    /// The endpoint answered with a redirect. Redirects are not followed: give the webhook its new URL.
    Redirect,
    /// No complete answer within 15 seconds.
    Timeout,
    /// The host's name has no address, or its name servers do not answer.
    DnsError,
    /// The host's addresses are not on the public Internet.
    BlockedAddress,
    /// The URL may not be asked for: not https, or a port other than 443 and 8443.
    BlockedUrl,
    /// No connection could be made, or it was closed before an answer.
    ConnectionFailed,
    /// The TLS handshake failed: the certificate is expired, self-signed, or another host's.
    TlsError,
    /// What came is not HTTP, or its headers are too long.
    InvalidResponse,
}

/// One try.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = WebhookAttempt)]
pub struct WebhookAttempt {
    /// When it began.
    pub at: Timestamp,
    /// How long it took, in milliseconds.
    pub duration_ms: u32,
    /// The status of the answer; `null` when there was none.
    pub status_code: Option<u16>,
    /// Why it failed; `null` when it succeeded.
    pub error: Option<AttemptError>,
}

/// What an endpoint answered.
#[derive(Clone, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    /// The header `Retry-After`.
    pub retry_after: Option<String>,
    /// The header `webhook-delivery` says `abort-message`: the endpoint does not want this event, ever.
    pub abort: bool,
    /// The beginning of the body, at most [`MAX_ANSWER_BYTES`].
    pub body: Vec<u8>,
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Answer({}, {} bytes)", self.status, self.body.len())
    }
}

/// What a try came to.
pub type AttemptResult = Result<Answer, AttemptError>;

/// What a try means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The endpoint took it: any 2xx.
    Taken,
    /// Not now. The endpoint may have said how long to wait.
    NotNow {
        /// Why.
        error: AttemptError,
        /// How long it asked us to wait, up to [`MAX_RETRY_AFTER`]; only with 429 and 503.
        retry_after: Option<Duration>,
    },
    /// Never: the endpoint asked for it by `webhook-delivery: abort-message`.
    Aborted,
    /// Never, and nothing else either: 410 Gone.
    Gone,
}

/// Judges a try.
pub fn judge(result: &AttemptResult, now: Timestamp) -> Verdict {
    let answer = match result {
        Ok(answer) => answer,
        Err(error) => return Verdict::NotNow { error: *error, retry_after: None },
    };
    match answer.status {
        200..=299 => Verdict::Taken,
        410 => Verdict::Gone,
        _ if answer.abort => Verdict::Aborted,
        300..=399 => Verdict::NotNow { error: AttemptError::Redirect, retry_after: None },
        429 | 503 => Verdict::NotNow {
            error: AttemptError::Status,
            retry_after: answer.retry_after.as_deref().and_then(|text| retry_after(text, now)),
        },
        _ => Verdict::NotNow { error: AttemptError::Status, retry_after: None },
    }
}

/// Reads `Retry-After` (RFC 9110, section 10.2.3): seconds, or a date. Bounded, since it is a stranger's.
pub(super) fn retry_after(text: &str, now: Timestamp) -> Option<Duration> {
    let text = text.trim();
    let asked = if text.bytes().all(|b| b.is_ascii_digit()) && !text.is_empty() {
        Duration::from_secs(text.parse().unwrap_or(u64::MAX))
    } else {
        let at = jiff::fmt::rfc2822::parse(text).ok()?.timestamp().as_millisecond();
        Timestamp::from_unix_ms(at).since(now)
    };
    Some(asked.min(MAX_RETRY_AFTER))
}

/// How long to wait before the next try, when `made` were made; none when there is none left. Up to a fifth longer than
/// the schedule says, by `random`, so that what failed together does not come back together.
pub(super) fn retry_delay(made: usize, retry_after: Option<Duration>, random: u64) -> Option<Duration> {
    let delay = *RETRY_DELAYS.get(made.checked_sub(1)?)?;
    let delay_ms = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX);
    let jittered = delay + Duration::from_millis(random % (delay_ms / 5 + 1));
    Some(jittered.max(retry_after.unwrap_or_default()))
}

/// The beginning of an answer as it is kept and shown: text, without control characters but line breaks and tabs.
pub fn kept(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let mut kept = String::with_capacity(text.len().min(MAX_KEPT_BYTES));
    for c in text.chars() {
        let c = if c.is_control() && !matches!(c, '\n' | '\t') { '\u{fffd}' } else { c };
        if kept.len() + c.len_utf8() > MAX_KEPT_BYTES {
            break;
        }
        kept.push(c);
    }
    kept
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const NOW: Timestamp = Timestamp::from_unix_ms(1_777_559_331_000);

    fn answered(status: u16, retry_after: Option<&str>, abort: bool) -> Verdict {
        let answer = Answer { status, retry_after: retry_after.map(str::to_owned), abort, body: Vec::new() };
        judge(&Ok(answer), NOW)
    }

    #[test]
    fn only_2xx_is_success() {
        for status in 100..=599 {
            let verdict = answered(status, None, false);
            assert_eq!(verdict == Verdict::Taken, (200..300).contains(&status), "{status}");
        }
        let redirect = Verdict::NotNow { error: AttemptError::Redirect, retry_after: None };
        assert_eq!(answered(302, Some("7"), false), redirect);
        assert_eq!(answered(410, None, false), Verdict::Gone);
        assert_eq!(answered(500, None, true), Verdict::Aborted);
        assert_eq!(answered(204, None, true), Verdict::Taken);
        let timeout = Verdict::NotNow { error: AttemptError::Timeout, retry_after: None };
        assert_eq!(judge(&Err(AttemptError::Timeout), NOW), timeout);
    }

    #[test]
    fn an_endpoint_may_ask_for_an_hour() {
        let asked = |status, text| match answered(status, Some(text), false) {
            Verdict::NotNow { retry_after, .. } => retry_after,
            other => panic!("{other:?}"),
        };
        assert_eq!(asked(429, "120"), Some(Duration::from_mins(2)));
        assert_eq!(asked(503, " 7 "), Some(Duration::from_secs(7)));
        assert_eq!(asked(503, "99999999999999999999"), Some(MAX_RETRY_AFTER));
        assert_eq!(asked(500, "120"), None);
        let later = "Thu, 30 Apr 2026 14:30:51 GMT";
        assert_eq!(asked(429, later), Some(Duration::from_mins(2)));
        assert_eq!(asked(429, "Thu, 30 Apr 2020 14:30:51 GMT"), Some(Duration::ZERO));
        for nonsense in ["", "soon", "-5", "1.5", "1e3"] {
            assert_eq!(asked(429, nonsense), None, "{nonsense}");
        }
    }

    #[test]
    fn eight_tries_at_the_times_that_are_promised() {
        let delays: Vec<_> = (1..=MAX_TRIES).map(|made| retry_delay(made, None, 0)).collect();
        assert_eq!(delays[..7], RETRY_DELAYS.map(Some));
        assert_eq!((delays[7], retry_delay(0, None, 0), MAX_TRIES), (None, None, 8));
        for random in [0, 1, 999, 1_000, u64::MAX] {
            for (i, delay) in RETRY_DELAYS.iter().enumerate() {
                let jittered = retry_delay(i + 1, None, random).unwrap();
                assert!(*delay <= jittered && jittered <= *delay + *delay / 5, "{jittered:?}");
            }
        }
        assert_eq!(retry_delay(1, Some(MAX_RETRY_AFTER), 0), Some(MAX_RETRY_AFTER));
        assert_eq!(retry_delay(5, Some(Duration::from_secs(1)), 0), Some(RETRY_DELAYS[4]));
    }

    #[test]
    fn an_answer_is_kept_as_text() {
        assert_eq!(kept(b"ok\r\n\x1b[31m\0"), "ok\u{fffd}\n\u{fffd}[31m\u{fffd}");
        assert_eq!(kept(&[0xff; 3]), "\u{fffd}\u{fffd}\u{fffd}");
        let long = kept("ü".repeat(9_000).as_bytes());
        assert!(long.len() == MAX_KEPT_BYTES && long.chars().all(|c| c == 'ü'));
    }
}
