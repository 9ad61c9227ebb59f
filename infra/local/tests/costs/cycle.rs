//! One cycle: a mail comes in, a draft answers it, a person approves, it leaves, SES says what became of it; with all that
//! the relay does about each step.

use actionlayer_domain::{
    Family, Message, MessageId, Thread,
    rate::RateClass,
    work::{IndexJob, IndexMessage, SendJob},
};
use actionlayer_service::{
    approvals::decide_draft::{Choice, Decision, decide},
    drafts::{
        send_draft::{Sending, send_draft},
        submit_draft::submit_draft,
    },
    inbound::receive_mail::receive_mail,
    jobs::Job as _,
    outbound::{deliver::deliver, settle::settle},
    relay::relay,
    workspace::{authenticate::authenticate, idempotency::Idempotency},
};
use actionlayer_store::{Cost, PageRequest, ThreadFilter, keys};

use crate::{
    operations::{Items, changes, family, mail, proposal, ses_event},
    world::World,
};

/// What a step of the cycle costs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Step {
    pub(crate) name: &'static str,
    pub(crate) round_trips: u64,
    pub(crate) read_units: f64,
    pub(crate) write_units: f64,
    pub(crate) blob_puts: u64,
    pub(crate) blob_gets: u64,
}

pub(crate) const fn step(
    name: &'static str,
    round_trips: u64,
    read_units: f64,
    write_units: f64,
    blob_puts: u64,
    blob_gets: u64,
) -> Step {
    Step { name, round_trips, read_units, write_units, blob_puts, blob_gets }
}

/// The steps as the test writes them down.
pub(crate) fn lines(steps: &[Step]) -> String {
    let line = |step: &Step| {
        let Step { name, round_trips, read_units, write_units, blob_puts, blob_gets } = step;
        format!("    step({name:?}, {round_trips}, {read_units:?}, {write_units:?}, {blob_puts}, {blob_gets}),\n")
    };
    steps.iter().map(line).collect()
}

struct Cycle<'a> {
    world: &'a World,
    steps: Vec<Step>,
    family: Option<Family>,
    items: Items,
}

impl Cycle<'_> {
    async fn step<T>(&mut self, name: &'static str, work: impl Future<Output = T>) -> T {
        self.world.app.store.meter().take();
        let value = Box::pin(work).await;
        let Cost { round_trips, read_units, write_units, blob_puts, blob_gets, requests: _ } =
            self.world.app.store.meter().take();
        self.steps.push(step(name, round_trips, read_units, write_units, blob_puts, blob_gets));
        value
    }

    /// The relay gets what the step before changed.
    async fn relay(&mut self, name: &'static str) {
        let Some(of) = self.family else { return };
        let now = family(self.world, of).await;
        let changes = changes(&self.items, &now);
        assert!(!changes.is_empty(), "{name}");
        self.items = now;
        self.step(name, relay(&self.world.app, &changes)).await.unwrap();
    }

    async fn index(&mut self, name: &'static str, message_id: MessageId) {
        let job = index_job(self.world, message_id);
        self.step(name, job.run(&self.world.app)).await.unwrap();
    }

    async fn authenticate(&mut self, name: &'static str) {
        let World { app, secret, .. } = self.world;
        self.step(name, authenticate(app, secret.expose(), RateClass::Write)).await.unwrap();
    }
}

fn index_job(world: &World, message_id: MessageId) -> IndexJob {
    IndexJob::Message(IndexMessage { workspace_id: world.caller.workspace_id, message_id })
}

/// Goes through one cycle with somebody who wrote before, and counts.
pub(crate) async fn count(world: &World) -> Vec<Step> {
    for i in 0..24 {
        let id = format!("earlier-{i}");
        world.receive(&id, mail(&id, None)).await;
    }
    let World { app, caller, .. } = world;
    let mut cycle = Cycle { world, steps: Vec::new(), family: None, items: Items::new() };
    world.put_raw("question", mail("question", None)).await;
    cycle.step("receive a mail", receive_mail(app, &world.received("question"))).await.unwrap();
    let first = PageRequest { limit: 1, offset: 0, cursor: None };
    let listed = app.store.list_threads(caller.workspace_id, &ThreadFilter::default(), &first).await.unwrap();
    let thread: Thread = listed.items[0].clone();
    cycle.family = Some(thread.id.family());
    cycle.relay("relay it: its event, its participant").await;
    cycle.index("post its words", thread.last_inbound_message_id.unwrap()).await;

    cycle.authenticate("authenticate").await;
    let draft =
        cycle.step("submit a draft", submit_draft(app, caller, &Idempotency::NONE, proposal(&thread))).await.unwrap().0;
    cycle.relay("relay it: its event, its approvers").await;
    cycle.authenticate("authenticate").await;
    let decision = Decision { choice: Choice::Approve, version: None };
    cycle.step("approve it", decide(app, caller, draft.id, &decision)).await.unwrap();
    cycle.relay("relay it: its event").await;
    cycle.authenticate("authenticate").await;
    let queued = cycle.step("send it", send_draft(app, caller, draft.id, Sending::default())).await.unwrap().0;
    cycle.relay("relay it: its job").await;
    let job = SendJob { workspace_id: caller.workspace_id, message_id: queued.outbound_message_id.unwrap() };
    cycle.step("hand it to SES and record it", deliver(app, &job)).await.unwrap();
    cycle.relay("relay it: its events, its participant").await;
    cycle.index("post its words", job.message_id).await;

    let key = keys::message(job.workspace_id, job.message_id);
    let message = app.store.get::<Message>(&key).await.unwrap().unwrap().value;
    let accepted = ses_event(&message, "Send");
    cycle.step("take in that SES took it", settle(app, &accepted)).await.unwrap();
    let delivered = ses_event(&message, "Delivery");
    cycle.step("take in that it was delivered", settle(app, &delivered)).await.unwrap();
    cycle.relay("relay it: its event").await;
    cycle.steps
}

/// What merging the words of some mails costs.
pub(crate) async fn count_merge(world: &World, mails: usize) -> Step {
    for i in 0..mails {
        let id = format!("merged-{i}");
        world.receive(&id, mail(&id, None)).await;
        let first = PageRequest { limit: 1, offset: 0, cursor: None };
        let app = &world.app;
        let listed = app.store.list_threads(world.caller.workspace_id, &ThreadFilter::default(), &first).await.unwrap();
        index_job(world, listed.items[0].last_inbound_message_id.unwrap()).run(app).await.unwrap();
    }
    let mut cycle = Cycle { world, steps: Vec::new(), family: None, items: Items::new() };
    let store = &world.app.store;
    cycle
        .step("merge the words of 32 mails", store.merge_words(world.caller.workspace_id, world.app.entropy()))
        .await
        .unwrap();
    cycle.steps.remove(0)
}
