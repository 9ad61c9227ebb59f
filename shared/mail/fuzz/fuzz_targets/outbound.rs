//! What is built from any fields reads back as those fields, and no field reaches into another.
//!
//! The input is the fields, separated by NUL.

#![no_main]

use actionlayer_domain::{HeaderText, Timestamp};
use actionlayer_mail::{
    AutoSubmitted, Composition, ExtraHeader, OutboundAttachment, OutboundMail, OutboundMailbox, QuotedHistory, Signature,
    attachment_bytes, parse,
};
use libfuzzer_sys::fuzz_target;

const HEADERS: [&str; 15] = [
    "from",
    "to",
    "cc",
    "reply-to",
    "subject",
    "date",
    "message-id",
    "in-reply-to",
    "references",
    "auto-submitted",
    "x-auto-response-suppress",
    "x-entity-ref-id",
    "mime-version",
    "content-type",
    "content-transfer-encoding",
];

fn mailbox(name: &str, email: &str) -> Option<OutboundMailbox> {
    Some(OutboundMailbox { name: HeaderText::parse(name).ok(), email: email.parse().ok()? })
}

fuzz_target!(|bytes: &[u8]| {
    let input = String::from_utf8_lossy(bytes);
    let fields: Vec<&str> = input.split('\0').collect();
    let field = |index: usize| fields.get(index).copied().unwrap_or_default();
    let given = |index: usize| fields.get(index).copied().filter(|text| !text.is_empty());
    let ids = |index: usize| field(index).split_whitespace().filter_map(|id| id.parse().ok()).collect::<Vec<_>>();
    let composition = Composition {
        text: given(9),
        html: given(10),
        signature: Signature { text: given(11), html: given(12) },
        history: given(13).map(|author| QuotedHistory {
            author,
            written_at: Timestamp::from_unix_ms(1_777_293_000_000),
            text: field(14) }),
    };
    let Ok(composed) = composition.compose() else { return };
    let mail = OutboundMail {
        from: mailbox(field(0), field(1)).unwrap_or_else(|| mailbox("", "mia@ai.example.com").expect("an address")),
        to: [mailbox(field(2), field(3)), mailbox(field(3), "ada@customer.example")].into_iter().flatten().collect(),
        cc: mailbox(field(2), field(4)).into_iter().collect(),
        reply_to: mailbox(field(4), field(3)),
        subject: HeaderText::parse(field(5)).unwrap_or_else(|_| HeaderText::parse("x").expect("a subject")),
        date: Timestamp::from_unix_ms(1_777_293_000_000 + bytes.len() as i64 * 1_000),
        message_id: field(6).parse().unwrap_or_else(|_| "own@ai.example.com".parse().expect("an id")),
        in_reply_to: field(7).parse().ok(),
        references: ids(8),
        text: Some(&composed.text),
        html: Some(&composed.html),
        attachments: given(16)
            .and_then(|name| HeaderText::parse(name).ok())
            .map(|filename| OutboundAttachment {
                filename,
                content_type: field(17).to_owned(),
                content: field(18).as_bytes().to_vec(),
            })
            .into_iter()
            .collect(),
        auto_submitted: given(19).map(|_| AutoSubmitted::Replied),
        extra_headers: HeaderText::parse(field(20)).map(ExtraHeader::EntityRefId).into_iter().collect(),
    };
    let Ok(raw) = mail.build(7) else { return };
    assert!(raw.split(|byte| *byte == b'\n').all(|line| line.len() <= 999), "a line is too long for SMTP");
    let end = raw.windows(4).position(|bytes| bytes == b"\r\n\r\n").expect("headers end");
    let block =
        raw[..end].split(|byte| *byte == b'\n').filter(|line| !line.starts_with(b" ") && !line.starts_with(b"\t"));
    for line in block {
        assert!(line.is_ascii());
        let name = line.split(|byte| *byte == b':').next().unwrap_or_default();
        let name = String::from_utf8_lossy(name).to_ascii_lowercase();
        assert!(HEADERS.contains(&name.as_str()), "{name:?} is no header that a mail of ours has");
    }
    let read = parse(&raw);
    assert!(read.defects.is_empty(), "{:?}", read.defects);
    assert_eq!(read.from.map(|from| from.email), Some(mail.from.email.as_str().to_owned()));
    assert_eq!(read.to.len(), mail.to.len());
    assert_eq!(read.message_id.as_deref(), Some(mail.message_id.as_str()));
    // An id that is the address of somebody the mail is from or to is read as that address.
    let people = [&mail.from].into_iter().chain(&mail.to).chain(&mail.cc).chain(&mail.reply_to);
    let addresses: Vec<&str> = people.map(|person| person.email.as_str()).collect();
    let is_address = |id: &str| addresses.iter().any(|address| address.eq_ignore_ascii_case(id));
    let in_reply_to = mail.in_reply_to.as_ref().map(|id| id.as_str()).filter(|id| !is_address(id));
    assert_eq!(read.in_reply_to.first().map(String::as_str), in_reply_to);
    let squeeze = |text: &str| text.split_whitespace().collect::<Vec<_>>().concat();
    assert_eq!(squeeze(&read.subject), squeeze(mail.subject.as_str()));
    assert!(read.html.is_some());
    assert_eq!(read.attachments.len(), mail.attachments.len());
    for (index, attachment) in mail.attachments.iter().enumerate() {
        assert_eq!(attachment_bytes(&raw, index).as_deref(), Some(attachment.content.as_slice()));
    }
});
