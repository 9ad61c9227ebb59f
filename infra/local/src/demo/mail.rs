//! A mail that left, read back.

use mail_parser::{HeaderValue, MessageParser};

use super::{DemoError, customer, expect};

#[derive(Debug, Default)]
pub(super) struct SentMail {
    from: String,
    to: String,
    reply_to: String,
    /// Without angle brackets.
    pub(super) message_id: String,
    in_reply_to: Vec<String>,
    references: Vec<String>,
    pub(super) text: String,
    html: String,
}

impl SentMail {
    pub(super) fn parse(raw: &[u8]) -> Self {
        let Some(mail) = MessageParser::default().parse(raw) else { return Self::default() };
        let address = |list: Option<&mail_parser::Address<'_>>| {
            list.and_then(mail_parser::Address::first).and_then(|one| one.address()).unwrap_or_default().to_owned()
        };
        Self {
            from: address(mail.from()),
            to: address(mail.to()),
            reply_to: address(mail.reply_to()),
            message_id: mail.message_id().unwrap_or_default().to_owned(),
            in_reply_to: ids(mail.in_reply_to()),
            references: ids(mail.references()),
            text: mail.body_text(0).unwrap_or_default().into_owned(),
            html: mail.body_html(0).unwrap_or_default().into_owned(),
        }
    }

    /// The first link whose path begins like this.
    pub(super) fn link(&self, path: &str) -> Option<String> {
        let mut words = self.text.split_whitespace();
        words.find(|word| word.starts_with("http") && word.contains(path)).map(str::to_owned)
    }

    /// Whether it is the right answer to the customer's question.
    pub(super) fn check(&self, answer: &str) -> Result<(), DemoError> {
        expect("From", self.from.as_str(), "anna@boehm.test")?;
        expect("To", self.to.as_str(), customer::ADDRESS)?;
        expect("Reply-To", self.reply_to.as_str(), "laden@boehm.test")?;
        expect("In-Reply-To", self.in_reply_to.clone(), vec!["frage-1@kunde.test"])?;
        expect("References", self.references.clone(), vec!["frage-1@kunde.test"])?;
        expect("Message-ID is SES's", self.message_id.ends_with("@email.amazonses.com"), true)?;
        expect("the text has the answer", self.text.contains(answer), true)?;
        expect("the HTML has the answer", self.html.contains("12 Euro"), true)?;
        expect("signatures in the text", self.text.matches("Blumen Böhm").count(), 1)
    }
}

fn ids(value: &HeaderValue<'_>) -> Vec<String> {
    value.as_text_list().unwrap_or_default().iter().map(ToString::to_string).collect()
}
