//! Any bytes can be read: nothing panics, and what comes out keeps its promises.

#![allow(clippy::unwrap_used)]

use actionlayer_mail::{
    Defect, SafetyContext, all_attachment_bytes, extracted_text, html_to_text, parse, safety_flags, snippet,
    thread_keys,
};
use proptest::prelude::*;

fn check(raw: &[u8]) -> Result<(), TestCaseError> {
    let mail = parse(raw);
    prop_assert!(
        !mail.defects.contains(&Defect::Undecodable),
        "a decoder panicked on {:?}",
        String::from_utf8_lossy(raw)
    );
    prop_assert!(!mail.text.contains(['\r', '\0']));
    let one_line = |text: &str| !text.chars().any(char::is_control);
    prop_assert!(one_line(&mail.subject));
    for mailbox in mail.from.iter().chain(&mail.to).chain(&mail.cc).chain(&mail.reply_to) {
        prop_assert!(mailbox.email.contains('@') && one_line(&mailbox.email));
        prop_assert!(mailbox.name.as_ref().is_none_or(|name| !name.is_empty() && one_line(name)));
    }
    for id in thread_keys(&mail) {
        prop_assert!(!id.is_empty() && !id.contains(char::is_whitespace) && one_line(id));
    }
    for file in &mail.attachments {
        prop_assert!(!file.filename.is_empty() && !file.filename.contains(['/', '\\']) && one_line(&file.filename));
        prop_assert!(!file.filename.starts_with('.'));
    }
    let sizes: Vec<u64> = all_attachment_bytes(raw).map(|bytes| u64::try_from(bytes.len()).unwrap()).collect();
    let described: Vec<u64> = mail.attachments.iter().map(|file| file.size_bytes).collect();
    prop_assert!(sizes.starts_with(&described) && (mail.parse_limited || sizes == described));
    prop_assert_eq!(extracted_text(&mail.text).is_empty(), mail.text.trim().is_empty());
    prop_assert!(snippet(&mail.text, 200).chars().count() <= 200);
    let _ = safety_flags(&mail, &SafetyContext { known_domains: &["example.com"], ..SafetyContext::default() });
    Ok(())
}

/// Pieces that mean something to a mail parser, in any order.
fn mail_like() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        prop::sample::select(vec![
            "\r\n",
            "\n",
            "\n\n",
            "From: ",
            "To: ",
            "Subject: ",
            "References: ",
            "Date: ",
            "Content-Type: ",
            "multipart/mixed",
            "multipart/alternative",
            "multipart/related",
            "message/rfc822",
            "text/html",
            "text/plain",
            "; boundary=b",
            "; boundary=\"b",
            "; charset=",
            "utf-16",
            "utf-7",
            "iso-2022-jp",
            "gb18030",
            "; name*0*=utf-8''%",
            "; name*1=",
            "; format=flowed",
            "--b",
            "--b--",
            "Content-Transfer-Encoding: ",
            "base64",
            "quoted-printable",
            "Content-Disposition: attachment; filename=",
            "=?utf-8?Q?",
            "=?utf-8?B?",
            "?=",
            "=",
            "=\n",
            "<",
            ">",
            "(",
            ")",
            "\"",
            "\\",
            "@",
            ",",
            ";",
            ":",
            " ",
            "\t",
            "a@b.c",
            "<p>",
            "<div style='display:none'>",
            "<a href=",
            "<!--",
            "<script>",
            "&amp;",
            "&#",
            "> ",
            "-- \n",
            "On 1 Jan, x wrote:\n",
            "xn--",
            "text/calendar",
            "BEGIN:VEVENT\n",
            "SUMMARY:",
            "METHOD:",
            "DTSTART;TZID=\"x\":20260501T0800",
            "From: mailer-daemon@b.c\n",
            "<a@b.c>:\n",
            "(#5.1.1)",
            "--- \n",
            "Message from ",
            "iso-2022-jp\n\n\x1b$B",
            "\x1b(B\x1b$B",
            "hz-gb-2312",
            "~{",
        ])
        .prop_map(|text| text.as_bytes().to_vec()),
        prop::collection::vec(any::<u8>(), 0..8),
    ];
    prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn noise(raw in prop::collection::vec(any::<u8>(), 0..500)) {
        check(&raw)?;
    }

    #[test]
    fn almost_mail(raw in mail_like()) {
        check(&raw)?;
        let with_headers = [b"From: a@b.c\nContent-Type: multipart/mixed; boundary=b\n\n--b\n".as_slice(), &raw].concat();
        check(&with_headers)?;
    }

    #[test]
    fn almost_html(html in ".{0,300}") {
        let _ = html_to_text(&html);
        let _ = html_to_text(&format!("<div style='{html}'><a href=\"{html}\">{html}</a>"));
    }
}
