//! The bytes of a message that is to leave.

use actionlayer_domain::{
    AttemptId, EmailAddress, HeaderText, Identity, Message, MessageBody, Timestamp, draft::Sender, message::Mailbox,
};
use actionlayer_mail::{
    AutoSubmitted, BuildError, MessageIdText, OutboundAttachment, OutboundMail, OutboundMailbox, QuotedMessage,
};

use crate::outbound::content::{Contents, composed};

fn addresses(mailboxes: &[Mailbox]) -> Vec<EmailAddress> {
    mailboxes.iter().filter_map(|mailbox| mailbox.email.parse().ok()).collect()
}

/// A boundary that differs from mail to mail and is the same when the run is replayed.
fn seed(attempt_id: AttemptId) -> u64 {
    attempt_id.as_bytes().iter().fold(0, |seed: u64, byte| seed.rotate_left(8) ^ u64::from(*byte))
}

/// The bytes of a mail, and the seal of what they say.
pub(super) struct Built {
    pub(super) raw: Vec<u8>,
    pub(super) content_sha256: String,
}

pub(super) fn compose<'a>(
    message: &'a Message,
    body: &MessageBody,
    quoted: Option<&QuotedMessage>,
    attachments: Vec<OutboundAttachment>,
    identity: &Identity,
    now: Timestamp,
    attempt_id: AttemptId,
) -> Result<Built, BuildError> {
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
    // As it was shown to those who approved it, whatever the identity says by now.
    let sender = body.sender.clone().unwrap_or_else(|| Sender::of(identity));
    let composed = composed((body.text.as_deref(), body.html.as_deref()), &sender, quoted)?;
    let emails = |list: &'a [Mailbox]| list.iter().map(|mailbox| mailbox.email.as_str()).collect();
    let contents = Contents {
        from: &identity.email_address,
        sender: &sender,
        to: emails(&message.to),
        cc: emails(&message.cc),
        bcc: message.bcc.iter().map(EmailAddress::as_str).collect(),
        subject: &message.subject,
        composed: &composed,
        attachments: &message.attachments,
    };
    let content_sha256 = contents.sha256();
    let raw = OutboundMail {
        from: OutboundMailbox { name: Some(sender.name.clone()), email: identity.email_address.clone() },
        to: mailboxes(&message.to),
        cc: mailboxes(&message.cc),
        reply_to: sender.reply_to.clone().map(OutboundMailbox::from),
        subject: HeaderText::sanitize(&message.subject),
        date: now,
        message_id,
        in_reply_to,
        references: ids(&message.references),
        text: Some(&composed.text),
        html: Some(&composed.html),
        attachments,
        auto_submitted,
        extra_headers: Vec::new(),
    }
    .build(seed(attempt_id))?;
    Ok(Built { raw, content_sha256 })
}
