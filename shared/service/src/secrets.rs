//! Secrets: sealed when they are written, opened where one is needed.
//!
//! This is the one place that has a secret both sealed and open. A secret is sealed for the key of the item it lies in, so
//! that it opens in no other. What an older deployment has in the clear is moved to its place when it is first needed.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use actionlayer_clients::kms::{KEPT_FOR, KmsError};
use actionlayer_domain::{
    Identity, Secret, SecretPlace, Timestamp, Webhook, WebhookId, WorkspaceId,
    channel::{ApprovalChannel, ChannelSecrets},
    webhook::WebhookSecrets,
};
use actionlayer_store::{
    FormerlyClear, LinkSecret, Row, Sealable, SecretRecord, SlackInstallation, StoreError, TelegramBotRecord,
    Transaction, keys,
};

use crate::{App, ServiceError, contention::until_settled};

/// How many secrets are kept in memory.
const MAX_KEPT: usize = 1_000;

/// Secrets that were opened lately: those that never change, and those whose owner says which ones it has.
#[derive(Debug, Clone, Default)]
pub struct KeptSecrets(Arc<Mutex<HashMap<String, Kept>>>);

#[derive(Debug, Clone)]
struct Kept {
    json: Secret<String>,
    until: Timestamp,
}

impl KeptSecrets {
    fn get<T: Sealable>(&self, name: &str, now: Timestamp) -> Option<T> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = kept.get(name).filter(|kept| now < kept.until && kept.until <= now.after(KEPT_FOR))?;
        serde_json::from_str(kept.json.expose()).ok()
    }

    fn keep<T: Sealable>(&self, name: String, value: &T, now: Timestamp) {
        let Ok(json) = serde_json::to_string(value) else { return };
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= MAX_KEPT {
            kept.clear();
        }
        kept.insert(name, Kept { json: Secret::new(json), until: now.after(KEPT_FOR) });
    }
}

impl From<KmsError> for ServiceError {
    fn from(error: KmsError) -> Self {
        match error {
            KmsError::Unavailable { code } => Self::Upstream { service: "kms", code },
            KmsError::Refused { code } => StoreError::Refused { service: "kms", code }.into(),
            KmsError::NotAuthentic => {
                let reason = "it was not sealed by this deployment, or not for this place".to_owned();
                StoreError::Corrupt { kind: "secret", reason }.into()
            }
        }
    }
}

/// A secret that was opened, and the item it was in.
#[derive(Debug, Clone)]
pub(crate) struct Opened<T> {
    pub(crate) value: T,
    pub(crate) row: Row<SecretRecord>,
}

/// A secret's name among associated data, and in memory.
fn name(place: &SecretPlace) -> String {
    let key = keys::secret(place);
    format!("{}\n{}", key.pk, key.sk)
}

fn unreadable<T: Sealable>(error: &serde_json::Error) -> ServiceError {
    // What serde says of a value may repeat it.
    let reason = format!("not as it is written, at column {}", error.column());
    StoreError::Corrupt { kind: T::NAME, reason }.into()
}

/// Seals a value for its place; to be written with what belongs to it.
pub(crate) async fn seal<T: Sealable>(app: &App, place: SecretPlace, value: &T) -> Result<SecretRecord, ServiceError> {
    let plain = serde_json::to_vec(value).map_err(|error| unreadable::<T>(&error))?;
    let sealed = app.kms.seal(place.kind(), &name(&place), &plain, app.now()).await?;
    Ok(SecretRecord { place, sealed })
}

/// Opens what was read.
pub(crate) async fn open<T: Sealable>(app: &App, row: Row<SecretRecord>) -> Result<Opened<T>, ServiceError> {
    let SecretRecord { place, sealed } = &row.value;
    let plain = app.kms.open(place.kind(), &name(place), sealed, app.now()).await?;
    let value = serde_json::from_slice(&plain).map_err(|error| unreadable::<T>(&error))?;
    Ok(Opened { value, row })
}

/// Reads the secret that lies there.
pub(crate) async fn read<T: Sealable>(app: &App, place: &SecretPlace) -> Result<Option<Opened<T>>, ServiceError> {
    match app.store.get::<SecretRecord>(&keys::secret(place)).await? {
        // The item says itself where it is; one that was put elsewhere opens there, and is not what is asked for.
        Some(row) if row.value.place == *place => Ok(Some(open(app, row).await?)),
        Some(_) => Err(KmsError::NotAuthentic.into()),
        None => Ok(None),
    }
}

/// Reads a secret that may still lie in the clear at `former`; then it is moved.
pub(crate) async fn read_or_move<T: FormerlyClear>(
    app: &App,
    place: &SecretPlace,
    former: &keys::Key,
) -> Result<Option<Opened<T>>, ServiceError> {
    until_settled(app, || async {
        if let Some(opened) = read(app, place).await? {
            return Ok(Some(opened));
        }
        let Some(clear) = app.store.get::<T>(former).await? else { return Ok(None) };
        let record = seal(app, clear.value.place(), &clear.value).await?;
        let mut transaction = Transaction::new();
        transaction.create(&record)?.delete(&clear);
        app.store.commit(transaction).await?;
        Ok(Some(Opened { value: clear.value, row: Row::created(record) }))
    })
    .await
}

/// The key that approval links and buttons are signed with: made on first use, the same for ever after.
pub async fn link_secret(app: &App) -> Result<Secret<[u8; 32]>, ServiceError> {
    let name = name(&SecretPlace::Links);
    if let Some(kept) = app.kept_secrets.get::<LinkSecret>(&name, app.now()) {
        return key_of(&kept);
    }
    let secret = until_settled(app, || async {
        let found = read_or_move::<LinkSecret>(app, &SecretPlace::Links, &keys::link_secret()).await?;
        if let Some(found) = found {
            return Ok(found.value);
        }
        let mut key = [0; 32];
        app.entropy().fill(&mut key);
        let secret = LinkSecret { key_hex: Secret::new(hex::encode(key)) };
        let mut transaction = Transaction::new();
        // Two first uses at once: one creates, the other finds.
        transaction.create(&seal(app, SecretPlace::Links, &secret).await?)?;
        app.store.commit(transaction).await?;
        Ok(secret)
    })
    .await?;
    app.kept_secrets.keep(name, &secret, app.now());
    key_of(&secret)
}

fn key_of(secret: &LinkSecret) -> Result<Secret<[u8; 32]>, ServiceError> {
    let mut key = [0; 32];
    hex::decode_to_slice(secret.key_hex.expose(), &mut key)
        .map_err(|error| StoreError::Corrupt { kind: LinkSecret::NAME, reason: error.to_string() })?;
    Ok(Secret::new(key))
}

/// Every bot in Telegram that identities of this deployment use.
pub async fn telegram_bots(app: &App) -> Result<Vec<TelegramBotRecord>, ServiceError> {
    let (sealed, clear) = tokio::try_join!(app.store.sealed_telegram_bots(), app.store.clear_telegram_bots())?;
    let mut bots: Vec<TelegramBotRecord> = clear.into_iter().map(|row| row.value).collect();
    for row in sealed {
        bots.push(open(app, row).await?.value);
    }
    Ok(bots)
}

/// A bot in Telegram.
pub(crate) async fn telegram_bot(app: &App, bot_id: i64) -> Result<Option<Opened<TelegramBotRecord>>, ServiceError> {
    read_or_move(app, &SecretPlace::TelegramBot { bot_id }, &keys::telegram_bot(bot_id)).await
}

/// The token of the deployment's Slack app as a workspace installed it; none where it did not.
pub(crate) async fn slack_bot_token(
    app: &App,
    workspace_id: WorkspaceId,
) -> Result<Option<Secret<String>>, ServiceError> {
    let place = SecretPlace::SlackInstallation { workspace_id };
    until_settled(app, || async {
        if let Some(token) = read::<Secret<String>>(app, &place).await? {
            return Ok(Some(token.value));
        }
        let installed = app.store.get::<SlackInstallation>(&keys::slack_installation(workspace_id)).await?;
        let Some(row) = installed else { return Ok(None) };
        let Some(token) = row.value.clear_bot_token.clone() else { return Ok(None) };
        let mut transaction = Transaction::new();
        transaction.create(&seal(app, place.clone(), &token).await?)?;
        transaction.replace(&row, &SlackInstallation { clear_bot_token: None, ..row.value.clone() })?;
        app.store.commit(transaction).await?;
        Ok(Some(token))
    })
    .await
}

/// A channel with the secrets it is opened with. None when they are gone, as those of an identity are that was deleted.
pub(crate) async fn open_channel(
    app: &App,
    identity: &Identity,
    channel: &ApprovalChannel,
) -> Result<Option<ApprovalChannel>, ServiceError> {
    if !channel.has_secret() {
        return Ok(channel.opened(&ChannelSecrets::default()));
    }
    let place = SecretPlace::Channels { workspace_id: identity.workspace_id, identity_id: identity.id };
    let name = name(&place);
    // The channel says which secrets they are: those that were kept are these, or none of them.
    if let Some(opened) = app.kept_secrets.get(&name, app.now()).and_then(|kept| channel.opened(&kept)) {
        return Ok(Some(opened));
    }
    if channel.has_clear_secret() {
        move_channel_secrets(app, identity).await?;
        return Ok(channel.opened(&ChannelSecrets::default()));
    }
    let secrets = channel_secrets(app, identity).await?;
    app.kept_secrets.keep(name, &secrets, app.now());
    Ok(channel.opened(&secrets))
}

/// What the channels of an identity are opened with.
pub(crate) async fn channel_secrets(app: &App, identity: &Identity) -> Result<ChannelSecrets, ServiceError> {
    let place = SecretPlace::Channels { workspace_id: identity.workspace_id, identity_id: identity.id };
    Ok(read::<ChannelSecrets>(app, &place).await?.map(|opened| opened.value).unwrap_or_default())
}

/// Writes, with a change of an identity, what its channels are opened with from now on.
pub(crate) async fn write_channel_secrets(
    app: &App,
    transaction: &mut Transaction,
    identity: &Identity,
    secrets: &ChannelSecrets,
) -> Result<(), ServiceError> {
    let place = SecretPlace::Channels { workspace_id: identity.workspace_id, identity_id: identity.id };
    let known = app.store.get::<SecretRecord>(&keys::secret(&place)).await?;
    match (known, secrets.0.is_empty()) {
        (None, true) => {}
        (Some(known), true) => {
            transaction.delete(&known);
        }
        (None, false) => {
            transaction.create(&seal(app, place, secrets).await?)?;
        }
        (Some(known), false) => {
            transaction.replace(&known, &seal(app, place, secrets).await?)?;
        }
    }
    Ok(())
}

/// Moves the secrets of an identity from before they were sealed out of it.
async fn move_channel_secrets(app: &App, seen: &Identity) -> Result<(), ServiceError> {
    until_settled(app, || async {
        let Some(row) = app.store.identity(seen.workspace_id, seen.id).await? else { return Ok(()) };
        if !row.value.approval_channels.iter().any(ApprovalChannel::has_clear_secret) {
            return Ok(());
        }
        let mut identity = row.value.clone();
        let mut secrets = channel_secrets(app, &identity).await?;
        secrets.0.extend(ChannelSecrets::of(&identity.approval_channels).0);
        for channel in identity.approval_channels.iter_mut().filter(|channel| channel.has_clear_secret()) {
            *channel = kept(channel, identity.workspace_id);
        }
        let mut transaction = Transaction::new();
        transaction.replace(&row, &identity)?;
        write_channel_secrets(app, &mut transaction, &identity, &secrets).await?;
        Ok(app.store.commit(transaction).await?)
    })
    .await
}

/// A channel as it lies in its identity.
pub(crate) fn kept(channel: &ApprovalChannel, workspace: WorkspaceId) -> ApprovalChannel {
    channel.kept(|secret| crate::approvals::connect::slack_callback_id(workspace, secret))
}

/// Reads what a webhook's deliveries are signed with beside the webhook itself, unless it is kept: nobody waits for it twice.
pub(crate) async fn read_ahead(
    app: &App,
    workspace_id: WorkspaceId,
    webhook_id: WebhookId,
) -> Result<(), ServiceError> {
    let place = SecretPlace::Webhook { workspace_id, webhook_id };
    let name = name(&place);
    if app.kept_secrets.get::<WebhookSecrets>(&name, app.now()).is_none()
        && let Some(secrets) = read::<WebhookSecrets>(app, &place).await?
    {
        app.kept_secrets.keep(name, &secrets.value, app.now());
    }
    Ok(())
}

/// What a webhook's deliveries are signed with. A webhook that has its secrets in itself is written without them.
pub(crate) async fn webhook_secrets(app: &App, row: &Row<Webhook>) -> Result<WebhookSecrets, ServiceError> {
    let Webhook { id, workspace_id, .. } = row.value;
    let place = SecretPlace::Webhook { workspace_id, webhook_id: id };
    let name = name(&place);
    let is_current = |secrets: &WebhookSecrets| row.value.secrets.as_ref() == Some(&secrets.fingerprint());
    if let Some(kept) = app.kept_secrets.get::<WebhookSecrets>(&name, app.now()).filter(is_current) {
        return Ok(kept);
    }
    if let Some(secrets) = row.value.clear_secrets() {
        let mut webhook = row.value.clone();
        webhook.keep(&secrets);
        let mut transaction = Transaction::new();
        transaction.replace(row, &webhook)?.create(&seal(app, place, &secrets).await?)?;
        return match app.store.commit(transaction).await.map_err(ServiceError::from) {
            // Somebody changed or moved it meanwhile. These were its secrets when it was read.
            Ok(()) | Err(ServiceError::Contended) => Ok(secrets),
            Err(error) => Err(error),
        };
    }
    let secrets = read::<WebhookSecrets>(app, &place).await?.ok_or(ServiceError::NotFound { what: "webhook" })?.value;
    app.kept_secrets.keep(name, &secrets, app.now());
    Ok(secrets)
}
