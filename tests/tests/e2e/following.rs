//! What happens, without a webhook: the log of events by cursor, long polls, and `actionlayer listen`.

use std::{
    io::Write,
    sync::{Arc, Mutex},
};

use actionlayer_local::listen::{ListenOptions, listen};
use actionlayer_tests::{
    Api, CUSTOMER, Letter, Receiver, World, eventually,
    world::{array, id},
};
use serde_json::{Value, json};

async fn follow(api: &Api, query: &str) -> (Vec<Value>, String) {
    let page = api.get(&format!("/v1/events?{query}")).await.expect(200);
    (array(&page["data"]).to_vec(), page["next_cursor"].as_str().unwrap().to_owned())
}

fn names(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["event"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn each_event_is_given_out_once_and_none_is_missed() {
    let world = World::start().await;
    let (before, start) = follow(&world.owner, "wait=0").await;
    assert_eq!(before, [] as [Value; 0]);
    let thread = world.begin(&Letter::from(CUSTOMER)).await;
    let draft = world.submit(&thread, "Yes.").await;
    world.act(&draft, "approve").await.expect(200);
    world.act(&draft, "send").await.expect(202);
    let expected = ["email.received", "draft.created", "draft.approved", "email.sent", "draft.sent", "email.delivered"];
    // One at a time, and all that is there.
    for limit in [1, 100] {
        let (mut seen, mut cursor): (Vec<Value>, _) = (Vec::new(), start.clone());
        while seen.len() < expected.len() {
            let (events, next) = follow(&world.owner, &format!("cursor={cursor}&wait=20&limit={limit}")).await;
            assert!(events.len() <= limit, "{events:?}");
            seen.extend(events);
            cursor = next;
        }
        let mut sorted = names(&seen);
        sorted.sort_unstable();
        let mut wanted = expected;
        wanted.sort_unstable();
        assert_eq!(sorted, wanted);
        assert_eq!(follow(&world.owner, &format!("cursor={cursor}")).await.0, [] as [Value; 0]);
    }
    // From the beginning, and from a time.
    let (all, _) = follow(&world.owner, "order=asc&limit=100").await;
    assert_eq!((all.len(), all[0]["event"].as_str()), (7, Some("domain.verified")));
    let at = all[0]["created_at"].as_str().unwrap();
    assert_eq!(follow(&world.owner, &format!("since={at}&limit=100")).await.0.len(), 7);
    let (sent, cursor) = follow(&world.owner, "order=asc&type=draft.sent").await;
    assert_eq!(names(&sent), ["draft.sent"]);
    // A cursor goes on with the very same filters, and the list that runs the other way is another.
    world.owner.get(&format!("/v1/events?cursor={cursor}")).await.refused(422, "validation_error");
    let newest = world.owner.get("/v1/events?limit=2").await.expect(200);
    let down = newest["next_cursor"].as_str().unwrap();
    world.owner.get(&format!("/v1/events?cursor={down}&wait=1")).await.refused(422, "validation_error");
    // Half a minute later nothing comes again.
    let (_, cursor) = follow(&world.owner, "order=asc&limit=100").await;
    world.advance(60).await;
    let (none, cursor) = follow(&world.owner, &format!("cursor={cursor}")).await;
    assert_eq!(none, [] as [Value; 0]);
    assert_eq!(follow(&world.owner, &format!("cursor={cursor}")).await.0, [] as [Value; 0]);
}

#[tokio::test]
async fn an_answer_comes_as_soon_as_something_happens() {
    let world = World::start().await;
    let (_, cursor) = follow(&world.owner, "wait=0").await;
    let owner = world.owner.clone();
    let events = tokio::spawn(async move { follow(&owner, &format!("cursor={cursor}&wait=20")).await.0 });
    let owner = world.owner.clone();
    let threads = tokio::spawn(async move { owner.get("/v1/threads?needs_review=true&wait=20").await.expect(200) });
    let thread = world.begin(&Letter::from(CUSTOMER)).await;
    assert_eq!(names(&events.await.unwrap()), ["email.received"]);
    assert_eq!(threads.await.unwrap()["data"][0]["id"], thread["id"]);
    // What is there already is not waited for.
    let listed = world.owner.get("/v1/threads?needs_review=true&wait=20&limit=1").await.expect(200);
    assert_eq!(listed["total"], 1);
}

#[tokio::test]
async fn a_key_of_some_identities_follows_those() {
    let world = World::start().await;
    let other = world.new_identity("leo", json!({})).await;
    let key = json!({"name": "bound", "role": "agent", "identity_ids": [other["id"]]});
    let key = world.owner.post("/v1/api-keys", key).await.expect(201);
    let bound = world.anyone.with_key(key["key"].as_str().unwrap());
    world.begin(&Letter::from(CUSTOMER)).await;
    world.receive_at(other["email_address"].as_str().unwrap(), &Letter::from(CUSTOMER)).await;
    let found = eventually("the event", async || {
        let (events, _) = follow(&bound, "order=asc").await;
        (!events.is_empty()).then_some(events)
    })
    .await;
    assert_eq!((found.len(), &found[0]["payload"]["identity_id"]), (1, &other["id"]));
}

#[tokio::test]
async fn what_cannot_be_followed_is_named() {
    let world = World::start().await;
    let (_, cursor) = follow(&world.owner, "wait=0").await;
    for (query, field) in [
        ("wait=21", "wait"),
        ("wait=-1", "wait"),
        ("wait=soon", "wait"),
        ("order=desc&wait=1", "order"),
        ("order=up", "order"),
        ("since=yesterday", "since"),
        ("wait=1&offset=1", "offset"),
        (&format!("since=2026-01-01T00:00:00Z&cursor={cursor}"), "cursor"),
        ("wait=1&cursor=x", "cursor"),
    ] {
        let refused = world.owner.get(&format!("/v1/events?{query}")).await.refused(422, "validation_error");
        assert_eq!(refused["details"][0]["field"], field, "{refused}");
    }
    for query in ["wait=1", "needs_review=false&wait=1", "status=open&wait=1"] {
        let refused = world.owner.get(&format!("/v1/threads?{query}")).await.refused(422, "validation_error");
        assert_eq!(refused["details"][0]["field"], "wait", "{refused}");
    }
}

/// An output that can be looked at while it is written.
#[derive(Clone, Default)]
struct Output(Arc<Mutex<Vec<u8>>>);

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Output {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

#[tokio::test]
async fn a_listener_forwards_what_happens_signed() {
    let world = World::start().await;
    let receiver = Receiver::start().await;
    let options = ListenOptions {
        url: world.engine.http.clone(),
        key: world.key("read").await.key().to_owned(),
        forward: Some(receiver.url()),
        events: vec!["email.received".to_owned()],
    };
    let output = Output::default();
    let listening = tokio::spawn({
        let (options, mut output) = (options.clone(), output.clone());
        async move { listen(&options, &mut output).await }
    });
    eventually("the listener", async || output.text().contains("listening to").then_some(())).await;
    // It begins with what happens from its first question on.
    let received = eventually("an event", async || {
        world.begin(&Letter::from(CUSTOMER)).await;
        receiver.received().into_iter().next()
    })
    .await;
    let text = output.text();
    let secret = text.split_whitespace().find(|word| word.starts_with("whsec_")).unwrap();
    let library = standardwebhooks::Webhook::new(secret).unwrap();
    let timestamp = received.header("webhook-timestamp").parse().unwrap();
    let expected = library.sign(received.header("webhook-id"), timestamp, &received.body).unwrap();
    assert_eq!(received.header("webhook-signature"), expected);
    assert_eq!(received.event(), "email.received");
    eventually("its line", async || output.text().contains("[200]").then_some(())).await;
    assert!(!output.text().contains("domain.verified"));
    listening.abort();

    let refused = ListenOptions { key: "nc_live_nobody".to_owned(), ..options };
    let error = listen(&refused, &mut Output::default()).await.unwrap_err();
    assert!(error.to_string().contains("401"), "{error}");
    assert!(id(&world.identity).len() == 36);
}
