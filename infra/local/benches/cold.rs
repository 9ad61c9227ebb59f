//! How long a function takes from its start to its first answer, as a process of its own beside a stub of Lambda's Runtime
//! API: every function of the template, the press of a button in Slack among them, which has three seconds.
//!
//! ```sh
//! cargo build --release --workspace --exclude actionlayer-local --exclude actionlayer-tests --bins --example hello
//! cargo bench --profile engine -p actionlayer-local --bench cold -- --functions target/release      # prints Markdown
//! ```
//!
//! Around them is an engine: DynamoDB, SQS and Slack are servers on loopback. What Lambda adds (a sandbox, the download of the
//! code, a share of a processor) is not in these times; neither is TLS. `hello` is a function on the same runtime that does nothing:
//! what is left when all of ours is taken away.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark talks to whoever started it")]

#[allow(dead_code, reason = "the counts of it are the tests'")]
#[path = "../tests/costs/asking.rs"]
mod asking;
#[path = "cold/events.rs"]
mod events;
#[allow(dead_code, reason = "the counts of it are the tests'")]
#[path = "../tests/costs/operations.rs"]
mod operations;
#[path = "cold/runtime_api.rs"]
mod runtime_api;
#[path = "../tests/costs/world.rs"]
mod world;

use std::path::{Path, PathBuf};

use actionlayer_local::template::{TEMPLATE, Template};
use asking::Till;
use clap::Parser;

use runtime_api::{Start, start};
use world::World;

/// Measures the start of every function.
#[derive(Debug, Parser)]
struct Arguments {
    /// Where the functions are; beside the engine built along with this program unless given.
    #[arg(long)]
    functions: Option<PathBuf>,
    /// How often each is started.
    #[arg(long, default_value_t = 11)]
    starts: usize,
    /// A control group that each is put into when it gets its first event, such as one with the share of a processor that 256 MB
    /// come with. Without one it has as much as there is.
    #[arg(long)]
    group: Option<PathBuf>,
    /// Only `cargo bench` says so; `cargo test --all-targets` runs this as well, and asks only whether it starts.
    #[arg(long)]
    bench: bool,
}

#[tokio::main]
async fn main() {
    let arguments = Arguments::parse();
    if !arguments.bench {
        return;
    }
    let beside = || Path::new(env!("CARGO_BIN_EXE_actionlayer")).parent().unwrap().to_owned();
    let folder = arguments.functions.unwrap_or_else(beside);
    let mut programs: Vec<(String, PathBuf)> = Template::parse(TEMPLATE)
        .unwrap()
        .functions
        .into_values()
        .map(|function| (function.name.clone(), folder.join(function.name)))
        .collect();
    programs.push(("hello".to_owned(), folder.join("examples/hello")));
    programs.retain(|(_, program)| program.exists());
    let mut measured: Vec<(String, PathBuf, Vec<Start>)> =
        programs.into_iter().map(|(name, program)| (name, program, Vec::new())).collect();
    let world = World::start().await;
    let mut till = Till::new(&world).await;
    // In turn, so that whatever else the machine does meanwhile is shared.
    for _ in 0..arguments.starts {
        for (name, program, starts) in &mut measured {
            let event = events::first_event(name, &world, &mut till).await;
            let (now_unix_ms, group) = (world.app.now().unix_ms(), arguments.group.as_deref());
            let started = start(program, &world.environment, &event, now_unix_ms, group).await;
            events::check(name, &started.answer);
            starts.push(started);
        }
    }
    println!(
        "| function | program MiB | zip MB | ready ms | of it on a processor | first byte to the table ms | answer ms | all on a processor | \
         slowest answer ms | memory MiB |\n|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|"
    );
    for (name, program, starts) in &measured {
        let median = |of: &dyn Fn(&Start) -> f64| {
            let mut sorted: Vec<f64> = starts.iter().map(of).collect();
            sorted.sort_by(f64::total_cmp);
            sorted[sorted.len() / 2]
        };
        let slowest = starts.iter().map(|start| start.answered_ms).fold(0.0, f64::max);
        let table = if starts.iter().all(|start| start.table_ms.is_some()) {
            format!("{:.1}", median(&|start| start.table_ms.unwrap()))
        } else {
            "-".to_owned()
        };
        println!(
            "| {name} | {:.1} | {} | {:.1} | {:.1} | {table} | {:.1} | {:.1} | {slowest:.0} | {:.0} |",
            mib(std::fs::metadata(program).unwrap().len()),
            zipped_mb(program).map_or_else(|| "-".to_owned(), |mb| format!("{mb:.2}")),
            median(&|start| start.ready_ms),
            median(&|start| start.ready_cpu_ms),
            median(&|start| start.answered_ms),
            median(&|start| start.cpu_ms),
            median(&|start| start.peak_mib),
        );
    }
}

#[allow(clippy::cast_precision_loss, reason = "far below 2^52")]
fn mib(bytes: u64) -> f64 {
    bytes as f64 / 1_048_576.0
}

/// What Lambda gets, but for the zip's own hundred bytes; none where there is no `gzip`.
#[allow(clippy::cast_precision_loss, reason = "far below 2^52")]
fn zipped_mb(program: &Path) -> Option<f64> {
    let zipped = std::process::Command::new("gzip").arg("-9c").arg(program).output().ok()?;
    (!zipped.stdout.is_empty()).then(|| zipped.stdout.len() as f64 / 1e6)
}
