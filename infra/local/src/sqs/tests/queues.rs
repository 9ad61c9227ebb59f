//! Creating, finding, setting and removing queues.

use super::*;

#[tokio::test]
async fn a_queue_is_created_once_and_only_with_the_same_attributes() {
    let engine = Engine::start().await;
    let url = engine.queue("orders", &[(QueueAttributeName::VisibilityTimeout, "45")]).await;
    assert_eq!(url, format!("http://{}/000000000000/orders", engine.address));
    assert_eq!(engine.queue("orders", &[(QueueAttributeName::VisibilityTimeout, "45")]).await, url);
    assert_eq!(engine.queue("orders", &[]).await, url);

    let other = engine.client.create_queue().queue_name("orders").attributes(QueueAttributeName::DelaySeconds, "3");
    let error = other.send().await.unwrap_err().into_service_error();
    assert!(error.is_queue_name_exists());
    assert_eq!(
        error.message().unwrap(),
        "A queue already exists with the same name and a different value for attribute DelaySeconds"
    );
}

#[tokio::test]
async fn names_and_values_that_aws_refuses_are_refused() {
    let engine = Engine::start().await;
    let create = |name: &str| engine.client.create_queue().queue_name(name);
    assert_eq!(code(create("orders.fifo").send().await), "InvalidAttributeValue");
    assert_eq!(code(create("or ders").send().await), "InvalidParameterValue");
    assert_eq!(code(create(&"q".repeat(81)).send().await), "InvalidParameterValue");
    for (name, value) in [
        (QueueAttributeName::VisibilityTimeout, "43201"),
        (QueueAttributeName::DelaySeconds, "-1"),
        (QueueAttributeName::ReceiveMessageWaitTimeSeconds, "21"),
        (QueueAttributeName::MessageRetentionPeriod, "59"),
        (QueueAttributeName::MaximumMessageSize, "many"),
    ] {
        assert_eq!(code(create("orders").attributes(name, value).send().await), "InvalidAttributeValue", "{value}");
    }
    let unknown = create("orders").attributes(QueueAttributeName::from("Colour"), "red");
    assert_eq!(code(unknown.send().await), "InvalidAttributeName");
    let unplayed = create("orders").attributes(QueueAttributeName::KmsMasterKeyId, "key");
    assert_eq!(code(unplayed.send().await), "AWS.SimpleQueueService.UnsupportedOperation");
    assert!(engine.client.list_queues().send().await.unwrap().queue_urls.is_none());
}

#[tokio::test]
async fn queues_are_found_by_name_and_listed_in_pages() {
    let engine = Engine::start().await;
    for name in ["a-1", "a-2", "a-3", "b-1"] {
        engine.queue(name, &[]).await;
    }
    let found = engine.client.get_queue_url().queue_name("a-2").send().await.unwrap().queue_url.unwrap();
    assert!(found.ends_with("/000000000000/a-2"));
    let missing = engine.client.get_queue_url().queue_name("c").send().await.unwrap_err().into_service_error();
    assert!(missing.is_queue_does_not_exist());

    let first = engine.client.list_queues().queue_name_prefix("a").max_results(2).send().await.unwrap();
    assert_eq!(first.queue_urls().len(), 2);
    let second = engine.client.list_queues().queue_name_prefix("a").max_results(2);
    let second = second.next_token(first.next_token.unwrap()).send().await.unwrap();
    assert_eq!(second.queue_urls().len(), 1);
    assert!(second.next_token.is_none());
    assert_eq!(engine.client.list_queues().send().await.unwrap().queue_urls().len(), 4);
}

#[tokio::test]
async fn attributes_are_shown_and_set() {
    let engine = Engine::start().await;
    let dead = engine.queue("dead", &[]).await;
    let url = engine.queue("orders", &[]).await;
    let policy = r#"{"deadLetterTargetArn":"arn:aws:sqs:eu-west-1:000000000000:dead","maxReceiveCount":"3"}"#;
    let set = engine.client.set_queue_attributes().queue_url(&url);
    let set =
        set.attributes(QueueAttributeName::RedrivePolicy, policy).attributes(QueueAttributeName::DelaySeconds, "7");
    set.send().await.unwrap();

    let get = engine.client.get_queue_attributes().queue_url(&url).attribute_names(QueueAttributeName::All);
    let attributes = get.send().await.unwrap().attributes.unwrap();
    for (name, value) in [
        (QueueAttributeName::QueueArn, "arn:aws:sqs:eu-west-1:000000000000:orders"),
        (QueueAttributeName::VisibilityTimeout, "30"),
        (QueueAttributeName::DelaySeconds, "7"),
        (QueueAttributeName::MessageRetentionPeriod, "345600"),
        (QueueAttributeName::MaximumMessageSize, "1048576"),
        (QueueAttributeName::ApproximateNumberOfMessages, "0"),
    ] {
        assert_eq!(attributes[&name], value, "{name:?}");
    }
    let shown: serde_json::Value = serde_json::from_str(&attributes[&QueueAttributeName::RedrivePolicy]).unwrap();
    assert_eq!(shown["maxReceiveCount"], 3);

    let one = engine.client.get_queue_attributes().queue_url(&url).attribute_names(QueueAttributeName::DelaySeconds);
    assert_eq!(one.send().await.unwrap().attributes.unwrap().len(), 1);
    let unset =
        engine.client.get_queue_attributes().queue_url(&dead).attribute_names(QueueAttributeName::RedrivePolicy);
    assert!(unset.send().await.unwrap().attributes.is_none());
    let unknown = engine.client.get_queue_attributes().queue_url(&url).attribute_names("Colour".into());
    assert_eq!(code(unknown.send().await), "InvalidAttributeName");

    for policy in [
        r#"{"deadLetterTargetArn":"arn:aws:sqs:eu-west-1:000000000000:nowhere","maxReceiveCount":3}"#,
        r#"{"deadLetterTargetArn":"dead","maxReceiveCount":3}"#,
        r#"{"deadLetterTargetArn":"arn:aws:sqs:eu-west-1:000000000000:dead","maxReceiveCount":0}"#,
        "[]",
    ] {
        let set = engine.client.set_queue_attributes().queue_url(&url);
        let set = set.attributes(QueueAttributeName::RedrivePolicy, policy);
        assert_eq!(code(set.send().await), "InvalidParameterValue", "{policy}");
    }
}

#[tokio::test]
async fn a_deleted_queue_takes_its_messages_with_it() {
    let engine = Engine::start().await;
    let url = engine.queue("orders", &[]).await;
    engine.send(&url, "one").await;
    let old = engine.receive(&url).await;
    engine.client.delete_queue().queue_url(&url).send().await.unwrap();
    let receive = engine.client.receive_message().queue_url(&url).send().await.unwrap_err().into_service_error();
    assert!(receive.is_queue_does_not_exist());

    engine.queue("orders", &[]).await;
    assert_eq!(engine.counts(&url).await, ["0", "0", "0"]);
    let delete = engine.client.delete_message().queue_url(&url).receipt_handle(handle(&old[0]));
    assert!(delete.send().await.unwrap_err().into_service_error().is_receipt_handle_is_invalid());
}

#[tokio::test]
async fn a_queue_is_purged_at_most_once_a_minute() {
    let engine = Engine::start().await;
    let url = engine.queue("orders", &[]).await;
    engine.send(&url, "one").await;
    engine.client.purge_queue().queue_url(&url).send().await.unwrap();
    assert_eq!(engine.counts(&url).await, ["0", "0", "0"]);
    let again = engine.client.purge_queue().queue_url(&url).send().await.unwrap_err().into_service_error();
    assert!(again.is_purge_queue_in_progress());
    engine.advance(60).await;
    engine.client.purge_queue().queue_url(&url).send().await.unwrap();
}

#[tokio::test]
async fn what_is_not_played_is_refused_by_name() {
    let engine = Engine::start().await;
    let url = engine.queue("orders", &[]).await;
    let tagged = engine.client.tag_queue().queue_url(&url).tags("a", "b").send().await.unwrap_err();
    assert_eq!(tagged.raw_response().unwrap().status().as_u16(), 501);
    let error = tagged.into_service_error();
    assert!(error.is_unsupported_operation());
    assert!(error.message().unwrap().contains("TagQueue"));

    let elsewhere = engine.client.purge_queue().queue_url("http://localhost/111122223333/orders");
    assert!(elsewhere.send().await.unwrap_err().into_service_error().is_queue_does_not_exist());
    let bare = engine.client.purge_queue().queue_url("orders");
    assert_eq!(code(bare.send().await), "InvalidAddress");
}

#[tokio::test]
async fn errors_look_as_in_aws_on_the_wire() {
    let engine = Engine::start().await;
    let post = |operation: &str, body: &'static str| {
        let request = reqwest::Client::new().post(format!("http://{}/", engine.address));
        request.header("x-amz-target", format!("AmazonSQS.{operation}")).body(body).send()
    };
    let response = post("GetQueueUrl", r#"{"QueueName":"missing"}"#).await.unwrap();
    assert_eq!(response.status(), 400);
    assert_eq!(response.headers()["content-type"], "application/x-amz-json-1.0");
    assert_eq!(response.headers()["x-amzn-query-error"], "AWS.SimpleQueueService.NonExistentQueue;Sender");
    assert!(response.headers().contains_key("x-amzn-requestid"));
    let body: serde_json::Value = response.json().await.unwrap();
    assert_eq!(body["__type"], "com.amazonaws.sqs#QueueDoesNotExist");
    assert_eq!(body["message"], "The specified queue does not exist.");

    assert_eq!(post("GetQueueUrl", "{").await.unwrap().status(), 400);
    assert_eq!(post("GetQueueUrl", r#"{"QueueName":7}"#).await.unwrap().status(), 400);
    let body: serde_json::Value = post("SendMessage", "{}").await.unwrap().json().await.unwrap();
    assert_eq!(body["message"], "The request must contain the parameter QueueUrl.");
}
