//! The clients, built at most once per process. Region, endpoints and credentials are given, so nothing is looked up.

use std::{sync::OnceLock, time::Duration};

use actionlayer_clients::{
    dns::Dns,
    http::GuardedClient,
    kms::Kms,
    ses::Mailer,
    slack::{SLACK_URL, Slack},
    sqs::Queues,
    stripe::{STRIPE_URL, Stripe},
    telegram::{TELEGRAM_URL, Telegram},
};
use actionlayer_service::{App, Ports, guesses::Guesses, secrets::KeptSecrets};
use actionlayer_store::Store;
use aws_config::{BehaviorVersion, Region, SdkConfig, retry::RetryConfig, timeout::TimeoutConfig};
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_sesv2::config::SharedHttpClient;
use aws_smithy_http_client::{
    Connector, ConnectorBuilder,
    tls::{Provider, rustls_provider::CryptoMode},
};
use aws_smithy_runtime_api::client::http::{HttpConnectorSettings, SharedHttpConnector, http_client_fn};

use crate::{Config, Credentials};

/// How long a connection may take to be made. Within a region it takes milliseconds.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// How long one try of a request may take. The functions' own timeouts are above it, so that a service that hangs is
/// seen as such and not as a function that hangs.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(8);

/// Connects the product: one client per service, for the life of the process. Nothing is sent yet, and only the client of the
/// table is made: every function asks it.
pub fn connect(config: &Config, ports: Ports) -> App {
    // Made now, while Lambda gives a whole processor: the root certificates are read here.
    let shared = connector(Connector::builder());
    let of_ses = OnceLock::new();
    // No connection is used twice to send: one that SES closed meanwhile would lose the answer.
    let ses = move || connector(Connector::builder().pool_max_idle_per_host(0));
    connect_over(
        config,
        ports,
        http_client_fn(move |_, _| shared.clone()),
        http_client_fn(move |_, _| of_ses.get_or_init(&ses).clone()),
    )
}

/// Connects the product over given transports: `http` carries the requests to every service but SES, `ses` those to it.
pub fn connect_over(config: &Config, ports: Ports, http: SharedHttpClient, ses: SharedHttpClient) -> App {
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
        builder.build()
    };
    let sqs = {
        let mut builder = aws_sdk_sqs::config::Builder::from(&shared);
        builder.set_endpoint_url(config.endpoints.sqs.clone());
        builder.build()
    };
    let kms = {
        let mut builder = aws_sdk_kms::config::Builder::from(&shared);
        builder.set_endpoint_url(config.endpoints.kms.clone());
        builder.build()
    };
    let sesv2 = {
        // SendEmail has no idempotency token: a retry after a lost answer would be a second mail.
        let mut builder =
            aws_sdk_sesv2::config::Builder::from(&shared).retry_config(RetryConfig::disabled()).http_client(ses);
        builder.set_endpoint_url(config.endpoints.sesv2.clone());
        builder.build()
    };
    let dns = match config.dns_server {
        Some(address) => Dns::at(address),
        None => Dns::system(),
    };
    let http = GuardedClient::new(dns.clone(), config.settings.webhook_reach);
    App {
        store: Store::new(dynamodb, s3, config.table_name.as_str(), config.mail_bucket.as_str()),
        kms: Kms::new(kms, config.secrets_key.as_str(), config.deployment_name.as_str()),
        kept_secrets: KeptSecrets::default(),
        guesses: Guesses::default(),
        mailer: Mailer::new(sesv2, config.ses_configuration_set.clone()),
        queues: Queues::new(sqs, config.queue_urls.clone()),
        dns,
        http,
        slack: Slack::at(config.slack_api_url.as_deref().unwrap_or(SLACK_URL)),
        telegram: Telegram::at(config.telegram_api_url.as_deref().unwrap_or(TELEGRAM_URL)),
        stripe: Stripe::at(config.stripe_api_url.as_deref().unwrap_or(STRIPE_URL)),
        ports,
        settings: config.settings.clone(),
    }
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

/// What carries requests, for all clients alike. The SDK's own way makes one for each client, to see whether it can be made, and
/// another for the first request of each, and reads every root certificate each time.
fn connector(builder: ConnectorBuilder) -> SharedHttpConnector {
    let settings = HttpConnectorSettings::builder().connect_timeout(CONNECT_TIMEOUT).build();
    let builder = builder.connector_settings(settings).tls_provider(Provider::Rustls(CryptoMode::AwsLc));
    SharedHttpConnector::new(builder.build())
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
