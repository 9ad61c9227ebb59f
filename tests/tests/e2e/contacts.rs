//! Who mail is exchanged with.

use actionlayer_tests::{
    CUSTOMER, Letter, World, eventually,
    world::{array, id},
};
use serde_json::{Value, json};

use crate::sender_trust::{gated, held};

/// The addresses a list has once it has so many.
async fn listed(world: &World, query: &str, count: usize) -> Vec<String> {
    eventually(&format!("{count} contacts of {query}"), async || {
        let list = world.owner.get(&format!("/v1/contacts?{query}")).await.expect(200);
        let emails: Vec<_> =
            array(&list["data"]).iter().map(|contact| contact["email"].as_str().unwrap().to_owned()).collect();
        (emails.len() == count).then_some(emails)
    })
    .await
}

async fn add(world: &World, contact: Value) -> Value {
    world.owner.post("/v1/contacts", contact).await.expect(201)
}

#[tokio::test]
async fn a_contact_is_made_changed_and_deleted() {
    let world = World::start().await;
    let made = add(&world, json!({"email": "Ada@Customer.test", "name": "Ada", "tags": ["vip", "vip"]})).await;
    assert_eq!((&made["status"], &made["tags"]), (&json!("trusted"), &json!(["vip"])));
    let path = format!("/v1/contacts/{}", id(&made));
    assert_eq!(world.owner.get(&path).await.expect(200), made);

    // Of one address there is one, however it is written.
    let again = world.owner.post("/v1/contacts", json!({"email": "ADA@customer.test"})).await.refused(409, "conflict");
    assert!(again["message"].as_str().unwrap().contains(id(&made)), "{again}");

    let changed =
        world.owner.patch(&path, json!({"name": null, "tags": ["old"], "status": "pending"})).await.expect(200);
    assert_eq!(
        (&changed["name"], &changed["tags"], &changed["status"]),
        (&json!(null), &json!(["old"]), &json!("pending"))
    );
    assert_eq!((&changed["email"], &changed["created_at"]), (&made["email"], &made["created_at"]));
    let refused = world.owner.patch(&path, json!({"tags": [""], "name": " "})).await.refused(422, "validation_error");
    let fields: Vec<_> = array(&refused["details"]).iter().map(|detail| detail["field"].as_str().unwrap()).collect();
    assert_eq!(fields, ["name", "tags[0]"]);
    world.owner.patch(&path, json!({"email": "bob@customer.test"})).await.refused(422, "validation_error");

    let agent = world.key("agent").await;
    agent.get(&path).await.expect(200);
    agent.patch(&path, json!({"status": "trusted"})).await.refused(403, "forbidden");
    agent.delete(&path).await.refused(403, "forbidden");
    world.owner.delete(&path).await.expect(204);
    for gone in [world.owner.get(&path).await, world.owner.delete(&path).await] {
        gone.refused(404, "not_found");
    }
    world.owner.get("/v1/contacts/not-an-id").await.refused(404, "not_found");
}

#[tokio::test]
async fn a_contact_is_made_by_the_first_mail_and_threads_outlive_it() {
    let world = World::start().await;
    let thread = world.begin(&Letter::from(CUSTOMER)).await;
    let contact = &thread["contact"];
    assert_eq!((contact["email"].as_str(), contact["status"].as_str()), (Some(CUSTOMER), Some("pending")));
    assert_eq!((&contact["name"], &contact["id"]), (&json!("Ada Löwe"), &thread["primary_contact_id"]));
    assert_eq!(listed(&world, "", 1).await, [CUSTOMER]);

    world.owner.delete(&format!("/v1/contacts/{}", id(contact))).await.expect(204);
    let left = world.thread(&thread).await;
    assert_eq!((&left["contact"], array(&left["messages"]).len()), (&json!(null), 1));
    listed(&world, "", 0).await;
    // Whoever writes again is a stranger.
    let thread = world
        .answer(
            &thread,
            &Letter::from(CUSTOMER).in_reply_to(array(&left["messages"])[0]["message_id_header"].as_str().unwrap()),
        )
        .await;
    assert_ne!(thread["contact"]["id"], contact["id"]);
}

#[tokio::test]
async fn contacts_are_found_by_state_tag_and_words() {
    let world = World::start().await;
    for (email, name, status, tags) in [
        ("ada@customer.test", "Ada Lovelace", "trusted", json!(["vip", "beta"])),
        ("grace@navy.test", "Grace Höpper", "trusted", json!(["beta"])),
        ("mallory@evil.test", "Ada Mallory", "blocked", json!([])),
    ] {
        add(&world, json!({"email": email, "name": name, "status": status, "tags": tags})).await;
    }
    assert_eq!(listed(&world, "", 3).await, ["mallory@evil.test", "grace@navy.test", "ada@customer.test"]);
    assert_eq!(listed(&world, "status=trusted", 2).await, ["grace@navy.test", "ada@customer.test"]);
    assert_eq!(listed(&world, "tag=beta", 2).await, ["grace@navy.test", "ada@customer.test"]);
    assert_eq!(listed(&world, "q=hopper", 1).await, ["grace@navy.test"]);
    assert_eq!(listed(&world, "q=ADA", 2).await, ["mallory@evil.test", "ada@customer.test"]);
    assert_eq!(listed(&world, "q=ada%20love", 1).await, ["ada@customer.test"]);
    assert_eq!(listed(&world, "q=ada@cust", 1).await, ["ada@customer.test"]);
    assert_eq!(listed(&world, "q=ada&status=blocked", 1).await, ["mallory@evil.test"]);
    assert_eq!(listed(&world, "q=ada&tag=vip&status=trusted", 1).await, ["ada@customer.test"]);
    for none in ["tag=be", "tag=vip&status=blocked", "q=nobody", "q=da"] {
        listed(&world, none, 0).await;
    }
    world.owner.get("/v1/contacts?q=%20").await.refused(422, "validation_error");
    world.owner.get("/v1/contacts?status=nice").await.refused(422, "validation_error");

    // Totals and pages agree, whatever is asked for.
    for query in ["", "tag=beta", "q=test", "q=test&status=trusted"] {
        let whole = eventually(query, async || {
            let list = world.owner.get(&format!("/v1/contacts?{query}")).await.expect(200);
            (array(&list["data"]).len() >= 2).then_some(list)
        })
        .await;
        let total = array(&whole["data"]).len();
        assert_eq!(whole["total"].as_u64(), Some(total as u64), "{query}");
        let (mut paged, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = world.owner.get(&format!("/v1/contacts?{query}&limit=1{cursor}")).await.expect(200);
            paged.extend(array(&page["data"]).to_vec());
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        assert_eq!(&paged, array(&whole["data"]), "{query}");
        let last = world.owner.get(&format!("/v1/contacts?{query}&limit=1&offset={}", total - 1)).await.expect(200);
        assert_eq!(last["data"][0], paged[total - 1], "{query}");
    }

    // What they are found by changes with them.
    let ada = world.owner.get("/v1/contacts?q=lovelace").await.expect(200)["data"][0].clone();
    world
        .owner
        .patch(&format!("/v1/contacts/{}", id(&ada)), json!({"name": "Countess", "tags": ["vip"]}))
        .await
        .expect(200);
    listed(&world, "q=lovelace", 0).await;
    listed(&world, "tag=beta", 1).await;
    listed(&world, "q=count", 1).await;
    world.owner.delete(&format!("/v1/contacts/{}", id(&ada))).await.expect(204);
    listed(&world, "tag=vip", 0).await;
    listed(&world, "q=customer", 0).await;
}

#[tokio::test]
async fn to_trust_a_contact_lets_their_mail_in_and_to_block_them_drops_it() {
    let world = gated().await;
    let first = Letter::from(CUSTOMER);
    world.receive(&first).await;
    held(&world, 1).await;
    let second = Letter::from(CUSTOMER).in_reply_to(first.id());
    world.receive(&second).await;
    world.receive(&Letter::from("mallory@evil.test")).await;
    held(&world, 3).await;
    let pending = listed(&world, "status=pending", 2).await;
    assert!(pending.iter().any(|email| email == CUSTOMER));
    let contact = async |q: &str| {
        let list = eventually("the contact", async || {
            let list = world.owner.get(&format!("/v1/contacts?q={q}")).await.expect(200);
            (list["total"] == 1).then_some(list)
        });
        format!("/v1/contacts/{}", id(&list.await["data"][0]))
    };
    world.owner.patch(&contact("customer").await, json!({"status": "trusted"})).await.expect(200);
    let threads = world.threads().await;
    let ids: Vec<_> = array(&threads[0]["messages"]).iter().map(|m| m["message_id_header"].as_str().unwrap()).collect();
    assert_eq!((threads.len(), ids.as_slice()), (1, [first.id(), second.id()].as_slice()));
    world.owner.patch(&contact("mallory").await, json!({"status": "blocked"})).await.expect(200);
    held(&world, 0).await;
    assert_eq!(world.threads().await.len(), 1);

    // Somebody who is added by hand is decided about in the same way.
    world.receive(&Letter::from("bob@customer.test")).await;
    held(&world, 1).await;
    world.owner.delete(&contact("bob").await).await.expect(204);
    assert_eq!(held(&world, 1).await[0]["from_email"], "bob@customer.test");
    add(&world, json!({"email": "bob@customer.test"})).await;
    held(&world, 0).await;
    assert_eq!(world.threads().await.len(), 2);
}

#[tokio::test]
async fn many_mails_of_one_sender_at_once_are_all_received() {
    let world = World::start().await;
    let letters: Vec<_> = (0..24).map(|_| Letter::from(CUSTOMER)).collect();
    futures_util::future::join_all(letters.iter().map(|letter| world.receive(letter))).await;
    let threads = eventually("24 threads", async || {
        let list = world.owner.get("/v1/threads?limit=100").await.expect(200);
        (array(&list["data"]).len() == 24).then(|| array(&list["data"]).to_vec())
    })
    .await;
    assert!(threads.iter().all(|thread| thread["primary_contact_id"] == threads[0]["primary_contact_id"]));
    assert_eq!(listed(&world, "", 1).await, [CUSTOMER]);
    let used = world.owner.get("/v1/billing/subscription").await.expect(200);
    assert_eq!(used["inbound_received_this_period"], 24);
}

/// What looks dangerous about the newest message of a thread.
async fn flags(world: &World, thread: &Value) -> Vec<Value> {
    let thread = world.thread(thread).await;
    array(&array(&thread["messages"]).last().unwrap()["safety"]["flags"]).to_vec()
}

#[tokio::test]
async fn whom_a_stranger_wants_to_be_taken_for_is_noticed_in_every_mail() {
    let world = World::start().await;
    let lookalike = json!("lookalike_domain");
    // Known by an answer that somebody approved, and by the owner's word.
    let thread = world.begin(&Letter::from(CUSTOMER)).await;
    let draft = world.submit(&thread, "the answer").await;
    world.act(&draft, "send").await.expect(202);
    world.until_draft(&draft, "sent").await;
    add(&world, json!({"email": "carl@partner.test"})).await;
    world.come_to_rest().await;
    let partner = world.begin(&Letter::from("carl@partner-billing.test")).await;
    assert!(flags(&world, &partner).await.contains(&lookalike));
    let honest = world.begin(&Letter::from("bob@customer.test")).await;
    assert!(!flags(&world, &honest).await.contains(&lookalike));

    let first = Letter::from("ada@cust0mer.test");
    let thread = world.begin(&first).await;
    assert!(flags(&world, &thread).await.contains(&lookalike));
    let second = Letter::from("ada@cust0mer.test").in_reply_to(first.id());
    world.answer(&thread, &second).await;
    assert!(flags(&world, &thread).await.contains(&lookalike), "the second mail too");

    // An approver who was taken in makes nobody known.
    let draft = world.submit(&world.thread(&thread).await, "to the wrong one").await;
    world.act(&draft, "send").await.expect(202);
    world.until_draft(&draft, "sent").await;
    world.come_to_rest().await;
    let other = world.begin(&Letter::from("eve@cust0mer.test")).await;
    assert!(flags(&world, &other).await.contains(&lookalike));

    // The owner knows better, and may think better of it.
    let contact = format!("/v1/contacts/{}", thread["contact"]["id"].as_str().unwrap());
    for (status, expected) in [("trusted", false), ("pending", true)] {
        world.owner.patch(&contact, json!({"status": status})).await.expect(200);
        world.come_to_rest().await;
        world.answer(&thread, &Letter::from("ada@cust0mer.test").in_reply_to(first.id())).await;
        assert_eq!(flags(&world, &thread).await.contains(&lookalike), expected, "{status}");
    }
}
