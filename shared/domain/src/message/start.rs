//! How a message begins.

use super::{Direction, Message};
use crate::{IdentityId, MessageId, ThreadId, Timestamp, WorkspaceId};

impl Message {
    /// An empty message of an author, to nobody: neither received nor on its way.
    pub fn start(
        id: MessageId,
        thread_id: ThreadId,
        workspace_id: WorkspaceId,
        identity_id: IdentityId,
        direction: Direction,
        from_email: String,
        now: Timestamp,
    ) -> Self {
        Self {
            id,
            thread_id,
            workspace_id,
            identity_id,
            direction,
            from_email,
            from_name: None,
            to: Vec::new(),
            cc: Vec::new(),
            bcc: Vec::new(),
            reply_to: Vec::new(),
            subject: String::new(),
            snippet: String::new(),
            attachments: Vec::new(),
            message_id_header: None,
            in_reply_to: Vec::new(),
            references: Vec::new(),
            authentication: None,
            is_automated: false,
            report: None,
            calendar_method: None,
            safety_flags: Vec::new(),
            parse_limited: false,
            search_limited: false,
            raw_id: None,
            draft_id: None,
            based_on_message_id: None,
            quoted_message_id: None,
            delivery: None,
            caused_by_rule_id: None,
            author_then: None,
            received_at: None,
            sent_at: None,
            created_at: now,
        }
    }
}
