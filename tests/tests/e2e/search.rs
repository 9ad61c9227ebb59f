//! Finding threads: by words, and by everything else that `GET /v1/threads` filters by.

use actionlayer_tests::{
    Api, CUSTOMER, Letter, World, eventually,
    world::{array, id},
};
use serde_json::{Value, json};

/// The ids of the threads that a query string lists, in order.
async fn listed(api: &Api, query: &[(&str, &str)]) -> Vec<String> {
    let query: Vec<String> = query.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
    let list = api.get(&format!("/v1/threads?limit=100&{}", query.join("&"))).await.expect(200);
    assert_eq!(list["total"], array(&list["data"]).len());
    array(&list["data"]).iter().map(|thread| id(thread).to_owned()).collect()
}

fn encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

/// Until a query lists these threads, in this order. What is found follows what is there by moments.
async fn until_listed(api: &Api, query: &[(&str, &str)], threads: &[&Value]) {
    let wanted: Vec<&str> = threads.iter().map(|thread| id(thread)).collect();
    eventually(&format!("{query:?} to list {wanted:?}"), async || (listed(api, query).await == wanted).then_some(()))
        .await;
}

#[tokio::test]
async fn threads_are_found_by_words_of_subjects_participants_and_texts() {
    let world = World::start().await;
    let anvils = Letter::from(CUSTOMER).subject("Größe der Lieferung").text("We need twelve anvils before Friday.");
    let anvils = world.begin(&anvils).await;
    let invoice =
        Letter::from("bob@partner.test").subject("Rechnung 4711").text("請求書をお送りします。Danke für den Amboss!");
    let invoice = world.begin(&invoice).await;
    until_listed(&world.owner, &[("q", "anvils")], &[&anvils]).await;
    until_listed(&world.owner, &[("q", "amboss")], &[&invoice]).await;
    for (query, found) in [
        ("größe", vec![&anvils]),
        ("GROSSE Lieferung", vec![&anvils]),
        ("friday: anv", vec![&anvils]),
        ("ada@customer.test", vec![&anvils]),
        ("löwe twelve", vec![&anvils]),
        ("bob", vec![&invoice]),
        ("4711", vec![&invoice]),
        ("請求書", vec![&invoice]),
        // Both wrote to the same address; the newest comes first.
        (world.address(), vec![&invoice, &anvils]),
        ("lieferung amboss", vec![]),
        ("nvils", vec![]),
        ("anv friday", vec![]),
    ] {
        let found: Vec<&str> = found.into_iter().map(id).collect();
        assert_eq!(listed(&world.owner, &[("q", query)]).await, found, "{query}");
    }

    // What we say is found once it left, and brings the thread to the top.
    let reply =
        json!({"thread_id": anvils["id"], "identity_id": anvils["identity_id"], "body_text": "They ship by zeppelin."});
    let queued = world.owner.post("/v1/emails/reply", reply).await.expect(202);
    world.until_message(&queued["message_id"], &["delivered"]).await;
    until_listed(&world.owner, &[("q", "zeppelin anvils")], &[&anvils]).await;
    until_listed(&world.owner, &[("q", world.address())], &[&anvils, &invoice]).await;

    // What was withdrawn or rejected was never said.
    let draft = world.submit(&invoice, "A secret discount.").await;
    world.act(&draft, "reject").await.expect(200);

    // A closed thread is found like any other.
    let path = format!("/v1/threads/{}", id(&anvils));
    world.owner.patch(&path, json!({"status": "closed"})).await.expect(200);
    until_listed(&world.owner, &[("q", "anvils"), ("status", "closed")], &[&anvils]).await;
    assert_eq!(listed(&world.owner, &[("q", "anvils")]).await, [id(&anvils)]);
    assert!(listed(&world.owner, &[("q", "anvils"), ("status", "open")]).await.is_empty());
    assert!(listed(&world.owner, &[("q", "discount")]).await.is_empty());
}

#[tokio::test]
async fn nobody_finds_what_is_not_theirs() {
    let world = World::start().await;
    let other_identity = world.new_identity("noa", json!({})).await;
    let letter = Letter::from(CUSTOMER).subject("Zeppelin");
    world.receive_at(other_identity["email_address"].as_str().unwrap(), &letter).await;
    let thread = eventually("the thread", async || {
        let list = world.owner.get("/v1/threads").await.expect(200);
        array(&list["data"]).first().cloned()
    })
    .await;
    world.owner.patch(&format!("/v1/threads/{}", id(&thread)), json!({"tags": ["sky"]})).await.expect(200);
    let queries: [&[(&str, &str)]; 3] = [&[("q", "zeppelin")], &[("contact", CUSTOMER)], &[("tag", "sky")]];
    let bound = json!({"name": "bound", "role": "agent", "identity_ids": [world.identity["id"]]});
    let bound = world.owner.post("/v1/api-keys", bound).await.expect(201);
    let bound = world.anyone.with_key(bound["key"].as_str().unwrap());
    let other_workspace = world.new_workspace("The other").await;
    for query in queries {
        until_listed(&world.owner, query, &[&thread]).await;
        assert!(listed(&bound, query).await.is_empty(), "{query:?}");
        assert!(listed(&other_workspace, query).await.is_empty(), "{query:?}");
        let of_first = [query[0], ("identity_id", id(&world.identity))];
        assert!(listed(&world.owner, &of_first).await.is_empty(), "{query:?}");
        let of_second = [query[0], ("identity_id", id(&other_identity))];
        assert_eq!(listed(&world.owner, &of_second).await, [id(&thread)], "{query:?}");
        bound.get(&format!("/v1/threads?identity_id={}", id(&other_identity))).await.refused(404, "not_found");
    }
}

#[tokio::test]
async fn threads_are_found_by_whom_they_are_with_tags_and_time() {
    let world = World::start().await;
    let first = world.begin(&Letter::from(CUSTOMER)).await;
    world.advance(3 * 86_400).await;
    let second =
        world.begin(&Letter::from("bob@partner.test").header("Cc", "Ada <ADA@Customer.TEST>, carol@else.test")).await;
    for (person, threads) in
        [(CUSTOMER, vec![&second, &first]), ("carol@else.test", vec![&second]), ("Bob@partner.test", vec![&second])]
    {
        until_listed(&world.owner, &[("contact", person)], &threads).await;
    }
    until_listed(&world.owner, &[("contact", first["primary_contact_id"].as_str().unwrap())], &[&second, &first]).await;
    // The identity itself is no participant; an id of nobody is with nobody.
    assert!(listed(&world.owner, &[("contact", world.address())]).await.is_empty());
    assert!(listed(&world.owner, &[("contact", id(&first))]).await.is_empty());

    let times = [&first, &second].map(|thread| thread["last_message_at"].as_str().unwrap());
    let days = times.map(|time| &time[..10]);
    for (query, threads) in [
        (vec![("from_date", times[0])], vec![&second, &first]),
        (vec![("from_date", times[1])], vec![&second]),
        (vec![("to_date", times[0])], vec![&first]),
        (vec![("from_date", days[0]), ("to_date", days[0])], vec![&first]),
        (vec![("from_date", days[1]), ("to_date", days[1])], vec![&second]),
        (vec![("to_date", "2020-01-01")], vec![]),
        (vec![("from_date", days[1]), ("contact", CUSTOMER)], vec![&second]),
        (vec![("to_date", days[0]), ("contact", CUSTOMER), ("needs_review", "true"), ("status", "open")], vec![&first]),
        (vec![("to_date", days[0]), ("contact", "bob@partner.test")], vec![]),
    ] {
        let threads: Vec<&str> = threads.into_iter().map(id).collect();
        assert_eq!(listed(&world.owner, &query).await, threads, "{query:?}");
    }

    // Tags come and go with what the owner says.
    let path = format!("/v1/threads/{}", id(&first));
    world.owner.patch(&path, json!({"tags": ["vip", "späte Zahlung"]})).await.expect(200);
    until_listed(&world.owner, &[("tag", "späte Zahlung")], &[&first]).await;
    until_listed(&world.owner, &[("tag", "vip"), ("contact", CUSTOMER), ("q", "question")], &[&first]).await;
    world.owner.patch(&path, json!({"tags": ["vip"]})).await.expect(200);
    until_listed(&world.owner, &[("tag", "späte Zahlung")], &[]).await;
    // Newer mail moves a thread in all of these lists.
    let first = world
        .answer(
            &first,
            &Letter::from(CUSTOMER).in_reply_to(first["messages"][0]["message_id_header"].as_str().unwrap()),
        )
        .await;
    until_listed(&world.owner, &[("contact", CUSTOMER)], &[&first, &second]).await;
    until_listed(&world.owner, &[("tag", "vip"), ("from_date", times[1])], &[&first]).await;
}

#[tokio::test]
async fn threads_that_turn_out_to_be_one_are_found_as_one() {
    let world = World::start().await;
    let (alpha, beta) = (Letter::from(CUSTOMER).text("alpha"), Letter::from(CUSTOMER).text("beta"));
    let first = world.begin(&alpha).await;
    let second = world.begin(&beta).await;
    for (word, thread) in [("alpha", &first), ("beta", &second)] {
        world.owner.patch(&format!("/v1/threads/{}", id(thread)), json!({"tags": [word]})).await.expect(200);
        until_listed(&world.owner, &[("q", word)], &[thread]).await;
    }
    let both = format!("<{}> <{}>", alpha.id(), beta.id());
    world.answer(&first, &Letter::from(CUSTOMER).text("gamma").header("References", &both)).await;
    for query in ["alpha", "beta", "gamma", "alpha beta", "gamma beta alpha"] {
        until_listed(&world.owner, &[("q", query)], &[&first]).await;
    }
    for query in [("contact", CUSTOMER), ("tag", "alpha"), ("tag", "beta")] {
        until_listed(&world.owner, &[query], &[&first]).await;
    }
}

#[tokio::test]
async fn a_filter_that_cannot_be_taken_is_named_with_what_can() {
    let world = World::start().await;
    for (field, value, hint) in [
        ("q", "", "letter"),
        ("q", "?!", "letter"),
        ("q", &"a ".repeat(101), "200 characters"),
        ("q", "a b c d e f g h i j k l m", "12 words"),
        ("contact", "ada", "ada@example.com"),
        ("tag", "", "1 to 64 bytes"),
        ("tag", &"x".repeat(65), "1 to 64 bytes"),
        ("from_date", "yesterday", "2026-04-30"),
        ("to_date", "2026-02-30", "2026-04-30"),
        ("status", "done", "`open`"),
        ("needs_review", "yes", "`true`"),
        ("identity_id", "mia", "id"),
    ] {
        let answer = world.owner.get(&format!("/v1/threads?{field}={}", encoded(value))).await;
        let envelope = answer.refused(422, "validation_error");
        let detail = &envelope["details"][0];
        assert_eq!(detail["field"], field, "{envelope}");
        assert!(detail["message"].as_str().unwrap().contains(hint), "{envelope}");
    }
    let backwards = world.owner.get("/v1/threads?from_date=2026-05-01&to_date=2026-04-30").await;
    assert_eq!(backwards.refused(422, "validation_error")["details"][0]["field"], "to_date");
}
