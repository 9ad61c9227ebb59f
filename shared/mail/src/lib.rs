//! Bytes of mail to values, and values to bytes.
//!
//! **Job.** Read any bytes the internet sends as the message a person would see ([`parse`]), say what is new in it
//! ([`extracted_text`]), what it answers ([`thread_keys`]) and what looks dangerous about it ([`safety_flags`]); build the
//! raw mail that leaves ([`OutboundMail`]).
//!
//! **Invariants.** Nothing here panics, recurses or takes more than linear time on any input; what is over a limit is left
//! out and marked, never an error. Nothing inside a mail is believed about who sent it. What is built cannot carry a header
//! its caller did not name: no CR, LF or NUL can reach one.
//!
//! **Must never know.** AWS, HTTP, storage, async, the clock, randomness.

mod address;
mod archive;
mod attribution;
mod automated;
mod body;
mod bounce;
mod build;
mod calendar;
mod charset;
mod cms;
mod composition;
mod description;
mod encode;
mod encoded_word;
mod extract;
mod filename;
mod framing;
mod header;
mod history;
mod html;
pub mod limits;
mod line;
mod lookalike;
mod message_id;
mod outbound_mailbox;
mod outgoing_html;
mod parameters;
mod parse;
mod parsed_mail;
mod report;
mod safety;
mod sanitize;
mod signature;
mod snippet;
mod structure;
mod thread_keys;
mod trace;
mod transfer;
mod unseen;
mod uuencode;
mod visibility;

pub use attribution::reply_subject;
pub use build::{
    AutoSubmitted, BuildError, ExtraHeader, OutboundAttachment, OutboundMail, is_content_type, is_media_type,
};
pub use composition::{Composed, Composition};
pub use extract::{extract, extracted_text};
pub use filename::sanitize as safe_filename;
pub use history::{QuotedHistory, QuotedMessage};
pub use html::{html_to_text, text_to_html};
pub use message_id::{InvalidMessageId, MessageIdText};
pub use outbound_mailbox::OutboundMailbox;
pub use outgoing_html::{Finding, FindingKind, OutgoingHtml, OutgoingLink, Pictures, outgoing_html};
pub use parse::{all_attachment_bytes, attachment_bytes, parse};
pub use parsed_mail::{Defect, ParsedMail};
pub use safety::{SafetyContext, is_executable, safety_flags};
pub use sanitize::{RemoteImages, SafeHtml, sanitize_html};
pub use signature::Signature;
pub use snippet::snippet;
pub use thread_keys::thread_keys;
pub use trace::received_for;
pub use unseen::is_unseen;
