//! Every mail in `events/mail/<theme>/<case>.eml` is read as `<case>.golden` beside it says, with LF and with CRLF line
//! breaks. `UPDATE_GOLDEN=1 cargo test -p actionlayer-mail --test golden` rewrites them; read the diff.

#![allow(clippy::unwrap_used)]

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use actionlayer_domain::message::Mailbox;
use actionlayer_mail::{
    SafetyContext, all_attachment_bytes, attachment_bytes, extract, parse, safety_flags, snippet, thread_keys,
};

fn cases() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../events/mail");
    let mut found = Vec::new();
    for theme in fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()) {
        found.extend(fs::read_dir(theme).unwrap().map(|entry| entry.unwrap().path()));
    }
    found.retain(|path| path.extension().is_some_and(|e| e == "eml"));
    found.sort();
    found
}

fn mailboxes(list: &[Mailbox]) -> String {
    let one = |m: &Mailbox| m.name.as_ref().map_or_else(|| m.email.clone(), |name| format!("{name} <{}>", m.email));
    list.iter().map(one).collect::<Vec<_>>().join(" | ")
}

fn describe(raw: &[u8]) -> String {
    let mail = parse(raw);
    let known = SafetyContext { known_domains: &["example.com", "customer.example"], ..SafetyContext::default() };
    let mut out = String::new();
    let mut line = |name: &str, value: String| {
        if !value.is_empty() {
            writeln!(out, "{name}: {value}").unwrap();
        }
    };
    line("from", mailboxes(mail.from.as_slice()));
    line("to", mailboxes(&mail.to));
    line("cc", mailboxes(&mail.cc));
    line("reply-to", mailboxes(&mail.reply_to));
    line("subject", mail.subject.clone());
    line("date", mail.date_unix_seconds.map(|s| s.to_string()).unwrap_or_default());
    line("message-id", mail.message_id.clone().unwrap_or_default());
    line("answers", thread_keys(&mail).join(" "));
    line("automated", mail.is_automated(Some("bounce@customer.example")).to_string());
    line("flags", safety_flags(&mail, &known).iter().map(|f| f.as_str()).collect::<Vec<_>>().join(" "));
    line("defects", mail.defects.iter().map(|d| format!("{d:?}")).collect::<Vec<_>>().join(" "));
    line("limited", if mail.parse_limited { "yes".to_owned() } else { String::new() });
    line("snippet", snippet(&mail.text, 60));
    for (index, file) in mail.attachments.iter().enumerate() {
        let content = attachment_bytes(raw, index).unwrap();
        assert_eq!(u64::try_from(content.len()).unwrap(), file.size_bytes);
        let binary = !file.content_type.starts_with("text/") && !file.content_type.starts_with("message/");
        let size = if binary { format!(", {} bytes", file.size_bytes) } else { String::new() };
        let id = file.content_id.as_ref().map(|id| format!(", cid {id}")).unwrap_or_default();
        let inline = if file.inline { ", inline" } else { "" };
        line("file", format!("{} ({}{size}{id}{inline})", file.filename, file.content_type));
    }
    assert_eq!(all_attachment_bytes(raw).count(), mail.attachments.len());
    let new = extract(&mail);
    for (name, text) in [("new", &new), ("text", &mail.text), ("html", &mail.html.unwrap_or_default())] {
        if !text.is_empty() {
            writeln!(out, "--- {name}\n{}", text.trim_end()).unwrap();
        }
    }
    out
}

#[test]
fn every_mail_reads_as_its_golden_file_says() {
    let cases = cases();
    assert!(cases.len() > 30, "the fixtures are there");
    let mut wrong = Vec::new();
    for case in cases {
        let lf = fs::read(&case).unwrap();
        let found = describe(&lf);
        let golden = case.with_extension("golden");
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            fs::write(&golden, &found).unwrap();
        }
        if fs::read_to_string(&golden).unwrap_or_default() != found {
            wrong.push(format!("{} reads as\n{found}", case.display()));
        }
        let crlf: Vec<u8> = lf.iter().flat_map(|b| if *b == b'\n' { vec![b'\r', b'\n'] } else { vec![*b] }).collect();
        assert_eq!(describe(&crlf), found, "{} with CRLF", case.display());
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}
