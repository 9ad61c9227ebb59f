//! The table as clients see it, through the front and without it.
#![allow(clippy::unwrap_used)]

use aws_sdk_dynamodb::{
    error::ProvideErrorMetadata,
    operation::batch_write_item::{BatchWriteItemError, BatchWriteItemOutput},
    types::{AttributeValue, DeleteRequest, PutRequest, ReturnConsumedCapacity, WriteRequest},
};
use tokio::task::JoinSet;

use super::*;
use crate::{
    engine::{REGION, serve_on_loopback},
    template::{TEMPLATE, Template},
};

/// A table of its own, with a client of the front and one of the server behind it.
struct Bench {
    folder: tempfile::TempDir,
    dynamodb: Arc<DynamoDb>,
    front: aws_sdk_dynamodb::Client,
    server: aws_sdk_dynamodb::Client,
    _tasks: JoinSet<()>,
}

impl Bench {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let table = Template::parse(TEMPLATE).unwrap().table;
        let dynamodb = DynamoDb::open(&folder.path().join("dynamodb.sqlite"), &table).await.unwrap();
        let mut tasks = JoinSet::new();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = format!("http://{}", listener.local_addr().unwrap());
        tasks.spawn(dynamodb.clone().serve(listener, CancellationToken::new()));
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let front = Front { dynamodb: dynamodb.clone(), faults: Arc::default(), client, server: server.clone() };
        let front = serve_on_loopback(router(front), CancellationToken::new(), &mut tasks).await.unwrap();
        Self { folder, dynamodb, front: client_of(front), server: client_of(server), _tasks: tasks }
    }

    async fn write(
        &self,
        client: &aws_sdk_dynamodb::Client,
        entries: Vec<WriteRequest>,
    ) -> Result<BatchWriteItemOutput, BatchWriteItemError> {
        let request = client.batch_write_item().request_items(self.dynamodb.table(), entries);
        let answer = request.return_consumed_capacity(ReturnConsumedCapacity::Total).send().await;
        answer.map_err(aws_sdk_dynamodb::error::SdkError::into_service_error)
    }

    /// How many commits are in the database's log: a commit ends with a frame that says how large the database is then.
    fn commits(&self) -> usize {
        let log = std::fs::read(self.folder.path().join("dynamodb.sqlite-wal")).unwrap();
        let page_bytes = u32::from_be_bytes(log[8..12].try_into().unwrap()) as usize;
        log[32..].chunks_exact(24 + page_bytes).filter(|frame| frame[4..8] != [0; 4]).count()
    }

    /// What the stream tells, without what is another one each time.
    async fn told(&self) -> Vec<Value> {
        let records = self.dynamodb.records(None, 1_000).await.unwrap();
        let told = |record: StreamRecord| {
            let change = &record.json["dynamodb"];
            json!([record.json["eventName"], change["Keys"], change["OldImage"], change["NewImage"]])
        };
        records.into_iter().map(told).collect()
    }
}

fn client_of(url: String) -> aws_sdk_dynamodb::Client {
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(aws_sdk_dynamodb::config::BehaviorVersion::latest())
        .region(aws_sdk_dynamodb::config::Region::new(REGION))
        .endpoint_url(url)
        .credentials_provider(aws_sdk_dynamodb::config::Credentials::new("a", "b", None, None, "test"));
    aws_sdk_dynamodb::Client::from_conf(config.build())
}

fn text(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

/// An item that lies in an index as well, and as large as is said.
fn put(name: &str, bytes: usize) -> WriteRequest {
    let put = PutRequest::builder().item("pk", text(name)).item("sk", text("x"));
    let put = put.item("list_pk", text("all")).item("list_sk", text(name)).item("body", text(&"b".repeat(bytes)));
    WriteRequest::builder().put_request(put.build().unwrap()).build()
}

fn delete(name: &str) -> WriteRequest {
    let delete = DeleteRequest::builder().key("pk", text(name)).key("sk", text("x"));
    WriteRequest::builder().delete_request(delete.build().unwrap()).build()
}

#[tokio::test]
async fn a_batch_is_one_commit() {
    let bench = Bench::start().await;
    let before = bench.commits();
    bench.write(&bench.front, (0..25).map(|i| put(&i.to_string(), 1)).collect()).await.unwrap();
    assert_eq!(bench.commits() - before, 1);
    assert_eq!(bench.told().await.len(), 25);
    bench.write(&bench.front, vec![delete("3"), put("4", 2), put("new", 2)]).await.unwrap();
    assert_eq!(bench.commits() - before, 2);
    // Else the front would be for nothing.
    bench.write(&bench.server, vec![put("5", 2), put("6", 2)]).await.unwrap();
    assert_eq!(bench.commits() - before, 4);
}

#[tokio::test]
async fn a_batch_does_costs_and_tells_what_the_server_says() {
    let (at_front, at_server) = (Bench::start().await, Bench::start().await);
    for entries in [
        vec![put("small", 1), put("large", 3_000), put("shrinks", 5_000), put("goes", 2_000)],
        vec![put("small", 1), put("large", 4_000), put("shrinks", 1), delete("goes"), delete("never was")],
    ] {
        let front = at_front.write(&at_front.front, entries.clone()).await.unwrap();
        let server = at_server.write(&at_server.server, entries).await.unwrap();
        assert_eq!(front.consumed_capacity(), server.consumed_capacity());
        assert_eq!(front.unprocessed_items(), server.unprocessed_items());
    }
    assert_eq!(at_front.told().await, at_server.told().await);
}

#[tokio::test]
async fn a_batch_that_is_refused_is_refused_as_one_and_writes_nothing() {
    let bench = Bench::start().await;
    let without_key = PutRequest::builder().item("pk", text("no sort key")).build().unwrap();
    for entries in [
        (0..26).map(|i| put(&i.to_string(), 1)).collect(),
        vec![put("twice", 1), delete("twice")],
        vec![put("whole", 1), WriteRequest::builder().put_request(without_key).build()],
        vec![put("whole", 1), put("too large", 500_000)],
        vec![],
    ] {
        let front = bench.write(&bench.front, entries.clone()).await.unwrap_err();
        let server = bench.write(&bench.server, entries).await.unwrap_err();
        assert_eq!((front.code(), front.message()), (server.code(), server.message()));
        assert_eq!(front.code(), Some("ValidationException"));
    }
    assert!(bench.told().await.is_empty());
}
