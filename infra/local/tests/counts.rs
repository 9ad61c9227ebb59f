//! What the engine spends on a mail, a request and a draft, counted from outside: syncs, SQL statements, requests to the
//! table. The short form of `cargo bench`; it holds counts and no time.
#![allow(clippy::unwrap_used)]

#[path = "../benches/engine/client.rs"]
mod client;
#[path = "../benches/engine/mail.rs"]
mod mail;
#[path = "../benches/engine/process.rs"]
mod process;

use std::time::{Duration, Instant};

use client::{Http, Smtp};
use mail::{ADDRESS, mail, sender};
use process::{Process, Used, text};
use serde_json::json;

const MAILS: usize = 40;
const REQUESTS: usize = 20;
const DEADLINE: Duration = Duration::from_mins(2);

/// An engine with a workspace.
struct World {
    process: Process,
    http: Http,
    identity: String,
}

impl World {
    fn start() -> Self {
        let process = Process::start(env!("CARGO_BIN_EXE_actionlayer").as_ref());
        let made = Http::connect(process.http, "").post("/v1/auth/bootstrap", &json!({ "workspace_name": "Counts" }));
        let mut http = Http::connect(process.http, text(&made, "/api_key"));
        let domain = http.post("/v1/domains", &json!({ "domain": "bench.test" }));
        let domain = text(&domain, "/id");
        http.post("/local/dns/publish", &json!({ "domain": "bench.test" }));
        http.post(&format!("/v1/domains/{domain}/verify"), &json!({}));
        let identity = json!({ "domain_id": domain, "local_part": "support", "display_name": "Support",
            "approval_channel": { "type": "email", "to": ["dana@example.com"] } });
        let identity = text(&http.post("/v1/identities", &identity), "/id").to_owned();
        Self { process, http, identity }
    }

    /// Waits until nothing is counted any more.
    fn settled(&mut self) -> Used {
        let deadline = Instant::now() + DEADLINE;
        let mut before = self.process.used(&mut self.http);
        loop {
            std::thread::sleep(Duration::from_millis(500));
            let after = self.process.used(&mut self.http);
            if (after.syncs, after.table_requests) == (before.syncs, before.table_requests) {
                return after;
            }
            assert!(Instant::now() < deadline, "the engine does not come to rest");
            before = after;
        }
    }

    /// What each of so many operations cost, all that follows from them included.
    fn cost(&mut self, operations: usize, mut operate: impl FnMut(&mut Self, usize)) -> Used {
        let before = self.settled();
        for operation in 0..operations {
            operate(self, operation);
        }
        self.settled().each(before, operations)
    }
}

/// At most so many syncs, SQL statements and requests to the table.
fn assert_at_most(what: &str, used: Used, [syncs, statements, table_requests]: [f64; 3]) {
    let found = [used.syncs.unwrap(), used.statements.unwrap(), used.table_requests.unwrap()];
    assert!(
        found[0] <= syncs && found[1] <= statements && found[2] <= table_requests,
        "{what}: syncs, statements and table requests are {found:?}, at most [{syncs}, {statements}, {table_requests}]"
    );
}

#[test]
fn operations_cost_what_they_should() {
    let mut world = World::start();
    let mut session = Smtp::connect(world.process.smtp);
    let mails = world.cost(MAILS, |_, number| session.send(&sender(number), ADDRESS, &mail(number)));
    let (_, page) = world.http.get("/v1/threads?limit=100");
    let threads = page["data"].as_array().unwrap().clone();
    assert_eq!(threads.len(), MAILS);

    let lists = world.cost(REQUESTS, |world, _| assert_eq!(world.http.get("/v1/threads").0, 200));
    let details = world.cost(REQUESTS, |world, number| {
        let path = format!("/v1/threads/{}", text(&threads[number], "/id"));
        assert_eq!(world.http.get(&path).0, 200);
    });
    let drafts = world.cost(REQUESTS, |world, number| {
        let thread = &threads[number];
        let draft = json!({ "thread_id": thread["id"], "identity_id": world.identity,
            "based_on_message_id": thread["last_inbound_message_id"], "body_text": "It costs 12 a month.",
            "rationale": "Price list." });
        world.http.post("/v1/drafts", &draft);
    });

    // A read waits for no disk.
    assert_eq!((lists.syncs, details.syncs), (Some(0.0), Some(0.0)));
    assert_at_most("a list", lists, LIST);
    assert_at_most("a thread", details, THREAD);
    assert_at_most("a draft", drafts, DRAFT);
    assert_at_most("a mail", mails, MAIL);
}

/// Syncs, SQL statements, requests to the table. Of what comes one after the other; what comes together shares syncs.
const LIST: [f64; 3] = [0.0, 5.0, 3.0];
const THREAD: [f64; 3] = [0.0, 6.0, 4.0];
const DRAFT: [f64; 3] = [12.0, 280.0, 16.0];
const MAIL: [f64; 3] = [13.0, 1_450.0, 21.0];
