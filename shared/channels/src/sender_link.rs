//! The token in the link of a mail about a sender: stateless, signed, and good for one sender, one approver and a time. The
//! same kind as that of a draft, see `docs/adr/0006-approval-links-are-stateless.md`.

use actionlayer_domain::{EmailAddress, HeldId, IdentityId, Secret, Timestamp, WorkspaceId};

use crate::{
    approval_link::{APPROVER_LEN, fingerprint},
    signed::{self, LAYOUT, TokenError, seal},
};

/// The path under which links are answered, without the token.
pub const LINK_PATH: &str = "/callbacks/senders/";

/// Signed along, so that no other use of the same secret can yield a link.
const CONTEXT: &[u8] = b"actionlayer sender link";
const PAYLOAD_LEN: usize = 1 + 3 * 16 + APPROVER_LEN + 8;

/// What a link is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SenderToken {
    pub workspace_id: WorkspaceId,
    /// The identity whose approver was mailed.
    pub identity_id: IdentityId,
    /// Held mail of the sender.
    pub held_id: HeldId,
    /// From when on the link is refused.
    pub expires_at: Timestamp,
    approver: [u8; APPROVER_LEN],
}

impl SenderToken {
    /// What a link for one approver is about.
    pub fn new(
        workspace_id: WorkspaceId,
        identity_id: IdentityId,
        held_id: HeldId,
        approver: &EmailAddress,
        expires_at: Timestamp,
    ) -> Self {
        Self { workspace_id, identity_id, held_id, expires_at, approver: fingerprint(approver) }
    }

    /// Whether the link was made for this approver. The address itself is not in it: a link that leaks names nobody.
    pub fn is_for(&self, approver: &EmailAddress) -> bool {
        self.approver == fingerprint(approver)
    }

    /// The token as text, of the URL-safe base64 alphabet (RFC 4648, section 5).
    pub fn sign(&self, secret: &Secret<[u8; 32]>) -> String {
        let mut bytes = vec![LAYOUT];
        bytes.extend_from_slice(self.workspace_id.as_bytes());
        bytes.extend_from_slice(self.identity_id.as_bytes());
        bytes.extend_from_slice(self.held_id.as_bytes());
        bytes.extend_from_slice(&self.approver);
        bytes.extend_from_slice(&self.expires_at.unix_ms().to_be_bytes());
        seal(secret, CONTEXT, bytes)
    }

    /// Reads a token that came back.
    pub fn open(secret: &Secret<[u8; 32]>, text: &str, now: Timestamp) -> Result<Self, TokenError> {
        let payload = signed::open(secret, CONTEXT, text, PAYLOAD_LEN)?;
        let token = Self::read(&payload).ok_or(TokenError::Malformed)?;
        if token.expires_at <= now {
            return Err(TokenError::Expired);
        }
        Ok(token)
    }

    fn read(payload: &[u8]) -> Option<Self> {
        let (&[layout], rest) = payload.split_first_chunk()?;
        let (workspace_id, rest) = rest.split_first_chunk()?;
        let (identity_id, rest) = rest.split_first_chunk()?;
        let (held_id, rest) = rest.split_first_chunk()?;
        let (approver, rest) = rest.split_first_chunk()?;
        let expires_at = rest.try_into().ok()?;
        (layout == LAYOUT).then(|| Self {
            workspace_id: WorkspaceId::from_bytes(*workspace_id),
            identity_id: IdentityId::from_bytes(*identity_id),
            held_id: HeldId::from_bytes(*held_id),
            expires_at: Timestamp::from_unix_ms(i64::from_be_bytes(expires_at)),
            approver: *approver,
        })
    }
}

/// The link an approver is mailed. `public_url` is where the deployment is reached, without a trailing slash.
pub fn sender_link(public_url: &str, token: &str) -> String {
    format!("{public_url}{LINK_PATH}{token}")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

    use super::*;
    use crate::approval_link::ApprovalToken;

    const SECRET: Secret<[u8; 32]> = Secret::new([7; 32]);

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_unix_ms(ms)
    }

    fn token() -> SenderToken {
        let id = "0197f3a0-5c1e-7d2a-9f00-1234567890ab";
        let dana = "Dana@example.com".parse().unwrap();
        SenderToken::new(id.parse().unwrap(), id.parse().unwrap(), id.parse().unwrap(), &dana, at(1_000))
    }

    #[test]
    fn comes_back_as_it_went_and_in_time() {
        let text = token().sign(&SECRET);
        let opened = SenderToken::open(&SECRET, &text, at(999)).unwrap();
        assert_eq!(opened, token());
        assert!(opened.is_for(&"dana@EXAMPLE.com".parse().unwrap()));
        assert!(!opened.is_for(&"eve@example.com".parse().unwrap()));
        assert_eq!(SenderToken::open(&SECRET, &text, at(1_000)), Err(TokenError::Expired));
    }

    #[test]
    fn one_bit_more_or_less_is_no_link_and_neither_is_that_of_a_draft() {
        let text = token().sign(&SECRET);
        let bytes = URL_SAFE_NO_PAD.decode(&text).unwrap();
        for i in 0..bytes.len() {
            let mut altered = bytes.clone();
            altered[i] ^= 1;
            let text = URL_SAFE_NO_PAD.encode(&altered);
            assert_eq!(SenderToken::open(&SECRET, &text, at(0)), Err(TokenError::BadSignature), "byte {i}");
        }
        for end in 0..text.len() {
            assert!(SenderToken::open(&SECRET, &text[..end], at(0)).is_err(), "{end}");
        }
        assert!(SenderToken::open(&Secret::new([8; 32]), &text, at(0)).is_err());
        assert!(ApprovalToken::open(&SECRET, &text, at(0)).is_err());
        let id = "0197f3a0-5c1e-7d2a-9f00-1234567890ab";
        let dana = "dana@example.com".parse().unwrap();
        let of_a_draft = ApprovalToken::new(id.parse().unwrap(), id.parse().unwrap(), 1, &dana, at(1_000));
        assert!(SenderToken::open(&SECRET, &of_a_draft.sign(&SECRET), at(0)).is_err());
    }
}
