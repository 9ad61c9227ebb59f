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
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Notify, mpsc},
};

/// What a function may take until its first answer, unoptimised and on a busy machine.
const DEADLINE: Duration = Duration::from_mins(1);

/// Where Debian has all root certificates.
const CERTIFICATES: &str = "/etc/ssl/certs/ca-certificates.crt";

/// A start of a function, from the moment its program was run.
pub(crate) struct Start {
    /// Until it asked for its first event: Lambda's init phase ends there.
    pub(crate) ready_ms: f64,
    /// How much of that it was on a processor. With a share of one it takes so much longer.
    pub(crate) ready_cpu_ms: f64,
    /// From its first event to its first byte to the table; none when it asked nothing of it.
    pub(crate) table_ms: Option<f64>,
    /// From its first event until its answer was there.
    pub(crate) answered_ms: f64,
    /// How much of all that it was on a processor.
    pub(crate) cpu_ms: f64,
    /// What it had in memory at most.
    pub(crate) peak_mib: f64,
    pub(crate) answer: Value,
}

/// What the function did.
#[derive(Debug)]
enum Said {
    Ready(Instant),
    Table(Instant),
    Answered(Instant, String),
    Failed(String),
}

struct Stub {
    event: String,
    deadline_unix_ms: i64,
    said: mpsc::UnboundedSender<Said>,
    /// Whether the event may be handed out.
    may_begin: Notify,
}

/// Ends the process when nobody waits for it any more.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        _ = self.0.kill();
        _ = self.0.wait();
    }
}

/// Runs a function with nothing but this environment, until it has answered one event. From its first event on it is in the
/// control group, if there is one: in Lambda, too, only the init phase has a whole processor.
pub(crate) async fn start(
    program: &Path,
    environment: &BTreeMap<String, String>,
    event: &Value,
    now_unix_ms: i64,
    group: Option<&Path>,
) -> Start {
    let deadline_unix_ms = now_unix_ms + i64::try_from(DEADLINE.as_millis()).unwrap();
    let (said, mut heard) = mpsc::unbounded_channel();
    let table_said = said.clone();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let stub = Arc::new(Stub { event: event.to_string(), deadline_unix_ms, said, may_begin: Notify::new() });
    let router = Router::new()
        .route("/2018-06-01/runtime/invocation/next", get(next))
        .route("/2018-06-01/runtime/invocation/{id}/response", post(answered))
        .route("/2018-06-01/runtime/invocation/{id}/error", post(failed))
        .route("/2018-06-01/runtime/init/error", post(failed))
        .with_state(Arc::clone(&stub));
    let server = tokio::spawn(async move { axum::serve(listener, router).await });
    let mut environment = environment.clone();
    let mut way = None;
    if let Some(url) = environment.get_mut("AWS_ENDPOINT_URL_DYNAMODB") {
        let (address, task) = watched(url.trim_start_matches("http://").to_owned(), table_said).await;
        *url = format!("http://{address}");
        way = Some(task);
    }
    let mut command = Command::new(program);
    command.env_clear().envs(environment).stdout(Stdio::null()).stderr(Stdio::null());
    command.env("AWS_LAMBDA_RUNTIME_API", address.to_string());
    // Amazon Linux has the root certificates in one file. Debian has each in a file of its own besides, and all would be read.
    if Path::new(CERTIFICATES).exists() {
        command.env("SSL_CERT_FILE", CERTIFICATES);
    }
    for (name, value) in [("NAME", "cold"), ("MEMORY_SIZE", "256"), ("VERSION", "$LATEST")] {
        command.env(format!("AWS_LAMBDA_FUNCTION_{name}"), value);
    }
    let began = Instant::now();
    let child = command.spawn();
    let process = Process(child.unwrap_or_else(|error| panic!("{}: {error}", program.display())));
    let pid = process.0.id();
    let (mut ready, mut given, mut ready_cpu_ms, mut table) = (None, began, 0.0, None);
    let (answered, answer) = loop {
        match tokio::time::timeout(DEADLINE, heard.recv()).await {
            Ok(Some(Said::Ready(at))) => {
                if ready.is_none() {
                    ready_cpu_ms = cpu_ms(pid);
                    if let Some(group) = group {
                        std::fs::write(group.join("cgroup.procs"), pid.to_string()).unwrap();
                    }
                    given = Instant::now();
                    stub.may_begin.notify_one();
                }
                ready = ready.or(Some(at));
            }
            Ok(Some(Said::Table(at))) => table = table.or(Some(at)),
            Ok(Some(Said::Answered(at, answer))) => break (at, answer),
            Ok(Some(Said::Failed(reason))) => panic!("{} failed: {reason}", program.display()),
            Ok(None) | Err(_) => panic!("{} gave no answer", program.display()),
        }
    };
    let (cpu_ms, peak_mib) = (cpu_ms(pid), peak_mib(pid));
    drop(process);
    server.abort();
    if let Some(way) = way {
        way.abort();
    }
    let ms = |at: Instant| at.duration_since(began).as_secs_f64() * 1_000.0;
    let ready = ready.unwrap();
    Start {
        ready_ms: ms(ready),
        ready_cpu_ms,
        table_ms: table.map(|at: Instant| at.duration_since(given).as_secs_f64() * 1_000.0),
        answered_ms: answered.duration_since(given).as_secs_f64() * 1_000.0,
        cpu_ms,
        peak_mib,
        answer: serde_json::from_str(&answer).unwrap_or_default(),
    }
}

async fn next(State(stub): State<Arc<Stub>>) -> Response {
    let at = Instant::now();
    if stub.said.send(Said::Ready(at)).is_err() {
        return std::future::pending().await;
    }
    stub.may_begin.notified().await;
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

/// A way to `server` that says when the first byte goes it.
async fn watched(
    server: String,
    said: mpsc::UnboundedSender<Said>,
) -> (std::net::SocketAddr, tokio::task::JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let task = tokio::spawn(async move {
        while let Ok((mut near, _)) = listener.accept().await {
            let (server, said) = (server.clone(), said.clone());
            tokio::spawn(async move {
                let mut far = TcpStream::connect(server).await.unwrap();
                if near.readable().await.is_ok() {
                    _ = said.send(Said::Table(Instant::now()));
                }
                // It ends when the function does.
                _ = tokio::io::copy_bidirectional(&mut near, &mut far).await;
            });
        }
    });
    (address, task)
}

/// How long the threads of a process were on a processor; see "schedstat" in the kernel's documentation of `/proc`.
fn cpu_ms(pid: u32) -> f64 {
    let threads = std::fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let nanoseconds = threads.filter_map(|thread| {
        let text = std::fs::read_to_string(thread.path().join("schedstat")).ok()?;
        text.split(' ').next()?.parse::<f64>().ok()
    });
    nanoseconds.sum::<f64>() / 1e6
}

fn peak_mib(pid: u32) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    peak.trim().trim_end_matches(" kB").parse::<f64>().unwrap_or_default() / 1024.0
}
