//! A mail that was read.

use std::sync::OnceLock;

use actionlayer_domain::message::{Attachment, Mailbox, Report};

use crate::{
    automated::{self, Writer},
    html::Rendered,
};

/// Something about a mail that breaks a rule of its format. It was read all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Defect {
    /// There is no header field at all.
    NoHeaders,
    /// The empty line between headers and body is missing.
    NoHeaderEnd,
    /// `From` is missing, has no address, or has several.
    From,
    /// A field that may stand once stands more often; the first one was taken.
    RepeatedField,
    /// A multipart is not closed: the mail may have been cut.
    UnclosedMultipart,
    /// A decoder failed; only the top headers were read.
    Undecodable,
}

/// What a mail says. Text has `\n` line breaks and no NUL; header values have no control characters.
#[derive(Clone, PartialEq, Eq, Default)]
#[allow(clippy::struct_excessive_bools, reason = "each says something of its own about the mail")]
pub struct ParsedMail {
    /// The author. As with every mailbox here, `email` is what the mail says, not necessarily a valid address.
    pub from: Option<Mailbox>,
    /// `To`.
    pub to: Vec<Mailbox>,
    /// `Cc`.
    pub cc: Vec<Mailbox>,
    /// `Reply-To`.
    pub reply_to: Vec<Mailbox>,
    /// `Subject`, decoded; empty when there is none.
    pub subject: String,
    /// `Date`, in seconds since 1970-01-01T00:00:00Z, as the sender's clock had it.
    pub date_unix_seconds: Option<i64>,
    /// `Message-ID`, without angle brackets.
    pub message_id: Option<String>,
    /// The ids of `In-Reply-To`, without angle brackets.
    pub in_reply_to: Vec<String>,
    /// The ids of `References`, oldest first, at most [`MAX_REFERENCES`](crate::limits::MAX_REFERENCES): the first and the newest are kept.
    pub references: Vec<String>,
    /// The text a person sees: from the plain text parts, else from the HTML.
    pub text: String,
    /// The HTML, when there is any. Not sanitized.
    pub html: Option<String>,
    /// The files, in order; [`attachment_bytes`](crate::attachment_bytes) gives their content by this index.
    pub attachments: Vec<Attachment>,
    /// It is a report of a machine about another mail.
    pub report: Option<Report>,
    /// It carries a calendar invitation or an answer to one: the method (RFC 5546), lower case, such as `request`,
    /// `reply` or `cancel`.
    pub calendar_method: Option<String>,
    /// What is wrong with it.
    pub defects: Vec<Defect>,
    /// It was over a limit, and something was left out. The raw mail has the rest.
    pub parse_limited: bool,
    /// What its headers and its form say of who wrote it.
    pub(crate) writer: Writer,
    /// It has more than one `From`, or more than one address in it: nobody's address is believed then.
    pub has_several_authors: bool,
    /// One of the files runs when opened.
    pub(crate) has_executable: bool,
    /// The HTML as a reader sees it.
    pub(crate) page: Option<Rendered>,
    /// What is new in it, once somebody asked.
    pub(crate) news: OnceLock<News>,
}

actionlayer_domain::debug_without_content!(ParsedMail);

impl ParsedMail {
    /// Whether a machine wrote it (RFC 3834 and what else is in use). `envelope_from` is the envelope sender: `Some("")`
    /// is the null return path of a bounce, `None` means that it is not known.
    pub fn is_automated(&self, envelope_from: Option<&str>) -> bool {
        self.writer != Writer::Unsaid
            || automated::is_automated_sender(envelope_from, self.from.as_ref(), &self.reply_to)
    }

    /// Whether a person wrote it although it has marks of a machine: those of a list or a group that sent it on, or no more
    /// than the wish that nothing answers by itself.
    pub fn is_of_person(&self, envelope_from: Option<&str>) -> bool {
        match self.writer {
            Writer::PersonByList => true,
            Writer::Silent => !automated::is_automated_sender(envelope_from, self.from.as_ref(), &self.reply_to),
            Writer::Unsaid | Writer::Machine => false,
        }
    }
}

/// What is new in a mail.
#[derive(Clone, PartialEq, Eq, Default)]
pub(crate) struct News {
    pub(crate) text: String,
    /// The text of the mail says more than its page shows.
    pub(crate) is_unseen: bool,
}
