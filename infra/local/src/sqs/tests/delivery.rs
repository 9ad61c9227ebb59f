//! Who gets a message, when, and how often.

use std::collections::BTreeSet;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::Instant,
};

use super::*;

#[tokio::test]
async fn a_received_message_is_hidden_until_its_timeout_and_counted() {
    let engine = Engine::start().await;
    let url = engine.queue("orders", &[]).await;
    let id = engine.send(&url, "one").await;
    let first = engine.receive(&url).await;
    assert_eq!(first[0].message_id().unwrap(), id);
    assert_eq!(system(&first[0], &MessageSystemAttributeName::ApproximateReceiveCount), "1");
    assert!(engine.receive(&url).await.is_empty());
    assert_eq!(engine.counts(&url).await, ["0", "1", "0"]);

    engine.advance(30).await;
    assert_eq!(engine.counts(&url).await, ["1", "0", "0"]);
    let second = engine.receive(&url).await;
    assert_eq!(system(&second[0], &MessageSystemAttributeName::ApproximateReceiveCount), "2");
    for name in [
        MessageSystemAttributeName::SentTimestamp,
        MessageSystemAttributeName::ApproximateFirstReceiveTimestamp,
        MessageSystemAttributeName::SenderId,
    ] {
        assert_eq!(system(&second[0], &name), system(&first[0], &name));
    }
}

#[tokio::test]
async fn attributes_come_only_when_asked_for_and_limits_hold() {
    let engine = Engine::start().await;
    let url = engine.queue("orders", &[]).await;
    for n in 0..12 {
        engine.send(&url, &n.to_string()).await;
    }
    let plain = engine.client.receive_message().queue_url(&url).send().await.unwrap().messages.unwrap();
    assert_eq!(plain.len(), 1);
    assert!(plain[0].attributes().is_none());
    assert_eq!(engine.receive(&url).await.len(), 10);
    let receive = || engine.client.receive_message().queue_url(&url);
    for receive in [
        receive().max_number_of_messages(11),
        receive().max_number_of_messages(0),
        receive().wait_time_seconds(21),
        receive().visibility_timeout(-1),
    ] {
        assert_eq!(code(receive.send().await), "InvalidParameterValue");
    }
    let unknown = receive().message_system_attribute_names("Colour".into());
    assert_eq!(code(unknown.send().await), "InvalidAttributeName");
}

#[tokio::test]
async fn delays_of_the_queue_and_of_the_message_hold_messages_back() {
    let engine = Engine::start().await;
    let url = engine.queue("orders", &[(QueueAttributeName::DelaySeconds, "10")]).await;
    engine.send(&url, "by the queue").await;
    let send = engine.client.send_message().queue_url(&url).message_body("by itself");
    send.delay_seconds(900).send().await.unwrap();
    let send = engine.client.send_message().queue_url(&url).message_body("at once");
    send.delay_seconds(0).send().await.unwrap();

    assert_eq!(bodies(&engine.receive(&url).await), ["at once"]);
    assert_eq!(engine.counts(&url).await, ["0", "1", "2"]);
    engine.advance(10).await;
    assert_eq!(bodies(&engine.receive(&url).await), ["by the queue"]);
    engine.advance(890).await;
    assert!(bodies(&engine.receive(&url).await).contains(&"by itself"));
}

#[tokio::test]
async fn a_long_poll_ends_when_a_message_is_sent_comes_back_or_falls_due() {
    let engine = Engine::start().await;
    let url = engine.queue("orders", &[]).await;
    let poll = || {
        let receive = engine.client.receive_message().queue_url(&url).wait_time_seconds(20);
        tokio::spawn(async move { receive.send().await.unwrap().messages.unwrap_or_default() })
    };
    let started = Instant::now();

    let polled = poll();
    engine.send(&url, "sent").await;
    let messages = polled.await.unwrap();
    assert_eq!(bodies(&messages), ["sent"]);

    let polled = poll();
    let change = engine.client.change_message_visibility().queue_url(&url).receipt_handle(handle(&messages[0]));
    change.visibility_timeout(0).send().await.unwrap();
    let messages = polled.await.unwrap();
    assert_eq!(bodies(&messages), ["sent"]);

    let polled = poll();
    engine.advance(30).await;
    assert_eq!(bodies(&polled.await.unwrap()), ["sent"]);

    let polled = poll();
    engine.client.delete_queue().queue_url(&url).send().await.unwrap();
    assert!(polled.await.is_err(), "the poll of a deleted queue is refused");
    assert!(started.elapsed() < Duration::from_secs(15), "no poll may have lasted its twenty seconds");
}

#[tokio::test]
async fn a_receiver_that_hung_up_takes_nothing() {
    let engine = Engine::start().await;
    let url = engine.queue("orders", &[]).await;
    let body = serde_json::json!({ "QueueUrl": url, "WaitTimeSeconds": 20 }).to_string();
    let length = body.len();
    let head =
        format!("POST / HTTP/1.1\r\nhost: x\r\nx-amz-target: AmazonSQS.ReceiveMessage\r\ncontent-length: {length}");
    let mut connection = tokio::net::TcpStream::connect(&engine.address).await.unwrap();
    connection.write_all(format!("{head}\r\n\r\n{body}").as_bytes()).await.unwrap();
    connection.shutdown().await.unwrap();
    // The server has noticed once it closes its own side.
    let mut answer = Vec::new();
    let closed = connection.read_to_end(&mut answer);
    tokio::time::timeout(Duration::from_secs(10), closed).await.unwrap().unwrap();
    engine.send(&url, "one").await;
    assert_eq!(engine.counts(&url).await, ["1", "0", "0"]);
}

#[tokio::test]
async fn a_long_poll_of_an_empty_queue_lasts_as_long_as_asked() {
    let engine = Engine::start().await;
    let url = engine.queue("orders", &[(QueueAttributeName::ReceiveMessageWaitTimeSeconds, "1")]).await;
    let started = Instant::now();
    assert!(engine.receive(&url).await.is_empty());
    assert!(started.elapsed() >= Duration::from_secs(1));
}

#[tokio::test]
async fn after_too_many_receives_a_message_goes_to_the_dead_letters() {
    let engine = Engine::start().await;
    let dead = engine.queue("dead", &[]).await;
    let policy = r#"{"deadLetterTargetArn":"arn:aws:sqs:eu-west-1:000000000000:dead","maxReceiveCount":2}"#;
    let url = engine.queue("orders", &[(QueueAttributeName::RedrivePolicy, policy)]).await;
    let id = engine.send(&url, "poison").await;
    for _ in 0..2 {
        assert_eq!(engine.receive(&url).await.len(), 1);
        engine.advance(30).await;
    }
    // It moves when it would have been received once more, and wakes whoever waits for dead letters.
    assert_eq!(engine.counts(&dead).await, ["0", "0", "0"]);
    let waiting = engine.client.receive_message().queue_url(&dead).wait_time_seconds(20);
    let waiting = waiting.message_system_attribute_names(MessageSystemAttributeName::All);
    let waiting = tokio::spawn(async move { waiting.send().await.unwrap().messages.unwrap_or_default() });
    engine.send(&url, "healthy").await;
    assert_eq!(bodies(&engine.receive(&url).await), ["healthy"]);
    let buried = waiting.await.unwrap();
    assert_eq!(buried[0].message_id().unwrap(), id);
    assert_eq!(system(&buried[0], &MessageSystemAttributeName::ApproximateReceiveCount), "3");
    assert_eq!(
        system(&buried[0], &MessageSystemAttributeName::DeadLetterQueueSourceArn),
        "arn:aws:sqs:eu-west-1:000000000000:orders"
    );
}

#[tokio::test]
async fn messages_expire_after_the_retention_period() {
    let engine = Engine::start().await;
    let url = engine.queue("orders", &[(QueueAttributeName::MessageRetentionPeriod, "60")]).await;
    engine.send(&url, "one").await;
    engine.advance(59).await;
    assert_eq!(engine.counts(&url).await, ["1", "0", "0"]);
    engine.advance(1).await;
    assert_eq!(engine.counts(&url).await, ["0", "0", "0"]);
    assert!(engine.receive(&url).await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn concurrent_receivers_never_share_a_message() {
    let engine = Engine::start().await;
    let url = engine.queue("orders", &[]).await;
    let sent: BTreeSet<String> = {
        let sends = (0..60).map(|n| {
            let send = engine.client.send_message().queue_url(&url).message_body(n.to_string());
            tokio::spawn(async move { send.send().await.unwrap().message_id.unwrap() })
        });
        let mut ids = BTreeSet::new();
        for send in sends.collect::<Vec<_>>() {
            ids.insert(send.await.unwrap());
        }
        ids
    };
    let receivers = (0..8).map(|_| {
        let receive = engine.client.receive_message().queue_url(&url).max_number_of_messages(3);
        tokio::spawn(async move {
            let mut ids = Vec::new();
            loop {
                let messages = receive.clone().send().await.unwrap().messages.unwrap_or_default();
                if messages.is_empty() {
                    return ids;
                }
                ids.extend(messages.into_iter().map(|message| message.message_id.unwrap()));
            }
        })
    });
    let mut received = Vec::new();
    for receiver in receivers.collect::<Vec<_>>() {
        received.extend(receiver.await.unwrap());
    }
    assert_eq!(received.len(), 60);
    assert_eq!(received.into_iter().collect::<BTreeSet<_>>(), sent);
}

#[tokio::test]
async fn after_kill_9_nothing_is_lost_and_what_was_in_flight_comes_back() {
    let engine = Engine::start().await;
    let url = engine.queue("orders", &[(QueueAttributeName::VisibilityTimeout, "90")]).await;
    engine.advance(3600).await;
    engine.send(&url, "in flight").await;
    let in_flight = engine.receive(&url).await;
    engine.send(&url, "waiting").await;
    engine.send(&url, "done").await;
    let done = engine.receive(&url).await;
    assert_eq!(bodies(&done), ["waiting", "done"]);
    engine.delete(&url, handle(&done[1])).await;
    let change = engine.client.change_message_visibility().queue_url(&url).receipt_handle(handle(&done[0]));
    change.visibility_timeout(0).send().await.unwrap();

    let restarted = engine.killed_and_restarted().await;
    drop(engine);
    let again = restarted.client.get_queue_url().queue_name("orders").send().await.unwrap().queue_url.unwrap();
    assert_ne!(again, url, "the port is another one");
    // The URL from before the restart still names the queue, and the old clock still counts.
    assert_eq!(bodies(&restarted.receive(&url).await), ["waiting"]);
    assert_eq!(restarted.counts(&again).await, ["0", "2", "0"]);
    restarted.delete(&again, handle(&done[0])).await;
    restarted.advance(90).await;
    let back = restarted.receive(&again).await;
    assert_eq!(bodies(&back), ["in flight"]);
    assert_eq!(system(&back[0], &MessageSystemAttributeName::ApproximateReceiveCount), "2");
    restarted.delete(&again, handle(&in_flight[0])).await;
    assert_eq!(restarted.counts(&again).await, ["0", "0", "0"]);
}
