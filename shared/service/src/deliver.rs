//! The send worker: hands one queued message to SES, at most once.
//!
//! Claim, send, record. The claim is one transaction over message, draft and thread: the draft is still approved in the
//! version that was queued, and the thread's newest inbound is still the one it answers. Between the claim and the record
//! nobody else touches the message; if the worker dies there, the message stays claimed, and only an event of SES
//! ([`crate::settle`]) or the passing of time ([`crate::sweep`]) settles it. It is never sent a second time.

use std::time::Duration;

use actionlayer_domain::{
    AttemptId, EmailAddress, HeaderText, Identity, Message, MessageBody, MessageId, Timestamp, WorkspaceId,
    draft::{Failure, FailureCode},
    event::SendJob,
    identity::IdentityStatus,
    message::{Mailbox, SendOutcome},
    thread::Joined,
};
use actionlayer_mail::{
    AutoSubmitted, BuildError, MessageIdText, OutboundAttachment, OutboundMail, OutboundMailbox, QuotedHistory,
    Signature,
};
use actionlayer_store::{BlobKey, MailPointer, Outbound, Row, StoreError, Transaction, keys};

use crate::{
    App, ServiceError, attachments,
    contention::until_settled,
    mailer::{AttemptTags, Envelope},
    outbound, threads,
};

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
            match record_once(app, claimed.outbound, &[], attempt_id, &ses_message_id).await {
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

/// A message this worker may send.
struct Claimed {
    from: EmailAddress,
    recipients: Vec<EmailAddress>,
    raw: Vec<u8>,
    /// As the claim has left it.
    outbound: Outbound,
}

/// Claims the message if it may still leave. `None` when there is nothing to do.
async fn claim_once(app: &App, job: &SendJob, attempt_id: AttemptId) -> Result<Option<Claimed>, ServiceError> {
    let Some(outbound) = app.store.outbound(job.workspace_id, job.message_id).await? else { return Ok(None) };
    let Outbound { message: row, thread, identity, draft, suppressed } = outbound;
    let now = app.now();
    let mut message = row.value.clone();
    let Some(delivery) = &mut message.delivery else { return Ok(None) };
    // Claimed by another worker, or settled: a second delivery of the same job.
    if delivery.claim(attempt_id, now).is_err() {
        return Ok(None);
    }
    let identity = identity.map(|row| row.value).filter(|identity| identity.status == IdentityStatus::Active);
    let Some(identity) = identity else {
        let failure = Failure {
            code: FailureCode::IdentityUnavailable,
            message: "The identity was suspended or deleted before this left.".to_owned(),
        };
        fail(app, job.workspace_id, job.message_id, &failure).await?;
        return Ok(None);
    };
    let mut transaction = Transaction::new();
    let mut claimed_draft = None;
    if let Some(draft_row) = &draft {
        let mut draft = draft_row.value.clone();
        if draft.claim(message.id, &thread.value, now).is_err() {
            withdraw(
                app,
                &Outbound { message: row, thread, identity: None, draft: Some(draft_row.clone()), suppressed },
            )
            .await?;
            return Ok(None);
        }
        transaction.replace(draft_row, &draft)?.check(&thread);
        claimed_draft = Some(draft_row.replaced(draft));
    } else if message.draft_id.is_some() {
        // Its draft is gone: nobody can say that it was approved.
        withdraw(app, &Outbound { message: row, thread, identity: None, draft: None, suppressed }).await?;
        return Ok(None);
    } else {
        // Nothing about the thread matters here. But a write of one item has no token: were its answer lost, the SDK's
        // retry would find the claim taken, by itself, and the mail would never leave. A transaction has one.
        transaction.check(&thread);
    }

    if !suppressed.is_empty() {
        let addresses: Vec<_> = suppressed.iter().map(|suppression| suppression.email.as_str()).collect();
        let failure = Failure {
            code: FailureCode::RecipientSuppressed,
            message: format!(
                "Nothing is sent to {} any more: mail there bounced or was complained about.",
                addresses.join(", ")
            ),
        };
        fail(app, job.workspace_id, job.message_id, &failure).await?;
        return Ok(None);
    }

    // Built and stored before the claim: what fails here has claimed nothing.
    let body: MessageBody = app.store.body(&row).await?;
    let quoted = quoted(app, &message).await?;
    let built = attachments::load(app, &message).await?.and_then(|files| {
        build(&message, &body, quoted.as_ref(), files, &identity, now, seed(attempt_id)).map_err(|error| Failure {
            code: FailureCode::Rejected,
            message: format!("The mail cannot be built: {error}."),
        })
    });
    let raw = match built {
        Ok(raw) => raw,
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

fn addresses(mailboxes: &[Mailbox]) -> Vec<EmailAddress> {
    mailboxes.iter().filter_map(|mailbox| mailbox.email.parse().ok()).collect()
}

/// A boundary that differs from mail to mail and is the same when the run is replayed.
fn seed(attempt_id: AttemptId) -> u64 {
    attempt_id.as_bytes().iter().fold(0, |seed: u64, byte| seed.rotate_left(8) ^ u64::from(*byte))
}

/// The message to be quoted below, as a person would read it.
struct Quoted {
    author: String,
    written_at: Timestamp,
    text: String,
}

async fn quoted(app: &App, message: &Message) -> Result<Option<Quoted>, ServiceError> {
    let Some(id) = message.quoted_message_id else { return Ok(None) };
    let Some(row) = app.store.get::<Message>(&keys::message(message.workspace_id, id)).await? else { return Ok(None) };
    let body: MessageBody = app.store.body(&row).await?;
    let Message { from_email, from_name, received_at, created_at, .. } = row.value;
    let author = match from_name {
        Some(name) => format!("{name} <{from_email}>"),
        None => from_email,
    };
    let text = outbound::readable(body.text.as_deref(), body.html.as_deref());
    Ok(Some(Quoted { author, written_at: received_at.unwrap_or(created_at), text }))
}

fn build(
    message: &Message,
    body: &MessageBody,
    quoted: Option<&Quoted>,
    attachments: Vec<OutboundAttachment>,
    identity: &Identity,
    now: Timestamp,
    seed: u64,
) -> Result<Vec<u8>, BuildError> {
    let mailboxes = |list: &[Mailbox]| addresses(list).into_iter().map(OutboundMailbox::from).collect();
    let ids = |ids: &[String]| ids.iter().filter_map(|id| id.parse::<MessageIdText>().ok()).collect::<Vec<_>>();
    let unattended = message.delivery.as_ref().is_some_and(|delivery| delivery.unattended);
    let in_reply_to = ids(&message.in_reply_to).into_iter().next();
    let auto_submitted = match (unattended, &in_reply_to) {
        (true, Some(_)) => Some(AutoSubmitted::Replied),
        (true, None) => Some(AutoSubmitted::Generated),
        (false, _) => None,
    };
    let Some(message_id) = message.message_id_header.as_deref().and_then(|id| id.parse().ok()) else {
        return Err(BuildError::NoRecipient);
    };
    OutboundMail {
        from: OutboundMailbox { name: Some(identity.display_name.clone()), email: identity.email_address.clone() },
        to: mailboxes(&message.to),
        cc: mailboxes(&message.cc),
        reply_to: identity.reply_to_email.clone().map(OutboundMailbox::from),
        subject: HeaderText::sanitize(&message.subject),
        date: now,
        message_id,
        in_reply_to,
        references: ids(&message.references),
        text: body.text.as_deref(),
        html: body.html.as_deref(),
        signature: Signature { text: identity.signature_text.as_deref(), html: identity.signature_html.as_deref() },
        history: quoted.map(|Quoted { author, written_at, text }| QuotedHistory {
            author,
            written_at: *written_at,
            text,
            // Made from the text: nothing that a stranger's HTML brings along goes out again.
            html: None,
        }),
        attachments,
        auto_submitted,
        extra_headers: Vec::new(),
    }
    .build(seed)
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

impl Claimed {
    fn envelope(&self) -> Envelope<'_> {
        Envelope { from: &self.from, recipients: self.recipients.iter().collect(), raw: self.raw.clone() }
    }
}

/// Takes back a message whose draft may not leave any more: the message goes, the draft says why.
async fn withdraw(app: &App, outbound: &Outbound) -> Result<(), ServiceError> {
    let now = app.now();
    let mut transaction = Transaction::new();
    transaction.delete(&outbound.message);
    outbound::uncount(&mut transaction, &outbound.message.value);
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

async fn release(app: &App, job: &SendJob, attempt_id: AttemptId) -> Result<(), ServiceError> {
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
            outbound::uncount(&mut transaction, &message);
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
        let ids = names(app, message, ses_message_id);
        let (known, _) = app.store.known_of_mail(workspace, message.identity_id, &ids, None).await?;
        record_once(app, outbound, &known, attempt_id, ses_message_id).await
    })
    .await
}

/// `known` is what the message's names lead to so far.
async fn record_once(
    app: &App,
    outbound: Outbound,
    known: &[Row<MailPointer>],
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
        Some(_) => threads::root(app, message.workspace_id, outbound.thread.value.id).await?.unwrap_or(outbound.thread),
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
    thread.take_part(message.to.iter().chain(&message.cc).map(|mailbox| mailbox.email.as_str()));
    transaction.replace(&outbound.message, &message)?.replace(&thread_row, &thread)?;
    remember_names(&message, names(app, &message, ses_message_id), known, &mut transaction)?;
    app.store.commit(transaction).await?;
    // Said only now: an older draft beside a newer message is just a read that was overtaken.
    if draft_moved_on {
        tracing::error!(%message_id, "a mail left whose draft had moved on");
    }
    Ok(())
}

/// Both names of a sent mail: ours, and the one SES put in its place, which is the one that answers cite.
fn names(app: &App, message: &Message, ses_message_id: &str) -> Vec<String> {
    let mut names: Vec<String> = message.message_id_header.iter().cloned().collect();
    names.push(outbound::ses_message_id_header(app, ses_message_id));
    names
}

/// Points the names of a sent mail at its thread. An answer may have come first and left a citation; it is taken over.
fn remember_names(
    message: &Message,
    names: Vec<String>,
    known: &[Row<MailPointer>],
    transaction: &mut Transaction,
) -> Result<(), StoreError> {
    for id in names {
        let pointer = MailPointer {
            message_id_header: id,
            workspace_id: message.workspace_id,
            identity_id: message.identity_id,
            thread_id: message.thread_id,
            message_id: Some(message.id),
            content_sha256: None,
        };
        match known.iter().find(|row| row.value.message_id_header == pointer.message_id_header) {
            Some(row) => transaction.replace(row, &pointer)?,
            None => transaction.create(&pointer)?,
        };
    }
    Ok(())
}
