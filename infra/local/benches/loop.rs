//! How fast the loop runs on this machine, and whether it stays so when the table grows: `cargo bench`.
//!
//! Prints Markdown: counts and ratios first, since they hold anywhere; then times, which are this machine's. Requests go
//! through the functions' own routers, authentication included, and through the SDK to the embedded table.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a benchmark talks to whoever started it"
)]

#[path = "../tests/costs/operations.rs"]
mod operations;
#[path = "../tests/costs/world.rs"]
mod world;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use actionlayer_service::threads::list_threads::list_threads;
use actionlayer_store::{PageRequest, ThreadFilter};
use axum::{Router, body::Body};
use http::{Request, StatusCode};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
};
use tower::ServiceExt;

use operations::{Steps, mail};
use world::{ADDRESS, World};

const SMALL: usize = 1_000;
const LARGE: usize = 100_000;
/// How often each request is made. The 99th percentile is the third slowest.
const SAMPLES: usize = 200;
const MAILS: usize = 500;
const CONNECTIONS: usize = 8;

const OPERATIONS: [&str; 5] = [
    "`GET /v1/threads`",
    "`GET /v1/threads?needs_review=true`",
    "`GET /v1/threads/{id}`",
    "`POST /v1/drafts`",
    "`POST /v1/drafts/{id}/approve`",
];

fn main() {
    // Only `cargo bench` says so; `cargo test --all-targets` runs this as well, and asks only whether it starts.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(async {
        eprintln!("receiving {MAILS} mails …");
        let (accepted, received) = ingest().await;
        eprintln!("making {SMALL} threads here and {LARGE} there …");
        let (here, there) = (World::start().await, World::start().await);
        here.seed(SMALL).await;
        there.seed(SMALL).await;
        there.seed(LARGE - SMALL).await;
        eprintln!("counting …");
        let small_counts = Steps::new(&here, "a").count().await;
        let large_counts = Steps::new(&there, "a").count().await;
        eprintln!("asking both in turn …");
        let [small, large] = latencies([&here, &there]).await;

        println!("\n## Counts\n\nAt {SMALL} threads:\n\n{}", operations::table(&small_counts));
        if small_counts == large_counts {
            println!("At {LARGE} threads: the same.\n");
        } else {
            println!("At {LARGE} threads:\n\n{}", operations::table(&large_counts));
        }
        println!("## Latency at {LARGE} threads over latency at {SMALL}\n\n| request | p50 | p99 |\n|---|--:|--:|");
        for ((operation, small), large) in OPERATIONS.iter().zip(&small).zip(&large) {
            let ratio = |p: usize| percentile(large, p).as_secs_f64() / percentile(small, p).as_secs_f64();
            println!("| {operation} | {:.2} | {:.2} |", ratio(50), ratio(99));
        }
        println!("\n## Times\n\n| request | p50 at {SMALL} | p99 | p50 at {LARGE} | p99 |\n|---|--:|--:|--:|--:|");
        for ((operation, small), large) in OPERATIONS.iter().zip(&small).zip(&large) {
            let ms = |samples, p| format!("{:.1} ms", percentile(samples, p).as_secs_f64() * 1_000.0);
            let row = [ms(small, 50), ms(small, 99), ms(large, 50), ms(large, 99)];
            println!("| {operation} | {} |", row.join(" | "));
        }
        println!("\nMails accepted by SMTP over {CONNECTIONS} connections: {accepted:.0} per second.");
        println!("Mails in their threads and counted: {received:.0} per second.");
    });
}

fn percentile(sorted: &[Duration], percent: usize) -> Duration {
    sorted[(sorted.len() * percent).div_ceil(100) - 1]
}

/// Sends mails to the engine's SMTP port. How many per second it accepted, and how many per second became threads.
async fn ingest() -> (f64, f64) {
    let world = World::start().await;
    let (app, caller) = (Arc::clone(world.engine.app()), world.engine_caller.clone());
    let smtp = world.engine.addresses().smtp;
    let start = Instant::now();
    let senders: Vec<_> = (0..CONNECTIONS)
        .map(|sender| {
            tokio::spawn(async move {
                let mut session = BufReader::new(TcpStream::connect(smtp).await.unwrap());
                expect(&mut session, "220").await;
                say(&mut session, "EHLO bench.test", "250").await;
                for i in (sender..MAILS).step_by(CONNECTIONS) {
                    say(&mut session, "MAIL FROM:<dana@customer.example>", "250").await;
                    say(&mut session, &format!("RCPT TO:<{ADDRESS}>"), "250").await;
                    say(&mut session, "DATA", "354").await;
                    say(&mut session, &format!("{}.", mail(&format!("bench-{i}"), None)), "250").await;
                }
            })
        })
        .collect();
    for sender in senders {
        sender.await.unwrap();
    }
    let accepted = start.elapsed();
    let page = PageRequest { limit: 1, offset: 0, cursor: None };
    let deadline = start + Duration::from_mins(10);
    while list_threads(&app, &caller, ThreadFilter::default(), None, page.clone()).await.unwrap().total < MAILS as u64 {
        assert!(Instant::now() < deadline, "the mails did not all arrive");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let per_second = |elapsed: Duration| f64::from(u32::try_from(MAILS).unwrap()) / elapsed.as_secs_f64();
    (per_second(accepted), per_second(start.elapsed()))
}

async fn say(session: &mut BufReader<TcpStream>, line: &str, code: &str) {
    session.write_all(format!("{line}\r\n").as_bytes()).await.unwrap();
    expect(session, code).await;
}

async fn expect(session: &mut BufReader<TcpStream>, code: &str) {
    loop {
        let mut line = String::new();
        session.read_line(&mut line).await.unwrap();
        assert!(line.starts_with(code), "{line}");
        // `250-` goes on, `250 ` ends.
        if line.as_bytes().get(3) != Some(&b'-') {
            return;
        }
    }
}

/// The times of each of [`OPERATIONS`] in each world, sorted. Each sample is taken in one world and then at once in the
/// other, so that whatever else the machine does falls on both.
async fn latencies(worlds: [&World; 2]) -> [[Vec<Duration>; 5]; 2] {
    let mut subjects = Vec::new();
    for world in worlds {
        subjects.push(Subject::new(world).await);
    }
    let mut samples: [[Vec<Duration>; 5]; 2] = Default::default();
    for sample in 0..SAMPLES {
        for (subject, samples) in subjects.iter().zip(&mut samples) {
            for (elapsed, samples) in subject.sample(sample).await.into_iter().zip(samples) {
                samples.push(elapsed);
            }
        }
    }
    for samples in samples.iter_mut().flatten() {
        samples.sort();
    }
    samples
}

/// A world that is asked about threads that are new in it.
struct Subject<'a> {
    world: &'a World,
    threads: Router,
    drafts: Router,
    open: Vec<String>,
}

impl<'a> Subject<'a> {
    async fn new(world: &'a World) -> Self {
        let threads = function_threads::router(Arc::clone(&world.app));
        let drafts = function_drafts::router(Arc::clone(&world.app));
        for i in 0..SAMPLES {
            let id = format!("latency-{i}");
            world.receive(&id, mail(&id, None)).await;
        }
        // The newest threads are those.
        let mut open = Vec::new();
        let mut path = "/v1/threads?limit=100".to_owned();
        while open.len() < SAMPLES {
            let (_, page) = ask(world, &threads, "GET", &path, &Value::Null).await;
            open.extend(
                page["data"].as_array().unwrap().iter().map(|thread| thread["id"].as_str().unwrap().to_owned()),
            );
            path = format!("/v1/threads?limit=100&cursor={}", page["next_cursor"].as_str().unwrap());
        }
        Self { world, threads, drafts, open }
    }

    async fn sample(&self, sample: usize) -> [Duration; 5] {
        let Self { world, threads, drafts, open } = self;
        let id = &open[sample];
        let (list, _) = ask(world, threads, "GET", "/v1/threads", &Value::Null).await;
        let (review, _) = ask(world, threads, "GET", "/v1/threads?needs_review=true", &Value::Null).await;
        let (get, detail) = ask(world, threads, "GET", &format!("/v1/threads/{id}"), &Value::Null).await;
        let draft = json!({
            "thread_id": id,
            "identity_id": world.identity.id,
            "based_on_message_id": detail["messages"][0]["id"],
            "body_text": "Hello Dana,\n\nit costs 12 a month for each of you, and yes, by invoice.\n",
            "rationale": "Price list, second row; invoices are the default for teams.",
        });
        let (submit, draft) = ask(world, drafts, "POST", "/v1/drafts", &draft).await;
        let approve = format!("/v1/drafts/{}/approve", draft["id"].as_str().unwrap());
        let (approve, _) = ask(world, drafts, "POST", &approve, &json!({})).await;
        [list, review, get, submit, approve]
    }
}

async fn ask(world: &World, router: &Router, method: &str, path: &str, body: &Value) -> (Duration, Value) {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("authorization", format!("Bearer {}", world.secret.expose()))
        .header("content-type", "application/json")
        .body(if body.is_null() { Body::empty() } else { Body::from(body.to_string()) })
        .unwrap();
    let start = Instant::now();
    let answer = router.clone().oneshot(request).await.unwrap();
    let status = answer.status();
    let bytes = axum::body::to_bytes(answer.into_body(), usize::MAX).await.unwrap();
    let elapsed = start.elapsed();
    let answer: Value = serde_json::from_slice(&bytes).unwrap();
    assert!(matches!(status, StatusCode::OK | StatusCode::CREATED), "{method} {path}: {status} {answer}");
    (elapsed, answer)
}
