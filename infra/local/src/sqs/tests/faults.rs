//! Faults on request, as a client meets them.

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;
use crate::faults::{Fault, FaultKind};

fn order(engine: &Engine, operation: &str, kind: FaultKind, count: u32) {
    engine
        .faults
        .order(Fault { service: Service::Sqs, operation: operation.to_owned(), kind, after: 0, count })
        .unwrap();
}

#[tokio::test]
async fn a_throttled_request_does_nothing_and_says_so() {
    let engine = Engine::start().await;
    let url = engine.queue("orders", &[]).await;
    order(&engine, "SendMessage", FaultKind::Throttle, 1);
    let send = || engine.client.send_message().queue_url(&url).message_body("x").send();
    assert!(send().await.unwrap_err().into_service_error().is_request_throttled());
    assert_eq!(engine.counts(&url).await, ["0", "0", "0"]);
    send().await.unwrap();
    assert_eq!(engine.counts(&url).await, ["1", "0", "0"]);
}

#[tokio::test]
async fn after_a_timeout_after_the_effect_the_effect_is_there_and_no_byte_was_answered() {
    let engine = Engine::start().await;
    let url = engine.queue("orders", &[]).await;
    order(&engine, "SendMessage", FaultKind::TimeoutAfterEffect, 2);
    let send = engine.client.send_message().queue_url(&url).message_body("x").send().await.unwrap_err();
    assert!(send.as_service_error().is_none(), "{send:?}");
    assert_eq!(engine.counts(&url).await, ["1", "0", "0"]);

    let body = serde_json::json!({ "QueueUrl": url, "MessageBody": "x" }).to_string();
    let head =
        format!("POST / HTTP/1.1\r\nhost: x\r\nx-amz-target: AmazonSQS.SendMessage\r\ncontent-length: {}", body.len());
    let mut connection = tokio::net::TcpStream::connect(&engine.address).await.unwrap();
    connection.write_all(format!("{head}\r\n\r\n{body}").as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    // Closed or reset, as the system likes.
    let _ = connection.read_to_end(&mut answer).await;
    assert!(answer.is_empty(), "{}", String::from_utf8_lossy(&answer));
    assert_eq!(engine.counts(&url).await, ["2", "0", "0"]);
}

#[tokio::test]
async fn a_timeout_before_does_nothing_however_long_the_client_waits() {
    let engine = Engine::start().await;
    let url = engine.queue("orders", &[]).await;
    order(&engine, "SendMessage", FaultKind::TimeoutBefore, 1);
    let send = engine.client.send_message().queue_url(&url).message_body("x").send();
    assert!(tokio::time::timeout(Duration::from_millis(300), send).await.is_err());
    assert_eq!(engine.counts(&url).await, ["0", "0", "0"]);
    assert!(engine.faults.list().is_empty());
}

#[tokio::test]
async fn a_duplicate_is_handed_out_twice_even_when_the_first_is_deleted() {
    let engine = Engine::start().await;
    let url = engine.queue("orders", &[]).await;
    order(&engine, "ReceiveMessage", FaultKind::DuplicateDelivery, 5);
    let id = engine.send(&url, "one").await;
    let first = engine.receive(&url).await;
    engine.delete(&url, handle(&first[0])).await;
    let second = engine.receive(&url).await;
    assert_eq!(second.len(), 1);
    assert_eq!(second[0].message_id().unwrap(), id);
    assert_eq!(system(&second[0], &MessageSystemAttributeName::ApproximateReceiveCount), "2");
    engine.delete(&url, handle(&second[0])).await;
    assert!(engine.receive(&url).await.is_empty(), "twice, not more");
    assert_eq!(engine.faults.list()[0].count, 4, "counted per message");
}

#[tokio::test]
async fn a_reordered_receive_hands_out_the_newest_first() {
    let engine = Engine::start().await;
    let url = engine.queue("orders", &[]).await;
    order(&engine, "*", FaultKind::Reorder, 1);
    assert!(engine.receive(&url).await.is_empty(), "an empty receive does not use it up");
    for body in ["1", "2", "3"] {
        engine.send(&url, body).await;
    }
    assert_eq!(bodies(&engine.receive(&url).await), ["3", "2", "1"]);
    engine.send(&url, "4").await;
    engine.send(&url, "5").await;
    assert_eq!(bodies(&engine.receive(&url).await), ["4", "5"]);
}
