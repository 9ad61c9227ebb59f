//! `Idempotency-Key`: one request, one effect, one answer, also when the first run died between the two.

use std::collections::BTreeSet;

use actionlayer_domain::rate::RateClass;
use actionlayer_service::{
    outbound::send_email::{SendEmail, send_email},
    workspace::{authenticate::authenticate, idempotency},
};
use axum::http::header;
use serde_json::json;

use crate::world::{IDENTITY, World, email};

#[tokio::test]
async fn the_same_request_gets_the_first_answer_for_a_day() {
    let world = World::start().await;
    let first = world.send("k", "Hello").await;
    assert!(!first.replayed());
    world.pass_seconds(86_399);
    let again = world.send("k", "Hello").await;
    assert!(again.replayed());
    assert_eq!((again.status, &again.body), (202, &first.body));
    assert_eq!(again.headers[header::CONTENT_TYPE], first.headers[header::CONTENT_TYPE]);
    assert_ne!(world.send("another", "Hello").await.made(), first.made());
    world.pass_seconds(1);
    let next_day = world.send("k", "Hello").await;
    assert!(!next_day.replayed());
    assert_ne!(next_day.made(), first.made());
}

#[tokio::test]
async fn a_key_belongs_to_one_body_and_one_caller() {
    let world = World::start().await;
    world.send("k", "Hello").await.made();
    world.send("k", "Goodbye").await.refused(422, "idempotency_key_reused");
    // Another API key has keys of its own.
    assert!(!world.post(&world.other_secret, "k", &email("Hello")).await.replayed());
    assert!(world.send("k", "Hello").await.replayed());
}

#[tokio::test]
async fn refusals_are_answers_too() {
    let world = World::start().await;
    let body = json!({ "identity_id": IDENTITY, "to": ["ada@example.org"], "subject": "Hello", "bodytext": "typo" });
    let first = world.post(&world.secret, "k", &body).await;
    first.refused(422, "validation_error");
    let again = world.post(&world.secret, "k", &body).await;
    assert!(again.replayed());
    assert_eq!((again.status, &again.body), (422, &first.body));
}

#[tokio::test]
async fn who_comes_while_it_is_carried_out_is_told_so() {
    let world = World::start().await;
    let run = world.begin("k", "Hello").await;
    world.send("k", "Hello").await.refused(409, "idempotency_in_flight");
    world.send("k", "Goodbye").await.refused(422, "idempotency_key_reused");
    // It broke, and was given back.
    idempotency::release(&world.app, &run).await.unwrap();
    let answer = world.send("k", "Hello").await;
    assert!(!answer.replayed());
    answer.made();
}

#[tokio::test]
async fn what_died_before_its_effect_is_carried_out_after_the_lease() {
    let world = World::start().await;
    drop(world.begin("k", "Hello").await);
    world.pass_seconds(59);
    world.send("k", "Hello").await.refused(409, "idempotency_in_flight");
    world.pass_seconds(1);
    let made = world.send("k", "Hello").await.made();
    assert_eq!(world.send("k", "Hello").await.made(), made);
}

#[tokio::test]
async fn what_died_after_its_effect_does_not_happen_twice() {
    let world = World::start().await;
    let run = world.begin("k", "Hello").await;
    let (caller, _) = authenticate(&world.app, &world.secret, RateClass::Write).await.unwrap();
    let input = SendEmail {
        identity_id: IDENTITY.parse().unwrap(),
        to: vec!["ada@example.org".to_owned()],
        cc: Vec::new(),
        bcc: Vec::new(),
        subject: "Hello".to_owned(),
        body_text: Some("Hello.".to_owned()),
        body_html: None,
        attachments: Vec::new(),
        tags: Vec::new(),
    };
    let idempotency = run.idempotency.clone();
    let (message, _) = send_email(&world.app, &caller, &idempotency, input.clone()).await.unwrap();
    drop(run);
    world.pass_seconds(60);
    let again = world.send("k", "Hello").await;
    assert!(!again.replayed());
    assert_eq!(again.made(), message.id.to_string());
    assert!(world.send("k", "Hello").await.replayed());
    // The first run, were it still alive, could not do it either.
    send_email(&world.app, &caller, &idempotency, input).await.unwrap_err();
}

#[tokio::test]
async fn many_at_once_have_one_effect() {
    let world = World::start().await;
    let answers = tokio::join!(
        world.send("k", "Hello"),
        world.send("k", "Hello"),
        world.send("k", "Hello"),
        world.send("k", "Hello"),
        world.send("k", "Hello"),
        world.send("k", "Hello"),
    );
    let answers = [answers.0, answers.1, answers.2, answers.3, answers.4, answers.5];
    assert_eq!(answers.iter().filter(|answer| answer.status == 202 && !answer.replayed()).count(), 1);
    let mut made = BTreeSet::from([world.send("k", "Hello").await.made()]);
    for answer in answers {
        match answer.status {
            409 => answer.refused(409, "idempotency_in_flight"),
            _ => drop(made.insert(answer.made())),
        }
    }
    assert_eq!(made.len(), 1);
}

#[tokio::test]
async fn a_key_must_be_printable_and_its_caller_known() {
    let world = World::start().await;
    for key in ["", "\u{fc}", &"x".repeat(256)] {
        let answer = world.send(key, "Hello").await;
        answer.refused(422, "validation_error");
        assert_eq!(answer.body["details"][0]["field"], "Idempotency-Key");
    }
    let unknown = format!("nc_live_{}", "0".repeat(32));
    world.post(&unknown, "k", &email("Hello")).await.refused(401, "unauthorized");
}

#[tokio::test]
async fn the_first_key_is_shown_again_only_where_it_was_asked_for() {
    let world = World::start().await;
    let first = world.bootstrap("192.0.2.1", Some("k")).await;
    assert_eq!(first.status, 201, "{}", first.body);
    let again = world.bootstrap("192.0.2.1", Some("k")).await;
    assert!(again.replayed());
    assert_eq!(again.body["api_key"], first.body["api_key"]);
    world.bootstrap("192.0.2.2", Some("k")).await.refused(409, "workspace_exists");
}
