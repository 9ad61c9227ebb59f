//! The bucket: a server that speaks S3's own protocol, behind a front that can be told to fail.
//!
//! What an object is, and what it holds if that is not long, lies in the engine's state: putting one is one commit, which
//! shares its sync with whatever else is written at that moment, and a list is read from an index. What an object holds
//! that is longer lies in a file of the folder, under its key. Either is on disk when the put is answered.

mod expiry;
mod objects;
mod operations;
#[cfg(test)]
mod tests;

use std::{path::Path, sync::Arc};

use actionlayer_runtime::Credentials;
use axum::{
    Router,
    error_handling::HandleError,
    extract::{Request, State as Shared},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
};
use http::{Method, StatusCode, header};
use s3s::{auth::SimpleAuth, service::S3ServiceBuilder};

pub(crate) use self::expiry::Expiry;
use self::objects::Objects;
use crate::{
    clock::LocalClock,
    counters,
    faults::{Faults, Service},
    state::{State, StateError},
};

/// Why the bucket could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum BucketError {
    /// The folder cannot be made or read.
    #[error("the bucket's folder cannot be made or read")]
    Folder(#[from] std::io::Error),
    /// The engine's state.
    #[error(transparent)]
    State(#[from] StateError),
}

/// The S3 endpoint, serving one bucket; its long objects are in `folder/<bucket>`. Signatures are checked against the
/// local secret, those of signed links included, under the local key and those of `signers`.
pub async fn router(
    state: State,
    clock: Arc<LocalClock>,
    folder: &Path,
    bucket: &str,
    signers: impl IntoIterator<Item = String>,
    faults: Arc<Faults>,
) -> Result<Router, BucketError> {
    let objects = Objects::open(state, clock, folder, bucket).await?;
    let mut service = S3ServiceBuilder::new(operations::Bucket { name: bucket.to_owned(), objects });
    let credentials = Credentials::local();
    let secret = credentials.secret_access_key.expose().as_str();
    let mut known = SimpleAuth::from_single(credentials.access_key_id, secret);
    for signer in signers {
        known.register(signer, secret.into());
    }
    service.set_auth(known);
    let service = HandleError::new(service.build(), |error: s3s::HttpError| async move {
        tracing::error!(?error, "the bucket could not answer");
        StatusCode::INTERNAL_SERVER_ERROR
    });
    Ok(Router::new().fallback_service(service).layer(from_fn_with_state(faults, strike)))
}

async fn strike(Shared(faults): Shared<Arc<Faults>>, request: Request, next: Next) -> Response {
    counters::S3.count();
    let operation = operation(&request);
    faults.strike(Service::S3, operation, throttled, next.run(request)).await
}

/// The operation, by its SDK name, of those the product uses.
fn operation(request: &Request) -> &'static str {
    let of_object = request.uri().path().trim_matches('/').contains('/');
    match (request.method(), of_object) {
        (&Method::GET, true) => "GetObject",
        (&Method::HEAD, true) => "HeadObject",
        (&Method::PUT, true) if request.headers().contains_key("x-amz-copy-source") => "CopyObject",
        (&Method::PUT, true) if request.uri().query().is_some_and(|query| query.starts_with("tagging")) => {
            "PutObjectTagging"
        }
        (&Method::PUT, true) => "PutObject",
        (&Method::DELETE, true) => "DeleteObject",
        (&Method::GET, false) => "ListObjectsV2",
        _ => "Other",
    }
}

fn throttled() -> Response {
    let body = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>";
    (StatusCode::SERVICE_UNAVAILABLE, [(header::CONTENT_TYPE, "application/xml")], body).into_response()
}
