//! A message that is to leave: made here for drafts, replies and cold sends alike.

use actionlayer_domain::{
    DraftId, EmailAddress, HeaderText, Identity, Message, MessageBody, MessageId, ThreadId, Timestamp,
    draft::Sender,
    message::{Attachment, Delivery, Direction, Mailbox, SafetyFlag},
    plan::{Entitlement, calendar_month},
};
use actionlayer_mail::snippet;

use crate::App;

/// How many characters of a message lists show.
pub(crate) const SNIPPET_CHARS: usize = 200;

/// What is to be said, and to whom.
#[derive(Debug, Clone)]
pub(crate) struct Content {
    pub(crate) to: Vec<EmailAddress>,
    pub(crate) cc: Vec<EmailAddress>,
    pub(crate) bcc: Vec<EmailAddress>,
    pub(crate) subject: HeaderText,
    pub(crate) text: Option<String>,
    pub(crate) html: Option<String>,
    /// How it is signed; none: as the identity signs now.
    pub(crate) sender: Option<Sender>,
    pub(crate) attachments: Vec<Attachment>,
    /// The message it answers is quoted below.
    pub(crate) quote_history: bool,
}

/// Where a message comes from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Origin<'a> {
    pub(crate) answers: Option<&'a Message>,
    /// The draft it was, and the inbound message that draft was based on, if it was no cold one.
    pub(crate) draft: Option<(DraftId, Option<MessageId>)>,
    /// No person approves it.
    pub(crate) unattended: bool,
    /// The plan it is counted by.
    pub(crate) entitlement: Entitlement,
}

/// A queued message with its bodies.
pub(crate) fn message(
    app: &App,
    identity: &Identity,
    thread_id: ThreadId,
    content: Content,
    origin: Origin<'_>,
    now: Timestamp,
) -> (Message, MessageBody) {
    let id = MessageId::generate_in(thread_id.family(), now, app.entropy());
    let mailboxes = |addresses: &[EmailAddress]| -> Vec<Mailbox> {
        addresses.iter().map(|a| Mailbox { name: None, email: a.to_string() }).collect()
    };
    let answered = origin.answers.and_then(|message| message.message_id_header.clone());
    let (period, month) = (origin.entitlement.period(now), calendar_month(now));
    let delivery = Delivery {
        counted_in: Some(period).filter(|period| *period != month),
        makes_known: !origin.unattended && origin.answers.is_some_and(is_from_whom_it_says),
        ..Delivery::queued(origin.unattended)
    };
    let from_email = identity.email_address.to_string();
    let references = origin.answers.map(|message| references(message, &from_email)).unwrap_or_default();
    let sender = content.sender.unwrap_or_else(|| Sender::of(identity));
    let message = Message {
        from_name: Some(sender.name.as_str().to_owned()),
        to: mailboxes(&content.to),
        cc: mailboxes(&content.cc),
        bcc: content.bcc,
        reply_to: mailboxes(sender.reply_to.as_slice()),
        subject: content.subject.into(),
        snippet: snippet(&readable(content.text.as_deref(), content.html.as_deref()), SNIPPET_CHARS),
        attachments: content.attachments,
        // Ours until SES puts its own in its place; both are remembered.
        message_id_header: Some(format!("{id}@{}", identity.email_address.domain())),
        in_reply_to: answered.into_iter().collect(),
        references,
        is_automated: origin.unattended,
        draft_id: origin.draft.map(|(id, _)| id),
        based_on_message_id: origin.draft.and_then(|(_, based_on)| based_on),
        quoted_message_id: origin.answers.filter(|_| content.quote_history).map(|message| message.id),
        delivery: Some(delivery),
        ..Message::start(id, thread_id, identity.workspace_id, identity.id, Direction::Outbound, from_email, now)
    };
    let body = MessageBody {
        extracted_text: content.text.clone(),
        text: content.text,
        html: content.html,
        sender: Some(sender),
    };
    (message, body)
}

/// Whether nothing about a message says that an answer goes to somebody else than it seems.
fn is_from_whom_it_says(message: &Message) -> bool {
    let doubts = [SafetyFlag::LookalikeDomain, SafetyFlag::ReplyToDiffers];
    !message.safety_flags.iter().any(|flag| doubts.contains(flag))
}

/// What an answer to a message refers to (RFC 5322, section 3.6.4): what that one did, and it. One without references but
/// with a single id in its `In-Reply-To` refers to that; `own_address` is no id, see [`crate::receive_mail`].
fn references(answered: &Message, own_address: &str) -> Vec<String> {
    let mut references = answered.references.clone();
    if references.is_empty() {
        let named = || answered.in_reply_to.iter().filter(|id| !id.eq_ignore_ascii_case(own_address));
        references.extend(named().next().filter(|_| named().count() == 1).cloned());
    }
    references.extend(answered.message_id_header.clone());
    references
}

/// The text of a body, from its HTML if need be.
pub(crate) fn readable(text: Option<&str>, html: Option<&str>) -> String {
    match (text, html) {
        (Some(text), _) => text.to_owned(),
        (None, Some(html)) => actionlayer_mail::html_to_text(html),
        (None, None) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn references_are_those_of_what_is_answered_and_it() {
        let id = "0197f3a0-5c1e-7d2a-9f00-1234567890ab";
        for (references_of_it, in_reply_to, expected) in [
            (&["a@x", "b@x"][..], &["b@x"][..], &["a@x", "b@x", "it@x"][..]),
            (&[], &["b@x"], &["b@x", "it@x"]),
            (&[], &["MIA@ai.example", "b@x"], &["b@x", "it@x"]),
            // Which of two came first nobody knows.
            (&[], &["a@x", "b@x"], &["it@x"]),
            (&[], &[], &["it@x"]),
        ] {
            let strings = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>();
            let (message, thread) = (id.parse().unwrap(), id.parse().unwrap());
            let (workspace, identity) = (id.parse().unwrap(), id.parse().unwrap());
            let now = Timestamp::from_unix_ms(0);
            let answered = Message {
                references: strings(references_of_it),
                in_reply_to: strings(in_reply_to),
                message_id_header: Some("it@x".to_owned()),
                ..Message::start(message, thread, workspace, identity, Direction::Inbound, "ada@x".to_owned(), now)
            };
            assert_eq!(references(&answered, "mia@ai.example"), expected);
        }
    }
}
