//! Identities, contacts and held mail.

use actionlayer_api::views::AuthenticationView;
use actionlayer_domain::{
    ContactId, EmailAddress, HeaderText, HeldId, Identity, IdentityId,
    contact::{Contact, ContactStatus, HeldInbound, HeldReason},
    identity::IdentityStatus,
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Moment, SafetyView};
use crate::untrusted::{line, piece};

const MAX_SIGNATURE_CHARS: usize = 1_000;

/// A mailbox that mail is received at and sent as.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct IdentityView {
    identity_id: IdentityId,
    email_address: EmailAddress,
    display_name: HeaderText,
    status: IdentityStatus,
    /// It may start threads: `submit_draft` then takes `to` and `subject` in place of `thread_id`.
    can_send_cold: bool,
    /// Its owner lets answers leave without a person, within limits.
    auto_approve_replies: bool,
    /// Somebody is asked about its drafts. Without approvers only a person with a key that may approve can decide.
    has_approvers: bool,
    /// Added to every message by itself: do not write it into a draft.
    signature: Option<String>,
}

impl IdentityView {
    pub(crate) fn of(identity: Identity) -> Self {
        Self {
            identity_id: identity.id,
            email_address: identity.email_address,
            display_name: identity.display_name,
            status: identity.status,
            can_send_cold: identity.can_send_cold,
            auto_approve_replies: identity.auto_approve_replies,
            has_approvers: !identity.approval_channels.is_empty(),
            signature: identity.signature_text.map(|text| piece(&text, 0, MAX_SIGNATURE_CHARS).text),
        }
    }
}

/// A person mail was exchanged with.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct ContactView {
    contact_id: ContactId,
    status: ContactStatus,
    tags: Vec<String>,
    last_seen_at: Moment,
    untrusted_content: ContactContent,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
struct ContactContent {
    email: String,
    name: Option<String>,
}

impl ContactView {
    pub(crate) fn of(contact: Contact) -> Self {
        Self {
            contact_id: contact.id,
            status: contact.status,
            tags: contact.tags,
            last_seen_at: Moment(contact.last_seen_at),
            untrusted_content: ContactContent {
                email: line(contact.email.as_str()),
                name: contact.name.as_deref().map(line),
            },
        }
    }
}

/// Mail that waits for a decision about its sender.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct HeldView {
    pending_id: HeldId,
    identity_id: IdentityId,
    received_at: Moment,
    /// What it waits for: a decision about its sender, or room in the plan.
    reason: HeldReason,
    safety: SafetyView,
    authentication: AuthenticationView,
    untrusted_content: HeldContent,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
struct HeldContent {
    from_email: String,
    from_name: Option<String>,
    subject: String,
    snippet: String,
}

impl HeldView {
    pub(crate) fn of(held: HeldInbound) -> Self {
        Self {
            pending_id: held.id,
            identity_id: held.identity_id,
            received_at: Moment(held.received_at),
            reason: held.reason,
            safety: SafetyView::of(true, held.safety_flags),
            authentication: AuthenticationView::of(held.authentication),
            untrusted_content: HeldContent {
                from_email: line(&held.from_email),
                from_name: held.from_name.as_deref().map(line),
                subject: line(&held.subject),
                snippet: line(&held.snippet),
            },
        }
    }
}
