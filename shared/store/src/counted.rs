//! What lists are counted by.

use actionlayer_domain::{DraftStatus, IdentityId, WorkspaceId, contact::ContactStatus, thread::ThreadStatus};

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TotalsKey {
    /// All threads.
    Threads,
    /// Threads that need review, or those that do not.
    ThreadsByReview(bool),
    ThreadsWithStatus(ThreadStatus),
    ThreadsOfIdentity(IdentityId),
    /// All drafts.
    Drafts,
    /// Drafts that are decided, by status. Those that are not are few, and counted where they are listed: an approval is a
    /// single write, and stays one.
    DraftsWithStatus(DraftStatus),
    DraftsOfIdentity(IdentityId),
    /// Held mail.
    Held,
    /// Held mail of an identity.
    HeldOfIdentity(IdentityId),
    /// All contacts.
    Contacts,
    ContactsWithStatus(ContactStatus),
    /// Suppressed addresses.
    Suppressions,
}

impl TotalsKey {
    /// The attribute it is counted in, and with which identity.
    pub(crate) fn counter(self) -> (&'static str, Option<IdentityId>) {
        match self {
            Self::Threads => ("threads", None),
            Self::ThreadsOfIdentity(id) => ("threads", Some(id)),
            Self::ThreadsByReview(true) => ("threads#review", None),
            Self::ThreadsByReview(false) => ("threads#reviewed", None),
            Self::ThreadsWithStatus(ThreadStatus::Open) => ("threads#open", None),
            Self::ThreadsWithStatus(ThreadStatus::Waiting) => ("threads#waiting", None),
            Self::ThreadsWithStatus(ThreadStatus::DraftPending) => ("threads#draft_pending", None),
            Self::ThreadsWithStatus(ThreadStatus::Closed) => ("threads#closed", None),
            Self::Drafts => ("drafts", None),
            Self::DraftsOfIdentity(id) => ("drafts", Some(id)),
            Self::DraftsWithStatus(DraftStatus::Pending) => ("drafts#pending", None),
            Self::DraftsWithStatus(DraftStatus::Approved) => ("drafts#approved", None),
            Self::DraftsWithStatus(DraftStatus::Rejected) => ("drafts#rejected", None),
            Self::DraftsWithStatus(DraftStatus::Sent) => ("drafts#sent", None),
            Self::DraftsWithStatus(DraftStatus::Stale) => ("drafts#stale", None),
            Self::DraftsWithStatus(DraftStatus::Failed) => ("drafts#failed", None),
            Self::DraftsWithStatus(DraftStatus::Expired) => ("drafts#expired", None),
            Self::Held => ("held", None),
            Self::HeldOfIdentity(id) => ("held", Some(id)),
            Self::Contacts => ("contacts", None),
            Self::ContactsWithStatus(ContactStatus::Trusted) => ("contacts#trusted", None),
            Self::ContactsWithStatus(ContactStatus::Pending) => ("contacts#pending", None),
            Self::ContactsWithStatus(ContactStatus::Blocked) => ("contacts#blocked", None),
            Self::Suppressions => ("suppressions", None),
        }
    }
}

/// What an entity counts in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted {
    pub(crate) workspace_id: WorkspaceId,
    pub(crate) identity_id: Option<IdentityId>,
    pub(crate) keys: Vec<TotalsKey>,
}
