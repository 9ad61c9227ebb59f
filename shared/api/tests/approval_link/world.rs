//! A draft that waits for approval, in a table of the test's own, behind the function's router.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use actionlayer_api::{routes, serve};
use actionlayer_channels::approval_link::{ApprovalToken, LINK_PATH};
use actionlayer_domain::{Clock, Draft, DraftBody, Identity, Message, MessageBody, Thread, Timestamp, WorkspaceId};
use actionlayer_service::App;
use actionlayer_store::{Transaction, keys};
use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Request, StatusCode, header},
};
use http_body_util::BodyExt as _;
use serde_json::json;
use tower::ServiceExt as _;

use crate::app;

pub(crate) const DANA: &str = "dana@approvers.test";
pub(crate) const ERIN: &str = "erin@approvers.test";
const NOW: &str = "2026-04-30T14:00:00.000Z";

#[derive(Debug)]
pub(crate) struct Hands(AtomicI64);

impl Clock for Hands {
    /// A millisecond passes with every look: no two decisions are at the same time.
    fn now(&self) -> Timestamp {
        Timestamp::from_unix_ms(self.0.fetch_add(1, Ordering::Relaxed))
    }
}

pub(crate) struct World {
    pub(crate) app: Arc<App>,
    router: Router,
    hands: Arc<Hands>,
    draft: Draft,
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl World {
    /// A pending draft, version 2, which Dana and Erin are asked about.
    pub(crate) async fn start() -> Self {
        let now: Timestamp = NOW.parse().unwrap();
        let hands = Arc::new(Hands(AtomicI64::new(now.unix_ms())));
        let app = app::start(hands.clone(), "off").await;
        let draft = store_draft(&app).await;
        Self { router: serve([routes::email_links()], Arc::clone(&app)), app, hands, draft }
    }

    pub(crate) fn advance_hours(&self, hours: i64) {
        self.hands.0.fetch_add(hours * 3_600_000, Ordering::Relaxed);
    }

    /// The path of an approver's link to a version, good for a day.
    pub(crate) async fn link(&self, approver: &str, version: u32) -> String {
        let secret = actionlayer_service::secrets::link_secret(&self.app).await.unwrap();
        let expires_at = NOW.parse::<Timestamp>().unwrap().after(std::time::Duration::from_hours(24));
        let Draft { workspace_id, id, .. } = self.draft;
        let token = ApprovalToken::new(workspace_id, id, version, &approver.parse().unwrap(), expires_at);
        format!("{LINK_PATH}{}", token.sign(&secret))
    }

    /// The draft as it lies in the table, and how often it was written.
    pub(crate) async fn draft(&self) -> (Draft, u64) {
        let row = self.app.store.get::<Draft>(&keys::draft(self.draft.workspace_id, self.draft.id)).await;
        let row = row.unwrap().unwrap();
        (row.value, row.revision)
    }

    /// Changes the draft behind everybody's back.
    pub(crate) async fn change_draft(&self, change: impl FnOnce(&mut Draft)) {
        let row = self.app.store.get::<Draft>(&keys::draft(self.draft.workspace_id, self.draft.id)).await;
        let row = row.unwrap().unwrap();
        let mut draft = row.value.clone();
        change(&mut draft);
        let mut transaction = Transaction::new();
        transaction.replace(&row, &draft).unwrap();
        self.app.store.commit(transaction).await.unwrap();
    }

    /// Changes who is asked.
    pub(crate) async fn change_identity(&self, change: impl FnOnce(&mut Identity)) {
        let row = self.app.store.identity(self.draft.workspace_id, self.draft.identity_id).await.unwrap().unwrap();
        let mut identity = row.value.clone();
        change(&mut identity);
        let mut transaction = Transaction::new();
        transaction.replace(&row, &identity).unwrap();
        self.app.store.commit(transaction).await.unwrap();
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.ask(Request::get(path).body(Body::empty()).unwrap()).await
    }

    pub(crate) async fn head(&self, path: &str) -> Answer {
        self.ask(Request::head(path).body(Body::empty()).unwrap()).await
    }

    pub(crate) async fn post(&self, path: &str, form: &str) -> Answer {
        let request = Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.ask(request.body(Body::from(form.to_owned())).unwrap()).await
    }

    pub(crate) async fn ask(&self, request: Request<Body>) -> Answer {
        let (parts, body) = self.router.clone().oneshot(request).await.unwrap().into_parts();
        let body = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
        Answer { status: parts.status, headers: parts.headers, body }
    }
}

async fn store_draft(app: &App) -> Draft {
    // One family: the low 64 bits are the same.
    let thread_id = "019dd000-0000-7000-9f00-1234567890ab";
    let message_id = "019dd000-0001-7000-9f00-1234567890ab";
    let draft_id = "019dd000-0002-7000-9f00-1234567890ab";
    let identity_id = "019dd000-0003-7000-8f00-1234567890ab";
    let workspace_id: WorkspaceId = "019dd000-0004-7000-8f00-1234567890ab".parse().unwrap();
    let identity: Identity = serde_json::from_value(json!({
        "id": identity_id, "workspace_id": workspace_id, "domain_id": identity_id, "local_part": "mia",
        "email_address": "mia@ai.example.com", "display_name": "Mia", "thread_history_depth": 10,
        "approval_channels": [{ "type": "email", "to": [DANA, ERIN] }], "can_send_cold": false,
        "auto_approve_replies": false, "status": "active", "created_at": NOW, "updated_at": NOW,
    }))
    .unwrap();
    let thread: Thread = serde_json::from_value(json!({
        "id": thread_id, "workspace_id": workspace_id, "identity_id": identity_id, "subject": "Opening hours",
        "status": "draft_pending", "needs_review": true, "last_message_at": NOW,
        "last_inbound_message_id": message_id, "message_count": 1, "snippet": "", "tags": [], "skip_ai": false,
        "open_draft_ids": [draft_id], "unattended": { "day": "", "count": 0 }, "created_at": NOW, "updated_at": NOW,
    }))
    .unwrap();
    let message: Message = serde_json::from_value(json!({
        "id": message_id, "thread_id": thread_id, "workspace_id": workspace_id, "identity_id": identity_id,
        "direction": "inbound", "from_email": "ada@example.org", "to": [], "cc": [], "bcc": [], "reply_to": [],
        "subject": "Opening hours", "snippet": "", "attachments": [], "in_reply_to": [], "references": [],
        "is_automated": false, "safety_flags": [], "parse_limited": false, "received_at": NOW, "created_at": NOW,
    }))
    .unwrap();
    let draft: Draft = serde_json::from_value(json!({
        "id": draft_id, "workspace_id": workspace_id, "thread_id": thread_id, "identity_id": identity_id,
        "based_on_message_id": message_id, "status": "pending", "version": 2, "stale_warning": false,
        "to": ["ada@example.org"], "cc": [], "bcc": [], "subject": "Re: Opening hours",
        "rationale": "From the web site.", "submitted_by": { "kind": "api_key", "id": identity_id, "name": "agent" },
        "notifications": [], "created_at": NOW, "updated_at": NOW,
    }))
    .unwrap();
    let question = MessageBody { text: Some("When do you open?".to_owned()), ..MessageBody::default() };
    let answer = DraftBody { text: Some("We open at nine.".to_owned()), html: None, sender: None };
    let mut transaction = Transaction::new();
    transaction.create(&identity).unwrap().create(&thread).unwrap();
    transaction.create_with_body(&app.store, &message, &question).await.unwrap();
    transaction.create_with_body(&app.store, &draft, &answer).await.unwrap();
    app.store.commit(transaction).await.unwrap();
    draft
}
