//! Lists: every thread once, whatever else happens meanwhile.

use actionlayer_domain::{IdentityId, Thread, WorkspaceId, thread::ThreadStatus};
use actionlayer_store::{Page, PageRequest, Record, StoreError, ThreadFilter, Transaction, keys};
use std::collections::{BTreeMap, BTreeSet};

use crate::{
    sample::{at, draft, identity_id, thread, workspace},
    world::World,
};

const ALL: ThreadFilter = ThreadFilter {
    needs_review: None,
    status: None,
    identity_id: None,
    contact: None,
    tag: None,
    from: None,
    to: None,
    words: Vec::new(),
};

fn page(limit: u32, offset: u32, cursor: Option<String>) -> PageRequest {
    PageRequest { limit, offset, cursor }
}

async fn create<T: Record<Body = ()>>(world: &World, values: &[T]) {
    for chunk in values.chunks(50) {
        let mut transaction = Transaction::new();
        for value in chunk {
            transaction.create(value).unwrap();
        }
        world.store.commit(transaction).await.unwrap();
    }
}

/// Threads, oldest first. Every third is answered, every other belongs to the second identity.
async fn threads(world: &World, workspace: WorkspaceId, identities: [IdentityId; 2], count: i64) -> Vec<Thread> {
    let threads: Vec<Thread> = (0..count)
        .map(|second| {
            let mut thread = thread(world, workspace, identities[usize::from(second % 2 == 1)], second);
            if second % 3 == 0 {
                thread.status = ThreadStatus::Waiting;
                thread.needs_review = false;
            }
            thread
        })
        .collect();
    create(world, &threads).await;
    threads
}

async fn list(world: &World, workspace: WorkspaceId, filter: &ThreadFilter, request: &PageRequest) -> Page<Thread> {
    world.store.list_threads(workspace, filter, request).await.unwrap()
}

async fn touch(world: &World, thread: &Thread, second: i64) {
    let key = keys::thread(thread.workspace_id, thread.id.family());
    let row = world.store.get::<Thread>(&key).await.unwrap().unwrap();
    let mut transaction = Transaction::new();
    transaction.replace(&row, &Thread { last_message_at: at(second), ..row.value.clone() }).unwrap();
    world.store.commit(transaction).await.unwrap();
}

#[tokio::test]
async fn a_cursor_leaves_nothing_out_and_repeats_nothing_while_threads_move() {
    const COUNT: i64 = 250;
    let world = World::start().await;
    let workspace = workspace(&world);
    let identity = identity_id(&world);
    let all = threads(&world, workspace, [identity, identity], COUNT).await;

    let mut moved = BTreeSet::new();
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    let (mut cursor, mut pages) = (None, 0);
    loop {
        let page = list(&world, workspace, &ALL, &page(20, 0, cursor)).await;
        pages += 1;
        for thread in &page.items {
            *seen.entry(thread.id.to_string()).or_default() += 1;
        }
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
        // New mail in the very thread the cursor names, in one seen long ago, and in one not reached yet; and a new thread.
        let last = page.items.last().unwrap();
        for (thread, second) in [(last, 1_000), (&all[249], 1_001), (&all[5], 1_002)] {
            touch(&world, thread, second + pages * 10).await;
            moved.insert(thread.id.to_string());
        }
        create(&world, &[thread(&world, workspace, identity, 2_000 + pages)]).await;
    }
    assert_eq!(pages, 13);
    assert!(seen.values().all(|times| *times == 1), "a thread came twice");
    for thread in &all {
        let id = thread.id.to_string();
        assert!(seen.contains_key(&id) || moved.contains(&id), "a thread that stood still was left out");
    }
    // What jumped ahead of the cursor is on the first page of the next reading.
    assert!(!seen.contains_key(&all[5].id.to_string()));
    let again = list(&world, workspace, &ALL, &page(20, 0, None)).await;
    assert!(again.items.iter().any(|thread| thread.id == all[5].id));
}

#[tokio::test]
async fn offsets_and_cursors_give_the_same_list_newest_first() {
    let world = World::start().await;
    let workspace = workspace(&world);
    let identities = [identity_id(&world), identity_id(&world)];
    let all = threads(&world, workspace, identities, 90).await;
    let (waiting, first) = (Some(ThreadStatus::Waiting), Some(identities[0]));
    for filter in [
        ALL,
        ThreadFilter { needs_review: Some(true), ..ALL },
        ThreadFilter { needs_review: Some(false), ..ALL },
        ThreadFilter { status: waiting, ..ALL },
        ThreadFilter { identity_id: first, ..ALL },
        ThreadFilter { status: waiting, identity_id: first, ..ALL },
        ThreadFilter { needs_review: Some(true), status: Some(ThreadStatus::Open), identity_id: first, ..ALL },
        ThreadFilter { needs_review: Some(true), status: waiting, ..ALL },
    ] {
        let expected: Vec<_> = all
            .iter()
            .rev()
            .filter(|thread| filter.needs_review.is_none_or(|wanted| thread.needs_review == wanted))
            .filter(|thread| filter.status.is_none_or(|wanted| thread.status == wanted))
            .filter(|thread| filter.identity_id.is_none_or(|wanted| thread.identity_id == wanted))
            .cloned()
            .collect();
        let mut by_offset = Vec::new();
        for offset in (0..120).step_by(7) {
            by_offset.extend(list(&world, workspace, &filter, &page(7, offset, None)).await.items);
        }
        assert_eq!(by_offset, expected, "{filter:?}");
        let (mut by_cursor, mut cursor) = (Vec::new(), None);
        loop {
            let page = list(&world, workspace, &filter, &page(7, 0, cursor)).await;
            by_cursor.extend(page.items);
            cursor = page.next_cursor;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(by_cursor, expected, "{filter:?}");
        let whole = list(&world, workspace, &filter, &page(100, 0, None)).await;
        assert_eq!((whole.total, whole.total_is_capped, whole.next_cursor), (expected.len() as u64, false, None));
    }
}

#[tokio::test]
async fn a_combination_is_counted_up_to_a_bound() {
    let world = World::start().await;
    let workspace = workspace(&world);
    let identity = identity_id(&world);
    let all: Vec<Thread> = (0..1_050).map(|second| thread(&world, workspace, identity, second)).collect();
    create(&world, &all).await;
    let filter = ThreadFilter { needs_review: Some(true), identity_id: Some(identity), ..ALL };
    let first = list(&world, workspace, &filter, &page(10, 0, None)).await;
    assert_eq!((first.items.len(), first.total, first.total_is_capped), (10, 1_000, true));
}

#[tokio::test]
async fn a_cursor_opens_only_the_list_and_the_workspace_it_came_from() {
    let world = World::start().await;
    let (mine, theirs) = (workspace(&world), workspace(&world));
    let identity = identity_id(&world);
    threads(&world, mine, [identity, identity], 5).await;
    threads(&world, theirs, [identity, identity], 5).await;
    let cursor = list(&world, theirs, &ALL, &page(2, 0, None)).await.next_cursor;
    for (workspace, filter) in [(mine, ALL), (theirs, ThreadFilter { needs_review: Some(true), ..ALL })] {
        let answer = world.store.list_threads(workspace, &filter, &page(2, 0, cursor.clone())).await;
        assert_eq!(answer, Err(StoreError::InvalidCursor));
    }
    assert_eq!(list(&world, theirs, &ALL, &page(9, 0, cursor)).await.items.len(), 3);
}

#[tokio::test]
async fn the_drafts_of_a_thread_are_listed_beside_it() {
    let world = World::start().await;
    let workspace = workspace(&world);
    let (one, other) =
        (thread(&world, workspace, identity_id(&world), 1), thread(&world, workspace, identity_id(&world), 1));
    let mut drafts = Vec::new();
    for second in 2..9 {
        for thread in [&one, &other] {
            let draft = draft(&world, thread, second);
            let mut transaction = Transaction::new();
            transaction
                .create_with_body(&world.store, &draft, &actionlayer_domain::DraftBody::default())
                .await
                .unwrap();
            world.store.commit(transaction).await.unwrap();
            drafts.push(draft);
        }
    }
    drafts.reverse();
    let filter = actionlayer_store::DraftFilter { thread_id: Some(one.id), ..Default::default() };
    let listed = world.store.list_drafts(workspace, &filter, &page(3, 0, None)).await.unwrap();
    let rest = world.store.list_drafts(workspace, &filter, &page(9, 0, listed.next_cursor)).await.unwrap();
    let ids: Vec<_> = listed.items.iter().chain(&rest.items).map(|draft| draft.id).collect();
    assert_eq!(ids, drafts.iter().filter(|draft| draft.thread_id == one.id).map(|draft| draft.id).collect::<Vec<_>>());
    assert_eq!(listed.total, 7);
}
