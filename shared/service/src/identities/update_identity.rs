//! `PATCH /v1/identities/{id}`. Address and domain never change.

use actionlayer_domain::{
    EmailAddress, HeaderText, Identity, IdentityId,
    channel::{ApprovalChannel, ApprovalChannels, ChannelSecrets, ChannelTrouble},
    identity::IdentityStatus,
    key::Permission,
};
use actionlayer_mail::Pictures;
use actionlayer_store::Transaction;

use serde::Deserialize;
use tokio::sync::OnceCell;
use utoipa::ToSchema;

use crate::{
    App, Caller, ServiceError,
    approvals::connect::{Owner, connect, disconnect},
    contention::until_settled,
    fields::Fields,
    identities::read_identities::{IdentityFields, check_approvers, visible_identity},
    input::nullable,
    permission::Require as _,
    secrets,
};

/// The fields to change; what is left out stays as it is. The address cannot be changed.
#[allow(clippy::option_option, reason = "absent, null and a value are three different wishes")]
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "signature_text": "Leo, Novacore", "thread_history_depth": 20 }))]
pub struct UpdateIdentity {
    pub display_name: Option<HeaderText>,
    #[serde(default, deserialize_with = "nullable")]
    pub assistant_id: Option<Option<String>>,
    #[serde(default, deserialize_with = "nullable")]
    pub reply_to_email: Option<Option<EmailAddress>>,
    #[serde(default, deserialize_with = "nullable")]
    pub signature_text: Option<Option<String>>,
    #[serde(default, deserialize_with = "nullable")]
    pub signature_html: Option<Option<String>>,
    pub thread_history_depth: Option<u8>,
    #[serde(default, deserialize_with = "nullable")]
    pub approval_channel: Option<Option<ApprovalChannels>>,
    pub can_send_cold: Option<bool>,
    pub auto_approve_replies: Option<bool>,
    pub status: Option<IdentityStatus>,
}

/// Changes an identity.
pub async fn update_identity(
    app: &App,
    caller: &Caller,
    id: IdentityId,
    patch: UpdateIdentity,
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
    patch: &UpdateIdentity,
    connected: &OnceCell<Vec<ApprovalChannel>>,
) -> Result<(Identity, Identity), ServiceError> {
    let row = visible_identity(app, caller, id).await?;
    let mut patch = patch.clone();
    let mut wanted = patch.approval_channel.take().map(|channels| channels.unwrap_or_default().0);
    let known = match &wanted {
        Some(_) => Known::read(app, &row.value).await?,
        None => Known::default(),
    };
    for channel in wanted.iter_mut().flatten() {
        channel.keep_secrets(&known.channels);
    }
    let channels = wanted.as_deref().unwrap_or_default();
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
    let mut identity = row.value.clone();
    change(&mut identity, &patch);
    let mut secrets = ChannelSecrets::default();
    if let Some(wanted) = &wanted {
        let display_name = patch.display_name.as_ref().unwrap_or(&row.value.display_name);
        let owner = Owner { workspace_id: row.value.workspace_id, identity_id: id, display_name };
        let channels = connected.get_or_try_init(|| connect(app, owner, wanted, &known.channels)).await?;
        secrets = ChannelSecrets::of(channels);
        let workspace = row.value.workspace_id;
        let kept = |channel: &ApprovalChannel| secrets::kept(channel, workspace);
        let before: Vec<_> = known.channels.iter().map(kept).collect();
        identity.approval_channels = channels.iter().map(kept).collect();
        // Those that were saved just now were reached.
        let was_there = |trouble: &ChannelTrouble| {
            identity
                .approval_channels
                .iter()
                .any(|channel| channel.place() == Some(&trouble.place) && before.contains(channel))
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
    if wanted.is_some() && secrets != known.secrets {
        secrets::write_channel_secrets(app, &mut transaction, &identity, &secrets).await?;
    }
    app.store.commit(transaction).await?;
    Ok((row.value, identity))
}

/// The channels an identity has, with the secrets they are opened with in them.
#[derive(Default)]
struct Known {
    channels: Vec<ApprovalChannel>,
    /// As they are sealed.
    secrets: ChannelSecrets,
}

impl Known {
    async fn read(app: &App, identity: &Identity) -> Result<Self, ServiceError> {
        let secrets = secrets::channel_secrets(app, identity).await?;
        let channels = identity.approval_channels.iter().filter_map(|channel| channel.opened(&secrets)).collect();
        Ok(Self { channels, secrets })
    }
}

fn change(identity: &mut Identity, patch: &UpdateIdentity) {
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
    set(&mut identity.can_send_cold, patch.can_send_cold.as_ref());
    set(&mut identity.auto_approve_replies, patch.auto_approve_replies.as_ref());
    set(&mut identity.status, patch.status.as_ref());
}
