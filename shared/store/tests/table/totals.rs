//! Totals: every change counts once, however often and however late it comes.

use actionlayer_domain::{Thread, WorkspaceId, event::Entity, thread::ThreadStatus};
use actionlayer_store::{CommitError, PageRequest, ThreadFilter, Transaction, keys, stream::TotalsChange};
use std::sync::Arc;

use crate::{
    sample::{identity_id, thread, workspace},
    world::World,
};

const NOW: i64 = 1_777_000_000;

fn entity(thread: &Thread) -> Entity {
    Entity::Thread(Box::new(thread.clone()))
}

/// As the relay does: again until it went through.
async fn count(world: &World, workspace: WorkspaceId, changes: &[TotalsChange]) {
    loop {
        match world.store.count_changes(workspace, changes, NOW).await {
            Ok(()) => return,
            Err(CommitError::Conflict { .. }) => {}
            Err(error) => panic!("{error}"),
        }
    }
}

async fn counters<const N: usize>(world: &World, workspace: WorkspaceId, names: [&str; N]) -> [i64; N] {
    let mut counters = [0; N];
    for (counter, name) in counters.iter_mut().zip(names) {
        *counter = world.counter(&keys::totals(workspace), name).await;
    }
    counters
}

#[tokio::test]
async fn changes_are_counted_once_under_duplicates_retries_and_races() {
    let world = Arc::new(World::start().await);
    let (workspace, identity) = (workspace(&world), identity_id(&world));
    let threads: Vec<Thread> = (0..200).map(|second| thread(&world, workspace, identity, second)).collect();
    let created: Arc<Vec<TotalsChange>> = Arc::new(
        threads
            .iter()
            .enumerate()
            .filter_map(|(i, thread)| TotalsChange::between(&format!("create-{i}"), None, Some(&entity(thread))))
            .collect(),
    );
    // A batch that failed half-way and is cut differently when it comes again; more than one transaction holds.
    count(&world, workspace, &created[..30]).await;
    count(&world, workspace, &created[20..150]).await;
    // Then everything, five times at once.
    let tasks: Vec<_> = (0..5)
        .map(|_| {
            let (world, created) = (Arc::clone(&world), Arc::clone(&created));
            tokio::spawn(async move { count(&world, workspace, &created).await })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let owner = format!("threads#{identity}");
    let names = ["threads", "threads#open", "threads#waiting", "threads#review", &owner];
    assert_eq!(counters(&world, workspace, names).await, [200, 200, 0, 200, 200]);

    // Half of them are answered; then ten go.
    let answered = |thread: &Thread| Thread { status: ThreadStatus::Waiting, needs_review: false, ..thread.clone() };
    let mut later: Vec<TotalsChange> = threads[..100]
        .iter()
        .enumerate()
        .filter_map(|(i, thread)| {
            TotalsChange::between(&format!("answer-{i}"), Some(&entity(thread)), Some(&entity(&answered(thread))))
        })
        .collect();
    later.extend(threads[..10].iter().enumerate().filter_map(|(i, thread)| {
        TotalsChange::between(&format!("remove-{i}"), Some(&entity(&answered(thread))), None)
    }));
    count(&world, workspace, &later).await;
    count(&world, workspace, &later).await;
    assert_eq!(counters(&world, workspace, names).await, [190, 100, 90, 100, 190]);
}

#[tokio::test]
async fn a_change_that_moves_nothing_between_lists_is_not_counted() {
    let world = World::start().await;
    let thread = thread(&world, workspace(&world), identity_id(&world), 1);
    let renamed = Thread { subject: "Another".to_owned(), ..thread.clone() };
    assert!(TotalsChange::between("e", Some(&entity(&thread)), Some(&entity(&renamed))).is_none());
}

#[tokio::test]
async fn a_list_shows_its_total_and_never_less_than_it_has_seen() {
    let world = World::start().await;
    let (workspace, identity) = (workspace(&world), identity_id(&world));
    let threads: Vec<Thread> = (0..30).map(|second| thread(&world, workspace, identity, second)).collect();
    let mut transaction = Transaction::new();
    for thread in &threads {
        transaction.create(thread).unwrap();
    }
    world.store.commit(transaction).await.unwrap();
    let first = PageRequest { limit: 10, offset: 0, cursor: None };
    let total = async || {
        let page = world.store.list_threads(workspace, &ThreadFilter::default(), &first).await.unwrap().unwrap();
        (page.total, page.total_is_capped)
    };
    // The stream is behind: ten were seen and there is at least one more.
    assert_eq!(total().await, (11, false));
    let created: Vec<TotalsChange> = threads
        .iter()
        .filter_map(|thread| TotalsChange::between(&thread.id.to_string(), None, Some(&entity(thread))))
        .collect();
    count(&world, workspace, &created).await;
    assert_eq!(total().await, (30, false));
}
