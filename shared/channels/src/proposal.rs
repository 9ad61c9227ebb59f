//! What an approver is asked about, gathered and made legible once for mail and page alike.

use actionlayer_domain::{
    Draft, DraftBody, DraftStatus, EmailAddress, Identity, Message, MessageBody, Thread,
    draft::{Comment, Sender},
    message::{Attachment, SafetyFlag},
};
use actionlayer_mail::{Composition, QuotedMessage, html_to_text, is_executable};

use crate::{
    excerpt::{Piece, excerpt},
    legible::{Cut, cut, line, lines, moment},
    word_diff::word_diff,
};

/// A draft and all that a person needs to decide on it.
#[derive(Debug, Clone, Copy)]
pub struct Proposal<'a> {
    /// Who would send it.
    pub identity: &'a Identity,
    /// The conversation it belongs to.
    pub thread: &'a Thread,
    /// The draft, in the version that is shown.
    pub draft: &'a Draft,
    pub body: &'a DraftBody,
    /// The newest mail that came in, as far as the thread still has it.
    pub newest_inbound: Option<(&'a Message, &'a MessageBody)>,
    /// The version that was asked about before, if this one is an edit of it.
    pub previous: Option<PreviousVersion<'a>>,
    /// What became of the mail it answers.
    pub rivals: Rivals,
}

/// An earlier version of a draft.
#[derive(Debug, Clone, Copy)]
pub struct PreviousVersion<'a> {
    /// Its number.
    pub version: u32,
    pub subject: &'a str,
    pub body: &'a DraftBody,
}

/// What else answers the mail a draft answers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rivals {
    /// An answer to it left.
    pub answered: bool,
    /// So many other drafts wait for a decision.
    pub drafts: usize,
}

/// A proposal as text that can be shown: bounded, legible, not yet escaped.
#[derive(Debug)]
pub struct Shown {
    /// Who wants to send what to whom, in one line.
    pub headline: String,
    pub thread_subject: String,
    pub subject: String,
    /// It starts a conversation: nobody wrote first.
    pub is_cold: bool,
    pub from: String,
    /// Where answers would go, if not to the sender.
    pub reply_to: Option<String>,
    pub to: String,
    pub cc: String,
    pub bcc: String,
    pub version: u32,
    pub submitted_by: String,
    pub submitted_at: String,
    pub rationale: Option<String>,
    /// What approvers answered to the mails that asked them, the newest last.
    pub comments: Vec<ShownComment>,
    /// The files that go with it, with type and size.
    pub files: Vec<String>,
    /// Where the pictures of its signature are loaded from: they show what is there when it is read.
    pub pictures: Vec<String>,
    pub inbound: Option<ShownInbound>,
    pub warnings: Vec<&'static str>,
    pub text: Cut,
    /// The HTML of a draft that has a text of its own as well, and other words than that: the recipient may see either.
    pub html_as_text: Option<Cut>,
    /// Its text and its HTML say the same, word for word.
    pub html_says_the_same: bool,
    /// The draft is HTML only, and `text` was made from it.
    pub is_from_html: bool,
    /// The message it answers, whole, if that goes along.
    pub history: Option<ShownInbound>,
    /// What changed since the version that was asked about before.
    pub changes: Option<Changes>,
    pub expires_at: Option<String>,
}

/// What changed since an earlier version.
#[derive(Debug)]
pub struct Changes {
    pub since_version: u32,
    pub pieces: Vec<Piece>,
}

/// What somebody said about the draft, to be shown.
#[derive(Debug)]
pub struct ShownComment {
    pub by: String,
    pub at: String,
    pub text: String,
}

/// The newest inbound mail, to be shown.
#[derive(Debug)]
pub struct ShownInbound {
    pub from: String,
    pub at: String,
    pub text: Cut,
    pub files: Vec<String>,
}

/// How much is shown, in characters.
#[derive(Debug, Clone, Copy)]
pub struct Room {
    pub draft: usize,
    pub inbound: usize,
}

/// The most of a mailbox's name in a headline.
const NAME_CHARS: usize = 60;

impl Proposal<'_> {
    pub fn shown(&self, room: Room) -> Shown {
        let (draft, body) = (self.draft, self.body);
        let sender = self.sender();
        // What it quotes is shown beside it.
        let said = self.composition(&sender, None).compose().ok();
        let said_text = said.as_ref().filter(|_| body.text.is_some()).map(|said| said.text.as_str());
        let said_html = said.as_ref().filter(|_| body.html.is_some()).map(|said| said.html.as_str());
        let from_html = said_html.map(|html| cut(&lines(&html_to_text(html)), room.draft));
        let (text, html_as_text, is_from_html) = match (said_text, from_html) {
            (Some(text), html) => (cut(&lines(text), room.draft), html, false),
            (None, Some(html)) => (html, None, true),
            (None, None) => (Cut { text: String::new(), more: false }, None, false),
        };
        let html_says_the_same = html_as_text.as_ref().is_some_and(|html| says_the_same(html, &text));
        let html_as_text = html_as_text.filter(|_| !html_says_the_same);
        Shown {
            headline: self.headline(),
            thread_subject: line(&self.thread.subject),
            subject: line(draft.subject.as_str()),
            is_cold: draft.based_on_message_id.is_none(),
            from: named(Some(sender.name.as_str()), self.identity.email_address.as_str()),
            reply_to: sender.reply_to.as_ref().map(|address| line(address.as_str())),
            to: addresses(&draft.to),
            cc: addresses(&draft.cc),
            bcc: addresses(&draft.bcc),
            version: draft.version,
            submitted_by: line(&draft.submitted_by.name),
            submitted_at: moment(draft.created_at),
            rationale: draft.rationale.as_deref().map(lines),
            comments: draft.comments.iter().map(shown_comment).collect(),
            files: draft.attachments.iter().map(file).collect(),
            pictures: said.map(|said| said.pictures.iter().map(|url| line(url)).collect()).unwrap_or_default(),
            inbound: self.newest_inbound.map(|(message, body)| shown_message(message, body, room.inbound)),
            warnings: self.warnings(),
            text,
            html_as_text,
            html_says_the_same,
            is_from_html,
            history: self.history(room.draft),
            changes: self.changes(),
            expires_at: draft.expires_at.map(moment),
        }
    }

    /// Who wants to send what to whom.
    fn headline(&self) -> String {
        let who = cut(&line(self.identity.display_name.as_str()), NAME_CHARS).text;
        let to = match self.draft.to.as_slice() {
            [] => String::new(),
            [only] => only.to_string(),
            [first, rest @ ..] => format!("{first} and {} more", rest.len()),
        };
        let verb = if self.draft.based_on_message_id.is_none() { "write to" } else { "answer" };
        format!("{who} wants to {verb} {to}")
    }

    /// What is different from the version that was asked about before: subject and text, as they are read.
    fn changes(&self) -> Option<Changes> {
        let previous = self.previous?;
        let pieces = changes_between((previous.subject, previous.body), (self.draft.subject.as_str(), self.body));
        (!pieces.is_empty()).then_some(Changes { since_version: previous.version, pieces })
    }

    /// How it is signed.
    fn sender(&self) -> Sender {
        self.body.sender.clone().unwrap_or_else(|| Sender::of(self.identity))
    }

    fn composition<'a>(&'a self, sender: &'a Sender, quoted: Option<&'a QuotedMessage>) -> Composition<'a> {
        Composition {
            text: self.body.text.as_deref(),
            html: self.body.html.as_deref(),
            signature: sender.into(),
            history: quoted.map(QuotedMessage::as_history),
        }
    }

    /// The HTML that leaves, to the last byte, if the draft has any of its own.
    pub fn html(&self) -> Option<String> {
        self.body.html.as_ref()?;
        let quoted = self.newest_inbound.filter(|(message, _)| self.quotes(message));
        let quoted = quoted.map(|(message, body)| QuotedMessage::of(message, body));
        self.composition(&self.sender(), quoted.as_ref()).compose().ok().map(|composed| composed.html)
    }

    fn quotes(&self, message: &Message) -> bool {
        self.draft.quote_history && self.draft.based_on_message_id == Some(message.id)
    }

    /// What is quoted below the draft. Of a draft that answers an older message than the newest nothing is: it can only be
    /// rejected.
    fn history(&self, room: usize) -> Option<ShownInbound> {
        let (message, body) = self.newest_inbound.filter(|(message, _)| self.quotes(message))?;
        let whole = || body.text.clone().or_else(|| body.html.as_deref().map(html_to_text)).unwrap_or_default();
        Some(ShownInbound {
            from: named(message.from_name.as_deref(), &message.from_email),
            at: moment(message.received_at.unwrap_or(message.created_at)),
            text: cut(&lines(&whole()), room),
            files: Vec::new(),
        })
    }

    /// What should make an approver look twice, as sentences.
    fn warnings(&self) -> Vec<&'static str> {
        let mut warnings = Vec::new();
        if self.is_stale() {
            warnings.push(
                "The conversation went on after this draft was written: a newer message arrived, or another answer was \
                 sent. It cannot be sent as it is.",
            );
        }
        if self.draft.attachments.iter().any(|file| is_executable(&file.filename, &file.content_type, &[])) {
            warnings.push("The draft carries a file that runs when opened.");
        }
        if self.rivals.answered {
            warnings.push("This would be a second answer to the same mail.");
        }
        match self.rivals.drafts {
            0 => {}
            1 => warnings.push("Another draft answers the same mail and waits for a decision too."),
            _ => warnings.push("Other drafts answer the same mail and wait for a decision too."),
        }
        let was_here = |address: &EmailAddress| self.thread.participants().any(|known| known == address.folded());
        let mut recipients = self.draft.to.iter().chain(&self.draft.cc).chain(&self.draft.bcc);
        if self.draft.based_on_message_id.is_some() && !recipients.all(was_here) {
            warnings.push("It goes to somebody who was not in this conversation before.");
        }
        let Some((message, _)) = self.newest_inbound else { return warnings };
        warnings.extend(message.safety_flags.iter().map(|flag| sentence(*flag)));
        if message.parse_limited {
            warnings.push("The mail was too large or too deeply nested to be read whole.");
        }
        if message.is_automated {
            warnings.push("A machine wrote the mail, not a person.");
        }
        warnings
    }

    /// Whether the draft ignores a newer message, whatever its status already says. Such a draft can only be rejected.
    pub fn is_stale(&self) -> bool {
        self.draft.stale_warning
            || self.draft.status == DraftStatus::Stale
            || self.thread.is_stale(self.draft.based_on_message_id)
    }
}

/// What is different between two versions, each a subject and a text, as they are read. Empty when nothing is.
pub fn changes_between(old: (&str, &DraftBody), new: (&str, &DraftBody)) -> Vec<Piece> {
    let text = |(subject, body): (&str, &DraftBody)| {
        let text = body.text.clone().or_else(|| body.html.as_deref().map(html_to_text)).unwrap_or_default();
        format!("{}\n{}", line(subject), lines(&text))
    };
    let (old, new) = (text(old), text(new));
    excerpt(&word_diff(&old, &new))
}

/// A message of the conversation, to be shown in `room` characters.
pub fn shown_message(message: &Message, body: &MessageBody, room: usize) -> ShownInbound {
    let text = [&body.extracted_text, &body.text].into_iter().flatten().find(|text| !text.trim().is_empty());
    ShownInbound {
        from: named(message.from_name.as_deref(), &message.from_email),
        at: moment(message.received_at.unwrap_or(message.created_at)),
        text: match text {
            Some(text) => cut(&lines(text), room),
            None => cut(&lines(&body.html.as_deref().map(html_to_text).unwrap_or_default()), room),
        },
        files: message.attachments.iter().map(|file| line(&file.filename)).collect(),
    }
}

fn shown_comment(comment: &Comment) -> ShownComment {
    ShownComment { by: line(&comment.by.name), at: moment(comment.at), text: lines(&comment.text) }
}

/// A file in one line: `report.pdf (application/pdf, 1.2 MB)`.
fn file(file: &Attachment) -> String {
    format!("{} ({}, {})", line(&file.filename), line(&file.content_type), size(file.size_bytes))
}

/// A size for people; rounded up, so that nothing is 0 KB.
fn size(bytes: u64) -> String {
    const KB: u64 = 1024;
    const MB: u64 = 1024 * KB;
    match bytes {
        0..KB => format!("{bytes} bytes"),
        KB..MB => format!("{} KB", bytes.div_ceil(KB)),
        _ => {
            let tenths = (bytes * 10).div_ceil(MB);
            format!("{}.{} MB", tenths / 10, tenths % 10)
        }
    }
}

fn addresses(addresses: &[EmailAddress]) -> String {
    addresses.iter().map(EmailAddress::as_str).collect::<Vec<_>>().join(", ")
}

fn named(name: Option<&str>, address: &str) -> String {
    match name.map(line).filter(|name| !name.is_empty()) {
        Some(name) => format!("{name} <{}>", line(address)),
        None => line(address),
    }
}

pub const fn sentence(flag: SafetyFlag) -> &'static str {
    match flag {
        SafetyFlag::HiddenText => "The mail contains text that people cannot see.",
        SafetyFlag::LinkMismatch => "A link in the mail leads elsewhere than it says.",
        SafetyFlag::LookalikeDomain => "The sender's domain looks like one you know, but is another.",
        SafetyFlag::ReplyToDiffers => "Answers go to another domain than the sender's.",
        SafetyFlag::Unauthenticated => "The sender's address is not proven.",
        SafetyFlag::ExecutableAttachment => "The mail carries a file that runs when opened.",
        SafetyFlag::SeveralAuthors => "The mail names more than one author: nothing says who wrote it.",
        SafetyFlag::ApprovalLink => {
            "It carried one of our links, which was taken out: somebody passed on what was theirs alone."
        }
        SafetyFlag::NewParticipant => "Its author was not in this conversation before, and may not be who they say.",
    }
}

/// Whether both are shown whole and have the same words.
fn says_the_same(one: &Cut, other: &Cut) -> bool {
    !one.more && !other.more && one.text.split_whitespace().eq(other.text.split_whitespace())
}
