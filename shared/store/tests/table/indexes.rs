//! Lists follow their items: an item is listed where it belongs now, and nowhere else.

use actionlayer_domain::{
    AttemptId, DraftBody, MessageBody, Thread, draft::Actor, message::DeliveryStatus, thread::ThreadStatus,
};
use actionlayer_store::{Receipt, ReceiptOutcome, Row, Transaction, keys};

use crate::{
    sample::{at, draft, identity_id, message, thread, workspace},
    world::World,
};

async fn replace<T: actionlayer_store::Record>(world: &World, old: &Row<T>, new: &T) {
    let mut transaction = Transaction::new();
    transaction.replace(old, new).unwrap();
    world.store.commit(transaction).await.unwrap();
}

#[tokio::test]
async fn a_thread_moves_from_list_to_list() {
    let world = World::start().await;
    let (workspace, identity) = (workspace(&world), identity_id(&world));
    let first = thread(&world, workspace, identity, 1);
    let key = keys::thread(workspace, first.id.family());
    let mut transaction = Transaction::new();
    transaction.create(&first).unwrap();
    world.store.commit(transaction).await.unwrap();

    let lists = [
        ("list", format!("W#{workspace}#THREADS")),
        ("owner", format!("W#{workspace}#THREADS#I#{identity}")),
        ("state", format!("W#{workspace}#THREADS#open#REVIEW")),
        ("state", format!("W#{workspace}#THREADS#waiting")),
    ];
    let places = async || {
        let mut places = Vec::new();
        for (index, pk) in &lists {
            places.push(world.listed(index, pk).await);
        }
        places
    };
    let position = format!("{}#{}", at(1), first.id);
    let here = vec![position];
    assert_eq!(places().await, [here.clone(), here.clone(), here, vec![]]);

    let row = world.store.get::<Thread>(&key).await.unwrap().unwrap();
    let answered =
        Thread { status: ThreadStatus::Waiting, needs_review: false, last_message_at: at(2), ..row.value.clone() };
    replace(&world, &row, &answered).await;
    let here = vec![format!("{}#{}", at(2), first.id)];
    assert_eq!(places().await, [here.clone(), here.clone(), vec![], here]);

    let row = world.store.get::<Thread>(&key).await.unwrap().unwrap();
    let mut transaction = Transaction::new();
    transaction.delete(&row);
    world.store.commit(transaction).await.unwrap();
    assert_eq!(places().await, [const { Vec::<String>::new() }; 4]);
}

#[tokio::test]
async fn due_work_is_listed_while_it_is_outstanding() {
    let world = World::start().await;
    let workspace = workspace(&world);
    let thread = thread(&world, workspace, identity_id(&world), 1);
    let queued = message(&world, &thread, 2);
    let mut pending = draft(&world, &thread, 3);
    pending.expires_at = Some(at(60));
    let mut transaction = Transaction::new();
    transaction.create_with_body(&world.store, &queued, &MessageBody::default()).await.unwrap();
    transaction.create_with_body(&world.store, &pending, &DraftBody::default()).await.unwrap();
    world.store.commit(transaction).await.unwrap();

    // Up to a moment, which itself is not included.
    assert_eq!(world.store.unsettled_sends(at(2)).await.unwrap(), []);
    assert_eq!(world.store.unsettled_sends(at(3)).await.unwrap(), std::slice::from_ref(&queued));
    assert_eq!(world.store.due_drafts(at(60)).await.unwrap(), []);
    assert_eq!(world.store.due_drafts(at(61)).await.unwrap(), std::slice::from_ref(&pending));

    // Claimed at a later time, it is due from then.
    let row = world.store.get(&keys::message(workspace, queued.id)).await.unwrap().unwrap();
    let attempt = AttemptId::generate(at(10), &*world.entropy);
    let mut claimed = queued.clone();
    claimed.delivery.as_mut().unwrap().claim(attempt, at(10)).unwrap();
    replace(&world, &row, &claimed).await;
    assert_eq!(world.store.unsettled_sends(at(10)).await.unwrap(), []);
    assert_eq!(world.store.unsettled_sends(at(11)).await.unwrap(), std::slice::from_ref(&claimed));

    let row = world.store.get(&keys::message(workspace, queued.id)).await.unwrap().unwrap();
    let mut sent = claimed;
    sent.delivery.as_mut().unwrap().accepted(attempt, "0100-ses").unwrap();
    replace(&world, &row, &sent).await;
    assert_eq!(sent.delivery.as_ref().unwrap().status, DeliveryStatus::Sent);
    assert_eq!(world.store.unsettled_sends(at(1_000)).await.unwrap(), []);

    let row = world.store.get(&keys::draft(workspace, pending.id)).await.unwrap().unwrap();
    let mut approved = pending;
    approved.approve(Actor::email(&"dana@example.com".parse().unwrap()), None, at(5)).unwrap();
    replace(&world, &row, &approved).await;
    assert_eq!(world.store.due_drafts(at(1_000)).await.unwrap(), []);
}

#[tokio::test]
async fn what_expires_says_when() {
    let world = World::start().await;
    let receipt = Receipt {
        ses_message_id: "abc".to_owned(),
        recipient: "support@example.com".to_owned(),
        outcome: ReceiptOutcome::Blocked,
        at: at(0),
    };
    let mut transaction = Transaction::new();
    transaction.create(&receipt).unwrap();
    world.store.commit(transaction).await.unwrap();
    let item = world.raw_item(&keys::receipt("abc", "support@example.com")).await.unwrap();
    assert_eq!(item["ttl"].as_n().unwrap(), &(at(0).unix_seconds() + 30 * 86_400).to_string());
    assert!(world.store.has_receipt("abc").await.unwrap());
    assert!(!world.store.has_receipt("abd").await.unwrap());
}
