//! Entities to store.

use actionlayer_domain::{
    Draft, DraftId, HeaderText, IdentityId, Message, MessageId, Thread, ThreadId, Timestamp, WorkspaceId,
    draft::{Actor, ActorKind},
    message::{Delivery, Direction},
    thread::ThreadStatus,
};

use crate::world::World;

pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_unix_ms(1_777_000_000_000 + second * 1_000)
}

pub(crate) fn workspace(world: &World) -> WorkspaceId {
    WorkspaceId::generate(at(0), &*world.entropy)
}

pub(crate) fn identity_id(world: &World) -> IdentityId {
    IdentityId::generate(at(0), &*world.entropy)
}

pub(crate) fn thread(world: &World, workspace_id: WorkspaceId, identity_id: IdentityId, second: i64) -> Thread {
    let id = ThreadId::generate(at(second), &*world.entropy);
    Thread {
        status: ThreadStatus::Open,
        needs_review: true,
        message_count: 1,
        snippet: "How much is it?".to_owned(),
        ..Thread::start(id, workspace_id, identity_id, &format!("Question {second}"), at(second), at(second))
    }
}

pub(crate) fn draft(world: &World, thread: &Thread, second: i64) -> Draft {
    let id = DraftId::generate_in(thread.id.family(), at(second), &*world.entropy);
    let agent = Actor { kind: ActorKind::ApiKey, id: "key".to_owned(), name: "key".to_owned() };
    Draft {
        based_on_message_id: Some(MessageId::generate_in(thread.id.family(), at(second), &*world.entropy)),
        to: vec!["dana@example.com".parse().unwrap()],
        ..Draft::start(id, thread, HeaderText::sanitize("Re: Question"), agent, at(second))
    }
}

/// An outbound message that waits for a worker.
pub(crate) fn message(world: &World, thread: &Thread, second: i64) -> Message {
    let id = MessageId::generate_in(thread.id.family(), at(second), &*world.entropy);
    let Thread { id: thread_id, workspace_id, identity_id, .. } = *thread;
    let from_email = "support@example.com".to_owned();
    Message {
        subject: thread.subject.clone(),
        snippet: "It is free.".to_owned(),
        message_id_header: Some(format!("{id}@example.com")),
        delivery: Some(Delivery::queued(false)),
        ..Message::start(id, thread_id, workspace_id, identity_id, Direction::Outbound, from_email, at(second))
    }
}
