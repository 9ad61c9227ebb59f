//! Holds what the tests saw functions ask of AWS against the roles of the template: nothing may be missing, and nothing unused.
//!
//! ```sh
//! ACTIONLAYER_CALLS=/tmp/calls cargo test --workspace --locked
//! cargo run --package actionlayer-tests --bin roles -- /tmp/calls
//! ```
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program for people")]

use std::{collections::BTreeSet, path::Path, process::ExitCode};

use actionlayer_local::{
    calls::Call,
    template::{TEMPLATE, Template},
};
use actionlayer_tests::roles::{Judged, judge};

fn main() -> ExitCode {
    let Some(folder) = std::env::args_os().nth(1) else {
        eprintln!("roles: name the folder that the tests wrote to, ACTIONLAYER_CALLS");
        return ExitCode::FAILURE;
    };
    let calls = match read(Path::new(&folder)) {
        Ok(calls) => calls,
        Err(error) => {
            eprintln!("roles: {error}");
            return ExitCode::FAILURE;
        }
    };
    let template = match Template::parse(TEMPLATE) {
        Ok(template) => template,
        Err(error) => {
            eprintln!("roles: {error}");
            return ExitCode::FAILURE;
        }
    };
    let Judged { missing, unused, used } = judge(&template, &calls);
    println!("{} calls of {} functions; {used} permissions used", calls.len(), template.functions.len());
    for line in &missing {
        println!("missing: {line}");
    }
    for line in &unused {
        println!("unused: {line}");
    }
    if missing.is_empty() && unused.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn read(folder: &Path) -> std::io::Result<BTreeSet<Call>> {
    let mut calls = BTreeSet::new();
    for entry in std::fs::read_dir(folder)? {
        for line in std::fs::read_to_string(entry?.path())?.lines() {
            // An engine that was killed may have left half a line.
            calls.extend(serde_json::from_str::<Call>(line));
        }
    }
    Ok(calls)
}
