//! The log of events over its partitions, and webhooks' deliveries beside it.

use actionlayer_domain::{
    DomainId, Entropy as _, EventId, IdentityId, MessageId, ThreadId, Timestamp, Webhook, WebhookDelivery, WebhookId,
    WebhookUrl, WorkspaceId,
    event::{Event, EventData, EventType},
    webhook::{EventSelection, Reach},
};
use actionlayer_store::{EventCursor, EventFilter, Page, PageRequest, Record, Row, Transaction, keys};

use crate::{
    sample::{identity_id, workspace},
    world::World,
};

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn received(world: &World, workspace: WorkspaceId, identity_id: IdentityId, at: Timestamp) -> Event {
    let thread_id = ThreadId::generate(at, &*world.entropy);
    let message_id = MessageId::generate_in(thread_id.family(), at, &*world.entropy);
    let what = EventData::EmailReceived {
        thread_id,
        message_id,
        identity_id,
        from_email: "ada@customer.test".to_owned(),
        subject: "Question".to_owned(),
        received_at: at,
    };
    Event::of(workspace, at, &message_id.to_string(), what)
}

fn held(world: &World, workspace: WorkspaceId, identity_id: IdentityId, at: Timestamp) -> Event {
    let what = EventData::InboundHeld {
        pending_id: actionlayer_domain::HeldId::generate(at, &*world.entropy),
        identity_id,
        from_email: "stranger@elsewhere.test".to_owned(),
        subject: "Hello".to_owned(),
        received_at: at,
    };
    Event::of(workspace, at, &world.entropy.next_u64().to_string(), what)
}

fn verified(world: &World, workspace: WorkspaceId, at: Timestamp) -> Event {
    let domain_id = DomainId::generate(at, &*world.entropy);
    let what = EventData::DomainVerified { domain_id, domain: "novacore.test".to_owned(), verified_at: at };
    Event::of(workspace, at, &domain_id.to_string(), what)
}

async fn store<T: Record>(world: &World, values: &[T]) {
    for chunk in values.chunks(100) {
        let mut transaction = Transaction::new();
        for value in chunk {
            transaction.create_without_body(value).unwrap();
        }
        world.store.commit(transaction).await.unwrap();
    }
}

async fn list(
    world: &World,
    workspace: WorkspaceId,
    filter: &EventFilter,
    now: Timestamp,
    cursor: Option<String>,
) -> Page<Event> {
    let request = PageRequest { limit: 2, offset: 0, cursor };
    world.store.list_events(workspace, filter, now, &request).await.unwrap()
}

/// The whole list, and how many pages it took.
async fn all(world: &World, workspace: WorkspaceId, filter: &EventFilter, now: Timestamp) -> (Vec<EventId>, usize) {
    let (mut ids, mut pages, mut cursor) = (Vec::new(), 0, None);
    loop {
        let page = list(world, workspace, filter, now, cursor).await;
        ids.extend(page.items.iter().map(|event| event.id));
        pages += 1;
        cursor = page.next_cursor;
        if cursor.is_none() {
            return (ids, pages);
        }
    }
}

#[tokio::test]
async fn months_are_read_as_one_list_that_ends_thirty_days_ago() {
    let world = World::start().await;
    let (workspace, identity) = (workspace(&world), identity_id(&world));
    let times = [
        "2026-01-29T12:00:00Z",
        "2026-01-30T12:00:00Z",
        "2026-02-10T00:00:00Z",
        "2026-02-28T23:59:59Z",
        "2026-03-01T00:00:00Z",
    ];
    let events: Vec<_> = times.iter().map(|at| received(&world, workspace, identity, time(at))).collect();
    store(&world, &events).await;
    store(&world, &[verified(&world, workspace, time("2026-02-20T00:00:00Z"))]).await;
    let mine = |ids: Vec<EventId>| -> Vec<usize> {
        ids.iter().filter_map(|id| events.iter().position(|event| event.id == *id)).collect()
    };
    let now = time("2026-03-01T01:00:00Z");
    for filter in [
        EventFilter::default(),
        EventFilter { event_type: Some(EventType::EmailReceived), identity_id: None },
        EventFilter { event_type: None, identity_id: Some(identity) },
        EventFilter { event_type: Some(EventType::EmailReceived), identity_id: Some(identity) },
    ] {
        let (ids, _) = all(&world, workspace, &filter, now).await;
        let expected = if filter == EventFilter::default() { 5 } else { 4 };
        assert_eq!((ids.len(), mine(ids)), (expected, vec![4, 3, 2, 1]), "{filter:?}");
        let page = list(&world, workspace, &filter, now, None).await;
        assert_eq!((page.total, page.total_is_capped), (expected as u64, false), "{filter:?}");
        // Seconds later one more has expired.
        let (ids, _) = all(&world, workspace, &filter, time("2026-03-01T12:00:01Z")).await;
        assert_eq!(mine(ids), [4, 3, 2], "{filter:?}");
        // A cursor may be older than what it leads to.
        let late = list(&world, workspace, &filter, time("2026-06-01T00:00:00Z"), page.next_cursor).await;
        assert!(late.items.is_empty() && late.next_cursor.is_none());
    }
    let (ids, _) =
        all(&world, workspace, &EventFilter { event_type: Some(EventType::DomainVerified), identity_id: None }, now)
            .await;
    assert_eq!(ids.len(), 1);
}

#[tokio::test]
async fn what_the_log_is_made_of_is_looked_for_a_part_at_a_time_and_what_is_rare_at_once() {
    let world = World::start().await;
    let (workspace, identity, other) = (workspace(&world), identity_id(&world), identity_id(&world));
    let start = time("2026-04-10T00:00:00Z");
    let at = |second: i64| Timestamp::from_unix_ms(start.unix_ms() + second * 1_000);
    let (rare, first_mail) = (held(&world, workspace, identity, at(0)), received(&world, workspace, identity, at(1)));
    store(&world, std::slice::from_ref(&rare)).await;
    store(&world, std::slice::from_ref(&first_mail)).await;
    let many: Vec<_> = (2..=1_302).map(|second| received(&world, workspace, other, at(second))).collect();
    store(&world, &many).await;
    let now = at(2_000);
    let of_type = |event_type| EventFilter { event_type: Some(event_type), identity_id: None };
    let about = |identity, event_type| EventFilter { event_type, identity_id: Some(identity) };

    for filter in [about(identity, Some(EventType::EmailReceived)), about(identity, None)] {
        world.store.meter().take();
        let page = list(&world, workspace, &filter, now, None).await;
        let cost = world.store.meter().take();
        assert!(cost.requests <= 3, "{cost:?}");
        assert!(page.items.is_empty() && page.next_cursor.is_some() && page.total_is_capped, "{page:?}");
        let expected = if filter.event_type.is_some() { vec![first_mail.id] } else { vec![first_mail.id, rare.id] };
        assert_eq!(all(&world, workspace, &filter, now).await, (expected, 2), "{filter:?}");
    }
    for filter in [of_type(EventType::InboundHeld), about(identity, Some(EventType::InboundHeld))] {
        world.store.meter().take();
        assert_eq!(list(&world, workspace, &filter, now, None).await.items, std::slice::from_ref(&rare));
        let cost = world.store.meter().take();
        assert!(cost.requests <= 2 && cost.read_units <= 1.0, "{cost:?}");
    }
    assert!(list(&world, workspace, &about(other, Some(EventType::InboundHeld)), now, None).await.items.is_empty());
    let page = list(&world, workspace, &EventFilter::default(), now, None).await;
    assert_eq!((page.items.len(), page.total, page.total_is_capped), (2, 1_000, true));
}

#[tokio::test]
async fn an_event_and_its_delivery_are_written_once_and_the_delivery_is_due() {
    let world = World::start().await;
    let (workspace, identity) = (workspace(&world), identity_id(&world));
    let now = time("2026-04-10T00:00:00Z");
    let webhook = Webhook::start(
        WebhookId::generate(now, &*world.entropy),
        workspace,
        WebhookUrl::parse("https://example.com/", Reach::Public).unwrap(),
        EventSelection::All,
        now,
    );
    let event = received(&world, workspace, identity, now);
    let delivery = WebhookDelivery::of(&event, &webhook, now);
    store(&world, std::slice::from_ref(&webhook)).await;
    store(&world, std::slice::from_ref(&event)).await;
    store(&world, std::slice::from_ref(&delivery)).await;
    let row: Row<Webhook> = world.store.get(&keys::webhook(workspace, webhook.id)).await.unwrap().unwrap();
    assert_eq!(row.value, webhook);
    let key = keys::webhook_delivery(workspace, webhook.id, delivery.id);
    let row: Row<WebhookDelivery> = world.store.get(&key).await.unwrap().unwrap();
    assert_eq!(row.value, delivery);
    let due = format!("{now}#{}", delivery.id);
    let pending = format!("W#{workspace}#WH#{}#PENDING", webhook.id);
    assert_eq!(world.listed("state", &pending).await, [due]);
    for again in [world.raw_item(&event.key()).await, world.raw_item(&key).await] {
        assert!(again.unwrap()["ttl"].as_n().unwrap().parse::<i64>().unwrap() > now.unix_seconds() + 29 * 86_400);
    }
    let mut transaction = Transaction::new();
    transaction.create_without_body(&WebhookDelivery::of(&event, &webhook, time("2026-04-11T00:00:00Z"))).unwrap();
    assert!(world.store.commit(transaction).await.is_err(), "it is there");
    // Once nothing is left to be tried, it is not due.
    let mut transaction = Transaction::new();
    let settled = WebhookDelivery { next_attempt_at: None, ..delivery };
    transaction.replace(&row, &settled).unwrap();
    world.store.commit(transaction).await.unwrap();
    assert!(world.listed("state", &pending).await.is_empty());
}

/// Follows from a cursor as of a time, two events at a time, to the end.
async fn follow(world: &World, workspace: WorkspaceId, cursor: &mut EventCursor, now: Timestamp) -> Vec<EventId> {
    let mut ids = Vec::new();
    loop {
        let followed = world.store.follow_events(workspace, &EventFilter::default(), cursor, now, 2).await.unwrap();
        ids.extend(followed.events.iter().map(|event| event.id));
        *cursor = followed.next;
        if !followed.more {
            return ids;
        }
    }
}

#[tokio::test]
async fn whoever_follows_gets_each_event_once_however_late_it_is_recorded() {
    let world = World::start().await;
    let (workspace, identity) = (workspace(&world), identity_id(&world));
    // Over the end of a month.
    let start = time("2026-04-30T23:59:00Z");
    let at = |second: i64| Timestamp::from_unix_ms(start.unix_ms() + second * 1_000);
    let recorded =
        |happened: i64, recorded: i64| received(&world, workspace, identity, at(happened)).recorded(at(recorded));
    let mut cursor = EventCursor::since(start);
    let early: Vec<_> = (1..=5).map(|second| recorded(second, second + 1)).collect();
    store(&world, &early).await;
    assert_eq!(
        follow(&world, workspace, &mut cursor, at(7)).await,
        early.iter().map(|event| event.id).collect::<Vec<_>>()
    );
    assert!(follow(&world, workspace, &mut cursor, at(8)).await.is_empty());

    // In time, but behind one that was given out; and one of a relay that stood still, whose time has long been passed.
    let (behind, late) = (recorded(4, 9), recorded(2, 90));
    let entries = format!("W#{workspace}#E#2026-04#LATE");
    store(&world, std::slice::from_ref(&behind)).await;
    assert_eq!(follow(&world, workspace, &mut cursor, at(10)).await, [behind.id]);
    assert!(world.listed("list", &entries).await.is_empty(), "what is in time costs no entry");
    let after = recorded(80, 81);
    store(&world, std::slice::from_ref(&after)).await;
    assert_eq!(follow(&world, workspace, &mut cursor, at(82)).await, [after.id]);
    store(&world, std::slice::from_ref(&late)).await;
    assert_eq!(follow(&world, workspace, &mut cursor, at(91)).await, [late.id]);
    for second in [92, 130, 200] {
        assert!(follow(&world, workspace, &mut cursor, at(second)).await.is_empty());
    }

    // From the beginning: by when they happened, the late one when it was recorded.
    let mut all: Vec<_> = early[..4].iter().map(|event| event.id).collect();
    // Of one moment, in the order of their ids.
    all.push(behind.id);
    all[3..].sort();
    all.extend([early[4].id, after.id, late.id]);
    assert_eq!(follow(&world, workspace, &mut EventCursor::since(start), at(300)).await, all);
}
