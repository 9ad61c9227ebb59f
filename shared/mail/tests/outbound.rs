//! What is built can be read back, and no field can reach into another.

#![allow(clippy::unwrap_used)]

use actionlayer_domain::{EmailAddress, HeaderText, Timestamp};
use actionlayer_mail::{
    AutoSubmitted, BuildError, Composed, Composition, ExtraHeader, MessageIdText, OutboundAttachment, OutboundMail,
    OutboundMailbox, QuotedHistory, Signature, attachment_bytes, extracted_text, parse, text_to_html, thread_keys,
};
use proptest::prelude::*;

fn mailbox(name: &str, email: &str) -> OutboundMailbox {
    let name = (!name.is_empty()).then(|| HeaderText::parse(name).unwrap());
    OutboundMailbox { name, email: email.parse::<EmailAddress>().unwrap() }
}

fn mail<'a>(text: Option<&'a str>, html: Option<&'a str>) -> OutboundMail<'a> {
    OutboundMail {
        from: mailbox("Mia Müller", "mia@ai.example.com"),
        to: vec![mailbox("Ada, \"the\" Countess", "ada@customer.example"), mailbox("", "bob@customer.example")],
        cc: vec![],
        reply_to: None,
        subject: HeaderText::parse("Re: Grüße — order 4711").unwrap(),
        date: Timestamp::from_unix_ms(1_777_293_000_000),
        message_id: "0197f3a0@ai.example.com".parse().unwrap(),
        in_reply_to: None,
        references: vec![],
        text,
        html,
        attachments: vec![],
        auto_submitted: None,
        extra_headers: vec![],
    }
}

fn compose(text: Option<&str>, html: Option<&str>, signature: Signature<'_>) -> Composed {
    Composition { text, html, signature, history: None }.compose().unwrap()
}

fn headers(raw: &[u8]) -> Vec<String> {
    let text = String::from_utf8(raw.to_vec()).unwrap();
    let block = text.split("\r\n\r\n").next().unwrap().replace("\r\n ", " ").replace("\r\n\t", " ");
    block.split("\r\n").map(|line| line.split(':').next().unwrap().to_owned()).collect()
}

#[test]
fn every_field_comes_back() {
    let composed = Composition {
        text: Some("Yes, gladly.\n\nIt ships on Friday."),
        html: None,
        signature: Signature { text: Some("Mia\nExample Furniture"), html: None },
        history: Some(QuotedHistory {
            author: "Ada <ada@customer.example>",
            written_at: Timestamp::from_unix_ms(1_777_293_000_000),
            text: "When?\n> older",
        }),
    };
    let composed = composed.compose().unwrap();
    let mut mail = mail(Some(&composed.text), Some(&composed.html));
    mail.cc = vec![mailbox("", "cy@customer.example")];
    mail.reply_to = Some(mailbox("", "desk@ai.example.com"));
    mail.in_reply_to = Some("<b@customer.example>".parse().unwrap());
    mail.references = vec!["a@customer.example".parse().unwrap()];
    mail.attachments = vec![
        OutboundAttachment {
            filename: HeaderText::parse("Angebot für 2026.pdf").unwrap(),
            content_type: "application/pdf".to_owned(),
            content: (0..=255).collect(),
        },
        OutboundAttachment {
            filename: HeaderText::parse("notes.txt").unwrap(),
            content_type: "text/plain".to_owned(),
            content: b"a\nb\r\nc".to_vec(),
        },
    ];
    mail.auto_submitted = Some(AutoSubmitted::Replied);
    mail.extra_headers = vec![ExtraHeader::SuppressAutoResponses];
    let raw = mail.build(7).unwrap();
    assert_eq!(raw, mail.build(7).unwrap(), "the same input gives the same bytes");
    assert!(raw.split(|b| *b == b'\n').all(|line| line.len() < 998));
    assert_eq!(
        headers(&raw),
        [
            "From",
            "To",
            "Subject",
            "Date",
            "Message-ID",
            "Cc",
            "Reply-To",
            "In-Reply-To",
            "References",
            "Auto-Submitted",
            "X-Auto-Response-Suppress",
            "MIME-Version",
            "Content-Type"
        ]
    );

    let read = parse(&raw);
    assert!(read.defects.is_empty() && !read.parse_limited);
    let from = read.from.as_ref().unwrap();
    assert_eq!((from.name.as_deref(), from.email.as_str()), (Some("Mia Müller"), "mia@ai.example.com"));
    assert_eq!(read.to.len(), 2);
    assert_eq!(read.to.first().unwrap().name.as_deref(), Some("Ada, \"the\" Countess"));
    assert_eq!(read.cc.first().unwrap().email, "cy@customer.example");
    assert_eq!(read.reply_to.first().unwrap().email, "desk@ai.example.com");
    assert_eq!(read.subject, "Re: Grüße — order 4711");
    assert_eq!(read.date_unix_seconds, Some(1_777_293_000));
    assert_eq!(read.message_id.as_deref(), Some("0197f3a0@ai.example.com"));
    assert_eq!(thread_keys(&read), ["b@customer.example", "a@customer.example"]);
    assert!(read.is_automated(None));
    assert_eq!(
        read.text.trim_end(),
        "Yes, gladly.\n\nIt ships on Friday.\n\n-- \nMia\nExample Furniture\n\nOn Mon, 27 Apr 2026 12:30:00 +0000, Ada \
         <ada@customer.example> wrote:\n> When?\n>> older"
    );
    assert_eq!(extracted_text(&read.text), "Yes, gladly.\n\nIt ships on Friday.");
    let html = read.html.as_ref().unwrap();
    assert!(html.contains("It ships on Friday.") && html.contains("Example Furniture") && html.contains("<blockquote"));
    assert_eq!(
        read.attachments.iter().map(|a| a.filename.as_str()).collect::<Vec<_>>(),
        ["Angebot für 2026.pdf", "notes.txt"]
    );
    assert_eq!(attachment_bytes(&raw, 0).unwrap().as_ref(), (0..=255).collect::<Vec<u8>>());
    assert_eq!(attachment_bytes(&raw, 1).unwrap().as_ref(), b"a\nb\r\nc");
}

#[test]
fn both_bodies_always_and_the_signature_once() {
    let count = |haystack: &str, needle: &str| haystack.matches(needle).count();
    let signature = Signature { text: None, html: Some("<b>Mia</b> of Example") };
    for (text, html) in [
        (Some("Hello"), None),
        (None, Some("<html><body><p>Hello</p></body></html>")),
        (Some("Hello"), Some("<p>Hello</p>")),
        // The agent signed by itself.
        (Some("Hello\n\nMia of\nExample\n"), Some("<p>Hello</p><p>Mia of Example</p>")),
        (Some("Hello\n\nMia of Example\n\nPS: bye"), Some("<p>Hello</p><p>Mia of <i>Example</i></p><p>PS: bye</p>")),
    ] {
        let composed = compose(text, html, signature);
        let read = parse(&mail(Some(&composed.text), Some(&composed.html)).build(1).unwrap());
        let html = read.html.unwrap();
        assert!(read.text.starts_with("Hello") && html.contains("Hello"), "{text:?} {html:?}");
        assert_eq!(count(&read.text, "Mia"), 1, "{:?}", read.text);
        assert_eq!(count(&html, "Mia"), 1, "{html:?}");
        assert!(!html.contains("body>"), "a fragment: {html:?}");
    }
}

#[test]
fn what_leaves_hides_nothing_whatever_was_given() {
    let composed = Composition {
        text: Some("Pay\u{200b} to \u{202e}4321"),
        html: Some("<!--[if mso]>DE00<![endif]--><p style='display:none'>seen</p><img src=https://x.example/a>"),
        signature: Signature { text: None, html: Some("<style>x</style>Mia<img src=https://x.example/logo.png>") },
        history: Some(QuotedHistory {
            author: "Ada\u{202e}",
            written_at: Timestamp::from_unix_ms(0),
            text: "When\u{e0041}?",
        }),
    };
    let composed = composed.compose().unwrap();
    assert!(composed.text.starts_with("Pay to 4321\n\n-- \nMia"), "{}", composed.text);
    assert!(composed.html.starts_with("<p>seen</p><br>") && composed.html.contains("When?"), "{}", composed.html);
    assert!(!composed.html.contains("DE00") && !composed.html.contains("<style") && !composed.html.contains("/a\""));
    assert_eq!(composed.pictures, ["https://x.example/logo.png"]);
    // Nothing is left of it: there is nothing to send.
    let nothing = Composition { html: Some("<style>x</style><!-- x -->"), ..Composition::default() };
    assert_eq!(nothing.compose(), Err(BuildError::NoBody));
}

#[test]
fn the_end_of_a_sentence_is_no_signature() {
    let composed = compose(Some("Ask for our colleague Mia"), None, Signature { text: Some("Mia"), html: None });
    let read = parse(&mail(Some(&composed.text), Some(&composed.html)).build(1).unwrap());
    assert_eq!(read.text.trim_end(), "Ask for our colleague Mia\n\n-- \nMia");
    assert_eq!(read.html.unwrap().matches("Mia").count(), 2);
}

#[test]
fn texts_are_never_base64() {
    for text in
        ["Grüße aus München, schöne Größe\nMia", "お見積もりの件\n\nよろしく", "plain\ntext", "x\x0by\n.\nFrom me "]
    {
        let raw = String::from_utf8(mail(Some(text), None).build(1).unwrap()).unwrap();
        assert!(!raw.contains("base64\r\n") && has_clean_lines(raw.as_bytes()), "{raw}");
        assert!(raw.split("\r\n").all(|line| line.len() <= 78 && !line.starts_with('.') && !line.starts_with("From ")));
        assert_eq!(parse(raw.as_bytes()).text.trim_end(), text.trim_end());
    }
}

#[test]
fn references_are_bounded_and_end_with_the_message_answered() {
    let mut mail = mail(Some("x"), None);
    let id = |n: u32| format!("{n}@x.example").parse::<MessageIdText>().unwrap();
    mail.references = (0..500).map(id).collect();
    mail.in_reply_to = Some(id(17));
    let read = parse(&mail.build(1).unwrap());
    assert_eq!(read.references.len(), 30);
    assert_eq!(read.references.first().unwrap(), "0@x.example");
    assert_eq!(read.references.last().unwrap(), "17@x.example");
}

#[test]
fn what_cannot_be_built_is_refused() {
    assert_eq!(mail(None, None).build(1), Err(BuildError::NoBody));
    assert_eq!(mail(Some(" \n"), Some("")).build(1), Err(BuildError::NoBody));
    let mut nobody = mail(Some("x"), None);
    nobody.to.clear();
    assert_eq!(nobody.build(1), Err(BuildError::NoRecipient));
}

#[test]
fn a_body_cannot_end_its_part() {
    let text = "a\n--=_0000000000000001a--\n--=_0000000000000001m\nContent-Type: text/html\n\n<b>x</b>\n.\nFrom me";
    let read = parse(&mail(Some(text), None).build(1).unwrap());
    assert_eq!(read.text.trim_end(), text);
    assert!(read.attachments.is_empty());
}

#[test]
fn a_media_type_cannot_carry_a_header() {
    for bad in ["text/plain\r\nX-Evil: 1", "a", "", "a/b/c", "text/plain; name=x", "multipart/mixed", "message/rfc822"]
    {
        let mut mail = mail(Some("x"), None);
        mail.attachments = vec![OutboundAttachment {
            filename: HeaderText::parse("f").unwrap(),
            content_type: bad.to_owned(),
            content: b"c".to_vec(),
        }];
        let read = parse(&mail.build(1).unwrap());
        assert_eq!(read.attachments.first().unwrap().content_type, "application/octet-stream", "{bad:?}");
    }
}

/// CR only before LF, LF only after CR: nothing for a lenient host to read differently.
fn has_clean_lines(raw: &[u8]) -> bool {
    raw.iter().enumerate().all(|(at, byte)| match byte {
        b'\r' => raw.get(at + 1) == Some(&b'\n'),
        b'\n' => at > 0 && raw.get(at - 1) == Some(&b'\r'),
        other => *other != 0,
    })
}

/// Text full of what breaks headers.
fn nasty() -> impl Strategy<Value = String> {
    prop::collection::vec(
        prop_oneof![
            Just("\r\nBcc: eve@evil.example".to_owned()),
            Just("\n".to_owned()),
            Just("\r".to_owned()),
            Just("\0".to_owned()),
            Just("\r\n\r\n".to_owned()),
            Just("=?utf-8?Q?=0D=0A?=".to_owned()),
            Just("\", <a@b>; (".to_owned()),
            Just("\u{2028}\u{85}".to_owned()),
            "\\PC{0,40}",
            ".{0,40}",
        ],
        0..6,
    )
    .prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_field_can_add_a_header(subject in nasty(), name in nasty(), id in nasty(), filename in nasty(), author in nasty(), body in nasty()) {
        let body = format!("x{body}");
        let written_at = Timestamp::from_unix_ms(1_777_293_000_000);
        let history = Some(QuotedHistory { author: &author, written_at, text: &subject });
        let composed = Composition { text: Some(&body), history, ..Composition::default() }.compose().unwrap();
        let mut mail = mail(Some(&composed.text), Some(&composed.html));
        mail.subject = HeaderText::sanitize(&subject);
        mail.from.name = Some(HeaderText::sanitize(&name));
        if let Some(to) = mail.to.first_mut() {
            to.name = HeaderText::parse(name.clone()).ok();
        }
        mail.in_reply_to = id.parse().ok();
        mail.references = id.split_whitespace().filter_map(|id| id.parse().ok()).collect();
        mail.extra_headers = vec![ExtraHeader::EntityRefId(HeaderText::sanitize(&id))];
        mail.attachments = vec![OutboundAttachment {
            filename: HeaderText::sanitize(&filename), content_type: filename.clone(), content: body.clone().into_bytes(),
        }];
        let raw = mail.build(3).unwrap();
        let allowed = ["From", "To", "Subject", "Date", "Message-ID", "In-Reply-To", "References", "X-Entity-Ref-ID", "MIME-Version", "Content-Type"];
        let found = headers(&raw);
        prop_assert!(found.iter().all(|name| allowed.contains(&name.as_str())), "{found:?}");
        prop_assert!(found.windows(2).all(|pair| pair[0] != pair[1]));
        // CR only before LF, LF only after CR: nothing for a lenient host to read differently.
        prop_assert!(has_clean_lines(&raw));
        let read = parse(&raw);
        prop_assert_eq!(read.attachments.len(), 1);
        prop_assert_eq!(read.to.len(), 2);
        prop_assert_eq!(&read.from.as_ref().unwrap().email, "mia@ai.example.com");
        let content = attachment_bytes(&raw, 0).unwrap();
        prop_assert_eq!(content.as_ref(), body.as_bytes());
    }

    #[test]
    fn plain_fields_come_back_as_they_were(subject in "[a-zA-Zäöüß€字😀0-9:,;.!?-]{1,20}( [a-zA-Zäöüß€字😀0-9:,;.!?\"<>@-]{1,30}){0,12}", name in "[a-zA-Zäöü字]{1,20}( [a-zA-Zäöü,.\"()<>@]{1,20}){0,3}") {
        let mut mail = mail(Some("x"), None);
        mail.subject = HeaderText::parse(subject.clone()).unwrap();
        mail.from.name = Some(HeaderText::parse(name.clone()).unwrap());
        let read = parse(&mail.build(3).unwrap());
        prop_assert_eq!(read.subject, subject);
        prop_assert_eq!(read.from.unwrap().name, Some(name));
    }

    #[test]
    fn a_text_comes_back_as_it_was(text in "[ -~äöü€字\n\t]{1,300}") {
        prop_assume!(!text.trim().is_empty());
        let read = parse(&mail(Some(&text), None).build(3).unwrap());
        prop_assert_eq!(read.text.trim_end(), text.trim_end());
        let html = read.html.unwrap_or_default();
        prop_assert_eq!(html.trim_end(), text_to_html(&text));
    }
}
