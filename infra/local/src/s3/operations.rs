//! The operations the product uses, and what people use beside them to look around. The rest is refused by name.

use std::{ops::Range, time::Duration};

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use bytes::Bytes;
use http_body_util::BodyExt as _;
use s3s::{
    Body, S3, S3Request, S3Response, S3Result,
    checksum::ChecksumHasher,
    crypto::Crc32,
    dto::{
        CopyObjectInput, CopyObjectOutput, CopyObjectResult, CopySource, DeleteObjectInput, DeleteObjectOutput, ETag,
        GetObjectInput, GetObjectOutput, HeadBucketInput, HeadBucketOutput, HeadObjectInput, HeadObjectOutput,
        ListObjectsV2Input, ListObjectsV2Output, Object as Listed, PutObjectInput, PutObjectOutput,
        PutObjectTaggingInput, PutObjectTaggingOutput, StreamingBlob, Tag, Timestamp,
    },
    s3_error,
};

use super::objects::{Headers, Object, ObjectError, Objects, PAGE};

/// The bucket behind the protocol.
pub(super) struct Bucket {
    pub(super) name: String,
    pub(super) objects: Objects,
}

impl Bucket {
    fn check(&self, bucket: &str) -> S3Result<()> {
        if bucket == self.name { Ok(()) } else { Err(s3_error!(NoSuchBucket)) }
    }

    async fn found(&self, key: String) -> S3Result<(Object, Bytes)> {
        self.objects.get(key).await.map_err(failed)?.ok_or_else(|| s3_error!(NoSuchKey))
    }
}

#[allow(clippy::needless_pass_by_value, reason = "it stands in `map_err`")]
fn failed(error: ObjectError) -> s3s::S3Error {
    if matches!(error, ObjectError::Key) {
        return s3_error!(InvalidArgument, "The key cannot be the name of a file.");
    }
    tracing::error!(error = &error as &dyn std::error::Error, "the bucket could not be read or written");
    s3_error!(InternalError)
}

fn etag(object: &Object) -> ETag {
    ETag::Strong(object.md5_hex.clone())
}

fn modified(object: &Object) -> Timestamp {
    let since = Duration::from_millis(u64::try_from(object.modified_ms).unwrap_or_default());
    Timestamp::from(std::time::UNIX_EPOCH + since)
}

fn length(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

#[async_trait::async_trait]
impl S3 for Bucket {
    async fn head_bucket(&self, request: S3Request<HeadBucketInput>) -> S3Result<S3Response<HeadBucketOutput>> {
        self.check(&request.input.bucket)?;
        Ok(S3Response::new(HeadBucketOutput::default()))
    }

    async fn put_object(&self, request: S3Request<PutObjectInput>) -> S3Result<S3Response<PutObjectOutput>> {
        let (mut input, trailers) = (request.input, request.trailing_headers);
        self.check(&input.bucket)?;
        if input.if_match.is_some() || input.if_none_match.is_some() {
            return Err(s3_error!(NotImplemented, "Conditional writes are not implemented."));
        }
        let Some(body) = input.body.take() else { return Err(s3_error!(IncompleteBody)) };
        let content = Body::from(body).collect().await.map_err(|_| s3_error!(IncompleteBody))?.to_bytes();
        let trailing = trailers.and_then(|trailers| trailers.take());
        let in_trailer = trailing.as_ref().and_then(|trailers| trailers.get("x-amz-checksum-crc32")?.to_str().ok());
        if let Some(announced) = in_trailer.or(input.checksum_crc32.as_deref()) {
            let mut hasher = ChecksumHasher { crc32: Some(Crc32::default()), ..ChecksumHasher::default() };
            hasher.update(&content);
            if hasher.finalize().checksum_crc32.as_deref() != Some(announced) {
                return Err(s3_error!(BadDigest, "The CRC32 you specified did not match the calculated checksum."));
            }
        }
        let headers = Headers {
            content_type: input.content_type,
            content_disposition: input.content_disposition,
            content_encoding: input.content_encoding,
            cache_control: input.cache_control,
            metadata: input.metadata.map(|metadata| metadata.into_iter().collect()),
            tags: None,
        };
        let object = self.objects.put(input.key, headers, content).await.map_err(failed)?;
        Ok(S3Response::new(PutObjectOutput { e_tag: Some(etag(&object)), ..PutObjectOutput::default() }))
    }

    async fn get_object(&self, request: S3Request<GetObjectInput>) -> S3Result<S3Response<GetObjectOutput>> {
        let input = request.input;
        self.check(&input.bucket)?;
        let (object, content) = self.found(input.key).await?;
        let size = object.size_bytes;
        let (content, content_range) = match input.range {
            None => (content, None),
            Some(range) => {
                let Range { start, end } = range.check(size)?;
                let at = |byte: u64| usize::try_from(byte).unwrap_or(usize::MAX).min(content.len());
                (content.slice(at(start)..at(end)), Some(format!("bytes {start}-{}/{size}", end.saturating_sub(1))))
            }
        };
        Ok(S3Response::new(GetObjectOutput {
            content_length: Some(length(content.len() as u64)),
            body: Some(StreamingBlob::from(Body::from(content))),
            content_range,
            e_tag: Some(etag(&object)),
            last_modified: Some(modified(&object)),
            content_type: object.headers.content_type,
            content_disposition: object.headers.content_disposition,
            content_encoding: object.headers.content_encoding,
            cache_control: object.headers.cache_control,
            metadata: object.headers.metadata.map(|metadata| metadata.into_iter().collect()),
            ..GetObjectOutput::default()
        }))
    }

    async fn head_object(&self, request: S3Request<HeadObjectInput>) -> S3Result<S3Response<HeadObjectOutput>> {
        self.check(&request.input.bucket)?;
        let found = self.objects.head(request.input.key).await.map_err(failed)?;
        let object = found.ok_or_else(|| s3_error!(NoSuchKey))?;
        Ok(S3Response::new(HeadObjectOutput {
            content_length: Some(length(object.size_bytes)),
            e_tag: Some(etag(&object)),
            last_modified: Some(modified(&object)),
            content_type: object.headers.content_type,
            content_disposition: object.headers.content_disposition,
            content_encoding: object.headers.content_encoding,
            cache_control: object.headers.cache_control,
            metadata: object.headers.metadata.map(|metadata| metadata.into_iter().collect()),
            ..HeadObjectOutput::default()
        }))
    }

    async fn copy_object(&self, request: S3Request<CopyObjectInput>) -> S3Result<S3Response<CopyObjectOutput>> {
        let input = request.input;
        self.check(&input.bucket)?;
        let CopySource::Bucket { bucket, key, .. } = input.copy_source else {
            return Err(s3_error!(NotImplemented, "Copies come from the bucket itself."));
        };
        self.check(&bucket)?;
        let (source, content) = self.found(key.to_string()).await?;
        let copy = self.objects.put(input.key, source.headers, content).await.map_err(failed)?;
        let result = CopyObjectResult {
            e_tag: Some(etag(&copy)),
            last_modified: Some(modified(&copy)),
            ..CopyObjectResult::default()
        };
        Ok(S3Response::new(CopyObjectOutput { copy_object_result: Some(result), ..CopyObjectOutput::default() }))
    }

    async fn put_object_tagging(
        &self,
        request: S3Request<PutObjectTaggingInput>,
    ) -> S3Result<S3Response<PutObjectTaggingOutput>> {
        let input = request.input;
        self.check(&input.bucket)?;
        let pair = |tag: Tag| tag.key.zip(tag.value).ok_or_else(|| s3_error!(InvalidTag));
        let tags = input.tagging.tag_set.into_iter().map(pair).collect::<S3Result<_>>()?;
        if !self.objects.tag(input.key, tags).await.map_err(failed)? {
            return Err(s3_error!(NoSuchKey));
        }
        Ok(S3Response::new(PutObjectTaggingOutput::default()))
    }

    async fn delete_object(&self, request: S3Request<DeleteObjectInput>) -> S3Result<S3Response<DeleteObjectOutput>> {
        self.check(&request.input.bucket)?;
        self.objects.delete(request.input.key).await.map_err(failed)?;
        Ok(S3Response::new(DeleteObjectOutput::default()))
    }

    async fn list_objects_v2(
        &self,
        request: S3Request<ListObjectsV2Input>,
    ) -> S3Result<S3Response<ListObjectsV2Output>> {
        let input = request.input;
        self.check(&input.bucket)?;
        if input.delimiter.as_deref().is_some_and(|delimiter| !delimiter.is_empty()) {
            return Err(s3_error!(NotImplemented, "Lists by delimiter are not implemented."));
        }
        let limit = input.max_keys.and_then(|most| u32::try_from(most).ok()).unwrap_or(PAGE).min(PAGE);
        let after = match &input.continuation_token {
            Some(token) => BASE64_URL_SAFE_NO_PAD
                .decode(token)
                .ok()
                .and_then(|key| String::from_utf8(key).ok())
                .ok_or_else(|| s3_error!(InvalidArgument, "The continuation token provided is incorrect"))?,
            None => input.start_after.clone().unwrap_or_default(),
        };
        let prefix = input.prefix.clone().unwrap_or_default();
        // One more than asked for tells whether there are more.
        let mut found = self.objects.list(prefix, after, limit + 1).await.map_err(failed)?;
        let is_truncated = found.len() > limit as usize;
        found.truncate(limit as usize);
        let last = found.last().filter(|_| is_truncated);
        let next_continuation_token = last.map(|object| BASE64_URL_SAFE_NO_PAD.encode(&object.key));
        let listed = |object: Object| Listed {
            e_tag: Some(etag(&object)),
            last_modified: Some(modified(&object)),
            size: Some(length(object.size_bytes)),
            key: Some(object.key),
            ..Listed::default()
        };
        Ok(S3Response::new(ListObjectsV2Output {
            key_count: Some(i32::try_from(found.len()).unwrap_or(i32::MAX)),
            contents: Some(found.into_iter().map(listed).collect()),
            name: Some(input.bucket),
            prefix: input.prefix,
            max_keys: Some(i32::try_from(limit).unwrap_or(i32::MAX)),
            is_truncated: Some(is_truncated),
            continuation_token: input.continuation_token,
            next_continuation_token,
            ..ListObjectsV2Output::default()
        }))
    }
}
