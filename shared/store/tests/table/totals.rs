//! Totals: every change counts once, in the transaction that makes it.

use actionlayer_domain::{Thread, WorkspaceId, thread::ThreadStatus};
use actionlayer_store::{CommitError, PageRequest, Record as _, ThreadFilter, Transaction, keys};
use std::sync::Arc;

use crate::{
    sample::{draft, identity_id, thread, workspace},
    world::World,
};

/// A list longer than its page, whose total only a counter can know.
async fn total(world: &World, workspace: WorkspaceId, filter: &ThreadFilter) -> u64 {
    let first = PageRequest { limit: 1, offset: 0, cursor: None };
    let page = world.store.list_threads(workspace, filter, &first).await.unwrap();
    assert!(!page.total_is_capped);
    page.total
}

async fn replace(world: &World, old: &Thread, change: impl Fn(&mut Thread)) -> Result<(), CommitError> {
    let row = world.store.get::<Thread>(&keys::thread(old.workspace_id, old.id.family())).await.unwrap().unwrap();
    let mut new = row.value.clone();
    change(&mut new);
    let mut transaction = Transaction::new();
    transaction.replace(&row, &new).unwrap();
    world.store.commit(transaction).await
}

#[tokio::test]
async fn what_many_change_at_once_is_counted_exactly() {
    let world = Arc::new(World::start().await);
    let (workspace, identity, other) = (workspace(&world), identity_id(&world), identity_id(&world));
    let threads: Arc<Vec<Thread>> =
        Arc::new((0..60).map(|i| thread(&world, workspace, if i % 3 == 0 { other } else { identity }, i)).collect());
    let all = ThreadFilter::default();
    let of = |status| ThreadFilter { status: Some(status), ..ThreadFilter::default() };
    let mine = |id| ThreadFilter { identity_id: Some(id), ..ThreadFilter::default() };
    let review = |needs_review| ThreadFilter { needs_review: Some(needs_review), ..ThreadFilter::default() };
    // Five make all of them at once: whoever comes second is refused, and has counted nothing.
    let tasks: Vec<_> = (0..5)
        .map(|_| {
            let (world, threads) = (Arc::clone(&world), Arc::clone(&threads));
            tokio::spawn(async move {
                for thread in threads.iter() {
                    let mut transaction = Transaction::new();
                    transaction.create(thread).unwrap();
                    match world.store.commit(transaction).await {
                        Ok(()) | Err(CommitError::Conflict { .. }) => {}
                        Err(error) => panic!("{error}"),
                    }
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(total(&world, workspace, &all).await, 60);
    assert_eq!(
        (total(&world, workspace, &mine(identity)).await, total(&world, workspace, &mine(other)).await),
        (40, 20)
    );
    // Half of them are answered; ten are renamed, which moves nothing; ten go.
    for thread in &threads[..30] {
        replace(&world, thread, |thread| (thread.status, thread.needs_review) = (ThreadStatus::Waiting, false))
            .await
            .unwrap();
    }
    for thread in &threads[20..30] {
        replace(&world, thread, |thread| thread.subject = "Another".to_owned()).await.unwrap();
    }
    for thread in &threads[..10] {
        let row = world.store.get::<Thread>(&thread.key()).await.unwrap().unwrap();
        let mut transaction = Transaction::new();
        transaction.delete(&row);
        world.store.commit(transaction).await.unwrap();
    }
    let totals = async || {
        let waiting = total(&world, workspace, &of(ThreadStatus::Waiting)).await;
        let open = total(&world, workspace, &of(ThreadStatus::Open)).await;
        let to_review = total(&world, workspace, &review(true)).await;
        [total(&world, workspace, &all).await, waiting, open, to_review, total(&world, workspace, &review(false)).await]
    };
    assert_eq!(totals().await, [50, 20, 30, 30, 20]);
    // One that became part of another is listed no more.
    replace(&world, &threads[59], |thread| thread.merged_into = Some(threads[58].id)).await.unwrap();
    assert_eq!(totals().await, [49, 20, 29, 29, 20]);
}

#[tokio::test]
async fn an_approval_is_one_write_of_one_item() {
    let world = World::start().await;
    let workspace = workspace(&world);
    let thread = thread(&world, workspace, identity_id(&world), 1);
    let pending = draft(&world, &thread, 2);
    let mut transaction = Transaction::new();
    transaction.create_with_body(&world.store, &pending, &actionlayer_domain::DraftBody::default()).await.unwrap();
    world.store.commit(transaction).await.unwrap();
    let row = world.store.get(&pending.key()).await.unwrap().unwrap();
    let approved = actionlayer_domain::Draft { status: actionlayer_domain::DraftStatus::Approved, ..pending };
    let mut transaction = Transaction::new();
    transaction.replace(&row, &approved).unwrap();
    world.store.meter().take();
    world.store.commit(transaction).await.unwrap();
    // The item, and its entry in the list of the drafts with its status, taken from one and put into the other.
    let cost = world.store.meter().take();
    assert!(cost.write_units < 3.1, "{cost:?}");
}
