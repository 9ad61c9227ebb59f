//! A stub of Lambda's Runtime API: it hands out one event and takes its answer.
//! <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>

use std::{
    collections::BTreeMap,
    path::Path,
    process::{Child, Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    Router,
    extract::State,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use http::StatusCode;
use serde_json::Value;
use tokio::{net::TcpListener, sync::mpsc};

/// What a function may take until its first answer, unoptimised and on a busy machine.
const DEADLINE: Duration = Duration::from_mins(1);

/// A start of a function, from the moment its program was run.
pub(crate) struct Start {
    /// Until it asked for its first event: Lambda's init phase ends there.
    pub(crate) ready_ms: f64,
    /// Until its answer was there.
    pub(crate) answered_ms: f64,
    pub(crate) answer: Value,
}

/// What the function did.
#[derive(Debug)]
enum Said {
    Ready(Instant),
    Answered(Instant, String),
    Failed(String),
}

struct Stub {
    event: String,
    deadline_unix_ms: i64,
    said: mpsc::UnboundedSender<Said>,
}

/// Ends the process when nobody waits for it any more.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        _ = self.0.kill();
        _ = self.0.wait();
    }
}

/// Runs a function with nothing but this environment, until it has answered one event.
pub(crate) async fn start(
    program: &Path,
    environment: &BTreeMap<String, String>,
    event: &Value,
    now_unix_ms: i64,
) -> Start {
    let deadline_unix_ms = now_unix_ms + i64::try_from(DEADLINE.as_millis()).unwrap();
    let (said, mut heard) = mpsc::unbounded_channel();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new()
        .route("/2018-06-01/runtime/invocation/next", get(next))
        .route("/2018-06-01/runtime/invocation/{id}/response", post(answered))
        .route("/2018-06-01/runtime/invocation/{id}/error", post(failed))
        .route("/2018-06-01/runtime/init/error", post(failed))
        .with_state(Arc::new(Stub { event: event.to_string(), deadline_unix_ms, said }));
    let server = tokio::spawn(async move { axum::serve(listener, router).await });
    let mut command = Command::new(program);
    command.env_clear().envs(environment).stdout(Stdio::null()).stderr(Stdio::null());
    command.env("AWS_LAMBDA_RUNTIME_API", address.to_string());
    for (name, value) in [("NAME", "cold"), ("MEMORY_SIZE", "256"), ("VERSION", "$LATEST")] {
        command.env(format!("AWS_LAMBDA_FUNCTION_{name}"), value);
    }
    let began = Instant::now();
    let child = command.spawn();
    let process = Process(child.unwrap_or_else(|error| panic!("{}: {error}", program.display())));
    let mut ready = None;
    let (answered, answer) = loop {
        match tokio::time::timeout(DEADLINE, heard.recv()).await {
            Ok(Some(Said::Ready(at))) => ready = ready.or(Some(at)),
            Ok(Some(Said::Answered(at, answer))) => break (at, answer),
            Ok(Some(Said::Failed(reason))) => panic!("{} failed: {reason}", program.display()),
            Ok(None) | Err(_) => panic!("{} gave no answer", program.display()),
        }
    };
    drop(process);
    server.abort();
    let ms = |at: Instant| at.duration_since(began).as_secs_f64() * 1_000.0;
    Start {
        ready_ms: ms(ready.unwrap()),
        answered_ms: ms(answered),
        answer: serde_json::from_str(&answer).unwrap_or_default(),
    }
}

async fn next(State(stub): State<Arc<Stub>>) -> Response {
    let at = Instant::now();
    if stub.said.send(Said::Ready(at)).is_err() {
        return std::future::pending().await;
    }
    let headers = [
        ("content-type", "application/json".to_owned()),
        ("lambda-runtime-aws-request-id", "8476a536-e9f4-11e8-9739-2dfe598c3fcd".to_owned()),
        ("lambda-runtime-deadline-ms", stub.deadline_unix_ms.to_string()),
        ("lambda-runtime-invoked-function-arn", "arn:aws:lambda:eu-central-1:000000000000:function:cold".to_owned()),
        ("lambda-runtime-trace-id", "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700".to_owned()),
    ];
    (axum::response::AppendHeaders(headers), stub.event.clone()).into_response()
}

async fn answered(State(stub): State<Arc<Stub>>, body: String) -> StatusCode {
    // Nobody listens any more once one answer is there.
    _ = stub.said.send(Said::Answered(Instant::now(), body));
    StatusCode::ACCEPTED
}

async fn failed(State(stub): State<Arc<Stub>>, body: String) -> StatusCode {
    _ = stub.said.send(Said::Failed(body));
    StatusCode::ACCEPTED
}
