//! Fills the table quickly: threads that were written through the store are copied under other ids, straight into the
//! engine's file. Through the API, 100,000 threads would take longer than everything that is measured.

use std::collections::HashMap;

use actionlayer_domain::{DraftId, MessageId, ThreadId, Timestamp};
use aws_sdk_dynamodb::types::AttributeValue as Sdk;
use dynoxide::{AttributeValue, Database, ImportOptions};

use crate::world::{TABLE, World, dynamodb};

/// How many threads are copied in one transaction.
const BATCH: usize = 2_000;

type Item = HashMap<String, Sdk>;

/// Makes `from` threads `to`.
pub(crate) async fn threads(world: &World, from: usize, to: usize) {
    let families = families(world).await;
    let file = world.folder.path().join("dynamodb.sqlite");
    let database = Database::new(file.to_str().unwrap()).unwrap();
    let numbers: Vec<usize> = (from..to).collect();
    for batch in numbers.chunks(BATCH) {
        let items = batch.iter().flat_map(|&n| copy(world, &families[n % families.len()], n)).collect();
        let options = ImportOptions { record_streams: false, set_cached_at: false };
        database.import_items(TABLE, items, options).unwrap();
    }
}

/// Threads of the table, each with its message and its draft.
async fn families(world: &World) -> Vec<Vec<Item>> {
    let client = dynamodb(&world.engine.addresses().dynamodb);
    let items = client.scan().table_name(TABLE).limit(1_000).send().await.unwrap().items.unwrap();
    let mut families: HashMap<String, Vec<Item>> = HashMap::new();
    for item in items {
        families.entry(text(&item["pk"]).to_owned()).or_default().push(item);
    }
    let mut whole: Vec<_> = families.into_values().filter(|family| family.len() == 3).collect();
    whole.retain(|family| family.iter().any(|item| text(&item["kind"]) == "draft"));
    assert!(!whole.is_empty());
    whole
}

fn text(value: &Sdk) -> &str {
    value.as_s().unwrap()
}

/// The same thread with ids and times of its own.
fn copy(world: &World, family: &[Item], n: usize) -> Vec<HashMap<String, AttributeValue>> {
    let entropy = world.app.entropy();
    let at = Timestamp::from_unix_ms(1_700_000_000_000 + i64::try_from(n).unwrap() * 1_000);
    let id = ThreadId::generate(at, entropy);
    let mut names = Vec::new();
    for item in family {
        let data = item["data"].as_m().unwrap();
        let new = match text(&item["kind"]) {
            "thread" => id.to_string(),
            "message" => MessageId::generate_in(id.family(), at, entropy).to_string(),
            _ => DraftId::generate_in(id.family(), at, entropy).to_string(),
        };
        names.push((text(&data["id"]).to_owned(), new));
        names.push((text(&data["created_at"]).to_owned(), at.to_string()));
    }
    let pk = text(&family[0]["pk"]);
    let (_, old_family) = pk.rsplit_once('#').unwrap();
    names.push((old_family.to_owned(), id.family().to_string()));
    family.iter().map(|item| renamed_map(item, &names)).collect()
}

fn renamed_map(map: &HashMap<String, Sdk>, names: &[(String, String)]) -> HashMap<String, AttributeValue> {
    map.iter().map(|(name, value)| (name.clone(), renamed(value, names))).collect()
}

fn renamed(value: &Sdk, names: &[(String, String)]) -> AttributeValue {
    match value {
        Sdk::S(text) => AttributeValue::S(names.iter().fold(text.clone(), |text, (old, new)| text.replace(old, new))),
        Sdk::N(number) => AttributeValue::N(number.clone()),
        Sdk::B(bytes) => AttributeValue::B(bytes.as_ref().to_vec()),
        Sdk::Bool(value) => AttributeValue::BOOL(*value),
        Sdk::Null(value) => AttributeValue::NULL(*value),
        Sdk::L(list) => AttributeValue::L(list.iter().map(|value| renamed(value, names)).collect()),
        Sdk::M(map) => AttributeValue::M(renamed_map(map, names)),
        other => unreachable!("the store writes no {other:?}"),
    }
}
