//! How long a function takes from its start to its first answer, as a process of its own beside a stub of Lambda's Runtime
//! API: every function of the template, the press of a button in Slack among them, which has three seconds.
//!
//! ```sh
//! cargo build --profile engine --workspace --bins
//! cargo bench --profile engine -p actionlayer-local --bench cold      # prints Markdown
//! ```
//!
//! Around them is an engine: DynamoDB, SQS and Slack are servers on loopback. What Lambda adds (a sandbox, the download of the
//! code, a share of a processor) is not in these times; neither is TLS.
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
    let names = Template::parse(TEMPLATE).unwrap().functions.into_values().map(|function| function.name);
    let mut measured: Vec<(String, Vec<Start>)> = names.map(|name| (name, Vec::new())).collect();
    let world = World::start().await;
    let mut till = Till::new(&world).await;
    // In turn, so that whatever else the machine does meanwhile is shared.
    for _ in 0..arguments.starts {
        for (name, starts) in &mut measured {
            let event = events::first_event(name, &world, &mut till).await;
            let started = start(&folder.join(&*name), &world.environment, &event, world.app.now().unix_ms()).await;
            events::check(name, &started.answer);
            starts.push(started);
        }
    }
    println!("| function | program MiB | ready ms | first answer ms | slowest ms |\n|---|--:|--:|--:|--:|");
    for (name, starts) in &mut measured {
        #[allow(clippy::cast_precision_loss, reason = "far below 2^52")]
        let mib = std::fs::metadata(folder.join(&*name)).unwrap().len() as f64 / 1_048_576.0;
        let median = |of: fn(&Start) -> f64| {
            let mut sorted: Vec<f64> = starts.iter().map(of).collect();
            sorted.sort_by(f64::total_cmp);
            (sorted[sorted.len() / 2], sorted[sorted.len() - 1])
        };
        let (ready, answered) = (median(|start| start.ready_ms), median(|start| start.answered_ms));
        println!("| {name} | {mib:.1} | {:.0} | {:.0} | {:.0} |", ready.0, answered.0, answered.1);
    }
}
