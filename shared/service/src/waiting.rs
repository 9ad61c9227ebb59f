//! Long polls: a read that is made again until it finds something.

use std::{iter::successors, time::Duration};

use tokio::time::{Instant, sleep};

use crate::ServiceError;

/// The longest a caller may wait. API Gateway gives up after 30 seconds.
pub const MAX_WAIT: Duration = Duration::from_secs(20);
/// The first pause between two reads; each is twice as long as the one before,
const FIRST_PAUSE: Duration = Duration::from_millis(125);
/// up to this: at most 24 reads in all.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

fn pauses() -> impl Iterator<Item = Duration> {
    successors(Some(FIRST_PAUSE), |pause| Some((*pause * 2).min(LONGEST_PAUSE)))
}

/// What the first read gives that found something, or the last one's when the time is over.
pub(crate) async fn until_found<T, F, Fut>(
    wait: Duration,
    read: F,
    found: impl Fn(&T) -> bool,
) -> Result<T, ServiceError>
where
    F: Fn() -> Fut,
    Fut: Future<Output = Result<T, ServiceError>>,
{
    let end = Instant::now() + wait.min(MAX_WAIT);
    let mut pauses = pauses();
    loop {
        let answer = read().await?;
        let left = end.saturating_duration_since(Instant::now());
        if found(&answer) || left.is_zero() {
            return Ok(answer);
        }
        sleep(pauses.next().unwrap_or(LONGEST_PAUSE).min(left)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    #[test]
    fn the_longest_wait_is_two_dozen_reads() {
        let mut waited = Duration::ZERO;
        let pauses = pauses().take_while(|pause| {
            waited += *pause;
            waited < MAX_WAIT
        });
        // One before the first pause, and one when the time is over.
        assert_eq!(pauses.count() + 2, 24);
    }

    #[tokio::test]
    async fn what_is_there_is_not_waited_for() {
        for wait in [Duration::ZERO, MAX_WAIT] {
            let reads = Cell::new(0);
            let read = || async {
                reads.set(reads.get() + 1);
                Ok(reads.get())
            };
            let found = until_found(wait, read, |_| !wait.is_zero()).await;
            assert_eq!((found.ok(), reads.get()), (Some(1), 1));
        }
    }
}
