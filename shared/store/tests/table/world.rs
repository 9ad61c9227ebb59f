//! A table and a bucket of a test's own, on free ports.

use actionlayer_domain::Entropy;
use actionlayer_store::{Store, schema};
use aws_sdk_dynamodb::types::AttributeValue;
use hyper_util::rt::TokioIo;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};
use tokio::net::TcpListener;

const TABLE: &str = "table";
const BUCKET: &str = "bucket";

/// Random enough for ids, the same in every run.
#[derive(Debug)]
pub(crate) struct Seeded(Mutex<u64>);

impl Entropy for Seeded {
    fn fill(&self, buffer: &mut [u8]) {
        let mut state = self.0.lock().unwrap();
        for chunk in buffer.chunks_mut(8) {
            // SplitMix64.
            *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut z = *state;
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            chunk.copy_from_slice(&(z ^ (z >> 31)).to_be_bytes()[..chunk.len()]);
        }
    }
}

pub(crate) struct World {
    pub(crate) store: Store,
    pub(crate) entropy: Arc<Seeded>,
    dynamodb: aws_sdk_dynamodb::Client,
    folder: tempfile::TempDir,
}

impl World {
    pub(crate) async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let dynamodb = dynamodb_client(&serve_dynamodb().await);
        schema::create_table(&dynamodb, TABLE).await.unwrap();
        let s3 = s3_client(&serve_s3(&folder).await);
        let store = Store::new(dynamodb.clone(), s3.config().clone(), TABLE, BUCKET);
        Self { store, entropy: Arc::new(Seeded(Mutex::new(1))), dynamodb, folder }
    }

    /// An item as it lies in the table.
    pub(crate) async fn raw_item(&self, key: &actionlayer_store::keys::Key) -> Option<HashMap<String, AttributeValue>> {
        let get = self.dynamodb.get_item().table_name(TABLE).consistent_read(true);
        let get = get.key("pk", AttributeValue::S(key.pk.clone())).key("sk", AttributeValue::S(key.sk.clone()));
        get.send().await.unwrap().item
    }

    /// The sort keys in a partition of an index, ascending.
    pub(crate) async fn listed(&self, index: &str, pk: &str) -> Vec<String> {
        let sk = format!("{index}_sk");
        let query = self.dynamodb.query().table_name(TABLE).index_name(index);
        let query = query
            .key_condition_expression("#pk = :pk")
            .expression_attribute_names("#pk", format!("{index}_pk"))
            .expression_attribute_values(":pk", AttributeValue::S(pk.to_owned()));
        let items = query.send().await.unwrap().items.unwrap_or_default();
        items.iter().map(|item| item[&sk].as_s().unwrap().clone()).collect()
    }

    /// How many blobs the bucket has under a prefix.
    pub(crate) fn blobs(&self, prefix: &str) -> usize {
        let folder = self.folder.path().join(BUCKET).join(prefix);
        std::fs::read_dir(folder).map_or(0, Iterator::count)
    }
}

async fn serve_dynamodb() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(dynoxide::server::serve_on(listener, dynoxide::Database::memory().unwrap()));
    url
}

async fn serve_s3(folder: &tempfile::TempDir) -> String {
    std::fs::create_dir(folder.path().join(BUCKET)).unwrap();
    let files = s3s_fs::FileSystem::new(folder.path()).unwrap();
    let mut builder = s3s::service::S3ServiceBuilder::new(files);
    builder.set_auth(s3s::auth::SimpleAuth::from_single("local", "local"));
    let service = builder.build();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let service = service.clone();
            tokio::spawn(async move {
                let http = hyper::server::conn::http1::Builder::new();
                let _ = http.serve_connection(TokioIo::new(stream), service).await;
            });
        }
    });
    url
}

fn dynamodb_client(url: &str) -> aws_sdk_dynamodb::Client {
    use aws_sdk_dynamodb::config::{BehaviorVersion, Config, Credentials, Region};
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new("local", "local", None, None, "test"))
        .endpoint_url(url);
    aws_sdk_dynamodb::Client::from_conf(config.build())
}

fn s3_client(url: &str) -> aws_sdk_s3::Client {
    use aws_sdk_s3::config::{BehaviorVersion, Config, Credentials, Region};
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new("local", "local", None, None, "test"))
        .force_path_style(true)
        .endpoint_url(url);
    aws_sdk_s3::Client::from_conf(config.build())
}
