//! Texts that nobody else can have made: a payload and its HMAC-SHA256 (RFC 2104) under the deployment's secret.

use actionlayer_domain::Secret;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

const SIGNATURE_LEN: usize = 32;
/// The first byte of a link's payload; the id of its workspace follows, see [`crate::redaction`]. Bumped when the layout
/// changes: links of the old one are then no links.
pub(crate) const LAYOUT: u8 = 1;

/// Why a text is no link that can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Not the form of a token.
    #[error("not an approval token")]
    Malformed,
    /// The form of a token, but not one we made.
    #[error("not an approval token of this deployment")]
    BadSignature,
    /// One we made, and its time is over.
    #[error("the approval token has expired")]
    Expired,
}

/// The payload with its signature, of the URL-safe base64 alphabet (RFC 4648, section 5). `context` tells the uses of one
/// secret apart: what is signed for one is nothing in another.
pub(crate) fn seal(secret: &Secret<[u8; 32]>, context: &[u8], mut payload: Vec<u8>) -> String {
    let signature = mac(secret, [context, &payload]).finalize().into_bytes();
    payload.extend_from_slice(&signature);
    URL_SAFE_NO_PAD.encode(payload)
}

/// The payload of a text that came back, of at least so many bytes. The signature is checked in constant time and before
/// anything else is believed.
pub(crate) fn open(
    secret: &Secret<[u8; 32]>,
    context: &[u8],
    text: &str,
    least_payload_len: usize,
) -> Result<Vec<u8>, TokenError> {
    let mut bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| TokenError::Malformed)?;
    let payload_len = bytes.len().checked_sub(SIGNATURE_LEN).filter(|len| *len >= least_payload_len);
    let (payload, signature) = bytes.split_at(payload_len.ok_or(TokenError::Malformed)?);
    mac(secret, [context, payload]).verify_slice(signature).map_err(|_| TokenError::BadSignature)?;
    bytes.truncate(bytes.len() - SIGNATURE_LEN);
    Ok(bytes)
}

/// Whoever gives more than one part of a length that varies has to say where it ends.
pub(crate) fn mac<'p>(secret: &Secret<[u8; 32]>, parts: impl IntoIterator<Item = &'p [u8]>) -> Hmac<Sha256> {
    // RFC 2104: a key shorter than the block is used with zeros appended.
    let mut key = [0; 64];
    key[..32].copy_from_slice(secret.expose());
    let mut mac = Hmac::<Sha256>::new(&key.into());
    for part in parts {
        mac.update(part);
    }
    mac
}
