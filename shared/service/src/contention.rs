//! Trying again when someone else was faster.

use std::time::Duration;

use actionlayer_store::{Record, Row};

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

/// The same of one item that was read before: it is read again only where somebody wrote it since. `None` when it is gone
/// by then.
pub(crate) async fn until_settled_on<R, T, F, Fut>(app: &App, row: Row<R>, step: F) -> Result<Option<T>, ServiceError>
where
    R: Record,
    F: Fn(Row<R>) -> Fut,
    Fut: Future<Output = Result<T, ServiceError>>,
{
    let key = row.value.key();
    match step(row).await {
        Err(ServiceError::Contended) => {
            until_settled(app, || async {
                match app.store.get::<R>(&key).await? {
                    Some(row) => step(row).await.map(Some),
                    None => Ok(None),
                }
            })
            .await
        }
        settled => settled.map(Some),
    }
}
