//! The mappings between real queues, a real table and functions that do as they are told.
#![allow(clippy::unwrap_used)]

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use aws_sdk_sqs::types::QueueAttributeName;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::{
    clock::LocalClock,
    dynamodb::{DynamoDb, Front},
    engine::{Destinations, serve_on_loopback},
    faults::Faults,
    invoke::{Code, Deployed, Functions, InvokeError, SesGate},
    sqs::Sqs,
    state::State,
    template::{TEMPLATE, Template},
};

const DEADLINE: Duration = Duration::from_secs(20);

/// Waits until something is so.
pub(crate) async fn until<T>(mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let looking = async {
        loop {
            if let Some(found) = look().await {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(DEADLINE, looking).await.expect("in time")
}

/// A function that does as it is told, as the only one, called `f`.
pub(crate) fn function(
    handler: impl Fn(Value) -> Result<Value, InvokeError> + Send + Sync + 'static,
) -> Arc<Functions> {
    let deployed = Deployed {
        name: "f".to_owned(),
        code: Code::scripted(handler),
        timeout: Duration::from_secs(5),
        gate: Arc::new(SesGate::default()),
    };
    Arc::new(Functions { deployed: BTreeMap::from([("f".to_owned(), deployed)]), faults: Arc::default() })
}

/// State, clock and queues in a folder of their own.
pub(crate) struct Bench {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) state: State,
    pub(crate) clock: Arc<LocalClock>,
    pub(crate) sqs: aws_sdk_sqs::Client,
    pub(crate) tasks: JoinSet<()>,
    queues: Arc<Sqs>,
    urls: BTreeMap<String, String>,
}

impl Bench {
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let state = State::open(&folder.path().join("engine.sqlite")).unwrap();
        let clock = LocalClock::open(state.clone()).await.unwrap();
        let queues = Sqs::open(state.clone(), clock.clone(), Arc::new(Faults::default()), "us-east-1").unwrap();
        let mut tasks = JoinSet::new();
        let url = serve_on_loopback(queues.router(), CancellationToken::new(), &mut tasks).await.unwrap();
        let sqs = crate::clients::sqs(&url, None);
        Self { folder, state, clock, sqs, tasks, queues, urls: BTreeMap::new() }
    }

    pub(crate) async fn queue(&mut self, name: &str, redrive_to: Option<&str>) -> String {
        let mut create =
            self.sqs.create_queue().queue_name(name).attributes(QueueAttributeName::VisibilityTimeout, "30");
        if let Some(end) = redrive_to {
            let policy = json!({ "deadLetterTargetArn": self.queues.arn(end), "maxReceiveCount": 2 });
            create = create.attributes(QueueAttributeName::RedrivePolicy, policy.to_string());
        }
        let url = create.send().await.unwrap().queue_url.unwrap();
        self.urls.insert(name.to_owned(), url.clone());
        url
    }

    pub(crate) fn destinations(&self) -> Destinations {
        Destinations::new(self.sqs.clone(), Arc::new(self.urls.clone()))
    }

    /// The bodies on a queue, once there are any.
    pub(crate) async fn bodies(&self, url: &str) -> Vec<String> {
        until(async || {
            let received = self.sqs.receive_message().queue_url(url).max_number_of_messages(10).send().await.unwrap();
            let messages = received.messages.unwrap_or_default();
            (!messages.is_empty()).then(|| messages.into_iter().map(|message| message.body.unwrap()).collect())
        })
        .await
    }
}

fn bodies_of(event: &Value) -> Vec<String> {
    event["Records"].as_array().unwrap().iter().map(|record| record["body"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn what_fails_comes_again_and_ends_in_the_dead_letter_queue_and_the_rest_is_done_once() {
    let mut bench = Bench::new().await;
    let dead = bench.queue("dead", None).await;
    let queue = bench.queue("work", Some("dead")).await;
    for body in ["good", "bad", "fine"] {
        bench.sqs.send_message().queue_url(&queue).message_body(body).send().await.unwrap();
    }
    let seen = Arc::new(Mutex::new(Vec::new()));
    let functions = {
        let seen = seen.clone();
        function(move |event| {
            seen.lock().unwrap().extend(bodies_of(&event));
            let records = event["Records"].as_array().unwrap();
            let failed = records.iter().filter(|record| record["body"] == "bad");
            let failed: Vec<_> = failed.map(|record| json!({ "itemIdentifier": record["messageId"] })).collect();
            Ok(json!({ "batchItemFailures": failed }))
        })
    };
    let mapping = QueueMapping {
        client: bench.sqs.clone(),
        functions,
        function: "f".to_owned(),
        queue_url: queue.clone(),
        queue_arn: "arn".to_owned(),
        region: "us-east-1".to_owned(),
        batch_size: 10,
        max_concurrency: Some(2),
        reports_failures: true,
    };
    bench.tasks.spawn(mapping.run(CancellationToken::new()));
    let count = |what: &str| seen.lock().unwrap().iter().filter(|body| *body == what).count();
    for receives in 1..=2 {
        until(async || (count("bad") == receives).then_some(())).await;
        bench.clock.advance(Duration::from_secs(31)).await.unwrap();
    }
    assert_eq!(bench.bodies(&dead).await, ["bad"]);
    assert_eq!((count("good"), count("bad"), count("fine")), (1, 2, 1));
}

async fn table(bench: &Bench) -> Arc<DynamoDb> {
    let template = Template::parse(TEMPLATE).unwrap();
    DynamoDb::open(&bench.folder.path().join("dynamodb.sqlite"), &template.table).await.unwrap()
}

/// Writes items through the real server, so that the stream has as many records.
async fn write(bench: &mut Bench, dynamodb: &Arc<DynamoDb>, names: &[&str]) {
    let front = Front { dynamodb: dynamodb.clone(), faults: Arc::default() };
    let served = serve_on_loopback(crate::dynamodb::router(front), CancellationToken::new(), &mut bench.tasks);
    let url = served.await.unwrap();
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(aws_sdk_dynamodb::config::BehaviorVersion::latest())
        .region(aws_sdk_dynamodb::config::Region::new("us-east-1"))
        .endpoint_url(url)
        .credentials_provider(aws_sdk_dynamodb::config::Credentials::new("a", "b", None, None, "test"));
    let client = aws_sdk_dynamodb::Client::from_conf(config.build());
    for name in names {
        let text = |text: &str| aws_sdk_dynamodb::types::AttributeValue::S(text.to_owned());
        let put = client.put_item().table_name(dynamodb.table()).item("pk", text(name)).item("sk", text("x"));
        put.send().await.unwrap();
    }
}

fn keys_of(event: &Value) -> Vec<String> {
    let key = |record: &Value| record["dynamodb"]["NewImage"]["pk"]["S"].as_str().unwrap().to_owned();
    event["Records"].as_array().unwrap().iter().map(key).collect()
}

fn stream(bench: &Bench, dynamodb: Arc<DynamoDb>, functions: Arc<Functions>) -> StreamMapping {
    StreamMapping {
        dynamodb,
        functions,
        destinations: bench.destinations(),
        checkpoints: Checkpoints::open(bench.state.clone()).unwrap(),
        function: "f".to_owned(),
        batch_size: 100,
        max_retries: Some(2),
        bisect: true,
        reports_failures: true,
        on_failure: Some("lost".to_owned()),
        patterns: Vec::new(),
    }
}

#[tokio::test]
async fn a_poisonous_change_is_given_up_alone_and_told_and_the_order_is_kept() {
    let mut bench = Bench::new().await;
    let lost = bench.queue("lost", None).await;
    let dynamodb = table(&bench).await;
    write(&mut bench, &dynamodb, &["a", "b", "poison", "c", "d"]).await;
    let done = Arc::new(Mutex::new(Vec::new()));
    let functions = {
        let done = done.clone();
        function(move |event| {
            let keys = keys_of(&event);
            if keys.contains(&"poison".to_owned()) {
                return Err(InvokeError::Failed { reason: "poisoned".to_owned() });
            }
            done.lock().unwrap().extend(keys);
            Ok(json!({ "batchItemFailures": [] }))
        })
    };
    bench.tasks.spawn(stream(&bench, dynamodb.clone(), functions).run(CancellationToken::new()));
    until(async || (done.lock().unwrap().len() == 4).then_some(())).await;
    assert_eq!(*done.lock().unwrap(), ["a", "b", "c", "d"]);
    let told: Value = serde_json::from_str(&bench.bodies(&lost).await[0]).unwrap();
    assert_eq!(told["DDBStreamBatchInfo"]["batchSize"], 1);

    // Whoever goes on later begins behind all that.
    write(&mut bench, &dynamodb, &["e"]).await;
    let later = Arc::new(Mutex::new(Vec::new()));
    let functions = {
        let later = later.clone();
        function(move |event| {
            later.lock().unwrap().extend(keys_of(&event));
            Ok(json!({}))
        })
    };
    until(async || (done.lock().unwrap().len() == 5).then_some(())).await;
    bench.tasks.spawn(stream(&bench, dynamodb.clone(), functions).run(CancellationToken::new()));
    write(&mut bench, &dynamodb, &["f"]).await;
    until(async || later.lock().unwrap().contains(&"f".to_owned()).then_some(())).await;
    assert!(!later.lock().unwrap().contains(&"a".to_owned()));
}

#[tokio::test]
async fn a_partial_failure_goes_on_from_the_record_it_names() {
    let mut bench = Bench::new().await;
    let dynamodb = table(&bench).await;
    write(&mut bench, &dynamodb, &["a", "b", "c"]).await;
    let calls = Arc::new(Mutex::new(Vec::new()));
    let functions = {
        let calls = calls.clone();
        function(move |event| {
            let keys = keys_of(&event);
            let first = calls.lock().unwrap().is_empty();
            calls.lock().unwrap().push(keys);
            let second = &event["Records"][1]["dynamodb"]["SequenceNumber"];
            Ok(if first { json!({ "batchItemFailures": [{ "itemIdentifier": second }] }) } else { Value::Null })
        })
    };
    bench.tasks.spawn(stream(&bench, dynamodb, functions).run(CancellationToken::new()));
    until(async || (calls.lock().unwrap().len() == 2).then_some(())).await;
    assert_eq!(*calls.lock().unwrap(), [vec!["a", "b", "c"], vec!["b", "c"]]);
}
