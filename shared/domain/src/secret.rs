//! A value that must not be printed.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::fmt;

/// Wraps a secret so that neither `Debug` nor a log line can show it. Reading it takes the explicit [`Secret::expose`].
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret<T>(T);

impl<T> Secret<T> {
    /// Wraps a value.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The value itself; for the one place that must hand it on.
    pub const fn expose(&self) -> &T {
        &self.0
    }
}

impl<T> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Which secrets they are, without saying anything of them: they are too random to be guessed from it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fingerprint(String);

impl Fingerprint {
    /// That of some secrets, in their order: 64 bits of a SHA-256, as hexadecimal digits.
    pub fn of(secrets: &[&str]) -> Self {
        let mut hash = Sha256::new();
        hash.update(b"actionlayer fingerprint");
        for secret in secrets {
            hash.update((secret.len() as u64).to_be_bytes());
            hash.update(secret);
        }
        Self(hex::encode(&hash.finalize()[..8]))
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
