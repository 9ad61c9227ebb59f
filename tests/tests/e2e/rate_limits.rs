//! How many requests a minute are taken, and what those learn that are not.

use actionlayer_tests::{Answer, Api, Engine, World};
use serde_json::json;

fn number(answer: &Answer, name: &str) -> u64 {
    answer.header(name).parse().unwrap_or_else(|_| panic!("{name} of {}: {:?}", answer.text(), answer.headers))
}

fn too_many(answer: &Answer, limit: u64) {
    let envelope = answer.refused(429, "rate_limited");
    let seconds = number(answer, "retry-after");
    assert!((1..=60).contains(&seconds));
    assert_eq!(envelope["retry_after_seconds"], seconds);
    assert_eq!((number(answer, "ratelimit-limit"), number(answer, "ratelimit-remaining")), (limit, 0));
}

#[tokio::test]
async fn each_key_has_its_reads_and_its_writes() {
    let engine = Engine::start_with(&["RateLimits=reads=5,writes=8,sign_ins=3"]).await;
    let world = World::start_on(engine, json!({})).await;
    // A window of its own, with nothing used.
    world.advance(60).await;
    let other = world.key("read").await;
    world.advance(60).await;
    for left in (0..5).rev() {
        let answer = world.owner.get("/v1/workspace").await;
        assert_eq!((number(&answer, "ratelimit-limit"), number(&answer, "ratelimit-remaining")), (5, left));
        assert!((1..=60).contains(&number(&answer, "ratelimit-reset")));
        answer.expect(200);
    }
    let refused = world.owner.get("/v1/workspace").await;
    too_many(&refused, 5);
    // Writes are counted apart, and so is another key.
    world.owner.patch("/v1/workspace", json!({"name": "Renamed"})).await.expect(200);
    other.get("/v1/workspace").await.expect(200);
    world.advance(u32::try_from(number(&refused, "retry-after")).unwrap()).await;
    world.owner.get("/v1/workspace").await.expect(200);
    // What is refused for another reason was a request, too.
    for _ in 0..8 {
        world.owner.post("/v1/api-keys", json!({"nam": "typo"})).await.refused(422, "validation_error");
    }
    too_many(&world.owner.post("/v1/api-keys", json!({"name": "one more"})).await, 8);
}

#[tokio::test]
async fn an_address_without_a_key_has_few() {
    let engine = Engine::start_with(&["RateLimits=reads=5,writes=5,sign_ins=3"]).await;
    let anyone = Api::new(&engine.http);
    let body = json!({"workspace_name": "Novacore"});
    anyone.post("/v1/auth/bootstrap", body.clone()).await.expect(201);
    for _ in 0..2 {
        anyone.post("/v1/auth/bootstrap", body.clone()).await.refused(409, "workspace_exists");
    }
    too_many(&anyone.post("/v1/auth/bootstrap", body).await, 3);
}

#[tokio::test]
async fn whoever_guesses_is_not_listened_to_for_a_minute() {
    let engine = Engine::start_with(&["RateLimits=reads=500,writes=500,sign_ins=500"]).await;
    let world = World::start_on(engine, json!({})).await;
    world.advance(60).await;
    let guess = world.anyone.with_key("nc_live_0123456789abcdefghijABCDEFGHIJ01");
    let limit = 30;
    for _ in 0..10 {
        guess.get("/v1/workspace").await.refused(401, "unauthorized");
        assert_eq!(world.anyone.get("/callbacks/email/nothing").await.status, 404);
        // Whoever is good is not held up by others behind the same address.
        world.owner.get("/v1/workspace").await.expect(200);
    }
    for _ in 10..limit {
        guess.get("/v1/workspace").await.refused(401, "unauthorized");
    }
    too_many(&guess.get("/v1/workspace").await, limit);
    world.owner.get("/v1/workspace").await.expect(200);
    world.advance(60).await;
    guess.get("/v1/workspace").await.refused(401, "unauthorized");
}

#[tokio::test]
async fn on_one_machine_nothing_is_counted() {
    let world = World::start().await;
    let answer = world.owner.get("/v1/workspace").await;
    assert_eq!(answer.header("ratelimit-limit"), "");
    answer.expect(200);
}
