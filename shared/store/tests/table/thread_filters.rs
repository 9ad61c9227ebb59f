//! Filters of threads, alone and together, and the words they are found by.

use actionlayer_domain::{
    IdentityId, Thread, ThreadId, WorkspaceId,
    search::{Word, words_of_search, words_of_texts},
    thread::ThreadStatus,
};
use actionlayer_store::{Entries, MailWords, Page, PageRequest, Record, ThreadFilter, Transaction, keys};
use std::collections::BTreeSet;

use crate::{
    sample::{at, identity_id, thread, workspace},
    world::World,
};

fn page(limit: u32, offset: u32, cursor: Option<String>) -> PageRequest {
    PageRequest { limit, offset, cursor }
}

fn words(query: &str) -> Vec<Word> {
    words_of_search(query).unwrap()
}

async fn store(world: &World, threads: &[Thread]) {
    let mut entries = Entries::default();
    for chunk in threads.chunks(50) {
        let mut transaction = Transaction::new();
        for thread in chunk {
            transaction.create(thread).unwrap();
            entries.thread_changed(None, Some(thread));
        }
        world.store.commit(transaction).await.unwrap();
        // As the relay does, every now and then.
        world.store.post_words(&chunk.iter().map(said).collect::<Vec<_>>(), at(0)).await.unwrap();
        world.store.merge_words(threads[0].workspace_id, &*world.entropy).await.unwrap();
    }
    world.store.write_entries(entries).await.unwrap();
}

/// The words of a thread's only mail.
fn said(thread: &Thread) -> MailWords {
    let words = words_of_texts([thread.subject.as_str()]);
    MailWords { workspace_id: thread.workspace_id, family: thread.id.family(), words }
}

async fn list(world: &World, workspace: WorkspaceId, filter: &ThreadFilter, request: &PageRequest) -> Page<Thread> {
    world.store.list_threads(workspace, filter, request).await.unwrap()
}

/// The whole list, by cursor, and its pages.
async fn by_cursor(
    world: &World,
    workspace: WorkspaceId,
    filter: &ThreadFilter,
    limit: u32,
) -> (Vec<Thread>, Vec<Page<Thread>>) {
    let (mut all, mut pages, mut cursor) = (Vec::new(), Vec::new(), None);
    loop {
        let page = list(world, workspace, filter, &page(limit, 0, cursor)).await;
        all.extend(page.items.clone());
        let next = page.next_cursor.clone();
        pages.push(page);
        if next.is_none() {
            return (all, pages);
        }
        cursor = next;
    }
}

fn ids(threads: &[Thread]) -> Vec<ThreadId> {
    threads.iter().map(|thread| thread.id).collect()
}

/// Threads unlike each other, oldest first. They move: the order of their newest messages is not that of their ids.
fn mixture(world: &World, workspace: WorkspaceId, identities: [IdentityId; 2]) -> Vec<Thread> {
    let threads = (0..60_u32).map(|i| {
        let mut thread = thread(world, workspace, identities[usize::from(i % 2 == 1)], i.into());
        thread.last_message_at = at(i64::from(i * 7 % 60));
        if i % 3 == 0 {
            thread.status = ThreadStatus::Waiting;
            thread.needs_review = false;
        }
        if i % 4 != 0 {
            thread.take_part(["ada@customer.test"]);
        }
        if i % 5 == 0 {
            thread.tags = vec!["urgent".to_owned(), "other".to_owned()];
        }
        thread.subject = format!("all number{i} {}", if i % 2 == 0 { "even" } else { "odd" });
        thread
    });
    let mut threads: Vec<Thread> = threads.collect();
    threads.sort_by_key(|thread| std::cmp::Reverse(thread.last_message_at));
    threads
}

/// Every value of each filter, with every value of all others.
fn combinations(identity: IdentityId) -> Vec<ThreadFilter> {
    let mut filters = vec![ThreadFilter::default()];
    let mut multiply = |choices: &[&dyn Fn(&mut ThreadFilter)]| {
        let with = |filter: &ThreadFilter, choice: &&dyn Fn(&mut ThreadFilter)| {
            let mut filter = filter.clone();
            choice(&mut filter);
            filter
        };
        let more: Vec<_> = filters.iter().flat_map(|f| choices.iter().map(move |c| with(f, c))).collect();
        filters.extend(more);
    };
    multiply(&[&|f| f.needs_review = Some(true), &|f| f.needs_review = Some(false)]);
    multiply(&[&|f| f.status = Some(ThreadStatus::Waiting)]);
    multiply(&[&|f| f.identity_id = Some(identity)]);
    multiply(&[&|f| f.contact = Some("ada@customer.test".to_owned())]);
    multiply(&[&|f| f.tag = Some("urgent".to_owned())]);
    multiply(&[&|f| (f.from, f.to) = (Some(at(20)), Some(at(40)))]);
    multiply(&[&|f| f.words = words("even all"), &|f| f.words = words("number1")]);
    filters
}

fn expected(all: &[Thread], filter: &ThreadFilter) -> Vec<ThreadId> {
    let passes = |thread: &&Thread| {
        let subject: BTreeSet<&str> = thread.subject.split(' ').collect();
        filter.needs_review.is_none_or(|wanted| thread.needs_review == wanted)
            && filter.status.is_none_or(|wanted| thread.status == wanted)
            && filter.identity_id.is_none_or(|wanted| thread.identity_id == wanted)
            && (filter.contact.is_none() || thread.participants().count() > 0)
            && (filter.tag.is_none() || !thread.tags.is_empty())
            && filter.from.is_none_or(|from| thread.last_message_at >= from)
            && filter.to.is_none_or(|to| thread.last_message_at <= to)
            && filter.words.iter().all(|word| {
                subject.contains(word.text.as_str())
                    || (word.is_prefix && subject.iter().any(|mine| mine.starts_with(&word.text)))
            })
    };
    all.iter().filter(passes).map(|thread| thread.id).collect()
}

#[tokio::test]
async fn filters_together_give_what_each_of_them_takes() {
    let world = World::start().await;
    let (mine, theirs) = (workspace(&world), workspace(&world));
    let identities = [identity_id(&world), identity_id(&world)];
    let all = mixture(&world, mine, identities);
    store(&world, &all).await;
    store(&world, &mixture(&world, theirs, identities)).await;
    for filter in combinations(identities[0]) {
        let expected = expected(&all, &filter);
        let whole = list(&world, mine, &filter, &page(100, 0, None)).await;
        assert_eq!(ids(&whole.items), expected, "{filter:?}");
        assert_eq!((whole.total, whole.total_is_capped), (expected.len() as u64, false), "{filter:?}");
        assert_eq!(whole.next_cursor, None, "{filter:?}");
        if expected.len() <= 9 {
            continue;
        }
        let (listed, pages) = by_cursor(&world, mine, &filter, 9).await;
        assert_eq!(ids(&listed), expected, "{filter:?}");
        // The relay, which counts for the plain lists, does not run here: a page knows no total but its own.
        let alone = [filter.needs_review.is_some(), filter.status.is_some(), filter.identity_id.is_some()];
        let is_counted_by_relay = alone.iter().filter(|asked| **asked).count() <= 1
            && (filter.contact.is_none() && filter.tag.is_none() && filter.from.is_none() && filter.words.is_empty());
        if !is_counted_by_relay {
            assert!(pages.iter().all(|page| page.total == expected.len() as u64), "{filter:?}");
        }
        let second = list(&world, mine, &filter, &page(9, 9, None)).await;
        assert_eq!(ids(&second.items), expected.iter().skip(9).take(9).copied().collect::<Vec<_>>(), "{filter:?}");
    }
}

#[tokio::test]
async fn a_word_of_very_many_threads_is_looked_for_piece_by_piece() {
    let world = World::start().await;
    let workspace = workspace(&world);
    let identity = identity_id(&world);
    let all: Vec<Thread> = (0..1_250)
        .map(|i| {
            let mut thread = thread(&world, workspace, identity, i);
            thread.subject = format!("common {}", if i < 20 { "old" } else { "new" });
            thread
        })
        .collect();
    store(&world, &all).await;
    let newest_first: Vec<ThreadId> = all.iter().rev().map(|thread| thread.id).collect();
    let filter = ThreadFilter { words: words("common"), ..ThreadFilter::default() };
    let first = list(&world, workspace, &filter, &page(100, 0, None)).await;
    assert!(first.total_is_capped && first.total >= 1_000, "{}", first.total);
    // An offset that ends behind what is looked through at once: the cursor goes on, and passes over the rest.
    let far = list(&world, workspace, &filter, &page(100, 1_000, None)).await;
    assert_eq!(ids(&far.items), newest_first[1_000..1_100]);

    // Those that say so rarely are found at once beside a word that says nothing.
    let filter = ThreadFilter { words: words("common old"), ..ThreadFilter::default() };
    assert_eq!(ids(&list(&world, workspace, &filter, &page(100, 0, None)).await.items), newest_first[1_230..]);
    // Both say little: the page ends before there is anything on it, and the cursor goes on there.
    let filter = ThreadFilter { words: words("common new"), to: Some(at(20)), ..ThreadFilter::default() };
    assert_eq!(ids(&by_cursor(&world, workspace, &filter, 100).await.0), newest_first[1_229..1_230]);
}

/// The same in a mailbox of any size, and no more than is given out.
#[tokio::test]
async fn a_rare_word_costs_little_beside_any_number_of_threads() {
    let world = World::start().await;
    let workspace = workspace(&world);
    let identity = identity_id(&world);
    for round in 0..3_i64 {
        let all: Vec<Thread> = (0..300)
            .map(|i| {
                let mut thread = thread(&world, workspace, identity, round * 1_000 + i);
                let rare = if round == 0 && i % 60 == 0 { "rarity" } else { "plenty" };
                thread.subject = format!("common {rare}");
                thread
            })
            .collect();
        store(&world, &all).await;
        for (query, count, round_trips, read_units) in
            [("rarity", 5, 2, 4.0), ("rar", 5, 2, 4.0), ("common rarity", 5, 2, 4.0), ("absent", 0, 1, 1.5)]
        {
            let filter = ThreadFilter { words: words(query), ..ThreadFilter::default() };
            world.store.meter().take();
            let found = list(&world, workspace, &filter, &page(20, 0, None)).await;
            let cost = world.store.meter().take();
            assert_eq!((found.items.len(), cost.round_trips), (count, round_trips), "{query}");
            assert!(cost.read_units <= read_units, "{query}: {} units, {round} thousand threads", cost.read_units);
            assert!(cost.blob_gets <= 6, "{query}: {} reads of the bucket, {round} thousand threads", cost.blob_gets);
        }
    }
}

#[tokio::test]
async fn an_entry_follows_its_thread() {
    let world = World::start().await;
    let workspace = workspace(&world);
    let identity = identity_id(&world);
    let mut thread = thread(&world, workspace, identity, 1);
    thread.tags = vec!["a".to_owned(), "b".to_owned()];
    thread.take_part(["Ada@Customer.test"]);
    store(&world, std::slice::from_ref(&thread)).await;
    let changed = Thread { tags: vec!["b".to_owned()], last_message_at: at(9), ..thread.clone() };
    let row = world.store.get::<Thread>(&thread.key()).await.unwrap().unwrap();
    let mut transaction = Transaction::new();
    transaction.replace(&row, &changed).unwrap();
    world.store.commit(transaction).await.unwrap();

    let tagged = |tag: &str| ThreadFilter { tag: Some(tag.to_owned()), ..ThreadFilter::default() };
    let with = ThreadFilter { contact: Some("ada@customer.test".to_owned()), ..ThreadFilter::default() };
    let found = async |filter: &ThreadFilter| list(&world, workspace, filter, &page(9, 0, None)).await.items;
    // Before the relay has told: nothing false is shown.
    assert!(found(&tagged("a")).await.is_empty());
    // Told twice, the second time from before.
    for _ in 0..2 {
        let mut entries = Entries::default();
        entries.thread_changed(None, Some(&thread));
        entries.thread_changed(Some(&thread), Some(&changed));
        world.store.write_entries(entries).await.unwrap();
    }
    assert!(found(&tagged("a")).await.is_empty());
    assert_eq!(found(&tagged("b")).await, std::slice::from_ref(&changed));
    assert_eq!(found(&with).await, std::slice::from_ref(&changed));
    // What became part of another thread is listed no more, and found there.
    let root = Thread { id: ThreadId::generate(at(0), &*world.entropy), subject: "root".to_owned(), ..changed.clone() };
    store(&world, std::slice::from_ref(&root)).await;
    let merged = Thread { merged_into: Some(root.id), ..changed.clone() };
    let row = world.store.get::<Thread>(&keys::thread(workspace, thread.id.family())).await.unwrap().unwrap();
    let mut transaction = Transaction::new();
    transaction.replace(&row, &merged).unwrap();
    world.store.commit(transaction).await.unwrap();
    let mut entries = Entries::default();
    entries.thread_changed(Some(&changed), Some(&merged));
    world.store.write_entries(entries).await.unwrap();
    assert_eq!(found(&tagged("b")).await, std::slice::from_ref(&root));
    let by_word = ThreadFilter { words: words("question"), ..ThreadFilter::default() };
    assert_eq!(found(&by_word).await, [root]);
}

#[tokio::test]
async fn words_stay_found_through_every_merge_and_cost_few_units() {
    let world = World::start().await;
    let (mine, theirs) = (workspace(&world), workspace(&world));
    let identity = identity_id(&world);
    world.store.meter().take();
    let count: i64 = 700;
    let mut threads = Vec::new();
    for i in 0..count {
        let mut thread = thread(&world, mine, identity, i);
        thread.subject = format!("hello about the larger plan number{i} and what it costs a month for a team");
        world.store.post_words(&[said(&thread)], at(i)).await.unwrap();
        // Twice, as the relay may.
        if i % 100 == 0 {
            world.store.post_words(&[said(&thread)], at(i + 1)).await.unwrap();
        }
        if i % 17 == 16 {
            world.store.merge_words(mine, &*world.entropy).await.unwrap();
        }
        threads.push(thread);
    }
    let cost = world.store.meter().take();
    let per_mail = cost.write_units / 700.0;
    assert!(per_mail < 2.2, "{per_mail} units a mail");
    // What became part of a larger one is gone with the next merge.
    assert!(world.blobs(&format!("words/{mine}")) <= 16, "{}", world.blobs(&format!("words/{mine}")));
    let mut transaction = Transaction::new();
    for thread in threads.iter().step_by(70) {
        transaction.create(thread).unwrap();
    }
    world.store.commit(transaction).await.unwrap();
    for (i, thread) in threads.iter().enumerate().step_by(70) {
        let filter = ThreadFilter { words: words(&format!("costs number{i} ")), ..ThreadFilter::default() };
        let found = list(&world, mine, &filter, &page(20, 0, None)).await;
        assert!(found.items.contains(thread), "{i}");
        assert!(list(&world, theirs, &filter, &page(20, 0, None)).await.items.is_empty());
    }
}

#[tokio::test]
async fn of_many_who_merge_at_once_one_does_and_nothing_is_lost() {
    let world = World::start().await;
    let workspace = workspace(&world);
    let identity = identity_id(&world);
    let mut threads = Vec::new();
    for i in 0..60 {
        let mut thread = thread(&world, workspace, identity, i);
        thread.subject = format!("common number{i}");
        threads.push(thread);
    }
    for thread in &threads {
        world.store.post_words(&[said(thread)], at(0)).await.unwrap();
    }
    let merges = (0..8).map(|_| world.store.merge_words(workspace, &*world.entropy));
    for merged in futures_util::future::join_all(merges).await {
        merged.unwrap();
    }
    let mut transaction = Transaction::new();
    for thread in &threads {
        transaction.create(thread).unwrap();
    }
    world.store.commit(transaction).await.unwrap();
    let filter = ThreadFilter { words: words("common"), ..ThreadFilter::default() };
    assert_eq!(list(&world, workspace, &filter, &page(100, 0, None)).await.items.len(), 60);
    assert_eq!(world.blobs(&format!("words/{workspace}")), 1);
}
