//! The secret Telegram sends along with every update of a webhook. See `setWebhook`, core.telegram.org/bots/api.

use actionlayer_domain::{Entropy, Secret};
use subtle::ConstantTimeEq as _;

/// A new one: 64 letters and digits.
pub fn new_secret(entropy: &dyn Entropy) -> Secret<String> {
    let mut bytes = [0; 32];
    entropy.fill(&mut bytes);
    Secret::new(hex::encode(bytes))
}

/// Whether `X-Telegram-Bot-Api-Secret-Token` is the secret the webhook was registered with. Constant in time but for the
/// length.
pub fn verify_secret(secret: &Secret<String>, header: Option<&str>) -> bool {
    header.is_some_and(|header| !header.is_empty() && bool::from(header.as_bytes().ct_eq(secret.expose().as_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_very_secret_opens() {
        let secret = Secret::new("abc".to_owned());
        assert!(verify_secret(&secret, Some("abc")));
        for wrong in [None, Some(""), Some("ab"), Some("abcd"), Some("ABC")] {
            assert!(!verify_secret(&secret, wrong), "{wrong:?}");
        }
        assert!(!verify_secret(&Secret::new(String::new()), Some("")));
    }
}
