//! What is the case when a rule is considered.

use std::borrow::Cow;

use serde_json::Value;

use super::{ContactThen, Field, ThreadThen, field::Check};
use crate::{
    Draft, EmailAddress, Message,
    message::{Authentication, Verdict},
};

/// What conditions look at. What is not there has no fields.
#[derive(Debug, Clone, Copy, Default)]
pub struct Facts<'a> {
    /// The message it is about.
    pub message: Option<MessageFacts<'a>>,
    pub thread: Option<&'a ThreadThen>,
    /// The person the thread began with.
    pub contact: Option<&'a ContactThen>,
    /// The draft it is about.
    pub draft: Option<DraftFacts<'a>>,
}

/// A message and what it says.
#[derive(Clone, Copy)]
pub struct MessageFacts<'a> {
    pub message: &'a Message,
    /// Its text, made from its HTML if it has no other.
    pub text: &'a str,
}

/// A draft and what it says.
#[derive(Clone, Copy)]
pub struct DraftFacts<'a> {
    pub draft: &'a Draft,
    /// Its text, made from its HTML if it has no other.
    pub text: &'a str,
    /// Its metadata, an object.
    pub metadata: Option<&'a Value>,
}

impl std::fmt::Debug for MessageFacts<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "MessageFacts({})", self.message.id)
    }
}

impl std::fmt::Debug for DraftFacts<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "DraftFacts({})", self.draft.id)
    }
}

/// The value of a field.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Fact<'a> {
    /// It is not there, or empty.
    Absent,
    Text(Cow<'a, str>),
    Texts(Vec<Cow<'a, str>>),
    Flag(bool),
    Number(f64),
    /// Something that is there and compares with nothing: an object in the metadata.
    Other,
}

impl<'a> Fact<'a> {
    fn text(text: impl Into<Cow<'a, str>>) -> Self {
        let text = text.into();
        if text.is_empty() { Self::Absent } else { Self::Text(text) }
    }

    fn texts<T: Into<Cow<'a, str>>>(texts: impl IntoIterator<Item = T>) -> Self {
        let texts: Vec<_> = texts.into_iter().map(Into::into).collect();
        if texts.is_empty() { Self::Absent } else { Self::Texts(texts) }
    }

    fn json(value: &'a Value) -> Self {
        match value {
            Value::Null => Self::Absent,
            Value::Bool(flag) => Self::Flag(*flag),
            Value::Number(number) => number.as_f64().map_or(Self::Other, Self::Number),
            Value::String(text) => Self::text(text.as_str()),
            Value::Array(list) => Self::texts(list.iter().map(|value| match value {
                Value::String(text) => Cow::from(text.as_str()),
                other => Cow::from(other.to_string()),
            })),
            Value::Object(_) => Self::Other,
        }
    }
}

impl<'a> Facts<'a> {
    /// The value of a field.
    pub(super) fn of(&self, field: &Field) -> Fact<'a> {
        self.of_message(field)
            .or_else(|| self.of_thread(field))
            .or_else(|| self.of_contact(field))
            .or_else(|| self.of_draft(field))
            .unwrap_or(Fact::Absent)
    }

    fn of_message(&self, field: &Field) -> Option<Fact<'a>> {
        let MessageFacts { message, text } = self.message?;
        Some(match field {
            Field::FromEmail => Fact::text(message.from_email.as_str()),
            Field::FromDomain => Fact::text(message.from_email.rsplit_once('@').map_or("", |(_, domain)| domain)),
            Field::To => {
                let blind = message.bcc.iter().map(EmailAddress::as_str);
                Fact::texts(message.to.iter().map(|to| to.email.as_str()).chain(blind))
            }
            Field::Subject => Fact::text(message.subject.as_str()),
            Field::BodyText => Fact::text(text),
            Field::IsAutomated => Fact::Flag(message.is_automated),
            Field::HasAttachments => Fact::Flag(!message.attachments.is_empty()),
            Field::Authentication(check) => {
                message.authentication.map_or(Fact::Absent, |found| Fact::text(verdict(found, *check).as_str()))
            }
            Field::Aligned => message.authentication.map_or(Fact::Absent, |found| Fact::Flag(found.aligned())),
            Field::SafetyFlags => Fact::texts(message.safety_flags.iter().map(|flag| flag.as_str())),
            _ => return None,
        })
    }

    fn of_thread(&self, field: &Field) -> Option<Fact<'a>> {
        let thread = self.thread?;
        Some(match field {
            Field::ThreadSubject => Fact::text(thread.subject.as_str()),
            Field::ThreadStatus => Fact::text(thread.status.as_str()),
            Field::ThreadTags => Fact::texts(thread.tags.iter().map(String::as_str)),
            Field::MessageCount => Fact::Number(f64::from(thread.message_count)),
            _ => return None,
        })
    }

    fn of_contact(&self, field: &Field) -> Option<Fact<'a>> {
        let contact = self.contact?;
        Some(match field {
            Field::ContactStatus => Fact::text(contact.status.as_str()),
            Field::ContactEmail => Fact::text(contact.email.as_str()),
            Field::ContactTags => Fact::texts(contact.tags.iter().map(String::as_str)),
            _ => return None,
        })
    }

    fn of_draft(&self, field: &Field) -> Option<Fact<'a>> {
        let DraftFacts { draft, text, metadata } = self.draft?;
        Some(match field {
            Field::DraftBodyText => Fact::text(text),
            Field::DraftRationale => Fact::text(draft.rationale.as_deref().unwrap_or_default()),
            Field::DraftIdentityId => Fact::text(draft.identity_id.to_string()),
            Field::DraftMetadata(path) => {
                let found = path.iter().try_fold(metadata?, |value, key| value.get(key));
                found.map_or(Fact::Absent, Fact::json)
            }
            _ => return None,
        })
    }
}

const fn verdict(authentication: Authentication, check: Check) -> Verdict {
    match check {
        Check::Spf => authentication.spf,
        Check::Dkim => authentication.dkim,
        Check::Dmarc => authentication.dmarc,
        Check::Spam => authentication.spam,
        Check::Virus => authentication.virus,
    }
}
