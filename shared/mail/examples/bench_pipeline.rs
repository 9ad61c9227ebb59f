//! How long the whole understanding of a mail takes: `bench_pipeline ROUNDS FILE…` prints one line of JSON.
//! `benches/run` runs it beside other parsers.

#![allow(clippy::print_stdout, clippy::print_stderr, clippy::unwrap_used)]

use std::{hint::black_box, time::Instant};

use actionlayer_mail::{SafetyContext, extract, parse, safety_flags, snippet, thread_keys};

/// What ingest does with a mail: limits and parse, what is new (HTML to text with it), thread keys, safety.
fn understand(raw: &[u8]) -> usize {
    let mail = parse(raw);
    let new = extract(&mail);
    let flags = safety_flags(&mail, &SafetyContext { known_domains: &["example.com"], ..SafetyContext::default() });
    thread_keys(&mail).len() + flags.len() + new.len() + snippet(&new, 200).len() + mail.attachments.len()
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let rounds: u32 = arguments.next().and_then(|rounds| rounds.parse().ok()).unwrap_or(100);
    let mails: Vec<(String, Vec<u8>)> = arguments.map(|path| (path.clone(), std::fs::read(path).unwrap())).collect();
    let bytes: usize = mails.iter().map(|(_, raw)| raw.len()).sum();
    // The best round is the one that nothing else disturbed.
    let mut best = f64::MAX;
    let mut of_mail = vec![f64::MAX; mails.len()];
    for _ in 0..rounds {
        let mut round = 0.0;
        for ((_, raw), best) in mails.iter().zip(&mut of_mail) {
            let start = Instant::now();
            black_box(understand(black_box(raw)));
            let took = start.elapsed().as_secs_f64() * 1e6;
            *best = best.min(took);
            round += took;
        }
        best = f64::min(best, round);
    }
    if std::env::var_os("EACH").is_some() {
        for ((path, raw), best) in mails.iter().zip(&of_mail) {
            eprintln!("{best:9.1} µs {:9} bytes  {path}", raw.len());
        }
    }
    let per_mail = best / f64::from(u32::try_from(mails.len()).unwrap());
    println!(
        "{{\"name\":\"actionlayer-mail, all of it\",\"mails\":{},\"bytes\":{bytes},\"us_per_mail\":{per_mail:.2}}}",
        mails.len()
    );
}
