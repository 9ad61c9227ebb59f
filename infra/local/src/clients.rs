//! The engine's own clients of its servers: the unmodified SDK ones.

use actionlayer_runtime::Credentials;

use crate::{in_process::InProcess, region::REGION};

/// A client of the queues at this URL; over a socket when there is no other transport.
pub(crate) fn sqs(url: &str, transport: Option<&InProcess>) -> aws_sdk_sqs::Client {
    let local = Credentials::local();
    let (key, secret) = (local.access_key_id, local.secret_access_key.expose().clone());
    let config = aws_sdk_sqs::Config::builder()
        .behavior_version(aws_sdk_sqs::config::BehaviorVersion::latest())
        .region(aws_sdk_sqs::config::Region::new(REGION))
        .endpoint_url(url)
        .credentials_provider(aws_sdk_sqs::config::Credentials::new(key, secret, None, None, "local"));
    aws_sdk_sqs::Client::from_conf(match transport {
        Some(transport) => config.http_client(transport.client()).build(),
        None => config.build(),
    })
}

/// A client of the bucket at this URL; over a socket when there is no other transport.
pub(crate) fn s3(url: &str, transport: Option<&InProcess>) -> aws_sdk_s3::Client {
    let local = Credentials::local();
    let (key, secret) = (local.access_key_id, local.secret_access_key.expose().clone());
    let config = aws_sdk_s3::Config::builder()
        .behavior_version(aws_sdk_s3::config::BehaviorVersion::latest())
        .region(aws_sdk_s3::config::Region::new(REGION))
        .endpoint_url(url)
        .force_path_style(true)
        .credentials_provider(aws_sdk_s3::config::Credentials::new(key, secret, None, None, "local"));
    aws_sdk_s3::Client::from_conf(match transport {
        Some(transport) => config.http_client(transport.client()).build(),
        None => config.build(),
    })
}
