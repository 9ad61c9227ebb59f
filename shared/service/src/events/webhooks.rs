//! `POST|GET /v1/webhooks`, `GET|PATCH|DELETE /v1/webhooks/{id}`, `POST /v1/webhooks/{id}/rotate-secret`.

use actionlayer_domain::{
    Secret, SecretPlace, Webhook, WebhookId, WebhookUrl, Workspace,
    key::Permission,
    webhook::{
        ALL_EVENTS, EventName, EventSelection, InvalidEventSelection, MAX_WEBHOOKS, WebhookSecrets, generate_secret,
    },
};
use actionlayer_store::{Page, PageRequest, Row, SecretRecord, Transaction, keys};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    App, Caller, ServiceError,
    contention::until_settled,
    fields::Fields,
    input::nullable,
    permission::Require as _,
    secrets::{open, seal, webhook_secrets},
    workspace::idempotency::Idempotency,
};

/// A webhook to create.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "url": "https://example.com/hooks", "events": ["email.received", "draft.sent"] }))]
pub struct NewWebhook {
    /// A public address, by https; without user name, password and fragment.
    #[schema(value_type = WebhookUrl)]
    pub url: String,
    #[schema(value_type = Vec<EventName>, min_items = 1)]
    pub events: Vec<String>,
    #[schema(max_length = 500)]
    pub description: Option<String>,
    /// Whether events are delivered; `true` when left out.
    pub active: Option<bool>,
}

/// The fields to change; what is left out stays as it is.
#[allow(clippy::option_option, reason = "absent, null and a value are three different wishes")]
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "active": false }))]
pub struct UpdateWebhook {
    #[schema(value_type = Option<WebhookUrl>)]
    pub url: Option<String>,
    #[schema(value_type = Option<Vec<EventName>>, min_items = 1)]
    pub events: Option<Vec<String>>,
    #[serde(default, deserialize_with = "nullable")]
    #[schema(max_length = 500)]
    pub description: Option<Option<String>>,
    pub active: Option<bool>,
}

const MAX_DESCRIPTION_BYTES: usize = 500;

/// Webhooks are told of everything in the workspace. To a key that is bound to some identities there are none.
pub(crate) fn sees_webhooks(caller: &Caller) -> bool {
    caller.sees_all()
}

/// Whoever changes webhooks decides who is told of everything in the workspace.
pub(crate) fn require_owner(caller: &Caller) -> Result<(), ServiceError> {
    caller.require_role(Permission::Administer)?;
    if sees_webhooks(caller) {
        return Ok(());
    }
    Err(ServiceError::Forbidden {
        reason: "webhooks are told of the whole workspace: it takes a key that is not bound to identities",
    })
}

pub(crate) async fn find(app: &App, caller: &Caller, id: WebhookId) -> Result<Row<Webhook>, ServiceError> {
    let not_found = ServiceError::NotFound { what: "webhook" };
    if !sees_webhooks(caller) {
        return Err(not_found);
    }
    app.store.get(&keys::webhook(caller.workspace_id, id)).await?.ok_or(not_found)
}

fn check_url(app: &App, url: &str, fields: &mut Fields) -> Option<WebhookUrl> {
    WebhookUrl::parse(url, app.settings.webhook_reach).map_err(|error| fields.refuse("url", error)).ok()
}

fn check_events(names: &[String], fields: &mut Fields) -> Option<EventSelection> {
    let all = || EventSelection::choices().map(|event| format!("`{event}`")).collect::<Vec<_>>().join(", ");
    match EventSelection::parse(names) {
        Ok(events) => return Some(events),
        Err(InvalidEventSelection::Empty) => {
            fields.refuse("events", format!("must name an event, or be [\"{ALL_EVENTS}\"] for all"));
        }
        Err(InvalidEventSelection::AllAndMore) => {
            fields.refuse("events", format!("must be [\"{ALL_EVENTS}\"] alone for all events"));
        }
        Err(InvalidEventSelection::Unknown(i)) => {
            fields.refuse(format!("events[{i}]"), format!("must be one of {}, or `{ALL_EVENTS}`", all()));
        }
    }
    None
}

fn check_description(description: Option<&str>, fields: &mut Fields) {
    if description.is_some_and(|text| text.len() > MAX_DESCRIPTION_BYTES || text.chars().any(char::is_control)) {
        fields.refuse("description", "must be at most 500 bytes, without control characters");
    }
}

/// Makes a webhook. Its secret is in this answer and in those to a change of it, and in no other.
pub async fn create_webhook(
    app: &App,
    caller: &Caller,
    idempotency: &Idempotency,
    input: NewWebhook,
) -> Result<(Webhook, Secret<String>), ServiceError> {
    require_owner(caller)?;
    let mut fields = Fields::default();
    let url = check_url(app, &input.url, &mut fields);
    let events = check_events(&input.events, &mut fields);
    check_description(input.description.as_deref(), &mut fields);
    fields.finish()?;
    let Some((url, events)) = url.zip(events) else { return Err(ServiceError::invalid("url", "must be a URL")) };
    until_settled(app, || async {
        if let Some(id) = idempotency.made(app, caller).await? {
            return with_secret(app, find(app, caller, id).await?).await;
        }
        // Read before the webhooks and written with the new one: of two that would each be the last, one comes again.
        let workspace = app.store.get::<Workspace>(&keys::workspace(caller.workspace_id)).await?;
        let workspace = workspace.ok_or(ServiceError::NotFound { what: "workspace" })?;
        if app.store.webhooks(caller.workspace_id).await?.len() >= MAX_WEBHOOKS {
            return Err(ServiceError::Conflict("a workspace has at most 20 webhooks; delete one first"));
        }
        let now = app.now();
        let id = WebhookId::generate(now, app.entropy());
        let secrets = WebhookSecrets::new(generate_secret(app.entropy()));
        let mut webhook = Webhook {
            description: input.description.clone(),
            active: input.active.unwrap_or(true),
            ..Webhook::start(id, caller.workspace_id, url.clone(), events.clone(), now)
        };
        webhook.keep(&secrets);
        let place = SecretPlace::Webhook { workspace_id: caller.workspace_id, webhook_id: id };
        let mut transaction = Transaction::new();
        transaction.create(&webhook)?.replace(&workspace, &workspace.value)?;
        transaction.create(&seal(app, place, &secrets).await?)?;
        idempotency.mark(&mut transaction, caller, webhook.id, now)?;
        app.store.commit(transaction).await?;
        Ok((webhook, secrets.secret))
    })
    .await
}

/// The workspace's webhooks, newest first.
pub async fn list_webhooks(app: &App, caller: &Caller, request: &PageRequest) -> Result<Page<Webhook>, ServiceError> {
    let webhooks = if sees_webhooks(caller) { app.store.webhooks(caller.workspace_id).await? } else { Vec::new() };
    let webhooks = webhooks.into_iter().map(|row| row.value).collect();
    Ok(Page::of_few(webhooks, &format!("{}#webhooks", caller.workspace_id), request, |webhook| webhook.id.to_string())?)
}

/// A webhook.
pub async fn get_webhook(app: &App, caller: &Caller, id: WebhookId) -> Result<Webhook, ServiceError> {
    Ok(find(app, caller, id).await?.value)
}

/// Changes a webhook. What is on its way goes where the webhook is by then.
pub async fn update_webhook(
    app: &App,
    caller: &Caller,
    id: WebhookId,
    patch: UpdateWebhook,
) -> Result<Webhook, ServiceError> {
    caller.require_role(Permission::Administer)?;
    let mut fields = Fields::default();
    let url = patch.url.as_deref().and_then(|url| check_url(app, url, &mut fields));
    let events = patch.events.as_deref().and_then(|events| check_events(events, &mut fields));
    check_description(patch.description.as_ref().and_then(Option::as_deref), &mut fields);
    fields.finish()?;
    until_settled(app, || async {
        let row = find(app, caller, id).await?;
        let mut webhook = row.value.clone();
        webhook.url = url.clone().unwrap_or(webhook.url);
        webhook.events = events.clone().unwrap_or(webhook.events);
        webhook.description = patch.description.clone().unwrap_or(webhook.description);
        webhook.active = patch.active.unwrap_or(webhook.active);
        if webhook.active {
            webhook.disabled = None;
        }
        if webhook == row.value {
            return Ok(webhook);
        }
        webhook.updated_at = app.now();
        let mut transaction = Transaction::new();
        transaction.replace(&row, &webhook)?;
        app.store.commit(transaction).await?;
        Ok(webhook)
    })
    .await
}

/// Removes a webhook. What was on its way to it is not delivered any more.
pub async fn delete_webhook(app: &App, caller: &Caller, id: WebhookId) -> Result<(), ServiceError> {
    caller.require_role(Permission::Administer)?;
    until_settled(app, || async {
        let row = find(app, caller, id).await?;
        let place = SecretPlace::Webhook { workspace_id: caller.workspace_id, webhook_id: id };
        let secrets = app.store.get::<SecretRecord>(&keys::secret(&place)).await?;
        let mut transaction = Transaction::new();
        transaction.delete(&row);
        if let Some(secrets) = secrets {
            transaction.delete(&secrets);
        }
        Ok(app.store.commit(transaction).await?)
    })
    .await
}

/// Gives a webhook a new secret; the one before signs along for a day.
pub async fn rotate_webhook_secret(
    app: &App,
    caller: &Caller,
    idempotency: &Idempotency,
    id: WebhookId,
) -> Result<(Webhook, Secret<String>), ServiceError> {
    caller.require_role(Permission::Administer)?;
    let place = SecretPlace::Webhook { workspace_id: caller.workspace_id, webhook_id: id };
    until_settled(app, || async {
        let row = find(app, caller, id).await?;
        if idempotency.made::<WebhookId>(app, caller).await?.is_some() {
            return with_secret(app, row).await;
        }
        let now = app.now();
        let known = app.store.get::<SecretRecord>(&keys::secret(&place)).await?;
        let before = match (&known, row.value.clear_secrets()) {
            (Some(known), _) => open::<WebhookSecrets>(app, known.clone()).await?.value,
            (None, Some(clear)) => clear,
            (None, None) => return Err(ServiceError::NotFound { what: "webhook" }),
        };
        let secrets = before.rotated(generate_secret(app.entropy()), now);
        let sealed = seal(app, place.clone(), &secrets).await?;
        let mut webhook = row.value.clone();
        webhook.keep(&secrets);
        webhook.updated_at = now;
        let mut transaction = Transaction::new();
        transaction.replace(&row, &webhook)?;
        match &known {
            Some(known) => transaction.replace(known, &sealed)?,
            None => transaction.create(&sealed)?,
        };
        idempotency.mark(&mut transaction, caller, id, now)?;
        app.store.commit(transaction).await?;
        Ok((webhook, secrets.secret))
    })
    .await
}

async fn with_secret(app: &App, row: Row<Webhook>) -> Result<(Webhook, Secret<String>), ServiceError> {
    let secrets = webhook_secrets(app, &row).await?;
    Ok((row.value, secrets.secret))
}
