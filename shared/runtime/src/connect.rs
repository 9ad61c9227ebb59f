//! The clients, built once per process. Region, endpoints and credentials are given, so nothing is looked up.

use std::time::Duration;

use actionlayer_clients::{
    dns::Dns,
    http::GuardedClient,
    kms::Kms,
    ses::Mailer,
    slack::{SLACK_URL, Slack},
    sqs::Queues,
    telegram::{TELEGRAM_URL, Telegram},
};
use actionlayer_service::{App, Ports, guesses::Guesses, secrets::KeptSecrets};
use actionlayer_store::Store;
use aws_config::{BehaviorVersion, Region, SdkConfig, retry::RetryConfig, timeout::TimeoutConfig};
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_sesv2::config::SharedHttpClient;
use aws_smithy_http_client::{
    Builder as HttpClient,
    tls::{Provider, rustls_provider::CryptoMode},
};

use crate::{Config, Credentials};

/// How long a connection may take to be made. Within a region it takes milliseconds.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// How long one try of a request may take. The functions' own timeouts are above it, so that a service that hangs is
/// seen as such and not as a function that hangs.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(8);

/// Why the product could not be connected.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The system's DNS settings cannot be read.
    #[error("no DNS resolver could be made")]
    Dns(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Connects the product: one client per service, for the life of the process. Nothing is sent yet.
pub fn connect(config: &Config, ports: Ports) -> Result<App, ConnectError> {
    // One for all: the root certificates are read once, not once per service.
    let http = http_client(HttpClient::new());
    // No connection is used twice to send: one that SES closed meanwhile would lose the answer.
    connect_over(config, ports, http, http_client(HttpClient::new().pool_max_idle_per_host(0)))
}

/// Connects the product over given transports: `http` carries the requests to every service but SES, `ses` those to it.
pub fn connect_over(
    config: &Config,
    ports: Ports,
    http: SharedHttpClient,
    ses: SharedHttpClient,
) -> Result<App, ConnectError> {
    let shared = shared(config, http);
    let dynamodb = {
        let mut builder = aws_sdk_dynamodb::config::Builder::from(&shared);
        builder.set_endpoint_url(config.endpoints.dynamodb.clone());
        aws_sdk_dynamodb::Client::from_conf(builder.build())
    };
    let s3 = {
        let mut builder = aws_sdk_s3::config::Builder::from(&shared);
        builder.set_endpoint_url(config.endpoints.s3.clone());
        // A bucket's name is no host name at another endpoint.
        builder.set_force_path_style(config.endpoints.s3.is_some().then_some(true));
        aws_sdk_s3::Client::from_conf(builder.build())
    };
    let sqs = {
        let mut builder = aws_sdk_sqs::config::Builder::from(&shared);
        builder.set_endpoint_url(config.endpoints.sqs.clone());
        aws_sdk_sqs::Client::from_conf(builder.build())
    };
    let kms = {
        let mut builder = aws_sdk_kms::config::Builder::from(&shared);
        builder.set_endpoint_url(config.endpoints.kms.clone());
        aws_sdk_kms::Client::from_conf(builder.build())
    };
    let sesv2 = {
        // SendEmail has no idempotency token: a retry after a lost answer would be a second mail.
        let mut builder =
            aws_sdk_sesv2::config::Builder::from(&shared).retry_config(RetryConfig::disabled()).http_client(ses);
        builder.set_endpoint_url(config.endpoints.sesv2.clone());
        aws_sdk_sesv2::Client::from_conf(builder.build())
    };
    let dns = match config.dns_server {
        Some(address) => Dns::at(address),
        None => Dns::system(),
    };
    let dns = dns.map_err(|error| ConnectError::Dns(Box::new(error)))?;
    let http = GuardedClient::new(dns.clone(), config.settings.webhook_reach);
    Ok(App {
        store: Store::new(dynamodb, s3, config.table_name.as_str(), config.mail_bucket.as_str()),
        kms: Kms::new(kms, config.secrets_key.as_str(), config.table_name.as_str()),
        kept_secrets: KeptSecrets::default(),
        guesses: Guesses::default(),
        mailer: Mailer::new(sesv2, config.ses_configuration_set.clone()),
        queues: Queues::new(sqs, config.queue_urls.clone()),
        dns,
        http,
        slack: Slack::at(config.slack_api_url.as_deref().unwrap_or(SLACK_URL)),
        telegram: Telegram::at(config.telegram_api_url.as_deref().unwrap_or(TELEGRAM_URL)),
        ports,
        settings: config.settings.clone(),
    })
}

fn shared(config: &Config, http: SharedHttpClient) -> SdkConfig {
    let timeouts =
        TimeoutConfig::builder().connect_timeout(CONNECT_TIMEOUT).operation_attempt_timeout(ATTEMPT_TIMEOUT).build();
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(config.settings.region.clone()))
        .credentials_provider(SharedCredentialsProvider::new(aws_credentials(&config.credentials)))
        .retry_config(RetryConfig::standard())
        .timeout_config(timeouts)
        .http_client(http)
        .build()
}

fn http_client(builder: HttpClient) -> SharedHttpClient {
    builder.tls_provider(Provider::Rustls(CryptoMode::AwsLc)).build_https()
}

fn aws_credentials(credentials: &Credentials) -> aws_credential_types::Credentials {
    aws_credential_types::Credentials::new(
        credentials.access_key_id.clone(),
        credentials.secret_access_key.expose().clone(),
        credentials.session_token.as_ref().map(|token| token.expose().clone()),
        None,
        "actionlayer",
    )
}
