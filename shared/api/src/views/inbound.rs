//! Contacts and held mail.

use actionlayer_domain::{
    ContactId, EmailAddress, HeldId, IdentityId, Timestamp, WorkspaceId,
    contact::{Contact, ContactStatus, HeldInbound, HeldReason},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{AuthenticationView, SafetyView};

/// A contact.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ContactView {
    id: ContactId,
    workspace_id: WorkspaceId,
    email: EmailAddress,
    name: Option<String>,
    status: ContactStatus,
    tags: Vec<String>,
    last_seen_at: Timestamp,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl ContactView {
    /// The view of a contact.
    pub fn of(contact: Contact) -> Self {
        let Contact { id, workspace_id, email, name, status, tags, last_seen_at, created_at, updated_at, .. } = contact;
        Self { id, workspace_id, email, name, status, tags, last_seen_at, created_at, updated_at }
    }
}

/// Mail that waits for a decision about its sender.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct HeldView {
    id: HeldId,
    from_email: String,
    from_name: Option<String>,
    subject: String,
    snippet: String,
    identity_id: IdentityId,
    authentication: AuthenticationView,
    safety: SafetyView,
    received_at: Timestamp,
    /// What it waits for: a decision about its sender, or room in the plan, with which it comes in by itself.
    reason: HeldReason,
}

impl HeldView {
    /// The view of held mail.
    pub fn of(held: HeldInbound) -> Self {
        Self {
            id: held.id,
            from_email: held.from_email,
            from_name: held.from_name,
            subject: held.subject,
            snippet: held.snippet,
            identity_id: held.identity_id,
            authentication: AuthenticationView::of(held.authentication),
            safety: SafetyView::inbound(held.safety_flags),
            received_at: held.received_at,
            reason: held.reason,
        }
    }
}
