//! Passwords: what is taken as one, and what is kept instead of it.

use argon2::{Algorithm, Argon2, Params, Version};
use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq as _;

use crate::{EmailAddress, Secret, ports::Entropy};

/// The fewest characters of a new password.
pub const MIN_PASSWORD_CHARS: usize = 10;
/// The most bytes of one: hashing takes longer the longer it is.
const MAX_PASSWORD_BYTES: usize = 512;

/// argon2id with 19 MiB, two passes, one lane: OWASP's minimum.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
const HASH_LEN: usize = 32;
const SALT_LEN: usize = 16;
const HEAD: &str = "$argon2id$v=19$m=19456,t=2,p=1$";

/// A password as somebody typed it. It cannot be printed, stored or sent on.
#[derive(Clone)]
pub struct Password(Secret<String>);

/// Why a text is not taken as a new password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WeakPassword {
    /// It has too few characters.
    #[error("must have at least 10 characters; several words are easy to remember")]
    TooShort,
    /// It is endless.
    #[error("must be at most 512 bytes long")]
    TooLong,
    /// It is what everybody tries first.
    #[error("is too easy to guess: it must not be the address, the name, or one character again and again")]
    Guessable,
}

impl Password {
    /// A password somebody signs in with: whatever it is, it is right or wrong. One that is too long to be any is cut short,
    /// which makes it wrong.
    pub fn given(text: &str) -> Self {
        let end = text.floor_char_boundary(MAX_PASSWORD_BYTES + 1);
        Self(Secret::new(text[..end].to_owned()))
    }

    /// A password somebody chooses.
    pub fn choose(text: &str, email: &EmailAddress) -> Result<Self, WeakPassword> {
        if text.chars().count() < MIN_PASSWORD_CHARS {
            return Err(WeakPassword::TooShort);
        }
        if text.len() > MAX_PASSWORD_BYTES {
            return Err(WeakPassword::TooLong);
        }
        let folded = text.to_lowercase();
        let first = text.chars().next();
        let is_one_character = text.chars().all(|c| Some(c) == first);
        let is_known = [email.folded().as_str(), "password123", "passwordpassword", "1234567890", "qwertyuiop"]
            .contains(&folded.as_str());
        if is_one_character || is_known {
            return Err(WeakPassword::Guessable);
        }
        Ok(Self(Secret::new(text.to_owned())))
    }
}

debug_without_content!(Password);

/// What a password is checked against: a PHC string. Making one, and checking one, takes tens of milliseconds and 19 MiB.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PasswordHash(Secret<String>);

impl PasswordHash {
    /// Of a password, with a salt of its own.
    pub fn of(password: &Password, entropy: &dyn Entropy) -> Self {
        let mut salt = [0; SALT_LEN];
        entropy.fill(&mut salt);
        let hash = derive(password, &salt).map(|hash| STANDARD_NO_PAD.encode(hash)).unwrap_or_default();
        let salt = STANDARD_NO_PAD.encode(salt);
        Self(Secret::new(format!("{HEAD}{salt}${hash}")))
    }

    /// One that no password fits: checked for users there are not, so that an answer takes as long as for those there are.
    pub fn nobodys() -> Self {
        Self(Secret::new(format!("{HEAD}AAAAAAAAAAAAAAAAAAAAAA$")))
    }

    /// Whether it is that password.
    pub fn fits(&self, password: &Password) -> bool {
        let Some((salt, expected)) = self.0.expose().strip_prefix(HEAD).and_then(|rest| rest.split_once('$')) else {
            return false;
        };
        let (Ok(salt), Ok(expected)) = (STANDARD_NO_PAD.decode(salt), STANDARD_NO_PAD.decode(expected)) else {
            return false;
        };
        let Some(hash) = derive(password, &salt) else { return false };
        expected.len() == HASH_LEN && bool::from(hash.as_slice().ct_eq(&expected))
    }
}

debug_without_content!(PasswordHash);

/// `None` only where the salt is too short, and a hash without bytes fits nothing.
fn derive(password: &Password, salt: &[u8]) -> Option<[u8; HASH_LEN]> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, Some(HASH_LEN)).ok()?;
    let mut hash = [0; HASH_LEN];
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(password.0.expose().as_bytes(), salt, &mut hash)
        .ok()?;
    Some(hash)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[derive(Debug)]
    struct Sevens;

    impl Entropy for Sevens {
        fn fill(&self, buffer: &mut [u8]) {
            buffer.fill(7);
        }
    }

    fn email() -> EmailAddress {
        "ada@example.com".parse().unwrap()
    }

    #[test]
    fn a_hash_fits_its_password_and_no_other() {
        let password = Password::choose("correct horse battery", &email()).unwrap();
        let hash = PasswordHash::of(&password, &Sevens);
        assert!(hash.fits(&Password::given("correct horse battery")));
        assert!(!hash.fits(&Password::given("correct horse batterY")) && !hash.fits(&Password::given("")));
        assert!(!PasswordHash::nobodys().fits(&password) && !PasswordHash::nobodys().fits(&Password::given("")));
        let stored: PasswordHash = serde_json::from_str(&serde_json::to_string(&hash).unwrap()).unwrap();
        assert!(stored.fits(&password));
    }

    #[test]
    fn neither_can_be_printed() {
        let password = Password::choose("correct horse battery", &email()).unwrap();
        let hash = PasswordHash::of(&password, &Sevens);
        assert_eq!(format!("{password:?} {hash:?}"), "Password(…) PasswordHash(…)");
    }

    #[test]
    fn what_everybody_tries_first_is_refused() {
        for (text, why) in [
            ("short", WeakPassword::TooShort),
            ("äöüäöüäöü", WeakPassword::TooShort),
            ("aaaaaaaaaaaa", WeakPassword::Guessable),
            ("Ada@Example.com", WeakPassword::Guessable),
            ("Password123", WeakPassword::Guessable),
        ] {
            assert_eq!(Password::choose(text, &email()).err(), Some(why), "{text}");
        }
        assert_eq!(Password::choose(&"ab".repeat(300), &email()).err(), Some(WeakPassword::TooLong));
        assert!(Password::choose("äöüäöüäöüß", &email()).is_ok());
    }
}
