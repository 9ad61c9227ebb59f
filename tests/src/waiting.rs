//! Waiting for a condition.

use std::time::{Duration, Instant};

/// How long anything may take before a test gives up: far longer than it should, since other tests share the machine.
pub const DEADLINE: Duration = Duration::from_secs(30);
/// How often a condition is looked at.
const INTERVAL: Duration = Duration::from_millis(20);

/// The first value that `probe` gives.
///
/// # Panics
/// When there is none until [`DEADLINE`].
pub async fn eventually<T>(what: &str, mut probe: impl AsyncFnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = probe().await {
            return found;
        }
        assert!(begun.elapsed() < DEADLINE, "waited {DEADLINE:?} for {what}");
        tokio::time::sleep(INTERVAL).await;
    }
}
