//! Mail that left.

use mail_parser::{HeaderName, Message, MessageParser};
use serde_json::Value;

/// A mail that left, as the outbox has it.
#[derive(Debug, Clone)]
pub struct Sent {
    /// The outbox's id of it.
    pub id: String,
    pub envelope_from: String,
    pub envelope_to: Vec<String>,
    /// SES's id of it; the Message-ID it left with is made from it.
    pub ses_message_id: String,
    /// The bytes.
    pub raw: Vec<u8>,
}

impl Sent {
    pub(crate) fn new(row: &Value, raw: Vec<u8>) -> Self {
        let text = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
        let recipients = row["envelope_to"].as_array().expect("recipients");
        Self {
            id: text("id"),
            envelope_from: text("envelope_from"),
            envelope_to: recipients.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            ses_message_id: text("ses_message_id"),
            raw,
        }
    }

    /// The mail, parsed.
    pub fn message(&self) -> Message<'_> {
        MessageParser::default().parse(&self.raw).expect("what left is a mail")
    }

    /// The unfolded value of a header; `None` when it is not there.
    pub fn header(&self, name: &str) -> Option<String> {
        let message = self.message();
        let value = message.header_raw(HeaderName::parse(name)?)?.to_owned();
        Some(value.split_whitespace().collect::<Vec<_>>().join(" "))
    }

    /// The text part.
    pub fn text(&self) -> String {
        self.message().body_text(0).expect("a text part").replace("\r\n", "\n")
    }

    /// The HTML part.
    pub fn html(&self) -> String {
        self.message().body_html(0).expect("an HTML part").replace("\r\n", "\n")
    }

    /// The path of the link to the approval page, if this is an approval mail.
    pub fn approval_path(&self) -> Option<String> {
        let text = self.text();
        let start = text.find("/callbacks/email/")?;
        Some(text[start..].split_whitespace().next().unwrap_or_default().to_owned())
    }
}
