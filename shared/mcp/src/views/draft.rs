//! Drafts.

use actionlayer_api::views::{ActorView, FailureView};
use actionlayer_domain::{
    Draft, DraftBody, DraftId, DraftStatus, EmailAddress, Identity, IdentityId, MessageId, ThreadId,
    draft::{Comment, SendState, StaleReason},
    notification::NotificationState,
};
use actionlayer_mail::html_to_text;
use serde::Serialize;
use utoipa::ToSchema;

use super::{AttachmentView, Moment};
use crate::untrusted::{line, piece};

/// A draft in a list.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct DraftSummary {
    draft_id: DraftId,
    thread_id: ThreadId,
    identity_id: IdentityId,
    /// The message it answers; `null` for one that starts a thread.
    based_on_message_id: Option<MessageId>,
    status: DraftStatus,
    version: u32,
    /// Whether something speaks against it; `stale_reasons` says what.
    stale_warning: bool,
    /// Newer mail in the thread, or another undecided draft that answered the same message when this one was submitted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    stale_reasons: Vec<StaleReason>,
    /// The undecided draft that answered the same message when this one was submitted.
    #[serde(skip_serializing_if = "Option::is_none")]
    rival_draft_id: Option<DraftId>,
    /// On its way, if it is.
    send_state: Option<SendState>,
    to: Vec<EmailAddress>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    cc: Vec<EmailAddress>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    bcc: Vec<EmailAddress>,
    decided_by: Option<ActorView>,
    decided_at: Option<Moment>,
    reject_reason: Option<String>,
    failure: Option<FailureView>,
    sent_message_id: Option<MessageId>,
    expires_at: Option<Moment>,
    created_at: Moment,
    /// What to do next.
    next: &'static str,
    untrusted_content: DraftContent,
}

/// What of a draft may come from the mail it answers.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct DraftContent {
    subject: String,
}

impl DraftSummary {
    pub(crate) fn of(draft: &Draft) -> Self {
        let stale_reasons = draft.stale_reasons();
        Self {
            draft_id: draft.id,
            thread_id: draft.thread_id,
            identity_id: draft.identity_id,
            based_on_message_id: draft.based_on_message_id,
            status: draft.status,
            version: draft.version,
            stale_warning: !stale_reasons.is_empty(),
            stale_reasons,
            rival_draft_id: draft.rival_draft_id,
            send_state: draft.send_state,
            to: draft.to.clone(),
            cc: draft.cc.clone(),
            bcc: draft.bcc.clone(),
            decided_by: draft.decided_by.as_ref().map(ActorView::of),
            decided_at: draft.decided_at.map(Moment),
            reject_reason: draft.reject_reason.clone(),
            failure: draft.failure.clone().map(FailureView::of),
            // The message exists from the moment the draft is queued, but was sent only once the draft says so.
            sent_message_id: draft.outbound_message_id.filter(|_| draft.status == DraftStatus::Sent),
            expires_at: draft.expires_at.map(Moment),
            created_at: Moment(draft.created_at),
            next: next_step(draft),
            untrusted_content: DraftContent { subject: line(draft.subject.as_str()) },
        }
    }
}

/// What to do about a draft.
pub(crate) fn next_step(draft: &Draft) -> &'static str {
    match (draft.status, draft.send_state) {
        (DraftStatus::Pending, _) if draft.stale_warning => {
            "Newer mail is in the thread, so it cannot be sent as it is. Call reject_draft, read the thread again with get_thread, and submit a new draft."
        }
        (DraftStatus::Pending, _) if draft.rival_draft_id.is_some() => {
            "Another draft answers the same message, and only one of them can be sent: call reject_draft for the one that should not be. A person decides about the other."
        }
        (DraftStatus::Pending, _) => {
            "A person decides about it. Do other work and call get_draft later; do not submit it again. To change it, call edit_draft."
        }
        (DraftStatus::Approved, None) => "A person approved it. Call send_draft.",
        (DraftStatus::Approved, Some(_)) => {
            "It is on its way. Call get_draft later; its status becomes `sent`, `stale` or `failed`."
        }
        (DraftStatus::Rejected, _) => {
            "It was rejected: see `reject_reason`. If an answer is still needed, read the thread again and submit a new draft."
        }
        (DraftStatus::Sent, _) => "It was sent. Nothing is left to do.",
        (DraftStatus::Stale, _) => {
            "Newer mail arrived, so it cannot be sent. Read the thread again with get_thread and submit a new draft."
        }
        (DraftStatus::Failed, _) => {
            "It was not sent: see `failure`. It is never sent again by itself. If `failure.code` is `outcome_unknown` it may have left: tell the person you work for."
        }
        (DraftStatus::Expired, _) => {
            "Nobody decided in time. If an answer is still needed, read the thread again and submit a new draft."
        }
    }
}

/// A draft with its text.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct DraftView {
    #[serde(flatten)]
    draft: DraftSummary,
    submitted_by: ActorView,
    body_text: Option<String>,
    /// The HTML as text, if it has HTML.
    body_html_as_text: Option<String>,
    /// How many characters the longer of its texts has; what is shown of it may be less.
    characters: usize,
    /// More of it: call `get_draft` with `from_character`.
    next_from_character: Option<usize>,
    rationale: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    attachments: Vec<AttachmentView>,
    quote_history: bool,
    /// What approvers answered to the mails that asked them, the newest last. They decide nothing: change the draft if they ask
    /// for it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    comments: Vec<CommentView>,
    /// Whether its approvers were told.
    approvers_told: Vec<ToldView>,
}

/// What an approver said about a draft without deciding.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct CommentView {
    by: String,
    text: String,
    at: Moment,
}

impl CommentView {
    fn of(comment: &Comment) -> Self {
        Self { by: line(&comment.by.name), text: piece(&comment.text, 0, 2_000).text, at: Moment(comment.at) }
    }
}

/// Whether an approver was told of a version.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct ToldView {
    channel: String,
    version: u32,
    state: NotificationState,
    error: Option<String>,
    at: Moment,
}

impl DraftView {
    pub(crate) fn of(draft: &Draft, body: &DraftBody, from_character: usize, max_characters: usize) -> Self {
        let cut = |text: &str| piece(text, from_character, max_characters);
        let text = body.text.as_deref().map(cut);
        let html = body.html.as_deref().map(|html| cut(&html_to_text(html)));
        let both = || text.iter().chain(&html);
        let told = draft.notifications.iter().rev().take(10).rev();
        Self {
            draft: DraftSummary::of(draft),
            submitted_by: ActorView::of(&draft.submitted_by),
            characters: both().map(|piece| piece.characters).max().unwrap_or(0),
            next_from_character: both().filter_map(|piece| piece.next_from_character).max(),
            body_text: text.map(|piece| piece.text),
            body_html_as_text: html.map(|piece| piece.text),
            rationale: draft.rationale.as_deref().map(|text| piece(text, 0, 2_000).text),
            attachments: draft.attachments.iter().map(AttachmentView::of).collect(),
            quote_history: draft.quote_history,
            comments: draft.comments.iter().map(CommentView::of).collect(),
            approvers_told: told
                .map(|told| ToldView {
                    channel: told.channel.as_str().to_owned(),
                    version: told.version,
                    state: told.state,
                    error: told.error.clone(),
                    at: Moment(told.at),
                })
                .collect(),
        }
    }
}

/// A draft that was just submitted or changed.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct SubmittedView {
    /// There was a draft about this message already, which this is: nothing was made.
    pub(crate) already_there: bool,
    #[serde(flatten)]
    pub(crate) draft: DraftSummary,
    /// What the approver is asked about.
    pub(crate) approver_sees: ApproverSees,
}

/// A draft as its approvers are shown it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct ApproverSees {
    from: String,
    to: Vec<EmailAddress>,
    cc: Vec<EmailAddress>,
    bcc: Vec<EmailAddress>,
    /// The text, as far as it goes here; approvers see all of it.
    text: String,
    rationale: Option<String>,
    files: Vec<String>,
    /// The message answered is quoted below.
    quotes_history: bool,
}

impl ApproverSees {
    pub(crate) fn of(identity: &Identity, draft: &Draft, body: &DraftBody) -> Self {
        let text = body.text.clone().or_else(|| body.html.as_deref().map(html_to_text)).unwrap_or_default();
        Self {
            from: line(&format!("{} <{}>", identity.display_name.as_str(), identity.email_address)),
            to: draft.to.clone(),
            cc: draft.cc.clone(),
            bcc: draft.bcc.clone(),
            text: piece(&text, 0, 4_000).text,
            rationale: draft.rationale.as_deref().map(|text| piece(text, 0, 2_000).text),
            files: draft.attachments.iter().map(|file| line(&file.filename)).collect(),
            quotes_history: draft.quote_history,
        }
    }
}
