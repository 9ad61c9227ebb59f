//! A mail that may come in joins its thread, or starts one.

use actionlayer_domain::{
    EmailAddress, Message, MessageBody, MessageId, Thread, ThreadId,
    message::{Direction, Mailbox, SafetyFlag},
    thread::{Joined, MAX_PARTICIPANTS},
};
use actionlayer_mail::{all_attachment_bytes, extract, snippet};
use actionlayer_store::{AddressClaim, BlobKey, MailPointer, Row, Transaction};

use super::{Arrival, admission::Context, citations::Lead, seen_contact};
use crate::{
    App, ServiceError, drafts::stale::go_stale, outbound::message::SNIPPET_CHARS, threads::resolve,
    workspace::plan::Allowance,
};

/// How many threads one mail can show to be one. A person writes no mail that joins more; a machine that cites at random
/// shall not.
pub(super) const MAX_JOINED_THREADS: usize = 8;
/// What a mail's transaction still gets after its pointers: receipt, usage, the held mail it was.
const OPERATIONS_TO_COME: usize = 4;

/// Adds to the transaction all that the mail becomes, and says which message.
pub(super) async fn join(
    app: &App,
    arrival: &Arrival<'_>,
    claim: &AddressClaim,
    context: &Context,
    allowance: &Allowance,
    transaction: &mut Transaction,
) -> Result<MessageId, ServiceError> {
    let now = app.now();
    let received_at = arrival.received.received_at;
    let mut found = find_threads(app, arrival, claim, context).await?.into_iter();
    let thread_row = found.next();
    let thread_id = match &thread_row {
        Some(row) => row.value.id,
        None => ThreadId::generate(received_at, app.entropy()),
    };
    let message_id = MessageId::generate_in(thread_id.family(), received_at, app.entropy());
    let (mut message, body) = message(arrival, claim, context, thread_id, message_id, now);
    if thread_row.as_ref().is_some_and(|row| is_new_author(&row.value, arrival, claim)) {
        message.safety_flags.push(SafetyFlag::NewParticipant);
        message.safety_flags.sort_unstable();
    }

    // Files first: a message that is there has them. The id is new, so a try that fails leaves only orphans.
    for (index, bytes) in all_attachment_bytes(arrival.raw).enumerate().take(message.attachments.len()) {
        let key = BlobKey::attachment(claim.workspace_id, message_id, index);
        app.store.put_blob(&key, bytes.into_owned(), "application/octet-stream").await?;
    }

    let contact = match &context.author {
        Some(author) => {
            let mut named = arrival.parsed.reply_to.iter();
            let named = named.find(|mailbox| mailbox.email.eq_ignore_ascii_case(author.as_str()));
            let is_from = message.from_email.eq_ignore_ascii_case(author.as_str());
            let name = if is_from { message.from_name.as_deref() } else { named.and_then(|m| m.name.as_deref()) };
            Some(seen_contact(app, context, author, name, claim, transaction)?)
        }
        None => None,
    };
    let joined = Joined { message_id, at: received_at, snippet: &message.snippet };
    let mut thread = if let Some(row) = &thread_row {
        row.value.clone()
    } else {
        let (workspace_id, identity_id) = (claim.workspace_id, claim.identity_id);
        let thread = Thread::start(thread_id, workspace_id, identity_id, &message.subject, received_at, now);
        contact.iter().fold(thread, Thread::with_contact)
    };
    for other in found {
        thread.absorb(&other.value);
        let mut part = other.value.clone();
        part.merge_into(thread_id, message_id, now);
        transaction.replace(&other, &part)?;
    }
    let needs_nobody = message.is_automated && !arrival.parsed.is_passed_on_by_list();
    let overtaken = thread.receive(joined, needs_nobody, now);
    let mailboxes = message.to.iter().chain(&message.cc).map(|mailbox| mailbox.email.as_str());
    let others = [message.from_email.as_str()].into_iter().chain(mailboxes);
    let is_own = |address: &&str| address.parse::<EmailAddress>().is_ok_and(|a| a.is_of_mailbox(&claim.address));
    thread.take_part(others.filter(|address| !is_own(address)));
    go_stale(app, claim.workspace_id, &overtaken, transaction).await?;
    match &thread_row {
        Some(row) => transaction.replace(row, &thread)?,
        None => transaction.create(&thread)?,
    };
    transaction.create_with_body(&app.store, &message, &body).await?;
    point_at(arrival, claim, context, &message, transaction)?;
    allowance.count(claim.workspace_id, message_id.family(), transaction);
    Ok(message_id)
}

/// The threads that the mail belongs to, the oldest first. Usually one or none; more when it is the link between mails
/// that did not cite each other, and then they were one conversation all along. A mail that nobody here has seen links
/// those alone who took part in what cites it, too: many answer a newsletter, and do not know each other.
async fn find_threads(
    app: &App,
    arrival: &Arrival<'_>,
    claim: &AddressClaim,
    context: &Context,
) -> Result<Vec<Row<Thread>>, ServiceError> {
    let mut found: Vec<Row<Thread>> = Vec::new();
    for Lead { thread_id, is_sure } in context.citations.threads(|id| context.known(id)) {
        let Some(row) = resolve::root(app, claim.workspace_id, thread_id).await? else { continue };
        if !is_sure && is_stranger(&row.value, arrival, claim) {
            continue;
        }
        if found.iter().all(|known| known.value.id != row.value.id) {
            found.push(row);
        }
        if found.len() == MAX_JOINED_THREADS {
            break;
        }
    }
    found.sort_by_key(|row| row.value.id);
    Ok(found)
}

/// Whether nobody whom a mail is from or to has taken part in a thread, the identity aside.
fn is_stranger(thread: &Thread, arrival: &Arrival<'_>, claim: &AddressClaim) -> bool {
    let parsed = &arrival.parsed;
    let people = parsed.from.iter().chain(&parsed.reply_to).chain(&parsed.to).chain(&parsed.cc);
    !may_be_in(thread, arrival, claim, people)
}

/// Whether the author of a mail has not taken part in a thread.
fn is_new_author(thread: &Thread, arrival: &Arrival<'_>, claim: &AddressClaim) -> bool {
    !may_be_in(thread, arrival, claim, arrival.parsed.from.iter())
}

/// Whether one of these people has taken part in a thread, as far as it remembers. A report is from a host, and about a
/// mail that was in it.
fn may_be_in<'a>(
    thread: &Thread,
    arrival: &Arrival<'_>,
    claim: &AddressClaim,
    people: impl Iterator<Item = &'a Mailbox>,
) -> bool {
    let is_known = |address: EmailAddress| {
        let folded = address.folded();
        !address.is_of_mailbox(&claim.address) && thread.participants().any(|known| known == folded)
    };
    arrival.parsed.report.is_some()
        || thread.other_participants.len() >= MAX_PARTICIPANTS
        || people.filter_map(|mailbox| mailbox.email.parse().ok()).any(is_known)
}

fn message(
    arrival: &Arrival<'_>,
    claim: &AddressClaim,
    context: &Context,
    thread_id: ThreadId,
    id: MessageId,
    now: actionlayer_domain::Timestamp,
) -> (Message, MessageBody) {
    let Arrival { received, parsed, .. } = arrival;
    let extracted = extract(parsed);
    let (from_email, from_name) = parsed.from.clone().map(|from| (from.email, from.name)).unwrap_or_default();
    let AddressClaim { workspace_id, identity_id, .. } = *claim;
    let message = Message {
        from_name,
        to: parsed.to.clone(),
        cc: parsed.cc.clone(),
        reply_to: parsed.reply_to.clone(),
        subject: parsed.subject.clone(),
        snippet: snippet(&extracted, SNIPPET_CHARS),
        attachments: parsed.attachments.clone(),
        message_id_header: parsed.message_id.clone(),
        in_reply_to: parsed.in_reply_to.clone(),
        references: parsed.references.clone(),
        authentication: Some(received.authentication),
        is_automated: parsed.is_automated(received.envelope_from.as_deref()),
        report: parsed.report.clone(),
        calendar_method: parsed.calendar_method.clone(),
        safety_flags: context.safety_flags.clone(),
        parse_limited: parsed.parse_limited,
        raw_id: Some(received.ses_message_id.clone()),
        received_at: Some(received.received_at),
        ..Message::start(id, thread_id, workspace_id, identity_id, Direction::Inbound, from_email, now)
    };
    let body = MessageBody {
        text: Some(parsed.text.clone()).filter(|text| !text.is_empty()),
        html: parsed.html.clone(),
        extracted_text: Some(extracted).filter(|text| !text.is_empty()),
    };
    (message, body)
}

/// Points the mail's own id, and those it cites that nothing is known of, at its thread.
fn point_at(
    arrival: &Arrival<'_>,
    claim: &AddressClaim,
    context: &Context,
    message: &Message,
    transaction: &mut Transaction,
) -> Result<(), ServiceError> {
    let own = context.citations.own.as_str();
    let pointer = |id: &str, message_id: Option<MessageId>| MailPointer {
        message_id_header: id.to_owned(),
        workspace_id: claim.workspace_id,
        identity_id: claim.identity_id,
        thread_id: message.thread_id,
        message_id,
        content_sha256: message_id.map(|_| arrival.content_sha256.clone()),
    };
    match context.pointers.iter().find(|row| row.value.message_id_header == own) {
        None => _ = transaction.create(&pointer(own, Some(message.id)))?,
        // Only cited until now.
        Some(row) if row.value.message_id.is_none() => {
            transaction.replace(row, &pointer(own, Some(message.id)))?;
        }
        // Another mail had this id first and keeps it.
        Some(_) => {}
    }
    // A mail that makes threads full of drafts one remembers what there is room for: better that than not at all.
    let room = transaction.room().saturating_sub(OPERATIONS_TO_COME);
    for id in context.citations.unknown(|id| context.known(id)).take(room) {
        transaction.create(&pointer(id, None))?;
    }
    Ok(())
}
