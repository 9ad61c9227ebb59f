//! Which entities lie in the table, where, and which indexes list them.

use actionlayer_domain::{
    ApiKeyId, DomainId, DomainName, Draft, DraftBody, DraftId, DraftStatus, EmailAddress, HeaderText, Identity,
    IdentityId, Message, MessageBody, Role, Rule, SendingDomain, Thread, Timestamp, Upload, Workspace, WorkspaceId,
    contact::{Contact, HeldInbound, HeldReason, SenderNotice},
    key::ApiKey,
    message::{Attachment, DeliveryStatus},
    sending_domain::DomainStatus,
};
use serde::{Deserialize, Serialize};

use crate::{
    counted::{Counted, TotalsKey},
    keys::{self, Index, IndexEntry, Key},
    record::Record,
};

impl Record for Workspace {
    const KIND: &'static str = "workspace";
    type Body = ();

    fn key(&self) -> Key {
        keys::workspace(self.id)
    }
}

impl Record for ApiKey {
    const KIND: &'static str = "api_key";
    type Body = ();

    fn key(&self) -> Key {
        keys::api_key(self.workspace_id, self.id)
    }
}

impl Record for SendingDomain {
    const KIND: &'static str = "domain";
    type Body = ();

    fn key(&self) -> Key {
        keys::domain(self.workspace_id, self.id)
    }

    fn indexes(&self) -> Vec<IndexEntry> {
        let list = match (self.status, self.verified_at) {
            (DomainStatus::Pending, _) => keys::DUE_DOMAINS,
            // Watched: a record may go, and come back.
            (DomainStatus::Verified, _) | (DomainStatus::Failed, Some(_)) => keys::DUE_PROVEN_DOMAINS,
            (DomainStatus::Failed, None) => return Vec::new(),
        };
        let since = self.last_checked_at.unwrap_or(self.created_at);
        vec![IndexEntry::new(Index::Due, list, keys::by_time(since, self.id))]
    }
}

impl Record for Identity {
    const KIND: &'static str = "identity";
    type Body = ();

    fn key(&self) -> Key {
        keys::identity(self.workspace_id, self.id)
    }
}

impl Record for Rule {
    const KIND: &'static str = "rule";
    type Body = ();

    fn key(&self) -> Key {
        keys::rule(self.workspace_id, self.id)
    }
}

impl Record for Contact {
    const KIND: &'static str = "contact";
    type Body = ();

    fn key(&self) -> Key {
        keys::contact(self.workspace_id, &self.email)
    }

    fn indexes(&self) -> Vec<IndexEntry> {
        let position = self.id.to_string();
        let with_status = keys::contact_list(self.workspace_id, Some(self.status));
        vec![
            IndexEntry::new(Index::List, keys::contact_list(self.workspace_id, None), &position),
            IndexEntry::new(Index::State, with_status, &position),
            IndexEntry::new(Index::Owner, keys::contact_by_id(self.workspace_id, self.id), "CONTACT"),
        ]
    }

    fn counted(&self) -> Option<Counted> {
        let keys = vec![TotalsKey::Contacts, TotalsKey::ContactsWithStatus(self.status)];
        Some(Counted { workspace_id: self.workspace_id, identity_id: None, keys })
    }
}

impl Record for HeldInbound {
    const KIND: &'static str = "held";
    type Body = ();

    fn key(&self) -> Key {
        keys::held(self.workspace_id, self.id)
    }

    fn indexes(&self) -> Vec<IndexEntry> {
        let position = keys::by_time(self.received_at, self.id);
        let of_identity = keys::held_of_identity(self.workspace_id, self.identity_id);
        let mut entries = vec![
            IndexEntry::new(Index::List, keys::held_list(self.workspace_id), &position),
            IndexEntry::new(Index::Owner, of_identity, &position),
        ];
        if self.reason == HeldReason::PlanLimit {
            entries.push(IndexEntry::new(Index::Due, keys::DUE_HELD, &position));
        }
        entries
    }

    fn counted(&self) -> Option<Counted> {
        let keys = vec![TotalsKey::Held];
        Some(Counted { workspace_id: self.workspace_id, identity_id: Some(self.identity_id), keys })
    }
}

impl Record for SenderNotice {
    const KIND: &'static str = "sender_notice";
    type Body = ();

    fn key(&self) -> Key {
        keys::sender_notice(self.workspace_id, self.held_id.family(), self.identity_id)
    }
}

impl Record for Thread {
    const KIND: &'static str = "thread";
    type Body = ();

    fn key(&self) -> Key {
        keys::thread(self.workspace_id, self.id.family())
    }

    fn indexes(&self) -> Vec<IndexEntry> {
        if self.merged_into.is_some() {
            return Vec::new();
        }
        let position = keys::by_time(self.last_message_at, self.id);
        let state = keys::threads_in_state(self.workspace_id, self.status, self.needs_review);
        vec![
            IndexEntry::new(Index::List, keys::threads(self.workspace_id), &position),
            IndexEntry::new(Index::State, state, &position),
            IndexEntry::new(Index::Owner, keys::threads_of_identity(self.workspace_id, self.identity_id), &position),
        ]
    }

    fn counted(&self) -> Option<Counted> {
        let keys = vec![
            TotalsKey::Threads,
            TotalsKey::ThreadsWithStatus(self.status),
            TotalsKey::ThreadsByReview(self.needs_review),
        ];
        let counted = Counted { workspace_id: self.workspace_id, identity_id: Some(self.identity_id), keys };
        self.merged_into.is_none().then_some(counted)
    }
}

impl Record for Message {
    const KIND: &'static str = "message";
    type Body = MessageBody;

    fn key(&self) -> Key {
        keys::message(self.workspace_id, self.id)
    }

    fn indexes(&self) -> Vec<IndexEntry> {
        let Some(delivery) = &self.delivery else { return Vec::new() };
        match delivery.status {
            // From when it was queued: a claim does not move it, and whoever looks at it sees since when it is claimed.
            DeliveryStatus::Queued | DeliveryStatus::Sending => {
                vec![IndexEntry::new(Index::Due, keys::DUE_SENDS, keys::by_time(self.created_at, self.id))]
            }
            DeliveryStatus::Sent
            | DeliveryStatus::Delivered
            | DeliveryStatus::Bounced
            | DeliveryStatus::Complained
            | DeliveryStatus::Failed => Vec::new(),
        }
    }
}

impl Record for Draft {
    const KIND: &'static str = "draft";
    type Body = DraftBody;

    fn key(&self) -> Key {
        keys::draft(self.workspace_id, self.id)
    }

    fn indexes(&self) -> Vec<IndexEntry> {
        let state = keys::drafts_with_status(self.workspace_id, self.status);
        let mut entries = vec![IndexEntry::new(Index::State, state, self.id.to_string())];
        // Whichever comes first: that it is reminded of, or that it expires.
        let due = [self.remind_at, self.expires_at].into_iter().flatten().min();
        if let (DraftStatus::Pending, Some(due)) = (self.status, due) {
            entries.push(IndexEntry::new(Index::Due, keys::DUE_DRAFTS, keys::by_time(due, self.id)));
        }
        entries
    }

    fn counted(&self) -> Option<Counted> {
        let mut keys = vec![TotalsKey::Drafts];
        // The others are counted where they are listed.
        if !matches!(self.status, DraftStatus::Pending | DraftStatus::Approved) {
            keys.push(TotalsKey::DraftsWithStatus(self.status));
        }
        Some(Counted { workspace_id: self.workspace_id, identity_id: Some(self.identity_id), keys })
    }
}

impl Record for Upload {
    const KIND: &'static str = "upload";
    type Body = ();

    fn key(&self) -> Key {
        keys::upload(self.workspace_id, self.id)
    }

    fn ttl_unix_seconds(&self) -> Option<i64> {
        Some(self.expires_at.unix_seconds())
    }
}

/// A draft as it was before an edit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DraftVersion {
    pub draft_id: DraftId,
    pub workspace_id: WorkspaceId,
    pub version: u32,
    /// Its subject then.
    pub subject: HeaderText,
    /// Its copies then.
    pub cc: Vec<EmailAddress>,
    /// Its blind copies then.
    pub bcc: Vec<EmailAddress>,
    /// Its rationale then.
    pub rationale: Option<String>,
    /// Its files then.
    #[serde(default)]
    pub attachments: Vec<Attachment>,
    /// Whether the message it answers was quoted then.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub quote_history: bool,
    pub replaced_at: Timestamp,
}

impl Record for DraftVersion {
    const KIND: &'static str = "draft_version";
    type Body = DraftBody;

    fn key(&self) -> Key {
        keys::draft_version(self.workspace_id, self.draft_id, self.version)
    }
}

/// That an address belongs to an identity. Makes addresses unique, and leads arriving mail home.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AddressClaim {
    pub address: EmailAddress,
    pub workspace_id: WorkspaceId,
    pub identity_id: IdentityId,
}

impl Record for AddressClaim {
    const KIND: &'static str = "address";
    type Body = ();

    fn key(&self) -> Key {
        keys::address(&self.address)
    }
}

/// That a domain belongs to a workspace. Makes domains unique.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DomainClaim {
    pub domain: DomainName,
    pub workspace_id: WorkspaceId,
    pub domain_id: DomainId,
    pub claimed_at: Timestamp,
}

impl Record for DomainClaim {
    const KIND: &'static str = "domain_claim";
    type Body = ();

    fn key(&self) -> Key {
        keys::domain_claim(&self.domain)
    }
}

/// The one workspace that bootstrap made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DeploymentWorkspace {
    pub workspace_id: WorkspaceId,
}

impl Record for DeploymentWorkspace {
    const KIND: &'static str = "deployment_workspace";
    type Body = ();

    fn key(&self) -> Key {
        keys::deployment_workspace()
    }
}

/// How far the comparison of the bucket with the receipts came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SweepPosition {
    /// Where the listing goes on; from the start when none.
    pub continuation: Option<String>,
}

impl Record for SweepPosition {
    const KIND: &'static str = "sweep_position";
    type Body = ();

    fn key(&self) -> Key {
        keys::sweep_position()
    }
}

/// A key as a request presents it: what one conditional update reads and stamps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct CredentialRecord {
    pub(crate) sha256_hex: String,
    pub(crate) key_id: ApiKeyId,
    pub(crate) workspace_id: WorkspaceId,
    pub(crate) name: HeaderText,
    pub(crate) role: Role,
    pub(crate) identity_ids: Vec<IdentityId>,
}

impl Record for CredentialRecord {
    const KIND: &'static str = "credential";
    type Body = ();

    fn key(&self) -> Key {
        keys::credential(&self.sha256_hex)
    }
}
