//! A workspace with two keys and an identity that may send, in a table of the test's own, behind the function's router.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use actionlayer_api::{SourceAddress, routes, serve};
use actionlayer_domain::{
    ApiKeyId, ApiKeySecret, Clock, HeaderText, Identity, Role, Timestamp, WorkspaceId, key::ApiKey,
};
use actionlayer_runtime::OsEntropy;
use actionlayer_service::{
    App,
    workspace::idempotency::{self, Begun, Run},
};
use actionlayer_store::{IdempotencyScope, Transaction};
use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Request, header},
};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::app;

const NOW: &str = "2026-04-30T14:00:00.000Z";
pub(crate) const IDENTITY: &str = "019dd000-0003-7000-8f00-1234567890ab";
const SEND: &str = "/v1/emails/send";

#[derive(Debug)]
struct Hands(AtomicI64);

impl Clock for Hands {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix_ms(self.0.load(Ordering::Relaxed))
    }
}

pub(crate) struct World {
    pub(crate) app: Arc<App>,
    router: Router,
    hands: Arc<Hands>,
    pub(crate) workspace: WorkspaceId,
    pub(crate) key_id: ApiKeyId,
    pub(crate) secret: String,
    pub(crate) other_secret: String,
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Answer {
    pub(crate) fn replayed(&self) -> bool {
        self.headers.get("idempotent-replayed").is_some_and(|value| value == "true")
    }

    #[track_caller]
    pub(crate) fn made(&self) -> String {
        assert_eq!(self.status, 202, "{}", self.body);
        self.body["message_id"].as_str().unwrap().to_owned()
    }

    #[track_caller]
    pub(crate) fn refused(&self, status: u16, code: &str) {
        assert_eq!((self.status, self.body["error"].as_str()), (status, Some(code)), "{}", self.body);
        assert!(!self.replayed());
        assert_eq!(self.headers["x-request-id"], self.body["request_id"].as_str().unwrap());
    }
}

impl World {
    pub(crate) async fn start() -> Self {
        Self::start_limited("off").await
    }

    pub(crate) async fn start_limited(rate_limits: &str) -> Self {
        let now: Timestamp = NOW.parse().unwrap();
        let hands = Arc::new(Hands(AtomicI64::new(now.unix_ms())));
        let app = app::start(hands.clone(), rate_limits).await;
        let workspace = "019dd000-0004-7000-8f00-1234567890ab".parse().unwrap();
        let identity: Identity = serde_json::from_value(json!({
            "id": IDENTITY, "workspace_id": workspace, "domain_id": IDENTITY, "local_part": "mia",
            "email_address": "mia@ai.example.com", "display_name": "Mia", "thread_history_depth": 10,
            "approval_channels": [], "can_send_cold": true, "auto_approve_replies": false, "status": "active",
            "created_at": NOW, "updated_at": NOW,
        }))
        .unwrap();
        let mut transaction = Transaction::new();
        transaction.create(&identity).unwrap();
        let secrets = [ApiKeySecret::generate(&OsEntropy), ApiKeySecret::generate(&OsEntropy)];
        let mut ids = Vec::new();
        for secret in &secrets {
            let key = ApiKey {
                id: ApiKeyId::generate(now, &OsEntropy),
                workspace_id: workspace,
                name: HeaderText::sanitize("key"),
                prefix: secret.prefix().to_owned(),
                role: Role::Full,
                identity_ids: Vec::new(),
                created_at: now,
            };
            ids.push(key.id);
            transaction.create_api_key(&key, secret).unwrap();
        }
        app.store.commit(transaction).await.unwrap();
        let [secret, other_secret] = secrets.map(|secret| secret.expose().to_owned());
        let router = serve([routes::drafts(), routes::emails()], Arc::clone(&app));
        Self { app, router, hands, workspace, key_id: ids[0], secret, other_secret }
    }

    pub(crate) fn pass_seconds(&self, seconds: i64) {
        self.hands.0.fetch_add(seconds * 1_000, Ordering::Relaxed);
    }

    pub(crate) async fn post(&self, secret: &str, key: &str, body: &Value) -> Answer {
        let request = Request::post(SEND)
            .header(header::AUTHORIZATION, format!("Bearer {secret}"))
            .header(header::CONTENT_TYPE, "application/json")
            .header("Idempotency-Key", key)
            .body(Body::from(body.to_string()))
            .unwrap();
        self.ask(request).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        let request = Request::get(path).header(header::AUTHORIZATION, format!("Bearer {}", self.secret));
        self.ask(request.body(Body::empty()).unwrap()).await
    }

    /// Asks for the deployment's workspace, from an address, with a key of idempotency or without.
    pub(crate) async fn bootstrap(&self, source: &str, key: Option<&str>) -> Answer {
        let mut request = Request::post("/v1/auth/bootstrap").header(header::CONTENT_TYPE, "application/json");
        if let Some(key) = key {
            request = request.header("Idempotency-Key", key);
        }
        let body = json!({ "workspace_name": "Novacore" }).to_string();
        let request = request.extension(SourceAddress::new(source)).body(Body::from(body)).unwrap();
        Self::asked(serve([routes::workspace()], Arc::clone(&self.app)), request).await
    }

    async fn ask(&self, request: Request<Body>) -> Answer {
        Self::asked(self.router.clone(), request).await
    }

    async fn asked(router: Router, request: Request<Body>) -> Answer {
        let (parts, body) = router.oneshot(request).await.unwrap().into_parts();
        let body = serde_json::from_slice(&body.collect().await.unwrap().to_bytes()).unwrap();
        Answer { status: parts.status.as_u16(), headers: parts.headers, body }
    }

    pub(crate) async fn send(&self, key: &str, subject: &str) -> Answer {
        self.post(&self.secret, key, &email(subject)).await
    }

    /// Another process takes the request up.
    pub(crate) async fn begin(&self, key: &str, subject: &str) -> Box<Run> {
        let scope = IdempotencyScope::Workspace(self.workspace);
        let body = email(subject).to_string();
        let request = idempotency::Request {
            scope: &scope,
            sender: Some(self.key_id.to_string()),
            route: "POST /v1/emails/send",
            key,
            body: body.as_bytes(),
            secret: &self.secret,
        };
        match idempotency::begin(&self.app, &request).await.unwrap() {
            Begun::Run(run) => run,
            other => panic!("{other:?}"),
        }
    }
}

pub(crate) fn email(subject: &str) -> Value {
    json!({ "identity_id": IDENTITY, "to": ["ada@example.org"], "subject": subject, "body_text": "Hello." })
}
