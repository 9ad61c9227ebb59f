//! Mail made to hurt its reader: it is read within bounds, in time that grows with its size alone.

#![allow(clippy::unwrap_used)]

use std::{
    fmt::Write as _,
    time::{Duration, Instant},
};

use actionlayer_mail::{
    SafetyContext, all_attachment_bytes, extracted_text, limits, parse, safety_flags, snippet, thread_keys,
};

/// Generous, for an unoptimised build on a busy machine; a quadratic step would take minutes.
const DEADLINE: Duration = Duration::from_secs(30);

fn survive(name: &str, raw: &[u8]) -> actionlayer_mail::ParsedMail {
    let started = Instant::now();
    let mail = parse(raw);
    let _ = (extracted_text(&mail.text), snippet(&mail.text, 200), thread_keys(&mail));
    let _ = safety_flags(&mail, &SafetyContext { authentication: None, known_domains: &["example.com"] });
    assert_eq!(all_attachment_bytes(raw).count(), mail.attachments.len());
    assert!(started.elapsed() < DEADLINE, "{name} took {:?}", started.elapsed());
    mail
}

#[test]
fn nested_messages() {
    let raw = "Content-Type: message/rfc822\n\n".repeat(20_000) + "x";
    assert_eq!(survive("nested rfc822", raw.as_bytes()).attachments.len(), 1);
    let digests = "Content-Type: multipart/digest; boundary=b\n\n--b\n".repeat(20_000);
    survive("nested digests", digests.as_bytes());
}

#[test]
fn nested_multiparts() {
    let mut raw = String::from("Subject: deep\n");
    for n in 0..20_000 {
        write!(raw, "Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n").unwrap();
    }
    let mail = survive("nested multiparts", raw.as_bytes());
    assert!(mail.parse_limited);
    assert_eq!(mail.subject, "deep");
    // Boundaries that are each other's beginning.
    let mut raw = String::new();
    for n in 1..500 {
        write!(raw, "Content-Type: multipart/mixed; boundary={0}\n\n--{0}\n", "a".repeat(n % 70 + 1)).unwrap();
    }
    raw += &format!("--{}\n", "a".repeat(70)).repeat(20_000);
    survive("boundary prefixes", raw.as_bytes());
}

#[test]
fn many_parts() {
    let raw = "Subject: many\nContent-Type: multipart/mixed; boundary=b\n\n".to_owned()
        + &"--b\nContent-Type: image/png\n\nx\n".repeat(100_000);
    let mail = survive("many parts", raw.as_bytes());
    assert!(mail.parse_limited && mail.attachments.len() < limits::MAX_PARTS);
    // Multiparts that never find their boundary.
    let raw = "Content-Type: multipart/mixed; boundary=b\n\n".to_owned()
        + &"--b\nContent-Type: multipart/mixed; boundary=missing\n\n".repeat(900)
        + &"x\n".repeat(200_000);
    survive("lost boundaries", raw.as_bytes());
}

fn continuations(count: usize) -> String {
    let mut out = String::new();
    for n in 0..count {
        write!(out, ";n*{n}=x").unwrap();
    }
    out
}

#[test]
fn header_floods() {
    let mail =
        survive("addresses", ("Subject: s\nTo: ".to_owned() + &"a@b.example, ".repeat(1_000_000) + "\n\nx").as_bytes());
    assert!(mail.parse_limited && mail.to.len() <= limits::MAX_ADDRESSES);
    assert_eq!((mail.subject.as_str(), mail.text.as_str()), ("s", "x"));
    for (name, header) in [
        ("fields", "A: b\n".repeat(1_000_000)),
        ("folds", "Subject: a".to_owned() + &"\n a".repeat(1_000_000)),
        ("encoded words", "Subject: ".to_owned() + &"=?utf-8?Q?a?= ".repeat(1_000_000)),
        ("unclosed words", "Subject: ".to_owned() + &"=?utf-8?Q?a".repeat(1_000_000)),
        ("unclosed base64 words", "From: ".to_owned() + &"=?utf-8?B?aaaa ".repeat(1_000_000)),
        ("continuations", "Content-Type: a/b".to_owned() + &continuations(100_000)),
        ("parameters", "Content-Type: a/b".to_owned() + &"; a=b".repeat(500_000)),
        ("comments", "From: ".to_owned() + &"(".repeat(1_000_000)),
        ("angles", "From: ".to_owned() + &"<".repeat(1_000_000)),
        ("quotes", "From: ".to_owned() + &"\"\\".repeat(1_000_000)),
        ("references", "References: ".to_owned() + &"<a@b>".repeat(1_000_000)),
        ("open references", "References: ".to_owned() + &"<".repeat(1_000_000)),
        ("colons", ":".repeat(1_000_000)),
    ] {
        survive(name, format!("{header}\n\nx").as_bytes());
    }
    let parts = "Content-Type: multipart/mixed; boundary=b\n\n".to_owned()
        + &format!("--b\nContent-Type: a/b{}\n\nx\n", continuations(1_000)).repeat(900);
    survive("continuations in parts", parts.as_bytes());
}

#[test]
fn bodies() {
    let html = "Content-Type: text/html\n\n";
    for (name, raw) in [
        ("deep html", html.to_owned() + &"<div>".repeat(100_000)),
        ("deep quotes", html.to_owned() + &"<blockquote>a".repeat(50_000)),
        ("hidden", html.to_owned() + &"<p hidden>a".repeat(50_000)),
        ("open tags", html.to_owned() + &"<a href='".repeat(50_000)),
        ("open comments", html.to_owned() + &"<!--".repeat(100_000)),
        ("open scripts", html.to_owned() + &"<script></".repeat(50_000)),
        ("links", html.to_owned() + &"<a href='http://x.example'>y.example".repeat(50_000)),
        ("references", html.to_owned() + &"&amp".repeat(100_000)),
        ("attributes", html.to_owned() + "<a " + &"a=b ".repeat(100_000)),
        ("signatures", "\n".to_owned() + &"--\n".repeat(60_000)),
        ("signatures with text", "\n".to_owned() + &"--\na\n".repeat(60_000)),
        ("attributions", "\n".to_owned() + &"On 1\n".repeat(60_000)),
        ("attribution ends", "\n".to_owned() + &"wrote 1:\n".repeat(60_000)),
        ("authors", "\n".to_owned() + &"From: a\n".repeat(60_000)),
        ("quotes", "\n".to_owned() + &">".repeat(3_000_000)),
        ("quote lines", "\n".to_owned() + &"> a\nb\n".repeat(60_000)),
        ("flowed", "Content-Type: text/plain; format=flowed\n\n".to_owned() + &"a \n> \n".repeat(60_000)),
        ("soft breaks", "Content-Transfer-Encoding: quoted-printable\n\n".to_owned() + &"=\n".repeat(200_000)),
        ("dashes", "Content-Type: multipart/mixed; boundary=b\n\n--b\n\n".to_owned() + &"--\n".repeat(200_000)),
    ] {
        survive(name, raw.as_bytes());
    }
}

#[test]
fn too_large() {
    let mut raw = b"Subject: big\nFrom: a@b.example\n\n".to_vec();
    raw.resize(limits::MAX_RAW_BYTES + 1, b'x');
    let mail = survive("too large", &raw);
    assert!(mail.parse_limited && mail.text.is_empty());
    assert_eq!(mail.subject, "big");
}
