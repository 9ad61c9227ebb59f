//! Writes mails as they leave, and beside each what is in it as JSON, into the folder named: for reading them with other
//! parsers. See `tests/mail-parsers`.

#![allow(clippy::unwrap_used)]

use std::path::Path;

use actionlayer_domain::{HeaderText, Timestamp};
use actionlayer_mail::{
    AutoSubmitted, Composition, ExtraHeader, MessageIdText, OutboundAttachment, OutboundMail, OutboundMailbox,
    QuotedHistory, Signature, html_to_text,
};
use serde_json::json;

/// What can go wrong in a header, a name, a line.
const TEXTS: [&str; 14] = [
    "Hello",
    "Re: order 4711 (urgent); \"quoted\", <angle> & more",
    "Grüße aus Köln: schöne Äpfel, 5 € das Kilo",
    "日本語の件名がとても長いので、何行かに折り返す必要があります。よろしくお願いいたします。",
    "Привет, это очень длинная тема письма, которая не помещается в одну строку заголовка",
    "🎉 party 👩‍👩‍👧‍👦 family 🏴󠁧󠁢󠁥󠁮󠁧󠁿 flag",
    "مرحبا بالعالم",
    "naïve = not ?= encoded =?utf-8?Q?x?= but looks so",
    "a very long subject of plain words that goes on and on until it has to be folded somewhere between two words for sure",
    "averyveryverylongwordwithoutanyblankthatisstilllongerthanaheaderlinemaybeandthereforecannotbefoldedatall12345",
    "Tabs and  double  blanks?",
    "O'Brien & Söhne, \"Ltd\" \\ Co.",
    "semi;colon, comma: colon @ at",
    "ends with equals=",
];

const NAMES: [&str; 12] = [
    "report.pdf",
    "Angebot für 2026.pdf",
    "日本語のファイル名.docx",
    "a \"quoted\" name.txt",
    "semi;colon, comma.csv",
    "100% sure's.txt",
    "счёт-фактура № 5.xlsx",
    "a very long file name of plain words that goes on and on until it has to be cut into several pieces.txt",
    "eine sehr lange Datei mit Umlauten äöüßÄÖÜ und noch mehr Umlauten äöüßÄÖÜ im Namen, bis sie umbricht.pdf",
    "back\\slash.txt",
    "emoji 🎉.png",
    "(parentheses) [brackets].txt",
];

fn main() {
    let folder = std::env::args().nth(1).unwrap();
    for number in 0..TEXTS.len() * 3 {
        write(Path::new(&folder), number);
    }
}

fn pick<'a>(list: &[&'a str], number: usize) -> &'a str {
    list.get(number % list.len()).copied().unwrap()
}

fn mailbox(name: &str, email: &str) -> OutboundMailbox {
    OutboundMailbox { name: (!name.is_empty()).then(|| HeaderText::sanitize(name)), email: email.parse().unwrap() }
}

fn write(folder: &Path, number: usize) {
    let subject = pick(&TEXTS, number);
    let name = pick(&TEXTS, number * 5 + 2);
    let body = format!(
        "{subject}\n\n{}\n.\n..dots\nFrom the start of a line\n-- not a signature\n  indented = so\n{}\ntrailing blank \n\tend",
        pick(&TEXTS, number + 1),
        "long line without any break ".repeat(number * 3),
    );
    let html =
        format!("<p>{}</p><p>second</p>", subject.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;"));
    let as_html = number % 3 == 1;
    let references: Vec<MessageIdText> =
        (0..number).map(|n| format!("reference-{n}-with-a-longer-name@customer.example").parse().unwrap()).collect();
    let composed = Composition {
        text: (!as_html).then_some(body.as_str()),
        html: (!number.is_multiple_of(3)).then_some(html.as_str()),
        signature: Signature { text: (number.is_multiple_of(4)).then_some("Mia\nExample & Söhne"), html: None },
        history: (number.is_multiple_of(5)).then_some(QuotedHistory {
            author: "Ada <ada@customer.example>",
            written_at: Timestamp::from_unix_ms(1_777_200_000_000),
            text: "When does it ship?\n> older",
        }),
    };
    let composed = composed.compose().unwrap();
    let mail = OutboundMail {
        from: mailbox(name, "mia@ai.example.com"),
        to: vec![mailbox(subject, "ada@customer.example"), mailbox("", "bob@customer.example")],
        cc: if number.is_multiple_of(2) { vec![] } else { vec![mailbox("Ćyril", "cy@customer.example")] },
        reply_to: None,
        subject: HeaderText::sanitize(subject),
        date: Timestamp::from_unix_ms(1_777_293_000_000),
        message_id: format!("sample-{number}@ai.example.com").parse().unwrap(),
        in_reply_to: references.last().cloned(),
        references: references.clone(),
        text: Some(&composed.text),
        html: Some(&composed.html),
        attachments: (0..number % 4)
            .map(|n| OutboundAttachment {
                filename: HeaderText::sanitize(pick(&NAMES, number + n)),
                content_type: "application/octet-stream".to_owned(),
                content: (0..=255).cycle().take(n * 1_000 + 7).collect(),
            })
            .collect(),
        auto_submitted: (number.is_multiple_of(6)).then_some(AutoSubmitted::Replied),
        extra_headers: vec![ExtraHeader::SuppressAutoResponses],
    };
    let raw = mail.build(u64::try_from(number).unwrap()).unwrap();
    let kept = 30.min(references.len());
    let expected = json!({
        "from": "mia@ai.example.com",
        "from_name": name,
        "to": ["ada@customer.example", "bob@customer.example"],
        "subject": subject,
        "message_id": format!("sample-{number}@ai.example.com"),
        "references": references.iter().take(1).chain(references.iter().skip(1).rev().take(kept.saturating_sub(1)).rev())
            .map(MessageIdText::as_str).collect::<Vec<_>>(),
        // What it starts with: signature and history follow.
        "text": if as_html { html_to_text(&html) } else { body.clone() },
        "html": html,
        "has_html": !number.is_multiple_of(3),
        "files": mail.attachments.iter()
            .map(|a| json!({"name": a.filename.as_str(), "bytes": a.content.len()})).collect::<Vec<_>>(),
    });
    std::fs::write(folder.join(format!("{number:02}.eml")), raw).unwrap();
    std::fs::write(folder.join(format!("{number:02}.json")), expected.to_string()).unwrap();
}
