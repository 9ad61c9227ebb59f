//! How often somebody may try. Counted before anything is looked up or hashed.

use sha2::{Digest as _, Sha256};

use crate::{App, ServiceError, workspace::authenticate::count_source};

/// A window of tries about one account.
const WINDOW_SECONDS: i64 = 15 * 60;

/// Where a request comes from: hashed, an address has no place in the table.
#[derive(Debug, Clone, Default)]
pub struct Source {
    /// SHA-256 of the address, as hexadecimal digits.
    pub address_sha256: String,
    /// What the browser says of itself.
    pub browser: String,
}

/// What is tried about an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Try {
    Password,
    /// To get a link by mail.
    Mail,
}

impl Try {
    /// How often in a window.
    const fn limit(self) -> u64 {
        match self {
            Self::Password => 10,
            Self::Mail => 3,
        }
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Mail => "mail",
        }
    }
}

/// Too many tries; how long to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooMany {
    /// Seconds until the next may be tried.
    pub retry_after_seconds: u32,
}

/// Counts a try about an account, whether or not there is such a one. By account the limit stands in every deployment; by
/// where the request comes from, as the deployment has it.
pub(super) async fn count(
    app: &App,
    source: &Source,
    what: Try,
    account: &str,
) -> Result<Result<(), TooMany>, ServiceError> {
    if let Err(too_many) = count_source_of(app, source).await? {
        return Ok(Err(too_many));
    }
    let now = app.now().unix_seconds();
    let window = now.div_euclid(WINDOW_SECONDS);
    let ends_at = (window + 1) * WINDOW_SECONDS;
    let subject = hex::encode(Sha256::digest(format!("{}\0{}", what.as_str(), account.trim().to_lowercase())));
    let tries = app.store.count_attempt(&subject, window, ends_at).await?;
    if tries <= what.limit() {
        return Ok(Ok(()));
    }
    let retry_after_seconds = u32::try_from(ends_at - now).unwrap_or(1).max(1);
    Ok(Err(TooMany { retry_after_seconds }))
}

/// Counts a request by where it comes from.
pub(super) async fn count_source_of(app: &App, source: &Source) -> Result<Result<(), TooMany>, ServiceError> {
    Ok(match count_source(app, &source.address_sha256).await? {
        Some(rate) if rate.exceeded => Err(TooMany { retry_after_seconds: rate.reset_seconds }),
        _ => Ok(()),
    })
}
