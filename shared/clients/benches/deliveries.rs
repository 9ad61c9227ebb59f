//! Signed deliveries to addresses that strangers chose, beside a bare `reqwest` loop that does only the POST.
//!
//! Each of ours is signed twice, its URL read anew, its host's name asked of a name server over UDP, what that said
//! filtered, and exactly that dialled over a connection of its own. The sink and the name server are a process of their own;
//! what counts is the processor time of this one, which has one thread. The contenders take turns in one run.
//!
//! ```sh
//! cargo bench -p actionlayer-clients --bench deliveries
//! cargo bench -p actionlayer-clients --bench deliveries -- --rounds 40
//! ```
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "a benchmark talks to whoever started it, in numbers far below 2^52"
)]

#[path = "deliveries/sink.rs"]
mod sink;

use std::{
    io::{BufRead as _, BufReader},
    net::{IpAddr, SocketAddr},
    process::{Child, Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use actionlayer_clients::{dns::Dns, http::GuardedClient};
use actionlayer_domain::{
    Secret, Timestamp, Webhook, WebhookId, WebhookUrl, WorkspaceId,
    public_address::is_public,
    webhook::{EventSelection, Reach, WebhookSecrets, signature_headers},
};
use tokio::task::JoinSet;

/// Posts in a turn.
const TURN: usize = 1_000;
/// So many are under way together, as of one endpoint's worker.
const AT_ONCE: usize = 8;
/// A payload as `email.received` has it.
const BODY: &str = r#"{"event":"email.received","event_id":"0197f3a0-5c1e-7d2a-9f00-1234567890ab","thread_id":"0197f3a0-5c1e-7d2a-9f00-1234567890ac","message_id":"0197f3a0-5c1e-7d2a-9f00-1234567890ad","identity_id":"0197f3a0-5c1e-7d2a-9f00-1234567890ae","from_email":"ada@customer.test","subject":"What does the larger plan cost?","received_at":"2026-04-30T12:00:00.000Z"}"#;

/// Who posts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Contender {
    /// `reqwest`, over connections that stay open.
    BareKept,
    /// `reqwest`, over a new connection for each POST.
    BareAnew,
    /// A delivery to a name.
    Named,
    /// A delivery to an address.
    Literal,
}

impl Contender {
    const ALL: [Self; 4] = [Self::BareKept, Self::BareAnew, Self::Named, Self::Literal];

    const fn name(self) -> &'static str {
        match self {
            Self::BareKept => "bare `reqwest`, connections kept",
            Self::BareAnew => "bare `reqwest`, a connection for each POST",
            Self::Named => "delivery to a host's name",
            Self::Literal => "delivery to an address",
        }
    }
}

/// The other process: where things are posted, and who knows its address. Ends with this one.
struct Outside {
    child: Child,
    http: SocketAddr,
    dns: SocketAddr,
}

impl Outside {
    fn start() -> Self {
        let program = std::env::current_exe().unwrap();
        let mut child = Command::new(program).args(["--bench", "--sink"]).stdout(Stdio::piped()).spawn().unwrap();
        let mut ready = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut ready).unwrap();
        let mut addresses = ready.split_whitespace().map(|address| address.parse().unwrap());
        Self { child, http: addresses.next().unwrap(), dns: addresses.next().unwrap() }
    }
}

impl Drop for Outside {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

#[derive(Clone)]
struct Posting {
    kept: reqwest::Client,
    anew: reqwest::Client,
    guarded: GuardedClient,
    named: Arc<Webhook>,
    literal: Arc<Webhook>,
}

impl Posting {
    fn at(outside: &Outside) -> Self {
        let bare = || reqwest::Client::builder().no_proxy().http1_only();
        // This machine's own address stands for a public one, which is looked at as well.
        let allows = Arc::new(|address: &IpAddr| is_public(address) || address.is_loopback());
        let port = outside.http.port();
        Self {
            kept: bare().build().unwrap(),
            anew: bare().pool_max_idle_per_host(0).build().unwrap(),
            guarded: GuardedClient::filtered(Dns::at(outside.dns), Reach::Anywhere, allows),
            named: Arc::new(webhook(&format!("http://sink.example.com:{port}/hook"))),
            literal: Arc::new(webhook(&format!("http://{}/hook", outside.http))),
        }
    }

    async fn post(&self, who: Contender, number: usize) {
        match who {
            Contender::BareKept => bare(&self.kept, &self.literal).await,
            Contender::BareAnew => bare(&self.anew, &self.literal).await,
            Contender::Named => deliver(&self.guarded, &self.named, number).await,
            Contender::Literal => deliver(&self.guarded, &self.literal, number).await,
        }
    }
}

fn webhook(url: &str) -> Webhook {
    let at = Timestamp::from_unix_ms(1_777_000_000_000);
    Webhook::start(
        WebhookId::from_bytes([1; 16]),
        WorkspaceId::from_bytes([2; 16]),
        WebhookUrl::parse(url, Reach::Anywhere).unwrap(),
        EventSelection::All,
        at,
    )
}

async fn bare(client: &reqwest::Client, webhook: &Webhook) {
    let answer = client.post(webhook.url.as_str()).header("content-type", "application/json").body(BODY);
    let answer = answer.send().await.unwrap();
    assert_eq!(answer.status(), 200);
    answer.bytes().await.unwrap();
}

async fn deliver(client: &GuardedClient, webhook: &Webhook, number: usize) {
    let body = BODY.as_bytes().to_vec();
    let now = Timestamp::from_unix_ms(1_777_000_000_000);
    let secrets = WebhookSecrets::new(Secret::new("whsec_QWxsIHRoYXQgaXMgZ29sZCBkb2Vz".to_owned()));
    let headers = signature_headers(&secrets, &format!("event-{number}"), &body, now);
    let answer = client.post_json(&webhook.url, &headers, body).await.unwrap();
    assert_eq!(answer.status, 200);
}

/// One turn: what it took of the clock and of the processor.
async fn turn(posting: &Posting, who: Contender) -> (Duration, f64) {
    let (begun, used) = (Instant::now(), processor_seconds());
    let mut workers = JoinSet::new();
    for worker in 0..AT_ONCE {
        let posting = posting.clone();
        workers.spawn(async move {
            for number in (worker..TURN).step_by(AT_ONCE) {
                posting.post(who, number).await;
            }
        });
    }
    while let Some(done) = workers.join_next().await {
        done.unwrap();
    }
    (begun.elapsed(), processor_seconds() - used)
}

/// What this process has used so far. By the scheduler's account, in nanoseconds: ticks are too coarse for a turn.
fn processor_seconds() -> f64 {
    let schedstat = std::fs::read_to_string("/proc/self/schedstat").unwrap();
    schedstat.split(' ').next().unwrap().parse::<f64>().unwrap() / 1e9
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let has = |name: &str| arguments.iter().any(|argument| argument == name);
    // Only `cargo bench` says so; `cargo test --all-targets` runs this as well, and asks only whether it starts.
    if !has("--bench") {
        return;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    if has("--sink") {
        return runtime.block_on(sink::run());
    }
    let rounds = arguments.iter().position(|argument| argument == "--rounds");
    let rounds: usize = rounds.map_or(15, |place| arguments[place + 1].parse().unwrap());
    let outside = Outside::start();
    let posting = Posting::at(&outside);
    let mut each: [Vec<(f64, f64)>; 4] = Default::default();
    runtime.block_on(async {
        // The first turn of each is for what is set up once.
        for round in 0..=rounds {
            for (who, seen) in Contender::ALL.into_iter().zip(&mut each) {
                let (clock, processor) = turn(&posting, who).await;
                if round > 0 {
                    seen.push((TURN as f64 / processor, TURN as f64 / clock.as_secs_f64()));
                }
            }
        }
    });
    println!("| {rounds} turns of {TURN}, median | a second of a core | a second of the clock | of kept | of anew |");
    println!("|---|--:|--:|--:|--:|");
    let a_core = |who: usize| median(each[who].iter().map(|seen| seen.0).collect());
    for (i, who) in Contender::ALL.into_iter().enumerate() {
        let clock = median(each[i].iter().map(|seen| seen.1).collect());
        let (kept, anew) = (a_core(i) / a_core(0), a_core(i) / a_core(1));
        println!("| {} | {:.0} | {clock:.0} | {kept:.2} | {anew:.2} |", who.name(), a_core(i));
    }
}
