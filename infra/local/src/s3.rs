//! The bucket: a folder served as S3, behind a front that can be told to fail.

use std::{path::Path, sync::Arc};

use actionlayer_runtime::Credentials;
use axum::{
    Router,
    error_handling::HandleError,
    extract::{Request, State},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
};
use http::{Method, StatusCode, header};
use s3s::{auth::SimpleAuth, service::S3ServiceBuilder};

use crate::faults::{Faults, Service};

/// Why the bucket could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum BucketError {
    /// The folder cannot be made.
    #[error("the bucket's folder cannot be made")]
    Folder(#[from] std::io::Error),
    /// The folder cannot be served.
    #[error("the bucket's folder cannot be served: {0}")]
    Serve(String),
}

/// The S3 endpoint, serving `folder/<bucket>`. Signatures are checked against the local credentials, those of signed
/// links included.
pub fn router(folder: &Path, bucket: &str, faults: Arc<Faults>) -> Result<Router, BucketError> {
    std::fs::create_dir_all(folder.join(bucket))?;
    let files = s3s_fs::FileSystem::new(folder).map_err(|error| BucketError::Serve(format!("{error:?}")))?;
    let mut service = S3ServiceBuilder::new(files);
    let credentials = Credentials::local();
    service
        .set_auth(SimpleAuth::from_single(credentials.access_key_id, credentials.secret_access_key.expose().as_str()));
    let service = HandleError::new(service.build(), |error: s3s::HttpError| async move {
        tracing::error!(?error, "the bucket could not answer");
        StatusCode::INTERNAL_SERVER_ERROR
    });
    Ok(Router::new().fallback_service(service).layer(from_fn_with_state(faults, strike)))
}

async fn strike(State(faults): State<Arc<Faults>>, request: Request, next: Next) -> Response {
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
