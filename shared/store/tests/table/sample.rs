//! Entities to store.

use actionlayer_domain::{
    Draft, DraftId, DraftStatus, HeaderText, IdentityId, Message, MessageId, Thread, ThreadId, Timestamp, WorkspaceId,
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
    Draft {
        id: DraftId::generate_in(thread.id.family(), at(second), &*world.entropy),
        workspace_id: thread.workspace_id,
        thread_id: thread.id,
        identity_id: thread.identity_id,
        based_on_message_id: Some(MessageId::generate_in(thread.id.family(), at(second), &*world.entropy)),
        attachments: Vec::new(),
        status: DraftStatus::Pending,
        version: 1,
        stale_warning: false,
        to: vec!["dana@example.com".parse().unwrap()],
        cc: Vec::new(),
        bcc: Vec::new(),
        subject: HeaderText::sanitize("Re: Question"),
        subject_override: None,
        rationale: None,
        metadata: None,
        submitted_by: Actor { kind: ActorKind::ApiKey, id: "key".to_owned(), name: "key".to_owned() },
        send_state: None,
        outbound_message_id: None,
        decided_by: None,
        decided_at: None,
        reject_reason: None,
        failure: None,
        expires_at: None,
        notifications: Vec::new(),
        created_at: at(second),
        updated_at: at(second),
    }
}

/// An outbound message that waits for a worker.
pub(crate) fn message(world: &World, thread: &Thread, second: i64) -> Message {
    let id = MessageId::generate_in(thread.id.family(), at(second), &*world.entropy);
    Message {
        id,
        thread_id: thread.id,
        workspace_id: thread.workspace_id,
        identity_id: thread.identity_id,
        direction: Direction::Outbound,
        from_email: "support@example.com".to_owned(),
        from_name: None,
        to: Vec::new(),
        cc: Vec::new(),
        bcc: Vec::new(),
        reply_to: Vec::new(),
        subject: thread.subject.clone(),
        snippet: "It is free.".to_owned(),
        attachments: Vec::new(),
        message_id_header: Some(format!("{id}@example.com")),
        in_reply_to: Vec::new(),
        references: Vec::new(),
        authentication: None,
        is_automated: false,
        report: None,
        calendar_method: None,
        safety_flags: Vec::new(),
        parse_limited: false,
        raw_id: None,
        draft_id: None,
        based_on_message_id: None,
        quoted_message_id: None,
        delivery: Some(Delivery::queued(false)),
        received_at: None,
        sent_at: None,
        created_at: at(second),
    }
}
