//! What is recorded about an attempt after it.

use actionlayer_clients::ses;
use actionlayer_domain::{
    AttemptId, DraftStatus, Message, MessageId, Thread, WorkspaceId, draft::Failure, thread::Joined, work::SendJob,
};
use actionlayer_store::{MailPointer, Outbound, Row, StoreError, Transaction};

use crate::{App, ServiceError, billing::plan::uncount, contention::until_settled, threads::resolve};

/// What the record of a sent mail still gets after the drafts it overtakes: message, thread, name, totals.
const OPERATIONS_TO_COME: usize = 6;

/// Takes back a message whose draft may not leave any more: the message goes, the draft says why.
pub(super) async fn withdraw(app: &App, outbound: &Outbound) -> Result<(), ServiceError> {
    let now = app.now();
    let mut transaction = Transaction::new();
    transaction.delete(&outbound.message);
    uncount(&mut transaction, &outbound.message.value);
    if let Some(row) = &outbound.draft {
        let mut draft = row.value.clone();
        if draft.outbound_message_id == Some(outbound.message.value.id) && draft.go_stale(now) {
            let mut thread = outbound.thread.value.clone();
            thread.draft_closed(draft.id, now);
            transaction.replace(row, &draft)?.replace(&outbound.thread, &thread)?;
        }
    }
    app.store.commit(transaction).await?;
    Ok(())
}

/// SES said "not now": the message waits again.
pub(super) async fn release(app: &App, job: &SendJob, attempt_id: AttemptId) -> Result<(), ServiceError> {
    until_settled(app, || async {
        let Some(outbound) = app.store.outbound(job.workspace_id, job.message_id).await? else { return Ok(()) };
        let mut message = outbound.message.value.clone();
        let Some(delivery) = &mut message.delivery else { return Ok(()) };
        if delivery.release(attempt_id).is_err() {
            return Ok(());
        }
        let mut transaction = Transaction::new();
        transaction.replace(&outbound.message, &message)?;
        if let Some(row) = &outbound.draft {
            let mut draft = row.value.clone();
            if draft.release(message.id, app.now()).is_ok() {
                transaction.replace(row, &draft)?;
            }
        }
        Ok(app.store.commit(transaction).await?)
    })
    .await
}

/// Records that a message will not leave, or that nobody will ever know.
pub(crate) async fn fail(
    app: &App,
    workspace: WorkspaceId,
    message_id: MessageId,
    failure: &Failure,
) -> Result<(), ServiceError> {
    until_settled(app, || async {
        let Some(outbound) = app.store.outbound(workspace, message_id).await? else { return Ok(()) };
        let now = app.now();
        let mut message = outbound.message.value.clone();
        let Some(delivery) = &mut message.delivery else { return Ok(()) };
        if delivery.failed(failure.clone()).is_err() {
            return Ok(());
        }
        let mut transaction = Transaction::new();
        transaction.replace(&outbound.message, &message)?;
        // What may have left stays counted.
        if !failure.is_outcome_unknown() {
            uncount(&mut transaction, &message);
        }
        if let Some(row) = &outbound.draft {
            let mut draft = row.value.clone();
            if draft.failed(message_id, failure.clone(), now).is_ok() {
                let mut thread = outbound.thread.value.clone();
                thread.draft_closed(draft.id, now);
                transaction.replace(row, &draft)?.replace(&outbound.thread, &thread)?;
            }
        }
        Ok(app.store.commit(transaction).await?)
    })
    .await
}

/// Records that SES took a message: by its own answer, or by an event where the answer was lost. Doing it again changes
/// nothing.
pub(crate) async fn record_sent(
    app: &App,
    workspace: WorkspaceId,
    message_id: MessageId,
    attempt_id: AttemptId,
    ses_message_id: &str,
) -> Result<(), ServiceError> {
    until_settled(app, || async {
        let Some(outbound) = app.store.outbound(workspace, message_id).await? else { return Ok(()) };
        let message = &outbound.message.value;
        let name = ses::message_id_header(&app.settings.region, ses_message_id);
        let (known, _) = app.store.known_of_mail(workspace, message.identity_id, &[name], None).await?;
        record_once(app, outbound, known.first(), attempt_id, ses_message_id).await
    })
    .await
}

/// `cited` is what the name that SES gave the mail leads to so far.
pub(super) async fn record_once(
    app: &App,
    outbound: Outbound,
    cited: Option<&Row<MailPointer>>,
    attempt_id: AttemptId,
    ses_message_id: &str,
) -> Result<(), ServiceError> {
    let now = app.now();
    let mut message = outbound.message.value.clone();
    let message_id = message.id;
    let Some(delivery) = &mut message.delivery else { return Ok(()) };
    if delivery.accepted(attempt_id, ses_message_id).is_err() {
        return Ok(());
    }
    message.sent_at = Some(now);
    // While it was on its way, its thread may have turned out to be part of another.
    let thread_row = match outbound.thread.value.merged_into {
        Some(_) => resolve::root(app, message.workspace_id, outbound.thread.value.id).await?.unwrap_or(outbound.thread),
        None => outbound.thread,
    };
    let mut thread = thread_row.value.clone();
    let mut draft_moved_on = false;
    let mut transaction = Transaction::new();
    if let Some(row) = &outbound.draft {
        let mut draft = row.value.clone();
        // The mail is out, whatever became of the draft; the message says so.
        draft_moved_on = draft.sent(message_id, now).is_err();
        if !draft_moved_on {
            transaction.replace(row, &draft)?;
        }
    }
    let joined = Joined { message_id, at: now, snippet: &message.snippet };
    thread.sent(joined, message.draft_id, message.based_on_message_id, now);
    thread.wrote_to(message.to.iter().chain(&message.cc).map(|mailbox| mailbox.email.as_str()));
    overtake(app, &message, &thread, &mut transaction).await?;
    transaction.replace(&outbound.message, &message)?.replace(&thread_row, &thread)?;
    let name = ses::message_id_header(&app.settings.region, ses_message_id);
    remember_name(&message, name, cited, &mut transaction)?;
    app.store.commit(transaction).await?;
    // Said only now: an older draft beside a newer message is just a read that was overtaken.
    if draft_moved_on {
        tracing::error!(%message_id, "a mail left whose draft had moved on");
    }
    Ok(())
}

/// Writes the drafts that became second answers by this one, as they are. Whoever queues or claims one of them at the same
/// time looked at the thread before, and their write finds that the draft is another than they read; so they need not
/// check the thread, which would cost every mail for what hardly ever happens.
async fn overtake(
    app: &App,
    message: &Message,
    thread: &Thread,
    transaction: &mut Transaction,
) -> Result<(), ServiceError> {
    if thread.open_draft_ids.is_empty() {
        return Ok(());
    }
    for row in app.store.drafts_by_id(message.workspace_id, &thread.open_draft_ids).await? {
        let could_leave = matches!(row.value.status, DraftStatus::Pending | DraftStatus::Approved);
        // The others of a thread with a hundred open drafts are looked at when they are claimed, as ever.
        if could_leave && row.value.is_second_answer(thread) && transaction.room() > OPERATIONS_TO_COME {
            transaction.replace(&row, &row.value)?;
        }
    }
    Ok(())
}

/// Points the name that SES gave a sent mail, which is the one that answers cite, at its thread. An answer may have come first
/// and left a citation; it is taken over. Our own name leads there by itself: the message's id is in it.
fn remember_name(
    message: &Message,
    name: String,
    cited: Option<&Row<MailPointer>>,
    transaction: &mut Transaction,
) -> Result<(), StoreError> {
    let pointer = MailPointer {
        message_id_header: name,
        workspace_id: message.workspace_id,
        identity_id: message.identity_id,
        thread_id: message.thread_id,
        message_id: Some(message.id),
        content_sha256: None,
    };
    match cited {
        Some(row) => transaction.replace(row, &pointer)?,
        None => transaction.create(&pointer)?,
    };
    Ok(())
}
