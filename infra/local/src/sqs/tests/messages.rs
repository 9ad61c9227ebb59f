//! Sending, batches, digests, deleting and changing visibility.

use aws_sdk_sqs::{
    primitives::Blob,
    types::{
        ChangeMessageVisibilityBatchRequestEntry, DeleteMessageBatchRequestEntry, MessageAttributeValue,
        SendMessageBatchRequestEntry, SendMessageBatchResultEntry,
    },
};

use super::*;

fn entry(id: &str, body: &str) -> SendMessageBatchRequestEntry {
    SendMessageBatchRequestEntry::builder().id(id).message_body(body).build().unwrap()
}

fn text(data_type: &str, value: &str) -> MessageAttributeValue {
    MessageAttributeValue::builder().data_type(data_type).string_value(value).build().unwrap()
}

#[tokio::test]
async fn bodies_and_attributes_arrive_as_sent_with_awss_digests() {
    let engine = Engine::start().await;
    let url = engine.queue("orders", &[]).await;
    let send = engine.client.send_message().queue_url(&url).message_body("msg");
    let send = send.message_attributes("Hello", text("String", "There"));
    let send = send.message_attributes("General", text("String", "Kenobi"));
    let answer = send.message_attributes("Help.Me", text("String", "Me")).send().await.unwrap();
    // Recorded from AWS.
    assert_eq!(answer.md5_of_message_body().unwrap(), "6e2baaf3b97dbeef01c0043275f9a0e7");
    assert_eq!(answer.md5_of_message_attributes().unwrap(), "4c360f3fdafd970e05fae2f149d997f5");

    // The digest that comes back covers what was asked for; these too were recorded from AWS.
    for (asked, digest) in [
        ("All", Some("4c360f3fdafd970e05fae2f149d997f5")),
        (".*", Some("4c360f3fdafd970e05fae2f149d997f5")),
        ("Hel.*", Some("83fee93c1bcd8b9a5a923ffacdc636c7")),
        ("Hello", Some("a311262e065454b75da111d535b8dacd")),
        ("Absent", None),
    ] {
        let receive = engine.client.receive_message().queue_url(&url).visibility_timeout(0);
        let received = receive.message_attribute_names(asked).send().await.unwrap().messages.unwrap();
        assert_eq!(received[0].message_id(), answer.message_id());
        assert_eq!(received[0].md5_of_body(), answer.md5_of_message_body());
        assert_eq!(received[0].md5_of_message_attributes(), digest, "{asked}");
    }
}

#[tokio::test]
async fn binary_and_number_attributes_round_trip() {
    let engine = Engine::start().await;
    let url = engine.queue("orders", &[]).await;
    let trace = b"traceparent\x1e00-774062d6c37081a5a0b9b5b88e30627c-2d2482211f6489da-01";
    let binary = MessageAttributeValue::builder().data_type("Binary").binary_value(Blob::new(trace)).build().unwrap();
    let send = engine.client.send_message().queue_url(&url).message_body("test");
    let answer = send.message_attributes("attr1", binary).send().await.unwrap();
    // Recorded from AWS.
    assert_eq!(answer.md5_of_message_attributes().unwrap(), "8cbe4db156db8a94db8b801b7addb984");
    let received = engine.receive(&url).await;
    let value = received[0].message_attributes().unwrap()["attr1"].binary_value().unwrap();
    assert_eq!(value.as_ref(), trace);
    assert_eq!(received[0].md5_of_message_attributes(), answer.md5_of_message_attributes());

    for (name, attribute) in [
        ("AWS.trace", text("String", "x")),
        ("dots..here", text("String", "x")),
        ("n", text("Number", "twelve")),
        ("n", text("Text", "x")),
        ("n", MessageAttributeValue::builder().data_type("String").build().unwrap()),
    ] {
        let send = engine.client.send_message().queue_url(&url).message_body("x").message_attributes(name, attribute);
        assert_eq!(code(send.send().await), "InvalidParameterValue", "{name}");
    }
    let labelled = engine.client.send_message().queue_url(&url).message_body("x");
    labelled.message_attributes("n", text("Number.int", "-12.5e3")).send().await.unwrap();
}

#[tokio::test]
async fn bodies_that_aws_refuses_are_refused() {
    let engine = Engine::start().await;
    let url = engine.queue("orders", &[(QueueAttributeName::MaximumMessageSize, "1024")]).await;
    let send = |body: &str| engine.client.send_message().queue_url(&url).message_body(body).send();
    assert_eq!(code(send("").await), "MissingParameter");
    assert_eq!(code(send("a\u{0}b").await), "InvalidMessageContents");
    assert_eq!(code(send("a\u{FFFE}b").await), "InvalidMessageContents");
    assert_eq!(code(send(&"x".repeat(1025)).await), "InvalidParameterValue");
    assert_eq!(code(send(&"x".repeat(1024)).await), "accepted");
    assert_eq!(code(send("😀\ttab\r\nünï").await), "accepted");
    let delayed = engine.client.send_message().queue_url(&url).message_body("x").delay_seconds(901);
    assert_eq!(code(delayed.send().await), "InvalidParameterValue");
    let deduplicated = engine.client.send_message().queue_url(&url).message_body("x").message_deduplication_id("x");
    assert_eq!(code(deduplicated.send().await), "InvalidParameterValue");
    assert_eq!(bodies(&engine.receive(&url).await).len(), 2);
}

#[tokio::test]
async fn a_batch_has_a_result_per_entry() {
    let engine = Engine::start().await;
    let url = engine.queue("orders", &[]).await;
    let batch = engine.client.send_message_batch().queue_url(&url);
    let result = batch.entries(entry("good", "one")).entries(entry("bad", "\u{1}")).entries(entry("also-good", "two"));
    let result = result.send().await.unwrap();
    assert_eq!(
        result.successful().iter().map(SendMessageBatchResultEntry::id).collect::<Vec<_>>(),
        ["good", "also-good"]
    );
    let failed = &result.failed()[0];
    assert_eq!((failed.id(), failed.code(), failed.sender_fault()), ("bad", "InvalidMessageContents", true));

    let received = engine.receive(&url).await;
    assert_eq!(bodies(&received), ["one", "two"]);
    let change = engine.client.change_message_visibility_batch().queue_url(&url);
    let changed = |id: &str, handle: &str| {
        ChangeMessageVisibilityBatchRequestEntry::builder().id(id).receipt_handle(handle).visibility_timeout(0).build()
    };
    let change = change.entries(changed("a", handle(&received[0])).unwrap());
    let change = change.entries(changed("b", "garbage").unwrap()).send().await.unwrap();
    assert_eq!(change.successful()[0].id(), "a");
    assert_eq!(change.failed()[0].code(), "ReceiptHandleIsInvalid");
    assert_eq!(bodies(&engine.receive(&url).await), ["one"]);

    let delete = engine.client.delete_message_batch().queue_url(&url);
    let deleted =
        |id: &str, handle: &str| DeleteMessageBatchRequestEntry::builder().id(id).receipt_handle(handle).build();
    let delete = delete.entries(deleted("a", handle(&received[0])).unwrap());
    let delete = delete.entries(deleted("b", handle(&received[1])).unwrap());
    let delete = delete.entries(deleted("c", "garbage").unwrap()).send().await.unwrap();
    assert_eq!((delete.successful().len(), delete.failed().len()), (2, 1));
    assert_eq!(engine.counts(&url).await, ["0", "0", "0"]);
}

#[tokio::test]
async fn a_batch_of_the_wrong_shape_is_refused_whole() {
    let engine = Engine::start().await;
    let url = engine.queue("orders", &[]).await;
    let send = |entries: Vec<SendMessageBatchRequestEntry>| {
        engine.client.send_message_batch().queue_url(&url).set_entries(Some(entries)).send()
    };
    let eleven = (0..11).map(|n| entry(&n.to_string(), "x")).collect();
    assert!(send(eleven).await.unwrap_err().into_service_error().is_too_many_entries_in_batch_request());
    assert!(send(vec![]).await.unwrap_err().into_service_error().is_empty_batch_request());
    let twice = vec![entry("a", "x"), entry("a", "y")];
    assert!(send(twice).await.unwrap_err().into_service_error().is_batch_entry_ids_not_distinct());
    assert!(send(vec![entry("a:b", "x")]).await.unwrap_err().into_service_error().is_invalid_batch_entry_id());
    let long = "x".repeat(600_000);
    let long = vec![entry("a", &long), entry("b", &long)];
    assert!(send(long).await.unwrap_err().into_service_error().is_batch_request_too_long());
    assert_eq!(engine.counts(&url).await, ["0", "0", "0"]);
    // The largest batch there is, in the longest encoding.
    let newline = "\n".repeat(104_857);
    send((0..10).map(|n| entry(&n.to_string(), &newline)).collect()).await.unwrap();
}

#[tokio::test]
async fn any_handle_of_a_message_deletes_it_and_nothing_else_does() {
    let engine = Engine::start().await;
    let url = engine.queue("orders", &[]).await;
    let other = engine.queue("other", &[]).await;
    engine.send(&url, "one").await;
    let first = engine.receive(&url).await;
    engine.advance(30).await;
    let second = engine.receive(&url).await;
    assert_ne!(handle(&first[0]), handle(&second[0]));

    let delete = |url: &str, handle: &str| engine.client.delete_message().queue_url(url).receipt_handle(handle).send();
    let mut forged = handle(&first[0]).to_owned();
    forged.replace_range(8..9, if &forged[8..9] == "A" { "B" } else { "A" });
    for (url, handle) in [(&url, "garbage"), (&url, "AAAA"), (&url, forged.as_str()), (&other, handle(&first[0]))] {
        let error = delete(url, handle).await.unwrap_err().into_service_error();
        assert!(error.is_receipt_handle_is_invalid(), "{handle}");
    }
    delete(&url, handle(&first[0])).await.unwrap();
    assert_eq!(engine.counts(&url).await, ["0", "0", "0"]);
    delete(&url, handle(&second[0])).await.unwrap();
}

#[tokio::test]
async fn visibility_is_changed_only_while_in_flight_and_for_twelve_hours_at_most() {
    let engine = Engine::start().await;
    let url = engine.queue("orders", &[]).await;
    engine.send(&url, "one").await;
    let first = engine.receive(&url).await;
    let change = |message: &Message, seconds| {
        let change = engine.client.change_message_visibility().queue_url(&url);
        change.receipt_handle(handle(message)).visibility_timeout(seconds).send()
    };
    change(&first[0], 100).await.unwrap();
    engine.advance(99).await;
    assert!(engine.receive(&url).await.is_empty());
    assert_eq!(code(change(&first[0], 43_200).await), "InvalidParameterValue", "beyond twelve hours in all");
    assert_eq!(code(change(&first[0], 43_201).await), "InvalidParameterValue");
    engine.advance(1).await;
    assert!(change(&first[0], 10).await.unwrap_err().into_service_error().is_message_not_inflight());

    let second = engine.receive(&url).await;
    assert_eq!(code(change(&first[0], 0).await), "InvalidParameterValue", "another delivery is in flight");
    change(&second[0], 0).await.unwrap();
    assert_eq!(engine.receive(&url).await.len(), 1);
    engine.delete(&url, handle(&second[0])).await;
    assert_eq!(code(change(&second[0], 10).await), "InvalidParameterValue");
}
