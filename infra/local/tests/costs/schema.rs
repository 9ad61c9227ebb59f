//! The template and the store mean the same table.

use actionlayer_local::template::{TEMPLATE, Template};
use actionlayer_store::{keys, schema};
use dynoxide::{Database, actions::describe_table::DescribeTableRequest};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// All that the definition of a table says about keys, indexes and the stream, in one order.
fn shape(table: &Value) -> Value {
    let sorted = |list: &Value, name: &str| {
        let mut list = list.as_array().cloned().unwrap_or_default();
        list.sort_by_key(|entry| entry[name].to_string());
        list
    };
    let indexes: Vec<Value> = sorted(&table["GlobalSecondaryIndexes"], "IndexName")
        .iter()
        .map(|index| {
            let mut projected = index["Projection"]["NonKeyAttributes"].as_array().cloned().unwrap_or_default();
            projected.sort_by_key(ToString::to_string);
            let projection = (&index["Projection"]["ProjectionType"], projected);
            json!([index["IndexName"], index["KeySchema"], projection])
        })
        .collect();
    json!({
        "attributes": sorted(&table["AttributeDefinitions"], "AttributeName"),
        "keys": table["KeySchema"],
        "indexes": indexes,
        "stream": table["StreamSpecification"]["StreamViewType"],
        "billing": table["BillingMode"].as_str().or(table["BillingModeSummary"]["BillingMode"].as_str()),
    })
}

#[tokio::test]
async fn the_template_makes_the_table_the_store_relies_on() {
    let database = Database::memory().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = crate::world::dynamodb(&format!("http://{}", listener.local_addr().unwrap()));
    tokio::spawn(dynoxide::server::serve_on(listener, database.clone()));
    schema::create_table(&client, "made").await.unwrap();
    let request: DescribeTableRequest = serde_json::from_value(json!({ "TableName": "made" })).unwrap();
    let made = serde_json::to_value(database.describe_table(request).unwrap()).unwrap();

    let template = Template::parse(TEMPLATE).unwrap();
    assert_eq!(shape(&Value::Object(template.table.definition)), shape(&made["Table"]));
    assert_eq!(template.table.ttl_attribute.as_deref(), Some(keys::TTL));
}
