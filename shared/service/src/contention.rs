//! Trying again when someone else was faster.

use std::time::Duration;

use crate::{App, ServiceError};

/// Of `n` writers of one item, one wins each round; this lets dozens of them through.
const TRIES: u32 = 40;

/// Runs a read-decide-write step until its write goes through or the step itself says no. A step must not have effects
/// outside the table.
pub(crate) async fn until_settled<T, F, Fut>(app: &App, step: F) -> Result<T, ServiceError>
where
    F: Fn() -> Fut,
    Fut: Future<Output = Result<T, ServiceError>>,
{
    for round in 0..TRIES {
        match step().await {
            Err(ServiceError::Contended) => {
                // Full jitter below a bound that grows to 64 ms.
                let bound_ms = 1_u64 << round.min(6);
                tokio::time::sleep(Duration::from_millis(app.entropy().next_u64() % (bound_ms + 1))).await;
            }
            settled => return settled,
        }
    }
    Err(ServiceError::Contended)
}
