//! Batches of records: each is judged by itself, and the answer names those to be delivered again.

use std::{
    any::Any,
    future::{Future, poll_fn},
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    task::Poll,
};

use actionlayer_service::{App, ServiceError, jobs::Job};
use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use serde::de::DeserializeOwned;

/// What becomes of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordOutcome {
    /// Finished; not to be delivered again.
    Done,
    /// To be delivered again, and in the end put where a person looks.
    Failed,
}

/// The one table from errors to outcomes. Only what the state itself has settled may be forgotten: the draft was decided
/// otherwise, the object is gone. Everything else comes back: what a moment may mend is mended by then, and what nothing
/// mends reaches the dead-letter queue and its alarm instead of vanishing.
fn outcome(error: &ServiceError) -> RecordOutcome {
    match error {
        ServiceError::NotFound { .. }
        | ServiceError::Draft(_)
        | ServiceError::StaleDraft
        | ServiceError::Unattended(_)
        | ServiceError::ApprovalRequired
        | ServiceError::ColdSendBlocked
        | ServiceError::IdentitySuspended
        | ServiceError::DomainNotVerified { .. }
        | ServiceError::PlanLimit { .. }
        | ServiceError::BillingNotConfigured
        | ServiceError::WorkspaceExists
        | ServiceError::RecipientSuppressed(_)
        | ServiceError::Exists { .. }
        | ServiceError::Conflict(_) => RecordOutcome::Done,
        ServiceError::Unauthorized
        | ServiceError::Forbidden { .. }
        | ServiceError::Validation(_)
        | ServiceError::Contended
        | ServiceError::Store(_)
        | ServiceError::Upstream { .. } => RecordOutcome::Failed,
    }
}

/// Runs the handler of one record. A panic fails this record and no other: the rest of the batch has had, or will have,
/// its turn.
pub async fn run_record(work: impl Future<Output = Result<(), ServiceError>>) -> RecordOutcome {
    let mut work = pin!(work);
    // The handler is not used again after a panic, so nothing half-changed in it can be seen.
    let finished = poll_fn(|cx| match catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(cx))) {
        Ok(Poll::Pending) => Poll::Pending,
        Ok(Poll::Ready(result)) => Poll::Ready(Ok(result)),
        Err(panic) => Poll::Ready(Err(panic)),
    })
    .await;
    match finished {
        Ok(Ok(())) => RecordOutcome::Done,
        Ok(Err(error)) => {
            let outcome = outcome(&error);
            match outcome {
                RecordOutcome::Done => tracing::info!(%error, "record needs nothing more"),
                RecordOutcome::Failed if error.retryable() => tracing::warn!(%error, "record failed, will be retried"),
                RecordOutcome::Failed => tracing::error!(%error, "record failed"),
            }
            outcome
        }
        Err(panic) => {
            tracing::error!(reason = panic_reason(panic.as_ref()), "record panicked");
            RecordOutcome::Failed
        }
    }
}

fn panic_reason(panic: &(dyn Any + Send)) -> &'static str {
    // Only literal messages: a formatted one may hold what was being worked on.
    panic.downcast_ref::<&'static str>().copied().unwrap_or("a formatted message, not logged")
}

/// Works off a batch of jobs from a queue.
pub async fn work_off<J: Job>(app: &App, event: SqsEvent) -> SqsBatchResponse {
    // Boxed, so that the compiler need not see through the batch and the whole product at once.
    sqs_batch(event, |job: J| Box::pin(job.run(app))).await
}

/// Works off a batch of jobs all at once, where each may wait long for somebody else.
pub async fn work_off_at_once<J: Job>(app: &App, event: SqsEvent) -> SqsBatchResponse {
    let running = event.records.into_iter().map(|record| async move {
        let outcome = judged(record.body.as_deref(), |job: J| Box::pin(job.run(app))).await;
        (outcome == RecordOutcome::Failed).then(|| record.message_id.unwrap_or_default())
    });
    let mut response = SqsBatchResponse::default();
    let failed = futures_util::future::join_all(running).await;
    failed.into_iter().flatten().for_each(|id| response.add_failure(id));
    response
}

/// Works off a batch from a queue, one record after the other. The body of a record is the job as JSON; one that cannot
/// be read is failed without a try, so that it ends in the dead-letter queue as it is.
pub async fn sqs_batch<J, F>(event: SqsEvent, work: impl Fn(J) -> F) -> SqsBatchResponse
where
    J: DeserializeOwned,
    F: Future<Output = Result<(), ServiceError>>,
{
    let mut response = SqsBatchResponse::default();
    for record in event.records {
        if judged(record.body.as_deref(), &work).await == RecordOutcome::Failed {
            response.add_failure(record.message_id.unwrap_or_default());
        }
    }
    response
}

async fn judged<J, F>(body: Option<&str>, work: impl Fn(J) -> F) -> RecordOutcome
where
    J: DeserializeOwned,
    F: Future<Output = Result<(), ServiceError>>,
{
    match serde_json::from_str(body.unwrap_or_default()) {
        Ok(job) => run_record(work(job)).await,
        Err(error) => {
            // Where, not what: the body may hold addresses.
            tracing::error!(line = error.line(), column = error.column(), "record cannot be read");
            RecordOutcome::Failed
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use aws_lambda_events::event::sqs::SqsMessage;

    use super::*;

    fn batch(bodies: &[&str]) -> SqsEvent {
        let mut event = SqsEvent::default();
        for (index, body) in bodies.iter().enumerate() {
            let mut message = SqsMessage::default();
            message.message_id = Some(index.to_string());
            message.body = Some((*body).to_owned());
            event.records.push(message);
        }
        event
    }

    fn failures(response: &SqsBatchResponse) -> Vec<&str> {
        response.batch_item_failures.iter().map(|failure| failure.item_identifier.as_str()).collect()
    }

    #[tokio::test]
    async fn each_record_is_judged_by_itself() {
        let seen = RefCell::new(Vec::new());
        let response = sqs_batch(batch(&["1", "{", "2", "3", "4", "5"]), |job: u32| {
            seen.borrow_mut().push(job);
            async move {
                match job {
                    2 => Err(ServiceError::Contended),
                    3 => Err(ServiceError::NotFound { what: "draft" }),
                    4 => panic!("on purpose"),
                    _ => Ok(()),
                }
            }
        })
        .await;
        assert_eq!(*seen.borrow(), [1, 2, 3, 4, 5]);
        assert_eq!(failures(&response), ["1", "2", "4"]);
    }

    #[tokio::test]
    async fn a_record_without_a_body_is_failed() {
        let mut event = batch(&["1"]);
        event.records[0].body = None;
        let response = sqs_batch(event, |_: u32| async { Ok(()) }).await;
        assert_eq!(failures(&response), ["0"]);
    }

    #[test]
    fn what_may_be_mended_is_never_forgotten() {
        use actionlayer_service::ServiceError as E;
        for error in [E::Contended, E::Upstream { service: "ses", code: "throttled".to_owned() }] {
            assert!(error.retryable());
            assert_eq!(outcome(&error), RecordOutcome::Failed);
        }
    }
}
