//! Threads.

use actionlayer_domain::{IdentityId, MessageId, Thread, ThreadId, thread::ThreadStatus};
use serde::Serialize;
use utoipa::ToSchema;

use super::{ContactView, DraftView, MessageView, Moment};
use crate::untrusted::line;

/// A thread in a list.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct ThreadSummary {
    thread_id: ThreadId,
    identity_id: IdentityId,
    status: ThreadStatus,
    /// Somebody waits for an answer.
    needs_review: bool,
    last_message_at: Moment,
    /// What an answer is based on: `based_on_message_id` of `submit_draft`.
    last_inbound_message_id: Option<MessageId>,
    message_count: u32,
    tags: Vec<String>,
    /// The owner wants no agent to answer here.
    skip_ai: bool,
    /// Another conversation, which the first mail of this one cites without its author having taken part in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    related_thread_id: Option<ThreadId>,
    untrusted_content: ThreadContent,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
struct ThreadContent {
    subject: String,
    /// The beginning of the newest message.
    snippet: String,
    participants: Vec<String>,
}

impl ThreadSummary {
    pub(crate) fn of(thread: Thread) -> Self {
        Self {
            thread_id: thread.id,
            identity_id: thread.identity_id,
            status: thread.status,
            needs_review: thread.needs_review,
            last_message_at: Moment(thread.last_message_at),
            last_inbound_message_id: thread.last_inbound_message_id,
            message_count: thread.message_count,
            untrusted_content: ThreadContent {
                subject: line(&thread.subject),
                snippet: line(&thread.snippet),
                participants: thread.participants().take(5).map(|address| line(&address)).collect(),
            },
            tags: thread.tags,
            skip_ai: thread.skip_ai,
            related_thread_id: thread.related_thread_id,
        }
    }
}

/// A thread with what an agent needs to answer it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ThreadDetailView {
    pub(crate) notice: &'static str,
    #[serde(flatten)]
    pub(crate) thread: ThreadSummary,
    /// The person it began with.
    pub(crate) contact: Option<ContactView>,
    /// Oldest first, the newest ones of the thread.
    pub(crate) messages: Vec<MessageView>,
    /// How many older messages are not shown.
    pub(crate) older_messages: u32,
    /// Pass it as `skip_newest` to read them.
    pub(crate) next_skip_newest: Option<u32>,
    /// Newest first.
    pub(crate) drafts: Vec<DraftView>,
    /// What to do next.
    pub(crate) next: &'static str,
}
