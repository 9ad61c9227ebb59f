//! Drafts.
#![allow(clippy::large_stack_arrays, reason = "the derived schema of many fields, made when the API's document is")]

use actionlayer_domain::{
    Draft, DraftBody, DraftId, DraftStatus, EmailAddress, HeaderText, IdentityId, MessageId, ThreadId, Timestamp,
    WorkspaceId,
    channel::ChannelKind,
    draft::{Actor, ActorKind, Comment, Failure, FailureCode, SendState, StaleReason},
    notification::{Notification, NotificationState},
    unattended::Declined,
};
use actionlayer_store::DraftVersion;
use serde::Serialize;
use utoipa::ToSchema;

use super::AttachmentView;

/// A draft with its bodies; without them in lists.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct DraftView {
    id: DraftId,
    workspace_id: WorkspaceId,
    thread_id: ThreadId,
    identity_id: IdentityId,
    /// `null` for a cold draft, which starts its thread.
    based_on_message_id: Option<MessageId>,
    status: DraftStatus,
    version: u32,
    /// Whether something speaks against it; `stale_reasons` says what.
    stale_warning: bool,
    /// Newer mail in the thread, or another undecided draft that answered the same message when this one was submitted.
    stale_reasons: Vec<StaleReason>,
    /// The undecided draft that answered the same message when this one was submitted.
    rival_draft_id: Option<DraftId>,
    to: Vec<EmailAddress>,
    cc: Vec<EmailAddress>,
    bcc: Vec<EmailAddress>,
    subject: HeaderText,
    subject_override: Option<HeaderText>,
    #[serde(flatten)]
    body: Option<BodyView>,
    rationale: Option<String>,
    #[schema(value_type = Option<Object>)]
    metadata: Option<serde_json::Value>,
    attachments: Vec<AttachmentView>,
    /// Whether the message it answers is quoted below it when it is sent.
    quote_history: bool,
    /// SHA-256 over all that recipients will see of this version. An approval is of exactly that.
    content_sha256: Option<String>,
    /// Why it waits for a person although its identity approves answers by itself.
    auto_approve_declined: Option<Declined>,
    submitted_by: ActorView,
    send_state: Option<SendState>,
    sent_message_id: Option<MessageId>,
    decided_by: Option<ActorView>,
    decided_at: Option<Timestamp>,
    reject_reason: Option<String>,
    failure: Option<FailureView>,
    expires_at: Option<Timestamp>,
    /// What approvers answered to the mails that asked them, the newest last. Comments decide nothing.
    comments: Vec<CommentView>,
    notifications: Vec<NotificationView>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
struct BodyView {
    body_text: Option<String>,
    body_html: Option<String>,
}

impl DraftView {
    /// The view of a draft; `body` is none in lists.
    pub fn of(draft: Draft, body: Option<DraftBody>) -> Self {
        // The message exists from the moment the draft is queued, but it is `sent_message_id` only once it was sent.
        let sent_message_id = draft.outbound_message_id.filter(|_| draft.status == DraftStatus::Sent);
        let stale_reasons = draft.stale_reasons();
        Self {
            id: draft.id,
            workspace_id: draft.workspace_id,
            thread_id: draft.thread_id,
            identity_id: draft.identity_id,
            based_on_message_id: draft.based_on_message_id,
            status: draft.status,
            version: draft.version,
            stale_warning: !stale_reasons.is_empty(),
            stale_reasons,
            rival_draft_id: draft.rival_draft_id,
            to: draft.to,
            cc: draft.cc,
            bcc: draft.bcc,
            subject: draft.subject,
            subject_override: draft.subject_override,
            body: body.map(|body| BodyView { body_text: body.text, body_html: body.html }),
            rationale: draft.rationale,
            // Written by us from a JSON value, so that it parses; `null` beats an error for the rest of the draft.
            metadata: draft.metadata.and_then(|json| serde_json::from_str(&json).ok()),
            attachments: draft.attachments.into_iter().map(AttachmentView::of).collect(),
            quote_history: draft.quote_history,
            content_sha256: draft.content_sha256,
            auto_approve_declined: draft.auto_approve_declined,
            submitted_by: ActorView::of(&draft.submitted_by),
            send_state: draft.send_state,
            sent_message_id,
            decided_by: draft.decided_by.as_ref().map(ActorView::of),
            decided_at: draft.decided_at,
            reject_reason: draft.reject_reason,
            failure: draft.failure.map(FailureView::of),
            expires_at: draft.expires_at,
            comments: draft.comments.into_iter().map(CommentView::of).collect(),
            notifications: draft.notifications.into_iter().map(NotificationView::of).collect(),
            created_at: draft.created_at,
            updated_at: draft.updated_at,
        }
    }
}

/// Who did something.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ActorView {
    kind: ActorKind,
    id: String,
    name: String,
}

impl ActorView {
    /// The view of an actor.
    pub fn of(actor: &Actor) -> Self {
        Self { kind: actor.kind, id: actor.id.clone(), name: actor.name.clone() }
    }
}

/// What an approver said about a draft without deciding.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct CommentView {
    by: ActorView,
    text: String,
    at: Timestamp,
}

impl CommentView {
    fn of(comment: Comment) -> Self {
        Self { by: ActorView::of(&comment.by), text: comment.text, at: comment.at }
    }
}

/// Why something did not leave.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct FailureView {
    code: FailureCode,
    message: String,
}

impl FailureView {
    /// The view of a failure.
    pub fn of(failure: Failure) -> Self {
        Self { code: failure.code, message: failure.message }
    }
}

/// Whether an approver was told.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct NotificationView {
    channel: ChannelKind,
    /// An address, or the id of a channel or chat.
    recipient: String,
    version: u32,
    state: NotificationState,
    /// Why it failed, in the provider's word where there is one.
    error: Option<String>,
    /// What to do about it.
    fix: Option<String>,
    at: Timestamp,
}

impl NotificationView {
    /// The view of a notification.
    pub fn of(notification: Notification) -> Self {
        let Notification { channel, recipient, version, state, error, fix, at, .. } = notification;
        Self { channel, recipient, version, state, error, fix, at }
    }
}

/// A draft as it was before an edit.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct DraftVersionView {
    draft_id: DraftId,
    version: u32,
    subject: HeaderText,
    cc: Vec<EmailAddress>,
    bcc: Vec<EmailAddress>,
    body_text: Option<String>,
    body_html: Option<String>,
    rationale: Option<String>,
    attachments: Vec<AttachmentView>,
    quote_history: bool,
    replaced_at: Timestamp,
}

impl DraftVersionView {
    /// The view of an earlier version.
    pub fn of(version: DraftVersion, body: DraftBody) -> Self {
        Self {
            draft_id: version.draft_id,
            version: version.version,
            subject: version.subject,
            cc: version.cc,
            bcc: version.bcc,
            body_text: body.text,
            body_html: body.html,
            rationale: version.rationale,
            attachments: version.attachments.into_iter().map(AttachmentView::of).collect(),
            quote_history: version.quote_history,
            replaced_at: version.replaced_at,
        }
    }
}
