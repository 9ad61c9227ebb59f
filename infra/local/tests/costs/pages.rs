//! What every page of the dashboard costs, from the request to the whole page, its visitor's session included.

use std::sync::Arc;

use actionlayer_api::export::write_exports;
use actionlayer_domain::{
    EventId, HeaderText, UserId,
    account::{MemberRole, PasswordHash, Session, SessionToken, User},
    rule::{RuleEvent, Trigger},
    work::RuleJob,
};
use actionlayer_service::{relay::relay, rules::run_rules::run_rules};
use actionlayer_store::Transaction;
use axum::{Router, body::Body};
use http::Request;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::{
    deliveries::received,
    every_operation::with_a_file,
    operations::{Price, mail, price},
    world::World,
};

/// Pages that are not counted: they are shown without a session and read a link at most.
pub(crate) const UNCOUNTED: [&str; 9] = [
    "GET /assets/{version}/{file}",
    "GET /start",
    "GET /sign-in",
    "GET /sign-up",
    "GET /sign-up/confirm",
    "GET /reset",
    "GET /reset/password",
    "GET /verify",
    "GET /invitation",
];

/// Every page that the dashboard's source names.
pub(crate) fn named_in_the_source() -> Vec<String> {
    fn read(folder: &std::path::Path, pages: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if entry.is_dir() {
                read(&entry, pages);
                continue;
            }
            let source = std::fs::read_to_string(&entry).unwrap();
            for route in source.split(".route(\"").skip(1) {
                let (path, rest) = route.split_once('"').unwrap();
                if rest.trim_start_matches([',', ' ', '\n']).starts_with("get(") {
                    pages.push(format!("GET {path}"));
                }
            }
        }
    }
    let mut pages = Vec::new();
    read(std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/dashboard/src")), &mut pages);
    pages
}

struct Visit<'a> {
    world: &'a World,
    dashboard: Router,
    api: [Router; 4],
    cookie: String,
    prices: Vec<Price>,
}

/// Opens one page of every kind, in a workspace with something to see on it, and counts.
pub(crate) async fn count(world: &World) -> Vec<Price> {
    // Not so many that what a list reads is near a bound of what it is charged for: ids are compressed a little differently each
    // time.
    for i in 0..21 {
        let id = format!("filler-{i}");
        world.receive(&id, mail(&id, None)).await;
    }
    let change = received(world, "known").await;
    relay(&world.app, &[change]).await.unwrap();
    world.receive("page", with_a_page()).await;
    world.receive("first", with_a_file()).await;
    let cookie = owner(world).await;
    let app = || Arc::clone(&world.app);
    let mut visit = Visit {
        world,
        dashboard: function_dashboard::router(app()),
        api: [
            function_threads::router(app()),
            function_drafts::router(app()),
            function_identities::router(app()),
            function_settings::router(app()),
        ],
        cookie,
        prices: Vec::new(),
    };
    visit.everything().await;
    visit.prices
}

/// A mail that looks like something.
fn with_a_page() -> String {
    let plain = mail("page", None);
    plain.replace("text/plain", "text/html").replace("Hello,", "<p>Hello,</p>")
}

/// An owner with a session; gives its cookie.
async fn owner(world: &World) -> String {
    let (now, entropy) = (world.app.now(), world.app.entropy());
    let user = User {
        id: UserId::generate(now, entropy),
        email: "olga@team.test".parse().unwrap(),
        name: HeaderText::sanitize("Olga"),
        password: PasswordHash::nobodys(),
        password_version: 1,
        email_verified_at: Some(now),
        created_at: now,
        updated_at: now,
    };
    let token = SessionToken::generate(user.id, entropy);
    let workspace = world.caller.workspace_id;
    let mut transaction = Transaction::new();
    transaction.create(&user).unwrap();
    transaction.create(&user.member_of(workspace, MemberRole::Owner, now)).unwrap();
    transaction.create(&Session::begin(&token, &user, Some(workspace), "a test", now)).unwrap();
    world.app.store.commit(transaction).await.unwrap();
    format!("__Host-session={}", token.expose())
}

impl Visit<'_> {
    /// What the API makes or shows, not counted.
    async fn api(&self, router: usize, method: &str, path: &str, body: Value) -> Value {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("authorization", format!("Bearer {}", self.world.secret.expose()))
            .header("content-type", "application/json")
            .body(if body.is_null() { Body::empty() } else { Body::from(body.to_string()) })
            .unwrap();
        let answer = self.api[router].clone().oneshot(request).await.unwrap();
        assert!(answer.status().is_success(), "{method} {path}: {}", answer.status());
        let bytes = axum::body::to_bytes(answer.into_body(), usize::MAX).await.unwrap();
        serde_json::from_slice(&bytes).unwrap_or_default()
    }

    /// Opens a page and counts; `ids` are what its path names, in order, and `query` what stands behind it.
    async fn open(&mut self, page: &'static str, ids: &[&str], query: &str) {
        let mut path = page.split_once(' ').unwrap().1.split('?').next().unwrap().to_owned();
        for id in ids {
            let (before, rest) = path.split_once('{').unwrap();
            path = format!("{before}{id}{}", rest.split_once('}').unwrap().1);
        }
        let request = Request::builder()
            .uri(format!("{path}{query}"))
            .header("accept", "text/html")
            .header("cookie", &self.cookie)
            .body(Body::empty())
            .unwrap();
        self.world.app.store.meter().take();
        let answer = self.dashboard.clone().oneshot(request).await.unwrap();
        let cost = self.world.app.store.meter().take();
        let location = answer.headers().get("location").map(|to| to.to_str().unwrap().to_owned()).unwrap_or_default();
        assert!(answer.status().is_success() || answer.status().is_redirection(), "{path}: {}", answer.status());
        assert!(!location.starts_with("/sign-in"), "{path}: {location}");
        self.prices.push(price(page, cost.round_trips, cost.requests, cost.read_units, cost.write_units));
    }

    /// The workspace's rules wait for a mail that came in.
    async fn run_rules(&self, thread: &Value) {
        let World { app, caller, .. } = self.world;
        let at = app.now();
        let event = RuleEvent {
            workspace_id: caller.workspace_id,
            event_id: EventId::generate(at, app.entropy()),
            trigger: Trigger::EmailReceived,
            at,
            thread_id: thread["id"].as_str().unwrap().parse().unwrap(),
            message_id: Some(thread["last_inbound_message_id"].as_str().unwrap().parse().unwrap()),
            draft_id: None,
            version: None,
        };
        run_rules(app, &RuleJob { event, thread: None }).await.unwrap();
    }

    async fn everything(&mut self) {
        let threads = self.api(0, "GET", "/v1/threads?limit=2", Value::Null).await;
        let thread = threads["data"][0].clone();
        let page = threads["data"][1]["last_inbound_message_id"].as_str().unwrap().to_owned();
        let id_of = |object: &Value| object["id"].as_str().unwrap().to_owned();
        let thread_id = id_of(&thread);
        let detail = self.api(0, "GET", &format!("/v1/threads/{thread_id}"), Value::Null).await;
        let message = detail["messages"][0].clone();
        let draft = json!({
            "thread_id": thread["id"], "identity_id": thread["identity_id"],
            "based_on_message_id": thread["last_inbound_message_id"],
            "body_html": "<p>Thank you.</p>",
        });
        let draft = id_of(&self.api(1, "POST", "/v1/drafts", draft).await);
        let contact = id_of(&self.api(0, "GET", "/v1/contacts", Value::Null).await["data"][0]);
        let rule = json!({"name": "Tag", "trigger": "email.received", "actions": [{"type": "skip_ai"}]});
        let rule = id_of(&self.api(0, "POST", "/v1/rules", rule).await);
        self.run_rules(&thread).await;
        let webhook = json!({"url": "https://hooks.customer.example/", "events": ["*"]});
        let webhook = id_of(&self.api(3, "POST", "/v1/webhooks", webhook).await);
        let test = format!("/v1/webhooks/{webhook}/test");
        let delivery = id_of(&self.api(3, "POST", &test, Value::Null).await);
        let domain = self.world.identity.domain_id.to_string();
        let identity = self.world.identity.id.to_string();
        self.api(3, "POST", "/v1/workspace/export", Value::Null).await;
        write_exports(&self.world.app).await.unwrap();

        self.open("GET /", &[], "").await;
        self.open("GET /onboarding", &[], "").await;
        self.open("GET /inbox", &[], "").await;
        self.open("GET /inbox?show=all", &[], "?show=all").await;
        self.open("GET /threads/{id}", &[&thread_id], "").await;
        self.open("GET /messages/{id}/html", &[&page], "").await;
        self.open("GET /messages/{id}/raw", &[&id_of(&message)], "").await;
        self.open("GET /messages/{id}/files/{file}", &[&id_of(&message), &id_of(&message["attachments"][0])], "").await;
        self.open("GET /drafts", &[], "").await;
        self.open("GET /drafts/{id}", &[&draft], "").await;
        self.open("GET /drafts/{id}/html", &[&draft], "?version=1").await;
        self.open("GET /held", &[], "").await;
        self.open("GET /contacts", &[], "").await;
        self.open("GET /contacts/{id}", &[&contact], "").await;
        self.open("GET /identities", &[], "").await;
        self.open("GET /identities/new", &[], "").await;
        self.open("GET /identities/{id}", &[&identity], "").await;
        self.open("GET /domains", &[], "").await;
        self.open("GET /domains/{id}", &[&domain], "").await;
        self.open("GET /rules", &[], "").await;
        self.open("GET /rules/new", &[], "").await;
        self.open("GET /rules/{id}", &[&rule], "").await;
        self.open("GET /rules/{id}/edit", &[&rule], "").await;
        self.open("GET /webhooks", &[], "").await;
        self.open("GET /webhooks/{id}", &[&webhook], "").await;
        self.open("GET /webhooks/{id}/deliveries/{delivery}", &[&webhook, &delivery], "").await;
        self.open("GET /events", &[], "").await;
        self.open("GET /suppressions", &[], "").await;
        self.open("GET /usage", &[], "").await;
        self.open("GET /billing", &[], "").await;
        self.open("GET /settings", &[], "").await;
        self.open("GET /settings/keys", &[], "").await;
        self.open("GET /settings/users", &[], "").await;
        self.open("GET /settings/sessions", &[], "").await;
        self.open("GET /settings/audit", &[], "").await;
        self.open("GET /settings/export", &[], "").await;
        self.open("GET /settings/export/{part}", &["0"], "").await;
        self.open("GET /settings/delete", &[], "").await;
        self.open("GET /workspaces", &[], "").await;
    }
}
