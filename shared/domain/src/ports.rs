//! How time and randomness come in, so that a run can be replayed from a seed.

use std::fmt::Debug;

use crate::time::Timestamp;

/// The time of day.
pub trait Clock: Debug + Send + Sync {
    /// Now, in UTC, to the millisecond.
    fn now(&self) -> Timestamp;
}

/// A source of random bytes. In production the operating system's; in a replay, a seeded one.
pub trait Entropy: Debug + Send + Sync {
    /// Fills the whole buffer.
    fn fill(&self, buffer: &mut [u8]);

    /// One random number, uniform over all 64 bits.
    fn next_u64(&self) -> u64 {
        let mut bytes = [0; 8];
        self.fill(&mut bytes);
        u64::from_be_bytes(bytes)
    }
}
