//! The message being answered, quoted below an answer.

use actionlayer_domain::Timestamp;
use mail_builder::headers::date::Date;

use crate::html::text_to_html;

/// The earlier message and whose it was.
#[derive(Clone)]
pub struct QuotedHistory<'a> {
    /// Who wrote it, as shown: `Ada <ada@example.com>`.
    pub author: &'a str,
    /// When.
    pub written_at: Timestamp,
    /// Its text.
    pub text: &'a str,
}

debug_without_content!(QuotedHistory<'_>);

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
