//! Threads.

use actionlayer_domain::{
    ContactId, IdentityId, MessageId, Thread, ThreadId, Timestamp, WorkspaceId, thread::ThreadStatus,
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{ContactView, DraftView, MessageView};

/// A thread.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ThreadView {
    id: ThreadId,
    workspace_id: WorkspaceId,
    identity_id: IdentityId,
    primary_contact_id: Option<ContactId>,
    subject: String,
    status: ThreadStatus,
    needs_review: bool,
    last_message_at: Timestamp,
    last_inbound_message_id: Option<MessageId>,
    message_count: u32,
    snippet: String,
    tags: Vec<String>,
    skip_ai: bool,
    /// The conversation that its first mail cites and its author takes no part in, where the workspace keeps such mail apart
    /// (`settings.new_participants`).
    related_thread_id: Option<ThreadId>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl ThreadView {
    /// The view of a thread.
    pub fn of(thread: Thread) -> Self {
        Self {
            id: thread.id,
            workspace_id: thread.workspace_id,
            identity_id: thread.identity_id,
            primary_contact_id: thread.primary_contact_id,
            subject: thread.subject,
            status: thread.status,
            needs_review: thread.needs_review,
            last_message_at: thread.last_message_at,
            last_inbound_message_id: thread.last_inbound_message_id,
            message_count: thread.message_count,
            snippet: thread.snippet,
            tags: thread.tags,
            skip_ai: thread.skip_ai,
            related_thread_id: thread.related_thread_id,
            created_at: thread.created_at,
            updated_at: thread.updated_at,
        }
    }
}

/// A thread with everything an agent needs to answer it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ThreadDetailView {
    /// The thread.
    #[serde(flatten)]
    pub thread: ThreadView,
    /// The person it began with.
    pub contact: Option<ContactView>,
    /// Its newest messages, oldest first.
    pub messages: Vec<MessageView>,
    /// How many messages it has altogether.
    pub messages_total: u32,
    /// Its drafts.
    pub drafts: Vec<DraftView>,
}
