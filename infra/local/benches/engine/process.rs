//! An engine as a process: started, asked what it used, ended.

use std::{
    io::{BufRead, BufReader},
    net::SocketAddr,
    path::Path,
    process::{Child, Command, Stdio},
};

use serde_json::Value;

use crate::client::Http;

/// A tick of the kernel's accounting of processor time, in milliseconds (`USER_HZ` is 100 on every Linux).
const TICK_MS: f64 = 10.0;

/// The process. Dropping it kills it.
pub(crate) struct Process {
    child: Child,
    pub(crate) http: SocketAddr,
    pub(crate) smtp: SocketAddr,
    _folder: tempfile::TempDir,
}

/// What a process has used and done so far. A build without counters tells only its processor time.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Used {
    pub(crate) processor_ms: f64,
    pub(crate) syncs: Option<f64>,
    pub(crate) statements: Option<f64>,
    pub(crate) table_requests: Option<f64>,
}

impl Process {
    pub(crate) fn start(binary: &Path) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut child = Command::new(binary)
            .args(["--http", "127.0.0.1:0", "--smtp", "127.0.0.1:0", "--data"])
            .arg(folder.path().join("data"))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut ready = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut ready).unwrap();
        let address = |name: &str| {
            let value = ready.split_whitespace().find_map(|word| word.strip_prefix(name)).unwrap();
            value.trim_start_matches("http://").parse().unwrap()
        };
        Self { http: address("http="), smtp: address("smtp="), child, _folder: folder }
    }

    /// What it has used until now.
    pub(crate) fn used(&self, http: &mut Http) -> Used {
        let (status, counters) = http.get("/local/counters");
        let count = |name: &str| (status == 200).then(|| counters[name].as_f64().unwrap());
        Used {
            processor_ms: self.processor_ms(),
            syncs: count("syncs"),
            statements: count("statements"),
            table_requests: count("dynamodb"),
        }
    }

    /// User and system time of all its threads.
    pub(crate) fn processor_ms(&self) -> f64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        // The name, in parentheses, may hold anything.
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
        let ticks: f64 = fields[11..13].iter().map(|ticks| ticks.parse::<f64>().unwrap()).sum();
        ticks * TICK_MS
    }

    /// Its memory, in MiB.
    #[allow(dead_code, reason = "the benchmark asks")]
    pub(crate) fn resident_mib(&self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap() / 1024.0
    }
}

impl Used {
    /// What came between two looks, for each of so many operations.
    pub(crate) fn each(self, before: Self, operations: usize) -> Self {
        #[allow(clippy::cast_precision_loss, reason = "far below 2^52")]
        let operations = operations as f64;
        let between = |after: Option<f64>, before: Option<f64>| Some((after? - before?) / operations);
        Self {
            processor_ms: (self.processor_ms - before.processor_ms) / operations,
            syncs: between(self.syncs, before.syncs),
            statements: between(self.statements, before.statements),
            table_requests: between(self.table_requests, before.table_requests),
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

/// What a JSON answer says at a path.
pub(crate) fn text<'a>(answer: &'a Value, pointer: &str) -> &'a str {
    answer.pointer(pointer).and_then(Value::as_str).unwrap_or_else(|| panic!("no {pointer} in {answer}"))
}
