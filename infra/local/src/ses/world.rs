//! The mail side of the engine on free ports, for the tests of its modules.
#![allow(clippy::unwrap_used)]

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::KeyPair as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::{Mutex, Notify};
use tokio::task::JoinSet;
use tower::ServiceExt as _;

use super::{Events, FeedbackSink, Identities, Ses, SesSettings};
use crate::clock::LocalClock;
use crate::dns::{RecordKind, ZoneRecord, Zones};
use crate::faults::Faults;
use crate::outbox::{self, Outbox};
use crate::smtp::relay::Relay;
use crate::smtp::{self, ReceiptSink, Receiver, ReceiverSettings, SmtpLimits, Verdicts};
use crate::state::{State, StateError};

pub(crate) const DEADLINE: Duration = Duration::from_secs(20);

/// Keeps what it is given; refuses while told to.
#[derive(Default)]
pub(crate) struct Kept {
    values: Mutex<Vec<Value>>,
    added: Notify,
    pub(crate) refuses: AtomicBool,
}

impl Kept {
    async fn keep(&self, value: Value) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        if self.refuses.load(Ordering::SeqCst) {
            return Err("told to refuse".into());
        }
        self.values.lock().await.push(value);
        self.added.notify_waiters();
        Ok(())
    }

    pub(crate) async fn so_far(&self) -> Vec<Value> {
        self.values.lock().await.clone()
    }

    /// Waits until there are `count`.
    pub(crate) async fn wait_for(&self, count: usize) -> Vec<Value> {
        let wait = async {
            loop {
                let mut added = std::pin::pin!(self.added.notified());
                added.as_mut().enable();
                let values = self.so_far().await;
                if values.len() >= count {
                    return values;
                }
                added.await;
            }
        };
        tokio::time::timeout(DEADLINE, wait).await.unwrap_or_else(|_| panic!("not {count} in time"))
    }
}

#[async_trait]
impl FeedbackSink for Kept {
    async fn publish(&self, event: Value) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        self.keep(event).await
    }
}

#[async_trait]
impl ReceiptSink for Kept {
    async fn accept(&self, event: Value) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        let id = event["Records"][0]["ses"]["mail"]["messageId"].clone();
        let known = self.so_far().await.iter().any(|kept| kept["Records"][0]["ses"]["mail"]["messageId"] == id);
        if known { Ok(()) } else { self.keep(event).await }
    }
}

pub(crate) struct World {
    pub(crate) clock: Arc<LocalClock>,
    pub(crate) faults: Arc<Faults>,
    pub(crate) zones: Zones,
    pub(crate) verdicts: Verdicts,
    pub(crate) feedback: Arc<Kept>,
    pub(crate) received: Arc<Kept>,
    pub(crate) ses: aws_sdk_sesv2::Client,
    pub(crate) s3: aws_sdk_s3::Client,
    pub(crate) http: SocketAddr,
    pub(crate) smtp: SocketAddr,
    tasks: JoinSet<()>,
}

impl World {
    pub(crate) async fn open(folder: &Path) -> Self {
        Self::open_with(folder, None, SmtpLimits::default(), Arc::default(), Arc::default()).await
    }

    pub(crate) async fn open_with(
        folder: &Path,
        relay: Option<Relay>,
        limits: SmtpLimits,
        feedback: Arc<Kept>,
        received: Arc<Kept>,
    ) -> Self {
        let mut tasks = JoinSet::new();
        let state = open_state(folder).await;
        let clock = LocalClock::open(state.clone()).await.unwrap();
        let faults = Arc::new(Faults::default());
        let zones = Zones::open(state.clone()).unwrap();
        let identities = Identities::open(state.clone(), zones.clone()).unwrap();
        let verdicts = Verdicts::open(state.clone()).unwrap();
        let events = Arc::new(Events::open(state.clone(), feedback.clone()).unwrap());
        let outbox = Arc::new(Outbox::open(state.clone(), clock.clone(), events.clone(), relay).unwrap());
        let settings = SesSettings {
            region: "us-east-1".to_owned(),
            account_id: "000000000000".to_owned(),
            configuration_sets: vec!["main".to_owned()],
        };
        let ses = Ses::open(
            state,
            clock.clone(),
            faults.clone(),
            identities.clone(),
            outbox.clone(),
            events.clone(),
            settings,
        )
        .unwrap();
        let s3 = serve_s3(folder, &mut tasks).await;
        let receiving = Arc::new(Receiver::new(
            identities,
            verdicts.clone(),
            s3.clone(),
            received.clone(),
            clock.clone(),
            ReceiverSettings {
                bucket: "mail".to_owned(),
                key_prefix: "inbound/".to_owned(),
                region: "us-east-1".to_owned(),
                function_arn: "arn:aws:lambda:us-east-1:000000000000:function:ingest".to_owned(),
            },
        ));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let smtp = listener.local_addr().unwrap();
        tasks.spawn(smtp::serve(listener, receiving.clone(), limits));
        tasks.spawn(async move { events.publish().await });
        let router =
            super::router(ses).merge(outbox::router(outbox.clone())).merge(smtp::verdicts_router(verdicts.clone()));
        tasks.spawn(async move { Box::pin(outbox.deliver(&receiving)).await });
        let http = serve(router, &mut tasks).await;
        let ses = aws_sdk_sesv2::Client::from_conf(
            aws_sdk_sesv2::Config::builder()
                .behavior_version(aws_sdk_sesv2::config::BehaviorVersion::latest())
                .endpoint_url(format!("http://{http}"))
                .region(aws_sdk_sesv2::config::Region::new("us-east-1"))
                .credentials_provider(aws_sdk_sesv2::config::Credentials::new("key", "secret", None, None, "test"))
                .retry_config(aws_sdk_sesv2::config::retry::RetryConfig::disabled())
                .build(),
        );
        Self { clock, faults, zones, verdicts, feedback, received, ses, s3, http, smtp, tasks }
    }

    /// Ends it as a crash would; the folder can be opened again.
    pub(crate) async fn kill(mut self) {
        self.tasks.shutdown().await;
    }

    /// Gives the account a verified domain.
    pub(crate) async fn verify(&self, domain: &str) {
        let (private_key, public_key) = key_pair();
        self.create_identity(domain, &private_key).await;
        self.publish_key(domain, &public_key).await;
    }

    pub(crate) async fn create_identity(&self, domain: &str, private_key: &str) {
        let attributes = aws_sdk_sesv2::types::DkimSigningAttributes::builder()
            .domain_signing_selector("al1")
            .domain_signing_private_key(private_key)
            .build();
        let create = self.ses.create_email_identity().email_identity(domain).dkim_signing_attributes(attributes);
        create.send().await.unwrap();
    }

    pub(crate) async fn publish_key(&self, domain: &str, public_key: &str) {
        let record = ZoneRecord {
            kind: RecordKind::Txt,
            name: format!("al1._domainkey.{domain}"),
            value: format!("v=DKIM1; k=rsa; p={public_key}"),
            priority: None,
        };
        self.zones.publish(domain, vec![record]).await.unwrap();
    }

    pub(crate) async fn outbox(&self) -> Vec<Value> {
        let (_, body) = self.get("/local/outbox").await;
        serde_json::from_slice::<Value>(&body).unwrap()["data"].as_array().unwrap().clone()
    }

    pub(crate) async fn get(&self, path: &str) -> (u16, Vec<u8>) {
        let answer = reqwest::get(format!("http://{}{path}", self.http)).await.unwrap();
        (answer.status().as_u16(), answer.bytes().await.unwrap().to_vec())
    }

    pub(crate) async fn stored(&self, message_id: &str) -> Vec<u8> {
        let object = self.s3.get_object().bucket("mail").key(format!("inbound/{message_id}")).send().await.unwrap();
        object.body.collect().await.unwrap().to_vec()
    }
}

/// A private key as BYODKIM takes it, and the public half as DNS publishes it.
pub(crate) fn key_pair() -> (String, String) {
    let pair = KeyPair::generate(KeySize::Rsa2048).unwrap();
    let private: Pkcs8V1Der<'_> = pair.as_der().unwrap();
    let public: PublicKeyX509Der<'_> = pair.public_key().as_der().unwrap();
    (BASE64.encode(private.as_ref()), BASE64.encode(public.as_ref()))
}

/// A killed world lets go of its file when its last task has ended.
pub(crate) async fn open_state(folder: &Path) -> State {
    let open = async {
        loop {
            match State::open(&folder.join("engine.sqlite")) {
                Ok(state) => return state,
                Err(StateError::InUse) => tokio::task::yield_now().await,
                Err(error) => panic!("{error}"),
            }
        }
    };
    tokio::time::timeout(DEADLINE, open).await.unwrap()
}

pub(crate) async fn serve(router: axum::Router, tasks: &mut JoinSet<()>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tasks.spawn(async move {
        let mut connections = JoinSet::new();
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let router = router.clone();
            let service = hyper::service::service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
                router.clone().oneshot(request.map(axum::body::Body::new))
            });
            connections
                .spawn(hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service));
        }
    });
    address
}

async fn serve_s3(folder: &Path, tasks: &mut JoinSet<()>) -> aws_sdk_s3::Client {
    let root = folder.join("s3");
    std::fs::create_dir_all(root.join("mail")).unwrap();
    let mut service = s3s::service::S3ServiceBuilder::new(s3s_fs::FileSystem::new(root).unwrap());
    service.set_auth(s3s::auth::SimpleAuth::from_single("key", "secret"));
    let service = service.build();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tasks.spawn(async move {
        let mut connections = JoinSet::new();
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let service = service.clone();
            connections
                .spawn(hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service));
        }
    });
    aws_sdk_s3::Client::from_conf(
        aws_sdk_s3::Config::builder()
            .behavior_version(aws_sdk_s3::config::BehaviorVersion::latest())
            .endpoint_url(format!("http://{address}"))
            .region(aws_sdk_s3::config::Region::new("us-east-1"))
            .force_path_style(true)
            .credentials_provider(aws_sdk_s3::config::Credentials::new("key", "secret", None, None, "test"))
            .retry_config(aws_sdk_s3::config::retry::RetryConfig::disabled())
            .build(),
    )
}
