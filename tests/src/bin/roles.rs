//! Holds what the tests saw functions ask of AWS against the roles of the template: nothing may be missing, and nothing unused but
//! what `tests/roles.json` gives a reason for.
//!
//! ```sh
//! ACTIONLAYER_CALLS=/tmp/calls cargo test --workspace --locked
//! cargo run --package actionlayer-tests --bin roles -- /tmp/calls
//! ```
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program for people")]

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    process::ExitCode,
};

use actionlayer_local::{
    calls::Call,
    template::{TEMPLATE, Template},
};
use actionlayer_tests::roles::{Judged, judge};

/// Permissions that the tests do not come to use, by the reason they are there.
const EXPLAINED: &str = include_str!("../../roles.json");

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
    let explained: BTreeMap<String, Vec<String>> = match serde_json::from_str(EXPLAINED) {
        Ok(explained) => explained,
        Err(error) => {
            eprintln!("roles: tests/roles.json: {error}");
            return ExitCode::FAILURE;
        }
    };
    let explained: BTreeSet<&String> = explained.values().flatten().collect();
    let new: Vec<&String> = unused.iter().filter(|line| !explained.contains(line)).collect();
    let gone: Vec<&&String> = explained.iter().filter(|line| !unused.contains(line)).collect();
    for line in &missing {
        println!("missing: {line}");
    }
    for line in &new {
        println!("unused: {line}");
    }
    for line in &gone {
        println!("note: explained as unused, and used or not there: {line}");
    }
    // Some are used by chance: the words of a mailbox are merged now and then.
    if missing.is_empty() && new.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
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
