//! Bodies: beside the item while small, in the bucket when not, in no list.

use actionlayer_domain::{Draft, DraftBody, Entropy as _, Thread};
use actionlayer_store::{Row, Transaction, keys};

use crate::{
    sample::{draft, identity_id, message, thread, workspace},
    world::World,
};

fn text(text: &str) -> DraftBody {
    DraftBody { text: Some(text.to_owned()), ..DraftBody::default() }
}

/// Text that does not compress to less than half.
fn noise(world: &World, bytes: usize) -> String {
    let mut noise = vec![0; bytes / 2];
    world.entropy.fill(&mut noise);
    noise.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

async fn create(world: &World, thread: &Thread, second: i64, body: &DraftBody) -> Row<Draft> {
    let draft = draft(world, thread, second);
    let mut transaction = Transaction::new();
    transaction.create_with_body(&world.store, &draft, body).await.unwrap();
    world.store.commit(transaction).await.unwrap();
    read(world, &draft).await
}

async fn read(world: &World, draft: &Draft) -> Row<Draft> {
    world.store.get(&keys::draft(draft.workspace_id, draft.id)).await.unwrap().unwrap()
}

#[tokio::test]
async fn a_short_body_lies_in_the_item_and_a_long_one_in_the_bucket() {
    let world = World::start().await;
    let thread = thread(&world, workspace(&world), identity_id(&world), 1);

    let short = text("Grüße ☃");
    let row = create(&world, &thread, 2, &short).await;
    assert_eq!(world.store.body(&row).await.unwrap(), short);
    let item = world.raw_item(&keys::draft(thread.workspace_id, row.value.id)).await.unwrap();
    assert!(item["body"].is_b());
    assert_eq!(world.blobs("bodies"), 0);

    let long = text(&noise(&world, 200_000));
    let row = create(&world, &thread, 3, &long).await;
    assert_eq!(world.store.body(&row).await.unwrap(), long);
    let item = world.raw_item(&keys::draft(thread.workspace_id, row.value.id)).await.unwrap();
    assert!(item["body"].as_s().unwrap().starts_with("bodies/"));
    assert_eq!(world.blobs("bodies"), 1);

    // The same words again are the same object.
    create(&world, &thread, 4, &long).await;
    assert_eq!(world.blobs("bodies"), 1);

    // Much text that says little stays in the item.
    let dull = text(&"All work and no play. ".repeat(50_000));
    let row = create(&world, &thread, 5, &dull).await;
    assert_eq!(world.store.body(&row).await.unwrap(), dull);
    assert_eq!(world.blobs("bodies"), 1);
}

#[tokio::test]
async fn a_body_stays_until_it_is_replaced() {
    let world = World::start().await;
    let thread = thread(&world, workspace(&world), identity_id(&world), 1);
    let row = create(&world, &thread, 2, &text("first")).await;

    let mut transaction = Transaction::new();
    transaction.replace(&row, &Draft { version: 2, ..row.value.clone() }).unwrap();
    world.store.commit(transaction).await.unwrap();
    let row = read(&world, &row.value).await;
    assert_eq!((world.store.body(&row).await.unwrap(), row.value.version), (text("first"), 2));

    let mut transaction = Transaction::new();
    let edited = Draft { version: 3, ..row.value.clone() };
    transaction.replace_with_body(&world.store, &row, &edited, &text("second")).await.unwrap();
    world.store.commit(transaction).await.unwrap();
    let row = read(&world, &row.value).await;
    assert_eq!((world.store.body(&row).await.unwrap(), row.value.version), (text("second"), 3));
}

#[tokio::test]
async fn a_thread_is_read_whole_newest_first_without_what_its_drafts_once_were() {
    let world = World::start().await;
    let workspace = workspace(&world);
    let thread = thread(&world, workspace, identity_id(&world), 1);
    let family = thread.id.family();
    let mut transaction = Transaction::new();
    transaction.create(&thread).unwrap();
    for second in 0..30 {
        let body = actionlayer_domain::MessageBody { text: Some(format!("{second}")), ..Default::default() };
        transaction.create_with_body(&world.store, &message(&world, &thread, second), &body).await.unwrap();
    }
    for second in 0..12 {
        let draft = draft(&world, &thread, second);
        transaction.create_with_body(&world.store, &draft, &text("draft")).await.unwrap();
        for version in 1..3 {
            let version = actionlayer_store::DraftVersion {
                draft_id: draft.id,
                workspace_id: workspace,
                version,
                subject: draft.subject.clone(),
                cc: Vec::new(),
                bcc: Vec::new(),
                rationale: None,
                attachments: Vec::new(),
                quote_history: false,
                replaced_at: draft.created_at,
            };
            transaction.create_with_body(&world.store, &version, &text("earlier")).await.unwrap();
        }
    }
    world.store.commit(transaction).await.unwrap();

    let page = world.store.thread_page(workspace, family, 10).await.unwrap().unwrap();
    assert_eq!(page.thread.value, thread);
    assert_eq!(page.drafts.len(), 12);
    assert!(page.drafts.is_sorted_by(|a, b| a.value.id > b.value.id));
    let mut said = Vec::new();
    for message in &page.messages {
        said.push(world.store.body(message).await.unwrap().text.unwrap());
    }
    assert_eq!(said, (20..30).rev().map(|second| second.to_string()).collect::<Vec<_>>());

    let versions = world.store.draft_versions(workspace, page.drafts[0].value.id).await.unwrap();
    assert_eq!(versions.iter().map(|row| row.value.version).collect::<Vec<_>>(), [1, 2]);
    let elsewhere = crate::sample::workspace(&world);
    assert!(world.store.thread_page(elsewhere, family, 10).await.unwrap().is_none());
}
