//! `POST /v1/identities`: a mailbox on a verified domain.

use actionlayer_domain::{
    DomainId, EmailAddress, HeaderText, Identity, IdentityId, LocalPart, SendingDomain,
    channel::ApprovalChannel,
    identity::{DEFAULT_THREAD_HISTORY_DEPTH, IdentityStatus},
    key::Permission,
    sending_domain::{DomainStatus, RecordType},
};
use actionlayer_mail::Pictures;
use actionlayer_store::{AddressClaim, CommitError, Transaction, keys};

use tokio::sync::OnceCell;

use crate::{
    App, Caller, ServiceError,
    approvals::connect::{Owner, connect},
    contention::until_settled,
    fields::Fields,
    identities::read_identities::{IdentityFields, approvers, check_approvers},
    permission::Require as _,
    workspace::plan::{Limited, Room},
};

/// An identity to be made.
#[derive(Debug, Clone)]
pub struct CreateIdentity {
    /// The verified domain of its address.
    pub domain_id: DomainId,
    /// The part of its address before the `@`.
    pub local_part: LocalPart,
    /// The name in `From`.
    pub display_name: HeaderText,
    /// The owner's name for the assistant behind it.
    pub assistant_id: Option<String>,
    /// Where replies should go instead of its address.
    pub reply_to_email: Option<EmailAddress>,
    /// Appended to the text of what it sends.
    pub signature_text: Option<String>,
    /// Appended to the HTML of what it sends.
    pub signature_html: Option<String>,
    /// How many messages a thread shows; 10 when `None`.
    pub thread_history_depth: Option<u8>,
    /// Where its approvers are asked.
    pub approval_channels: Vec<ApprovalChannel>,
    /// May start threads.
    pub can_send_cold: bool,
    /// Replies need no approval.
    pub auto_approve_replies: bool,
}

const ADDRESS_TAKEN: &str = "the address belongs to an identity already";

/// Makes an identity. Its domain must be verified, its address free.
pub async fn create_identity(app: &App, caller: &Caller, create: CreateIdentity) -> Result<Identity, ServiceError> {
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
    create: &CreateIdentity,
    connected: &OnceCell<Vec<ApprovalChannel>>,
) -> Result<Identity, ServiceError> {
    let workspace_id = caller.workspace_id;
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
        approval_channels: &create.approval_channels,
    }
    .check(&mut fields);
    // `local@domain` can be longer than either part allows.
    if let Err(error) = email_address.as_str().parse::<EmailAddress>() {
        fields.refuse("local_part", error);
    }
    check_approvers(app, &email_address, &create.approval_channels, &mut fields).await?;
    let approves = |identity: &Identity| {
        approvers(&identity.approval_channels).any(|approver| approver.folded() == email_address.folded())
    };
    let identities = app.store.identities(workspace_id).await?;
    if identities.iter().any(|row| approves(&row.value)) {
        fields.refuse("local_part", "makes the address of an approver: its agent would read the approval links");
    }
    fields.finish()?;
    let owner = Owner { workspace_id, identity_id: id, display_name: &create.display_name };
    let approval_channels = connected.get_or_try_init(|| connect(app, owner, &create.approval_channels, &[])).await?;

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
        approval_channels: approval_channels.clone(),
        channel_troubles: Vec::new(),
        can_send_cold: create.can_send_cold,
        auto_approve_replies: create.auto_approve_replies,
        status: IdentityStatus::Active,
        created_at: now,
        updated_at: now,
    };
    let mut transaction = Transaction::new();
    room.take(app, identities.len(), &mut transaction)?;
    let claim = transaction.len();
    transaction.create(&AddressClaim { address: email_address, workspace_id, identity_id: identity.id })?;
    transaction.create(&identity)?;
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
