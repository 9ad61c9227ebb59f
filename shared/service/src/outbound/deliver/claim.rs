//! Claiming a message: it may leave, its bytes are kept, and nobody else sends it.

use actionlayer_clients::ses::Envelope;
use actionlayer_domain::{
    AttemptId, EmailAddress, MessageBody, Suppression,
    draft::{Failure, FailureCode},
    sending::{self, Basis, Facts, Refusal, Step},
    unattended::UnattendedToday,
    work::SendJob,
};
use actionlayer_store::{BlobKey, Outbound, Transaction};

use super::{
    compose::{Built, compose},
    outcome::{fail, withdraw},
};
use crate::{
    App, ServiceError,
    outbound::{attachments, content},
};

/// A message this worker may send.
pub(super) struct Claimed {
    from: EmailAddress,
    recipients: Vec<EmailAddress>,
    raw: Vec<u8>,
    /// As the claim has left it.
    pub(super) outbound: Outbound,
}

impl Claimed {
    pub(super) fn envelope(&self) -> Envelope<'_> {
        Envelope { from: &self.from, recipients: self.recipients.iter().collect(), raw: self.raw.clone() }
    }
}

/// Claims the message if it may still leave. `None` when there is nothing to do.
pub(super) async fn claim_once(
    app: &App,
    job: &SendJob,
    attempt_id: AttemptId,
) -> Result<Option<Claimed>, ServiceError> {
    let Some(outbound) = app.store.outbound(job.workspace_id, job.message_id).await? else { return Ok(None) };
    let Outbound { message: row, thread, identity, draft, suppressed } = outbound;
    let now = app.now();
    let mut message = row.value.clone();
    let Some(delivery) = &mut message.delivery else { return Ok(None) };
    // Claimed by another worker, or settled: a second delivery of the same job.
    if delivery.claim(attempt_id, now).is_err() {
        return Ok(None);
    }
    let basis = match &draft {
        Some(draft) => Basis::Draft(&draft.value),
        // Its draft is gone: nobody can say that it was approved.
        None if message.draft_id.is_some() => {
            withdraw(app, &Outbound { message: row, thread, identity: None, draft: None, suppressed }).await?;
            return Ok(None);
        }
        None => Basis::Caller,
    };
    let Some(identity) = identity.map(|row| row.value) else {
        fail(app, job.workspace_id, job.message_id, &identity_unavailable()).await?;
        return Ok(None);
    };
    let allowed = sending::may_leave(&Facts {
        basis,
        step: Step::Claim(message.id),
        identity: &identity,
        thread: Some(&thread.value),
        answers: None,
        to: &[],
        suppressed: &suppressed,
        today: UnattendedToday::default(),
        plan_used_up: false,
        now,
    });
    if let Err(refusal) = allowed {
        match failure_of(&refusal, &suppressed) {
            Some(failure) => fail(app, job.workspace_id, job.message_id, &failure).await?,
            None => withdraw(app, &Outbound { message: row, thread, identity: None, draft, suppressed }).await?,
        }
        return Ok(None);
    }
    let mut transaction = Transaction::new();
    let mut claimed_draft = None;
    match &draft {
        // The thread need not be checked: what overtakes a draft writes the draft, see `overtake`.
        Some(row) => {
            let mut draft = row.value.clone();
            draft.claim(message.id, &thread.value, now)?;
            transaction.replace(row, &draft)?;
            claimed_draft = Some(row.replaced(draft));
        }
        // Although nothing about the thread matters: a write of one item has no token. Were its answer lost, the SDK's retry
        // would find the claim taken, by itself, and the mail would never leave. A transaction has one.
        None => _ = transaction.check(&thread),
    }

    // Built and stored before the claim: what fails here has claimed nothing.
    let body: MessageBody = app.store.body(&row).await?;
    let quoted = content::quoted(app, message.workspace_id, message.quoted_message_id).await?;
    let built = attachments::load(app, &message).await?.and_then(|files| {
        compose(&message, &body, quoted.as_ref(), files, &identity, now, attempt_id).map_err(|error| Failure {
            code: FailureCode::Rejected,
            message: format!("The mail cannot be built: {error}."),
        })
    });
    // The seal was set when the draft was written or edited, and shown with it.
    let sealed = claimed_draft.as_ref().and_then(|draft| draft.value.content_sha256.clone());
    let built = built.and_then(|built| match sealed {
        Some(sealed) if sealed != built.content_sha256 => Err(Failure {
            code: FailureCode::ContentChanged,
            message: "What would have left is not what was approved. Submit the draft again.".to_owned(),
        }),
        _ => Ok(built),
    });
    let raw = match built {
        Ok(Built { raw, .. }) => raw,
        Err(failure) => {
            fail(app, job.workspace_id, job.message_id, &failure).await?;
            return Ok(None);
        }
    };
    app.store.put_blob(&BlobKey::outbound(job.workspace_id, message.id), raw.clone(), "message/rfc822").await?;
    transaction.replace(&row, &message)?;
    app.store.commit(transaction).await?;
    let recipients = message.recipients().collect();
    let outbound =
        Outbound { message: row.replaced(message), thread, identity: None, draft: claimed_draft, suppressed };
    Ok(Some(Claimed { from: identity.email_address, recipients, raw, outbound }))
}

fn identity_unavailable() -> Failure {
    Failure {
        code: FailureCode::IdentityUnavailable,
        message: "The identity was suspended or deleted before this left.".to_owned(),
    }
}

/// What is recorded about a message that may not leave; none where it is the draft that has moved on, which then says so
/// itself.
fn failure_of(refusal: &Refusal, suppressed: &[Suppression]) -> Option<Failure> {
    match refusal {
        Refusal::IdentitySuspended => Some(identity_unavailable()),
        Refusal::RecipientSuppressed => {
            let addresses: Vec<_> = suppressed.iter().map(|suppression| suppression.email.as_str()).collect();
            Some(Failure {
                code: FailureCode::RecipientSuppressed,
                message: format!(
                    "Nothing is sent to {} any more: mail there bounced or was complained about.",
                    addresses.join(", ")
                ),
            })
        }
        // The others are asked when it is queued.
        Refusal::Draft(_)
        | Refusal::ColdSendBlocked
        | Refusal::NotOptedOut
        | Refusal::Stale
        | Refusal::AnswersMachine
        | Refusal::GoesElsewhere
        | Refusal::ThreadCap
        | Refusal::RecipientCap
        | Refusal::IdentityCap
        | Refusal::PlanLimit => None,
    }
}
