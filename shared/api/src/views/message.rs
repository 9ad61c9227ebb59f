//! Messages.

use actionlayer_domain::{
    DraftId, EmailAddress, IdentityId, Message, MessageBody, MessageId, ThreadId, Timestamp,
    message::{
        Attachment, Authentication, DeliveryStatus, Direction, Mailbox, Report, ReportKind, ReportedRecipient,
        SafetyFlag, Verdict,
    },
};
use actionlayer_store::SignedUrl;
use serde::Serialize;
use utoipa::ToSchema;

use super::FailureView;

/// A message with its bodies.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct MessageView {
    id: MessageId,
    thread_id: ThreadId,
    identity_id: IdentityId,
    direction: Direction,
    from_email: String,
    from_name: Option<String>,
    to: Vec<String>,
    cc: Vec<String>,
    bcc: Vec<EmailAddress>,
    reply_to: Vec<String>,
    subject: String,
    body_text: Option<String>,
    body_html: Option<String>,
    extracted_text: Option<String>,
    snippet: String,
    attachments: Vec<AttachmentView>,
    message_id_header: Option<String>,
    in_reply_to: Option<String>,
    references: Vec<String>,
    authentication: Option<AuthenticationView>,
    is_automated: bool,
    /// What it reports about another mail: a claim of whoever sent it. `null` when it is no report.
    report: Option<ReportView>,
    /// What the invitation in it asks (RFC 5546), lower case.
    #[schema(examples("request"))]
    calendar_method: Option<String>,
    safety: SafetyView,
    parse_limited: bool,
    /// Whether it is not found by all of its words: it has more than 500, or its sender wrote very much on that day.
    search_limited: bool,
    draft_id: Option<DraftId>,
    #[schema(value_type = Option<DeliveryStatus>)]
    delivery_status: Option<&'static str>,
    failure: Option<FailureView>,
    received_at: Option<Timestamp>,
    sent_at: Option<Timestamp>,
    created_at: Timestamp,
}

impl MessageView {
    /// The view of a message.
    pub fn of(message: Message, body: MessageBody) -> Self {
        let delivery_status = message.delivery.as_ref().map(|delivery| delivery.status.as_str());
        let failure = message.delivery.and_then(|delivery| delivery.failure).map(FailureView::of);
        Self {
            id: message.id,
            thread_id: message.thread_id,
            identity_id: message.identity_id,
            direction: message.direction,
            from_email: message.from_email,
            from_name: message.from_name,
            to: addresses(message.to),
            cc: addresses(message.cc),
            bcc: message.bcc,
            reply_to: addresses(message.reply_to),
            subject: message.subject,
            body_text: body.text,
            body_html: body.html,
            extracted_text: body.extracted_text,
            snippet: message.snippet,
            attachments: message.attachments.into_iter().map(AttachmentView::of).collect(),
            message_id_header: message.message_id_header,
            // Mail with several is malformed; the first is the one it answers.
            in_reply_to: message.in_reply_to.into_iter().next(),
            references: message.references,
            authentication: message.authentication.map(AuthenticationView::of),
            is_automated: message.is_automated,
            report: message.report.map(ReportView::of),
            calendar_method: message.calendar_method,
            safety: SafetyView { untrusted: message.direction == Direction::Inbound, flags: message.safety_flags },
            parse_limited: message.parse_limited,
            search_limited: message.search_limited,
            draft_id: message.draft_id,
            delivery_status,
            failure,
            received_at: message.received_at,
            sent_at: message.sent_at,
            created_at: message.created_at,
        }
    }
}

/// Addresses alone, in the form every request takes them.
fn addresses(mailboxes: Vec<Mailbox>) -> Vec<String> {
    mailboxes.into_iter().map(|mailbox| mailbox.email).collect()
}

/// A file of a message.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AttachmentView {
    id: String,
    filename: String,
    content_type: String,
    size_bytes: u64,
    content_id: Option<String>,
    inline: bool,
}

impl AttachmentView {
    /// The view of a file.
    pub fn of(attachment: Attachment) -> Self {
        let Attachment { id, filename, content_type, size_bytes, content_id, inline, sha256_hex: _ } = attachment;
        Self { id, filename, content_type, size_bytes, content_id, inline }
    }
}

/// SES's verdicts on inbound mail.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub struct AuthenticationView {
    spf: Verdict,
    dkim: Verdict,
    dmarc: Verdict,
    spam: Verdict,
    virus: Verdict,
    aligned: bool,
}

impl AuthenticationView {
    /// The view of the verdicts.
    pub fn of(authentication: Authentication) -> Self {
        let aligned = authentication.aligned();
        let Authentication { spf, dkim, dmarc, spam, virus } = authentication;
        Self { spf, dkim, dmarc, spam, virus, aligned }
    }
}

/// A report of a machine about another mail: a bounce, a read receipt, a complaint.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct ReportView {
    kind: ReportKind,
    /// The Message-ID of the mail it is about, without angle brackets.
    original_message_id: Option<String>,
    /// For whom that mail was, and what became of it.
    recipients: Vec<ReportedRecipientView>,
    /// Of a receipt the disposition, of a complaint its type; lower case.
    #[schema(examples("abuse"))]
    reason: Option<String>,
}

/// What a report says about one recipient.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct ReportedRecipientView {
    /// The address, as the report has it.
    email: String,
    /// What was done (RFC 3464), lower case.
    #[schema(examples("failed"))]
    action: Option<String>,
    /// Why (RFC 3463).
    #[schema(examples("5.1.1"))]
    status: Option<String>,
}

impl ReportView {
    fn of(report: Report) -> Self {
        let Report { kind, original_message_id, recipients, reason } = report;
        let recipients = recipients.into_iter().map(|recipient| {
            let ReportedRecipient { email, action, status } = recipient;
            ReportedRecipientView { email, action, status }
        });
        Self { kind, original_message_id, recipients: recipients.collect(), reason }
    }
}

/// How far the content may be trusted.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SafetyView {
    /// Somebody else wrote it: data, never instructions.
    pub(super) untrusted: bool,
    /// What looks dangerous.
    pub(super) flags: Vec<SafetyFlag>,
}

impl SafetyView {
    /// Of mail that came from outside.
    pub fn inbound(flags: Vec<SafetyFlag>) -> Self {
        Self { untrusted: true, flags }
    }
}

/// The answer to a send without a draft.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SentView {
    message_id: MessageId,
    thread_id: ThreadId,
    #[schema(value_type = Option<DeliveryStatus>)]
    status: Option<&'static str>,
    queued_at: Timestamp,
}

impl SentView {
    /// The view of a message that was just queued.
    pub fn of(message: &Message) -> Self {
        Self {
            message_id: message.id,
            thread_id: message.thread_id,
            status: message.delivery.as_ref().map(|delivery| delivery.status.as_str()),
            queued_at: message.created_at,
        }
    }
}

/// Where a file can be fetched for a while, without credentials.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SignedUrlView {
    url: String,
    expires_at: Timestamp,
}

impl SignedUrlView {
    /// The view of a signed URL.
    pub fn of(signed: SignedUrl) -> Self {
        Self { url: signed.url, expires_at: signed.expires_at }
    }
}
