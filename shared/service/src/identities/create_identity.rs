//! `POST /v1/identities`: a mailbox on a verified domain.

use actionlayer_domain::{
    DomainId, EmailAddress, HeaderText, Identity, IdentityId, LocalPart, SecretPlace, SendingDomain,
    channel::{ApprovalChannel, ApprovalChannels, ChannelSecrets},
    identity::{DEFAULT_THREAD_HISTORY_DEPTH, IdentityStatus},
    key::Permission,
    sending_domain::{DomainStatus, RecordType},
};
use actionlayer_mail::Pictures;
use actionlayer_store::{AddressClaim, CommitError, Transaction, keys};

use serde::Deserialize;
use tokio::sync::OnceCell;
use utoipa::ToSchema;

use crate::{
    App, Caller, ServiceError,
    approvals::connect::{Owner, connect},
    billing::plan::{Limited, Room},
    contention::until_settled,
    fields::Fields,
    identities::read_identities::{IdentityFields, approvers, check_approvers},
    permission::Require as _,
    secrets,
};

/// An identity to create.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "domain_id": "0197f3a0-5c1e-7d2a-9f00-1234567890ab",
    "local_part": "leo",
    "display_name": "Leo (AI Assistant)",
    "approval_channel": { "type": "email", "to": ["dana@example.com"] }
}))]
pub struct NewIdentity {
    pub domain_id: DomainId,
    pub local_part: LocalPart,
    pub display_name: HeaderText,
    pub assistant_id: Option<String>,
    pub reply_to_email: Option<EmailAddress>,
    pub signature_text: Option<String>,
    pub signature_html: Option<String>,
    pub thread_history_depth: Option<u8>,
    pub approval_channel: Option<ApprovalChannels>,
    pub can_send_cold: Option<bool>,
    pub auto_approve_replies: Option<bool>,
}

const ADDRESS_TAKEN: &str = "the address belongs to an identity already";

/// Makes an identity. Its domain must be verified, its address free.
pub async fn create_identity(app: &App, caller: &Caller, create: NewIdentity) -> Result<Identity, ServiceError> {
    caller.require(Permission::Administer)?;
    let id = IdentityId::generate(app.now(), app.entropy());
    // Channels are spoken to once, however often the write has to be tried.
    let connected = OnceCell::new();
    until_settled(app, || create_once(app, caller, id, &create, &connected)).await
}

async fn create_once(
    app: &App,
    caller: &Caller,
    id: IdentityId,
    create: &NewIdentity,
    connected: &OnceCell<Vec<ApprovalChannel>>,
) -> Result<Identity, ServiceError> {
    let workspace_id = caller.workspace_id;
    let channels: &[ApprovalChannel] = create.approval_channel.as_ref().map_or(&[], |channels| &channels.0);
    let room = Room::look(app, workspace_id, Limited::Identities).await?;
    let domain = app.store.get::<SendingDomain>(&keys::domain(workspace_id, create.domain_id)).await?;
    let domain = domain.ok_or(ServiceError::NotFound { what: "domain" })?;
    if domain.value.status != DomainStatus::Verified {
        return Err(ServiceError::DomainNotVerified { missing: missing(&domain.value) });
    }
    let email_address = create.local_part.at(&domain.value.domain);
    let mut fields = Fields::default();
    let mut signature_html = create.signature_html.clone();
    fields.html("signature_html", &mut signature_html, Pictures::Listed);
    if create.local_part.is_reserved() {
        fields.refuse("local_part", "is where approvers are written from: choose another one");
    }
    IdentityFields {
        display_name: Some(&create.display_name),
        assistant_id: create.assistant_id.as_deref(),
        signature_text: create.signature_text.as_deref(),
        signature_html: create.signature_html.as_deref(),
        thread_history_depth: create.thread_history_depth,
        approval_channels: channels,
    }
    .check(&mut fields);
    // `local@domain` can be longer than either part allows.
    if let Err(error) = email_address.as_str().parse::<EmailAddress>() {
        fields.refuse("local_part", error);
    }
    check_approvers(app, &email_address, channels, &mut fields).await?;
    let approves = |identity: &Identity| {
        approvers(&identity.approval_channels).any(|approver| approver.folded() == email_address.folded())
    };
    let identities = app.store.identities(workspace_id).await?;
    if identities.iter().any(|row| approves(&row.value)) {
        fields.refuse("local_part", "makes the address of an approver: its agent would read the approval links");
    }
    fields.finish()?;
    let owner = Owner { workspace_id, identity_id: id, display_name: &create.display_name };
    let approval_channels = connected.get_or_try_init(|| connect(app, owner, channels, &[])).await?;

    let now = app.now();
    let identity = Identity {
        id,
        workspace_id,
        domain_id: create.domain_id,
        local_part: create.local_part.clone(),
        email_address: email_address.clone(),
        display_name: create.display_name.clone(),
        assistant_id: create.assistant_id.clone(),
        reply_to_email: create.reply_to_email.clone(),
        signature_text: create.signature_text.clone(),
        signature_html,
        thread_history_depth: create.thread_history_depth.unwrap_or(DEFAULT_THREAD_HISTORY_DEPTH),
        approval_channels: approval_channels.iter().map(|channel| secrets::kept(channel, workspace_id)).collect(),
        channel_troubles: Vec::new(),
        can_send_cold: create.can_send_cold.unwrap_or(false),
        auto_approve_replies: create.auto_approve_replies.unwrap_or(false),
        status: IdentityStatus::Active,
        created_at: now,
        updated_at: now,
    };
    let mut transaction = Transaction::new();
    room.take(app, identities.len(), &mut transaction)?;
    let claim = transaction.len();
    transaction.create(&AddressClaim { address: email_address, workspace_id, identity_id: identity.id })?;
    transaction.create(&identity)?;
    let channel_secrets = ChannelSecrets::of(approval_channels);
    if !channel_secrets.0.is_empty() {
        let place = SecretPlace::Channels { workspace_id, identity_id: id };
        transaction.create(&secrets::seal(app, place, &channel_secrets).await?)?;
    }
    // Written, not only checked: whoever deletes the domain at the same time must notice.
    transaction.replace(&domain, &domain.value)?;
    match app.store.commit(transaction).await {
        Ok(()) => Ok(identity),
        Err(CommitError::Conflict { failed }) if failed.contains(&claim) => Err(ServiceError::Conflict(ADDRESS_TAKEN)),
        Err(error) => Err(error.into()),
    }
}

/// The missing records, as `TXT _novacore.example.com`.
fn missing(domain: &SendingDomain) -> Vec<String> {
    let kind = |record_type| match record_type {
        RecordType::Txt => "TXT",
        RecordType::Mx => "MX",
    };
    domain.missing_records().map(|record| format!("{} {}", kind(record.record_type), record.name)).collect()
}
