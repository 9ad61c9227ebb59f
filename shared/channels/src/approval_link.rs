//! The token in an approval link: stateless, signed, and good for one draft, one version, one approver and a time.
//! See `docs/adr/0006-approval-links-are-stateless.md`.

use std::time::Duration;

use actionlayer_domain::{DraftId, EmailAddress, Secret, Timestamp, WorkspaceId, channel::ChannelKind};
use sha2::{Digest as _, Sha256};

pub use crate::signed::TokenError;
use crate::signed::{self, LAYOUT, seal};

/// How long a link can be used, unless the draft expires before.
pub const LINK_LIFETIME: Duration = Duration::from_hours(7 * 24);

/// The path under which links are answered, without the token.
pub const LINK_PATH: &str = "/callbacks/email/";

/// Signed along, so that no other use of the same secret can yield a link.
const CONTEXT: &[u8] = b"actionlayer approval link";

pub(crate) const APPROVER_LEN: usize = 16;
/// The fingerprint of no address.
const NOBODY: [u8; APPROVER_LEN] = [0; APPROVER_LEN];
const PAYLOAD_LEN: usize = 1 + 16 + 16 + 4 + APPROVER_LEN + 8;

/// What a link is about. Whether its draft still is what the approver saw is for the draft to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApprovalToken {
    /// The workspace of the draft.
    pub workspace_id: WorkspaceId,
    pub draft_id: DraftId,
    /// The version the link shows, and the only one it can decide on.
    pub version: u32,
    /// From when on the link is refused.
    pub expires_at: Timestamp,
    approver: [u8; APPROVER_LEN],
    member: Option<Member>,
}

/// Somebody in a channel, as Slack or Telegram vouched for them when they asked for a link.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Member {
    /// Slack or Telegram.
    pub channel: ChannelKind,
    /// The channel's or chat's id.
    pub place: String,
    /// Their id there.
    pub user_id: String,
    /// Their name there.
    pub name: String,
}

impl ApprovalToken {
    /// What a link for one approver is about.
    pub fn new(
        workspace_id: WorkspaceId,
        draft_id: DraftId,
        version: u32,
        approver: &EmailAddress,
        expires_at: Timestamp,
    ) -> Self {
        Self { workspace_id, draft_id, version, expires_at, approver: fingerprint(approver), member: None }
    }

    /// A link that shows and decides nothing: it stands in a message that many see.
    pub fn for_readers(workspace_id: WorkspaceId, draft_id: DraftId, version: u32, expires_at: Timestamp) -> Self {
        Self { workspace_id, draft_id, version, expires_at, approver: NOBODY, member: None }
    }

    /// A link for somebody in a channel, given to them alone.
    pub fn for_member(
        workspace_id: WorkspaceId,
        draft_id: DraftId,
        version: u32,
        member: Member,
        expires_at: Timestamp,
    ) -> Self {
        Self { workspace_id, draft_id, version, expires_at, approver: NOBODY, member: Some(member) }
    }

    /// Who it was given to, if that is somebody in a channel.
    pub const fn member(&self) -> Option<&Member> {
        self.member.as_ref()
    }

    /// Whether it only shows.
    pub fn is_for_readers(&self) -> bool {
        self.approver == NOBODY && self.member.is_none()
    }

    /// Whether the link was made for this approver. The address itself is not in it: a link that leaks names nobody.
    pub fn is_for(&self, approver: &EmailAddress) -> bool {
        // Both sides are covered by the signature that was checked first; there is no secret here to time.
        self.approver == fingerprint(approver)
    }

    /// The token as text: 124 characters of the URL-safe base64 alphabet (RFC 4648, section 5), more for a member.
    pub fn sign(&self, secret: &Secret<[u8; 32]>) -> String {
        let mut payload = self.payload().to_vec();
        if let Some(member) = &self.member {
            // Four strings as JSON cannot fail.
            payload.extend(serde_json::to_vec(member).unwrap_or_default());
        }
        seal(secret, CONTEXT, payload)
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

    fn payload(&self) -> [u8; PAYLOAD_LEN] {
        let mut payload = [0; PAYLOAD_LEN];
        let fields: [&[u8]; 6] = [
            &[LAYOUT],
            self.workspace_id.as_bytes(),
            self.draft_id.as_bytes(),
            &self.version.to_be_bytes(),
            &self.approver,
            &self.expires_at.unix_ms().to_be_bytes(),
        ];
        let mut rest = payload.as_mut_slice();
        for field in fields {
            let (place, after) = rest.split_at_mut(field.len());
            place.copy_from_slice(field);
            rest = after;
        }
        payload
    }

    fn read(payload: &[u8]) -> Option<Self> {
        let (&[layout], rest) = payload.split_first_chunk()?;
        let (workspace_id, rest) = rest.split_first_chunk()?;
        let (draft_id, rest) = rest.split_first_chunk()?;
        let (version, rest) = rest.split_first_chunk()?;
        let (approver, rest) = rest.split_first_chunk()?;
        let (expires_at, rest) = rest.split_first_chunk()?;
        let member = if rest.is_empty() { None } else { Some(serde_json::from_slice(rest).ok()?) };
        (layout == LAYOUT).then(|| Self {
            workspace_id: WorkspaceId::from_bytes(*workspace_id),
            draft_id: DraftId::from_bytes(*draft_id),
            version: u32::from_be_bytes(*version),
            approver: *approver,
            member,
            expires_at: Timestamp::from_unix_ms(i64::from_be_bytes(*expires_at)),
        })
    }
}

/// The link an approver is mailed. `public_url` is where the deployment is reached, without a trailing slash.
pub fn link(public_url: &str, token: &str) -> String {
    format!("{public_url}{LINK_PATH}{token}")
}

/// What stands for an address in a token.
pub(crate) fn fingerprint(approver: &EmailAddress) -> [u8; APPROVER_LEN] {
    let digest = Sha256::digest(approver.folded());
    std::array::from_fn(|i| digest[i])
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

    use super::*;

    const SECRET: Secret<[u8; 32]> = Secret::new([7; 32]);

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_unix_ms(ms)
    }

    fn token() -> ApprovalToken {
        let ids = ("0197f3a0-5c1e-7d2a-9f00-1234567890ab", "0197f3a0-5c1e-7d2a-9f00-ba0987654321");
        let dana = "Dana@example.com".parse().unwrap();
        ApprovalToken::new(ids.0.parse().unwrap(), ids.1.parse().unwrap(), 3, &dana, at(1_000))
    }

    #[test]
    fn comes_back_as_it_went() {
        let text = token().sign(&SECRET);
        assert_eq!(text.len(), 124);
        assert!(text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'));
        let opened = ApprovalToken::open(&SECRET, &text, at(999)).unwrap();
        assert_eq!(opened, token());
        assert!(opened.is_for(&"dana@EXAMPLE.com".parse().unwrap()));
        assert!(!opened.is_for(&"eve@example.com".parse().unwrap()));
        assert_eq!(link("https://a.test", &text), format!("https://a.test/callbacks/email/{text}"));
    }

    #[test]
    fn a_link_may_be_for_readers_or_for_a_member() {
        let token = token();
        let readers = ApprovalToken::for_readers(token.workspace_id, token.draft_id, 3, at(1_000));
        let opened = ApprovalToken::open(&SECRET, &readers.sign(&SECRET), at(0)).unwrap();
        assert!(opened.is_for_readers() && !opened.is_for(&"dana@example.com".parse().unwrap()));
        let dana = Member {
            channel: ChannelKind::Slack,
            place: "C1".to_owned(),
            user_id: "U1".to_owned(),
            name: "Dana".to_owned(),
        };
        let members = ApprovalToken::for_member(token.workspace_id, token.draft_id, 3, dana.clone(), at(1_000));
        let opened = ApprovalToken::open(&SECRET, &members.sign(&SECRET), at(0)).unwrap();
        assert_eq!(opened.member(), Some(&dana));
        assert!(!opened.is_for_readers());
    }

    #[test]
    fn expires_on_the_dot() {
        assert_eq!(ApprovalToken::open(&SECRET, &token().sign(&SECRET), at(1_000)), Err(TokenError::Expired));
    }

    #[test]
    fn every_flipped_bit_is_noticed() {
        let good = URL_SAFE_NO_PAD.decode(token().sign(&SECRET)).unwrap();
        for bit in 0..good.len() * 8 {
            let mut bad = good.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            let text = URL_SAFE_NO_PAD.encode(bad);
            assert_eq!(ApprovalToken::open(&SECRET, &text, at(0)), Err(TokenError::BadSignature), "bit {bit}");
        }
    }

    #[test]
    fn another_deployment_made_another_link() {
        let text = token().sign(&Secret::new([8; 32]));
        assert_eq!(ApprovalToken::open(&SECRET, &text, at(0)), Err(TokenError::BadSignature));
    }

    #[test]
    fn what_is_no_token_is_malformed() {
        let good = token().sign(&SECRET);
        let long = format!("{good}AAAA");
        for bad in ["", "x", "%2e%2e", "ü", &good[..120], &good.replace(&good[..1], "=")] {
            assert_eq!(ApprovalToken::open(&SECRET, bad, at(0)), Err(TokenError::Malformed), "{bad:?}");
        }
        assert_eq!(ApprovalToken::open(&SECRET, &long, at(0)), Err(TokenError::BadSignature));
    }
}
