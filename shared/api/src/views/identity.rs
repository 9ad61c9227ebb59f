//! Domains and identities.

use actionlayer_domain::{
    DomainId, DomainName, EmailAddress, HeaderText, Identity, IdentityId, LocalPart, SendingDomain, Timestamp,
    WorkspaceId,
    channel::{ApprovalChannels, ChannelKind, ChannelTrouble},
    identity::IdentityStatus,
    notification::NotificationState,
    sending_domain::{DnsRecord, DomainStatus, RecordPurpose, RecordType},
};
use actionlayer_service::{approvals::connect, identities::test_notification::Tested};
use serde::Serialize;
use utoipa::ToSchema;

/// A domain with its five records.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct DomainView {
    id: DomainId,
    workspace_id: WorkspaceId,
    domain: DomainName,
    status: DomainStatus,
    records: Vec<RecordView>,
    suggestion: Option<String>,
    last_checked_at: Option<Timestamp>,
    verified_at: Option<Timestamp>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl DomainView {
    /// The view of a domain.
    pub fn of(domain: SendingDomain) -> Self {
        let SendingDomain {
            id,
            workspace_id,
            domain,
            status,
            dkim_selector: _,
            records,
            suggestion,
            created_at,
            updated_at,
            last_checked_at,
            verified_at,
        } = domain;
        Self {
            id,
            workspace_id,
            domain,
            status,
            records: records.into_iter().map(RecordView::of).collect(),
            suggestion,
            last_checked_at,
            verified_at,
            created_at,
            updated_at,
        }
    }
}

/// A DNS record to add, and what is there.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RecordView {
    #[serde(rename = "type")]
    record_type: RecordType,
    name: String,
    registrar_name: String,
    value: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    priority: Option<u16>,
    purpose: RecordPurpose,
    verified: bool,
    found: Vec<String>,
}

impl RecordView {
    /// The view of a record.
    pub fn of(record: DnsRecord) -> Self {
        let DnsRecord { record_type, name, registrar_name, value, priority, purpose, verified, found } = record;
        Self { record_type, name, registrar_name, value, priority, purpose, verified, found }
    }
}

/// An identity.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[allow(clippy::struct_excessive_bools, reason = "each is a separate opt-in of the published API")]
pub struct IdentityView {
    id: IdentityId,
    workspace_id: WorkspaceId,
    domain_id: DomainId,
    local_part: LocalPart,
    email_address: EmailAddress,
    display_name: HeaderText,
    assistant_id: Option<String>,
    reply_to_email: Option<EmailAddress>,
    signature_text: Option<String>,
    signature_html: Option<String>,
    thread_history_depth: u8,
    #[schema(value_type = Option<ApprovalChannels>)]
    approval_channel: ApprovalChannels,
    /// Channels that cannot be written to until somebody mends them, each with the provider's word and what to do.
    channel_status: Vec<ChannelTrouble>,
    can_send_cold: bool,
    auto_approve_replies: bool,
    status: IdentityStatus,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl IdentityView {
    /// The view of an identity of a deployment that is reached at `public_url`.
    pub fn of(identity: Identity, public_url: &str) -> Self {
        let Identity {
            id,
            workspace_id,
            domain_id,
            local_part,
            email_address,
            display_name,
            assistant_id,
            reply_to_email,
            signature_text,
            signature_html,
            thread_history_depth,
            approval_channels,
            channel_troubles,
            can_send_cold,
            auto_approve_replies,
            status,
            created_at,
            updated_at,
        } = identity;
        let shown = approval_channels.iter().map(|channel| connect::shown(channel, workspace_id, public_url)).collect();
        Self {
            id,
            workspace_id,
            domain_id,
            local_part,
            email_address,
            display_name,
            assistant_id,
            reply_to_email,
            signature_text,
            signature_html,
            thread_history_depth,
            approval_channel: ApprovalChannels(shown),
            channel_status: channel_troubles.into_iter().map(ChannelTrouble::shown).collect(),
            can_send_cold,
            auto_approve_replies,
            status,
            created_at,
            updated_at,
        }
    }
}

/// What came of a test of an identity's channels.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct TestedChannelsView {
    data: Vec<TestedChannelView>,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
struct TestedChannelView {
    channel: ChannelKind,
    /// An address, or the id of a channel or chat.
    recipient: String,
    state: NotificationState,
    /// Why it failed, in the provider's word.
    error: Option<String>,
    /// What to do about it.
    fix: Option<String>,
}

impl TestedChannelsView {
    /// The view of a test.
    pub fn of(tested: Vec<Tested>) -> Self {
        let view = |tested: Tested| {
            let Tested { channel, recipient, state, error, fix } = tested;
            TestedChannelView { channel, recipient, state, error, fix }
        };
        Self { data: tested.into_iter().map(view).collect() }
    }
}
