//! The loop, step by step, each step with its price.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

use actionlayer_domain::{
    DraftId, DraftStatus, EventId, Family, HeaderText, Message, Thread, ThreadId,
    event::Entity,
    rate::RateClass,
    rule::{Action, ConditionForm, RuleEvent, ThreadThen, Trigger},
    work::{RuleJob, SendJob},
};
use actionlayer_service::{
    approvals::decide_draft::{Choice, Decision, decide},
    change::Change,
    drafts::{
        read_drafts::get_draft,
        send_draft::{Sending, send_draft},
        submit_draft::{NewDraft, submit_draft},
    },
    inbound::receive_mail::receive_mail,
    outbound::{
        deliver::deliver,
        settle::{SesEvent, settle},
    },
    relay::relay,
    rules::{
        edit_rules::{CreateRule, create_rule},
        run_rules::run_rules,
    },
    threads::{get_thread::get_thread, list_threads::list_threads},
    workspace::{authenticate::authenticate, idempotency::Idempotency},
};
use actionlayer_store::{PageRequest, Record as _, ThreadFilter, keys};
use serde_json::json;

use crate::world::{ADDRESS, World};

/// What one operation costs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Price {
    pub(crate) operation: &'static str,
    pub(crate) round_trips: u64,
    pub(crate) requests: u64,
    pub(crate) read_units: f64,
    pub(crate) write_units: f64,
}

pub(crate) const fn price(
    operation: &'static str,
    round_trips: u64,
    requests: u64,
    read_units: f64,
    write_units: f64,
) -> Price {
    Price { operation, round_trips, requests, read_units, write_units }
}

pub(crate) fn table(prices: &[Price]) -> String {
    let mut table =
        String::from("| operation | round trips | requests | read units | write units |\n|---|--:|--:|--:|--:|\n");
    for Price { operation, round_trips, requests, read_units, write_units } in prices {
        let _ = writeln!(table, "| {operation} | {round_trips} | {requests} | {read_units} | {write_units} |");
    }
    table
}

/// Every one of `all` is in the table, whatever its row says behind the name, or among those that are not counted.
pub(crate) fn assert_priced(all: impl IntoIterator<Item = String>, prices: &[Price], uncounted: &[&str]) {
    let named = prices.iter().filter_map(|price| price.operation.split(['?', ',']).next());
    let known: BTreeSet<&str> = named.chain(uncounted.iter().copied()).collect();
    let missing: Vec<String> = all.into_iter().filter(|one| !known.contains(one.as_str())).collect();
    assert!(missing.is_empty(), "without a price: {missing:?}");
}

/// A mail as people write them.
pub(crate) fn mail(id: &str, answers: Option<&str>) -> String {
    let reference = answers
        .map(|id| {
            let id = format!("{id}@customer.example");
            format!("In-Reply-To: <{id}>\r\nReferences: <{id}>\r\n")
        })
        .unwrap_or_default();
    format!(
        "Message-ID: <{id}@customer.example>\r\n{reference}From: Dana Customer <dana@customer.example>\r\nTo: {ADDRESS}\r\n\
         Subject: What does the larger plan cost?\r\nDate: Thu, 30 Apr 2026 12:00:00 +0000\r\nMIME-Version: 1.0\r\n\
         Content-Type: text/plain; charset=utf-8\r\n\r\n\
         Hello,\r\n\r\ncould you tell me what the larger plan costs for a team of twelve, and whether we can pay by \
         invoice? We would start next month.\r\n\r\nKind regards\r\nDana\r\n"
    )
}

/// What lies in a family, by its key, and how often it was written.
pub(crate) type Items = BTreeMap<String, (Entity, u64)>;

/// All that lies in a family now.
pub(crate) async fn family(world: &World, family: Family) -> Items {
    let Some(page) = world.app.store.thread_page(world.caller.workspace_id, family, 100).await.unwrap() else {
        return Items::new();
    };
    let mut items = Items::new();
    let mut put = |key: keys::Key, entity: Entity, revision: u64| _ = items.insert(key.sk, (entity, revision));
    put(page.thread.value.key(), Entity::Thread(Box::new(page.thread.value.clone())), page.thread.revision);
    for row in page.drafts {
        put(row.value.key(), Entity::Draft(Box::new(row.value.clone())), row.revision);
    }
    for row in page.messages {
        put(row.value.key(), Entity::Message(Box::new(row.value.clone())), row.revision);
    }
    items
}

/// What the stream carries when a family came from one state to another.
pub(crate) fn changes(before: &Items, after: &Items) -> Vec<Change> {
    let changed = |(key, (new, revision)): (&String, &(Entity, u64))| {
        let old = before.get(key);
        let change = Change { old: old.map(|(old, _)| old.clone()), new: Some(new.clone()), revision: *revision };
        old.is_none_or(|(_, earlier)| earlier < revision).then_some(change)
    };
    after.iter().filter_map(changed).collect()
}

/// A draft as agents write them.
pub(crate) fn proposal(thread: &Thread) -> NewDraft {
    NewDraft {
        thread_id: Some(thread.id),
        identity_id: thread.identity_id,
        based_on_message_id: thread.last_inbound_message_id,
        to: None,
        subject: None,
        body_text: Some("Hello Dana,\n\nit costs 12 a month for each of you, and yes, by invoice.\n".to_owned()),
        body_html: None,
        subject_override: None,
        cc: None,
        bcc: None,
        rationale: Some("Price list, second row; invoices are the default for teams.".to_owned()),
        metadata: None,
        attachments: None,
        quote_history: false,
    }
}

/// The steps and what they have cost so far.
pub(crate) struct Steps<'a> {
    world: &'a World,
    /// Tells the mails of one run from those of another on the same table.
    run: &'static str,
    prices: Vec<Price>,
}

impl<'a> Steps<'a> {
    pub(crate) fn new(world: &'a World, run: &'static str) -> Self {
        Self { world, run, prices: Vec::new() }
    }

    async fn step<T>(&mut self, operation: &'static str, step: impl Future<Output = T>) -> T {
        self.world.app.store.meter().take();
        let value = step.await;
        let cost = self.world.app.store.meter().take();
        self.prices.push(price(operation, cost.round_trips, cost.requests, cost.read_units, cost.write_units));
        value
    }

    /// Goes through the loop once and counts. In parts: unoptimised, all of it would be more than a thread's stack holds.
    pub(crate) async fn count(mut self) -> Vec<Price> {
        let thread = self.begin().await;
        let thread = self.go_on(thread).await;
        let draft_id = self.decide(&thread).await;
        self.leave(draft_id).await;
        self.rules(&thread).await;
        self.prices
    }

    async fn receive(&mut self, operation: &'static str, id: &str, answers: Option<&str>) {
        let named = |id: &str| format!("{}-{id}", self.run);
        let id = named(id);
        self.world.put_raw(&id, mail(&id, answers.map(named).as_deref())).await;
        let received = self.world.received(&id);
        self.step(operation, receive_mail(&self.world.app, &received)).await.unwrap();
    }

    /// A key is shown, a mail comes in, an agent finds its thread.
    async fn begin(&mut self) -> Thread {
        let World { app, caller, secret, .. } = self.world;
        self.step("authenticate", authenticate(app, secret.expose(), RateClass::Read)).await.unwrap();
        for i in 0..24 {
            let id = format!("{}-filler-{i}", self.run);
            self.world.receive(&id, mail(&id, None)).await;
        }
        self.receive("receive a mail that begins a thread", "first", None).await;
        let page = PageRequest { limit: 20, offset: 0, cursor: None };
        let listed = self.step("list 20 threads", list_threads(app, caller, ThreadFilter::default(), None, page)).await;
        listed.unwrap().items[0].clone()
    }

    /// Two answers come in, the first of them overtakes a draft.
    async fn go_on(&mut self, thread: Thread) -> Thread {
        let World { app, caller, .. } = self.world;
        let overtaken = self.submit("submit a draft", &thread).await;
        self.receive("receive an answer that overtakes a draft", "second", Some("first")).await;
        assert_eq!(get_draft(app, caller, overtaken).await.unwrap().0.status, DraftStatus::Stale);
        self.receive("receive an answer", "third", Some("second")).await;
        self.receive("receive the same mail again", "third", Some("second")).await;
        let detail =
            self.step("get a thread of 3 messages and a draft", get_thread(app, caller, thread.id, None)).await;
        let detail = detail.unwrap();
        assert_eq!((detail.messages.len(), detail.drafts.len()), (3, 1));
        self.thread(thread.id).await
    }

    /// A draft is submitted, its approvers are to be told, and one of them approves.
    async fn decide(&mut self, thread: &Thread) -> DraftId {
        let World { app, caller, .. } = self.world;
        let before = family(self.world, thread.id.family()).await;
        let draft_id = self.submit("submit a draft beside a stale one", thread).await;
        let changes = changes(&before, &family(self.world, thread.id.family()).await);
        assert_eq!(changes.len(), 2, "the draft and its thread");
        self.step("relay 2 changes", relay(app, &changes)).await.unwrap();
        self.step("relay them again", relay(app, &changes)).await.unwrap();
        self.step(
            "approve a draft",
            decide(app, caller, draft_id, &Decision { choice: Choice::Approve, version: None }),
        )
        .await
        .unwrap();
        draft_id
    }

    /// It is sent, once.
    async fn leave(&mut self, draft_id: DraftId) {
        let World { app, caller, .. } = self.world;
        let (draft, _) =
            self.step("send a draft", send_draft(app, caller, draft_id, Sending::default())).await.unwrap();
        let job = SendJob { workspace_id: caller.workspace_id, message_id: draft.outbound_message_id.unwrap() };
        self.step("hand a mail to SES and record it", deliver(app, &job)).await.unwrap();
        self.step("find that it was handed over before", deliver(app, &job)).await.unwrap();
        let accepted = self.ses_event("Send", &job).await;
        self.step("take in that SES took it", settle(app, &accepted)).await.unwrap();
        let delivered = self.ses_event("Delivery", &job).await;
        self.step("take in that it was delivered", settle(app, &delivered)).await.unwrap();
    }

    /// Rules wait for a mail: one that matches, then one beside it that does not.
    async fn rules(&mut self, thread: &Thread) {
        let World { app, caller, .. } = self.world;
        let rule = |name: &str, conditions: Option<ConditionForm>| CreateRule {
            name: HeaderText::sanitize(name),
            trigger: Trigger::EmailReceived,
            priority: None,
            active: None,
            conditions,
            actions: vec![Action::AddTag { tag: format!("{name}-{}", self.run) }],
            stop_after_match: None,
        };
        let nobody = json!({"operator": "AND", "conditions": [
            {"field": "message.from_email", "op": "equals", "value": "nobody@elsewhere.example"},
        ]});
        let (matches, other) = (rule("matches", None), rule("other", serde_json::from_value(nobody).unwrap()));
        create_rule(app, caller, &Idempotency::NONE, matches).await.unwrap();
        let event = || {
            let at = app.now();
            RuleEvent {
                workspace_id: caller.workspace_id,
                event_id: EventId::generate(at, app.entropy()),
                trigger: Trigger::EmailReceived,
                at,
                thread_id: thread.id,
                message_id: thread.last_inbound_message_id,
                draft_id: None,
                version: None,
            }
        };
        let job = RuleJob { event: event(), thread: Some(ThreadThen::from(thread)) };
        self.step("carry out a rule that tags a thread", run_rules(app, &job)).await.unwrap();
        self.step("find that it was carried out before", run_rules(app, &job)).await.unwrap();
        create_rule(app, caller, &Idempotency::NONE, other).await.unwrap();
        let job = RuleJob { event: event(), thread: Some(ThreadThen::from(thread)) };
        self.step("carry out one that changes nothing, beside one that does not match", run_rules(app, &job))
            .await
            .unwrap();
    }

    pub(crate) async fn submit(&mut self, operation: &'static str, thread: &Thread) -> DraftId {
        let input = proposal(thread);
        let World { app, caller, .. } = self.world;
        self.step(operation, submit_draft(app, caller, &Idempotency::NONE, input)).await.unwrap().0.id
    }

    async fn thread(&self, id: ThreadId) -> Thread {
        let key = keys::thread(self.world.caller.workspace_id, id.family());
        self.world.app.store.get::<Thread>(&key).await.unwrap().unwrap().value
    }

    async fn ses_event(&self, event_type: &str, job: &SendJob) -> SesEvent {
        let key = keys::message(job.workspace_id, job.message_id);
        ses_event(&self.world.app.store.get::<Message>(&key).await.unwrap().unwrap().value, event_type)
    }
}

/// What SES publishes about a mail it took.
pub(crate) fn ses_event(message: &Message, event_type: &str) -> SesEvent {
    let delivery = message.delivery.as_ref().unwrap();
    serde_json::from_value(json!({
        "eventType": event_type,
        "mail": {
            "messageId": delivery.ses_message_id,
            "tags": {
                "al_workspace": [message.workspace_id],
                "al_message": [message.id],
                "al_attempt": [delivery.attempt_id],
            },
        },
    }))
    .unwrap()
}
