//! Bodies: JSON, compressed, in the item while small and in the bucket when not. No index ever carries one.

use serde::{Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};
use std::io::Read as _;

use crate::{BlobKey, Store, StoreError};

/// Above this many compressed bytes a body goes to the bucket: an item may hold 400 KB, and a thread is read as one.
const MAX_INLINE_BYTES: usize = 48 * 1024;
/// What a body may grow to when decompressed; a bound against damaged or hostile data. Mail is at most 40 MB.
const MAX_BODY_BYTES: u64 = 96 * 1024 * 1024;

/// A body as it lies in an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum StoredBody {
    /// The compressed bytes.
    Inline(Vec<u8>),
    /// Where in the bucket the compressed bytes are.
    Blob(String),
}

impl Store {
    /// Compresses a body; a long one is put into the bucket first, under the hash of its content, so that writing it
    /// twice changes nothing.
    pub(crate) async fn store_body<B: Serialize>(&self, body: &B) -> Result<StoredBody, StoreError> {
        let unreadable = |e: &dyn std::fmt::Display| StoreError::Corrupt { kind: "body", reason: e.to_string() };
        let json = serde_json::to_vec(body).map_err(|e| unreadable(&e))?;
        let compressed = zstd::bulk::compress(&json, 3).map_err(|e| unreadable(&e))?;
        if compressed.len() <= MAX_INLINE_BYTES {
            return Ok(StoredBody::Inline(compressed));
        }
        let key = BlobKey::body(&hex::encode(Sha256::digest(&compressed)));
        self.put_blob(&key, compressed, "application/zstd").await?;
        Ok(StoredBody::Blob(key.as_str().to_owned()))
    }

    /// Reads a body back.
    pub(crate) async fn load_body<B: DeserializeOwned>(&self, stored: &StoredBody) -> Result<B, StoreError> {
        let corrupt = |e: &dyn std::fmt::Display| StoreError::Corrupt { kind: "body", reason: e.to_string() };
        let compressed = match stored {
            StoredBody::Inline(bytes) => bytes.clone(),
            StoredBody::Blob(key) => self
                .get_blob(&BlobKey::stored(key))
                .await?
                .ok_or_else(|| corrupt(&"the blob it names is not in the bucket"))?,
        };
        let mut json = Vec::new();
        zstd::stream::read::Decoder::new(compressed.as_slice())
            .and_then(|decoder| decoder.take(MAX_BODY_BYTES).read_to_end(&mut json))
            .map_err(|e| corrupt(&e))?;
        serde_json::from_slice(&json).map_err(|e| corrupt(&e))
    }
}
