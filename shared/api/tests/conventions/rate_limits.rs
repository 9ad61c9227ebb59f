//! So many requests a minute, and no more.

use crate::world::{Answer, World, email};

fn header(answer: &Answer, name: &str) -> Option<u32> {
    Some(answer.headers.get(name)?.to_str().unwrap().parse().unwrap())
}

#[tokio::test]
async fn one_too_many_is_refused_until_the_next_minute() {
    let world = World::start_limited("reads=3,writes=2,sign_ins=1").await;
    // To the middle of a minute.
    world.pass_seconds(90 - world.app.now().unix_seconds().rem_euclid(60));
    for remaining in [2, 1, 0] {
        let answer = world.get("/v1/drafts").await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        assert_eq!(header(&answer, "ratelimit-limit"), Some(3));
        assert_eq!(header(&answer, "ratelimit-remaining"), Some(remaining));
        assert_eq!(header(&answer, "ratelimit-reset"), Some(30));
    }
    let refused = world.get("/v1/drafts").await;
    refused.refused(429, "rate_limited");
    assert_eq!(refused.body["retry_after_seconds"], 30);
    assert_eq!(header(&refused, "retry-after"), Some(30));
    assert_eq!(header(&refused, "ratelimit-remaining"), Some(0));

    // Writes are counted by themselves, and so is every key.
    world.send("a", "Hello").await.made();
    world.send("b", "Hello").await.made();
    // Refused before it is claimed: the same key works later.
    world.send("c", "Hello").await.refused(429, "rate_limited");
    world.post(&world.other_secret, "d", &email("Hello")).await.made();

    world.pass_seconds(30);
    assert_eq!(world.get("/v1/drafts").await.status, 200);
    let later = world.send("c", "Hello").await;
    assert!(!later.replayed());
    later.made();
}

#[tokio::test]
async fn nothing_is_counted_where_limits_are_off() {
    let world = World::start().await;
    for _ in 0..70 {
        let answer = world.get("/v1/drafts").await;
        assert_eq!((answer.status, header(&answer, "ratelimit-limit")), (200, None));
    }
}

#[tokio::test]
async fn without_a_key_an_address_is_counted() {
    let world = World::start_limited("reads=3,writes=2,sign_ins=2").await;
    world.pass_seconds(90 - world.app.now().unix_seconds().rem_euclid(60));
    assert_eq!(world.bootstrap("192.0.2.1", None).await.status, 201);
    let second = world.bootstrap("192.0.2.1", None).await;
    second.refused(409, "workspace_exists");
    assert_eq!(header(&second, "ratelimit-remaining"), Some(0));
    world.bootstrap("192.0.2.1", None).await.refused(429, "rate_limited");
    world.bootstrap("192.0.2.2", None).await.refused(409, "workspace_exists");
    world.pass_seconds(30);
    world.bootstrap("192.0.2.1", None).await.refused(409, "workspace_exists");
}
