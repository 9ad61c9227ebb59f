//! Lists of contacts, and senders whose mail is held.

use actionlayer_domain::{
    ContactId, HeldId, WorkspaceId,
    contact::{Contact, ContactStatus, HeldInbound, HeldReason},
    message::Authentication,
    search::words_of_search,
};
use actionlayer_store::{ContactFilter, Entries, PageRequest, Transaction, keys};

use crate::{
    sample::{at, identity_id, workspace},
    world::World,
};

/// Contacts, of which every third has a tag, and every second is blocked; with what the relay enters.
async fn seed(world: &World, workspace: WorkspaceId, count: usize) {
    let mut entries = Entries::default();
    for batch in (0..count).collect::<Vec<_>>().chunks(90) {
        let mut transaction = Transaction::new();
        for i in batch {
            let second = i64::try_from(*i).unwrap();
            let id = ContactId::generate(at(second), &*world.entropy);
            let email = format!("person{i}@customer.test").parse().unwrap();
            let status = if i % 2 == 0 { ContactStatus::Trusted } else { ContactStatus::Blocked };
            let mut contact = Contact::new(id, workspace, email, Some(format!("Number {i}")), status, at(second));
            if i % 3 == 0 {
                contact.tags.push("third".to_owned());
            }
            transaction.create(&contact).unwrap();
            entries.contact_changed(None, Some(&contact));
        }
        world.store.commit(transaction).await.unwrap();
    }
    world.store.write_entries(entries).await.unwrap();
}

/// All addresses of a list, page by page, and the total that its first page told.
async fn walk(world: &World, workspace: WorkspaceId, filter: &ContactFilter) -> (Vec<String>, u64, bool) {
    let (mut all, mut cursor, mut told) = (Vec::new(), None, None);
    loop {
        let request = PageRequest { limit: 100, offset: 0, cursor };
        let page = world.store.list_contacts(workspace, filter, &request).await.unwrap();
        told = told.or(Some((page.total, page.total_is_capped)));
        all.extend(page.items.into_iter().map(|contact| contact.email.to_string()));
        cursor = page.next_cursor;
        if cursor.is_none() {
            let (total, capped) = told.unwrap();
            return (all, total, capped);
        }
    }
}

fn newest_first(numbers: impl DoubleEndedIterator<Item = usize>) -> Vec<String> {
    numbers.rev().map(|i| format!("person{i}@customer.test")).collect()
}

#[tokio::test]
async fn every_filter_finds_all_and_each_once_in_a_large_list() {
    let world = World::start().await;
    let workspace = workspace(&world);
    seed(&world, workspace, 1_050).await;
    let words = |query: &str| words_of_search(query).unwrap();

    let third = ContactFilter { tag: Some("third".to_owned()), ..ContactFilter::default() };
    assert_eq!(walk(&world, workspace, &third).await, (newest_first((0..1_050).step_by(3)), 350, false));
    let blocked_third = ContactFilter { status: Some(ContactStatus::Blocked), ..third };
    assert_eq!(walk(&world, workspace, &blocked_third).await, (newest_first((3..1_050).step_by(6)), 175, false));
    // Fewer than a thousand: looked up and sorted.
    let of_104 = ContactFilter { words: words("person104"), ..ContactFilter::default() };
    let mut expected = newest_first((1_040..1_050).chain([]));
    expected.extend(newest_first(104..=104));
    assert_eq!(walk(&world, workspace, &of_104).await, (expected, 11, false));
    // More: looked through, newest first.
    let of_all = ContactFilter { words: words("customer.te"), ..ContactFilter::default() };
    assert_eq!(walk(&world, workspace, &of_all).await, (newest_first(0..1_050), 1_000, true));
    let some = ContactFilter { words: words("customer"), ..blocked_third };
    assert_eq!(walk(&world, workspace, &some).await, (newest_first((3..1_050).step_by(6)), 175, false));

    // Of another workspace there are none.
    let other = WorkspaceId::generate(at(1), &*world.entropy);
    assert_eq!(walk(&world, other, &of_all).await, (Vec::new(), 0, false));
}

#[tokio::test]
async fn a_word_that_few_have_costs_little_among_many() {
    let world = World::start().await;
    let workspace = workspace(&world);
    seed(&world, workspace, 600).await;
    world.store.meter().take();
    let filter = ContactFilter { words: words_of_search("person599").unwrap(), ..ContactFilter::default() };
    let request = PageRequest { limit: 20, offset: 0, cursor: None };
    let page = world.store.list_contacts(workspace, &filter, &request).await.unwrap();
    assert_eq!((page.items.len(), page.total), (1, 1));
    let cost = world.store.meter().take();
    assert!((cost.requests, cost.read_units) == (2, 1.0), "{cost:?}");
}

#[tokio::test]
async fn held_mail_of_a_sender_is_found_at_once_and_of_nobody_else() {
    let world = World::start().await;
    let (workspace, identity) = (workspace(&world), identity_id(&world));
    let held = |from: &str, second: i64| HeldInbound {
        id: HeldId::generate_in(keys::sender_family(from), at(second), &*world.entropy),
        workspace_id: workspace,
        identity_id: identity,
        recipient: "mia@ai.test".parse().unwrap(),
        ses_message_id: format!("ses-{second}"),
        envelope_from: None,
        from_email: from.to_owned(),
        from_name: None,
        subject: "Hi".to_owned(),
        snippet: String::new(),
        authentication: Authentication::default(),
        safety_flags: Vec::new(),
        reason: HeldReason::UnknownSender,
        received_at: at(second),
    };
    let mut transaction = Transaction::new();
    for mail in [held("ada@customer.test", 3), held("Ada@Customer.test", 1), held("bob@customer.test", 2)] {
        transaction.create(&mail).unwrap();
    }
    world.store.commit(transaction).await.unwrap();
    let found = world.store.held_of_sender(workspace, "ADA@customer.test").await.unwrap();
    let ids: Vec<_> = found.mail.iter().map(|row| row.value.ses_message_id.as_str()).collect();
    assert_eq!((ids.as_slice(), found.notices.len()), (["ses-1", "ses-3"].as_slice(), 0));
}

/// What a stranger's mail is compared with: all of it, as long as it is bounded at all.
#[tokio::test]
async fn known_domains_are_those_of_the_trusted_and_of_whom_mail_went_to() {
    let world = World::start().await;
    let workspace = workspace(&world);
    let person = |email: &str, status| {
        let id = ContactId::generate(at(0), &*world.entropy);
        Contact::new(id, workspace, email.parse().unwrap(), None, status, at(0))
    };
    let change = async |old: Option<&Contact>, new: Option<&Contact>| {
        let mut entries = Entries::default();
        entries.contact_changed(old, new);
        world.store.write_entries(entries).await.unwrap();
        world.store.known_domains(workspace).await.unwrap()
    };
    let stranger = person("eve@stranger.test", ContactStatus::Pending);
    assert_eq!(change(None, Some(&stranger)).await, [""; 0]);
    let ada = person("ada@Customer.test", ContactStatus::Trusted);
    assert_eq!(change(None, Some(&ada)).await, ["customer.test"]);
    // It may have other people; but one that only passed for another is nobody's.
    let blocked = Contact { status: ContactStatus::Blocked, ..ada.clone() };
    assert_eq!(change(Some(&ada), Some(&blocked)).await, ["customer.test"]);
    let fooled = Contact { lookalike: Some(true), ..person("ada@cust0mer.test", ContactStatus::Trusted) };
    assert_eq!(change(None, Some(&fooled)).await, ["cust0mer.test", "customer.test"]);
    let noticed = Contact { status: ContactStatus::Pending, ..fooled.clone() };
    assert_eq!(change(Some(&fooled), Some(&noticed)).await, ["customer.test"]);

    let mut entries = Entries::default();
    let names: Vec<String> = (0..5_100).map(|i| format!("n{i:04}.{}.test", "x".repeat(60))).collect();
    entries.known(workspace, names.iter().map(String::as_str));
    world.store.write_entries(entries).await.unwrap();
    let known = world.store.known_domains(workspace).await.unwrap();
    assert_eq!((known.len(), known.last()), (5_000, names.get(4_998)));
}
