//! What every operation of the API costs, from the request to its answer, its caller's authentication included.

use std::sync::Arc;

use actionlayer_domain::{Suppression, SuppressionId, SuppressionReason};
use actionlayer_store::Transaction;
use axum::{Router, body::Body};
use http::{Method, Request};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::{
    operations::{Price, mail, price},
    world::{ADDRESS, World},
};

/// Operations that are not counted: they read no table, happen once in a deployment's or a workspace's life, read as many
/// partitions as the last 30 days have months, or speak to as many providers as an identity has channels.
pub(crate) const UNCOUNTED: [&str; 8] = [
    "GET /v1/docs",
    "GET /v1/openapi.json",
    "POST /v1/auth/bootstrap",
    "GET /v1/events",
    "GET /v1/rules/{id}/runs",
    "POST /v1/drafts/preview",
    "POST /v1/workspace/slack/install",
    "POST /v1/identities/{id}/test-notification",
];

/// Makes one request of every kind and counts.
pub(crate) async fn count(world: &World) -> Vec<Price> {
    let mut till = Till::new(world);
    for i in 0..20 {
        let id = format!("filler-{i}");
        world.receive(&id, mail(&id, None)).await;
    }
    world.receive("first", with_a_file()).await;
    let thread = till.threads().await;
    till.drafts(&thread).await;
    till.mail_without_drafts(&thread).await;
    till.people().await;
    till.rules(&thread).await;
    till.webhooks().await;
    till.workspace().await;
    till.mailboxes().await;
    till.prices
}

struct Till<'a> {
    world: &'a World,
    settings: Router,
    identities: Router,
    threads: Router,
    drafts: Router,
    prices: Vec<Price>,
}

fn id(object: &Value) -> &str {
    object["id"].as_str().unwrap()
}

pub(crate) fn with_a_file() -> String {
    format!(
        "Message-ID: <first@customer.example>\r\nFrom: Dana Customer <dana@customer.example>\r\nTo: {ADDRESS}\r\n\
         Subject: Our plan\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n\
         --b\r\nContent-Type: text/plain\r\n\r\nHere it is.\r\n\
         --b\r\nContent-Type: text/csv; name=plan.csv\r\nContent-Disposition: attachment\r\n\r\na,b\r\n--b--\r\n"
    )
}

impl<'a> Till<'a> {
    fn new(world: &'a World) -> Self {
        let app = || Arc::clone(&world.app);
        Self {
            world,
            settings: function_settings::router(app()),
            identities: function_identities::router(app()),
            threads: function_threads::router(app()),
            drafts: function_drafts::router(app()),
            prices: Vec::new(),
        }
    }

    fn router(&self, path: &str) -> &Router {
        match path.split(['/', '?']).nth(2).unwrap() {
            "domains" | "identities" => &self.identities,
            "drafts" | "emails" | "uploads" => &self.drafts,
            "threads" | "messages" | "contacts" | "suppressions" | "inbound" | "rules" => &self.threads,
            _ => &self.settings,
        }
    }

    /// Asks and counts. `operation` is the method and the path as the document has it, perhaps with a filter behind it;
    /// `ids` are what its path names, in order.
    async fn ask(&mut self, operation: &'static str, ids: &[&str], body: Value) -> Value {
        let (method, template) = operation.split_once(' ').unwrap();
        let mut path = template.to_owned();
        for id in ids {
            let (before, rest) = path.split_once('{').unwrap();
            path = format!("{before}{id}{}", rest.split_once('}').unwrap().1);
        }
        let request = Request::builder()
            .method(method.parse::<Method>().unwrap())
            .uri(&path)
            .header("authorization", format!("Bearer {}", self.world.secret.expose()))
            .header("content-type", "application/json")
            .body(if body.is_null() { Body::empty() } else { Body::from(body.to_string()) })
            .unwrap();
        let router = self.router(&path).clone();
        self.world.app.store.meter().take();
        let answer = router.oneshot(request).await.unwrap();
        let cost = self.world.app.store.meter().take();
        let status = answer.status();
        let bytes = axum::body::to_bytes(answer.into_body(), usize::MAX).await.unwrap();
        let answer: Value = serde_json::from_slice(&bytes).unwrap_or_default();
        // Without a payment provider that is all there is to be had.
        let taken = status.is_success() || status.is_redirection() || answer["error"] == "billing_not_configured";
        assert!(taken, "{method} {path}: {status} {answer}");
        self.prices.push(price(operation, cost.round_trips, cost.requests, cost.read_units, cost.write_units));
        answer
    }

    async fn get(&mut self, operation: &'static str, ids: &[&str]) -> Value {
        self.ask(operation, ids, Value::Null).await
    }

    async fn threads(&mut self) -> Value {
        let list = self.get("GET /v1/threads", &[]).await;
        self.get("GET /v1/threads?status=open", &[]).await;
        self.get("GET /v1/threads?needs_review=true", &[]).await;
        self.get("GET /v1/threads?needs_review=true&wait=20", &[]).await;
        let identity = self.world.identity.id.to_string();
        self.get("GET /v1/threads?identity_id={id}", &[&identity]).await;
        let thread = list["data"][0].clone();
        let detail = self.get("GET /v1/threads/{id}", &[id(&thread)]).await;
        let message = &detail["messages"][0];
        self.get("GET /v1/threads/{id}/messages", &[id(&thread)]).await;
        self.ask("PATCH /v1/threads/{id}", &[id(&thread)], json!({"tags": ["vip"]})).await;
        self.get("GET /v1/messages/{id}", &[id(message)]).await;
        self.get("GET /v1/messages/{id}/raw", &[id(message)]).await;
        let file = &message["attachments"][0];
        self.get("GET /v1/messages/{id}/attachments/{attachment_id}", &[id(message), id(file)]).await;
        thread
    }

    async fn drafts(&mut self, thread: &Value) {
        let proposal = json!({
            "thread_id": thread["id"],
            "identity_id": thread["identity_id"],
            "based_on_message_id": thread["last_inbound_message_id"],
            "body_text": "It costs 12 a month for each of you, and yes, by invoice.",
        });
        let rejected = self.ask("POST /v1/drafts", &[], proposal.clone()).await;
        self.ask("POST /v1/drafts/{id}/reject", &[id(&rejected)], json!({"reason": "too short"})).await;
        let draft = self.ask("POST /v1/drafts", &[], proposal).await;
        // The same operation twice is one price.
        self.prices.pop();
        self.get("GET /v1/drafts", &[]).await;
        self.get("GET /v1/drafts/{id}", &[id(&draft)]).await;
        self.ask("PATCH /v1/drafts/{id}", &[id(&draft)], json!({"body_text": "It costs 12 a month."})).await;
        self.get("GET /v1/drafts/{id}/versions", &[id(&draft)]).await;
        self.get("POST /v1/drafts/{id}/notify", &[id(&draft)]).await;
        self.get("POST /v1/drafts/{id}/approve", &[id(&draft)]).await;
        self.get("POST /v1/drafts/{id}/send", &[id(&draft)]).await;
    }

    async fn mail_without_drafts(&mut self, thread: &Value) {
        let identity = &thread["identity_id"];
        let email =
            json!({"identity_id": identity, "to": ["new@customer.example"], "subject": "Hello", "body_text": "Hello."});
        self.ask("POST /v1/emails/send", &[], email).await;
        let reply = json!({"thread_id": thread["id"], "identity_id": identity, "body_text": "One more thing."});
        self.ask("POST /v1/emails/reply", &[], reply).await;
        let file = json!({"filename": "a.txt", "content_type": "text/plain", "size_bytes": 3});
        self.ask("POST /v1/uploads", &[], file).await;
    }

    async fn people(&mut self) {
        let contact = self.ask("POST /v1/contacts", &[], json!({"email": "carl@customer.example"})).await;
        self.get("GET /v1/contacts", &[]).await;
        self.get("GET /v1/contacts/{id}", &[id(&contact)]).await;
        self.ask("PATCH /v1/contacts/{id}", &[id(&contact)], json!({"tags": ["vip"]})).await;
        self.get("DELETE /v1/contacts/{id}", &[id(&contact)]).await;

        self.ask("PATCH /v1/workspace", &[], json!({"settings": {"sender_trust_gating": true}})).await;
        for stranger in ["eve", "mallory"] {
            let letter = mail(stranger, None).replace("dana@customer", &format!("{stranger}@stranger"));
            self.world.receive(stranger, letter).await;
        }
        let held = self.get("GET /v1/inbound/pending", &[]).await;
        self.get("POST /v1/inbound/pending/{id}/approve", &[id(&held["data"][0])]).await;
        self.get("POST /v1/inbound/pending/{id}/block", &[id(&held["data"][1])]).await;

        let app = &self.world.app;
        let suppressed = Suppression {
            id: SuppressionId::generate(app.now(), app.entropy()),
            workspace_id: self.world.caller.workspace_id,
            email: "gone@customer.example".parse().unwrap(),
            reason: SuppressionReason::Bounce,
            message_id: "0197f3a0-5c1e-7d2a-9f00-1234567890ab".parse().unwrap(),
            created_at: app.now(),
        };
        let mut transaction = Transaction::new();
        transaction.create(&suppressed).unwrap();
        app.store.commit(transaction).await.unwrap();
        self.get("GET /v1/suppressions", &[]).await;
        self.get("DELETE /v1/suppressions/{id}", &[&suppressed.id.to_string()]).await;
    }

    async fn rules(&mut self, thread: &Value) {
        let rule = json!({
            "name": "Newsletters",
            "trigger": "email.received",
            "conditions": {"operator": "AND", "conditions": [
                {"field": "message.subject", "op": "contains", "value": "newsletter"},
            ]},
            "actions": [{"type": "add_tag", "tag": "newsletter"}],
        });
        let rule = self.ask("POST /v1/rules", &[], rule).await;
        self.get("GET /v1/rules", &[]).await;
        self.get("GET /v1/rules/{id}", &[id(&rule)]).await;
        self.ask("PATCH /v1/rules/{id}", &[id(&rule)], json!({"active": false})).await;
        let dry_run = json!({"message_id": thread["last_inbound_message_id"]});
        self.ask("POST /v1/rules/test", &[], dry_run).await;
        self.get("DELETE /v1/rules/{id}", &[id(&rule)]).await;
    }

    async fn webhooks(&mut self) {
        let webhook = json!({"url": "https://example.com/in", "events": ["*"]});
        let webhook = self.ask("POST /v1/webhooks", &[], webhook).await;
        let webhook = id(&webhook);
        self.get("GET /v1/webhooks", &[]).await;
        self.get("GET /v1/webhooks/{id}", &[webhook]).await;
        self.ask("PATCH /v1/webhooks/{id}", &[webhook], json!({"description": "in"})).await;
        self.get("POST /v1/webhooks/{id}/rotate-secret", &[webhook]).await;
        let delivery = self.get("POST /v1/webhooks/{id}/test", &[webhook]).await;
        self.get("GET /v1/webhooks/{id}/deliveries", &[webhook]).await;
        self.get("GET /v1/webhooks/{id}/deliveries/{delivery_id}", &[webhook, id(&delivery)]).await;
        let since = json!({"since": "2026-01-01T00:00:00Z"});
        self.ask("POST /v1/webhooks/{id}/replay", &[webhook], since).await;
        self.get("POST /v1/webhooks/{id}/deliveries/{delivery_id}/redeliver", &[webhook, id(&delivery)]).await;
        self.get("DELETE /v1/webhooks/{id}", &[webhook]).await;
    }

    async fn workspace(&mut self) {
        self.get("GET /v1/events?wait=0", &[]).await;
        self.get("GET /v1/workspace", &[]).await;
        self.get("GET /v1/workspace/slack", &[]).await;
        self.get("POST /v1/workspace/export", &[]).await;
        self.get("GET /v1/workspace/export", &[]).await;
        self.ask("POST /v1/workspace/deletion", &[], json!({"name": "Costs"})).await;
        self.get("GET /v1/workspace/deletion", &[]).await;
        self.get("DELETE /v1/workspace/deletion", &[]).await;
        self.get("GET /v1/billing/subscription", &[]).await;
        self.ask("POST /v1/billing/checkout", &[], json!({"plan": "pro"})).await;
        self.get("POST /v1/billing/portal", &[]).await;
        let key = self.ask("POST /v1/api-keys", &[], json!({"name": "spare"})).await;
        self.get("GET /v1/api-keys", &[]).await;
        self.get("DELETE /v1/api-keys/{id}", &[id(&key)]).await;
    }

    async fn mailboxes(&mut self) {
        let domain = self.world.identity.domain_id.to_string();
        let wanted = json!({"domain_id": domain, "local_part": "sales", "display_name": "Sales"});
        let identity = self.ask("POST /v1/identities", &[], wanted).await;
        self.get("GET /v1/identities", &[]).await;
        self.get("GET /v1/identities/{id}", &[id(&identity)]).await;
        self.ask("PATCH /v1/identities/{id}", &[id(&identity)], json!({"display_name": "Sales team"})).await;
        let to = json!({"to": "me@elsewhere.example"});
        self.ask("POST /v1/identities/{id}/test-email", &[id(&identity)], to).await;
        self.get("DELETE /v1/identities/{id}", &[id(&identity)]).await;

        let domain = self.ask("POST /v1/domains", &[], json!({"domain": "other.test"})).await;
        self.get("GET /v1/domains", &[]).await;
        self.get("GET /v1/domains/{id}", &[id(&domain)]).await;
        self.get("POST /v1/domains/{id}/verify", &[id(&domain)]).await;
        self.get("DELETE /v1/domains/{id}", &[id(&domain)]).await;
    }
}
