//! Mail made to hurt its reader: it is read within bounds, in time that grows with its size alone.

#![allow(clippy::unwrap_used)]

mod mails;

use std::time::{Duration, Instant};

use actionlayer_mail::{
    RemoteImages, SafetyContext, all_attachment_bytes, extracted_text, limits, parse, safety_flags, sanitize_html,
    snippet, thread_keys,
};

/// Generous, for an unoptimised build on a busy machine; a quadratic step would take minutes.
const DEADLINE: Duration = Duration::from_secs(30);

fn survive(name: &str, raw: &[u8]) -> (actionlayer_mail::ParsedMail, Duration) {
    let started = Instant::now();
    let mail = parse(raw);
    let _ = (extracted_text(&mail.text), snippet(&mail.text, 200), thread_keys(&mail));
    let _ = safety_flags(&mail, &SafetyContext { known_domains: &["example.com"], ..SafetyContext::default() });
    assert!(all_attachment_bytes(raw).count() >= mail.attachments.len());
    let _ = mail.html.as_ref().map(|html| sanitize_html(html, RemoteImages::Blocked));
    let took = started.elapsed();
    assert!(took < DEADLINE, "{name} took {took:?}");
    (mail, took)
}

/// Generous, because other programs run on the machine; a quadratic step takes many seconds at these sizes.
#[test]
fn time_grows_with_size_alone() {
    const SMALL: usize = 24 * 1024;
    let bombs = mails::all();
    assert!(bombs.len() >= 30);
    for bomb in bombs {
        let small = (bomb.make)(SMALL);
        let large = (bomb.make)(4 * SMALL);
        let once = |raw: &[u8]| survive(bomb.name, raw).1;
        // The quickest of two: others use this machine, too.
        let quickest = |raw: &[u8]| (0..2).map(|_| once(raw)).min().unwrap();
        let (before, after) = (quickest(&small), quickest(&large));
        let allowed = before * 12 + Duration::from_millis(500);
        assert!(after < allowed, "{}: {before:?} for {} bytes, {after:?} for {}", bomb.name, small.len(), large.len());
    }
}

fn bomb(name: &str, bytes: usize) -> actionlayer_mail::ParsedMail {
    let bomb = mails::all().into_iter().find(|bomb| bomb.name == name).unwrap();
    survive(name, &(bomb.make)(bytes)).0
}

#[test]
fn what_is_left_out_is_said() {
    assert_eq!(bomb("nested messages", 600_000).attachments.len(), 1);
    let mail = bomb("nested multiparts", 600_000);
    assert!(mail.parse_limited);
    assert_eq!(mail.subject, "s");
    let mail = bomb("parts", 3_000_000);
    assert!(mail.parse_limited && mail.attachments.len() < limits::MAX_PARTS);
    let mail = bomb("addresses", 3_000_000);
    assert!(mail.parse_limited && mail.to.len() <= limits::MAX_ADDRESSES);
    assert_eq!((mail.subject.as_str(), mail.text.as_str()), ("s", "x"));
    let mail = bomb("recipients of a report", 1_000_000);
    assert_eq!(mail.report.unwrap().recipients.len(), limits::MAX_REPORTED_RECIPIENTS);
    for name in ["encoded words", "continuations", "parameters", "fields", "folds"] {
        assert!(bomb(name, 2_000_000).parse_limited, "{name}");
    }
}

#[test]
fn too_large() {
    let mut raw = b"Subject: big\nFrom: a@b.example\n\n".to_vec();
    raw.resize(limits::MAX_RAW_BYTES + 1, b'x');
    let (mail, _) = survive("too large", &raw);
    assert!(mail.parse_limited && mail.text.is_empty());
    assert_eq!(mail.subject, "big");
}
