//! What opens the bots and apps of approval channels: shown by its end, kept apart from the identity and sealed.
//!
//! Where an identity has such a secret there stands which one it is: an ellipsis, its fingerprint, an ellipsis and its last
//! four characters; of a bot in Telegram its id before that, which is no secret and says whose updates are whose.

use serde::{Deserialize, Serialize};

use super::ApprovalChannel;
use crate::{Secret, secret::Fingerprint};

/// What stands before the end of a secret that is not there itself.
const ELLIPSIS: char = '…';

/// The secrets of an identity's channels, in no order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ChannelSecrets(pub Vec<Secret<String>>);

impl ChannelSecrets {
    /// Those that stand in these channels themselves.
    pub fn of(channels: &[ApprovalChannel]) -> Self {
        let mut secrets: Vec<Secret<String>> = Vec::new();
        for channel in channels {
            let mut channel = channel.clone();
            for secret in channel.secrets() {
                if is_clear(secret) && !secrets.contains(secret) {
                    secrets.push(secret.clone());
                }
            }
        }
        Self(secrets)
    }

    /// The one that stands for `kept`.
    fn find(&self, kept_form: &Secret<String>) -> Option<&Secret<String>> {
        self.0.iter().find(|secret| kept(secret) == *kept_form)
    }
}

/// The last four characters.
fn end(text: &str) -> &str {
    let at = text.char_indices().rev().nth(3).map_or(0, |(at, _)| at);
    &text[at..]
}

/// A secret as reads show it.
fn masked(secret: &Secret<String>) -> Secret<String> {
    Secret::new(format!("{ELLIPSIS}{}", end(secret.expose())))
}

/// What stands for a secret in an identity.
fn kept(secret: &Secret<String>) -> Secret<String> {
    let text = secret.expose();
    let bot = text.split_once(':').map(|(bot, _)| format!("{bot}:")).unwrap_or_default();
    let fingerprint = Fingerprint::of(&[text]);
    Secret::new(format!("{bot}{ELLIPSIS}{}{ELLIPSIS}{}", fingerprint.as_str(), end(text)))
}

/// Whether it is the secret itself, and not what stands for it.
fn is_clear(secret: &Secret<String>) -> bool {
    !secret.expose().contains(ELLIPSIS)
}

impl ApprovalChannel {
    /// The secrets that stand in it.
    fn secrets(&mut self) -> impl Iterator<Item = &mut Secret<String>> {
        let (first, second) = match self {
            Self::Email { .. } => (None, None),
            Self::Slack { bot_token, signing_secret, .. } => (bot_token.as_mut(), signing_secret.as_mut()),
            Self::Telegram { bot_token, .. } => (Some(bot_token), None),
        };
        first.into_iter().chain(second)
    }

    /// As reads show it.
    #[must_use]
    pub fn shown(&self) -> Self {
        let mut shown = self.clone();
        for secret in shown.secrets() {
            *secret = masked(secret);
        }
        shown
    }

    /// As it lies in an identity. `callback` is the last part of the path that the app it names calls.
    #[must_use]
    pub fn kept(&self, callback: impl FnOnce(&Secret<String>) -> String) -> Self {
        let mut channel = self.clone();
        if let Self::Slack { signing_secret, callback_url, .. } = &mut channel {
            *callback_url = signing_secret.as_ref().map(callback);
        }
        for secret in channel.secrets() {
            *secret = kept(secret);
        }
        channel
    }

    /// Whether a secret itself stands in it, as in identities from before secrets were sealed.
    pub fn has_clear_secret(&self) -> bool {
        self.clone().secrets().any(|secret| is_clear(secret))
    }

    /// Whether it takes secrets to speak there.
    pub fn has_secret(&self) -> bool {
        self.clone().secrets().next().is_some()
    }

    /// With its secrets in it, as it was when it was saved. None when one of them is not among these.
    pub fn opened(&self, secrets: &ChannelSecrets) -> Option<Self> {
        let mut channel = self.clone();
        if let Self::Slack { callback_url, .. } = &mut channel {
            *callback_url = None;
        }
        for secret in channel.secrets() {
            if !is_clear(secret) {
                *secret = secrets.find(secret)?.clone();
            }
        }
        Some(channel)
    }

    /// Puts secrets back that were written as reads show them, from the channels there are with theirs in them.
    pub fn keep_secrets(&mut self, known: &[Self]) {
        let kind = self.kind();
        let mut known: Vec<Self> = known.iter().filter(|channel| channel.kind() == kind).cloned().collect();
        let known: Vec<Secret<String>> =
            known.iter_mut().flat_map(Self::secrets).map(|secret| secret.clone()).collect();
        for secret in self.secrets().filter(|secret| !is_clear(secret)) {
            if let Some(known) = known.iter().find(|known| masked(known) == *secret || kept(known) == *secret) {
                *secret = known.clone();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{
        super::tests::{slack, telegram},
        *,
    };

    #[test]
    fn secrets_are_shown_by_their_end_and_written_back_unchanged() {
        for stored in [slack(), telegram()] {
            let shown = serde_json::to_string(&stored.shown()).unwrap();
            assert!(!shown.contains("xoxb") && !shown.contains("8f7422") && !shown.contains("123456:"), "{shown}");
            let mut written = stored.shown();
            assert!(written.problem().is_some());
            written.keep_secrets(std::slice::from_ref(&stored));
            assert_eq!((&written, written.problem()), (&stored, None));
            assert!(!format!("{stored:?}").contains("ABC"), "{stored:?}");
        }
        let mut other = telegram().shown();
        other.keep_secrets(&[slack()]);
        assert_eq!(other.problem().unwrap().0, "bot_token");
    }

    #[test]
    fn what_lies_in_an_identity_says_which_secret_it_is_and_opens_with_it_alone() {
        for stored in [slack(), telegram()] {
            let kept = stored.kept(|_| "callback".to_owned());
            let json = serde_json::to_string(&kept).unwrap();
            assert!(!json.contains("xoxb") && !json.contains("8f7422") && !json.contains("DEF1234"), "{json}");
            assert!(stored.has_clear_secret() && !kept.has_clear_secret() && kept.has_secret());
            assert_eq!(kept.shown().shown(), kept.shown());
            let secrets = ChannelSecrets::of(std::slice::from_ref(&stored));
            assert_eq!(kept.opened(&secrets), Some(stored.clone()));
            assert_eq!(kept.opened(&ChannelSecrets::default()), None);
            // From before they were sealed: it opens with what it has itself.
            assert_eq!(stored.opened(&ChannelSecrets::default()), Some(stored.clone()));
            assert_eq!(ChannelSecrets::of(std::slice::from_ref(&kept)), ChannelSecrets::default());
            // Forms are filled in from what lies in the identity.
            let mut written = kept.clone();
            written.keep_secrets(std::slice::from_ref(&stored));
            assert_eq!(written.opened(&ChannelSecrets::default()), Some(stored));
        }
        let ApprovalChannel::Telegram { bot_token, .. } = telegram().kept(|_| String::new()) else { unreachable!() };
        assert!(bot_token.expose().starts_with("123456:"));
    }
}
