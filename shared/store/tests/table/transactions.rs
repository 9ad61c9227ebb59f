//! Whole or not at all, and only while what was read is still so.

use actionlayer_domain::{Draft, Thread};
use actionlayer_store::{CommitError, Row, Transaction, Usage, Used, keys};

use crate::{
    sample::{at, draft, identity_id, message, thread, workspace},
    world::World,
};

async fn stored(world: &World) -> Row<Thread> {
    let thread = thread(world, workspace(world), identity_id(world), 1);
    let mut transaction = Transaction::new();
    transaction.create(&thread).unwrap();
    world.store.commit(transaction).await.unwrap();
    read(world, &thread).await.unwrap()
}

async fn read(world: &World, thread: &Thread) -> Option<Row<Thread>> {
    world.store.get(&keys::thread(thread.workspace_id, thread.id.family())).await.unwrap()
}

fn with_subject(row: &Row<Thread>, subject: &str) -> Thread {
    Thread { subject: subject.to_owned(), ..row.value.clone() }
}

#[tokio::test]
async fn what_was_written_is_read() {
    let world = World::start().await;
    let row = stored(&world).await;
    assert_eq!(row.revision, 1);
    let changed = with_subject(&row, "Ürgent ☃");
    let mut transaction = Transaction::new();
    transaction.replace(&row, &changed).unwrap();
    world.store.commit(transaction).await.unwrap();
    let now = read(&world, &changed).await.unwrap();
    assert_eq!((now.value, now.revision), (changed, 2));
}

#[tokio::test]
async fn a_key_is_taken_once() {
    let world = World::start().await;
    let row = stored(&world).await;
    let other = with_subject(&row, "mine");
    let mut transaction = Transaction::new();
    transaction.create(&other).unwrap();
    let refused = world.store.commit(transaction).await;
    assert_eq!(refused, Err(CommitError::Conflict { failed: vec![0] }));
    assert_eq!(read(&world, &other).await.unwrap(), row);
}

#[tokio::test]
async fn whoever_read_the_older_state_loses() {
    let world = World::start().await;
    let row = stored(&world).await;
    let write = |subject: &str| {
        let mut transaction = Transaction::new();
        transaction.replace(&row, &with_subject(&row, subject)).unwrap();
        transaction
    };
    world.store.commit(write("first")).await.unwrap();
    assert_eq!(world.store.commit(write("second")).await, Err(CommitError::Conflict { failed: vec![0] }));
    assert_eq!(read(&world, &row.value).await.unwrap().value.subject, "first");
}

#[tokio::test]
async fn an_item_is_removed_only_as_it_was_read() {
    let world = World::start().await;
    let old = stored(&world).await;
    let mut transaction = Transaction::new();
    transaction.replace(&old, &with_subject(&old, "newer")).unwrap();
    world.store.commit(transaction).await.unwrap();
    let delete = |row: &Row<Thread>| {
        let mut transaction = Transaction::new();
        transaction.delete(row);
        transaction
    };
    assert_eq!(world.store.commit(delete(&old)).await, Err(CommitError::Conflict { failed: vec![0] }));
    let current = read(&world, &old.value).await.unwrap();
    world.store.commit(delete(&current)).await.unwrap();
    assert_eq!(read(&world, &old.value).await, None);
    assert_eq!(world.store.commit(delete(&current)).await, Err(CommitError::Conflict { failed: vec![0] }));
    // A removed item does not come back by being replaced.
    let mut transaction = Transaction::new();
    transaction.replace(&current, &current.value).unwrap();
    assert_eq!(world.store.commit(transaction).await, Err(CommitError::Conflict { failed: vec![0] }));
    assert_eq!(read(&world, &old.value).await, None);
}

#[tokio::test]
async fn a_refused_transaction_names_the_operations_at_fault_and_writes_nothing() {
    let world = World::start().await;
    let (fresh, stale, taken) = (stored(&world).await, stored(&world).await, stored(&world).await);
    let mut transaction = Transaction::new();
    transaction.replace(&stale, &with_subject(&stale, "newer")).unwrap();
    world.store.commit(transaction).await.unwrap();

    let new_draft = draft(&world, &fresh.value, 2);
    let mut transaction = Transaction::new();
    transaction.replace(&fresh, &with_subject(&fresh, "changed")).unwrap();
    transaction.check(&stale);
    transaction.create_with_body(&world.store, &new_draft, &actionlayer_domain::DraftBody::default()).await.unwrap();
    transaction.create(&taken.value).unwrap();
    transaction.count_usage(fresh.value.workspace_id, "2026-04", "one", Used::Inbound, 1);
    assert_eq!(transaction.len(), 5);
    assert_eq!(world.store.commit(transaction).await, Err(CommitError::Conflict { failed: vec![1, 3] }));

    assert_eq!(read(&world, &fresh.value).await.unwrap(), fresh);
    let key = keys::draft(new_draft.workspace_id, new_draft.id);
    assert_eq!(world.store.get::<Draft>(&key).await.unwrap(), None);
    assert_eq!(world.store.usage(fresh.value.workspace_id, "2026-04").await.unwrap(), Usage::default());
}

#[tokio::test]
async fn a_check_holds_an_item_still_without_changing_it() {
    let world = World::start().await;
    let (checked, changed) = (stored(&world).await, stored(&world).await);
    let mut transaction = Transaction::new();
    transaction.check(&checked).replace(&changed, &with_subject(&changed, "changed")).unwrap();
    world.store.commit(transaction).await.unwrap();
    assert_eq!(read(&world, &checked.value).await.unwrap(), checked);
    assert_eq!(read(&world, &changed.value).await.unwrap().revision, 2);

    // Alone there is nothing it must agree with.
    world.store.meter().take();
    let mut transaction = Transaction::new();
    transaction.check(&checked);
    world.store.commit(transaction).await.unwrap();
    world.store.commit(Transaction::new()).await.unwrap();
    assert_eq!(world.store.meter().take().requests, 0);
}

#[tokio::test]
async fn usage_adds_up_beside_what_it_counts() {
    let world = World::start().await;
    let first = stored(&world).await;
    let workspace = first.value.workspace_id;
    let counts =
        [(Used::Inbound, 1), (Used::Inbound, 1), (Used::Outbound, 1), (Used::Outbound, -1), (Used::Dropped, 1)];
    for (second, (used, amount)) in (2..).zip(counts) {
        let mut transaction = Transaction::new();
        let message = message(&world, &first.value, second);
        transaction
            .create_with_body(&world.store, &message, &actionlayer_domain::MessageBody::default())
            .await
            .unwrap();
        transaction.count_usage(workspace, "2026-04", second, used, amount);
        world.store.commit(transaction).await.unwrap();
    }
    let used = world.store.usage(workspace, "2026-04").await.unwrap();
    assert_eq!((used.inbound, used.outbound, used.dropped), (2, 0, 1));
    assert_eq!(world.store.usage(workspace, "2026-05").await.unwrap(), Usage::default());
}

#[tokio::test]
async fn a_cap_holds_among_many_who_read_the_same_and_knows_what_was_counted_without_one() {
    let world = World::start().await;
    let workspace = stored(&world).await.value.workspace_id;
    // Two of the ten, before there was a cap; one of them was taken back.
    for amount in [1, 1, -1] {
        let mut transaction = Transaction::new();
        transaction.count_usage(workspace, "2026-04", "one", Used::Outbound, amount);
        world.store.commit(transaction).await.unwrap();
    }
    // All of them have read the same, and there is room for nine.
    let usage = world.store.usage(workspace, "2026-04").await.unwrap();
    let writers = (0..20).map(|_| async {
        let mut transaction = Transaction::new();
        transaction.count_usage_within(workspace, "2026-04", &usage, Used::Outbound, 10);
        match world.store.commit(transaction).await {
            Ok(()) => true,
            Err(CommitError::Conflict { failed }) if failed == [0] => false,
            Err(other) => panic!("{other:?}"),
        }
    });
    let mut counted = 0;
    // One after the other is as good as at once: all of them have read before.
    for writer in writers {
        counted += u32::from(writer.await);
    }
    assert_eq!((counted, world.store.usage(workspace, "2026-04").await.unwrap().outbound), (9, 10));
}

#[tokio::test]
async fn no_change_is_lost_among_many_writers() {
    const WRITERS: u32 = 24;
    let world = std::sync::Arc::new(World::start().await);
    let start = stored(&world).await;
    let tasks: Vec<_> = (0..WRITERS)
        .map(|_| {
            let (world, thread) = (std::sync::Arc::clone(&world), start.value.clone());
            tokio::spawn(async move {
                loop {
                    let row = read(&world, &thread).await.unwrap();
                    let message_count = row.value.message_count + 1;
                    let mut transaction = Transaction::new();
                    transaction.replace(&row, &Thread { message_count, ..row.value.clone() }).unwrap();
                    match world.store.commit(transaction).await {
                        Ok(()) => break,
                        Err(CommitError::Conflict { .. }) => {}
                        Err(error) => panic!("{error}"),
                    }
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let end = read(&world, &start.value).await.unwrap();
    assert_eq!(end.value.message_count, start.value.message_count + WRITERS);
    assert_eq!(end.revision, 1 + u64::from(WRITERS));
}

#[tokio::test]
async fn one_operation_is_not_charged_as_a_transaction() {
    let world = World::start().await;
    let row = stored(&world).await;
    let replaced = Thread { updated_at: at(9), ..row.value.clone() };
    world.store.meter().take();
    let mut transaction = Transaction::new();
    transaction.replace(&row, &replaced).unwrap();
    world.store.commit(transaction).await.unwrap();
    let alone = world.store.meter().take();

    let row = read(&world, &row.value).await.unwrap();
    let other = stored(&world).await;
    world.store.meter().take();
    let mut transaction = Transaction::new();
    transaction.replace(&row, &Thread { updated_at: at(10), ..replaced }).unwrap().check(&other);
    world.store.commit(transaction).await.unwrap();
    let together = world.store.meter().take();
    // A unit for the item, which is smaller than 1 KB, and one for each of three index entries. In a transaction the item
    // costs twice, its index entries do not; checking an item costs as much as writing it.
    assert_eq!((alone.round_trips, alone.write_units), (1, 1.0 + 3.0));
    assert_eq!((together.round_trips, together.write_units), (1, 2.0 * 1.0 + 3.0 + 2.0 * 1.0));
}
