//! The whole system in one process: servers for AWS's services, the functions between them, and what invokes those.

use std::{collections::BTreeMap, io, net::SocketAddr, path::PathBuf, sync::Arc};

use actionlayer_runtime::ConfigError;
use actionlayer_service::App;
use tokio::{net::TcpListener, task::JoinSet};
use tokio_util::sync::CancellationToken;

mod async_invocations;
mod deployment;
mod destinations;
mod domain_records;
mod environment;
mod providers;
mod queues;
mod schedule;
mod serve;
mod sinks;
mod start;
#[cfg(test)]
mod tests;

pub(crate) use destinations::Destinations;
pub(crate) use schedule::Sweep;
#[cfg(test)]
pub(crate) use serve::serve_on_loopback;

use crate::{
    clock::LocalClock,
    dns::{DnsError, DnsServer},
    dynamodb::TableError,
    gateway::RouteError,
    in_process::InProcess,
    invoke::{Functions, NoCode},
    kms::KeyFileError,
    local_access::LocalToken,
    s3::BucketError,
    smtp::relay::Relay,
    sqs::ACCOUNT_ID,
    state::StateError,
    template::{Scope, Template, TemplateError},
};

pub use crate::region::REGION;

/// Parameters of the engine beside those of the template: where Slack, Telegram and Stripe are, if they are to be the real
/// ones (`SlackApi=https://slack.com`, `TelegramApi=https://api.telegram.org`, `StripeApi=https://api.stripe.com`), and
/// whether the engine asks Telegram for updates (`TelegramUpdates=polled`), since it is not reached from outside.
pub(crate) const ENGINE_PARAMETERS: [&str; 4] = ["SlackApi", "TelegramApi", "TelegramUpdates", "StripeApi"];

/// What an engine is told at its start.
#[derive(Debug, Clone)]
pub struct EngineOptions {
    /// Where HTTP is served; port 0: any that is free.
    pub http: SocketAddr,
    /// Where mail is received; port 0: any that is free.
    pub smtp: SocketAddr,
    /// The folder that holds everything. Made if it is not there.
    pub data: PathBuf,
    /// A real SMTP host that also gets what leaves.
    pub relay: Option<Relay>,
    /// What `/local` asks of its callers.
    pub local_token: LocalToken,
    /// Parameters of the template other than its defaults, by name.
    pub parameters: BTreeMap<String, String>,
    /// The folder that gets a file of what each function asked of AWS's services; see [`crate::calls`].
    pub calls: Option<PathBuf>,
}

impl EngineOptions {
    /// An engine on free ports of this machine.
    pub fn on_free_ports(data: impl Into<PathBuf>) -> Self {
        Self {
            http: serve::ANY_LOOPBACK,
            smtp: serve::ANY_LOOPBACK,
            data: data.into(),
            relay: None,
            local_token: LocalToken::default(),
            parameters: BTreeMap::new(),
            calls: None,
        }
    }
}

/// Why an engine could not start.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The folder cannot be made.
    #[error("the folder {folder} cannot be made")]
    Folder {
        folder: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// An address cannot be listened on.
    #[error("cannot listen on {address}")]
    Listen {
        address: SocketAddr,
        /// Why not.
        source: io::Error,
    },
    /// What a function knows cannot be written down.
    #[error("the functions' environment cannot be written into the data folder")]
    Environment(#[source] io::Error),
    /// The engine's state.
    #[error(transparent)]
    State(#[from] StateError),
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// A parameter that the template does not have.
    #[error("template.yaml has no parameter {name}; it has {known}")]
    Parameter {
        name: String,
        /// Those there are.
        known: String,
    },
    /// A route of the template.
    #[error(transparent)]
    Route(#[from] RouteError),
    /// A function of the template.
    #[error(transparent)]
    NoCode(#[from] NoCode),
    #[error(transparent)]
    Table(#[from] TableError),
    #[error(transparent)]
    Bucket(#[from] BucketError),
    #[error(transparent)]
    KeyFile(#[from] KeyFileError),
    #[error(transparent)]
    Dns(#[from] DnsError),
    /// The queues of the template.
    #[error("the queue {queue} cannot be made")]
    Queue {
        queue: String,
        /// Why not.
        source: Box<aws_sdk_sqs::Error>,
    },
    /// The functions' settings.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A client of the engine's own.
    #[error("an HTTP client cannot be made")]
    Client(#[from] reqwest::Error),
    /// The file of the functions' calls.
    #[error("the functions' calls cannot be written down")]
    Calls(#[source] io::Error),
    /// The template lacks something the engine needs.
    #[error("template.yaml has no {0}")]
    Lacks(&'static str),
}

/// Where the servers of an engine are.
#[derive(Debug, Clone)]
pub struct Addresses {
    /// The API and the callbacks.
    pub http: SocketAddr,
    /// `/local`: the same as `http` when that is on loopback, else a loopback port of its own.
    pub local: SocketAddr,
    /// Mail in.
    pub smtp: SocketAddr,
    /// DNS, over UDP and TCP.
    pub dns: SocketAddr,
    pub dynamodb: String,
    /// S3.
    pub s3: String,
    pub sqs: String,
    /// SES v2.
    pub sesv2: String,
    pub kms: String,
    /// Slack's Web API.
    pub slack: String,
    /// Telegram's Bot API.
    pub telegram: String,
    /// Stripe's API.
    pub stripe: String,
}

impl Addresses {
    /// Base URL of the API.
    pub fn url(&self) -> String {
        format!("http://{}", self.http)
    }

    /// Base URL of `/local`.
    pub fn local_url(&self) -> String {
        format!("http://{}", self.local)
    }
}

/// A running engine. Dropping it ends it as a crash would; nothing acknowledged is lost either way.
pub struct Engine {
    addresses: Addresses,
    app: Arc<App>,
    functions: Arc<Functions>,
    clock: Arc<LocalClock>,
    dns: DnsServer,
    /// The way of the functions' clients to the servers; with it, they end.
    _servers: InProcess,
    /// Stops what takes new work, then waits for what is under way.
    stop: CancellationToken,
    intake: JoinSet<()>,
    /// What never ends by itself and may be cut short at any time.
    workers: JoinSet<()>,
}

impl Engine {
    /// Starts everything. Ready when it returns.
    pub async fn start(options: EngineOptions) -> Result<Self, EngineError> {
        start::start(options).await
    }

    /// Where the servers are.
    pub fn addresses(&self) -> &Addresses {
        &self.addresses
    }

    /// The product, connected to this engine like the HTTP functions, but held to no role; for tests of costs and use cases.
    pub fn app(&self) -> &Arc<App> {
        &self.app
    }

    /// The functions, to be invoked by hand.
    pub fn functions(&self) -> &Arc<Functions> {
        &self.functions
    }

    /// The engine's clock.
    pub fn clock(&self) -> &Arc<LocalClock> {
        &self.clock
    }

    /// Stops in order: no new requests, those under way finish, then everything else ends.
    pub async fn stop(mut self) {
        self.stop.cancel();
        while self.intake.join_next().await.is_some() {}
        self.workers.shutdown().await;
        if let Err(error) = self.dns.stop().await {
            tracing::warn!(%error, "DNS did not stop cleanly");
        }
    }
}

/// The ARN of a function of this engine, by logical id.
pub(crate) fn function_arn(function: &str) -> String {
    format!("arn:aws:lambda:{REGION}:{ACCOUNT_ID}:function:{function}")
}
