//! What a button carries: which draft or sender it is about, and that we made it for this place.
//!
//! Telegram allows 64 bytes, and whoever sees a keyboard can send its bot any bytes at all from a client of their own. So
//! what a button carries is signed together with the place it was posted to: what is pressed in one chat cannot be about
//! what another one was asked.

use actionlayer_domain::{DraftId, HeldId, IdentityId, Secret, WorkspaceId};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac as _};
use sha2::Sha256;

use crate::signed::mac;

/// Bumped when the layout changes; buttons of the old layout are then no buttons.
const LAYOUT: u8 = 1;
/// Signed along, so that no other use of the same secret can yield a button.
const CONTEXT: &[u8] = b"actionlayer button";
/// Of the HMAC. A guess is only ever checked by us, so 64 bits are as good as any.
const SIGNATURE_LEN: usize = 8;
/// The longer of the two payloads: action, workspace, held mail, identity.
const PAYLOAD_LEN: usize = 1 + 16 + 16 + IDENTITY_TAG_LEN;
/// There is no room for the whole id of an identity, and an end of it finds it among those of a workspace.
const IDENTITY_TAG_LEN: usize = 6;

/// What a press wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Yes; its author sends it.
    Approve,
    /// Yes, and send it now.
    ApproveAndSend,
    /// Change text or subject first.
    Edit,
    /// No; a reason is asked for.
    Reject,
    /// No, without a reason.
    RejectNow,
    /// Let a sender's mail in.
    Trust,
    /// Drop a sender's mail.
    Block,
}

/// What it is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// One version of a draft.
    Draft {
        id: DraftId,
        /// The version that was shown.
        version: u32,
    },
    /// The sender of held mail.
    Sender {
        /// Held mail of theirs.
        held_id: HeldId,
        /// The end of the identity's id, to find it among those of the workspace.
        identity_tag: [u8; IDENTITY_TAG_LEN],
    },
}

/// A button.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Button {
    pub workspace_id: WorkspaceId,
    /// What is wanted.
    pub action: Action,
    pub subject: Subject,
}

/// Why a text is no button of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ButtonError {
    /// Not the form of one.
    #[error("not a button")]
    Malformed,
    /// Not one we made for this place.
    #[error("not a button that was posted here")]
    BadSignature,
}

impl Action {
    const ALL: [Self; 7] =
        [Self::Approve, Self::ApproveAndSend, Self::Edit, Self::Reject, Self::RejectNow, Self::Trust, Self::Block];

    const fn code(self) -> u8 {
        match self {
            Self::Approve => 1,
            Self::ApproveAndSend => 2,
            Self::Edit => 3,
            Self::Reject => 4,
            Self::RejectNow => 5,
            Self::Trust => 6,
            Self::Block => 7,
        }
    }

    const fn is_about_a_sender(self) -> bool {
        matches!(self, Self::Trust | Self::Block)
    }
}

/// The tag of an identity in a button about a sender: the end of its id, which is random.
pub fn identity_tag(id: IdentityId) -> [u8; IDENTITY_TAG_LEN] {
    let bytes = id.as_bytes();
    std::array::from_fn(|at| bytes[bytes.len() - IDENTITY_TAG_LEN + at])
}

impl Button {
    /// The button as it is posted to `place`, such as `slack:C024BE91L` or `telegram:-1001234`: at most 64 bytes of
    /// letters, digits, `-` and `_`.
    pub fn sign(&self, secret: &Secret<[u8; 32]>, place: &str) -> String {
        let mut bytes = self.payload();
        let signature = mac_at(secret, place, &bytes).finalize().into_bytes();
        bytes.extend_from_slice(&signature[..SIGNATURE_LEN]);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Reads a button that was pressed in `place`. The signature is checked in constant time and before anything else is
    /// believed.
    pub fn open(secret: &Secret<[u8; 32]>, place: &str, text: &str) -> Result<Self, ButtonError> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| ButtonError::Malformed)?;
        let payload_len = bytes.len().checked_sub(SIGNATURE_LEN).ok_or(ButtonError::Malformed)?;
        let (payload, signature) = bytes.split_at(payload_len);
        mac_at(secret, place, payload).verify_truncated_left(signature).map_err(|_| ButtonError::BadSignature)?;
        Self::read(payload).ok_or(ButtonError::Malformed)
    }

    fn payload(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(PAYLOAD_LEN + SIGNATURE_LEN);
        bytes.push((LAYOUT << 4) | self.action.code());
        bytes.extend_from_slice(self.workspace_id.as_bytes());
        match self.subject {
            Subject::Draft { id, version } => {
                bytes.extend_from_slice(id.as_bytes());
                bytes.extend_from_slice(&version.to_be_bytes());
            }
            Subject::Sender { held_id, identity_tag } => {
                bytes.extend_from_slice(held_id.as_bytes());
                bytes.extend_from_slice(&identity_tag);
            }
        }
        bytes
    }

    fn read(payload: &[u8]) -> Option<Self> {
        let (&[head], rest) = payload.split_first_chunk()?;
        if head >> 4 != LAYOUT {
            return None;
        }
        let action = Action::ALL.into_iter().find(|action| action.code() == head & 0xf)?;
        let (workspace_id, rest) = rest.split_first_chunk()?;
        let (id, rest) = rest.split_first_chunk()?;
        let subject = if action.is_about_a_sender() {
            let identity_tag = rest.try_into().ok()?;
            Subject::Sender { held_id: HeldId::from_bytes(*id), identity_tag }
        } else {
            Subject::Draft { id: DraftId::from_bytes(*id), version: u32::from_be_bytes(rest.try_into().ok()?) }
        };
        Some(Self { workspace_id: WorkspaceId::from_bytes(*workspace_id), action, subject })
    }
}

fn mac_at(secret: &Secret<[u8; 32]>, place: &str, payload: &[u8]) -> Hmac<Sha256> {
    // The place's length separates it from what follows.
    mac(secret, [CONTEXT, &(place.len() as u64).to_be_bytes(), place.as_bytes(), payload])
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const SECRET: Secret<[u8; 32]> = Secret::new([7; 32]);
    const PLACE: &str = "telegram:-1001234567890";

    fn button(action: Action) -> Button {
        let id = "0197f3a0-5c1e-7d2a-9f00-1234567890ab";
        let subject = if action.is_about_a_sender() {
            Subject::Sender { held_id: id.parse().unwrap(), identity_tag: identity_tag(id.parse().unwrap()) }
        } else {
            Subject::Draft { id: id.parse().unwrap(), version: u32::MAX }
        };
        Button { workspace_id: id.parse().unwrap(), action, subject }
    }

    #[test]
    fn every_button_fits_and_comes_back() {
        for action in Action::ALL {
            let text = button(action).sign(&SECRET, PLACE);
            assert!(text.len() <= 64, "{} bytes", text.len());
            assert_eq!(Button::open(&SECRET, PLACE, &text), Ok(button(action)));
        }
    }

    #[test]
    fn a_button_of_another_place_or_deployment_is_none() {
        let text = button(Action::Approve).sign(&SECRET, PLACE);
        let refused = Err(ButtonError::BadSignature);
        assert_eq!(Button::open(&SECRET, "telegram:-100123456789", &text), refused);
        assert_eq!(Button::open(&SECRET, "slack:-1001234567890", &text), refused);
        assert_eq!(Button::open(&Secret::new([8; 32]), PLACE, &text), refused);
    }

    #[test]
    fn every_flipped_bit_is_noticed() {
        let good = URL_SAFE_NO_PAD.decode(button(Action::Approve).sign(&SECRET, PLACE)).unwrap();
        for bit in 0..good.len() * 8 {
            let mut bad = good.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            let text = URL_SAFE_NO_PAD.encode(bad);
            assert_eq!(Button::open(&SECRET, PLACE, &text), Err(ButtonError::BadSignature), "bit {bit}");
        }
    }

    #[test]
    fn what_is_no_button_is_refused() {
        for bad in ["", "x", "ü", "AAAA", "approve", "{}"] {
            assert!(Button::open(&SECRET, PLACE, bad).is_err(), "{bad:?}");
        }
        // A signature that is cut shorter proves less.
        let good = button(Action::Approve).sign(&SECRET, PLACE);
        assert!(Button::open(&SECRET, PLACE, &good[..good.len() - 4]).is_err());
    }
}
