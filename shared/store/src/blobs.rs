//! The bucket: raw mail as SES stored it, files, long bodies. Keys are made here, from ids and hashes only; no name from
//! a mail is ever part of one.

use aws_sdk_s3::{
    presigning::PresigningConfig,
    primitives::ByteStream,
    types::{Tag, Tagging},
};
use std::{fmt::Write as _, ops::Range, time::Duration};

use actionlayer_domain::{ExportId, MessageId, Timestamp, Upload, UploadId, WorkspaceId};

use crate::{Store, StoreError};

/// A key in the bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlobKey(String);

impl BlobKey {
    /// Raw inbound mail, where SES's receipt rule puts it. `None` when the id is not one SES could have made.
    pub fn inbound(ses_message_id: &str) -> Option<Self> {
        let safe = !ses_message_id.is_empty()
            && ses_message_id.len() <= 128
            && ses_message_id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        safe.then(|| Self(format!("inbound/{ses_message_id}")))
    }

    /// Raw outbound mail, as it was handed to SES.
    pub fn outbound(workspace: WorkspaceId, message: MessageId) -> Self {
        Self(format!("outbound/{workspace}/{message}"))
    }

    /// A file of an inbound message.
    pub fn attachment(workspace: WorkspaceId, message: MessageId, index: usize) -> Self {
        Self(format!("attachments/{workspace}/{message}/{index}"))
    }

    /// A file to send, by the hash of its content: it cannot be changed under a draft that was approved.
    pub fn outbound_file(workspace: WorkspaceId, sha256_hex: &str) -> Self {
        Self(format!("attachments/{workspace}/sha256/{sha256_hex}"))
    }

    /// Where the owner of an announced file puts it.
    pub fn upload(workspace: WorkspaceId, upload: UploadId) -> Self {
        Self(format!("uploads/{workspace}/{upload}"))
    }

    /// A file of an export.
    pub fn export(workspace: WorkspaceId, export: ExportId, name: &str) -> Self {
        Self(format!("exports/{workspace}/{export}/{name}"))
    }

    /// Words of many mails, sorted.
    pub(crate) fn words(workspace: WorkspaceId, name: u64) -> Self {
        Self(format!("words/{workspace}/{name:016x}"))
    }

    /// A long body, by the hash of its compressed bytes.
    pub(crate) fn body(sha256_hex: &str) -> Self {
        Self(format!("bodies/{sha256_hex}"))
    }

    pub(crate) fn stored(key: &str) -> Self {
        Self(key.to_owned())
    }

    /// The key.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A URL that works for a while without credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedUrl {
    pub url: String,
    /// Until when it works.
    pub expires_at: Timestamp,
}

/// A request that puts one announced file into the bucket, without credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedUpload {
    /// Where to `PUT` the bytes.
    pub url: String,
    /// The headers that must be sent along, as signed.
    pub headers: Vec<(String, String)>,
    /// Until when it works.
    pub expires_at: Timestamp,
}

/// What lies under a key, when its size is known beforehand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SizedBlob {
    Bytes(Vec<u8>),
    /// Something of another size, in bytes. It was not read.
    OtherSize(u64),
    /// Nothing.
    Missing,
}

/// The tag of what nobody will ask for. `template.yaml` has the rule for it.
const EXPIRES_TAG: (&str, &str) = ("expires", "30d");
/// How long a file may be put under a signed URL.
const UPLOAD_URL_LIFETIME: Duration = Duration::from_hours(1);
/// How long a signed URL works.
const SIGNED_URL_LIFETIME: Duration = Duration::from_mins(5);

impl Store {
    /// Puts bytes under a key. Keys name content or an id, so putting twice writes the same.
    pub async fn put_blob(&self, key: &BlobKey, bytes: Vec<u8>, content_type: &str) -> Result<(), StoreError> {
        self.meter.put_blob();
        self.s3()
            .put_object()
            .bucket(&self.bucket)
            .key(key.as_str())
            .content_type(content_type)
            .body(ByteStream::from(bytes))
            .send()
            .await
            .map_err(|e| StoreError::s3(&e))?;
        Ok(())
    }

    /// The bytes under a key, if there are any.
    pub async fn get_blob(&self, key: &BlobKey) -> Result<Option<Vec<u8>>, StoreError> {
        self.meter.got_blob();
        let answer = match self.s3().get_object().bucket(&self.bucket).key(key.as_str()).send().await {
            Ok(answer) => answer,
            Err(e)
                if e.as_service_error()
                    .is_some_and(aws_sdk_s3::operation::get_object::GetObjectError::is_no_such_key) =>
            {
                return Ok(None);
            }
            Err(e) => return Err(StoreError::s3(&e)),
        };
        let bytes = answer
            .body
            .collect()
            .await
            .map_err(|_| StoreError::Unavailable { service: "s3", code: "body_cut_short".to_owned() })?;
        Ok(Some(bytes.to_vec()))
    }

    /// Some of the bytes under a key, or as many of them as there are.
    pub(crate) async fn get_blob_part(&self, key: &BlobKey, range: Range<usize>) -> Result<Vec<u8>, StoreError> {
        self.meter.got_blob();
        let last = range.end.saturating_sub(1);
        let get = self.s3().get_object().bucket(&self.bucket).key(key.as_str());
        let answer = get.range(format!("bytes={}-{last}", range.start)).send().await.map_err(|e| StoreError::s3(&e))?;
        let cut_short = |_| StoreError::Unavailable { service: "s3", code: "body_cut_short".to_owned() };
        Ok(answer.body.collect().await.map_err(cut_short)?.to_vec())
    }

    /// Lets what lies under a key, if anything does, be deleted a month after it was put: the bucket has a rule for this tag.
    pub async fn let_expire(&self, key: &BlobKey) -> Result<(), StoreError> {
        let refused = |code: String| StoreError::Refused { service: "s3", code };
        let tag = Tag::builder().key(EXPIRES_TAG.0).value(EXPIRES_TAG.1).build().map_err(|e| refused(e.to_string()))?;
        let tagging = Tagging::builder().tag_set(tag).build().map_err(|e| refused(e.to_string()))?;
        self.meter.put_blob();
        let tagged =
            self.s3().put_object_tagging().bucket(&self.bucket).key(key.as_str()).tagging(tagging).send().await;
        match tagged.map_err(|e| StoreError::s3(&e)) {
            // It is gone already.
            Ok(_) => Ok(()),
            Err(StoreError::Refused { code, .. }) if code == "NoSuchKey" => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Removes what lies under a key, if anything does.
    pub(crate) async fn delete_blob(&self, key: &BlobKey) -> Result<(), StoreError> {
        self.s3()
            .delete_object()
            .bucket(&self.bucket)
            .key(key.as_str())
            .send()
            .await
            .map_err(|e| StoreError::s3(&e))?;
        Ok(())
    }

    /// The bytes under a key if there are exactly so many.
    pub async fn get_blob_of_size(&self, key: &BlobKey, size_bytes: u64) -> Result<SizedBlob, StoreError> {
        self.meter.got_blob();
        let answer = match self.s3().get_object().bucket(&self.bucket).key(key.as_str()).send().await {
            Ok(answer) => answer,
            Err(e)
                if e.as_service_error()
                    .is_some_and(aws_sdk_s3::operation::get_object::GetObjectError::is_no_such_key) =>
            {
                return Ok(SizedBlob::Missing);
            }
            Err(e) => return Err(StoreError::s3(&e)),
        };
        let announced = answer.content_length().and_then(|length| u64::try_from(length).ok()).unwrap_or_default();
        if announced != size_bytes {
            return Ok(SizedBlob::OtherSize(announced));
        }
        let cut_short = || StoreError::Unavailable { service: "s3", code: "body_cut_short".to_owned() };
        let bytes = answer.body.collect().await.map_err(|_| cut_short())?.to_vec();
        if bytes.len() as u64 == size_bytes { Ok(SizedBlob::Bytes(bytes)) } else { Err(cut_short()) }
    }

    /// A request that puts an announced file into the bucket; it works for an hour. Size and type are signed, so that
    /// the bucket refuses others.
    pub async fn sign_upload(&self, upload: &Upload, now: Timestamp) -> Result<SignedUpload, StoreError> {
        let refused = |code: String| StoreError::Refused { service: "s3", code };
        let config = PresigningConfig::expires_in(UPLOAD_URL_LIFETIME).map_err(|e| refused(e.to_string()))?;
        let request = self
            .s3()
            .put_object()
            .bucket(&self.bucket)
            .key(BlobKey::upload(upload.workspace_id, upload.id).as_str())
            .content_type(&upload.content_type)
            .content_length(i64::try_from(upload.size_bytes).map_err(|e| refused(e.to_string()))?)
            .presigned(config)
            .await
            .map_err(|e| StoreError::s3(&e))?;
        let headers = request.headers().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Ok(SignedUpload { url: request.uri().to_owned(), headers, expires_at: now.after(UPLOAD_URL_LIFETIME) })
    }

    /// Keys of raw inbound mail, oldest keys first, a page at a time, with the time each was stored.
    pub async fn list_inbound(
        &self,
        continuation: Option<String>,
    ) -> Result<(Vec<(String, Timestamp)>, Option<String>), StoreError> {
        let page = self
            .s3()
            .list_objects_v2()
            .bucket(&self.bucket)
            .prefix("inbound/")
            .set_continuation_token(continuation)
            .send()
            .await
            .map_err(|e| StoreError::s3(&e))?;
        let next = page.next_continuation_token().map(str::to_owned);
        let mails = page
            .contents()
            .iter()
            .filter_map(|object| {
                let id = object.key()?.strip_prefix("inbound/")?.to_owned();
                let stored_at = object.last_modified().map_or(0, aws_sdk_s3::primitives::DateTime::secs);
                Some((id, Timestamp::from_unix_ms(stored_at.saturating_mul(1000))))
            })
            .collect();
        Ok((mails, next))
    }

    /// A URL to download a blob for five minutes, saved by the browser under `filename`, never shown inside a page.
    pub async fn sign_download(
        &self,
        key: &BlobKey,
        content_type: &str,
        filename: &str,
        now: Timestamp,
    ) -> Result<SignedUrl, StoreError> {
        let refused = |code: String| StoreError::Refused { service: "s3", code };
        let config = PresigningConfig::expires_in(SIGNED_URL_LIFETIME).map_err(|e| refused(e.to_string()))?;
        // RFC 6266 with RFC 5987: the plain form for old clients, the encoded one for every other name.
        let plain: String =
            filename.chars().map(|c| if c.is_ascii_graphic() && !"\"\\;%".contains(c) { c } else { '_' }).collect();
        let mut encoded = String::new();
        for byte in filename.bytes() {
            if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
                encoded.push(char::from(byte));
            } else {
                let _ = write!(encoded, "%{byte:02X}"); // Writing to a string cannot fail.
            }
        }
        let request = self
            .s3()
            .get_object()
            .bucket(&self.bucket)
            .key(key.as_str())
            .response_content_type(content_type)
            .response_content_disposition(format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}"))
            .presigned(config)
            .await
            .map_err(|e| StoreError::s3(&e))?;
        Ok(SignedUrl { url: request.uri().to_owned(), expires_at: now.after(SIGNED_URL_LIFETIME) })
    }
}
