//! What the thread is not checked for any more, since that cost every mail four write units: that a draft on its way is not
//! overtaken between the look at its thread and the write that takes it.

use actionlayer_domain::{Draft, DraftId, DraftStatus, Thread, work::SendJob};
use actionlayer_service::{
    approvals::decide_draft::{Choice, Decision, decide},
    drafts::{
        send_draft::{Sending, send_draft},
        submit_draft::submit_draft,
    },
    outbound::deliver::deliver,
    workspace::idempotency::Idempotency,
};
use actionlayer_store::{CommitError, Outbound, PageRequest, ThreadFilter, Transaction, keys};

use crate::{
    operations::{mail, proposal},
    world::World,
};

/// Two answers to one mail, approved and queued.
async fn two_answers(world: &World) -> (Thread, [SendJob; 2], [DraftId; 2]) {
    let World { app, caller, .. } = world;
    world.receive("asked", mail("asked", None)).await;
    let first = PageRequest { limit: 1, offset: 0, cursor: None };
    let listed = app.store.list_threads(caller.workspace_id, &ThreadFilter::default(), &first).await.unwrap();
    let thread = listed.items[0].clone();
    let mut drafts = Vec::new();
    for _ in 0..2 {
        let (draft, _) = submit_draft(app, caller, &Idempotency::NONE, proposal(&thread)).await.unwrap();
        decide(app, caller, draft.id, &Decision { choice: Choice::Approve, version: None }).await.unwrap();
        drafts.push(draft.id);
    }
    let mut jobs = Vec::new();
    for id in &drafts {
        let (queued, _) = send_draft(app, caller, *id, Sending::default()).await.unwrap();
        let message_id = queued.outbound_message_id.unwrap();
        jobs.push(SendJob { workspace_id: caller.workspace_id, message_id });
    }
    (thread, jobs.try_into().unwrap(), drafts.try_into().unwrap())
}

/// Takes the draft as a worker would that read everything a while ago.
async fn claim(world: &World, read: &Outbound) -> Result<(), CommitError> {
    let row = read.draft.as_ref().unwrap();
    let mut draft: Draft = row.value.clone();
    draft.claim(read.message.value.id, &read.thread.value, world.app.now()).unwrap();
    let mut transaction = Transaction::new();
    transaction.replace(row, &draft).unwrap();
    world.app.store.commit(transaction).await
}

#[tokio::test]
async fn an_answer_that_left_meanwhile_keeps_a_second_one_from_being_taken() {
    let world = World::start().await;
    let (_, [one, other], [_, second]) = two_answers(&world).await;
    let World { app, caller, .. } = &world;
    let read = app.store.outbound(other.workspace_id, other.message_id).await.unwrap().unwrap();
    deliver(app, &one).await.unwrap();
    assert!(matches!(claim(&world, &read).await, Err(CommitError::Conflict { .. })));
    // A worker that looks now takes it back.
    deliver(app, &other).await.unwrap();
    let draft = app.store.get::<Draft>(&keys::draft(caller.workspace_id, second)).await.unwrap().unwrap().value;
    assert_eq!(draft.status, DraftStatus::Stale);
}

#[tokio::test]
async fn mail_that_came_meanwhile_keeps_an_answer_from_being_taken() {
    let world = World::start().await;
    let (_, [one, _], _) = two_answers(&world).await;
    let read = world.app.store.outbound(one.workspace_id, one.message_id).await.unwrap().unwrap();
    world.receive("again", mail("again", Some("asked"))).await;
    assert!(matches!(claim(&world, &read).await, Err(CommitError::Conflict { .. })));
}
