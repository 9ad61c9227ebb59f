//! What conditions can be about.

use serde_json::Value;

use crate::{
    contact::ContactStatus,
    message::{SafetyFlag, Verdict},
    thread::ThreadStatus,
};

use super::Op;

/// Something a condition can look at. A closed set, but for the keys of a draft's metadata.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Field {
    /// `message.from_email`
    FromEmail,
    /// `message.from_domain`
    FromDomain,
    /// `message.to`
    To,
    /// `message.subject`
    Subject,
    /// `message.body_text`
    BodyText,
    /// `message.is_automated`
    IsAutomated,
    /// `message.has_attachments`
    HasAttachments,
    /// `message.authentication.spf` and so on
    Authentication(Check),
    /// `message.authentication.aligned`
    Aligned,
    /// `message.safety.flags`
    SafetyFlags,
    /// `thread.subject`
    ThreadSubject,
    /// `thread.status`
    ThreadStatus,
    /// `thread.tags`
    ThreadTags,
    /// `thread.message_count`
    MessageCount,
    /// `contact.status`
    ContactStatus,
    /// `contact.email`
    ContactEmail,
    /// `contact.tags`
    ContactTags,
    /// `draft.body_text`
    DraftBodyText,
    /// `draft.rationale`
    DraftRationale,
    /// `draft.metadata.` and the keys that lead to a value
    DraftMetadata(Vec<String>),
    /// `draft.identity_id`
    DraftIdentityId,
}

/// A verdict of SES.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Check {
    /// SPF of the envelope sender.
    Spf,
    Dkim,
    Dmarc,
    /// Spam filter.
    Spam,
    /// Virus scanner.
    Virus,
}

/// What kind of value a field has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    /// Several texts.
    Texts,
    /// Yes or no.
    Flag,
    Number,
    /// One of a few words.
    Choice(&'static [&'static str]),
    /// Several of a few words.
    Choices(&'static [&'static str]),
    Id,
    /// Whatever the author of the draft put there.
    Anything,
}

const METADATA: &str = "draft.metadata.";
const MAX_METADATA_PATH_BYTES: usize = 255;

const VERDICTS: &[&str] =
    &[Verdict::Pass.as_str(), Verdict::Fail.as_str(), Verdict::Gray.as_str(), Verdict::ProcessingFailed.as_str()];
const FLAGS: &[&str] = &[
    SafetyFlag::HiddenText.as_str(),
    SafetyFlag::LinkMismatch.as_str(),
    SafetyFlag::LookalikeDomain.as_str(),
    SafetyFlag::ReplyToDiffers.as_str(),
    SafetyFlag::Unauthenticated.as_str(),
    SafetyFlag::ExecutableAttachment.as_str(),
    SafetyFlag::SeveralAuthors.as_str(),
    SafetyFlag::NewParticipant.as_str(),
    SafetyFlag::ApprovalLink.as_str(),
];
const THREAD_STATUSES: &[&str] = &[
    ThreadStatus::Open.as_str(),
    ThreadStatus::Waiting.as_str(),
    ThreadStatus::DraftPending.as_str(),
    ThreadStatus::Closed.as_str(),
];
const CONTACT_STATUSES: &[&str] =
    &[ContactStatus::Trusted.as_str(), ContactStatus::Pending.as_str(), ContactStatus::Blocked.as_str()];

/// Every field but those of the metadata, with its name.
const FIELDS: &[(&str, Field)] = &[
    ("message.from_email", Field::FromEmail),
    ("message.from_domain", Field::FromDomain),
    ("message.to", Field::To),
    ("message.subject", Field::Subject),
    ("message.body_text", Field::BodyText),
    ("message.is_automated", Field::IsAutomated),
    ("message.has_attachments", Field::HasAttachments),
    ("message.authentication.spf", Field::Authentication(Check::Spf)),
    ("message.authentication.dkim", Field::Authentication(Check::Dkim)),
    ("message.authentication.dmarc", Field::Authentication(Check::Dmarc)),
    ("message.authentication.spam", Field::Authentication(Check::Spam)),
    ("message.authentication.virus", Field::Authentication(Check::Virus)),
    ("message.authentication.aligned", Field::Aligned),
    ("message.safety.flags", Field::SafetyFlags),
    ("thread.subject", Field::ThreadSubject),
    ("thread.status", Field::ThreadStatus),
    ("thread.tags", Field::ThreadTags),
    ("thread.message_count", Field::MessageCount),
    ("contact.status", Field::ContactStatus),
    ("contact.email", Field::ContactEmail),
    ("contact.tags", Field::ContactTags),
    ("draft.body_text", Field::DraftBodyText),
    ("draft.rationale", Field::DraftRationale),
    ("draft.identity_id", Field::DraftIdentityId),
];

impl Field {
    /// The field of that name, or which there are.
    pub fn named(name: &str) -> Result<Self, String> {
        if let Some((_, field)) = FIELDS.iter().find(|(known, _)| *known == name) {
            return Ok(field.clone());
        }
        match name.strip_prefix(METADATA) {
            Some(path) if !path.split('.').any(str::is_empty) && path.len() <= MAX_METADATA_PATH_BYTES => {
                Ok(Self::DraftMetadata(path.split('.').map(str::to_owned).collect()))
            }
            Some(_) => Err("must name keys of the metadata, each of at least one character, 255 bytes in all".into()),
            None => {
                let known: Vec<_> = FIELDS.iter().map(|(name, _)| format!("`{name}`")).collect();
                Err(format!("must be one of {}, or `draft.metadata.` and a key", known.join(", ")))
            }
        }
    }

    /// The name of every field but those of the metadata.
    pub fn names() -> impl Iterator<Item = &'static str> {
        FIELDS.iter().map(|(name, _)| *name)
    }

    /// What somebody means who writes this as a value of the field: `yes` is true where it is true or false, `3` is a
    /// number where it is one. Whether the field takes it is said when the conditions are read.
    pub fn value_of(&self, text: &str) -> Value {
        let flag = || match text {
            "true" | "yes" => Some(Value::Bool(true)),
            "false" | "no" => Some(Value::Bool(false)),
            _ => None,
        };
        let number = || serde_json::from_str::<serde_json::Number>(text).ok().map(Value::Number);
        let value = match self.kind() {
            Kind::Flag => flag(),
            Kind::Number => number(),
            Kind::Anything => flag().or_else(number),
            Kind::Text | Kind::Texts | Kind::Choice(_) | Kind::Choices(_) | Kind::Id => None,
        };
        value.unwrap_or_else(|| Value::from(text))
    }

    pub fn name(&self) -> String {
        match self {
            Self::DraftMetadata(path) => format!("{METADATA}{}", path.join(".")),
            known => {
                FIELDS.iter().find(|(_, field)| field == known).map_or_else(String::new, |(name, _)| (*name).into())
            }
        }
    }

    pub(super) const fn is_of_a_draft(&self) -> bool {
        matches!(self, Self::DraftBodyText | Self::DraftRationale | Self::DraftMetadata(_) | Self::DraftIdentityId)
    }

    pub(super) const fn kind(&self) -> Kind {
        match self {
            Self::FromEmail
            | Self::FromDomain
            | Self::Subject
            | Self::BodyText
            | Self::ThreadSubject
            | Self::ContactEmail
            | Self::DraftBodyText
            | Self::DraftRationale => Kind::Text,
            Self::To | Self::ThreadTags | Self::ContactTags => Kind::Texts,
            Self::IsAutomated | Self::HasAttachments | Self::Aligned => Kind::Flag,
            Self::MessageCount => Kind::Number,
            Self::Authentication(_) => Kind::Choice(VERDICTS),
            Self::SafetyFlags => Kind::Choices(FLAGS),
            Self::ThreadStatus => Kind::Choice(THREAD_STATUSES),
            Self::ContactStatus => Kind::Choice(CONTACT_STATUSES),
            Self::DraftIdentityId => Kind::Id,
            Self::DraftMetadata(_) => Kind::Anything,
        }
    }
}

impl Kind {
    /// The operators it takes.
    pub(super) const fn ops(self) -> &'static [Op] {
        match self {
            Self::Text => &[
                Op::Equals,
                Op::NotEquals,
                Op::Contains,
                Op::NotContains,
                Op::StartsWith,
                Op::EndsWith,
                Op::In,
                Op::Matches,
                Op::Exists,
            ],
            Self::Texts => {
                &[Op::Contains, Op::NotContains, Op::StartsWith, Op::EndsWith, Op::In, Op::Matches, Op::Exists]
            }
            Self::Choices(_) => &[Op::Contains, Op::NotContains, Op::In, Op::Exists],
            Self::Flag => &[Op::Equals, Op::NotEquals, Op::Exists],
            Self::Number => &[Op::Equals, Op::NotEquals, Op::In, Op::Exists, Op::Gt, Op::Lt],
            Self::Choice(_) | Self::Id => &[Op::Equals, Op::NotEquals, Op::In, Op::Exists],
            Self::Anything => &Op::ALL,
        }
    }

    /// What it is, in a sentence.
    pub(super) const fn noun(self) -> &'static str {
        match self {
            Self::Text => "a text",
            Self::Texts | Self::Choices(_) => "a list",
            Self::Flag => "true or false",
            Self::Number => "a number",
            Self::Choice(_) => "one of a few words",
            Self::Id => "an id",
            Self::Anything => "anything",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_means_what_the_field_is() {
        use serde_json::json;
        for (field, text, value) in [
            ("message.subject", "true", json!("true")),
            ("message.subject", "3", json!("3")),
            ("message.is_automated", "yes", json!(true)),
            ("message.is_automated", "maybe", json!("maybe")),
            ("thread.message_count", "3", json!(3)),
            ("thread.message_count", "three", json!("three")),
            ("draft.metadata.total", "12.5", json!(12.5)),
            ("draft.metadata.total", "much", json!("much")),
        ] {
            assert_eq!(Field::named(field).map(|field| field.value_of(text)), Ok(value), "{field} {text}");
        }
    }

    #[test]
    fn every_field_has_one_name() {
        for (name, field) in FIELDS {
            assert_eq!(Field::named(name).as_ref(), Ok(field));
            assert_eq!(&field.name(), name);
        }
        let metadata = Field::named("draft.metadata.order.total").expect("a path");
        assert_eq!(metadata, Field::DraftMetadata(vec!["order".into(), "total".into()]));
        assert_eq!(metadata.name(), "draft.metadata.order.total");
        for bad in ["", "message", "message.from", "draft.metadata", "draft.metadata.", "draft.metadata.a..b"] {
            assert!(Field::named(bad).is_err(), "{bad}");
        }
    }
}
