#![allow(clippy::unwrap_used)]
//! The key, spoken to by the SDK's client and by ours.

use actionlayer_clients::kms::{Kms as Client, KmsError};
use actionlayer_domain::{SecretKind, Timestamp, sealed::Sealed};
use aws_sdk_kms::{config, primitives::Blob, types::DataKeySpec};

use super::*;
use crate::{faults::FaultKind, in_process::InProcess};

const KEY: &str = "SecretsKey";
const URL: &str = "http://127.0.0.1:1";
const AT: Timestamp = Timestamp::from_unix_ms(1_000_000);

struct World {
    folder: tempfile::TempDir,
    faults: Arc<Faults>,
    servers: InProcess,
    sdk: aws_sdk_kms::Client,
}

impl World {
    fn start() -> Self {
        Self::on(tempfile::tempdir().unwrap())
    }

    fn on(folder: tempfile::TempDir) -> Self {
        let faults = Arc::new(Faults::default());
        let servers = InProcess::default();
        servers.add(URL, Kms::open(folder.path(), KEY, faults.clone()).unwrap().router());
        let config = aws_sdk_kms::Config::builder()
            .behavior_version(config::BehaviorVersion::latest())
            .region(config::Region::new(REGION))
            .endpoint_url(URL)
            .retry_config(config::retry::RetryConfig::disabled())
            .credentials_provider(config::Credentials::new("local", "local", None, None, "local"))
            .http_client(servers.client());
        Self { folder, faults, servers, sdk: aws_sdk_kms::Client::from_conf(config.build()) }
    }

    fn client(&self, deployment: &str) -> Client {
        Client::new(self.sdk.config().clone(), KEY, deployment)
    }

    /// No request gets an answer from here on.
    fn go_away(&self) {
        self.faults
            .order(
                serde_json::from_value(json!({"service": "kms", "operation": "*", "kind": "throttle", "count": 1000}))
                    .unwrap(),
            )
            .unwrap();
    }
}

async fn seal(client: &Client, place: &str) -> Sealed {
    client.seal(SecretKind::Dkim, place, b"a private key", AT).await.unwrap()
}

#[tokio::test]
async fn a_data_key_opens_with_its_context_and_its_key_alone() {
    let world = World::start();
    let made = world.sdk.generate_data_key().key_id(KEY).key_spec(DataKeySpec::Aes256);
    let made = made.encryption_context("a", "1").encryption_context("b", "2").send().await.unwrap();
    let (plain, sealed) = (made.plaintext.unwrap(), made.ciphertext_blob.unwrap());
    assert_eq!((plain.as_ref().len(), made.key_id.as_deref()), (32, Some(key_arn(KEY).as_str())));
    let decrypt = |pairs: &[(&str, &str)], sealed: Blob| {
        let request = world.sdk.decrypt().ciphertext_blob(sealed);
        pairs.iter().fold(request, |request, (name, value)| request.encryption_context(*name, *value)).send()
    };
    assert_eq!(decrypt(&[("b", "2"), ("a", "1")], sealed.clone()).await.unwrap().plaintext.unwrap(), plain);
    let mut changed = sealed.clone().into_inner();
    changed[20] ^= 1;
    for refused in [
        decrypt(&[], sealed.clone()).await,
        decrypt(&[("a", "1")], sealed.clone()).await,
        decrypt(&[("a", "12"), ("b", "")], sealed.clone()).await,
        decrypt(&[("a", "1"), ("b", "2")], Blob::new(changed)).await,
    ] {
        assert!(refused.unwrap_err().into_service_error().is_invalid_ciphertext_exception());
    }
    let unknown = world.sdk.generate_data_key().key_id("another").key_spec(DataKeySpec::Aes256).send().await;
    assert!(unknown.unwrap_err().into_service_error().is_not_found_exception());
    let encrypted = world.sdk.encrypt().key_id(KEY).plaintext(Blob::new(b"few bytes")).send().await.unwrap();
    let opened = world.sdk.decrypt().ciphertext_blob(encrypted.ciphertext_blob.unwrap()).send().await.unwrap();
    assert_eq!(opened.plaintext.unwrap().as_ref(), b"few bytes");
}

#[tokio::test]
async fn a_sealed_secret_opens_in_its_place_alone() {
    let world = World::start();
    let client = world.client("table");
    let sealed = seal(&client, "here").await;
    assert!(!format!("{sealed:?}").contains("private"));
    let fresh = world.client("table");
    assert_eq!(fresh.open(SecretKind::Dkim, "here", &sealed, AT).await.unwrap(), b"a private key");
    let refused = Err(KmsError::NotAuthentic);
    assert_eq!(fresh.open(SecretKind::Dkim, "there", &sealed, AT).await, refused);
    assert_eq!(fresh.open(SecretKind::Links, "here", &sealed, AT).await, refused, "another kind");
    assert_eq!(world.client("another table").open(SecretKind::Dkim, "here", &sealed, AT).await, refused);
    let swapped = Sealed { bytes: seal(&fresh, "here").await.bytes, ..sealed };
    assert_eq!(fresh.open(SecretKind::Dkim, "here", &swapped, AT).await, refused, "another data key");
}

#[tokio::test]
async fn a_data_key_is_asked_for_once_in_five_minutes() {
    let world = World::start();
    let client = world.client("table");
    let sealed = seal(&client, "here").await;
    let reader = world.client("table");
    reader.open(SecretKind::Dkim, "here", &sealed, AT).await.unwrap();
    world.go_away();
    let (soon, late) =
        (Timestamp::from_unix_ms(AT.unix_ms() + 299_000), Timestamp::from_unix_ms(AT.unix_ms() + 300_000));
    let other = client.seal(SecretKind::Dkim, "other", b"x", soon).await.unwrap();
    assert_eq!(client.open(SecretKind::Dkim, "other", &other, soon).await.unwrap(), b"x");
    assert_eq!(reader.open(SecretKind::Dkim, "here", &sealed, soon).await.unwrap(), b"a private key");
    let throttled = KmsError::Unavailable { code: "ThrottlingException".to_owned() };
    assert_eq!(reader.open(SecretKind::Dkim, "here", &sealed, late).await, Err(throttled.clone()));
    assert_eq!(client.seal(SecretKind::Dkim, "here", b"x", late).await, Err(throttled.clone()));
    // Another kind has a data key of its own.
    assert_eq!(client.seal(SecretKind::Links, "here", b"x", soon).await, Err(throttled.clone()));
    // A clock that was set back does not make it last.
    assert_eq!(reader.open(SecretKind::Dkim, "here", &sealed, Timestamp::from_unix_ms(0)).await, Err(throttled));
}

#[tokio::test]
async fn the_key_lies_in_a_file_for_its_owner_and_survives_a_restart() {
    let world = World::start();
    let sealed = seal(&world.client("table"), "here").await;
    let file = world.folder.path().join("kms.key");
    assert_eq!(std::fs::read(&file).unwrap().len(), 32);
    let World { folder, servers, .. } = world;
    drop(servers);
    let world = World::on(folder);
    assert_eq!(world.client("table").open(SecretKind::Dkim, "here", &sealed, AT).await.unwrap(), b"a private key");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = |mode| std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        mode(0o640);
        let open = || Kms::open(world.folder.path(), KEY, Arc::default());
        assert!(matches!(open().unwrap_err(), KeyFileError::Open { .. }));
        mode(0o600);
        std::fs::write(&file, b"short").unwrap();
        assert!(matches!(open().unwrap_err(), KeyFileError::Length { .. }));
        // Lost: there is another one, with which nothing opens.
        std::fs::remove_file(&file).unwrap();
        let world = World::on(world.folder);
        let refused = world.client("table").open(SecretKind::Dkim, "here", &sealed, AT).await;
        assert_eq!(refused, Err(KmsError::NotAuthentic));
    }
}

#[test]
fn faults_are_played() {
    let world = World::start();
    world.go_away();
    assert_eq!(world.faults.take(Service::Kms, "Decrypt", FaultKind::OF_REQUESTS), Some(FaultKind::Throttle));
}
