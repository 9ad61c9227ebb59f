//! The raw mail that leaves (RFC 5322, RFC 2045).

use std::{borrow::Cow, fmt::Write as _};

use actionlayer_domain::{HeaderText, Timestamp};
use mail_builder::{
    MessageBuilder,
    headers::{content_type::ContentType, date::Date, message_id::MessageId, raw::Raw},
    mime::{BodyPart, MimePart},
};

use crate::{
    calendar::{is_calendar, method_of},
    encode,
    html::{html_to_text, text_to_html},
    message_id::MessageIdText,
    outbound_mailbox::OutboundMailbox,
    parameters::Parameters,
};

/// Ids written into `References` at most; the first and the newest are kept (RFC 5322, section 3.6.4 sets no bound).
const MAX_REFERENCES: usize = 30;

/// Why nobody approved this mail before it left (RFC 3834, section 5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AutoSubmitted {
    /// In answer to a mail.
    Replied,
    /// For another reason.
    Generated,
}

/// The headers a caller may add beyond those that every mail has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExtraHeader {
    /// `X-Auto-Response-Suppress: All`: no out-of-office answers to this.
    SuppressAutoResponses,
    /// `X-Entity-Ref-ID`: mails with different values are not put into one conversation for the sake of their subject.
    EntityRefId(HeaderText),
}

/// A file to attach.
#[derive(Clone)]
pub struct OutboundAttachment {
    /// Its name.
    pub filename: HeaderText,
    /// Its media type, such as `application/pdf`; `charset` and `method` may follow, as in `text/calendar; method=REQUEST`,
    /// and are found out where they do not. One that is not `type/subtype` is written as `application/octet-stream`.
    pub content_type: String,
    pub content: Vec<u8>,
}

/// Why a mail cannot be built.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BuildError {
    /// Neither text nor HTML, or both blank.
    #[error("the mail has no body")]
    NoBody,
    /// Nobody in `To`.
    #[error("the mail has no recipient")]
    NoRecipient,
}

/// A mail to build. Blind copies are not part of it: they belong to the envelope alone.
#[derive(Clone)]
pub struct OutboundMail<'a> {
    /// The author.
    pub from: OutboundMailbox,
    pub to: Vec<OutboundMailbox>,
    /// Those who get a copy.
    pub cc: Vec<OutboundMailbox>,
    /// Where answers go, if not to the author.
    pub reply_to: Option<OutboundMailbox>,
    pub subject: HeaderText,
    /// `Date`.
    pub date: Timestamp,
    /// `Message-ID`; SES puts its own in its place.
    pub message_id: MessageIdText,
    /// The message this answers.
    pub in_reply_to: Option<MessageIdText>,
    /// The thread so far, oldest first. The message answered is added when it is missing.
    pub references: Vec<MessageIdText>,
    /// The text. Made from the HTML when missing.
    pub text: Option<&'a str>,
    /// The HTML. Made from the text when missing.
    pub html: Option<&'a str>,
    pub attachments: Vec<OutboundAttachment>,
    /// Set on a mail that nobody approved.
    pub auto_submitted: Option<AutoSubmitted>,
    /// More headers.
    pub extra_headers: Vec<ExtraHeader>,
}

actionlayer_domain::debug_without_content!(OutboundMail<'_>, OutboundAttachment);

impl OutboundMail<'_> {
    /// The raw mail. The same value and seed give the same bytes; `boundary_seed` should differ from mail to mail.
    pub fn build(&self, boundary_seed: u64) -> Result<Vec<u8>, BuildError> {
        if self.to.is_empty() {
            return Err(BuildError::NoRecipient);
        }
        let (text, html) = self.bodies()?;
        let mut mail = MessageBuilder::new()
            .header("From", encode::mailboxes([&self.from]))
            .header("To", encode::mailboxes(&self.to))
            .header("Subject", encode::unstructured(self.subject.as_str()))
            .date(Date::new(self.date.unix_seconds()))
            .message_id(self.message_id.as_str());
        if !self.cc.is_empty() {
            mail = mail.header("Cc", encode::mailboxes(&self.cc));
        }
        if let Some(reply_to) = &self.reply_to {
            mail = mail.header("Reply-To", encode::mailboxes([reply_to]));
        }
        if let Some(id) = &self.in_reply_to {
            mail = mail.in_reply_to(id.as_str());
        }
        let references = self.bounded_references();
        if !references.is_empty() {
            mail = mail.references(MessageId::new_list(references.into_iter()));
        }
        if let Some(reason) = self.auto_submitted {
            let value = match reason {
                AutoSubmitted::Replied => "auto-replied",
                AutoSubmitted::Generated => "auto-generated",
            };
            mail = mail.header("Auto-Submitted", Raw::new(value));
        }
        for header in &self.extra_headers {
            mail = match header {
                ExtraHeader::SuppressAutoResponses => mail.header("X-Auto-Response-Suppress", Raw::new("All")),
                ExtraHeader::EntityRefId(id) => mail.header("X-Entity-Ref-ID", encode::unstructured(id.as_str())),
            };
        }
        let boundary = self.free_boundary(boundary_seed, &[&text, &html]);
        let mut body = MimePart::new(
            ContentType::new("multipart/alternative").attribute("boundary", format!("{boundary}a")),
            vec![text_part("text/plain", &text), text_part("text/html", &html)],
        );
        if !self.attachments.is_empty() {
            let parts = std::iter::once(body).chain(self.attachments.iter().map(attachment_part)).collect::<Vec<_>>();
            body =
                MimePart::new(ContentType::new("multipart/mixed").attribute("boundary", format!("{boundary}m")), parts);
        }
        let mut raw = Vec::new();
        mail.body(body).serialize(&mut raw);
        Ok(raw)
    }

    /// The text and the HTML; the one that is missing is made from the other.
    fn bodies(&self) -> Result<(String, String), BuildError> {
        let given = |body: Option<&str>| body.filter(|body| !body.trim().is_empty()).map(ToOwned::to_owned);
        let (mut text, html) = match (given(self.text), given(self.html)) {
            (None, None) => return Err(BuildError::NoBody),
            (Some(text), None) => (text.trim_end().to_owned(), text_to_html(&text)),
            (None, Some(html)) => (html_to_text(&html), html),
            (Some(text), Some(html)) => (text.trim_end().to_owned(), html),
        };
        text.push('\n');
        Ok((plain_lines(&text), plain_lines(&html)))
    }

    fn bounded_references(&self) -> Vec<&str> {
        let mut ids: Vec<&str> = Vec::new();
        // The message answered stands last, wherever it stood before.
        let answered = self.in_reply_to.as_ref().map(MessageIdText::as_str);
        for id in self.references.iter().map(MessageIdText::as_str).filter(|id| Some(*id) != answered).chain(answered) {
            if !ids.contains(&id) {
                ids.push(id);
            }
        }
        if ids.len() > MAX_REFERENCES {
            ids.drain(1..=ids.len() - MAX_REFERENCES);
        }
        ids
    }

    /// A boundary that no part contains.
    fn free_boundary(&self, seed: u64, texts: &[&str]) -> String {
        let mut number = seed;
        loop {
            // `=_` cannot stand in quoted-printable or base64 (RFC 2045, section 6.7).
            let boundary = format!("=_{number:016x}");
            let taken = |bytes: &[u8]| memchr::memmem::find(bytes, boundary.as_bytes()).is_some();
            let in_texts = texts.iter().any(|text| taken(text.as_bytes()));
            if !in_texts && !self.attachments.iter().any(|a| taken(&a.content)) {
                return boundary;
            }
            number = number.wrapping_add(1);
        }
    }
}

/// Text without NUL and with one kind of line break.
fn plain_lines(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n").replace('\0', "")
}

fn text_part(media_type: &'static str, text: &str) -> MimePart<'static> {
    let (encoding, lines) = encode::text(text);
    MimePart::new(ContentType::new(media_type).attribute("charset", "utf-8"), BodyPart::Text(Cow::Owned(lines)))
        .transfer_encoding(encoding)
}

fn attachment_part(attachment: &OutboundAttachment) -> MimePart<'_> {
    let said = Parameters::parse(&attachment.content_type);
    let media_type = if is_content_type(&attachment.content_type) { &*said.value } else { "application/octet-stream" };
    let filename = attachment.filename.as_str();
    let mut content_type = ContentType::new(media_type.to_owned());
    let token = |name: &str| said.parameter(name).filter(|value| is_token(value)).map(ToOwned::to_owned);
    if media_type.starts_with("text/") {
        // Without it, the text is ASCII (RFC 2046, section 4.1.2), and readers show such files within the mail.
        let charset = token("charset").or_else(|| charset_of(&attachment.content).map(ToOwned::to_owned));
        if let Some(charset) = charset {
            content_type = content_type.attribute("charset", charset);
        }
    }
    if is_calendar(media_type) {
        // It has to be there and equal the one of the object (RFC 6047, section 2.4), or the file is dead in Outlook.
        let method = method_of(&attachment.content).map(|method| method.to_ascii_uppercase());
        if let Some(method) = method.or_else(|| token("method")) {
            content_type = content_type.attribute("method", method);
        }
    }
    if let Some(name) = name_for_old_readers(filename) {
        content_type = content_type.attribute("name", name);
    }
    MimePart::new(content_type, BodyPart::Binary(Cow::Borrowed(&attachment.content))).attachment(filename)
}

/// The charset of a text, where its bytes say so.
fn charset_of(content: &[u8]) -> Option<&'static str> {
    match content {
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => Some("utf-16"),
        content => std::str::from_utf8(content).is_ok().then_some("utf-8"),
    }
}

/// Whether a value may stand without quotes (RFC 2045, section 5.1).
fn is_token(value: &str) -> bool {
    (1..=64).contains(&value.len()) && value.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.+:".contains(&b))
}

/// The name once more, as an encoded word, for clients that do not read RFC 2231; those that do take the one in
/// `Content-Disposition`. None where it would be cut into pieces.
fn name_for_old_readers(filename: &str) -> Option<String> {
    const MAX_WORD_BYTES: usize = 75;
    if filename.is_ascii() {
        return None;
    }
    let mut word = String::from("=?utf-8?Q?");
    for byte in filename.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-') {
            word.push(char::from(byte));
        } else {
            let _ = write!(word, "={byte:02X}");
        }
    }
    word.push_str("?=");
    (word.len() <= MAX_WORD_BYTES).then_some(word)
}

/// Whether a text is the type of a file to send: `type/subtype` of single parts, with no parameters but `charset` and
/// `method`.
pub fn is_content_type(text: &str) -> bool {
    let Some((media_type, parameters)) = text.split_once(';') else { return is_media_type(text) };
    let is_known = |parameter: &str| {
        parameter.split_once('=').is_some_and(|(name, value)| {
            matches!(name.trim().to_ascii_lowercase().as_str(), "charset" | "method")
                && is_token(value.trim().trim_matches('"'))
        })
    };
    is_media_type(media_type.trim_end()) && parameters.split(';').all(is_known)
}

/// Whether a text is `type/subtype` of single parts (RFC 6838, section 4.2). Containers are no files.
pub fn is_media_type(text: &str) -> bool {
    let name = |part: &str| {
        (1..=127).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&b))
    };
    text.split_once('/').is_some_and(|(kind, subtype)| {
        name(kind)
            && name(subtype)
            && !["multipart", "message"].iter().any(|container| kind.eq_ignore_ascii_case(container))
    })
}
