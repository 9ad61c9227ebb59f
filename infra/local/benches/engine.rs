//! How fast the engine is on this machine, what it spends, and whether that grows with what it has received: `cargo bench`.
//!
//! A program outside the engine: it starts the `actionlayer` binary, sends mail over SMTP and requests over HTTP, each
//! over connections that stay open, and reads what the process used from `/proc` and from `GET /local/counters`. Prints
//! Markdown, and draws how it grows.
//!
//! ```sh
//! cargo bench -p actionlayer-local                                      # at 500 mails and at 20,000, about ten minutes
//! cargo bench -p actionlayer-local -- --mails 500 --baseline OTHER      # beside another build, in turn
//! ```
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a benchmark talks to whoever started it"
)]

#[path = "engine/client.rs"]
mod client;
#[path = "engine/mail.rs"]
mod mail;
#[path = "engine/measure.rs"]
mod measure;
#[path = "engine/process.rs"]
mod process;
#[path = "engine/report.rs"]
mod report;

use std::path::PathBuf;

use clap::Parser;

use measure::Subject;

/// Measures the engine from outside.
#[derive(Debug, Parser)]
struct Arguments {
    /// How many mails are there when it is measured; the last of them are part of it.
    #[arg(long, value_delimiter = ',', default_value = "500,20000")]
    mails: Vec<usize>,
    /// The engine to measure; the one built along with this program unless given.
    #[arg(long, default_value = env!("CARGO_BIN_EXE_actionlayer"))]
    engine: PathBuf,
    /// Another build of the engine, measured in turn with this one, at the first number of mails only.
    #[arg(long)]
    baseline: Option<PathBuf>,
    /// Where to draw how it grows.
    #[arg(long)]
    svg: Option<PathBuf>,
    /// Only `cargo bench` says so; `cargo test --all-targets` runs this as well, and asks only whether it starts.
    #[arg(long)]
    bench: bool,
}

fn main() {
    let arguments = Arguments::parse();
    if !arguments.bench {
        return;
    }
    let mut ours = Subject::start("this build", &arguments.engine);
    let mut baseline = arguments.baseline.map(|binary| Subject::start("the baseline", &binary));
    let mut growth = Vec::new();
    for (position, mails) in arguments.mails.iter().copied().enumerate() {
        growth.extend(ours.fill(mails));
        if let Some(other) = baseline.as_mut().filter(|_| position == 0) {
            other.fill(mails);
            report::table(mails, &measure::in_turn(&mut [&mut ours, other]));
            baseline = None;
        } else {
            report::table(mails, &measure::in_turn(&mut [&mut ours]));
        }
    }
    report::growth(&growth);
    if let Some(path) = arguments.svg {
        std::fs::write(path, report::svg(&growth)).unwrap();
    }
}
