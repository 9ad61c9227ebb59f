//! How a draft begins.

use super::{Actor, Draft, DraftStatus};
use crate::{DraftId, HeaderText, Thread, Timestamp};

impl Draft {
    /// A new draft in a thread: nobody has decided, nobody was told, and it does not expire. To nobody yet.
    pub fn start(id: DraftId, thread: &Thread, subject: HeaderText, submitted_by: Actor, now: Timestamp) -> Self {
        Self {
            id,
            workspace_id: thread.workspace_id,
            thread_id: thread.id,
            identity_id: thread.identity_id,
            based_on_message_id: None,
            status: DraftStatus::Pending,
            version: 1,
            stale_warning: false,
            rival_draft_id: None,
            to: Vec::new(),
            cc: Vec::new(),
            bcc: Vec::new(),
            subject,
            subject_override: None,
            rationale: None,
            metadata: None,
            attachments: Vec::new(),
            quote_history: false,
            content_sha256: None,
            auto_approve_declined: None,
            edited_by: None,
            answer_again: false,
            caused_by_rule_id: submitted_by.rule_id(),
            overtaken_by: None,
            submitted_by,
            send_state: None,
            outbound_message_id: None,
            decided_by: None,
            decided_at: None,
            reject_reason: None,
            failure: None,
            expires_at: None,
            remind_at: None,
            comments: Vec::new(),
            notifications: Vec::new(),
            telling: None,
            created_at: now,
            updated_at: now,
        }
    }
}
