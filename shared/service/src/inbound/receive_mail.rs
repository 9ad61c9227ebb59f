//! Mail arrives: SES has put it into the bucket and says for whom it is.
//!
//! Each envelope recipient that is an identity gets the mail once. What is written for it is one transaction: the receipt
//! (so that a second delivery finds it), the message, its thread, the drafts that go stale with it, and the Message-IDs
//! that lead to the thread.

use actionlayer_mail::ParsedMail;
use actionlayer_store::{AddressClaim, BlobKey, Receipt, ReceiptOutcome, Row, StoreError, Transaction, Used, keys};
use sha2::{Digest, Sha256};

use crate::{App, ServiceError, billing::plan::Allowance, contention::until_settled};

mod admission;
mod answer;
mod citations;
mod joining;
mod redacted;

use actionlayer_domain::{
    ContactId, EmailAddress, Timestamp,
    admission::Admission,
    contact::{Contact, ContactStatus, HeldInbound, HeldReason, SenderNotice},
    message::Authentication,
};
use admission::Arriving;
use answer::{Answered, receive_answer};

/// A mail as SES says it received it. Only this is believed about who sent it.
#[derive(Debug, Clone)]
pub struct ReceivedMail {
    /// SES's id of it, also the name of the raw mail in the bucket.
    pub ses_message_id: String,
    /// The envelope sender: empty for a null return path, `None` when it is not known.
    pub envelope_from: Option<String>,
    /// The envelope recipients.
    pub recipients: Vec<String>,
    /// SES's verdicts.
    pub authentication: Authentication,
    /// When SES received it.
    pub received_at: Timestamp,
}

/// A mail as it was received, read and parsed.
struct Arrival<'a> {
    received: &'a ReceivedMail,
    raw: &'a [u8],
    parsed: ParsedMail,
    /// SHA-256 over what its author wrote; the same for every delivery of it.
    content_sha256: String,
}

impl<'a> Arrival<'a> {
    fn new(received: &'a ReceivedMail, raw: &'a [u8]) -> Self {
        let parsed = actionlayer_mail::parse(raw);
        let content_sha256 = content_sha256(&parsed);
        Self { received, raw, parsed, content_sha256 }
    }
}

/// Receives a mail for all its recipients. Doing it again changes nothing. `Err` when it should come again: what was
/// done for some recipients by then is done.
pub async fn receive_mail(app: &App, received: &ReceivedMail) -> Result<(), ServiceError> {
    let recipients: Vec<EmailAddress> = received.recipients.iter().filter_map(|r| r.parse().ok()).collect();
    // A mailbox may be named with a detail of the sender's or the agent's choice: `mia+order-4711@`.
    let plain: Vec<EmailAddress> = recipients.iter().filter_map(EmailAddress::without_detail).collect();
    let asked: Vec<EmailAddress> = recipients.iter().chain(&plain).cloned().collect();
    let (claims, receipts) = app.store.claims_and_receipts(&received.ses_message_id, &asked).await?;
    let open: Vec<&EmailAddress> = recipients
        .iter()
        .filter(|recipient| receipts.iter().all(|receipt| receipt.recipient != recipient.folded()))
        .collect();
    if open.is_empty() {
        return Ok(());
    }
    let (mut ours, mut answers, mut nobody) = (Vec::new(), Vec::new(), Vec::new());
    for recipient in open {
        if let Some(answered) = Answered::at(recipient) {
            answers.push(answered);
            continue;
        }
        let claim_of = |address: &EmailAddress| claims.iter().find(|claim| claim.address.folded() == address.folded());
        // An identity of that very name comes first.
        match claim_of(recipient).or_else(|| recipient.without_detail().as_ref().and_then(claim_of)) {
            // What approvers answer is for no agent, not even for an identity that had the name before it was reserved.
            Some(claim) if !claim.address.is_reserved() => ours.push((recipient, claim)),
            Some(_) | None => nobody.push(recipient),
        }
    }
    // Mail for nobody here is not even read, and not kept for long. That is said first: whoever comes again finds receipts.
    if ours.is_empty() && answers.is_empty() && receipts.iter().all(|receipt| !is_kept(&receipt.outcome)) {
        let_expire(app, received).await?;
    }
    for recipient in nobody {
        leave_receipt(app, received, recipient, ReceiptOutcome::NoIdentity).await?;
    }
    if ours.is_empty() && answers.is_empty() {
        return Ok(());
    }
    let raw = read_raw(app, received).await?;
    let arrival = Arrival::new(received, &raw);
    let mut is_wanted = receipts.iter().any(|receipt| is_kept(&receipt.outcome));
    for answered in answers {
        receive_answer(app, &arrival, &answered).await?;
    }
    for (recipient, claim) in ours {
        let done = until_settled(app, || receive_once(app, &arrival, recipient, claim, None)).await?;
        is_wanted |= done.is_kept;
    }
    if !is_wanted && let Err(error) = let_expire(app, received).await {
        // It is kept like any other then.
        tracing::warn!(%error, "mail that nobody is to read is kept for good");
    }
    Ok(())
}

/// Whether somebody may still ask for the raw mail.
const fn is_kept(outcome: &ReceiptOutcome) -> bool {
    match outcome {
        ReceiptOutcome::Received { .. } | ReceiptOutcome::Held { .. } | ReceiptOutcome::Duplicate { .. } => true,
        // Of an approver's answer the words are kept, and the link in what it quotes is not.
        ReceiptOutcome::Blocked | ReceiptOutcome::NoIdentity | ReceiptOutcome::Comment { .. } => false,
    }
}

/// The raw mail is not kept for good: nobody here is to read it.
async fn let_expire(app: &App, received: &ReceivedMail) -> Result<(), ServiceError> {
    let Some(key) = BlobKey::inbound(&received.ses_message_id) else { return Ok(()) };
    Ok(app.store.let_expire(&key).await?)
}

/// What became of a mail for one recipient.
#[derive(Debug, Clone, Copy)]
struct Done {
    is_held: bool,
    is_kept: bool,
}

/// Receives held mail whose sender was approved, or for which there is room now. Says whether it is held no longer.
pub(crate) async fn receive_held(app: &App, held: &Row<HeldInbound>) -> Result<bool, ServiceError> {
    let value = &held.value;
    let received = ReceivedMail {
        ses_message_id: value.ses_message_id.clone(),
        envelope_from: value.envelope_from.clone(),
        recipients: vec![value.recipient.to_string()],
        authentication: value.authentication,
        received_at: value.received_at,
    };
    let raw = read_raw(app, &received).await?;
    let arrival = Arrival::new(&received, &raw);
    let claim = AddressClaim {
        address: value.recipient.clone(),
        workspace_id: value.workspace_id,
        identity_id: value.identity_id,
    };
    let done = until_settled(app, || receive_once(app, &arrival, &value.recipient, &claim, Some(held))).await?;
    Ok(!done.is_held)
}

async fn read_raw(app: &App, received: &ReceivedMail) -> Result<Vec<u8>, ServiceError> {
    let missing = || StoreError::Unavailable { service: "s3", code: "raw_mail_missing".to_owned() };
    let key = BlobKey::inbound(&received.ses_message_id).ok_or_else(missing)?;
    // The bucket had it before SES said so; if it is not there, something is amiss that may mend.
    Ok(app.store.get_blob(&key).await?.ok_or_else(missing)?)
}

/// What tells one mail from another when its Message-ID does not. The trace headers differ from delivery to delivery, so
/// only what the author wrote counts.
fn content_sha256(mail: &ParsedMail) -> String {
    let mut hash = Sha256::new();
    let mut field = |text: &str| {
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text.as_bytes());
    };
    field(mail.from.as_ref().map_or("", |from| from.email.as_str()));
    field(mail.message_id.as_deref().unwrap_or_default());
    field(&mail.date_unix_seconds.unwrap_or_default().to_string());
    field(&mail.subject);
    field(&mail.text);
    field(mail.html.as_deref().unwrap_or_default());
    for attachment in &mail.attachments {
        field(&attachment.filename);
        field(&attachment.size_bytes.to_string());
    }
    hex::encode(hash.finalize())
}

/// The Message-ID a mail is known by. One that has none is known by how SES names it: two that say the same may be two
/// alarms, and a lost one costs more than a copy too many. Where it says when it was written, the same words of the same
/// second are one mail.
fn own_id(arrival: &Arrival<'_>) -> String {
    match (&arrival.parsed.message_id, arrival.parsed.date_unix_seconds) {
        (Some(id), _) => id.clone(),
        (None, Some(_)) => format!("{}@content.invalid", arrival.content_sha256),
        (None, None) => format!("{}@received.invalid", arrival.received.ses_message_id),
    }
}

async fn leave_receipt(
    app: &App,
    received: &ReceivedMail,
    recipient: &EmailAddress,
    outcome: ReceiptOutcome,
) -> Result<(), ServiceError> {
    let mut transaction = Transaction::new();
    transaction.create(&receipt(app, received, recipient, outcome))?;
    match app.store.commit(transaction).await {
        // Somebody else left one: so be it.
        Ok(()) | Err(actionlayer_store::CommitError::Conflict { .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

fn receipt(app: &App, received: &ReceivedMail, recipient: &EmailAddress, outcome: ReceiptOutcome) -> Receipt {
    Receipt { ses_message_id: received.ses_message_id.clone(), recipient: recipient.folded(), outcome, at: app.now() }
}

/// Reads what is known, decides, writes. `held` when it comes from among the held.
async fn receive_once(
    app: &App,
    arrival: &Arrival<'_>,
    recipient: &EmailAddress,
    claim: &AddressClaim,
    held: Option<&Row<HeldInbound>>,
) -> Result<Done, ServiceError> {
    let receipt_key = keys::receipt(&arrival.received.ses_message_id, recipient.as_str());
    // Read together: that a mail is done since the first look is too rare to wait for it.
    let (earlier, context) =
        tokio::join!(app.store.get::<Receipt>(&receipt_key), admission::read_arriving(app, arrival, claim));
    let earlier = earlier?;
    let waits = |row: &Row<Receipt>| matches!(row.value.outcome, ReceiptOutcome::Held { .. });
    match (&earlier, held) {
        (None, None) => {}
        (Some(row), Some(_)) if waits(row) => {}
        // Done by another delivery in the meantime.
        (Some(row), _) => return Ok(Done { is_held: false, is_kept: is_kept(&row.value.outcome) }),
        // Its receipt has been tidied away, but it is still held.
        (None, Some(_)) => {}
    }
    let context = context?;
    let allowance = Allowance::of(app, claim.workspace_id, context.entitlement, Used::Inbound, app.now()).await?;
    let admission = admission::admit(app, arrival, &context, held.is_some(), allowance.is_used_up()).await?;
    let mut transaction = Transaction::new();
    if let Some(held) = held {
        if admission == Admission::Hold(HeldReason::PlanLimit) {
            wait_for_room(app, held).await?;
            return Ok(Done { is_held: true, is_kept: true });
        }
        transaction.delete(held);
    }
    let outcome = match admission {
        Admission::Duplicate(message_id) => ReceiptOutcome::Duplicate { message_id },
        Admission::Blocked => {
            let dropped = Allowance::of(app, claim.workspace_id, context.entitlement, Used::Dropped, app.now()).await?;
            dropped.count(claim.workspace_id, &arrival.received.ses_message_id, &mut transaction);
            ReceiptOutcome::Blocked
        }
        Admission::NoIdentity => ReceiptOutcome::NoIdentity,
        Admission::Hold(reason) => {
            let held = admission::held(app, arrival, claim, &context, reason);
            match reason {
                HeldReason::UnknownSender => hold(app, &held, &context, claim, &mut transaction).await?,
                // It comes in by itself when there is room, see `sweep`.
                HeldReason::PlanLimit => _ = transaction.create(&held)?,
            }
            ReceiptOutcome::Held { held_id: held.id }
        }
        // `admit` looked.
        Admission::LookUpAnswered => return Err(ServiceError::Contended),
        Admission::Admit => {
            let message_id = joining::join(app, arrival, claim, &context, &allowance, &mut transaction).await?;
            ReceiptOutcome::Received { message_id }
        }
    };
    let done = Done { is_held: matches!(outcome, ReceiptOutcome::Held { .. }), is_kept: is_kept(&outcome) };
    let receipt = receipt(app, arrival.received, recipient, outcome);
    match &earlier {
        Some(row) => transaction.replace(row, &receipt)?,
        None => transaction.create(&receipt)?,
    };
    app.store.commit(transaction).await?;
    Ok(done)
}

/// Mail whose sender is trusted by now, and for which there is no room: from here on it waits for that alone.
async fn wait_for_room(app: &App, held: &Row<HeldInbound>) -> Result<(), ServiceError> {
    if held.value.reason != HeldReason::PlanLimit {
        let mut transaction = Transaction::new();
        transaction.replace(held, &HeldInbound { reason: HeldReason::PlanLimit, ..held.value.clone() })?;
        app.store.commit(transaction).await?;
    }
    Ok(())
}

/// Puts a mail among the held. Its sender must still be as they were when that was decided: whoever trusts or blocks them
/// at the same time either finds this mail or makes it be decided again.
async fn hold(
    app: &App,
    held: &HeldInbound,
    context: &Arriving,
    claim: &AddressClaim,
    transaction: &mut Transaction,
) -> Result<(), ServiceError> {
    transaction.create(held)?;
    match (&context.author, &context.contact) {
        (_, Some(row)) => _ = transaction.check(row),
        (Some(author), None) => {
            seen_contact(app, context, author, held.from_name.as_deref(), claim, transaction)?;
        }
        (None, None) => {}
    }
    if context.tells_of_senders() {
        let key = keys::sender_notice(held.workspace_id, held.id.family(), held.identity_id);
        if app.store.get::<SenderNotice>(&key).await?.is_none() {
            transaction.create(&SenderNotice {
                workspace_id: held.workspace_id,
                identity_id: held.identity_id,
                from_email: held.from_email.clone(),
                held_id: held.id,
                notifications: Vec::new(),
                decision: None,
                created_at: app.now(),
            })?;
        }
    }
    Ok(())
}

/// The contact of an author: made when their first mail comes or is held, then written when something about it is news.
fn seen_contact(
    app: &App,
    context: &Arriving,
    email: &EmailAddress,
    name: Option<&str>,
    claim: &AddressClaim,
    transaction: &mut Transaction,
) -> Result<Contact, StoreError> {
    let now = app.now();
    if let Some(row) = &context.contact {
        let mut contact = row.value.clone();
        if contact.seen(name, context.lookalike, now) {
            transaction.replace(row, &contact)?;
        }
        return Ok(contact);
    }
    let id = ContactId::generate(now, app.entropy());
    let name = name.map(str::to_owned);
    let contact = Contact::new(id, claim.workspace_id, email.clone(), name, ContactStatus::Pending, now);
    let contact = Contact { lookalike: context.lookalike, ..contact };
    transaction.create(&contact)?;
    Ok(contact)
}
