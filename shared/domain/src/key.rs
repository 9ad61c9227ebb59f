//! API keys: what they look like and what each role may do.

use serde::{Deserialize, Serialize};
use std::str::FromStr;
use utoipa::ToSchema;

use crate::{ApiKeyId, HeaderText, IdentityId, Secret, Timestamp, WorkspaceId, ports::Entropy};

/// What a key may do. Approval is worth nothing if the agent can approve itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Reads only.
    Read,
    /// Reads; submits, edits, rejects and notifies its drafts; sends drafts that a person approved.
    Agent,
    /// `Agent`, and sends without a draft.
    Automation,
    /// Everything, approving included.
    Full,
}

/// A kind of thing a caller may be allowed to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permission {
    /// Read anything of the workspace.
    Read,
    /// Submit, edit, reject and notify drafts; send approved ones; change threads.
    Draft,
    /// Send mail that no person approves.
    DirectSend,
    /// Approve drafts, send pending ones, and decide about senders whose mail is held.
    Approve,
    /// Change identities, domains, keys, contacts, settings.
    Administer,
}

impl Role {
    /// The name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Agent => "agent",
            Self::Automation => "automation",
            Self::Full => "full",
        }
    }
}

/// A key as the workspace lists it: everything but the key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ApiKey {
    pub id: ApiKeyId,
    /// The workspace it opens.
    pub workspace_id: WorkspaceId,
    /// What its owner calls it.
    pub name: HeaderText,
    /// The beginning of the key (`nc_live_` and four characters), to tell keys apart.
    pub prefix: String,
    /// What it may do.
    pub role: Role,
    /// The identities it is bound to; all of them when empty.
    pub identity_ids: Vec<IdentityId>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// The key itself: `nc_live_` and 32 alphanumerics, 190 bits of randomness. Shown once, never stored.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKeySecret(Secret<String>);

/// The text does not have the form of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an API key is `nc_live_` followed by 32 letters and digits")]
pub struct InvalidApiKey;

const LIVE: &str = "nc_live_";
const RANDOM_CHARS: usize = 32;

/// Letters and digits, each equally likely: nearly six bits of randomness a character.
pub(crate) fn random_alphanumerics(entropy: &dyn Entropy, count: usize) -> String {
    const ALPHABET: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let mut text = String::with_capacity(count);
    while text.len() < count {
        let mut bytes = [0; RANDOM_CHARS];
        entropy.fill(&mut bytes);
        // Six bits at a time, refusing 62 and 63.
        for index in bytes.map(|b| usize::from(b & 0x3f)) {
            if let (Some(c), true) = (ALPHABET.get(index), text.len() < count) {
                text.push(char::from(*c));
            }
        }
    }
    text
}

impl ApiKeySecret {
    /// A new key.
    pub fn generate(entropy: &dyn Entropy) -> Self {
        Self(Secret::new(format!("{LIVE}{}", random_alphanumerics(entropy, RANDOM_CHARS))))
    }

    /// What may be shown of it later: `nc_live_` and four characters.
    pub fn prefix(&self) -> &str {
        &self.expose()[..LIVE.len() + 4]
    }

    /// The key.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

debug_without_content!(ApiKeySecret);

impl FromStr for ApiKeySecret {
    type Err = InvalidApiKey;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let random = text.strip_prefix(LIVE).ok_or(InvalidApiKey)?;
        if random.len() == RANDOM_CHARS && random.bytes().all(|b| b.is_ascii_alphanumeric()) {
            Ok(Self(Secret::new(text.to_owned())))
        } else {
            Err(InvalidApiKey)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_one_form() {
        assert!("nc_live_0123456789abcdefghijABCDEFGHIJ01".parse::<ApiKeySecret>().is_ok());
        for bad in
            ["", "nc_live_", "nc_live_0123456789abcdefghijABCDEFGHIJ0!", "sk_live_0123456789abcdefghijABCDEFGHIJ01"]
        {
            assert!(bad.parse::<ApiKeySecret>().is_err());
        }
    }
}
