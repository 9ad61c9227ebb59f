#![allow(clippy::unwrap_used)]

use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use super::*;
use crate::event_sources::tests::{Bench, function, until};

fn target() -> Target {
    Target { function: "f".to_owned(), retries: 2, on_failure: Some("lost".to_owned()) }
}

#[tokio::test]
async fn it_is_tried_three_times_and_then_recorded() {
    let mut bench = Bench::new().await;
    let lost = bench.queue("lost", None).await;
    let tries = Arc::new(AtomicU32::new(0));
    let functions = {
        let tries = tries.clone();
        function(move |_| {
            tries.fetch_add(1, Ordering::SeqCst);
            Err(InvokeError::Failed { reason: "on purpose".to_owned() })
        })
    };
    let invocations = AsyncInvocations::open(bench.state.clone(), bench.clock.clone()).unwrap();
    bench.tasks.spawn(invocations.clone().work(functions, bench.destinations(), target()));
    invocations.accept("one".to_owned(), &json!({ "mail": 1 })).await.unwrap();
    for (attempt, wait_seconds) in [(1, 60), (2, 120)] {
        let postponed = async || {
            let pending = invocations.pending(1).await.unwrap();
            (pending.first().is_some_and(|pending| pending.attempts == attempt)).then_some(())
        };
        until(postponed).await;
        assert_eq!(tries.load(Ordering::SeqCst), attempt);
        bench.clock.advance(Duration::from_secs(wait_seconds)).await.unwrap();
    }
    let record: Value = serde_json::from_str(&bench.bodies(&lost).await[0]).unwrap();
    assert_eq!(record["requestPayload"], json!({ "mail": 1 }));
    assert_eq!(record["requestContext"]["approximateInvokeCount"], 3);
    until(async || invocations.pending(1).await.unwrap().is_empty().then_some(())).await;
    assert_eq!(tries.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn what_was_pending_at_the_end_is_done_at_the_next_start_and_an_id_once() {
    let mut bench = Bench::new().await;
    let before = AsyncInvocations::open(bench.state.clone(), bench.clock.clone()).unwrap();
    for id in ["one", "two", "one"] {
        before.accept(id.to_owned(), &json!(id)).await.unwrap();
    }
    drop(before);
    let done = Arc::new(std::sync::Mutex::new(Vec::new()));
    let functions = {
        let done = done.clone();
        function(move |event| {
            done.lock().unwrap().push(event.as_str().unwrap().to_owned());
            Ok(Value::Null)
        })
    };
    let after = AsyncInvocations::open(bench.state.clone(), bench.clock.clone()).unwrap();
    bench.tasks.spawn(after.clone().work(functions, bench.destinations(), target()));
    until(async || after.pending(1).await.unwrap().is_empty().then_some(())).await;
    done.lock().unwrap().sort();
    assert_eq!(*done.lock().unwrap(), ["one", "two"]);
}
