//! Measures every bomb at the largest size that is parsed, each in a process of its own, and prints a table:
//! `cargo run --release -p actionlayer-mail --example bombs`. Fails when one takes more than 500 ms or 200 MB.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

#[path = "../tests/bombs/mails.rs"]
mod mails;

use std::process::Command;

use actionlayer_mail::{
    RemoteImages, SafetyContext, all_attachment_bytes, extracted_text, limits, parse, safety_flags, sanitize_html,
    snippet, thread_keys,
};

const MAX_MS: u64 = 500;
const MAX_MIB: u64 = 200;

fn main() {
    match std::env::args().nth(1) {
        Some(name) => measure(&name),
        None => all(),
    }
}

fn all() {
    let program = std::env::current_exe().unwrap();
    let mut over = 0;
    println!("| bomb | ms | MiB |\n|---|---:|---:|");
    for bomb in mails::all() {
        let answer = Command::new(&program).arg(bomb.name).output().unwrap();
        let answer = String::from_utf8(answer.stdout).unwrap();
        let mut numbers = answer.split_whitespace();
        let (ms, mib): (u64, u64) =
            (numbers.next().map_or(u64::MAX, |n| n.parse().unwrap()), numbers.next().map_or(0, |n| n.parse().unwrap()));
        let mark = if ms > MAX_MS || mib > MAX_MIB { " **over**" } else { "" };
        over += usize::from(!mark.is_empty());
        println!("| {} | {ms} | {mib}{mark} |", bomb.name);
    }
    assert_eq!(over, 0, "bombs over {MAX_MS} ms or {MAX_MIB} MiB");
}

fn measure(name: &str) {
    let bomb = mails::all().into_iter().find(|bomb| bomb.name == name).unwrap();
    let mut raw = (bomb.make)(limits::MAX_RAW_BYTES);
    raw.truncate(limits::MAX_RAW_BYTES);
    raw.shrink_to_fit();
    // From here on: what making it took is not counted.
    let _ = std::fs::write("/proc/self/clear_refs", "5");
    let started = cpu_ms();
    let mail = parse(&raw);
    let _ = (extracted_text(&mail.text), snippet(&mail.text, 200), thread_keys(&mail));
    let _ = safety_flags(&mail, &SafetyContext { known_domains: &["example.com"], ..SafetyContext::default() });
    assert!(all_attachment_bytes(&raw).count() >= mail.attachments.len());
    let _ = mail.html.as_ref().map(|html| sanitize_html(html, RemoteImages::Blocked));
    let ms = cpu_ms() - started;
    println!("{ms} {}", peak_mib());
}

/// How long this thread has run on a processor: what else runs on the machine does not count. Zero where the system does
/// not say.
fn cpu_ms() -> u64 {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    stat.split_whitespace().next().and_then(|ns| ns.parse::<u64>().ok()).unwrap_or_default() / 1_000_000
}

/// The most memory this process held, the mail itself included; 0 where the system does not say.
fn peak_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    line.split_whitespace().next().and_then(|kib| kib.parse::<u64>().ok()).unwrap_or_default() / 1024
}
