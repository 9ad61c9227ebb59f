//! A workspace with one identity that may send, on an engine of its own; people who write to it and one who approves.

use std::{collections::HashMap, sync::Mutex};

use actionlayer_domain::{Clock as _, HeaderText};
use actionlayer_runtime::{OsEntropy, SystemClock};
use actionlayer_service::workspace::create_workspace::NewWorkspace;
use actionlayer_store::Transaction;
use serde_json::{Value, json};

use crate::{Api, Engine, Letter, Sent, eventually, smtp};

/// Somebody who writes.
pub const CUSTOMER: &str = "ada@customer.test";
/// Somebody who approves.
pub const APPROVER: &str = "dana@approvers.test";
/// The workspace's domain.
pub const DOMAIN: &str = "ai.novacore.test";

/// The world around one workspace.
#[derive(Debug)]
pub struct World {
    pub engine: Engine,
    /// A caller without a key.
    pub anyone: Api,
    /// The owner: the bootstrap key.
    pub owner: Api,
    /// The verified domain.
    pub domain: Value,
    pub identity: Value,
    fetched: Mutex<HashMap<String, Sent>>,
}

impl World {
    /// A world whose identity asks [`APPROVER`].
    pub async fn start() -> Self {
        Self::start_with(json!({})).await
    }

    /// The same with more fields of the identity.
    pub async fn start_with(identity: Value) -> Self {
        Self::start_on(Engine::start().await, identity).await
    }

    /// The same on an engine that was started otherwise.
    pub async fn start_on(engine: Engine, identity: Value) -> Self {
        let anyone = Api::new(&engine.http);
        let made = anyone.post("/v1/auth/bootstrap", json!({"workspace_name": "Novacore"})).await.expect(201);
        let owner = anyone.with_key(made["api_key"].as_str().unwrap());
        let mut world =
            Self { engine, anyone, owner, domain: Value::Null, identity: Value::Null, fetched: Mutex::default() };
        world.domain = world.new_domain(DOMAIN).await;
        world.identity = world.new_identity("mia", identity).await;
        world
    }

    /// The owner of another workspace of the same deployment. No public interface makes a second one, so it is written
    /// into the table.
    pub async fn new_workspace(&self, name: &str) -> Api {
        let new = NewWorkspace::generate(HeaderText::sanitize(name), "first", SystemClock.now(), &OsEntropy);
        let mut transaction = Transaction::new();
        new.create(&mut transaction).expect("an item");
        self.engine.store().commit(transaction).await.expect("the workspace is new");
        self.anyone.with_key(new.secret.expose())
    }

    /// A domain, verified.
    pub async fn new_domain(&self, name: &str) -> Value {
        let domain = self.owner.post("/v1/domains", json!({"domain": name})).await.expect(201);
        self.anyone.post("/local/dns/publish", json!({"domain": name})).await.expect(200);
        let verify = format!("/v1/domains/{}/verify", id(&domain));
        let domain = self.owner.post_empty(&verify).await.expect(200);
        assert_eq!(domain["status"], "verified", "{domain}");
        domain
    }

    /// An identity of the domain.
    pub async fn new_identity(&self, local_part: &str, more: Value) -> Value {
        let mut wanted = json!({
            "domain_id": self.domain["id"],
            "local_part": local_part,
            "display_name": "Mia (AI Assistant)",
            "approval_channel": {"type": "email", "to": [APPROVER]},
        });
        merge(&mut wanted, more);
        self.owner.post("/v1/identities", wanted).await.expect(201)
    }

    /// The identity's address.
    pub fn address(&self) -> &str {
        self.identity["email_address"].as_str().unwrap()
    }

    /// A caller with a new key of this role.
    pub async fn key(&self, role: &str) -> Api {
        let made = self.owner.post("/v1/api-keys", json!({"name": role, "role": role})).await.expect(201);
        self.anyone.with_key(made["key"].as_str().unwrap())
    }

    /// `kill -9` and start again on the same folder. Callers made before have to be made again with
    /// [`World::caller`].
    pub async fn crash_and_restart(&mut self) {
        self.engine.crash_and_restart().await;
        self.anyone = Api::new(&self.engine.http);
        self.owner = self.caller(&self.owner);
    }

    /// A caller of an earlier engine, at this one.
    pub fn caller(&self, earlier: &Api) -> Api {
        self.anyone.with_key(earlier.key())
    }

    // ---- Mail in.

    /// Mail arrives at the identity; `250` was said.
    pub async fn receive(&self, letter: &Letter) {
        self.receive_at(self.address(), letter).await;
    }

    /// Mail arrives at an address.
    pub async fn receive_at(&self, address: &str, letter: &Letter) {
        let raw = letter.bytes(address);
        smtp::send(self.engine.smtp, &letter.envelope_from, &[address], &raw).await.expect("the mail is taken");
    }

    /// Mail arrives and starts a thread, which is returned with its messages.
    pub async fn begin(&self, letter: &Letter) -> Value {
        self.receive(letter).await;
        eventually("the thread", async || {
            let list = self.owner.get("/v1/threads?limit=100").await.expect(200);
            for candidate in array(&list["data"]).iter().filter(|thread| thread["subject"] == letter.subject) {
                let thread = self.thread(candidate).await;
                if holds(&thread, letter) {
                    return Some(thread);
                }
            }
            None
        })
        .await
    }

    /// Mail arrives and joins that thread, which is returned as it is then.
    pub async fn answer(&self, thread: &Value, letter: &Letter) -> Value {
        self.receive(letter).await;
        self.joined(thread, letter).await
    }

    /// The thread once that mail is in it.
    pub async fn joined(&self, thread: &Value, letter: &Letter) -> Value {
        eventually("the message", async || {
            let thread = self.thread(thread).await;
            holds(&thread, letter).then_some(thread)
        })
        .await
    }

    // ---- Reading.

    /// All threads, each with its messages and drafts.
    pub async fn threads(&self) -> Vec<Value> {
        let list = self.owner.get("/v1/threads?limit=100").await.expect(200);
        let mut threads = Vec::new();
        for thread in array(&list["data"]) {
            threads.push(self.thread(thread).await);
        }
        threads
    }

    /// A thread with its newest messages and its drafts.
    pub async fn thread(&self, thread: &Value) -> Value {
        self.owner.get(&format!("/v1/threads/{}?depth=20", id(thread))).await.expect(200)
    }

    /// A draft as it is now.
    pub async fn reread(&self, draft: &Value) -> Value {
        self.owner.get(&format!("/v1/drafts/{}", id(draft))).await.expect(200)
    }

    /// The draft once its status is this.
    pub async fn until_draft(&self, draft: &Value, status: &str) -> Value {
        eventually(&format!("the draft to be {status}"), async || {
            let draft = self.reread(draft).await;
            (draft["status"] == status).then_some(draft)
        })
        .await
    }

    /// An outbound message once its delivery status is one of these.
    pub async fn until_message(&self, message_id: &Value, statuses: &[&str]) -> Value {
        let path = format!("/v1/messages/{}", message_id.as_str().unwrap());
        eventually(&format!("the message to be {statuses:?}"), async || {
            let message = self.owner.get(&path).await.expect(200);
            statuses.contains(&message["delivery_status"].as_str().unwrap_or_default()).then_some(message)
        })
        .await
    }

    // ---- Drafts.

    /// What an agent submits about the newest inbound message of a thread.
    pub fn proposal(&self, thread: &Value, text: &str) -> Value {
        json!({
            "thread_id": thread["id"],
            "identity_id": thread["identity_id"],
            "based_on_message_id": thread["last_inbound_message_id"],
            "body_text": text,
        })
    }

    /// A draft about the newest inbound message of a thread.
    pub async fn submit(&self, thread: &Value, text: &str) -> Value {
        self.owner.post("/v1/drafts", self.proposal(thread, text)).await.expect(201)
    }

    /// A draft whose approver was told: no approval mail is under way, and nothing else will change it.
    pub async fn asked(&self, thread: &Value, text: &str) -> Value {
        let draft = self.submit(thread, text).await;
        eventually("the approver to be told", async || {
            let draft = self.reread(&draft).await;
            (draft["notifications"][0]["state"] == "sent").then_some(draft)
        })
        .await
    }

    /// The same, approved by the owner.
    pub async fn approved(&self, thread: &Value, text: &str) -> Value {
        let draft = self.asked(thread, text).await;
        self.act(&draft, "approve").await.expect(200)
    }

    /// The owner approves, rejects, sends or notifies.
    pub async fn act(&self, draft: &Value, action: &str) -> crate::Answer {
        self.owner.post_empty(&step(draft, action)).await
    }

    // ---- Mail out.

    /// Everything that left, newest first.
    pub async fn outbox(&self) -> Vec<Sent> {
        self.outbox_where(|_| true).await
    }

    /// What left for somebody, newest first.
    pub async fn sent_to(&self, recipient: &str) -> Vec<Sent> {
        self.outbox_where(|row| array(&row["envelope_to"]).iter().any(|to| to == recipient)).await
    }

    async fn outbox_where(&self, wanted: impl Fn(&Value) -> bool) -> Vec<Sent> {
        let list = self.anyone.get("/local/outbox").await.expect(200);
        let mut found = Vec::new();
        for row in array(&list["data"]).iter().filter(|row| wanted(row)) {
            let known = self.fetched.lock().expect("no test panics here").get(id(row)).cloned();
            found.push(match known {
                Some(sent) => sent,
                None => self.fetch(row).await,
            });
        }
        found
    }

    /// What left does not change: it is fetched once.
    async fn fetch(&self, row: &Value) -> Sent {
        let raw = self.anyone.get(row["raw_url"].as_str().unwrap()).await;
        assert_eq!(raw.status, 200);
        let sent = Sent::new(row, raw.body);
        self.fetched.lock().expect("no test panics here").insert(sent.id.clone(), sent.clone());
        sent
    }

    /// The one mail that left for the customer.
    pub async fn the_answer(&self) -> Sent {
        let mut sent = eventually("mail to the customer", async || {
            let sent = self.sent_to(CUSTOMER).await;
            (!sent.is_empty()).then_some(sent)
        })
        .await;
        assert_eq!(sent.len(), 1, "mails to the customer");
        sent.remove(0)
    }

    /// The approval mail that shows this text, once it left.
    pub async fn approval_mail(&self, shown: &str) -> Sent {
        eventually("the approval mail", async || {
            self.sent_to(APPROVER).await.into_iter().find(|sent| sent.text().contains(shown))
        })
        .await
    }

    /// The path of the approval link that was mailed with this text.
    pub async fn approval_path(&self, shown: &str) -> String {
        self.approval_mail(shown).await.approval_path().expect("a link")
    }

    // ---- What goes wrong, and time.

    /// Orders faults.
    pub async fn fault(&self, service: &str, operation: &str, kind: &str, count: u32) {
        let fault = json!({"service": service, "operation": operation, "kind": kind, "count": count});
        self.anyone.post("/local/faults", fault).await.expect(201);
    }

    /// Forgets all faults.
    pub async fn no_faults(&self) {
        self.anyone.delete("/local/faults").await.expect(204);
    }

    /// Whether every fault that was ordered has struck.
    pub async fn faults_are_used_up(&self) -> bool {
        array(&self.anyone.get("/local/faults").await.expect(200)["data"]).is_empty()
    }

    /// Lets time pass.
    pub async fn advance(&self, seconds: u32) {
        self.anyone.post("/local/clock", json!({"advance_seconds": seconds})).await.expect(200);
    }

    /// Runs the schedule now.
    pub async fn sweep(&self) {
        let swept = self.anyone.post_empty("/local/sweep").await;
        assert!((200..300).contains(&swept.status), "{}", swept.text());
    }

    /// Brings up whatever could still come: all faults are over, what a queue hides or a worker left is due, and mail
    /// that was asked for after that has gone all the way. What has not left by then never will.
    pub async fn come_to_rest(&self) {
        self.no_faults().await;
        for _ in 0..3 {
            self.advance(20 * 60).await;
            self.sweep().await;
            self.probe().await;
        }
    }

    /// A mail in and an answer out, through every queue.
    async fn probe(&self) {
        let letter = Letter::from("probe@elsewhere.test");
        let thread = self.begin(&letter).await;
        let reply = json!({"thread_id": thread["id"], "identity_id": thread["identity_id"], "body_text": "probe"});
        let queued = self.owner.post("/v1/emails/reply", reply).await.expect(202);
        self.until_message(&queued["message_id"], &["delivered"]).await;
    }
}

fn holds(thread: &Value, letter: &Letter) -> bool {
    array(&thread["messages"]).iter().any(|message| message["message_id_header"] == letter.id())
}

/// The path of a step of a draft.
pub fn step(draft: &Value, action: &str) -> String {
    format!("/v1/drafts/{}/{action}", id(draft))
}

/// The id of an object.
#[track_caller]
pub fn id(object: &Value) -> &str {
    object["id"].as_str().unwrap_or_else(|| panic!("no id: {object}"))
}

/// A list.
#[track_caller]
pub fn array(value: &Value) -> &[Value] {
    value.as_array().unwrap_or_else(|| panic!("no list: {value}"))
}

/// Puts the fields of one object into another.
pub fn merge(into: &mut Value, more: Value) {
    if let (Value::Object(into), Value::Object(more)) = (into, more) {
        into.extend(more);
    }
}
