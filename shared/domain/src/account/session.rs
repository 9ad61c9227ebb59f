//! Sessions: what a browser shows instead of a password.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::{str::FromStr, time::Duration};

use super::User;
use crate::{Secret, Timestamp, UserId, WorkspaceId, ports::Entropy};

/// A session nobody used for so long is over.
pub const MAX_IDLE: Duration = Duration::from_hours(7 * 24);
/// However much it is used, it is over after so long.
pub const MAX_LIFETIME: Duration = Duration::from_hours(30 * 24);
/// The use of a session is written down at most this often.
pub const STAMPED_EVERY: Duration = Duration::from_hours(1);

const SECRET_BYTES: usize = 32;

/// What the cookie holds: whose session, and 256 random bits. Never stored.
#[derive(Clone, PartialEq, Eq)]
pub struct SessionToken {
    user_id: UserId,
    secret: Secret<[u8; SECRET_BYTES]>,
}

/// The text is not what a cookie of ours holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a session")]
pub struct InvalidSessionToken;

impl SessionToken {
    /// A new one.
    pub fn generate(user_id: UserId, entropy: &dyn Entropy) -> Self {
        let mut secret = [0; SECRET_BYTES];
        entropy.fill(&mut secret);
        Self { user_id, secret: Secret::new(secret) }
    }

    /// Whose it says it is.
    pub const fn user_id(&self) -> UserId {
        self.user_id
    }

    /// What is stored of it.
    pub fn sha256_hex(&self) -> String {
        hex::encode(Sha256::digest(self.secret.expose()))
    }

    /// As the cookie's value.
    pub fn expose(&self) -> String {
        format!("{}.{}", self.user_id, hex::encode(self.secret.expose()))
    }
}

impl FromStr for SessionToken {
    type Err = InvalidSessionToken;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (user_id, secret_hex) = text.split_once('.').ok_or(InvalidSessionToken)?;
        let mut secret = [0; SECRET_BYTES];
        hex::decode_to_slice(secret_hex, &mut secret).map_err(|_| InvalidSessionToken)?;
        let user_id = user_id.parse().map_err(|_| InvalidSessionToken)?;
        Ok(Self { user_id, secret: Secret::new(secret) })
    }
}

debug_without_content!(SessionToken);

/// A session as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// SHA-256 of its secret; also its name where sessions are listed.
    pub sha256_hex: String,
    pub user_id: UserId,
    /// The workspace its user looks at; none where they belong to none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workspace_id: Option<WorkspaceId>,
    /// The version of the password it was begun with.
    pub password_version: u32,
    /// What the browser said of itself, cut short.
    pub browser: String,
    /// When its user signed in.
    pub created_at: Timestamp,
    /// When it was last used, give or take [`STAMPED_EVERY`].
    pub last_used_at: Timestamp,
}

/// Why a session is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SessionEnd {
    /// Nobody used it for a week.
    #[error("nobody used it for 7 days")]
    Idle,
    /// It is a month old.
    #[error("it is 30 days old")]
    Old,
    #[error("the password was changed")]
    PasswordChanged,
}

impl Session {
    pub fn begin(
        token: &SessionToken,
        user: &User,
        workspace_id: Option<WorkspaceId>,
        browser: &str,
        now: Timestamp,
    ) -> Self {
        const MAX_BROWSER_CHARS: usize = 160;
        Self {
            sha256_hex: token.sha256_hex(),
            user_id: user.id,
            workspace_id,
            password_version: user.password_version,
            browser: browser.chars().filter(|c| !c.is_control()).take(MAX_BROWSER_CHARS).collect(),
            created_at: now,
            last_used_at: now,
        }
    }

    /// Whether it still stands.
    pub fn check(&self, user: &User, now: Timestamp) -> Result<(), SessionEnd> {
        if self.password_version != user.password_version {
            return Err(SessionEnd::PasswordChanged);
        }
        if now >= self.created_at.after(MAX_LIFETIME) {
            return Err(SessionEnd::Old);
        }
        if now >= self.last_used_at.after(MAX_IDLE) {
            return Err(SessionEnd::Idle);
        }
        Ok(())
    }

    /// When it ends if nobody uses it again.
    pub fn ends_at(&self) -> Timestamp {
        self.last_used_at.after(MAX_IDLE).min(self.created_at.after(MAX_LIFETIME))
    }

    /// Whether its use is to be written down.
    pub fn is_to_be_stamped(&self, now: Timestamp) -> bool {
        now >= self.last_used_at.after(STAMPED_EVERY)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::{
        HeaderText,
        account::{Password, PasswordHash},
    };

    #[derive(Debug)]
    struct Sevens;

    impl Entropy for Sevens {
        fn fill(&self, buffer: &mut [u8]) {
            buffer.fill(7);
        }
    }

    const DAY: Duration = Duration::from_hours(24);

    fn user() -> User {
        User {
            id: UserId::from_bytes([1; 16]),
            email: "ada@example.com".parse().unwrap(),
            name: HeaderText::sanitize("Ada"),
            password: PasswordHash::nobodys(),
            password_version: 1,
            email_verified_at: None,
            created_at: Timestamp::from_unix_ms(0),
            updated_at: Timestamp::from_unix_ms(0),
        }
    }

    #[test]
    fn it_ends_idle_old_or_with_the_password() {
        let (user, begun) = (user(), Timestamp::from_unix_ms(0));
        let token = SessionToken::generate(user.id, &Sevens);
        let mut session = Session::begin(&token, &user, None, "Browser\r\n1", begun);
        assert_eq!(session.browser, "Browser1");
        assert_eq!(session.check(&user, begun.after(6 * DAY)), Ok(()));
        assert_eq!(session.check(&user, begun.after(7 * DAY)), Err(SessionEnd::Idle));
        session.last_used_at = begun.after(29 * DAY);
        assert_eq!(session.check(&user, begun.after(29 * DAY)), Ok(()));
        assert_eq!(session.check(&user, begun.after(30 * DAY)), Err(SessionEnd::Old));
        assert_eq!(session.ends_at(), begun.after(30 * DAY));
        let hash = PasswordHash::of(&Password::given("another one"), &Sevens);
        let changed = user.with_password(hash, begun);
        assert_eq!(session.check(&changed, begun.after(DAY)), Err(SessionEnd::PasswordChanged));
    }

    #[test]
    fn a_cookie_has_one_form_and_is_not_stored() {
        let token = SessionToken::generate(UserId::from_bytes([1; 16]), &Sevens);
        assert_eq!(token.expose().parse(), Ok(token.clone()));
        assert!(!token.expose().contains(&token.sha256_hex()));
        assert_eq!(format!("{token:?}"), "SessionToken(…)");
        for bad in ["", ".", "a.b", &token.expose()[..40], &format!("{}0", token.expose())] {
            assert!(bad.parse::<SessionToken>().is_err(), "{bad}");
        }
    }
}
