//! Any bytes are read as a mail: nothing panics, and what comes out keeps what `ParsedMail` promises.

#![no_main]

use actionlayer_mail::{
    Defect, SafetyContext, all_attachment_bytes, html_to_text, parse, safety_flags, snippet, text_to_html,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|raw: &[u8]| {
    let mail = parse(raw);
    // A decoder that panics is caught, and said so.
    assert!(!mail.defects.contains(&Defect::Undecodable), "a decoder panicked");
    assert!(!mail.text.contains(['\r', '\0']));
    let one_line = |text: &str| !text.chars().any(char::is_control);
    assert!(one_line(&mail.subject));
    for mailbox in mail.from.iter().chain(&mail.to).chain(&mail.cc).chain(&mail.reply_to) {
        assert!(mailbox.email.contains('@') && one_line(&mailbox.email));
        assert!(mailbox.name.as_deref().is_none_or(|name| !name.is_empty() && one_line(name)));
    }
    for file in &mail.attachments {
        assert!(!file.filename.is_empty() && !file.filename.contains(['/', '\\']) && one_line(&file.filename));
        assert!(!file.filename.starts_with('.'));
    }
    let sizes: Vec<u64> = all_attachment_bytes(raw).map(|bytes| bytes.len() as u64).collect();
    let described: Vec<u64> = mail.attachments.iter().map(|file| file.size_bytes).collect();
    assert!(sizes.starts_with(&described) && (mail.parse_limited || sizes == described));
    assert!(snippet(&mail.text, 200).chars().count() <= 200);
    let _ = mail.is_automated(Some(""));
    let _ = safety_flags(&mail, &SafetyContext { known_domains: &["example.com"], ..SafetyContext::default() });
    if let Some(html) = &mail.html {
        let _ = html_to_text(html);
    }
    let _ = html_to_text(&text_to_html(&mail.text));
});
