//! The bucket as the SDK's client sees it.
#![allow(clippy::unwrap_used)]

use aws_sdk_s3::primitives::ByteStream;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::engine::serve_on_loopback;

struct Bench {
    folder: tempfile::TempDir,
    s3: aws_sdk_s3::Client,
    _tasks: JoinSet<()>,
}

impl Bench {
    async fn start(folder: tempfile::TempDir) -> Self {
        let state = State::open(&folder.path().join("engine.sqlite")).unwrap();
        let clock = LocalClock::open(state.clone()).await.unwrap();
        let router = router(state, clock, &folder.path().join("s3"), "mail", [], Arc::default()).await.unwrap();
        let mut tasks = JoinSet::new();
        let url = serve_on_loopback(router, CancellationToken::new(), &mut tasks).await.unwrap();
        Self { folder, s3: crate::clients::s3(&url, None), _tasks: tasks }
    }

    async fn put(&self, key: &str, content: &[u8]) {
        let put = self.s3.put_object().bucket("mail").key(key).content_type("text/plain");
        put.body(ByteStream::from(content.to_vec())).send().await.unwrap();
    }

    async fn get(&self, key: &str) -> Option<Vec<u8>> {
        match self.s3.get_object().bucket("mail").key(key).send().await {
            Ok(got) => {
                assert_eq!(got.content_type(), Some("text/plain"));
                Some(got.body.collect().await.unwrap().to_vec())
            }
            Err(error) => {
                assert!(error.as_service_error().unwrap().is_no_such_key(), "{error:?}");
                None
            }
        }
    }
}

#[tokio::test]
async fn short_and_long_objects_are_put_got_replaced_listed_and_deleted() {
    let bench = Bench::start(tempfile::tempdir().unwrap()).await;
    let long: Vec<u8> = (0..300_000_u32).flat_map(u32::to_le_bytes).collect();
    for (key, content) in [("in/a", &b"short"[..]), ("in/b", &long), ("out/c", b"")] {
        bench.put(key, content).await;
        assert_eq!(bench.get(key).await.unwrap(), content);
    }
    assert!(bench.folder.path().join("s3/mail/in/b").is_file());
    bench.put("in/b", b"short now").await;
    assert_eq!(bench.get("in/b").await.unwrap(), b"short now");
    bench.put("in/a", &long).await;
    assert_eq!(bench.get("in/a").await.unwrap(), long);
    let part = bench.s3.get_object().bucket("mail").key("in/a").range("bytes=4-7").send().await.unwrap();
    assert_eq!(part.content_range(), Some("bytes 4-7/1200000"));
    assert_eq!(part.body.collect().await.unwrap().to_vec(), 1_u32.to_le_bytes());

    let list = |token: Option<String>| {
        bench.s3.list_objects_v2().bucket("mail").prefix("in/").max_keys(1).set_continuation_token(token)
    };
    let first = list(None).send().await.unwrap();
    let second = list(first.next_continuation_token().map(str::to_owned)).send().await.unwrap();
    assert_eq!(first.contents()[0].key(), Some("in/a"));
    assert_eq!((second.contents()[0].key(), second.contents()[0].size()), (Some("in/b"), Some(9)));
    assert_eq!(second.next_continuation_token(), None);

    for key in ["in/a", "in/b", "never was"] {
        bench.s3.delete_object().bucket("mail").key(key).send().await.unwrap();
        assert_eq!(bench.get(key).await, None);
    }
    assert!(!bench.folder.path().join("s3/mail/in/a").exists());
}

#[tokio::test]
async fn a_key_cannot_lead_out_of_the_folder() {
    let bench = Bench::start(tempfile::tempdir().unwrap()).await;
    let put = bench.s3.put_object().bucket("mail").key("../../outside").body(ByteStream::from(vec![b'x'; 200_000]));
    assert!(put.send().await.is_err());
    assert!(!bench.folder.path().join("outside").exists());
}

#[tokio::test]
async fn a_folder_of_files_from_before_is_taken_in() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join("s3/mail/inbound")).unwrap();
    std::fs::write(folder.path().join("s3/mail/inbound/old"), "an old mail").unwrap();
    let bench = Bench::start(folder).await;
    let got = bench.s3.get_object().bucket("mail").key("inbound/old").send().await.unwrap();
    assert_eq!(got.body.collect().await.unwrap().to_vec(), b"an old mail");
}
