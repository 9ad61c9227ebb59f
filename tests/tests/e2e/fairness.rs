//! Fifty endpoints of which ten hang and ten fail: the others get theirs as soon as if those were not there.
//!
//! `ACTIONLAYER_LONG=1` makes 10,000 deliveries of it and holds the times as well; the short form holds what is exact.
#![allow(clippy::print_stderr, reason = "the long form tells what it measured")]

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use actionlayer_tests::{
    Engine, Letter, World,
    world::{array, id},
};
use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
};
use futures_util::future::join_all;
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::JoinHandle};

use crate::tenants::{Tenant, tenants};

const ENDPOINTS: usize = 50;
const HANGING: usize = 10;
const FAILING: usize = 10;
/// A workspace has at most twenty webhooks.
const WORKSPACES: usize = 3;
/// The others' 99th percentile, beside that of a run in which all are good.
const MOST: f64 = 1.3;
/// Nothing new in so long a time, and nothing comes any more.
const PATIENCE: Duration = Duration::from_secs(40);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Manner {
    Good,
    Hangs,
    Fails,
}

/// An endpoint that counts who comes, before it answers or does not.
struct Endpoint {
    manner: Manner,
    webhook: Value,
    tenant: usize,
    address: SocketAddr,
    arrivals: Arc<Mutex<Vec<Arrival>>>,
    server: JoinHandle<()>,
}

#[derive(Debug, Clone)]
struct Arrival {
    event_id: String,
    from_email: String,
    at: Instant,
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn take(
    State((manner, arrivals)): State<(Manner, Arc<Mutex<Vec<Arrival>>>)>,
    headers: HeaderMap,
    body: Bytes,
) -> StatusCode {
    let payload: Value = serde_json::from_slice(&body).unwrap();
    let from_email = payload["from_email"].as_str().unwrap().to_owned();
    let event_id = headers["webhook-id"].to_str().unwrap().to_owned();
    arrivals.lock().unwrap().push(Arrival { event_id, from_email, at: Instant::now() });
    match manner {
        Manner::Good => StatusCode::OK,
        Manner::Fails => StatusCode::INTERNAL_SERVER_ERROR,
        Manner::Hangs => std::future::pending().await,
    }
}

impl Endpoint {
    async fn start(manner: Manner, tenant: usize, owner: &Tenant) -> Self {
        let arrivals = Arc::<Mutex<Vec<Arrival>>>::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().fallback(take).with_state((manner, Arc::clone(&arrivals)));
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        let wanted = json!({"url": format!("http://{address}/hook"), "events": ["email.received"]});
        let webhook = owner.owner.post("/v1/webhooks", wanted).await.expect(201);
        Self { manner, webhook, tenant, address, arrivals, server }
    }

    fn arrivals(&self) -> Vec<Arrival> {
        self.arrivals.lock().unwrap().clone()
    }

    /// How often each event came.
    fn times(&self) -> HashMap<String, usize> {
        let mut times = HashMap::new();
        for arrival in self.arrivals() {
            *times.entry(arrival.event_id).or_default() += 1;
        }
        times
    }
}

struct Setting {
    world: World,
    tenants: Vec<Tenant>,
    endpoints: Vec<Endpoint>,
    /// How many rounds of mails there were.
    rounds: usize,
    /// How long each event took to each good endpoint, from before its mail was sent.
    times: Vec<Duration>,
}

impl Setting {
    /// Endpoints of these manners, over all workspaces.
    async fn start(manners: &[Manner]) -> Self {
        let world = World::start_on(Engine::start_with(&["RateLimits=off"]).await, json!({})).await;
        let tenants = tenants(&world, WORKSPACES).await;
        let mut endpoints = Vec::new();
        for (number, manner) in manners.iter().enumerate() {
            let tenant = number % WORKSPACES;
            endpoints.push(Endpoint::start(*manner, tenant, &tenants[tenant]).await);
        }
        Self { world, tenants, endpoints, rounds: 0, times: Vec::new() }
    }

    fn good(&self) -> impl Iterator<Item = &Endpoint> {
        self.endpoints.iter().filter(|endpoint| endpoint.manner == Manner::Good)
    }

    /// A mail to every workspace.
    async fn mails(&self, from: &str) {
        let send = async |tenant: &Tenant| self.world.receive_at(&tenant.address, &Letter::from(from)).await;
        join_all(self.tenants.iter().map(send)).await;
    }

    /// Waits until every good endpoint was told of so many events, for as long as some still come.
    async fn until(&self, events: usize) {
        let (mut last, mut since) = (0, Instant::now());
        loop {
            let told: usize = self.good().map(|endpoint| endpoint.times().len()).sum();
            if told == events * self.good().count() {
                return;
            }
            if told != last {
                (last, since) = (told, Instant::now());
            }
            assert!(since.elapsed() < PATIENCE, "{told} of {} came", events * self.good().count());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// A mail to every workspace, until all that listen know of it.
    async fn round(&mut self) {
        let from = format!("r{}@customer.test", self.rounds);
        self.rounds += 1;
        let begun = Instant::now();
        self.mails(&from).await;
        self.until(self.rounds).await;
        let came = |endpoint: &Endpoint| {
            let arrivals = endpoint.arrivals();
            let arrival = arrivals.iter().rev().find(|arrival| arrival.from_email == from).unwrap();
            arrival.at.duration_since(begun)
        };
        let times: Vec<Duration> = self.good().map(came).collect();
        self.times.extend(times);
    }

    fn percentile_ms(&self, percent: usize) -> u128 {
        let mut times = self.times.clone();
        times.sort_unstable();
        times[(times.len() * percent / 100).min(times.len() - 1)].as_millis()
    }

    /// The records of an endpoint's deliveries.
    async fn deliveries(&self, endpoint: &Endpoint) -> Vec<Value> {
        let (owner, mut found, mut cursor) = (&self.tenants[endpoint.tenant].owner, Vec::new(), String::new());
        loop {
            let path = format!("/v1/webhooks/{}/deliveries?limit=100{cursor}", id(&endpoint.webhook));
            let page = owner.get(&path).await.expect(200);
            found.extend_from_slice(array(&page["data"]));
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return found,
            }
        }
    }

    /// Every request that came is a try on record, and every try came.
    async fn assert_counted(&self, endpoint: &Endpoint, events: usize) {
        let begun = Instant::now();
        loop {
            let before = endpoint.arrivals().len();
            let deliveries = self.deliveries(endpoint).await;
            let recorded: usize = deliveries.iter().map(|delivery| array(&delivery["attempts"]).len()).sum();
            // None came meanwhile, and none is under way.
            if deliveries.len() == events && recorded == before && endpoint.arrivals().len() == before {
                let state = |state: &str| deliveries.iter().filter(|delivery| delivery["state"] == state).count();
                let wanted = if endpoint.manner == Manner::Good { "succeeded" } else { "pending" };
                assert_eq!(state(wanted), events, "at {} ({:?})", endpoint.address, endpoint.manner);
                return;
            }
            assert!(
                begun.elapsed() < 2 * PATIENCE,
                "{:?}: {} deliveries, {recorded} tries on record, {before} came",
                endpoint.manner,
                deliveries.len()
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

fn is_long() -> bool {
    std::env::var("ACTIONLAYER_LONG").is_ok_and(|value| value == "1")
}

/// Those that hang, those that fail, and the good ones.
fn with_bad_ones() -> Vec<Manner> {
    let of = |manner: Manner, count: usize| vec![manner; count];
    [of(Manner::Hangs, HANGING), of(Manner::Fails, FAILING), of(Manner::Good, ENDPOINTS - HANGING - FAILING)].concat()
}

#[tokio::test]
async fn ten_that_hang_and_ten_that_fail_cost_the_other_thirty_nothing() {
    let rounds = if is_long() { 200 } else { 6 };
    let mut with = Setting::start(&with_bad_ones()).await;
    // As much to do and nobody bad; and nobody but the good ones.
    let mut all_good = Setting::start(&[Manner::Good; ENDPOINTS]).await;
    let mut without = Setting::start(&[Manner::Good; ENDPOINTS - HANGING - FAILING]).await;
    // In turn, so that whatever else this machine does strikes all.
    for number in 0..rounds {
        with.round().await;
        if number % 2 == 0 {
            all_good.round().await;
            without.round().await;
        }
    }
    for (name, setting) in [("20 of 50 bad", &with), ("50 good", &all_good), ("30 good", &without)] {
        let (made, median_ms, p99_ms) =
            (setting.rounds * setting.endpoints.len(), setting.percentile_ms(50), setting.percentile_ms(99));
        eprintln!("{name}: {made} deliveries, median {median_ms} ms, p99 {p99_ms} ms");
    }
    for endpoint in &with.endpoints {
        with.assert_counted(endpoint, rounds).await;
        // The good ones got each event once.
        assert!(endpoint.manner != Manner::Good || endpoint.arrivals().len() == rounds);
    }
    #[allow(clippy::cast_precision_loss, reason = "milliseconds")]
    let ratio = with.percentile_ms(99) as f64 / all_good.percentile_ms(99) as f64;
    // Of few deliveries the slowest is chance.
    assert!(!is_long() || ratio <= MOST, "{ratio:.2}");
}

#[tokio::test]
async fn a_machine_that_dies_among_them_loses_nothing() {
    let rounds = if is_long() { 40 } else { 4 };
    let mut setting = Setting::start(&with_bad_ones()).await;
    for number in 0..rounds {
        setting.mails(&format!("r{number}@customer.test")).await;
    }
    // In the middle of it.
    let begun = Instant::now();
    while setting.good().map(|endpoint| endpoint.arrivals().len()).sum::<usize>() < rounds * 30 / 2 {
        assert!(begun.elapsed() < 4 * PATIENCE, "nothing is under way");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    setting.world.crash_and_restart().await;
    for tenant in &mut setting.tenants {
        tenant.owner = setting.world.caller(&tenant.owner);
    }
    // What a worker held when it died is taken by another when the lease is over.
    setting.world.advance(91).await;
    setting.world.sweep().await;
    setting.until(rounds).await;
    let mut twice = 0;
    for endpoint in setting.good() {
        let begun = Instant::now();
        let deliveries = loop {
            let deliveries = setting.deliveries(endpoint).await;
            if deliveries.iter().all(|delivery| delivery["state"] == "succeeded") {
                break deliveries;
            }
            assert!(begun.elapsed() < PATIENCE, "{deliveries:?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        };
        let times = endpoint.times();
        assert_eq!((deliveries.len(), times.len()), (rounds, rounds));
        // At least once: what was in the worker's hands when it died may have come twice, and is on record once.
        let again = times.values().filter(|times| **times > 1).count();
        assert!(again <= 8 && times.values().all(|times| *times <= 2), "{times:?}");
        let recorded: usize = deliveries.iter().map(|delivery| array(&delivery["attempts"]).len()).sum();
        assert!((rounds..=rounds + again).contains(&recorded), "{recorded}");
        twice += again;
    }
    eprintln!("{} deliveries to good endpoints, {twice} of them twice", rounds * 30);
}
