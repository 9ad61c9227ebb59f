//! The schedule: what only the passing of time brings about. Every part can run twice, late, or half.

use std::{collections::HashSet, time::Duration};

use actionlayer_domain::{
    Draft, Message, Thread, Timestamp, WorkspaceId,
    contact::HeldInbound,
    draft::{Failure, FailureCode},
    held_digest::HeldDigest,
    message::{Authentication, DeliveryStatus},
    webhook::Endpoint,
    work::{HeldDigestJob, NotifyWork, SendJob, WebhookJob, Work},
};
use actionlayer_store::{BlobKey, Transaction, Used, keys};

use crate::{
    App, ServiceError,
    billing::plan::{Allowance, read_entitlement},
    contention::until_settled,
    domains::verify_domain::check_domain,
    inbound::receive_mail::{ReceivedMail, receive_held, receive_mail},
    outbound::deliver::fail,
    workspace::delete_workspace::delete_due,
};

/// How long SES has to say what became of a mail whose answer was lost. Its send events come within seconds.
const OUTCOME_DEADLINE: Duration = Duration::from_mins(15);
/// How long a message may wait in the queue before it is queued again: longer than the queue's own retries take.
const REQUEUE_AFTER: Duration = Duration::from_mins(30);
/// How long a message may wait in all.
const QUEUE_DEADLINE: Duration = Duration::from_hours(24);
/// How often a pending domain is looked at.
const DOMAIN_INTERVAL: Duration = Duration::from_mins(5);
/// How often one that was proven is: a record that goes is news within the hour.
const PROVEN_DOMAIN_INTERVAL: Duration = Duration::from_hours(1);
/// How old a raw mail must be before its event counts as lost: longer than Lambda's own retries take.
const INGEST_DEADLINE: Duration = Duration::from_mins(15);
/// How old a raw mail may be for its event to be looked for; past it an operator has seen the alarm.
const INGEST_HORIZON: Duration = Duration::from_hours(48);

/// How much mail one sweep lets in that waited for room in the plan; the rest comes in a minute later.
const MAX_RELEASED: usize = 100;
/// How far it looks past workspaces that have none, in hundreds.
const MAX_RELEASE_PAGES: usize = 10;

/// What one sweep did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Swept {
    pub expired_drafts: usize,
    /// Messages given up as `outcome_unknown` or after a day in the queue.
    pub failed_sends: usize,
    /// Messages queued again.
    pub requeued_sends: usize,
    /// Domains looked at.
    pub checked_domains: usize,
    /// Mails found in the bucket that nobody had received.
    pub recovered_mails: usize,
    /// Mails that waited for room in the plan and came in.
    pub released_mails: usize,
    /// Endpoints at which a delivery was due.
    pub woken_endpoints: usize,
    /// Workspaces of which nothing is left.
    pub deleted_workspaces: usize,
    /// Hours that are over in which new senders were gathered.
    pub due_digests: usize,
}

/// Does everything that is due. A part that fails does not keep the others; the first failure is returned at the end.
pub async fn sweep(app: &App) -> Result<Swept, ServiceError> {
    let mut swept = Swept::default();
    let parts = [
        expire_drafts(app, &mut swept.expired_drafts).await,
        settle_sends(app, &mut swept).await,
        check_domains(app, &mut swept.checked_domains).await,
        recover_mail(app, &mut swept.recovered_mails).await,
        release_mail(app, &mut swept.released_mails).await,
        wake_endpoints(app, &mut swept.woken_endpoints).await,
        delete_due(app, &mut swept.deleted_workspaces).await,
        tell_digests(app, &mut swept.due_digests).await,
    ];
    parts.into_iter().collect::<Result<(), _>>()?;
    Ok(swept)
}

fn before(now: Timestamp, age: Duration) -> Timestamp {
    Timestamp::from_unix_ms(now.unix_ms().saturating_sub(i64::try_from(age.as_millis()).unwrap_or(i64::MAX)))
}

async fn expire_drafts(app: &App, count: &mut usize) -> Result<(), ServiceError> {
    for due in app.store.due_drafts(app.now()).await? {
        let expired = until_settled(app, || expire_once(app, &due)).await?;
        *count += usize::from(expired);
        if !expired {
            until_settled(app, || remind_once(app, &due)).await?;
        }
    }
    Ok(())
}

/// Marks a draft as reminded of; the stream tells its approvers.
async fn remind_once(app: &App, due: &Draft) -> Result<(), ServiceError> {
    let Some(row) = app.store.get::<Draft>(&keys::draft(due.workspace_id, due.id)).await? else { return Ok(()) };
    let mut draft = row.value.clone();
    if !draft.remind(app.now()) {
        return Ok(());
    }
    let mut transaction = Transaction::new();
    transaction.replace(&row, &draft)?;
    Ok(app.store.commit(transaction).await?)
}

async fn expire_once(app: &App, due: &Draft) -> Result<bool, ServiceError> {
    let Some((row, thread_row)) = app.store.draft_and_thread(due.workspace_id, due.id).await? else {
        return Ok(false);
    };
    let now = app.now();
    let mut draft = row.value.clone();
    if !draft.expire(now) {
        return Ok(false);
    }
    let mut thread: Thread = thread_row.value.clone();
    thread.draft_closed(draft.id, now);
    let mut transaction = Transaction::new();
    transaction.replace(&row, &draft)?.replace(&thread_row, &thread)?;
    app.store.commit(transaction).await?;
    Ok(true)
}

async fn settle_sends(app: &App, swept: &mut Swept) -> Result<(), ServiceError> {
    let now = app.now();
    for message in app.store.unsettled_sends(before(now, OUTCOME_DEADLINE)).await? {
        let Some(delivery) = &message.delivery else { continue };
        let since = delivery.claimed_at.unwrap_or(message.created_at);
        match delivery.status {
            DeliveryStatus::Sending => {
                fail(app, message.workspace_id, message.id, &Failure::outcome_unknown()).await?;
                swept.failed_sends += 1;
            }
            DeliveryStatus::Queued if now.since(since) >= QUEUE_DEADLINE => {
                let failure = Failure {
                    code: FailureCode::Throttled,
                    message: "SES did not take this mail for 24 hours. It did not leave; send it again.".to_owned(),
                };
                fail(app, message.workspace_id, message.id, &failure).await?;
                swept.failed_sends += 1;
            }
            DeliveryStatus::Queued if now.since(since) >= REQUEUE_AFTER => {
                requeue(app, &message).await?;
                swept.requeued_sends += 1;
            }
            DeliveryStatus::Queued
            | DeliveryStatus::Sent
            | DeliveryStatus::Delivered
            | DeliveryStatus::Bounced
            | DeliveryStatus::Complained
            | DeliveryStatus::Failed => {}
        }
    }
    Ok(())
}

/// Its job may be in the dead-letter queue; a claim makes sure that two jobs are as good as one.
async fn requeue(app: &App, message: &Message) -> Result<(), ServiceError> {
    let job = SendJob { workspace_id: message.workspace_id, message_id: message.id };
    Ok(app.queues.put(&[Work::Send(job)]).await?)
}

async fn check_domains(app: &App, count: &mut usize) -> Result<(), ServiceError> {
    let now = app.now();
    for domain in app.store.domains_to_check(before(now, DOMAIN_INTERVAL), before(now, PROVEN_DOMAIN_INTERVAL)).await? {
        match check_domain(app, domain.workspace_id, domain.id).await {
            Ok(_) => *count += 1,
            // Deleted since; the index lags behind.
            Err(ServiceError::NotFound { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Compares the bucket with the receipts, a page of the bucket at a time, and receives what nobody did. The event with
/// the envelope and SES's verdicts is lost, so the recipients are read from the headers that SES put on top, and nothing
/// is taken as authenticated.
async fn recover_mail(app: &App, count: &mut usize) -> Result<(), ServiceError> {
    let now = app.now();
    let mut position = app.store.get::<actionlayer_store::SweepPosition>(&keys::sweep_position()).await?;
    let continuation = position.as_ref().and_then(|row| row.value.continuation.clone());
    let (mails, next) = app.store.list_inbound(continuation).await?;
    for (ses_message_id, stored_at) in mails {
        let age = now.since(stored_at);
        if age < INGEST_DEADLINE || age > INGEST_HORIZON || app.store.has_receipt(&ses_message_id).await? {
            continue;
        }
        let Some(key) = BlobKey::inbound(&ses_message_id) else { continue };
        let Some(raw) = app.store.get_blob(&key).await? else { continue };
        let recipients = recovered_recipients(&raw);
        tracing::warn!(recipients = recipients.len(), "a mail in the bucket had no receipt: receiving it now");
        let received = ReceivedMail {
            ses_message_id,
            envelope_from: None,
            recipients,
            authentication: Authentication::default(),
            received_at: stored_at,
        };
        receive_mail(app, &received).await?;
        *count += 1;
    }
    let next = actionlayer_store::SweepPosition { continuation: next };
    let mut transaction = Transaction::new();
    match position.take() {
        Some(row) if row.value == next => return Ok(()),
        Some(row) => _ = transaction.replace(&row, &next)?,
        None => _ = transaction.create(&next)?,
    }
    // Two sweeps at once: either position will do.
    match app.store.commit(transaction).await {
        Ok(()) | Err(actionlayer_store::CommitError::Conflict { .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Brings back endpoints at which something falls due later than a queue can keep a job. One that is woken twice does no
/// more: whoever comes second finds that another has it, or that nothing is due.
async fn wake_endpoints(app: &App, count: &mut usize) -> Result<(), ServiceError> {
    let due = app.store.due_endpoints(app.now()).await?;
    let wake = |endpoint: &Endpoint| Work::Webhook(WebhookJob::wake(endpoint.workspace_id, endpoint.webhook_id));
    app.queues.put(&due.iter().map(wake).collect::<Vec<_>>()).await?;
    *count += due.len();
    Ok(())
}

/// Lets mail in that waited for room in the plan, the oldest first: a new month has begun, or there is a larger plan.
async fn release_mail(app: &App, count: &mut usize) -> Result<(), ServiceError> {
    let mut full: HashSet<WorkspaceId> = HashSet::new();
    let mut last = None;
    let mut outcome = Ok(());
    for _ in 0..MAX_RELEASE_PAGES {
        let waiting = app.store.held_by_plan(last.as_ref()).await?;
        for held in &waiting {
            if full.contains(&held.workspace_id) {
                continue;
            }
            // Asked before anything is read and parsed: where a plan is used up, this happens every minute.
            let entitlement = read_entitlement(app, held.workspace_id).await?;
            if Allowance::of(app, held.workspace_id, entitlement, Used::Inbound, app.now()).await?.is_used_up() {
                full.insert(held.workspace_id);
                continue;
            }
            let Some(row) = app.store.get::<HeldInbound>(&keys::held(held.workspace_id, held.id)).await? else {
                continue;
            };
            match receive_held(app, &row).await {
                Ok(received) => *count += usize::from(received),
                // It keeps nobody else's.
                Err(error) => outcome = Err(error),
            }
        }
        if *count >= MAX_RELEASED {
            break;
        }
        match waiting.last() {
            Some(held) => last = Some(held.clone()),
            None => break,
        }
    }
    outcome
}

async fn tell_digests(app: &App, count: &mut usize) -> Result<(), ServiceError> {
    let due = app.store.due_digests(app.now()).await?;
    let job = |digest: HeldDigest| {
        let (workspace_id, gathering_identity_id) = (digest.workspace_id, digest.identity_id);
        Work::Notify(NotifyWork::HeldDigest(HeldDigestJob { workspace_id, gathering_identity_id }))
    };
    let jobs: Vec<Work> = due.into_iter().map(job).collect();
    *count = jobs.len();
    Ok(app.queues.put(&jobs).await?)
}

/// Everyone the mail names: in the `for` clause of its topmost `Received`, which SES wrote, and in `To` and `Cc`. Those
/// that are no identity of ours are dropped later.
fn recovered_recipients(raw: &[u8]) -> Vec<String> {
    let parsed = actionlayer_mail::parse(raw);
    let mut recipients: Vec<String> = actionlayer_mail::received_for(raw).into_iter().collect();
    recipients.extend(parsed.to.into_iter().chain(parsed.cc).map(|mailbox| mailbox.email));
    recipients.sort_unstable();
    recipients.dedup();
    // The most that `claims_and_receipts` is asked for at once elsewhere.
    recipients.truncate(50);
    recipients
}
