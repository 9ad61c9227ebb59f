//! Links that do something once: they are sent by mail, or shown to an owner. Opening one shows a page; its form uses it up.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::{str::FromStr, time::Duration};

use super::{MemberRole, PasswordHash};
use crate::{EmailAddress, HeaderText, Secret, Timestamp, UserId, WorkspaceId, ports::Entropy};

/// The random bytes of a link.
pub const LINK_BYTES: usize = 32;

/// The last part of a link: 256 random bits. Never stored.
#[derive(Clone, PartialEq, Eq)]
pub struct LinkToken(Secret<[u8; LINK_BYTES]>);

/// The text is not the last part of a link of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a link of this deployment")]
pub struct InvalidLinkToken;

impl LinkToken {
    /// A new one.
    pub fn generate(entropy: &dyn Entropy) -> Self {
        let mut bytes = [0; LINK_BYTES];
        entropy.fill(&mut bytes);
        Self(Secret::new(bytes))
    }

    /// One that was derived from a secret.
    pub const fn from_bytes(bytes: [u8; LINK_BYTES]) -> Self {
        Self(Secret::new(bytes))
    }

    /// What is stored of it.
    pub fn sha256_hex(&self) -> String {
        hex::encode(Sha256::digest(self.0.expose()))
    }

    /// As it stands in a link.
    pub fn expose(&self) -> String {
        hex::encode(self.0.expose())
    }
}

impl FromStr for LinkToken {
    type Err = InvalidLinkToken;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut bytes = [0; LINK_BYTES];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| InvalidLinkToken)?;
        Ok(Self(Secret::new(bytes)))
    }
}

debug_without_content!(LinkToken);

/// What a link does, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountLink {
    /// SHA-256 of its token.
    pub sha256_hex: String,
    /// What it does.
    pub purpose: LinkPurpose,
    /// When it was made.
    pub created_at: Timestamp,
    /// Until when it does it.
    pub expires_at: Timestamp,
}

/// What a link does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum LinkPurpose {
    /// Makes the account that somebody asked for.
    SignUp {
        /// Their address: having the link proves it.
        email: EmailAddress,
        /// What people call them.
        name: HeaderText,
        /// Of the password they chose.
        password: PasswordHash,
        /// What their workspace is called.
        workspace_name: HeaderText,
    },
    /// Proves a user's address.
    VerifyEmail {
        user_id: UserId,
        /// The address it was sent to.
        email: EmailAddress,
    },
    /// Sets another password.
    ResetPassword {
        user_id: UserId,
        /// The version of the password that is forgotten.
        password_version: u32,
    },
    /// Makes somebody a member of a workspace.
    Invitation {
        workspace_id: WorkspaceId,
        /// Who is invited.
        email: EmailAddress,
        role: MemberRole,
        /// What the one is called who invited them.
        invited_by: HeaderText,
        /// Whether it went by mail, so that having it proves the address.
        mailed: bool,
    },
    /// Makes the first owner, or signs them in: of an engine on one machine.
    FirstOwner,
}

impl LinkPurpose {
    /// How long such a link does something.
    pub const fn lifetime(&self) -> Duration {
        Duration::from_hours(match self {
            Self::SignUp { .. } | Self::VerifyEmail { .. } | Self::FirstOwner => 24,
            Self::ResetPassword { .. } => 1,
            Self::Invitation { .. } => 7 * 24,
        })
    }
}

impl AccountLink {
    /// A link that is opened with this token.
    pub fn new(token: &LinkToken, purpose: LinkPurpose, now: Timestamp) -> Self {
        let expires_at = now.after(purpose.lifetime());
        Self { sha256_hex: token.sha256_hex(), purpose, created_at: now, expires_at }
    }

    /// Whether it still does something.
    pub fn is_open(&self, now: Timestamp) -> bool {
        now < self.expires_at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Sevens;

    impl Entropy for Sevens {
        fn fill(&self, buffer: &mut [u8]) {
            buffer.fill(7);
        }
    }

    #[test]
    fn a_link_ends_and_its_token_is_not_kept() {
        let now = Timestamp::from_unix_ms(0);
        let purpose = LinkPurpose::ResetPassword { user_id: UserId::from_bytes([1; 16]), password_version: 1 };
        let token = LinkToken::generate(&Sevens);
        let link = AccountLink::new(&token, purpose, now);
        assert!(link.is_open(now) && !link.is_open(now.after(Duration::from_hours(1))));
        assert_eq!(token.expose().parse(), Ok(token.clone()));
        assert_ne!(link.sha256_hex, token.expose());
        assert!("".parse::<LinkToken>().is_err() && "ab".parse::<LinkToken>().is_err());
    }
}
