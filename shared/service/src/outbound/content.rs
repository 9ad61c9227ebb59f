//! What is said, in all: composed in one way for the page that shows it, for the seal on an approval and for the mail that
//! leaves.

use actionlayer_domain::{
    DraftBody, EmailAddress, Message, MessageBody, MessageId, WorkspaceId, draft::Sender, message::Attachment,
};
use actionlayer_mail::{BuildError, Composed, Composition, QuotedMessage};
use actionlayer_store::keys;
use sha2::{Digest, Sha256};

use crate::{App, ServiceError};

/// The message to be quoted below another one.
pub(crate) async fn quoted(
    app: &App,
    workspace: WorkspaceId,
    id: Option<MessageId>,
) -> Result<Option<QuotedMessage>, ServiceError> {
    let Some(id) = id else { return Ok(None) };
    let Some(row) = app.store.get::<Message>(&keys::message(workspace, id)).await? else { return Ok(None) };
    let body: MessageBody = app.store.body(&row).await?;
    Ok(Some(QuotedMessage::of(&row.value, &body)))
}

/// The bodies that leave.
pub(crate) fn composed(
    (text, html): (Option<&str>, Option<&str>),
    sender: &Sender,
    quoted: Option<&QuotedMessage>,
) -> Result<Composed, BuildError> {
    Composition { text, html, signature: sender.into(), history: quoted.map(QuotedMessage::as_history) }.compose()
}

/// All that a recipient gets to see of a mail, but for what differs from one try to the next (its date and ids).
pub(crate) struct Contents<'a> {
    pub(crate) from: &'a EmailAddress,
    pub(crate) sender: &'a Sender,
    pub(crate) to: Vec<&'a str>,
    pub(crate) cc: Vec<&'a str>,
    pub(crate) bcc: Vec<&'a str>,
    pub(crate) subject: &'a str,
    pub(crate) composed: &'a Composed,
    pub(crate) attachments: &'a [Attachment],
}

impl Contents<'_> {
    /// SHA-256 over all of it, in hex: the seal that ties what was approved to what leaves.
    pub(crate) fn sha256(&self) -> String {
        let mut hash = Sha256::new();
        let mut field = |text: &str| {
            hash.update((text.len() as u64).to_be_bytes());
            hash.update(text.as_bytes());
        };
        field(self.from.as_str());
        field(self.sender.name.as_str());
        field(self.sender.reply_to.as_ref().map_or("", EmailAddress::as_str));
        for list in [&self.to, &self.cc, &self.bcc] {
            field(&list.len().to_string());
            for address in list {
                field(address);
            }
        }
        field(self.subject);
        field(&self.composed.text);
        field(&self.composed.html);
        for file in self.attachments {
            field(&file.filename);
            field(&file.content_type);
            field(&file.size_bytes.to_string());
            field(file.sha256_hex.as_deref().unwrap_or_default());
        }
        hex::encode(hash.finalize())
    }
}

/// The seal of a draft as it stands. A draft of which nothing would be left has none, and is refused by its fields.
pub(crate) fn seal(
    draft: &actionlayer_domain::Draft,
    body: &DraftBody,
    from: &EmailAddress,
    quoted: Option<&QuotedMessage>,
) -> Option<String> {
    let sender = body.sender.as_ref()?;
    let composed = composed((body.text.as_deref(), body.html.as_deref()), sender, quoted).ok()?;
    let contents = Contents {
        from,
        sender,
        to: draft.to.iter().map(EmailAddress::as_str).collect(),
        cc: draft.cc.iter().map(EmailAddress::as_str).collect(),
        bcc: draft.bcc.iter().map(EmailAddress::as_str).collect(),
        subject: draft.subject.as_str(),
        composed: &composed,
        attachments: &draft.attachments,
    };
    Some(contents.sha256())
}
