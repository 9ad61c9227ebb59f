//! An endpoint of somebody's: takes what webhooks are sent, and answers what it is told to.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, Uri},
    response::{IntoResponse, Response},
};
use serde_json::Value;
use tokio::{net::TcpListener, task::JoinHandle};

use crate::eventually;

/// What a receiver was sent.
#[derive(Debug, Clone)]
pub struct Received {
    /// The path, with its query.
    pub path: String,
    /// The headers, by lowercase name.
    pub headers: HashMap<String, String>,
    /// The body, byte for byte.
    pub body: Vec<u8>,
    /// Whether it was answered with 2xx.
    pub taken: bool,
}

impl Received {
    /// The body as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// A header's value; empty when it is not there.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(String::as_str).unwrap_or_default()
    }

    /// The event's type.
    pub fn event(&self) -> String {
        self.json()["event"].as_str().unwrap_or_default().to_owned()
    }
}

/// What a receiver answers from now on.
#[derive(Debug, Clone, Default)]
pub struct Reply {
    /// The status; 200 when none.
    pub status: Option<u16>,
    pub headers: Vec<(&'static str, String)>,
    pub body: String,
    /// How long it takes.
    pub after: Duration,
}

#[derive(Debug, Default)]
struct Shared {
    received: Mutex<Vec<Received>>,
    reply: Mutex<Reply>,
    under_way: AtomicUsize,
    most_under_way: AtomicUsize,
}

/// A server on this machine that keeps what it is sent.
#[derive(Debug)]
pub struct Receiver {
    address: SocketAddr,
    shared: Arc<Shared>,
    server: JoinHandle<()>,
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Receiver {
    /// A receiver that takes everything.
    pub async fn start() -> Self {
        let shared = Arc::<Shared>::default();
        let (address, server) = serve("127.0.0.1:0".parse().unwrap(), shared.clone()).await;
        Self { address, shared, server }
    }

    pub fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }

    /// What it answers from now on.
    pub fn reply(&self, reply: Reply) {
        *self.shared.reply.lock().unwrap() = reply;
    }

    /// Answers with a status from now on.
    pub fn reply_status(&self, status: u16) {
        self.reply(Reply { status: Some(status), ..Reply::default() });
    }

    /// Everything it was sent.
    pub fn received(&self) -> Vec<Received> {
        self.shared.received.lock().unwrap().clone()
    }

    /// What it was sent, when that is at least so much.
    pub async fn until(&self, count: usize) -> Vec<Received> {
        eventually(&format!("{count} deliveries"), async || {
            let received = self.received();
            (received.len() >= count).then_some(received)
        })
        .await
    }

    /// The most requests that were under way together.
    pub fn most_under_way(&self) -> usize {
        self.shared.most_under_way.load(Ordering::SeqCst)
    }

    /// Stops listening: connections are refused.
    pub async fn stop(&mut self) {
        self.server.abort();
        _ = (&mut self.server).await;
    }

    /// Listens again, where it did.
    pub async fn restart(&mut self) {
        (self.address, self.server) = serve(self.address, self.shared.clone()).await;
    }
}

async fn serve(address: SocketAddr, shared: Arc<Shared>) -> (SocketAddr, JoinHandle<()>) {
    // Where it was before, a connection of somebody else's may have the port for a moment.
    let listener = eventually("the address", async || TcpListener::bind(address).await.ok()).await;
    let address = listener.local_addr().unwrap();
    let router = Router::new().fallback(take).with_state(shared);
    (address, tokio::spawn(async move { axum::serve(listener, router).await.unwrap() }))
}

async fn take(State(shared): State<Arc<Shared>>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let now = shared.under_way.fetch_add(1, Ordering::SeqCst) + 1;
    shared.most_under_way.fetch_max(now, Ordering::SeqCst);
    let reply = shared.reply.lock().unwrap().clone();
    if !reply.after.is_zero() {
        tokio::time::sleep(reply.after).await;
    }
    let status = StatusCode::from_u16(reply.status.unwrap_or(200)).unwrap();
    let text = |value: &axum::http::HeaderValue| value.to_str().unwrap_or_default().to_owned();
    shared.received.lock().unwrap().push(Received {
        path: uri.to_string(),
        headers: headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect(),
        body: body.to_vec(),
        taken: status.is_success(),
    });
    shared.under_way.fetch_sub(1, Ordering::SeqCst);
    let mut response = (status, reply.body).into_response();
    for (name, value) in reply.headers {
        response.headers_mut().insert(name, value.parse().unwrap());
    }
    response
}
