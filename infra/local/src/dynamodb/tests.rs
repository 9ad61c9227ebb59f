//! The table as clients see it, beside the library's own server.
#![allow(clippy::unwrap_used)]

use aws_sdk_dynamodb::{
    error::ProvideErrorMetadata,
    operation::{
        batch_write_item::{BatchWriteItemError, BatchWriteItemOutput},
        transact_write_items::TransactWriteItemsError,
    },
    types::{
        AttributeValue, DeleteRequest, PutRequest, ReturnConsumedCapacity, TransactWriteItem, Update, WriteRequest,
    },
};
use dynoxide::Database;
use tokio::{net::TcpListener, task::JoinSet};
use tokio_util::sync::CancellationToken;

use super::*;
use crate::{
    engine::{REGION, serve_on_loopback},
    template::{TEMPLATE, Template},
};

/// A table of its own, and the same as the library serves it, each with a client.
struct Bench {
    folder: tempfile::TempDir,
    dynamodb: Arc<DynamoDb>,
    ours: aws_sdk_dynamodb::Client,
    library: aws_sdk_dynamodb::Client,
    /// Of ours and of the library's.
    urls: [String; 2],
    _tasks: JoinSet<()>,
}

impl Bench {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let table = Template::parse(TEMPLATE).unwrap().table;
        let dynamodb = DynamoDb::open(&folder.path().join("dynamodb.sqlite"), &table).await.unwrap();
        let mut tasks = JoinSet::new();
        let front = Front { dynamodb: dynamodb.clone(), faults: Arc::default() };
        let ours = serve_on_loopback(router(front), CancellationToken::new(), &mut tasks).await.unwrap();

        let database = Database::memory().unwrap();
        let mut definition = table.definition;
        definition.insert("TableName".to_owned(), json!(table.id));
        database.create_table(serde_json::from_value(Value::Object(definition)).unwrap()).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let library = format!("http://{}", listener.local_addr().unwrap());
        tasks.spawn(dynoxide::server::serve_on(listener, database));
        let urls = [ours.clone(), library.clone()];
        Self { folder, dynamodb, ours: client_of(ours), library: client_of(library), urls, _tasks: tasks }
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

    /// All items, by key.
    async fn items(&self, client: &aws_sdk_dynamodb::Client) -> Vec<Vec<(String, AttributeValue)>> {
        let found = client.scan().table_name(self.dynamodb.table()).send().await.unwrap().items.unwrap_or_default();
        let sorted = |item: std::collections::HashMap<String, AttributeValue>| {
            let mut item: Vec<_> = item.into_iter().collect();
            item.sort_by(|(one, _), (other, _)| one.cmp(other));
            item
        };
        let mut items: Vec<_> = found.into_iter().map(sorted).collect();
        items.sort_by_key(|item| format!("{item:?}"));
        items
    }

    fn records(&self) -> Vec<StreamRecord> {
        self.dynamodb.records(None, 1_000).unwrap()
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
    bench.write(&bench.ours, (0..25).map(|i| put(&i.to_string(), 1)).collect()).await.unwrap();
    assert_eq!(bench.commits() - before, 1);
    assert_eq!(bench.records().len(), 25);
    bench.write(&bench.ours, vec![delete("3"), put("4", 2), put("new", 2)]).await.unwrap();
    assert_eq!(bench.commits() - before, 2);
}

#[tokio::test]
async fn a_batch_does_and_costs_what_the_library_says() {
    let bench = Bench::start().await;
    for entries in [
        vec![put("small", 1), put("large", 3_000), put("shrinks", 5_000), put("goes", 2_000)],
        vec![put("small", 1), put("large", 4_000), put("shrinks", 1), delete("goes"), delete("never was")],
    ] {
        let ours = bench.write(&bench.ours, entries.clone()).await.unwrap();
        let library = bench.write(&bench.library, entries).await.unwrap();
        assert_eq!(ours.consumed_capacity(), library.consumed_capacity());
        assert_eq!(ours.unprocessed_items(), library.unprocessed_items());
    }
    assert_eq!(bench.items(&bench.ours).await, bench.items(&bench.library).await);
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
        let ours = bench.write(&bench.ours, entries.clone()).await.unwrap_err();
        let library = bench.write(&bench.library, entries).await.unwrap_err();
        assert_eq!((ours.code(), ours.message()), (library.code(), library.message()));
        assert_eq!(ours.code(), Some("ValidationException"));
    }
    assert!(bench.records().is_empty());
}

#[tokio::test]
async fn requests_nobody_should_make_are_answered_as_the_library_does() {
    let bench = Bench::start().await;
    let table = bench.dynamodb.table();
    let raw = async |url: &str, operation: &str, body: &str| {
        let request = reqwest::Client::builder().no_proxy().build().unwrap().post(url).body(body.to_owned());
        let request = request.header("content-type", CONTENT_TYPE).header("x-amz-date", "20261126T000000Z");
        let request = request.header("x-amz-target", format!("DynamoDB_20120810.{operation}")).header(
            "authorization",
            "AWS4-HMAC-SHA256 Credential=a/20261126/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0",
        );
        let answer = request.send().await.unwrap();
        (answer.status(), serde_json::from_str::<Value>(&answer.text().await.unwrap()).unwrap())
    };
    let key = json!({ "pk": { "S": "a" }, "sk": { "S": "b" } });
    for (operation, body) in [
        ("GetItem", json!({ "TableName": table })),
        ("GetItem", json!({ "TableName": "nowhere", "Key": key })),
        ("GetItem", json!({ "TableName": table, "Key": { "pk": { "S": "a" } } })),
        ("PutItem", json!({ "TableName": table, "Item": { "pk": { "S": "" }, "sk": { "S": "b" } } })),
        ("PutItem", json!({ "TableName": table, "Item": key, "ConditionExpression": "pk = :nobody" })),
        ("PutItem", json!({ "TableName": table, "Item": key, "ConditionExpression": "pk =" })),
        ("PutItem", json!({ "TableName": table, "Item": key, "ConditionExpression": "attribute_exists(pk)" })),
        (
            "UpdateItem",
            json!({ "TableName": table, "Key": key, "UpdateExpression": "SET pk = :a",
            "ExpressionAttributeValues": { ":a": { "S": "z" } } }),
        ),
        (
            "UpdateItem",
            json!({ "TableName": table, "Key": key, "UpdateExpression": "ADD n :a",
            "ExpressionAttributeValues": { ":a": { "N": "1" } }, "ReturnValues": "ALL_NEW" }),
        ),
        (
            "Query",
            json!({ "TableName": table, "KeyConditionExpression": "sk = :a",
            "ExpressionAttributeValues": { ":a": { "S": "z" } } }),
        ),
        (
            "Query",
            json!({ "TableName": table, "IndexName": "nowhere", "KeyConditionExpression": "pk = :a",
            "ExpressionAttributeValues": { ":a": { "S": "z" } } }),
        ),
        ("TransactWriteItems", json!({ "TransactItems": [] })),
        (
            "TransactWriteItems",
            json!({ "TransactItems": [
            { "ConditionCheck": { "TableName": table, "Key": key, "ConditionExpression": "n = :a",
                "ExpressionAttributeValues": { ":a": { "N": "7" } } } },
            { "Put": { "TableName": table, "Item": { "pk": { "S": "a" }, "sk": { "S": "c" } } } },
        ] }),
        ),
    ] {
        let body = body.to_string();
        let (ours, library) =
            (raw(&bench.urls[0], operation, &body).await, raw(&bench.urls[1], operation, &body).await);
        assert_eq!(ours, library, "{operation} {body}");
    }
}

#[tokio::test]
async fn a_transaction_asked_twice_is_written_once() {
    let bench = Bench::start().await;
    let table = bench.dynamodb.table();
    let add = async |client: &aws_sdk_dynamodb::Client, token: &str, amount: &str| {
        let key = [("pk".to_owned(), text("counter")), ("sk".to_owned(), text("x"))];
        let add = Update::builder().table_name(table).set_key(Some(key.into_iter().collect()));
        let add = add.update_expression("ADD n :amount");
        let add = add.expression_attribute_values(":amount", AttributeValue::N(amount.to_owned())).build().unwrap();
        let request = client.transact_write_items().transact_items(TransactWriteItem::builder().update(add).build());
        let request = request.client_request_token(token).return_consumed_capacity(ReturnConsumedCapacity::Total);
        let answer = request.send().await.map_err(aws_sdk_dynamodb::error::SdkError::into_service_error);
        let refused = |error: TransactWriteItemsError| error.code().unwrap().to_owned();
        answer.map(|answer| answer.consumed_capacity.unwrap()).map_err(refused)
    };
    for (token, amount) in [("one", "2"), ("one", "2"), ("one", "3"), ("two", "2")] {
        assert_eq!(add(&bench.ours, token, amount).await, add(&bench.library, token, amount).await, "{token} {amount}");
    }
    assert_eq!(bench.items(&bench.ours).await, bench.items(&bench.library).await);
    assert_eq!(bench.records().len(), 2);
}

#[tokio::test]
async fn the_stream_is_as_long_as_its_slowest_reader_needs_it() {
    let bench = Bench::start().await;
    let (slow, fast) = (bench.dynamodb.stream_reader(None), bench.dynamodb.stream_reader(None));
    bench.write(&bench.ours, (0..20).map(|i| put(&i.to_string(), 1)).collect()).await.unwrap();
    let records = bench.records();
    bench.dynamodb.passed(&fast, &records[19].sequence_number).await.unwrap();
    assert_eq!(bench.records().len(), 20);
    bench.dynamodb.passed(&slow, &records[14].sequence_number).await.unwrap();
    assert_eq!(bench.records()[0].sequence_number, records[15].sequence_number);
    bench.dynamodb.passed(&slow, &records[19].sequence_number).await.unwrap();
    // The last stays, so that the next one's number is above it.
    assert_eq!(bench.records().len(), 1);
    bench.write(&bench.ours, vec![put("next", 1)]).await.unwrap();
    let next = bench.dynamodb.records(Some(&records[19].sequence_number), 10).unwrap();
    assert_eq!(next.len(), 1);
    assert_eq!(next[0].json["dynamodb"]["NewImage"]["pk"], json!({ "S": "next" }));
}

#[tokio::test]
async fn what_has_expired_is_deleted_and_the_stream_says_why() {
    let bench = Bench::start().await;
    let table = Template::parse(TEMPLATE).unwrap().table;
    let attribute = table.ttl_attribute.unwrap();
    for (name, ttl) in [("past", Some("1000000000")), ("future", Some("1000000002")), ("never", None)] {
        let put = bench.ours.put_item().table_name(&table.id).item("pk", text(name)).item("sk", text("x"));
        let put = match ttl {
            Some(ttl) => put.item(&attribute, AttributeValue::N(ttl.to_owned())),
            None => put,
        };
        put.send().await.unwrap();
    }
    assert_eq!(bench.dynamodb.expire(1_000_000_001).await.unwrap(), 1);
    assert_eq!(bench.dynamodb.expire(1_000_000_001).await.unwrap(), 0);
    assert_eq!(bench.items(&bench.ours).await.len(), 2);
    let records = bench.records();
    let last = &records[3].json;
    assert_eq!(last["eventName"], "REMOVE");
    assert_eq!(last["dynamodb"]["Keys"]["pk"], json!({ "S": "past" }));
    assert_eq!(last["userIdentity"]["principalId"], "dynamodb.amazonaws.com");
    assert!(records[0].json.get("userIdentity").is_none());
}
