//! The product on a table in memory, with nothing else behind it. The tests of other functions' routers start it as well.

use std::sync::Arc;

use actionlayer_domain::Clock;
use actionlayer_runtime::{Config, OsEntropy, connect};
use actionlayer_service::{App, Ports};
use actionlayer_store::schema;
use tokio::net::TcpListener;

const TABLE: &str = "table";
const SECRETS_KEY: &str = "secrets";
/// Nobody listens there: a test that gets so far fails at once.
const NOWHERE: &str = "http://127.0.0.1:9";

pub(crate) async fn start(clock: Arc<dyn Clock>, rate_limits: &str) -> Arc<App> {
    let (endpoint, kms) = (serve_dynamodb().await, serve_kms().await);
    let pairs = [
        ("DEPLOYMENT_NAME", TABLE),
        ("TABLE_NAME", TABLE),
        ("MAIL_BUCKET", "bucket"),
        ("SEND_QUEUE_URL", NOWHERE),
        ("NOTIFY_QUEUE_URL", NOWHERE),
        ("INDEX_QUEUE_URL", NOWHERE),
        ("WEBHOOK_QUEUE_URL", NOWHERE),
        ("RULES_QUEUE_URL", NOWHERE),
        ("PUBLIC_URL", "https://mail.example.com"),
        ("BOOTSTRAP", "open"),
        ("PLAN", "unlimited"),
        ("RATE_LIMITS", rate_limits),
        ("AWS_REGION", "us-east-1"),
        ("DNS_SERVER", "127.0.0.1:9"),
        ("AWS_ENDPOINT_URL_DYNAMODB", &endpoint),
        ("AWS_ENDPOINT_URL_S3", NOWHERE),
        ("AWS_ENDPOINT_URL_SQS", NOWHERE),
        ("AWS_ENDPOINT_URL_SESV2", NOWHERE),
        ("AWS_ENDPOINT_URL_KMS", &kms),
        ("SECRETS_KEY", SECRETS_KEY),
    ];
    let config = Config::from_pairs(pairs.map(|(name, value)| (name.to_owned(), value.to_owned()))).unwrap();
    Arc::new(connect(&config, Ports { clock, entropy: Arc::new(OsEntropy) }))
}

async fn serve_kms() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    // Read once; the folder may go.
    let folder = tempfile::tempdir().unwrap();
    let kms = actionlayer_local::kms::Kms::open(folder.path(), SECRETS_KEY, Arc::default()).unwrap();
    tokio::spawn(async move { axum::serve(listener, kms.router()).await });
    url
}

async fn serve_dynamodb() -> String {
    use aws_sdk_dynamodb::config::{BehaviorVersion, Config, Credentials, Region};
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(dynoxide::server::serve_on(listener, dynoxide::Database::memory().unwrap()));
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new("local", "local", None, None, "test"))
        .endpoint_url(&url);
    schema::create_table(&aws_sdk_dynamodb::Client::from_conf(config.build()), TABLE).await.unwrap();
    url
}
