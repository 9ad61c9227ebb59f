//! What makes arriving mail count once and find its thread.

use actionlayer_domain::{
    DraftId, HeldId, IdentityId, Message, MessageId, ThreadId, Timestamp, WorkspaceId,
    contact::{Contact, HeldInbound},
};
use aws_sdk_dynamodb::operation::query::QueryInput;
use serde::{Deserialize, Serialize};

use crate::{
    Record, Row, Store, StoreError,
    keys::{self, Key},
    record::{kind, row, s},
};

/// What became of one recipient of one raw mail. Written in the same transaction as its effect, so that the same mail
/// delivered again finds it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Receipt {
    /// SES's id of the raw mail.
    pub ses_message_id: String,
    /// The envelope recipient.
    pub recipient: String,
    /// What became of it.
    pub outcome: ReceiptOutcome,
    pub at: Timestamp,
}

/// What can become of a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ReceiptOutcome {
    /// It became a message.
    Received { message_id: MessageId },
    /// It is held for an unknown sender.
    Held {
        /// Where.
        held_id: HeldId,
    },
    /// Its sender is blocked.
    Blocked,
    /// The very same mail had arrived under another id.
    Duplicate {
        /// The message it had become.
        message_id: MessageId,
    },
    /// An approver answered the mail that asked them: it became a comment on the draft.
    Comment { draft_id: DraftId },
    /// No active identity has this address.
    NoIdentity,
}

/// A receipt is kept as long as the raw mail could be delivered again; the bucket keeps raw mail for longer.
const RECEIPT_DAYS: i64 = 30;

impl Record for Receipt {
    const KIND: &'static str = "receipt";
    type Body = ();

    fn key(&self) -> Key {
        keys::receipt(&self.ses_message_id, &self.recipient)
    }

    fn ttl_unix_seconds(&self) -> Option<i64> {
        Some(self.at.unix_seconds() + RECEIPT_DAYS * 86_400)
    }
}

/// What a Message-ID belongs to. Written for every id we know: the mail's own, those it cites, ours, and the one SES
/// puts in place of ours.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MailPointer {
    /// The Message-ID, without brackets.
    pub message_id_header: String,
    pub workspace_id: WorkspaceId,
    pub identity_id: IdentityId,
    pub thread_id: ThreadId,
    /// The message that carries the id; none while only a citation of it was seen.
    pub message_id: Option<MessageId>,
    /// SHA-256 of that message's content, to tell a second delivery from a reused Message-ID.
    pub content_sha256: Option<String>,
}

impl Record for MailPointer {
    const KIND: &'static str = "mail_pointer";
    type Body = ();

    fn key(&self) -> Key {
        keys::mail_pointer(self.workspace_id, self.identity_id, &self.message_id_header)
    }
}

/// The message whose name this is, if we gave it: `<id>@<domain>`.
fn ours(message_id_header: &str) -> Option<MessageId> {
    let name = message_id_header.split_once('@')?.0;
    // Ours are UUIDv7 (RFC 9562, section 5.7); most others that are UUIDs are not.
    name.parse().ok().filter(|_| name.as_bytes().get(14) == Some(&b'7'))
}

/// What our name of a mail leads to, once the mail may have left.
fn pointer_of(message: &Message) -> Option<MailPointer> {
    message.delivery.as_ref()?.attempt_id?;
    Some(MailPointer {
        message_id_header: message.message_id_header.clone()?,
        workspace_id: message.workspace_id,
        identity_id: message.identity_id,
        thread_id: message.thread_id,
        message_id: Some(message.id),
        content_sha256: None,
    })
}

impl Store {
    /// The pointers of some Message-IDs of one identity, as far as they are known, and the contact of an address. A name that
    /// we gave to a mail of ours needs no pointer: the message's id is in it, and the message says the rest.
    pub async fn known_of_mail(
        &self,
        workspace: WorkspaceId,
        identity: IdentityId,
        message_ids: &[String],
        contact: Option<Key>,
    ) -> Result<(Vec<Row<MailPointer>>, Option<Row<Contact>>), StoreError> {
        let mut wanted: Vec<Key> = message_ids.iter().map(|id| keys::mail_pointer(workspace, identity, id)).collect();
        wanted.extend(message_ids.iter().filter_map(|id| Some(keys::message(workspace, ours(id)?))));
        wanted.extend(contact);
        let (mut pointers, mut contact) = (Vec::new(), None);
        for item in self.batch_get(&wanted).await? {
            match kind(&item) {
                MailPointer::KIND => pointers.push(row(item)?),
                Message::KIND => {
                    let message = row::<Message>(item)?.value;
                    let pointer = pointer_of(&message).filter(|pointer| {
                        pointer.identity_id == identity && message_ids.contains(&pointer.message_id_header)
                    });
                    pointers.extend(pointer.map(Row::created));
                }
                Contact::KIND => contact = Some(row(item)?),
                _ => {}
            }
        }
        Ok((pointers, contact))
    }

    /// The domains that are known in a workspace: those a stranger may want to be taken for. The first 5,000 by name, which
    /// bounds what a stranger's mail costs; they are read page after page.
    pub async fn known_domains(&self, workspace: WorkspaceId) -> Result<Vec<String>, StoreError> {
        const MAX_DOMAINS: usize = 5_000;
        let query = QueryInput::builder()
            .key_condition_expression("pk = :pk")
            .projection_expression(keys::SK)
            .expression_attribute_values(":pk", s(keys::known_domains(workspace)));
        let mut domains: Vec<String> = Vec::new();
        let mut from = None;
        loop {
            let answer = self.query(query.clone().set_exclusive_start_key(from)).await?;
            let found = answer.items.unwrap_or_default();
            domains.extend(found.iter().filter_map(|item| item.get(keys::SK)?.as_s().ok().cloned()));
            from = answer.last_evaluated_key.filter(|_| domains.len() < MAX_DOMAINS);
            if from.is_none() {
                domains.truncate(MAX_DOMAINS);
                return Ok(domains);
            }
        }
    }

    /// Mail that waits for room in the plan, over all workspaces, the oldest first; at most 100, those after `last`.
    pub async fn held_by_plan(&self, last: Option<&HeldInbound>) -> Result<Vec<HeldInbound>, StoreError> {
        let after = last.map_or_else(|| "0".to_owned(), |held| keys::by_time(held.received_at, held.id));
        self.due(keys::DUE_HELD, &after, "~").await
    }

    /// Whether any recipient of a raw mail has a receipt.
    pub async fn has_receipt(&self, ses_message_id: &str) -> Result<bool, StoreError> {
        let query = QueryInput::builder()
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", s(keys::receipt(ses_message_id, "").pk))
            .limit(1)
            .consistent_read(true);
        let answer = self.query(query).await?;
        Ok(answer.count > 0)
    }
}
