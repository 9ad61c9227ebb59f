//! The bytes of a message that is to leave.

use actionlayer_domain::{
    AttemptId, EmailAddress, HeaderText, Identity, Message, MessageBody, Timestamp, message::Mailbox,
};
use actionlayer_mail::{
    AutoSubmitted, BuildError, MessageIdText, OutboundAttachment, OutboundMail, OutboundMailbox, QuotedHistory,
    Signature,
};
use actionlayer_store::keys;

use crate::{App, ServiceError, outbound::message::readable};

fn addresses(mailboxes: &[Mailbox]) -> Vec<EmailAddress> {
    mailboxes.iter().filter_map(|mailbox| mailbox.email.parse().ok()).collect()
}

/// A boundary that differs from mail to mail and is the same when the run is replayed.
fn seed(attempt_id: AttemptId) -> u64 {
    attempt_id.as_bytes().iter().fold(0, |seed: u64, byte| seed.rotate_left(8) ^ u64::from(*byte))
}

/// The message to be quoted below, as a person would read it.
pub(super) struct Quoted {
    author: String,
    written_at: Timestamp,
    text: String,
}

pub(super) async fn quoted(app: &App, message: &Message) -> Result<Option<Quoted>, ServiceError> {
    let Some(id) = message.quoted_message_id else { return Ok(None) };
    let Some(row) = app.store.get::<Message>(&keys::message(message.workspace_id, id)).await? else { return Ok(None) };
    let body: MessageBody = app.store.body(&row).await?;
    let Message { from_email, from_name, received_at, created_at, .. } = row.value;
    let author = match from_name {
        Some(name) => format!("{name} <{from_email}>"),
        None => from_email,
    };
    let text = readable(body.text.as_deref(), body.html.as_deref());
    Ok(Some(Quoted { author, written_at: received_at.unwrap_or(created_at), text }))
}

pub(super) fn compose(
    message: &Message,
    body: &MessageBody,
    quoted: Option<&Quoted>,
    attachments: Vec<OutboundAttachment>,
    identity: &Identity,
    now: Timestamp,
    attempt_id: AttemptId,
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
    .build(seed(attempt_id))
}
