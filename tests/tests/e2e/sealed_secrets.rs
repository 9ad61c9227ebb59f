//! Secrets lie sealed, in items of their own, and what an older deployment has in the clear is moved there.

use std::fmt::Write as _;

use actionlayer_channels::approval_link::ApprovalToken;
use actionlayer_domain::{
    Clock as _, DomainId, Identity, IdentityId, Secret, SecretPlace, SendingDomain, Webhook, WebhookId, WorkspaceId,
    channel::{ApprovalChannel, ChannelSecrets},
};
use actionlayer_runtime::SystemClock;
use actionlayer_store::{
    DomainKeys, LinkSecret, Record, Row, SecretRecord, SlackCallback, TelegramBotRecord, Transaction, keys,
};
use actionlayer_tests::{
    Letter, Receiver, World,
    chats::{SLACK_DANA, SLACK_SECRET, SLACK_TOKEN, TELEGRAM_BOT, TELEGRAM_DANA, TELEGRAM_TOKEN, slack, telegram},
    world::{array, id},
};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;

/// Whose things they are.
struct Places {
    workspace: WorkspaceId,
    identity: IdentityId,
    domain: DomainId,
}

impl Places {
    async fn of(world: &World) -> Self {
        let workspace = world.owner.get("/v1/workspace").await.expect(200);
        let parsed = |value: &Value| value.as_str().unwrap().to_owned();
        Self {
            workspace: parsed(&workspace["id"]).parse().unwrap(),
            identity: id(&world.identity).parse().unwrap(),
            domain: id(&world.domain).parse().unwrap(),
        }
    }

    fn channels(&self) -> SecretPlace {
        SecretPlace::Channels { workspace_id: self.workspace, identity_id: self.identity }
    }

    fn dkim(&self) -> SecretPlace {
        SecretPlace::Dkim { workspace_id: self.workspace, domain_id: self.domain }
    }

    fn webhook(&self, webhook: &Value) -> SecretPlace {
        SecretPlace::Webhook { workspace_id: self.workspace, webhook_id: id(webhook).parse::<WebhookId>().unwrap() }
    }
}

async fn read<T: Record>(world: &World, key: &keys::Key) -> Option<Row<T>> {
    world.engine.store().get(key).await.unwrap()
}

async fn sealed(world: &World, place: &SecretPlace) -> Option<Row<SecretRecord>> {
    read(world, &keys::secret(place)).await
}

/// Takes a secret out of its place, so that it is as if it had never been sealed.
async fn unseal(world: &World, place: &SecretPlace, transaction: &mut Transaction) {
    transaction.delete(&sealed(world, place).await.expect("a sealed secret"));
}

fn callback_id(world: &World) -> String {
    let url = world.identity["approval_channel"][0]["callback_url"].as_str().unwrap();
    url.rsplit('/').next().unwrap().to_owned()
}

#[tokio::test]
async fn secrets_lie_sealed_in_items_of_their_own() {
    let world = World::everywhere().await;
    let places = Places::of(&world).await;
    let hook = json!({"url": "http://127.0.0.1:1/hooks", "events": ["*"]});
    let webhook = world.owner.post("/v1/webhooks", hook).await.expect(201);
    let rotated = world.owner.post_empty(&format!("/v1/webhooks/{}/rotate-secret", id(&webhook))).await.expect(200);
    let thread = world.begin(&Letter::from("ada@customer.test").text("hello")).await;
    world.owner.post("/v1/drafts", world.proposal(&thread, "sealed")).await.expect(201);
    world.slack_question("sealed").await;
    world.come_to_rest().await;

    let secrets = [
        SLACK_TOKEN,
        SLACK_SECRET,
        TELEGRAM_TOKEN,
        webhook["secret"].as_str().unwrap(),
        rotated["secret"].as_str().unwrap(),
    ];
    let is_without = |json: String| assert!(secrets.iter().all(|secret| !json.contains(secret)), "{json}");
    let Places { workspace: workspace_id, identity: identity_id, domain: domain_id } = places;
    let identity: Row<Identity> = read(&world, &keys::identity(workspace_id, identity_id)).await.unwrap();
    is_without(serde_json::to_string(&identity.value).unwrap());
    let webhook_id = id(&webhook).parse().unwrap();
    let known: Row<Webhook> = read(&world, &keys::webhook(workspace_id, webhook_id)).await.unwrap();
    is_without(serde_json::to_string(&known.value).unwrap());
    for place in [
        SecretPlace::Links,
        places.dkim(),
        places.channels(),
        places.webhook(&webhook),
        SecretPlace::SlackCallback { id: callback_id(&world) },
        SecretPlace::TelegramBot { bot_id: TELEGRAM_BOT },
    ] {
        let key = keys::secret(&place);
        assert!(key.pk.starts_with(keys::SECRETS), "{key:?}");
        let record = sealed(&world, &place).await.unwrap_or_else(|| panic!("{place:?}")).value;
        is_without(serde_json::to_string(&record).unwrap());
        assert!(record.indexes().is_empty(), "an index is open to every role");
    }
    // Nothing is left where they used to be.
    assert!(read::<LinkSecret>(&world, &keys::link_secret()).await.is_none());
    assert!(read::<DomainKeys>(&world, &keys::domain_keys(workspace_id, domain_id)).await.is_none());
    assert!(read::<SlackCallback>(&world, &keys::slack_callback(&callback_id(&world))).await.is_none());
    assert!(read::<TelegramBotRecord>(&world, &keys::telegram_bot(TELEGRAM_BOT)).await.is_none());

    // What is given up takes its secrets along.
    world.owner.delete(&format!("/v1/webhooks/{}", id(&webhook))).await.expect(204);
    world.owner.delete(&format!("/v1/identities/{}", id(&world.identity))).await.expect(204);
    world.owner.delete(&format!("/v1/domains/{}", id(&world.domain))).await.expect(204);
    for place in [
        places.dkim(),
        places.channels(),
        places.webhook(&webhook),
        SecretPlace::SlackCallback { id: callback_id(&world) },
        SecretPlace::TelegramBot { bot_id: TELEGRAM_BOT },
    ] {
        assert_eq!(sealed(&world, &place).await.map(|row| row.value.place), None);
    }
}

#[tokio::test]
async fn a_sealed_secret_that_is_moved_to_another_item_does_not_open() {
    let world = World::start().await;
    let places = Places::of(&world).await;
    let receiver = Receiver::start().await;
    let hook = json!({"url": receiver.url(), "events": ["email.received"]});
    let [own, other] =
        [world.owner.post("/v1/webhooks", hook.clone()).await, world.owner.post("/v1/webhooks", hook).await]
            .map(|answer| answer.expect(201));
    // Somebody who can write the table, and not use the key, has one webhook signed with the secret of another.
    let [own_row, other_row] =
        [sealed(&world, &places.webhook(&own)).await.unwrap(), sealed(&world, &places.webhook(&other)).await.unwrap()];
    let mut transaction = Transaction::new();
    let moved = SecretRecord { sealed: other_row.value.sealed.clone(), ..own_row.value.clone() };
    transaction.replace(&own_row, &moved).unwrap();
    world.engine.store().commit(transaction).await.unwrap();
    let rotate = format!("/v1/webhooks/{}/rotate-secret", id(&own));
    let refused = world.owner.post_empty(&rotate).await;
    assert_eq!(refused.status, 500, "{}", refused.text());
    assert!(world.engine.log().contains("not for this place"));
    world.owner.post_empty(&format!("/v1/webhooks/{}/rotate-secret", id(&other))).await.expect(200);
}

#[tokio::test]
async fn what_an_older_deployment_has_in_the_clear_is_moved_and_goes_on_working() {
    let world = World::everywhere().await;
    let places = Places::of(&world).await;
    let Places { workspace: workspace_id, identity: identity_id, domain: domain_id } = places;
    let store = world.engine.store();
    let receiver = Receiver::start().await;
    let hook = json!({"url": receiver.url(), "events": ["email.received"]});
    let webhook = world.owner.post("/v1/webhooks", hook).await.expect(201);

    // As the release before had it: channels with their secrets in the identity, and so on.
    let mut transaction = Transaction::new();
    let identity: Row<Identity> = read(&world, &keys::identity(workspace_id, identity_id)).await.unwrap();
    let clear = |channel: Value| -> ApprovalChannel { serde_json::from_value(channel).unwrap() };
    let mut before = identity.value.clone();
    before.approval_channels[0] = clear(slack(json!({})));
    before.approval_channels[1] = clear(telegram(json!({})));
    transaction.replace(&identity, &before).unwrap();
    unseal(&world, &places.channels(), &mut transaction).await;
    let callback = callback_id(&world);
    unseal(&world, &SecretPlace::SlackCallback { id: callback.clone() }, &mut transaction).await;
    let signing_secret = Secret::new(SLACK_SECRET.to_owned());
    let used_by = vec![identity_id];
    transaction.create(&SlackCallback { id: callback.clone(), workspace_id, signing_secret, used_by }).unwrap();
    let webhook_id = id(&webhook).parse().unwrap();
    let known: Row<Webhook> = read(&world, &keys::webhook(workspace_id, webhook_id)).await.unwrap();
    let old_secret = Secret::new("whsec_0123456789abcdefghijABCDEFGHIJ01".to_owned());
    let former = Webhook { clear_secret: Some(old_secret.clone()), secrets: None, ..known.value.clone() };
    transaction.replace(&known, &former).unwrap();
    unseal(&world, &places.webhook(&webhook), &mut transaction).await;
    unseal(&world, &places.dkim(), &mut transaction).await;
    let private_key_base64 = Secret::new("MIIB".to_owned());
    transaction.create(&DomainKeys { domain_id, workspace_id, private_key_base64 }).unwrap();
    store.commit(transaction).await.unwrap();

    // All of it works as before.
    let thread = world.begin(&Letter::from("ada@customer.test").text("hello")).await;
    world.owner.post("/v1/drafts", world.proposal(&thread, "moved")).await.expect(201);
    let question = world.slack_question("moved").await;
    world.telegram_question(TELEGRAM_DANA, "moved").await;
    world.slack_press(SLACK_DANA, &question, "approve").await;
    world.slack_until(&question, "Approved").await;
    let delivered = receiver.until(1).await.remove(0);
    let mut mac = Hmac::<Sha256>::new_from_slice(old_secret.expose().as_bytes()).unwrap();
    mac.update(&delivered.body);
    let signature = mac.finalize().into_bytes().iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    });
    assert_eq!(delivered.header("x-actionlayer-signature"), signature);
    let verify = format!("/v1/domains/{}/verify", id(&world.domain));
    world.owner.post_empty(&verify).await.expect(200);
    world.come_to_rest().await;

    // And lies where it belongs.
    for place in [
        places.channels(),
        places.webhook(&webhook),
        places.dkim(),
        SecretPlace::SlackCallback { id: callback.clone() },
    ] {
        assert!(sealed(&world, &place).await.is_some(), "{place:?}");
    }
    let identity: Row<Identity> = read(&world, &keys::identity(workspace_id, identity_id)).await.unwrap();
    assert!(!identity.value.approval_channels.iter().any(ApprovalChannel::has_clear_secret));
    assert_eq!(ChannelSecrets::of(&identity.value.approval_channels), ChannelSecrets::default());
    let known: Row<Webhook> = read(&world, &keys::webhook(workspace_id, webhook_id)).await.unwrap();
    assert_eq!((known.value.clear_secret, known.value.secrets.is_some()), (None, true));
    assert!(read::<DomainKeys>(&world, &keys::domain_keys(workspace_id, domain_id)).await.is_none());
    assert!(read::<SlackCallback>(&world, &keys::slack_callback(&callback)).await.is_none());
    let domain: Row<SendingDomain> = read(&world, &keys::domain(workspace_id, domain_id)).await.unwrap();
    assert_eq!(domain.value.domain.as_str(), "ai.novacore.test");
    // It is shown as it was.
    let shown = world.owner.get(&format!("/v1/identities/{}", id(&world.identity))).await.expect(200);
    assert_eq!(array(&shown["approval_channel"]), array(&world.identity["approval_channel"]));
}

#[tokio::test]
async fn links_of_an_older_deployment_stay_good_and_bots_keep_their_secret() {
    let engine = actionlayer_tests::Engine::start().await;
    let key_hex = Secret::new("07".repeat(32));
    let token = Secret::new(TELEGRAM_TOKEN.to_owned());
    let secret = Secret::new("c0ffee".to_owned());
    let mut transaction = Transaction::new();
    transaction.create(&LinkSecret { key_hex }).unwrap();
    transaction.create(&TelegramBotRecord { bot_id: TELEGRAM_BOT, token, secret, used_by: Vec::new() }).unwrap();
    engine.store().commit(transaction).await.unwrap();
    let channels = json!([telegram(json!({})), {"type": "email", "to": [actionlayer_tests::APPROVER]}]);
    let world = World::start_on(engine, json!({"approval_channel": channels})).await;
    let thread = world.begin(&Letter::from("ada@customer.test").text("hello")).await;
    world.owner.post("/v1/drafts", world.proposal(&thread, "kept")).await.expect(201);
    let path = world.approval_path("kept").await;
    let link = path.rsplit('/').next().unwrap();
    let opened = ApprovalToken::open(&Secret::new([7; 32]), link, SystemClock.now());
    assert!(opened.is_ok(), "signed with the secret there was: {opened:?}");
    let question = world.telegram_question(TELEGRAM_DANA, "kept").await;
    world.telegram_press(TELEGRAM_DANA, &question, "Approve").await;
    world.telegram_until(&question, "Approved").await;
    assert!(read::<LinkSecret>(&world, &keys::link_secret()).await.is_none());
    assert!(read::<TelegramBotRecord>(&world, &keys::telegram_bot(TELEGRAM_BOT)).await.is_none());
    assert!(sealed(&world, &SecretPlace::Links).await.is_some());
}
