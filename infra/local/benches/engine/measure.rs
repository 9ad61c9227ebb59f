//! What is measured, and in which order.

use std::{
    path::Path,
    thread,
    time::{Duration, Instant},
};

use serde_json::json;

use crate::{
    client::{Http, Smtp},
    mail::{ADDRESS, mail, own_word, sender},
    process::{Process, Used, text},
};

/// How many connections send or ask at once.
const AT_ONCE: usize = 8;
/// The mails whose receipt is measured: the last before the number asked for.
const WINDOW: usize = 500;
/// How often each request is made.
const SAMPLES: usize = 400;
/// How often a look at what is not there yet is taken.
const LOOK: Duration = Duration::from_millis(20);
const DEADLINE: Duration = Duration::from_mins(30);

/// An engine and what it has received.
pub(crate) struct Subject {
    pub(crate) name: &'static str,
    process: Process,
    http: Http,
    key: String,
    identity: String,
    received: usize,
    last_window: Option<Measured>,
}

/// How a number of mails was received, when so many were there.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Growth {
    pub(crate) mails: usize,
    pub(crate) visible_per_second: f64,
    pub(crate) processor_ms: f64,
    pub(crate) list_p50_ms: f64,
    pub(crate) resident_mib: f64,
}

/// One line of the result.
#[derive(Debug, Clone)]
pub(crate) struct Measured {
    pub(crate) what: &'static str,
    /// Operations a second, by what it is a rate of.
    pub(crate) rates: Vec<(&'static str, f64)>,
    pub(crate) p50_ms: Option<f64>,
    pub(crate) p99_ms: Option<f64>,
    /// Of each operation, all that follows from it included.
    pub(crate) used: Used,
}

impl Subject {
    pub(crate) fn start(name: &'static str, binary: &Path) -> Self {
        let process = Process::start(binary);
        let mut http = Http::connect(process.http, "");
        let made = http.post("/v1/auth/bootstrap", &json!({ "workspace_name": "Bench" }));
        let key = text(&made, "/api_key").to_owned();
        let mut http = Http::connect(process.http, &key);
        let domain = http.post("/v1/domains", &json!({ "domain": "bench.test" }));
        let domain = text(&domain, "/id");
        http.post("/local/dns/publish", &json!({ "domain": "bench.test" }));
        http.post(&format!("/v1/domains/{domain}/verify"), &json!({}));
        let identity = json!({ "domain_id": domain, "local_part": "support", "display_name": "Support",
            "approval_channel": { "type": "email", "to": ["dana@example.com"] } });
        let identity = text(&http.post("/v1/identities", &identity), "/id").to_owned();
        Self { name, process, http, key, identity, received: 0, last_window: None }
    }

    /// Receives mails until there are so many. How the last window of each thousand went.
    pub(crate) fn fill(&mut self, mails: usize) -> Vec<Growth> {
        let mut growth = Vec::new();
        while self.received < mails {
            let window = self.receive((mails - self.received).min(WINDOW));
            if self.received.is_multiple_of(2 * WINDOW) || self.received == WINDOW {
                let visible_per_second = window.rates[1].1;
                let [list_p50_ms, _] = percentiles(self.ask_alone(50, |http, _| {
                    assert_eq!(http.get("/v1/threads").0, 200);
                }));
                growth.push(Growth {
                    mails: self.received,
                    visible_per_second,
                    processor_ms: window.used.processor_ms,
                    list_p50_ms,
                    resident_mib: self.process.resident_mib(),
                });
                eprintln!("{}: {:?}", self.name, growth.last().unwrap());
            }
            self.last_window = Some(window);
        }
        growth
    }

    /// Receives so many mails over several connections, and waits until they can be listed and found.
    fn receive(&mut self, count: usize) -> Measured {
        let before = self.settle();
        let (first, smtp) = (self.received, self.process.smtp);
        let start = Instant::now();
        thread::scope(|scope| {
            for sender_number in 0..AT_ONCE {
                scope.spawn(move || {
                    let mut session = Smtp::connect(smtp);
                    for number in (first + sender_number..first + count).step_by(AT_ONCE) {
                        session.send(&sender(number), ADDRESS, &mail(number));
                    }
                });
            }
        });
        let accepted = start.elapsed();
        self.received += count;
        let all = self.received;
        self.until(|http| http.get("/v1/threads?limit=1").1["total"].as_u64() == Some(all as u64));
        let visible = start.elapsed();
        for number in first..first + count {
            if (number - first) % 50 == 0 {
                self.until(|http| {
                    http.get(&format!("/v1/threads?q={}&limit=1", own_word(number))).1["data"][0]["id"].is_string()
                });
            }
        }
        let after = self.settle();
        Measured {
            what: "mail received, 8 connections",
            rates: vec![("accepted", per_second(count, accepted)), ("visible", per_second(count, visible))],
            p50_ms: None,
            p99_ms: None,
            used: after.each(before, count),
        }
    }

    fn until(&mut self, mut there: impl FnMut(&mut Http) -> bool) {
        let deadline = Instant::now() + DEADLINE;
        while !there(&mut self.http) {
            assert!(Instant::now() < deadline, "it did not come");
            thread::sleep(LOOK);
        }
    }

    /// Waits until nothing more happens, and looks what was used by then.
    fn settle(&mut self) -> Used {
        let mut before = self.process.processor_ms();
        loop {
            thread::sleep(Duration::from_millis(300));
            let after = self.process.processor_ms();
            // What an idle engine uses: a tick now and then.
            if after - before <= 10.0 {
                return self.process.used(&mut self.http);
            }
            before = after;
        }
    }

    fn ask_alone(&mut self, count: usize, mut ask: impl FnMut(&mut Http, usize)) -> Vec<Duration> {
        (0..count)
            .map(|sample| {
                let start = Instant::now();
                ask(&mut self.http, sample);
                start.elapsed()
            })
            .collect()
    }

    /// Makes requests one after the other, and again over several connections.
    fn requests(&mut self, what: [&'static str; 2], ask: impl Fn(&mut Http, usize) + Sync) -> Vec<Measured> {
        let before = self.settle();
        let start = Instant::now();
        let alone = self.ask_alone(SAMPLES, &ask);
        let elapsed_alone = start.elapsed();
        let between = self.settle();
        let (address, key, ask) = (self.process.http, self.key.as_str(), &ask);
        let start = Instant::now();
        let together: Vec<Duration> = thread::scope(|scope| {
            let asking: Vec<_> = (0..AT_ONCE)
                .map(|connection| {
                    scope.spawn(move || {
                        let mut http = Http::connect(address, key);
                        let mut elapsed = Vec::new();
                        for sample in (connection..SAMPLES).step_by(AT_ONCE) {
                            let start = Instant::now();
                            ask(&mut http, SAMPLES + sample);
                            elapsed.push(start.elapsed());
                        }
                        elapsed
                    })
                })
                .collect();
            asking.into_iter().flat_map(|asking| asking.join().unwrap()).collect()
        });
        let elapsed_together = start.elapsed();
        let after = self.settle();
        let measured = |what, samples, elapsed, used| {
            let [p50, p99] = percentiles(samples);
            let rates = vec![("done", per_second(SAMPLES, elapsed))];
            Measured { what, rates, p50_ms: Some(p50), p99_ms: Some(p99), used }
        };
        vec![
            measured(what[0], alone, elapsed_alone, between.each(before, SAMPLES)),
            measured(what[1], together, elapsed_together, after.each(between, SAMPLES)),
        ]
    }

    /// Threads without a draft, one for each request of [`Self::requests`], with the message a draft would be based on.
    fn open_threads(&mut self) -> Vec<(String, String)> {
        let mut threads: Vec<(String, String)> = Vec::new();
        let mut path = "/v1/threads?limit=100".to_owned();
        while threads.len() < 2 * SAMPLES && !path.is_empty() {
            let (_, page) = self.http.get(&path);
            for thread in page["data"].as_array().unwrap() {
                if thread["draft_pending"] != json!(true) {
                    threads.push((text(thread, "/id").to_owned(), text(thread, "/last_inbound_message_id").to_owned()));
                }
            }
            path = page["next_cursor"]
                .as_str()
                .map_or(String::new(), |next| format!("/v1/threads?limit=100&cursor={next}"));
        }
        threads
    }
}

/// Measures all subjects step by step, each step of one and then at once of the next, so that whatever else the machine
/// does falls on all of them.
pub(crate) fn in_turn(subjects: &mut [&mut Subject]) -> Vec<(&'static str, Vec<Measured>)> {
    let mut results: Vec<_> = subjects.iter_mut().map(|subject| (subject.name, Vec::new())).collect();
    let mut step = |measure: &dyn Fn(&mut Subject) -> Vec<Measured>| {
        for (subject, (_, results)) in subjects.iter_mut().zip(&mut results) {
            results.extend(measure(subject));
        }
    };
    step(&|subject| subject.last_window.take().into_iter().collect());
    step(&|subject| {
        subject.requests(["list of threads", "list of threads, 8 at once"], |http, _| {
            assert_eq!(http.get("/v1/threads").0, 200);
        })
    });
    step(&|subject| {
        let threads = subject.open_threads();
        subject.requests(["one thread", "one thread, 8 at once"], |http, sample| {
            assert_eq!(http.get(&format!("/v1/threads/{}", threads[sample % threads.len()].0)).0, 200);
        })
    });
    step(&|subject| {
        let (threads, identity) = (subject.open_threads(), subject.identity.clone());
        let drafts = std::sync::Mutex::new(Vec::new());
        let mut measured = subject.requests(["draft submitted", "draft submitted, 8 at once"], |http, sample| {
            let (thread, message) = &threads[sample % threads.len()];
            let draft = json!({ "thread_id": thread, "identity_id": identity, "based_on_message_id": message,
                "body_text": "Hello,\n\nit costs 12 a month for each of you, and yes, by invoice.\n",
                "rationale": "Price list, second row; invoices are the default for teams." });
            let draft = http.post("/v1/drafts", &draft);
            drafts.lock().unwrap().push(text(&draft, "/id").to_owned());
        });
        // Decided and sent one after the other, and all that follows: asked of SES, recorded, told.
        let drafts = drafts.into_inner().unwrap();
        let before = subject.settle();
        let start = Instant::now();
        let samples = subject.ask_alone(SAMPLES, |http, sample| {
            let path = format!("/v1/drafts/{}", drafts[sample]);
            http.post(&format!("{path}/approve"), &json!({}));
            http.post(&format!("{path}/send"), &json!({}));
        });
        let elapsed = start.elapsed();
        let used = subject.settle().each(before, SAMPLES);
        let [p50, p99] = percentiles(samples);
        let rates = vec![("done", per_second(SAMPLES, elapsed))];
        measured.push(Measured { what: "draft approved and sent", rates, p50_ms: Some(p50), p99_ms: Some(p99), used });
        measured
    });
    results
}

#[allow(clippy::cast_precision_loss, reason = "far below 2^52")]
fn per_second(count: usize, elapsed: Duration) -> f64 {
    count as f64 / elapsed.as_secs_f64()
}

/// The median and the 99th percentile, in milliseconds.
fn percentiles(mut samples: Vec<Duration>) -> [f64; 2] {
    samples.sort();
    [50, 99].map(|percent| samples[(samples.len() * percent).div_ceil(100) - 1].as_secs_f64() * 1_000.0)
}
