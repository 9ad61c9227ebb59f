//! KMS: data keys, and what is sealed with them.
//!
//! Every secret is sealed with AES-256-GCM under a data key, and that lies beside it, sealed by KMS (envelope encryption).
//! A data key is asked for once and kept in memory for [`KEPT_FOR`], so that sealing and opening take no request of their
//! own. KMS gives it away only to whoever may use the key for that kind of secret: the kind is in the encryption context,
//! which roles are told apart by. Where a secret lies is associated data: moved to another item it does not open.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    time::Duration,
};

use actionlayer_domain::{Secret, SecretKind, Timestamp, sealed::Sealed};
use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_sdk_kms::{
    error::{ProvideErrorMetadata, SdkError},
    primitives::Blob,
    types::DataKeySpec,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};

/// How long a data key is kept in memory: as long as somebody whose right to it was taken away can still use it.
pub const KEPT_FOR: Duration = Duration::from_mins(5);
/// How many opened data keys are kept. Each process seals with one of its own, so that there are some in every deployment.
const MAX_KEPT: usize = 500;
/// What the encryption context calls the deployment.
const CONTEXT_DEPLOYMENT: &str = "actionlayer";
/// What the encryption context calls the kind of secret. `template.yaml` has conditions on it.
const CONTEXT_KIND: &str = "secrets";

/// Why something was not sealed or not opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KmsError {
    /// KMS gave no usable answer.
    #[error("kms is unavailable: {code}")]
    Unavailable {
        /// Its code, or what kind of failure it was.
        code: String,
    },
    /// KMS refused: the role may not, the key is switched off or another one.
    #[error("kms refused the request: {code}")]
    Refused { code: String },
    /// The bytes were not sealed for that place, or were changed.
    #[error("a sealed secret does not open in its place")]
    NotAuthentic,
}

/// The key of a deployment, and the data keys it gave.
#[derive(Debug, Clone)]
pub struct Kms {
    config: aws_sdk_kms::Config,
    /// Made when it is first asked: a function that asks nothing has none of its code.
    client: OnceLock<aws_sdk_kms::Client>,
    key_id: String,
    deployment: String,
    kept: Arc<Mutex<Kept>>,
}

#[derive(Debug, Default)]
struct Kept {
    /// What new secrets of a kind are sealed with.
    sealing: HashMap<SecretKind, (DataKey, Timestamp)>,
    /// By their sealed form.
    opened: HashMap<SealedName, (Secret<[u8; 32]>, Timestamp)>,
}

/// A data key as KMS sealed it, for secrets of a kind.
type SealedName = (SecretKind, String);

#[derive(Debug, Clone)]
struct DataKey {
    plain: Secret<[u8; 32]>,
    /// As KMS sealed it: base64.
    sealed: String,
}

impl Kms {
    /// The KMS key of this id or ARN. `deployment` names the deployment in the encryption context.
    pub fn new(config: aws_sdk_kms::Config, key_id: impl Into<String>, deployment: impl Into<String>) -> Self {
        Self {
            config,
            client: OnceLock::new(),
            key_id: key_id.into(),
            deployment: deployment.into(),
            kept: Arc::default(),
        }
    }

    fn client(&self) -> &aws_sdk_kms::Client {
        self.client.get_or_init(|| aws_sdk_kms::Client::from_conf(self.config.clone()))
    }

    /// Seals bytes for a place: a text that is no other secret's, such as the key of an item.
    pub async fn seal(&self, kind: SecretKind, place: &str, plain: &[u8], now: Timestamp) -> Result<Sealed, KmsError> {
        let key = self.sealing_key(kind, now).await?;
        let cipher = cipher(&key.plain)?;
        let mut bytes = plain.to_vec();
        let nonce =
            cipher.seal_in_place_append_tag(Aad::from(place), &mut bytes).map_err(|_| KmsError::NotAuthentic)?;
        let mut sealed = nonce.as_ref().to_vec();
        sealed.append(&mut bytes);
        Ok(Sealed { data_key: key.sealed, bytes: STANDARD.encode(sealed) })
    }

    /// Opens what was sealed for that place.
    pub async fn open(
        &self,
        kind: SecretKind,
        place: &str,
        sealed: &Sealed,
        now: Timestamp,
    ) -> Result<Vec<u8>, KmsError> {
        let bytes = STANDARD.decode(&sealed.bytes).map_err(|_| KmsError::NotAuthentic)?;
        let (nonce, bytes) = bytes.split_at_checked(NONCE_LEN).ok_or(KmsError::NotAuthentic)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| KmsError::NotAuthentic)?;
        let key = self.opening_key(kind, &sealed.data_key, now).await?;
        let mut bytes = bytes.to_vec();
        let plain =
            cipher(&key)?.open_in_place(nonce, Aad::from(place), &mut bytes).map_err(|_| KmsError::NotAuthentic)?;
        Ok(plain.to_vec())
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn sealing_key(&self, kind: SecretKind, now: Timestamp) -> Result<DataKey, KmsError> {
        if let Some((key, _)) = self.kept().sealing.get(&kind).filter(|(_, until)| is_before(now, *until)) {
            return Ok(key.clone());
        }
        let request = self.client().generate_data_key().key_id(&self.key_id).key_spec(DataKeySpec::Aes256);
        let request = request
            .encryption_context(CONTEXT_DEPLOYMENT, &self.deployment)
            .encryption_context(CONTEXT_KIND, kind.as_str());
        let made = request.send().await.map_err(|error| refusal(&error))?;
        let sealed = made.ciphertext_blob.map(|blob| STANDARD.encode(blob));
        let (plain, sealed) = plain_key(made.plaintext).zip(sealed).ok_or_else(no_key)?;
        let key = DataKey { plain, sealed };
        self.kept().sealing.insert(kind, (key.clone(), now.after(KEPT_FOR)));
        Ok(key)
    }

    async fn opening_key(&self, kind: SecretKind, sealed: &str, now: Timestamp) -> Result<Secret<[u8; 32]>, KmsError> {
        let name = (kind, sealed.to_owned());
        {
            let kept = self.kept();
            let own = kept.sealing.get(&kind).filter(|(key, _)| key.sealed == sealed);
            let own = own.map(|(key, until)| (&key.plain, *until));
            let opened = kept.opened.get(&name).map(|(key, until)| (key, *until));
            if let Some((key, _)) = own.into_iter().chain(opened).find(|(_, until)| is_before(now, *until)) {
                return Ok(key.clone());
            }
        }
        let blob = STANDARD.decode(sealed).map_err(|_| KmsError::NotAuthentic)?;
        let request = self.client().decrypt().key_id(&self.key_id).ciphertext_blob(Blob::new(blob));
        let request = request
            .encryption_context(CONTEXT_DEPLOYMENT, &self.deployment)
            .encryption_context(CONTEXT_KIND, kind.as_str());
        let opened = request.send().await.map_err(|error| refusal(&error))?;
        let plain = plain_key(opened.plaintext).ok_or_else(no_key)?;
        let mut kept = self.kept();
        if kept.opened.len() >= MAX_KEPT {
            kept.opened.retain(|_, (_, until)| is_before(now, *until));
            if kept.opened.len() >= MAX_KEPT {
                kept.opened.clear();
            }
        }
        kept.opened.insert(name, (plain.clone(), now.after(KEPT_FOR)));
        Ok(plain)
    }
}

/// A clock that was set back keeps nothing for longer than it was to be.
fn is_before(now: Timestamp, until: Timestamp) -> bool {
    now < until && until <= now.after(KEPT_FOR)
}

fn cipher(key: &Secret<[u8; 32]>) -> Result<RandomizedNonceKey, KmsError> {
    RandomizedNonceKey::new(&AES_256_GCM, key.expose()).map_err(|_| KmsError::NotAuthentic)
}

fn plain_key(plain: Option<Blob>) -> Option<Secret<[u8; 32]>> {
    Some(Secret::new(plain?.as_ref().try_into().ok()?))
}

fn no_key() -> KmsError {
    KmsError::Unavailable { code: "no_data_key".to_owned() }
}

fn refusal<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> KmsError {
    let SdkError::ServiceError(answer) = error else { return KmsError::Unavailable { code: "no_answer".to_owned() } };
    let code = answer.err().code().unwrap_or("unknown").to_owned();
    match code.as_str() {
        // It was sealed by another key, or for another context: damaged, or put there by somebody.
        "InvalidCiphertextException" | "IncorrectKeyException" => KmsError::NotAuthentic,
        "AccessDeniedException"
        | "DisabledException"
        | "NotFoundException"
        | "KMSInvalidStateException"
        | "InvalidKeyUsageException"
        | "ValidationException" => KmsError::Refused { code },
        _ => KmsError::Unavailable { code },
    }
}
