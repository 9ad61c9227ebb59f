//! Who did what to the accounts of a workspace.

use serde::{Deserialize, Serialize};

use crate::{AuditId, Timestamp, WorkspaceId, draft::Actor, ports::Entropy};

/// Something that was done. Entries are only ever added.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// Its id; ids sort by time.
    pub id: AuditId,
    pub workspace_id: WorkspaceId,
    pub at: Timestamp,
    /// Who did it.
    pub actor: Actor,
    pub act: AuditAct,
    /// To whom or what; empty where that is the actor.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub about: String,
}

/// What can be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuditAct {
    /// Made the workspace, or became its first owner.
    BecameOwner,
    SignedIn,
    /// Signed in by the link that the engine printed.
    SignedInByLink,
    SignedOut,
    /// Ended a session from elsewhere.
    EndedSession,
    /// Changed the own password.
    ChangedPassword,
    /// Set another password by a link.
    ResetPassword,
    /// Proved the own address.
    VerifiedEmail,
    /// Invited somebody.
    Invited,
    /// Took an invitation back.
    WithdrewInvitation,
    /// Came in by an invitation.
    AcceptedInvitation,
    /// Made somebody something else.
    ChangedRole,
    /// Removed somebody.
    RemovedUser,
    /// Asked for all that the workspace has.
    ExportedWorkspace,
    /// Asked for the workspace to be deleted.
    ScheduledDeletion,
    /// Took that back.
    CanceledDeletion,
    /// Went to the page on which a plan is paid for.
    BeganCheckout,
    /// Went to the page on which the subscription is changed.
    OpenedBillingPortal,
}

impl AuditAct {
    /// As the middle of a sentence, between who did it and to whom.
    pub const fn words(self) -> &'static str {
        match self {
            Self::BecameOwner => "became the owner of the workspace",
            Self::SignedIn => "signed in",
            Self::SignedInByLink => "signed in by the engine's link",
            Self::SignedOut => "signed out",
            Self::EndedSession => "ended a session",
            Self::ChangedPassword => "changed their password",
            Self::ResetPassword => "set another password by a link",
            Self::VerifiedEmail => "proved their address",
            Self::Invited => "invited",
            Self::WithdrewInvitation => "took back the invitation of",
            Self::AcceptedInvitation => "accepted an invitation",
            Self::ChangedRole => "changed the role of",
            Self::RemovedUser => "removed",
            Self::ScheduledDeletion => "asked for the workspace to be deleted",
            Self::CanceledDeletion => "took back that the workspace is deleted",
            Self::BeganCheckout => "went to pay for the plan",
            Self::OpenedBillingPortal => "opened the billing portal",
            Self::ExportedWorkspace => "asked for an export of the workspace",
        }
    }
}

impl AuditEntry {
    /// An entry of now.
    pub fn new(
        workspace_id: WorkspaceId,
        actor: Actor,
        act: AuditAct,
        about: impl Into<String>,
        at: Timestamp,
        entropy: &dyn Entropy,
    ) -> Self {
        Self { id: AuditId::generate(at, entropy), workspace_id, at, actor, act, about: about.into() }
    }
}
