//! `PATCH /v1/identities/{id}`. Address and domain never change.

use actionlayer_domain::{
    EmailAddress, HeaderText, Identity, IdentityId,
    channel::{ApprovalChannel, ChannelTrouble},
    identity::IdentityStatus,
    key::Permission,
};
use actionlayer_mail::Pictures;
use actionlayer_store::Transaction;

use tokio::sync::OnceCell;

use crate::{
    App, Caller, ServiceError,
    approvals::connect::{Owner, connect, disconnect},
    contention::until_settled,
    fields::Fields,
    identities::read_identities::{IdentityFields, check_approvers, visible_identity},
    permission::Require as _,
};

/// What to change; `None` leaves it, `Some(None)` clears it.
#[derive(Debug, Clone, Default)]
pub struct IdentityPatch {
    /// The name in `From`.
    pub display_name: Option<HeaderText>,
    /// The owner's name for the assistant behind it.
    pub assistant_id: Option<Option<String>>,
    /// Where replies should go instead of its address.
    pub reply_to_email: Option<Option<EmailAddress>>,
    /// Appended to the text of what it sends.
    pub signature_text: Option<Option<String>>,
    /// Appended to the HTML of what it sends.
    pub signature_html: Option<Option<String>>,
    /// How many messages a thread shows.
    pub thread_history_depth: Option<u8>,
    /// Where its approvers are asked; none when empty.
    pub approval_channels: Option<Vec<ApprovalChannel>>,
    /// May start threads.
    pub can_send_cold: Option<bool>,
    /// Replies need no approval.
    pub auto_approve_replies: Option<bool>,
    /// Whether it receives and sends.
    pub status: Option<IdentityStatus>,
}

/// Changes an identity.
pub async fn update_identity(
    app: &App,
    caller: &Caller,
    id: IdentityId,
    patch: IdentityPatch,
) -> Result<Identity, ServiceError> {
    caller.require_role(Permission::Administer)?;
    // Channels are spoken to once, however often the write has to be tried.
    let connected = OnceCell::new();
    let (before, after) = until_settled(app, || update_once(app, caller, id, &patch, &connected)).await?;
    disconnect(app, &before, &after.approval_channels).await?;
    Ok(after)
}

async fn update_once(
    app: &App,
    caller: &Caller,
    id: IdentityId,
    patch: &IdentityPatch,
    connected: &OnceCell<Vec<ApprovalChannel>>,
) -> Result<(Identity, Identity), ServiceError> {
    let row = visible_identity(app, caller, id).await?;
    let mut patch = patch.clone();
    for channel in patch.approval_channels.iter_mut().flatten() {
        channel.keep_secrets(&row.value.approval_channels);
    }
    let channels = patch.approval_channels.as_deref().unwrap_or_default();
    let mut fields = Fields::default();
    if let Some(signature_html) = &mut patch.signature_html {
        fields.html("signature_html", signature_html, Pictures::Listed);
    }
    IdentityFields {
        display_name: patch.display_name.as_ref(),
        assistant_id: patch.assistant_id.as_ref().and_then(Option::as_deref),
        signature_text: patch.signature_text.as_ref().and_then(Option::as_deref),
        signature_html: patch.signature_html.as_ref().and_then(Option::as_deref),
        thread_history_depth: patch.thread_history_depth,
        approval_channels: channels,
    }
    .check(&mut fields);
    check_approvers(app, &row.value.email_address, channels, &mut fields).await?;
    fields.finish()?;
    if let Some(wanted) = &patch.approval_channels {
        let display_name = patch.display_name.as_ref().unwrap_or(&row.value.display_name);
        let owner = Owner { workspace_id: row.value.workspace_id, identity_id: id, display_name };
        let channels = connected.get_or_try_init(|| connect(app, owner, wanted, &row.value.approval_channels)).await?;
        patch.approval_channels = Some(channels.clone());
    }
    let mut identity = row.value.clone();
    change(&mut identity, &patch);
    if patch.approval_channels.is_some() {
        // Those that were saved just now were reached.
        let was_there = |trouble: &ChannelTrouble| {
            identity
                .approval_channels
                .iter()
                .any(|channel| channel.place() == Some(&trouble.place) && row.value.approval_channels.contains(channel))
        };
        let left = row.value.channel_troubles.iter().filter(|trouble| was_there(trouble)).cloned().collect();
        identity.channel_troubles = left;
    }
    if identity == row.value {
        return Ok((row.value, identity));
    }
    identity.updated_at = app.now();
    let mut transaction = Transaction::new();
    transaction.replace(&row, &identity)?;
    app.store.commit(transaction).await?;
    Ok((row.value, identity))
}

fn change(identity: &mut Identity, patch: &IdentityPatch) {
    fn set<T: Clone>(field: &mut T, new: Option<&T>) {
        if let Some(new) = new {
            field.clone_from(new);
        }
    }
    set(&mut identity.display_name, patch.display_name.as_ref());
    set(&mut identity.assistant_id, patch.assistant_id.as_ref());
    set(&mut identity.reply_to_email, patch.reply_to_email.as_ref());
    set(&mut identity.signature_text, patch.signature_text.as_ref());
    set(&mut identity.signature_html, patch.signature_html.as_ref());
    set(&mut identity.thread_history_depth, patch.thread_history_depth.as_ref());
    set(&mut identity.approval_channels, patch.approval_channels.as_ref());
    set(&mut identity.can_send_cold, patch.can_send_cold.as_ref());
    set(&mut identity.auto_approve_replies, patch.auto_approve_replies.as_ref());
    set(&mut identity.status, patch.status.as_ref());
}
