//! `GET /v1/identities`, `GET|DELETE /v1/identities/{id}`; and what makes the fields of an identity valid.

use actionlayer_domain::{
    DomainId, EmailAddress, HeaderText, Identity, IdentityId, Rule,
    channel::{ApprovalChannel, ChannelSecrets},
    identity::{IdentityStatus, MAX_THREAD_HISTORY_DEPTH},
    key::Permission,
    rule::Action,
};
use actionlayer_store::{AddressClaim, Page, PageRequest, Row, Transaction, keys};

use crate::{
    App, Caller, ServiceError, approvals::connect::disconnect, contention::until_settled, fields::Fields,
    permission::Require as _, secrets::write_channel_secrets,
};

/// Which identities. A filter that is `None` asks nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct IdentityFilter {
    pub domain_id: Option<DomainId>,
    pub status: Option<IdentityStatus>,
}

const MAX_DISPLAY_NAME_BYTES: usize = 200;
const MAX_ASSISTANT_ID_BYTES: usize = 255;
const MAX_SIGNATURE_BYTES: usize = 16 * 1024;
const MAX_CHANNELS: usize = 5;
/// Every approver gets a mail of its own for every version.
const MAX_APPROVERS: usize = 20;

/// The workspace's identities that the key may see, newest first.
pub async fn list_identities(
    app: &App,
    caller: &Caller,
    filter: IdentityFilter,
    request: &PageRequest,
) -> Result<Page<Identity>, ServiceError> {
    let IdentityFilter { domain_id, status } = filter;
    let identities = app.store.identities(caller.workspace_id).await?;
    let wanted = identities
        .into_iter()
        .map(|row| row.value)
        .filter(|identity| caller.sees(identity.id))
        .filter(|identity| domain_id.is_none_or(|domain_id| identity.domain_id == domain_id))
        .filter(|identity| status.is_none_or(|status| identity.status == status))
        .collect();
    let list = format!("{}#identities{domain_id:?}{status:?}", caller.workspace_id);
    Ok(Page::of_few(wanted, &list, request, |identity: &Identity| identity.id.to_string())?)
}

/// An identity as it was read, if the key may see it.
pub(crate) async fn visible_identity(
    app: &App,
    caller: &Caller,
    id: IdentityId,
) -> Result<Row<Identity>, ServiceError> {
    let row = app.store.identity(caller.workspace_id, id).await?;
    row.filter(|row| caller.sees(row.value.id)).ok_or(ServiceError::NotFound { what: "identity" })
}

/// An identity.
pub async fn get_identity(app: &App, caller: &Caller, id: IdentityId) -> Result<Identity, ServiceError> {
    Ok(visible_identity(app, caller, id).await?.value)
}

/// Deletes an identity: its address receives no more. Its threads stay. The rules that name it, which fail from now on.
pub async fn delete_identity(app: &App, caller: &Caller, id: IdentityId) -> Result<Vec<Rule>, ServiceError> {
    caller.require_role(Permission::Administer)?;
    let deleted = until_settled(app, || async {
        let row = visible_identity(app, caller, id).await?;
        let claim = app.store.get::<AddressClaim>(&keys::address(&row.value.email_address)).await?;
        let mut transaction = Transaction::new();
        transaction.delete(&row);
        if let Some(claim) = claim.filter(|claim| claim.value.identity_id == id) {
            transaction.delete(&claim);
        }
        write_channel_secrets(app, &mut transaction, &row.value, &ChannelSecrets::default()).await?;
        app.store.commit(transaction).await?;
        Ok(row.value)
    })
    .await?;
    disconnect(app, &deleted, &[]).await?;
    let names = |rule: &Rule| {
        rule.actions.iter().any(|action| matches!(action, Action::AssignIdentity { identity_id } if *identity_id == id))
    };
    let rules = app.store.rules(caller.workspace_id).await?;
    Ok(rules.into_iter().map(|row| row.value).filter(names).collect())
}

/// What is wrong with the fields that creating and updating share.
#[derive(Debug, Default)]
pub(crate) struct IdentityFields<'a> {
    pub(crate) display_name: Option<&'a HeaderText>,
    pub(crate) assistant_id: Option<&'a str>,
    pub(crate) signature_text: Option<&'a str>,
    pub(crate) signature_html: Option<&'a str>,
    pub(crate) thread_history_depth: Option<u8>,
    pub(crate) approval_channels: &'a [ApprovalChannel],
}

impl IdentityFields<'_> {
    /// Collects what is wrong.
    pub(crate) fn check(&self, fields: &mut Fields) {
        if let Some(name) = self.display_name
            && (name.as_str().trim().is_empty() || name.as_str().len() > MAX_DISPLAY_NAME_BYTES)
        {
            fields.refuse("display_name", "must be 1 to 200 bytes long and not blank");
        }
        if let Some(id) = self.assistant_id
            && (id.is_empty() || id.len() > MAX_ASSISTANT_ID_BYTES || id.chars().any(char::is_control))
        {
            fields.refuse("assistant_id", "must be 1 to 255 bytes without control characters");
        }
        for (field, signature) in [("signature_text", self.signature_text), ("signature_html", self.signature_html)] {
            if signature.is_some_and(|signature| signature.len() > MAX_SIGNATURE_BYTES) {
                fields.refuse(field, "must be at most 16 KB long");
            }
            if signature.is_some_and(|signature| signature.contains('\0')) {
                fields.refuse(field, "must not contain a NUL character");
            }
        }
        if self.thread_history_depth.is_some_and(|depth| !(1..=MAX_THREAD_HISTORY_DEPTH).contains(&depth)) {
            fields.refuse("thread_history_depth", "must be from 1 to 20");
        }
        if self.approval_channels.len() > MAX_CHANNELS {
            fields.refuse("approval_channel", format!("an identity may have {MAX_CHANNELS} channels"));
        }
        if let Some((field, message)) = self.approval_channels.iter().find_map(ApprovalChannel::problem) {
            fields.refuse(format!("approval_channel.{field}"), message);
        }
        if approvers(self.approval_channels).count() > MAX_APPROVERS {
            fields.refuse("approval_channel.to", format!("an identity may have {MAX_APPROVERS} approvers"));
        }
    }
}

/// Every approver of these channels.
pub(crate) fn approvers(channels: &[ApprovalChannel]) -> impl Iterator<Item = &EmailAddress> {
    channels.iter().flat_map(ApprovalChannel::addresses)
}

/// Refuses approvers whose mail an agent reads: it would find the approval link in its own mailbox and approve itself.
pub(crate) async fn check_approvers(
    app: &App,
    own_address: &EmailAddress,
    channels: &[ApprovalChannel],
    fields: &mut Fields,
) -> Result<(), ServiceError> {
    for approver in approvers(channels) {
        let is_identity = approver.folded() == own_address.folded()
            || app.store.get::<AddressClaim>(&keys::address(approver)).await?.is_some();
        if is_identity {
            fields.refuse(
                "approval_channel.to",
                "must not name the address of an identity: its agent would read the approval link",
            );
            break;
        }
    }
    Ok(())
}
