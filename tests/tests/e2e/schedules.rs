//! Everything at once, in an order that a seed decides, with things going wrong: the invariants of the draft hold.

use std::sync::{Arc, Mutex};

use actionlayer_tests::{
    APPROVER, Letter, World, eventually, smtp,
    world::{array, id},
};
use serde_json::{Value, json};
use tokio::task::{JoinSet, LocalSet};

use crate::chance::Chance;

const SEEDS: u64 = 20;
/// Schedules that run at the same time, on one engine.
const AT_ONCE: usize = 5;
const STEPS: usize = 14;

/// One conversation, with everything that was done to it.
#[derive(Clone)]
struct Conversation {
    seed: u64,
    world: Arc<World>,
    customer: String,
    thread: Value,
    /// Letters that SMTP took, by Message-ID.
    taken: Arc<Mutex<Vec<String>>>,
    drafts: Arc<Mutex<Vec<Value>>>,
}

impl Conversation {
    async fn begin(world: Arc<World>, seed: u64) -> Self {
        let customer = format!("customer{seed}@customer.test");
        let letter = Letter::from(&customer).subject(&format!("schedule {seed}"));
        let thread = world.begin(&letter).await;
        let taken = Arc::new(Mutex::new(vec![letter.id().to_owned()]));
        Self { seed, world, customer, thread, taken, drafts: Arc::default() }
    }

    fn a_draft(&self, chance: &mut Chance) -> Option<Value> {
        chance.pick(&self.drafts.lock().unwrap()).cloned()
    }

    /// One step: chosen now, carried out at the same time as the others.
    fn step(&self, number: usize, chance: &mut Chance, all: &mut JoinSet<()>) {
        let this = self.clone();
        let draft = self.a_draft(chance);
        let choice = chance.below(100);
        match (choice, draft) {
            (0..12, _) => _ = all.spawn(async move { this.mail(1).await }),
            (12..17, _) => _ = all.spawn(async move { this.mail(2).await }),
            (17..35, _) | (_, None) => _ = all.spawn(async move { this.submit(number).await }),
            (35..43, Some(draft)) => _ = all.spawn(async move { this.edit(&draft, number).await }),
            (43..53, Some(draft)) => _ = all.spawn(async move { this.act(&draft, "approve").await }),
            (53..65, Some(_)) => {
                let action = *chance.pick(&["approve", "approve_and_send", "approve_and_send", "reject"]).unwrap();
                all.spawn(async move { this.press(action).await });
            }
            (65..70, Some(draft)) => _ = all.spawn(async move { this.act(&draft, "reject").await }),
            (70..86, Some(draft)) => _ = all.spawn(async move { this.send(&draft).await }),
            (_, Some(_)) => {
                let (service, operation, kind, count) = *chance
                    .pick(&[
                        ("ses", "SendEmail", "throttle", 3),
                        ("ses", "SendEmail", "timeout_after_effect", 1),
                        ("ses", "SendEmail", "timeout_before", 1),
                        ("lambda", "send", "crash_after", 1),
                        ("lambda", "relay", "crash_after", 1),
                        ("lambda", "ingest", "crash_after", 1),
                        ("lambda", "feedback", "crash_after", 1),
                        ("sqs", "ReceiveMessage", "duplicate_delivery", 4),
                        ("sqs", "ReceiveMessage", "reorder", 3),
                        ("dynamodb", "TransactWriteItems", "throttle", 2),
                        ("dynamodb", "TransactWriteItems", "timeout_after_effect", 1),
                    ])
                    .unwrap();
                all.spawn(async move { this.world.fault(service, operation, kind, count).await });
            }
        }
    }

    async fn mail(&self, times: usize) {
        let first = self.taken.lock().unwrap()[0].clone();
        let letter = Letter::from(&self.customer).in_reply_to(&first);
        let raw = letter.bytes(self.world.address());
        for _ in 0..times {
            smtp::send(self.world.engine.smtp, &self.customer, &[self.world.address()], &raw).await.unwrap();
        }
        self.taken.lock().unwrap().push(letter.id().to_owned());
    }

    async fn submit(&self, number: usize) {
        let thread = self.world.thread(&self.thread).await;
        let text = format!("schedule {} draft {number} first version.", self.seed);
        let answer = self.world.owner.post("/v1/drafts", self.world.proposal(&thread, &text)).await;
        self.allowed("submit", answer.status, &[201, 409, 503]);
        if answer.status == 201 {
            self.drafts.lock().unwrap().push(answer.json());
        }
    }

    async fn edit(&self, draft: &Value, number: usize) {
        let text = format!("schedule {} edited in step {number}.", self.seed);
        let path = format!("/v1/drafts/{}", id(draft));
        let answer = self.world.owner.patch(&path, json!({"body_text": text})).await;
        self.allowed("edit", answer.status, &[200, 409, 503]);
    }

    async fn act(&self, draft: &Value, action: &str) {
        let answer = self.world.act(draft, action).await;
        self.allowed(action, answer.status, &[200, 409, 503]);
    }

    /// What was seen before the request was made must not be ignored by it.
    async fn send(&self, draft: &Value) {
        let seen = self.world.thread(&self.thread).await["last_inbound_message_id"].clone();
        let answer = self.world.act(draft, "send").await;
        self.allowed("send", answer.status, &[202, 409, 503]);
        if answer.status == 202 {
            assert_eq!(draft["based_on_message_id"], seen, "seed {}: a stale draft was queued", self.seed);
        }
    }

    /// A button of whichever approval mail is the newest.
    async fn press(&self, action: &str) {
        let marker = format!("schedule {} ", self.seed);
        let mails = self.world.sent_to(APPROVER).await;
        let Some(mail) = mails.into_iter().find(|mail| mail.text().contains(&marker)) else { return };
        let answer = self.world.anyone.press(&mail.approval_path().unwrap(), action).await;
        self.allowed("press", answer.status, &[200, 409, 503]);
    }

    fn allowed(&self, what: &str, status: u16, among: &[u16]) {
        assert!(among.contains(&status), "seed {}: {what} was answered {status}", self.seed);
    }

    /// What holds at the end, whatever happened.
    async fn check(&self) {
        let seed = self.seed;
        let thread = self.world.thread(&self.thread).await;
        let sent = self.world.sent_to(&self.customer).await;
        let (mut open, mut answered, mut of_drafts) = (0, false, 0);
        for draft in array(&thread["drafts"]) {
            let status = draft["status"].as_str().unwrap();
            assert!(draft["send_state"].is_null(), "seed {seed}: it ended nowhere: {draft}");
            let text = draft["body_text"].as_str().unwrap();
            let mails = sent.iter().filter(|mail| mail.text().trim_end() == text).count();
            assert_eq!(mails, usize::from(status == "sent"), "seed {seed}: {draft}");
            of_drafts += mails;
            if status == "sent" {
                assert!(!draft["decided_by"].is_null(), "seed {seed}: nobody approved it: {draft}");
                let is_stale = array(&draft["stale_reasons"]).contains(&json!("newer_message"));
                assert!(!is_stale, "seed {seed}: it was stale: {draft}");
                let path = format!("/v1/messages/{}", draft["sent_message_id"].as_str().unwrap());
                let message = self.world.owner.get(&path).await.expect(200);
                assert_eq!(
                    (&message["draft_id"], &message["body_text"]),
                    (&draft["id"], &draft["body_text"]),
                    "seed {seed}"
                );
                answered |= draft["based_on_message_id"] == thread["last_inbound_message_id"];
            }
            open += usize::from(["pending", "approved"].contains(&status));
        }
        assert_eq!(of_drafts, sent.len(), "seed {seed}: a mail left that no draft in its last version accounts for");
        self.check_thread(&thread, open, answered);
    }

    fn check_thread(&self, thread: &Value, open: usize, answered: bool) {
        let seed = self.seed;
        let inbound: Vec<_> = array(&thread["messages"]).iter().filter(|m| m["direction"] == "inbound").collect();
        for taken in self.taken.lock().unwrap().iter() {
            let times = inbound.iter().filter(|message| message["message_id_header"] == taken.as_str()).count();
            assert_eq!(times, 1, "seed {seed}: {taken} is there {times} times");
        }
        let newest = inbound.iter().map(|message| id(message)).max();
        assert_eq!(thread["last_inbound_message_id"].as_str(), newest, "seed {seed}");
        let status = thread["status"].as_str().unwrap();
        assert_eq!(status == "draft_pending", open > 0, "seed {seed}: {status} with {open} undecided drafts");
        if open == 0 && !answered {
            let state = (status, thread["needs_review"].as_bool());
            assert_eq!(state, ("open", Some(true)), "seed {seed}: the newest mail was not answered");
        }
    }
}

async fn run(world: Arc<World>, seed: u64) -> Conversation {
    let mut chance = Chance::new(seed);
    let conversation = Conversation::begin(world, seed).await;
    conversation.submit(STEPS).await;
    let mut all = JoinSet::new();
    for number in 0..STEPS {
        conversation.step(number, &mut chance, &mut all);
        // Some steps wait for those before; most do not.
        if chance.below(3) == 0 {
            while let Some(done) = all.join_next().await {
                done.unwrap_or_else(|_| panic!("seed {seed} failed"));
            }
        }
    }
    while let Some(done) = all.join_next().await {
        done.unwrap_or_else(|_| panic!("seed {seed} failed"));
    }
    conversation
}

async fn schedules(seeds: std::ops::Range<u64>) {
    let world = Arc::new(World::start().await);
    let seeds: Vec<_> = seeds.collect();
    let mut conversations = Vec::new();
    for together in seeds.chunks(AT_ONCE) {
        let mut running = JoinSet::new();
        for seed in together {
            running.spawn_local(run(Arc::clone(&world), *seed));
        }
        conversations.extend(running.join_all().await);
        // A fault of one schedule may strike another; none strikes the next ones.
        world.no_faults().await;
    }
    world.come_to_rest().await;
    for conversation in conversations {
        eventually(&format!("seed {} to come to rest", conversation.seed), async || {
            let thread = world.thread(&conversation.thread).await;
            array(&thread["drafts"]).iter().all(|draft| draft["send_state"].is_null()).then_some(())
        })
        .await;
        conversation.check().await;
    }
}

#[tokio::test]
async fn random_schedules_first_half() {
    LocalSet::new().run_until(schedules(0..SEEDS)).await;
}

#[tokio::test]
async fn random_schedules_second_half() {
    LocalSet::new().run_until(schedules(SEEDS..2 * SEEDS)).await;
}
