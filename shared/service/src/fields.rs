//! Reading what a caller wrote, collecting everything that is wrong with it before saying no.

use actionlayer_domain::{EmailAddress, HeaderText};
use actionlayer_mail::{Pictures, is_unseen, outgoing_html};

use crate::{FieldError, ServiceError};

/// A message may have this many recipients, SES's own limit.
pub(crate) const MAX_RECIPIENTS: usize = 50;
/// A body may have this many bytes.
const MAX_BODY_BYTES: usize = 1024 * 1024;
/// A rationale is read on a phone.
const MAX_RATIONALE_BYTES: usize = 4 * 1024;
/// The author's own data.
const MAX_METADATA_BYTES: usize = 8 * 1024;

/// Tags of a thread or contact: each is a list it is in.
pub(crate) const MAX_TAGS: usize = 50;
const MAX_TAG_BYTES: usize = 64;

/// What is wrong with a request, field by field.
#[derive(Debug, Default)]
pub(crate) struct Fields {
    errors: Vec<FieldError>,
}

impl Fields {
    pub(crate) fn refuse(&mut self, field: impl Into<String>, message: impl std::fmt::Display) {
        self.errors.push(FieldError::new(field, message));
    }

    /// Says no if anything was wrong.
    pub(crate) fn finish(self) -> Result<(), ServiceError> {
        if self.errors.is_empty() { Ok(()) } else { Err(ServiceError::Validation(self.errors)) }
    }

    /// Addresses; each bad one is named by its position.
    pub(crate) fn addresses(&mut self, field: &str, texts: &[String]) -> Vec<EmailAddress> {
        let mut addresses: Vec<EmailAddress> = Vec::with_capacity(texts.len());
        for (i, text) in texts.iter().enumerate() {
            match text.parse::<EmailAddress>() {
                Ok(address) if addresses.iter().all(|a| a.folded() != address.folded()) => addresses.push(address),
                Ok(_) => {} // Named twice is meant once.
                Err(error) => self.refuse(format!("{field}[{i}]"), error),
            }
        }
        addresses
    }

    /// Recipients together.
    pub(crate) fn recipient_count(&mut self, field: &str, count: usize) {
        if count > MAX_RECIPIENTS {
            self.refuse(field, format!("a message may have {MAX_RECIPIENTS} recipients in all, this one has {count}"));
        }
    }

    /// A text that stands in a header.
    pub(crate) fn header(&mut self, field: &str, text: Option<&str>) -> Option<HeaderText> {
        match HeaderText::parse(text?) {
            Ok(header) => Some(header),
            Err(error) => {
                self.refuse(field, error);
                None
            }
        }
    }

    /// The bodies of a message: at least one that is not blank.
    pub(crate) fn bodies(&mut self, text: Option<&str>, html: Option<&str>) {
        let blank = |body: Option<&str>| body.is_none_or(|body| body.trim().is_empty());
        if blank(text) && blank(html) {
            self.refuse("body_text", "is required, or `body_html`, or both");
        }
        for (field, body) in [("body_text", text), ("body_html", html)] {
            if body.is_some_and(|body| body.len() > MAX_BODY_BYTES) {
                self.refuse(field, "must be at most 1 MB long");
            }
            if body.is_some_and(|body| body.contains('\0')) {
                self.refuse(field, "must not contain a NUL character");
            }
        }
    }

    /// The bodies of a message that is to leave: as they leave from here on. HTML that would lose something a reader or its
    /// author would miss is refused, naming it.
    pub(crate) fn outgoing(&mut self, text: &mut Option<String>, html: &mut Option<String>) {
        let errors = self.errors.len();
        self.bodies(text.as_deref(), html.as_deref());
        if self.errors.len() > errors {
            return;
        }
        if let Some(text) = text {
            text.retain(|c| !is_unseen(c));
        }
        self.html("body_html", html, Pictures::Refused);
    }

    /// HTML that is to leave.
    pub(crate) fn html(&mut self, field: &str, html: &mut Option<String>, pictures: Pictures) {
        let Some(given) = html.as_deref().filter(|html| !html.trim().is_empty()) else { return };
        let out = outgoing_html(given, pictures);
        for finding in &out.refused {
            let what = if finding.what.is_empty() { String::new() } else { format!(" (“{}”)", finding.what) };
            self.refuse(field, format!("{}: {}{what}", finding.kind.as_str(), finding.kind.reason()));
        }
        *html = Some(out.html);
    }

    /// Tags: short words of the owner's own.
    pub(crate) fn tags(&mut self, tags: &[String]) {
        if tags.len() > MAX_TAGS {
            self.refuse("tags", format!("there may be {MAX_TAGS} tags"));
        }
        for (i, tag) in tags.iter().enumerate() {
            if tag.trim().is_empty() || tag.len() > MAX_TAG_BYTES || tag.chars().any(char::is_control) {
                self.refuse(format!("tags[{i}]"), "must be 1 to 64 bytes without control characters");
            }
        }
    }

    /// Why the author wrote it so.
    pub(crate) fn rationale(&mut self, rationale: Option<&str>) {
        if rationale.is_some_and(|r| r.len() > MAX_RATIONALE_BYTES) {
            self.refuse("rationale", "must be at most 4 KB long");
        }
    }

    /// The author's own data, as it is stored.
    pub(crate) fn metadata(&mut self, metadata: Option<&serde_json::Value>) -> Option<String> {
        let text = metadata?.to_string();
        if !metadata.is_some_and(serde_json::Value::is_object) {
            self.refuse("metadata", "must be an object");
        }
        if text.len() > MAX_METADATA_BYTES {
            self.refuse("metadata", "must be at most 8 KB when serialized");
        }
        Some(text)
    }
}
/// Tags once each, in the order they were given.
pub(crate) fn distinct(tags: &[String]) -> Vec<String> {
    let mut distinct: Vec<String> = Vec::with_capacity(tags.len());
    for tag in tags {
        if !distinct.contains(tag) {
            distinct.push(tag.clone());
        }
    }
    distinct
}
