//! KMS: a server that speaks its own protocol, AWS JSON 1.1, for one symmetric key.
//!
//! **Job.** What sealing secrets relies on in AWS: data keys, sealed by a key that never leaves this server, for an
//! encryption context without which they do not open.
//!
//! **Invariants.** The key lies in a file of its own that its owner alone can read, and is on disk before anything is sealed
//! with it. A key that was lost is never made anew in silence: what was sealed is refused, and says why. Signatures are not
//! verified: the server listens on this machine only.
//!
//! **Must never know.** What is sealed. Other kinds of keys, their rotation, policies and grants are refused by name.

mod master_key;
#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, path::Path, sync::Arc};

use axum::{
    Router,
    body::{Body, Bytes},
    extract,
    response::{IntoResponse, Response},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{HeaderMap, HeaderValue, StatusCode, header::CONTENT_TYPE};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};

pub use self::master_key::KeyFileError;
use self::master_key::MasterKey;
use crate::{
    counters,
    faults::{Faults, Service},
    region::REGION,
    sqs::ACCOUNT_ID,
};

const CONTENT: HeaderValue = HeaderValue::from_static("application/x-amz-json-1.1");
/// What `Encrypt` takes at most, in bytes.
const MAX_PLAINTEXT: usize = 4_096;
/// What a data key may be long at most, in bytes.
const MAX_DATA_KEY: usize = 1_024;

/// The key of one engine.
#[derive(Debug)]
pub struct Kms {
    key: MasterKey,
    /// Its id, as the template's resource is called here.
    key_id: String,
    faults: Arc<Faults>,
}

/// Why a request was refused. The names are the ones AWS sends.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
enum KmsError {
    #[error("The request was denied due to a service error.")]
    Throttling,
    #[error("Key 'arn:aws:kms:{REGION}:{ACCOUNT_ID}:key/{0}' does not exist")]
    NotFound(String),
    #[error("The ciphertext does not open with this key and this encryption context.")]
    InvalidCiphertext,
    #[error("{0}")]
    Validation(&'static str),
    #[error("The request is not what the operation takes: {0}")]
    Serialization(String),
    #[error("The operation {0} is not played by this engine.")]
    Unsupported(String),
    #[error("The engine has no random bytes.")]
    NoEntropy,
}

impl KmsError {
    const fn code(&self) -> (StatusCode, &'static str) {
        match self {
            Self::Throttling => (StatusCode::BAD_REQUEST, "ThrottlingException"),
            Self::NotFound(_) => (StatusCode::BAD_REQUEST, "NotFoundException"),
            Self::InvalidCiphertext => (StatusCode::BAD_REQUEST, "InvalidCiphertextException"),
            Self::Validation(_) => (StatusCode::BAD_REQUEST, "ValidationException"),
            Self::Serialization(_) => (StatusCode::BAD_REQUEST, "SerializationException"),
            Self::Unsupported(_) => (StatusCode::BAD_REQUEST, "UnknownOperationException"),
            Self::NoEntropy => (StatusCode::INTERNAL_SERVER_ERROR, "KMSInternalException"),
        }
    }
}

impl IntoResponse for KmsError {
    fn into_response(self) -> Response {
        let (status, code) = self.code();
        let body = json!({ "__type": code, "message": self.to_string() });
        (status, [(CONTENT_TYPE, CONTENT)], Body::from(body.to_string())).into_response()
    }
}

type Context = BTreeMap<String, String>;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct GenerateDataKey {
    key_id: String,
    #[serde(default)]
    encryption_context: Context,
    key_spec: Option<String>,
    number_of_bytes: Option<usize>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Encrypt {
    key_id: String,
    #[serde(default)]
    encryption_context: Context,
    plaintext: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Decrypt {
    key_id: Option<String>,
    #[serde(default)]
    encryption_context: Context,
    ciphertext_blob: String,
}

impl Kms {
    /// The key that lies in this folder, made if there is none. `key_id` is the one in requests.
    pub fn open(folder: &Path, key_id: impl Into<String>, faults: Arc<Faults>) -> Result<Arc<Self>, KeyFileError> {
        Ok(Arc::new(Self { key: MasterKey::open(folder)?, key_id: key_id.into(), faults }))
    }

    /// The server, to be served at the root of an address of its own.
    pub fn router(self: &Arc<Self>) -> Router {
        Router::new().fallback(answer).with_state(self.clone())
    }

    /// The ARN of the key.
    fn arn(&self) -> String {
        key_arn(&self.key_id)
    }

    fn check_key(&self, asked: &str) -> Result<(), KmsError> {
        if asked == self.key_id || asked == self.arn() { Ok(()) } else { Err(KmsError::NotFound(asked.to_owned())) }
    }

    fn perform(&self, operation: &str, body: &[u8]) -> Result<Value, KmsError> {
        match operation {
            "GenerateDataKey" => self.generate_data_key(&decode(body)?),
            "Encrypt" => self.encrypt(&decode(body)?),
            "Decrypt" => self.decrypt(&decode(body)?),
            unknown => Err(KmsError::Unsupported(unknown.to_owned())),
        }
    }

    fn generate_data_key(&self, asked: &GenerateDataKey) -> Result<Value, KmsError> {
        self.check_key(&asked.key_id)?;
        let bytes = match (asked.key_spec.as_deref(), asked.number_of_bytes) {
            (Some("AES_256"), None) => 32,
            (Some("AES_128"), None) => 16,
            (None, Some(bytes)) if (1..=MAX_DATA_KEY).contains(&bytes) => bytes,
            _ => return Err(KmsError::Validation("Give either KeySpec or NumberOfBytes, from 1 to 1024.")),
        };
        let mut plain = vec![0; bytes];
        getrandom::fill(&mut plain).map_err(|_| KmsError::NoEntropy)?;
        let sealed = self.key.seal(&associated(&asked.encryption_context), &plain).ok_or(KmsError::NoEntropy)?;
        Ok(json!({
            "KeyId": self.arn(), "Plaintext": STANDARD.encode(plain), "CiphertextBlob": STANDARD.encode(sealed),
        }))
    }

    fn encrypt(&self, asked: &Encrypt) -> Result<Value, KmsError> {
        self.check_key(&asked.key_id)?;
        let plain = base64(&asked.plaintext)?;
        if !(1..=MAX_PLAINTEXT).contains(&plain.len()) {
            return Err(KmsError::Validation("Plaintext must have 1 to 4096 bytes."));
        }
        let sealed = self.key.seal(&associated(&asked.encryption_context), &plain).ok_or(KmsError::NoEntropy)?;
        Ok(json!({
            "KeyId": self.arn(), "CiphertextBlob": STANDARD.encode(sealed), "EncryptionAlgorithm": "SYMMETRIC_DEFAULT",
        }))
    }

    fn decrypt(&self, asked: &Decrypt) -> Result<Value, KmsError> {
        if let Some(key_id) = &asked.key_id {
            self.check_key(key_id)?;
        }
        let sealed = base64(&asked.ciphertext_blob)?;
        let plain =
            self.key.open_sealed(&associated(&asked.encryption_context), &sealed).ok_or(KmsError::InvalidCiphertext)?;
        Ok(json!({
            "KeyId": self.arn(), "Plaintext": STANDARD.encode(plain), "EncryptionAlgorithm": "SYMMETRIC_DEFAULT",
        }))
    }
}

/// The ARN of a key of this engine.
pub(crate) fn key_arn(key_id: &str) -> String {
    format!("arn:aws:kms:{REGION}:{ACCOUNT_ID}:key/{key_id}")
}

/// The encryption context as bytes, the same for the same pairs in whatever order they came.
fn associated(context: &Context) -> Vec<u8> {
    let mut bytes = Vec::new();
    for text in context.iter().flat_map(|(name, value)| [name, value]) {
        bytes.extend((text.len() as u64).to_be_bytes());
        bytes.extend(text.as_bytes());
    }
    bytes
}

fn base64(text: &str) -> Result<Vec<u8>, KmsError> {
    STANDARD.decode(text).map_err(|error| KmsError::Serialization(error.to_string()))
}

fn decode<T: DeserializeOwned>(body: &[u8]) -> Result<T, KmsError> {
    // What serde says of a value of the wrong type repeats it, and it may be a plaintext.
    serde_json::from_slice(body).map_err(|error| KmsError::Serialization(format!("column {}", error.column())))
}

async fn answer(extract::State(kms): extract::State<Arc<Kms>>, headers: HeaderMap, body: Bytes) -> Response {
    let target = headers.get("x-amz-target").and_then(|target| target.to_str().ok());
    let operation = target.and_then(|target| target.strip_prefix("TrentService.")).unwrap_or("(none)");
    counters::KMS.count();
    let performed = async {
        match kms.perform(operation, &body) {
            Ok(answer) => ([(CONTENT_TYPE, CONTENT)], Body::from(answer.to_string())).into_response(),
            Err(error) => error.into_response(),
        }
    };
    kms.faults.strike(Service::Kms, operation, || KmsError::Throttling.into_response(), performed).await
}
