//! What an emulator of AWS lacks of the world around a deployment: SES at both its ends, DNS, Slack and Telegram; and the engine's
//! queues, to be held against the emulator's.
//!
//! `stand-ins <settings.json>` serves them at the addresses it is given, prints `ready`, and runs until it is killed. Mail taken
//! by SMTP goes into the emulator's bucket and invokes the receiving function there, as a receipt rule does; events of mail that
//! was sent are published on the deployment's topic. Only what is about this one deployment is in the settings: functions
//! reach it by the environment of the emulator, which they inherit.

use std::{
    error::Error, fmt::Write as _, io::Write as _, net::SocketAddr, path::PathBuf, process::ExitCode, sync::Arc,
};

use actionlayer_local::{
    clock::LocalClock,
    dns::{DnsServer, ZoneRecord, Zones},
    faults::Faults,
    outbox::{self, Outbox},
    ses::{self, Events, FeedbackSink, Identities, Ses, SesSettings},
    slack::{self, Slack},
    smtp::{self, ReceiptSink, Receiver, ReceiverSettings, SmtpLimits, Verdicts},
    sqs::Sqs,
    state::State,
    telegram::{self, Telegram},
};
use async_trait::async_trait;
use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region};
use axum::{Json, Router, extract::Path, http::StatusCode, routing::put};
use serde::Deserialize;
use serde_json::Value;
use tokio::{net::TcpListener, task::JoinSet};

type Failure = Box<dyn Error + Send + Sync>;

/// What the emulator says it is; its own default.
const ACCOUNT_ID: &str = "000000000000";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// Where their state is.
    folder: PathBuf,
    /// The emulator: `http://127.0.0.1:4566`.
    emulator: String,
    region: String,
    /// Where each is served, on loopback.
    dns: SocketAddr,
    ses: SocketAddr,
    sqs: SocketAddr,
    slack: SocketAddr,
    telegram: SocketAddr,
    smtp: SocketAddr,
    /// What people do in them, and what left.
    people: SocketAddr,
    /// The deployment's resources, by their names there.
    bucket: String,
    ingest_function: String,
    event_topic: String,
    configuration_set: String,
}

#[tokio::main]
async fn main() -> ExitCode {
    actionlayer_runtime::init_telemetry();
    let Some(path) = std::env::args_os().nth(1) else { return ExitCode::FAILURE };
    match serve(&path).await {
        Ok(()) => std::future::pending().await,
        Err(error) => {
            tracing::error!(error = &*error as &dyn Error, "cannot start");
            ExitCode::FAILURE
        }
    }
}

async fn serve(path: &std::ffi::OsStr) -> Result<(), Failure> {
    let settings: Settings = serde_json::from_slice(&std::fs::read(path)?)?;
    std::fs::create_dir_all(&settings.folder)?;
    let state = State::open(&settings.folder.join("engine.sqlite"))?;
    let clock = LocalClock::open(state.clone()).await?;
    let faults: Arc<Faults> = Arc::default();
    let http = reqwest::Client::builder().no_proxy().build()?;
    let mut tasks = JoinSet::new();

    let zones = Zones::open(state.clone())?;
    let dns = DnsServer::start(zones.clone(), settings.dns).await?;

    let slack = Slack::open(state.clone(), clock.clone(), faults.clone(), http.clone()).await?;
    slack.served_at(&format!("http://{}", settings.slack));
    listen(settings.slack, slack::router(slack.clone()), &mut tasks).await?;
    let telegram = Telegram::open(state.clone(), clock.clone(), faults.clone(), http.clone()).await?;
    listen(settings.telegram, telegram::router(telegram.clone()), &mut tasks).await?;
    tasks.spawn(telegram::deliver(telegram.clone()));

    let emulator = Arc::new(Emulator { http, url: settings.emulator.clone(), region: settings.region.clone() });
    let topic = Topic { emulator: emulator.clone(), arn: settings.event_topic.clone() };
    let events = Arc::new(Events::open(state.clone(), Arc::new(topic))?);
    let sent = Arc::new(Outbox::open(state.clone(), clock.clone(), events.clone(), None)?);
    let identities = Identities::open(state.clone(), zones.clone())?;
    let verdicts = Verdicts::open(state.clone())?;
    let about = SesSettings {
        region: settings.region.clone(),
        account_id: ACCOUNT_ID.to_owned(),
        configuration_sets: vec![settings.configuration_set.clone()],
    };
    let queues = Sqs::open(state.clone(), clock.clone(), faults.clone(), &settings.region)?;
    listen(settings.sqs, queues.router(), &mut tasks).await?;
    let sender = Ses::open(state, clock.clone(), faults, identities.clone(), sent.clone(), events.clone(), about)?;
    listen(settings.ses, ses::router(sender), &mut tasks).await?;
    tasks.spawn(async move { events.publish().await });

    let function_arn = format!("arn:aws:lambda:{}:{ACCOUNT_ID}:function:{}", settings.region, settings.ingest_function);
    let receiver = Arc::new(Receiver::new(
        identities,
        verdicts.clone(),
        bucket(&settings),
        Arc::new(Invoked { emulator, function: settings.ingest_function.clone() }),
        clock,
        ReceiverSettings {
            bucket: settings.bucket.clone(),
            key_prefix: "inbound/".to_owned(),
            region: settings.region.clone(),
            function_arn,
        },
    ));
    let taken = TcpListener::bind(settings.smtp).await?;
    tasks.spawn(smtp::serve(taken, receiver.clone(), SmtpLimits::default()));
    let people = Router::new()
        .route("/local/dns/zones/{domain}", put(publish).with_state(zones))
        .merge(outbox::router(sent.clone()))
        .merge(smtp::verdicts_router(verdicts))
        .merge(slack::local_router(slack))
        .merge(telegram::local_router(telegram));
    tasks.spawn(async move { sent.deliver(&receiver).await });
    listen(settings.people, people, &mut tasks).await?;

    writeln!(std::io::stdout(), "ready dns={}", dns.address())?;
    // None of them ends by itself.
    _ = tasks.join_next().await;
    Err("a server ended".into())
}

async fn listen(address: SocketAddr, router: Router, tasks: &mut JoinSet<()>) -> Result<(), Failure> {
    let listener = TcpListener::bind(address).await?;
    tasks.spawn(async move {
        if let Err(error) = axum::serve(listener, router).await {
            tracing::error!(%error, %address, "a server ended");
        }
    });
    Ok(())
}

/// `PUT /local/dns/zones/{domain}` with the `records` of a domain, as the API shows them: its owner enters them.
async fn publish(
    axum::extract::State(zones): axum::extract::State<Zones>,
    Path(domain): Path<String>,
    Json(records): Json<Vec<ZoneRecord>>,
) -> StatusCode {
    match zones.publish(&domain, records).await {
        Ok(()) => StatusCode::NO_CONTENT,
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

fn bucket(settings: &Settings) -> aws_sdk_s3::Client {
    let config = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(settings.region.clone()))
        .endpoint_url(&settings.emulator)
        .force_path_style(true)
        .credentials_provider(Credentials::new("test", "test", None, None, "emulator"));
    aws_sdk_s3::Client::from_conf(config.build())
}

/// The emulator's other services, each with one call.
struct Emulator {
    http: reqwest::Client,
    url: String,
    region: String,
}

impl Emulator {
    /// It reads region and service out of the signature's scope and checks no signature of the account's root.
    async fn post(
        &self,
        service: &str,
        path: &str,
        kind: &str,
        header: (&str, &str),
        body: String,
    ) -> Result<(), Failure> {
        let scope = format!("AWS4-HMAC-SHA256 Credential=test/20260101/{}/{service}/aws4_request", self.region);
        let request = self.http.post(format!("{}{path}", self.url)).header("content-type", kind);
        let request = request.header("authorization", scope).header(header.0, header.1).body(body);
        request.send().await?.error_for_status()?;
        Ok(())
    }
}

/// SES publishes to the topic; that it reaches a queue is the template's doing.
struct Topic {
    emulator: Arc<Emulator>,
    arn: String,
}

#[async_trait]
impl FeedbackSink for Topic {
    async fn publish(&self, event: Value) -> Result<(), Failure> {
        let fields = [
            ("Action", "Publish"),
            ("Version", "2010-03-31"),
            ("TopicArn", &self.arn),
            ("Message", &event.to_string()),
        ];
        let mut body = String::new();
        for (name, value) in fields {
            let _ = write!(body, "{name}=");
            for byte in value.bytes() {
                let _ = write!(body, "%{byte:02X}");
            }
            body.push('&');
        }
        let kind = "application/x-www-form-urlencoded";
        self.emulator.post("sns", "/", kind, ("accept", "*/*"), body).await
    }
}

/// SES invokes the function asynchronously, in the way any caller does.
struct Invoked {
    emulator: Arc<Emulator>,
    function: String,
}

#[async_trait]
impl ReceiptSink for Invoked {
    async fn accept(&self, event: Value) -> Result<(), Failure> {
        let path = format!("/2015-03-31/functions/{}/invocations", self.function);
        let asynchronous = ("x-amz-invocation-type", "Event");
        self.emulator.post("lambda", &path, "application/json", asynchronous, event.to_string()).await
    }
}
