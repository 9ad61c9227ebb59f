//! Time and randomness as the operating system gives them.

use std::{sync::Arc, time::SystemTime};

use actionlayer_domain::{Clock, Entropy, Timestamp};
use actionlayer_service::Ports;

/// The system's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[allow(clippy::disallowed_methods, reason = "this is where time comes in")]
    fn now(&self) -> Timestamp {
        let elapsed = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_unix_ms(i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX))
    }
}

/// The operating system's random bytes.
#[derive(Debug, Clone, Copy, Default)]
pub struct OsEntropy;

impl Entropy for OsEntropy {
    #[allow(clippy::expect_used, reason = "keys and ids without randomness would be worse than no process")]
    fn fill(&self, buffer: &mut [u8]) {
        getrandom::fill(buffer).expect("the operating system has random bytes");
    }
}

/// The ports of a real process.
pub fn ports() -> Ports {
    Ports { clock: Arc::new(SystemClock), entropy: Arc::new(OsEntropy) }
}
