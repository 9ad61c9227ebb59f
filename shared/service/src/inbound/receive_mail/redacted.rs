//! What a mail becomes without the links that decide: who reads the mailbox must not be able to decide in an approver's name.

use actionlayer_channels::redaction::LinkRedaction;
use actionlayer_domain::{Message, MessageBody, WorkspaceId, message::Attachment};
use actionlayer_mail::parse;

/// What stands in place of a file whose link cannot be made illegible where it is.
const WITHHELD: &[u8] = b"This file carried an approval link and was withheld.\r\n";

/// Takes links out of the parts of one mail, and remembers whether there were any.
pub(super) struct Redacted {
    redaction: LinkRedaction,
    pub(super) found: bool,
}

impl Redacted {
    pub(super) fn new(workspace_id: WorkspaceId) -> Self {
        Self { redaction: LinkRedaction::of(workspace_id), found: false }
    }

    pub(super) fn message(&mut self, message: &mut Message, body: &mut MessageBody) {
        self.text(&mut message.subject);
        self.text(&mut message.snippet);
        for text in [&mut body.text, &mut body.html, &mut body.extracted_text].into_iter().flatten() {
            self.text(text);
        }
    }

    fn text(&mut self, text: &mut String) {
        if let Some(redacted) = self.redaction.redact(text) {
            *text = redacted;
            self.found = true;
        }
    }

    /// The bytes of a file, as many as before. A mail within the mail is read as well: what is in base64 there cannot be
    /// overwritten in place.
    pub(super) fn file(&mut self, file: Option<&Attachment>, mut bytes: Vec<u8>) -> Vec<u8> {
        if let Some(redacted) = self.redaction.redact_file(&bytes) {
            bytes = redacted;
            self.found = true;
        }
        if file.is_some_and(is_mail) && self.is_mail_with_link(&bytes) {
            self.found = true;
            let length = bytes.len();
            bytes = WITHHELD.iter().copied().chain(std::iter::repeat(b' ')).take(length).collect();
        }
        bytes
    }

    fn is_mail_with_link(&self, bytes: &[u8]) -> bool {
        let mail = parse(bytes);
        let texts = [Some(&mail.subject), Some(&mail.text), mail.html.as_ref()];
        texts.into_iter().flatten().any(|text| self.redaction.redact(text).is_some())
    }
}

fn is_mail(file: &Attachment) -> bool {
    file.content_type.starts_with("message/") || file.filename.to_ascii_lowercase().ends_with(".eml")
}
