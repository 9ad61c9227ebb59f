//! The send worker: hands one queued message to SES, at most once.
//!
//! Claim, send, record. The claim is one transaction over message, draft and thread: the draft is still approved in the
//! version that was queued, and the thread's newest inbound is still the one it answers. Between the claim and the record
//! nobody else touches the message; if the worker dies there, the message stays claimed, and only an event of SES
//! ([`crate::settle`]) or the passing of time ([`crate::sweep`]) settles it. It is never sent a second time.

mod claim;
mod compose;
mod outcome;

use std::time::Duration;

use actionlayer_clients::ses::AttemptTags;
use actionlayer_domain::{AttemptId, message::SendOutcome, work::SendJob};

pub(crate) use self::outcome::{fail, record_sent};
use self::{
    claim::{Claimed, claim_once},
    outcome::{record_once, release},
};
use crate::{App, ServiceError, contention::until_settled};

/// How often a worker asks SES again within one run when SES says "not now".
const TRIES: u32 = 4;
/// How long it waits before the second try; doubled each time. SES's rate limit counts by the second.
const FIRST_PAUSE: Duration = Duration::from_millis(250);

/// Hands a queued message to SES. `Err` when the job should come again; everything that is settled, or that only an event
/// can settle, is `Ok`.
pub async fn deliver(app: &App, job: &SendJob) -> Result<(), ServiceError> {
    let attempt_id = AttemptId::generate(app.now(), app.entropy());
    let Some(claimed) = until_settled(app, || claim_once(app, job, attempt_id)).await? else { return Ok(()) };
    let tags = AttemptTags { workspace_id: job.workspace_id, message_id: job.message_id, attempt_id };
    match hand_over(app, &claimed, tags).await {
        SendOutcome::Accepted { ses_message_id } => {
            // As a rule nobody touched it since the claim, and nobody answered yet: nothing has to be read.
            match record_once(app, claimed.outbound, None, attempt_id, &ses_message_id).await {
                Err(ServiceError::Contended) => {
                    record_sent(app, job.workspace_id, job.message_id, attempt_id, &ses_message_id).await
                }
                settled => settled,
            }
        }
        SendOutcome::RefusedForNow => {
            release(app, job, attempt_id).await?;
            Err(ServiceError::Upstream { service: "ses", code: "throttled".to_owned() })
        }
        SendOutcome::Refused(failure) => fail(app, job.workspace_id, job.message_id, &failure).await,
        // It may have left. Whoever comes next finds it claimed and leaves it alone.
        SendOutcome::Unknown => {
            tracing::warn!(message_id = %job.message_id, attempt_id = %attempt_id, "SES gave no answer: the outcome is unknown");
            Ok(())
        }
    }
}

async fn hand_over(app: &App, claimed: &Claimed, tags: AttemptTags) -> SendOutcome {
    let mut pause = FIRST_PAUSE;
    for _ in 1..TRIES {
        match app.mailer.send(claimed.envelope(), Some(tags)).await {
            SendOutcome::RefusedForNow => tokio::time::sleep(pause).await,
            known => return known,
        }
        pause *= 2;
    }
    app.mailer.send(claimed.envelope(), Some(tags)).await
}
