//! Ids: UUIDv7 (RFC 9562, section 5.7), one type per kind of thing.
//!
//! A thread, its messages and its drafts are one **family**: they share the 62 random bits of `rand_b` and differ in
//! time and `rand_a`. So the id of a message or a draft is enough to compute the partition key of its thread, and no
//! pointer has to be read (or kept right). See `docs/adr/0002-id-families.md`.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::{fmt, str::FromStr};
use uuid::Uuid;

use crate::{ports::Entropy, time::Timestamp};

/// The text is not a UUID in its usual form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be an id such as 0197f3a0-5c1e-7d2a-9f00-1234567890ab")]
pub struct InvalidId;

/// What the ids of a thread, its messages and its drafts share: the low 64 bits of the UUID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Family(u64);

impl Family {
    /// A new family, unlike any other but for a chance of 2⁻⁶².
    pub fn generate(entropy: &dyn Entropy) -> Self {
        // RFC 9562, section 4.1: the two highest bits are the variant, 0b10.
        Self((entropy.next_u64() & (u64::MAX >> 2)) | (1 << 63))
    }
}

impl Family {
    /// The family that a hash stands for: what belongs together is found without a pointer to it.
    pub fn of_hash(hash: u64) -> Self {
        Self((hash & (u64::MAX >> 2)) | (1 << 63))
    }
}

impl Family {
    /// The 64 bits; [`Self::of_hash`] makes the family of them again.
    pub const fn bits(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Family {
    /// Sixteen lowercase hexadecimal digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

fn uuid_v7(family: Family, at: Timestamp, entropy: &dyn Entropy) -> Uuid {
    let unix_ms = u64::try_from(at.unix_ms()).unwrap_or(0) & 0xffff_ffff_ffff;
    let rand_a = entropy.next_u64() & 0x0fff;
    Uuid::from_u64_pair((unix_ms << 16) | 0x7000 | rand_a, family.0)
}

/// The bytes of an id that is the same whenever it is derived from the same cause. It sorts by `at` and, in the same
/// moment, by `order` (12 bits).
pub(crate) fn derived(at: Timestamp, order: u16, cause: &str) -> [u8; 16] {
    let hash = Sha256::digest(cause.as_bytes());
    let mut bytes = earliest(at);
    for (byte, hash) in bytes.iter_mut().skip(8).zip(hash) {
        *byte = hash;
    }
    // RFC 9562, section 4.1: the variant.
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    bytes[6] |= order.to_be_bytes()[0] & 0x0f;
    bytes[7] = order.to_be_bytes()[1];
    bytes
}

/// The bytes that no id of this time or later sorts before.
pub(crate) fn earliest(at: Timestamp) -> [u8; 16] {
    let unix_ms = u64::try_from(at.unix_ms()).unwrap_or(0) & 0xffff_ffff_ffff;
    *Uuid::from_u64_pair((unix_ms << 16) | 0x7000, 1 << 63).as_bytes()
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// A new id of its own family; ids sort by `at`.
            pub fn generate(at: Timestamp, entropy: &dyn Entropy) -> Self {
                Self(uuid_v7(Family::generate(entropy), at, entropy))
            }

            /// A new id that belongs to `family`; ids sort by `at`.
            pub fn generate_in(family: Family, at: Timestamp, entropy: &dyn Entropy) -> Self {
                Self(uuid_v7(family, at, entropy))
            }

            /// The least id that could have been made at `at`: those that sort before it are older.
            pub fn earliest(at: Timestamp) -> Self {
                Self(Uuid::from_bytes(earliest(at)))
            }

            /// When it was made, or what it was made for happened.
            pub fn time(self) -> Timestamp {
                let ms = self.0.as_u64_pair().0 >> 16;
                Timestamp::from_unix_ms(i64::try_from(ms).unwrap_or(i64::MAX))
            }

            /// The family this id belongs to.
            pub fn family(self) -> Family {
                Family(self.0.as_u64_pair().1)
            }

            /// The sixteen bytes of the UUID, big-endian.
            pub fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }

            /// From the sixteen bytes of a UUID, big-endian.
            pub fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(Uuid::from_bytes(bytes))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                // The crate also takes braced and `urn:` forms; an id of ours has exactly one spelling.
                if text.len() != 36 {
                    return Err(InvalidId);
                }
                Uuid::try_parse(text).map(Self).map_err(|_| InvalidId)
            }
        }

        crate::schema::schemas! { $name => crate::schema::id() }
    )+};
}

ids! {
    /// A workspace: the tenant.
    WorkspaceId,
    /// An API key (not the key itself).
    ApiKeyId,
    /// A sending domain.
    DomainId,
    /// An identity: a mailbox the agent owns.
    IdentityId,
    /// A thread; names its [`Family`].
    ThreadId,
    /// A message of a thread; in the thread's family.
    MessageId,
    /// A draft of a thread; in the thread's family.
    DraftId,
    /// A person mail was exchanged with.
    ContactId,
    /// Inbound mail held for an unknown sender.
    HeldId,
    /// A file that was announced for sending.
    UploadId,
    /// An address that nothing is sent to.
    SuppressionId,
    /// Something that happens by itself.
    RuleId,
    /// One attempt of handing a message to SES; travels as an e-mail tag.
    AttemptId,
    /// Something that happened.
    EventId,
    /// Where events are delivered.
    WebhookId,
    /// A user of the dashboard.
    UserId,
    /// An entry of the list of who did what to a workspace's accounts.
    AuditId,
    /// An event on its way to a webhook.
    WebhookDeliveryId,
    /// All that a workspace has, in files.
    ExportId,
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU64, Ordering};

    #[derive(Debug, Default)]
    struct Counting(AtomicU64);

    impl Entropy for Counting {
        fn fill(&self, buffer: &mut [u8]) {
            let n = self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
            for (i, byte) in buffer.iter_mut().enumerate() {
                *byte = n.to_be_bytes()[i % 8];
            }
        }
    }

    #[test]
    fn a_family_shares_its_low_bits_and_sorts_by_time() {
        let entropy = Counting::default();
        let thread = ThreadId::generate(Timestamp::from_unix_ms(1_000), &entropy);
        let first = MessageId::generate_in(thread.family(), Timestamp::from_unix_ms(2_000), &entropy);
        let second = DraftId::generate_in(thread.family(), Timestamp::from_unix_ms(3_000), &entropy);
        assert_eq!(first.family(), thread.family());
        assert_eq!(second.family(), thread.family());
        assert!(thread.to_string() < first.to_string() && first.to_string() < second.to_string());
        let parsed = Uuid::parse_str(&first.to_string()).expect("a valid UUID");
        assert_eq!(parsed.get_version_num(), 7);
        assert_eq!(parsed.get_variant(), uuid::Variant::RFC4122);
    }

    #[test]
    fn a_derived_id_is_a_function_of_its_cause_and_sorts_by_time_and_order() {
        let id = |at, order, cause: &str| EventId::from_bytes(derived(Timestamp::from_unix_ms(at), order, cause));
        assert_eq!(id(5, 1, "a"), id(5, 1, "a"));
        assert_ne!(id(5, 1, "a"), id(5, 1, "b"));
        assert!(id(5, 2, "a") < id(6, 1, "b") && id(5, 1, "b") < id(5, 2, "a"));
        assert_eq!(id(5, 0xfff, "a").time(), Timestamp::from_unix_ms(5));
        assert!(EventId::earliest(Timestamp::from_unix_ms(5)) <= id(5, 0, "c"));
        assert!(EventId::earliest(Timestamp::from_unix_ms(6)) > id(5, 0xfff, "c"));
        let parsed = Uuid::parse_str(&id(5, 0xfff, "a").to_string()).expect("a valid UUID");
        assert_eq!((parsed.get_version_num(), parsed.get_variant()), (7, uuid::Variant::RFC4122));
    }

    #[test]
    fn an_id_has_one_spelling() {
        assert!("{0197f3a0-5c1e-7d2a-9f00-1234567890ab}".parse::<DraftId>().is_err());
        assert!("0197f3a05c1e7d2a9f001234567890ab".parse::<DraftId>().is_err());
        assert!("0197f3a0-5c1e-7d2a-9f00-1234567890ab".parse::<DraftId>().is_ok());
    }
}
