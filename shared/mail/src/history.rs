//! The message being answered, quoted below an answer.

use actionlayer_domain::{Message, MessageBody, Timestamp};
use mail_builder::headers::date::Date;

use crate::html::{html_to_text, text_to_html};

/// The earlier message and whose it was.
#[derive(Clone)]
pub struct QuotedHistory<'a> {
    /// Who wrote it, as shown: `Ada <ada@example.com>`.
    pub author: &'a str,
    pub written_at: Timestamp,
    pub text: &'a str,
}

/// A message that another one quotes, as a person would read it.
#[derive(Clone, PartialEq, Eq)]
pub struct QuotedMessage {
    author: String,
    written_at: Timestamp,
    text: String,
}

actionlayer_domain::debug_without_content!(QuotedHistory<'_>, QuotedMessage);

impl QuotedMessage {
    /// A message of a thread.
    pub fn of(message: &Message, body: &MessageBody) -> Self {
        let author = match &message.from_name {
            Some(name) => format!("{name} <{}>", message.from_email),
            None => message.from_email.clone(),
        };
        let text = body.text.clone().or_else(|| body.html.as_deref().map(html_to_text)).unwrap_or_default();
        Self { author, written_at: message.received_at.unwrap_or(message.created_at), text }
    }

    /// As it is quoted.
    pub fn as_history(&self) -> QuotedHistory<'_> {
        QuotedHistory { author: &self.author, written_at: self.written_at, text: &self.text }
    }
}

impl QuotedHistory<'_> {
    fn attribution(&self) -> String {
        let author: String = self.author.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let date = Date::new(self.written_at.unix_seconds()).to_rfc822();
        format!("On {date}, {author} wrote:")
    }

    pub(crate) fn as_text(&self) -> String {
        let mut out = self.attribution();
        for line in self.text.trim_end().lines() {
            out.push_str(if line.starts_with('>') { "\n>" } else { "\n> " });
            out.push_str(line);
        }
        out
    }

    pub(crate) fn as_html(&self) -> String {
        let attribution = text_to_html(&self.attribution());
        // From the text: nothing that a stranger's HTML brings along goes out again.
        let quoted = text_to_html(self.text);
        format!(
            "<div class=\"gmail_quote\">{attribution}<blockquote class=\"gmail_quote\" style=\"margin:0 0 0 .8ex;border-left:1px \
             solid #ccc;padding-left:1ex\">{quoted}</blockquote></div>"
        )
    }
}
