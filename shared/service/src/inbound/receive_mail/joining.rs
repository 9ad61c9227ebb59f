//! A mail that may come in joins its thread, or starts one.

use actionlayer_domain::{
    DraftId, EmailAddress, Message, MessageBody, MessageId, Thread, ThreadId, Timestamp,
    message::{Direction, SafetyFlag},
    rule::ContactThen,
    thread::Joined,
    workspace::NewParticipants,
};
use actionlayer_mail::{all_attachment_bytes, extract, snippet};
use actionlayer_store::{AddressClaim, BlobKey, MailPointer, Row, Transaction, keys};

use super::{Arrival, admission::Arriving, redacted::Redacted, seen_contact};
use crate::{App, ServiceError, billing::plan::Allowance, outbound::message::SNIPPET_CHARS, threads::resolve};

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
    context: &Arriving,
    allowance: &Allowance,
    transaction: &mut Transaction,
) -> Result<MessageId, ServiceError> {
    let now = app.now();
    let received_at = arrival.received.received_at;
    let Belongs { threads, mut aside } = find_threads(app, arrival, claim, context).await?;
    let related_thread_id = match context.new_participants() {
        NewParticipants::Join => None,
        NewParticipants::NewThread => aside.take().map(|row| row.value.id),
    };
    let is_aside = aside.is_some();
    let mut found = threads.into_iter().chain(aside);
    let thread_row = found.next();
    let thread_id = match &thread_row {
        Some(row) => row.value.id,
        None => ThreadId::generate(received_at, app.entropy()),
    };
    let message_id = MessageId::generate_in(thread_id.family(), received_at, app.entropy());
    let (mut message, mut body) = message(arrival, claim, context, thread_id, message_id, now);
    let mut redacted = Redacted::new(claim.workspace_id);
    redacted.message(&mut message, &mut body);
    if is_aside && message.report.is_none() {
        message.safety_flags.push(SafetyFlag::NewParticipant);
    }

    // Files first: a message that is there has them. The id is new, so a try that fails leaves only orphans.
    for (index, bytes) in all_attachment_bytes(arrival.raw).enumerate().take(message.attachments.len()) {
        let key = BlobKey::attachment(claim.workspace_id, message_id, index);
        app.store
            .put_blob(
                &key,
                redacted.file(message.attachments.get(index), bytes.into_owned()),
                "application/octet-stream",
            )
            .await?;
    }
    if redacted.found {
        message.safety_flags.push(SafetyFlag::ApprovalLink);
        // The mail as it came in has the link: it stays in the bucket, and is shown to nobody.
        message.raw_id = None;
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
    message.author_then = contact.as_ref().map(ContactThen::from);
    let joined = Joined { message_id, at: received_at, snippet: &message.snippet };
    let mut thread = if let Some(row) = &thread_row {
        row.value.clone()
    } else {
        let (workspace_id, identity_id) = (claim.workspace_id, claim.identity_id);
        let start = Thread::start(thread_id, workspace_id, identity_id, &message.subject, received_at, now);
        let thread = Thread { related_thread_id, ..start };
        contact.iter().fold(thread, Thread::with_contact)
    };
    for other in found {
        thread.absorb(&other.value);
        let mut part = other.value.clone();
        part.merge_into(thread_id, message_id, now);
        transaction.replace(&other, &part)?;
    }
    let needs_nobody = message.is_automated && !arrival.parsed.is_of_person(arrival.received.envelope_from.as_deref());
    if is_aside {
        thread.receive_aside(joined, needs_nobody, now);
    } else {
        let overtaken = thread.receive(joined, needs_nobody, now);
        let mailboxes = message.to.iter().chain(&message.cc).map(|mailbox| mailbox.email.as_str());
        let others = [message.from_email.as_str()].into_iter().chain(mailboxes);
        let is_own = |address: &&str| address.parse::<EmailAddress>().is_ok_and(|a| a.is_of_mailbox(&claim.address));
        thread.take_part(others.filter(|address| !is_own(address)));
        go_stale(app, &message, &overtaken, now, transaction).await?;
    }
    match &thread_row {
        Some(row) => transaction.replace(row, &thread)?,
        None => transaction.create(&thread)?,
    };
    transaction.create_with_body(&app.store, &message, &body).await?;
    point_at(arrival, claim, context, &message, transaction)?;
    allowance.count(claim.workspace_id, message_id.family(), transaction);
    Ok(message_id)
}

/// Where a mail belongs.
struct Belongs {
    /// The threads, the oldest first. Usually one or none; more when the mail is the link between mails that did not cite each
    /// other, and then they were one conversation all along.
    threads: Vec<Row<Thread>>,
    /// When there are none: a thread it cites that its author takes no part in.
    aside: Option<Row<Thread>>,
}

/// Finds out where a mail belongs. Ids are no secrets: lists, forwards and archives carry them. So an id leads to a thread only
/// whoever shares a person with it besides us, or was sent the mail of that id; others who cite a mail of the thread join aside,
/// and an id of a mail that we never had leads them nowhere.
async fn find_threads(
    app: &App,
    arrival: &Arrival<'_>,
    claim: &AddressClaim,
    context: &Arriving,
) -> Result<Belongs, ServiceError> {
    let mut threads: Vec<Row<Thread>> = Vec::new();
    let mut aside = None;
    for id in context.citations.threads(|id| context.known(id)) {
        let Some(row) = resolve::root(app, claim.workspace_id, id).await? else { continue };
        if threads.iter().any(|known| known.value.id == row.value.id) {
            continue;
        }
        let cited = context.pointers.iter().filter(|pointer| pointer.value.thread_id == id);
        let cited: Vec<MessageId> = cited.filter_map(|pointer| pointer.value.message_id).collect();
        if shares_a_person(arrival, claim, &row.value) || was_sent_to_author(app, claim, context, &cited).await? {
            threads.push(row);
        } else if aside.is_none() && !cited.is_empty() {
            aside = Some(row);
        }
        if threads.len() == MAX_JOINED_THREADS {
            break;
        }
    }
    threads.sort_by_key(|row| row.value.id);
    let aside = aside.filter(|_| threads.is_empty());
    Ok(Belongs { threads, aside })
}

/// Whether somebody of the mail besides us takes part in the thread.
fn shares_a_person(arrival: &Arrival<'_>, claim: &AddressClaim, thread: &Thread) -> bool {
    let parsed = &arrival.parsed;
    let people = parsed.from.iter().chain(&parsed.to).chain(&parsed.cc);
    let people = people.filter_map(|mailbox| mailbox.email.parse::<EmailAddress>().ok());
    let others: Vec<String> =
        people.filter(|email| !email.is_of_mailbox(&claim.address)).map(|email| email.folded()).collect();
    thread.participants().any(|participant| others.contains(&participant))
}

/// Whether one of these messages is ours and went to the mail's author, openly or blind.
async fn was_sent_to_author(
    app: &App,
    claim: &AddressClaim,
    context: &Arriving,
    messages: &[MessageId],
) -> Result<bool, ServiceError> {
    let Some(author) = &context.author else { return Ok(false) };
    for id in messages {
        let message = app.store.get::<Message>(&keys::message(claim.workspace_id, *id)).await?;
        if message.is_some_and(|row| row.value.recipients().any(|recipient| recipient.folded() == author.folded())) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn message(
    arrival: &Arrival<'_>,
    claim: &AddressClaim,
    context: &Arriving,
    thread_id: ThreadId,
    id: MessageId,
    now: Timestamp,
) -> (Message, MessageBody) {
    let Arrival { received, parsed, .. } = arrival;
    let extracted = extract(parsed);
    let (from_email, from_name) = parsed.from.clone().map(|from| (from.email, from.name)).unwrap_or_default();
    let AddressClaim { workspace_id, identity_id, .. } = *claim;
    let message = Message {
        from_name,
        to: parsed.to.clone(),
        cc: parsed.cc.clone(),
        bcc: unnamed_details(arrival, claim),
        reply_to: parsed.reply_to.clone(),
        subject: parsed.subject.clone(),
        snippet: snippet(&extracted, SNIPPET_CHARS),
        attachments: parsed.attachments.clone(),
        message_id_header: parsed.message_id.clone(),
        in_reply_to: parsed.in_reply_to.clone(),
        references: parsed.references.clone(),
        authentication: Some(received.authentication.of_authors(parsed.has_several_authors)),
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
        sender: None,
    };
    (message, body)
}

/// The addresses with a detail of ours that a mail was sent to and does not name: else what they were given out for is lost.
fn unnamed_details(arrival: &Arrival<'_>, claim: &AddressClaim) -> Vec<EmailAddress> {
    let named = |address: &EmailAddress| {
        let mut mailboxes = arrival.parsed.to.iter().chain(&arrival.parsed.cc);
        mailboxes.any(|mailbox| mailbox.email.eq_ignore_ascii_case(address.as_str()))
    };
    let recipients = arrival.received.recipients.iter().filter_map(|recipient| recipient.parse::<EmailAddress>().ok());
    recipients
        .filter(|address| address.is_of_mailbox(&claim.address) && address.folded() != claim.address.folded())
        .filter(|address| !named(address))
        .collect()
}

/// Marks the drafts that the mail overtook. One that a worker claimed in the meantime is past that point, as long as that
/// worker has it: one that it gives back while the mail comes in must be marked after all.
async fn go_stale(
    app: &App,
    message: &Message,
    overtaken: &[DraftId],
    now: Timestamp,
    transaction: &mut Transaction,
) -> Result<(), ServiceError> {
    if overtaken.is_empty() {
        return Ok(());
    }
    for row in app.store.drafts_by_id(message.workspace_id, overtaken).await? {
        let mut draft = row.value.clone();
        if draft.go_stale(now) {
            draft.overtaken_by.clone_from(&message.author_then);
            transaction.replace(&row, &draft)?;
        } else if draft.send_state.is_some() {
            transaction.check(&row);
        }
    }
    Ok(())
}

/// Points the mail's own id, and those it cites that nothing is known of, at its thread.
fn point_at(
    arrival: &Arrival<'_>,
    claim: &AddressClaim,
    context: &Arriving,
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
