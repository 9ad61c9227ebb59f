//! What people call the parts of a rule.

use actionlayer_channels::legible::line;
use actionlayer_domain::rule::{Action, ActionResult, ConditionForm, Field, Op, Operator, Trigger, Withheld};
use serde_json::Value;

/// What people call the fields that conditions look at.
const FIELDS: [(&str, &str); 24] = [
    ("message.from_email", "the sender's address"),
    ("message.from_domain", "the sender's domain"),
    ("message.subject", "the mail's subject"),
    ("message.body_text", "the mail's text"),
    ("message.to", "the recipients"),
    ("message.is_automated", "written by a machine"),
    ("message.has_attachments", "has files"),
    ("message.safety.flags", "the safety flags"),
    ("message.authentication.aligned", "the sender's address is proven"),
    ("message.authentication.spf", "the verdict of SPF"),
    ("message.authentication.dkim", "the verdict of DKIM"),
    ("message.authentication.dmarc", "the verdict of DMARC"),
    ("message.authentication.spam", "the verdict of the spam filter"),
    ("message.authentication.virus", "the verdict of the virus scanner"),
    ("thread.subject", "the conversation's subject"),
    ("thread.status", "the conversation's status"),
    ("thread.tags", "the conversation's tags"),
    ("thread.message_count", "the number of messages"),
    ("contact.email", "the contact's address"),
    ("contact.status", "the contact's status"),
    ("contact.tags", "the contact's tags"),
    ("draft.body_text", "the draft's text"),
    ("draft.rationale", "the draft's rationale"),
    ("draft.identity_id", "the draft's identity, by its id"),
];

/// Every field with its words, in the order of a form. One that has none yet goes by its name.
pub(super) fn fields() -> impl Iterator<Item = (&'static str, &'static str)> {
    let unnamed = Field::names().filter(|name| FIELDS.iter().all(|(known, _)| known != name));
    FIELDS.into_iter().chain(unnamed.map(|name| (name, name)))
}

pub(super) fn field_words(field: &str) -> String {
    let known = FIELDS.into_iter().find(|(value, _)| *value == field);
    known.map_or_else(|| line(field), |(_, words)| words.to_owned())
}

pub(super) const fn trigger_words(trigger: Trigger) -> &'static str {
    match trigger {
        Trigger::EmailReceived => "Mail came in",
        Trigger::EmailSent => "Mail was sent",
        Trigger::EmailDelivered => "Mail was delivered",
        Trigger::DraftCreated => "A draft was submitted",
        Trigger::DraftApproved => "A draft was approved",
        Trigger::DraftSent => "A draft was sent",
        Trigger::DraftStale => "A draft went out of date",
    }
}

pub(super) const fn op_words(op: Op) -> &'static str {
    match op {
        Op::Equals => "is",
        Op::NotEquals => "is not",
        Op::Contains => "contains",
        Op::NotContains => "does not contain",
        Op::StartsWith => "begins with",
        Op::EndsWith => "ends with",
        Op::In => "is one of",
        Op::Matches => "matches the pattern",
        Op::Exists => "is there",
        Op::Gt => "is more than",
        Op::Lt => "is less than",
    }
}

pub(super) const fn operator_words(operator: Operator) -> &'static str {
    match operator {
        Operator::And => "all of these hold",
        Operator::Or => "one of these holds",
        Operator::Not => "none of these holds",
    }
}

/// A condition in words; a group without what is in it.
pub(super) fn condition_words(form: &ConditionForm) -> String {
    match (&form.field, form.op) {
        (Some(field), Some(op)) => {
            let value = match &form.value {
                None => String::new(),
                Some(Value::String(text)) => format!(" “{}”", line(text)),
                Some(Value::Bool(yes)) => if *yes { " yes" } else { " no" }.to_owned(),
                Some(other) => format!(" {}", line(&other.to_string())),
            };
            format!("{} {}{value}", field_words(field), op_words(op))
        }
        _ if form.conditions.as_ref().is_some_and(Vec::is_empty) => "always".to_owned(),
        _ => operator_words(form.operator.unwrap_or(Operator::And)).to_owned(),
    }
}

pub(super) fn action_words(action: &Action) -> String {
    match action {
        Action::ApproveDraft {} => "approve the draft".to_owned(),
        Action::SendDraft {} => "approve and send the draft".to_owned(),
        Action::RejectDraft { .. } => "reject the draft".to_owned(),
        Action::SetThreadStatus { status } => format!("set the conversation to {}", status.as_str()),
        Action::SetNeedsReview { needs_review: true } => "mark for review".to_owned(),
        Action::SetNeedsReview { needs_review: false } => "mark as reviewed".to_owned(),
        Action::AddTag { tag } => format!("add the tag “{}”", line(tag)),
        Action::RemoveTag { tag } => format!("remove the tag “{}”", line(tag)),
        Action::SkipAi {} => "ask agents to leave it alone".to_owned(),
        Action::TrustContact {} => "trust the sender".to_owned(),
        Action::BlockContact {} => "block the sender".to_owned(),
        Action::AssignIdentity { .. } => "give it to another identity".to_owned(),
        Action::AutoReply { .. } => "answer at once".to_owned(),
        Action::Notify {} => "tell the approvers".to_owned(),
    }
}

/// What became of an action, or would: its tone, and words that follow those of the action.
pub(super) fn result_words(result: Option<&ActionResult>) -> (&'static str, String) {
    match result {
        None => ("", "not known yet".to_owned()),
        Some(ActionResult::Done) => ("good", "done".to_owned()),
        Some(ActionResult::Unchanged) => ("", "was so already".to_owned()),
        Some(ActionResult::Refused { message, .. }) => ("warn", format!("not done: {}", line(message))),
        Some(ActionResult::Failed { message, .. }) => ("bad", format!("failed: {}", line(message))),
    }
}

pub(super) const fn withheld_words(withheld: Withheld) -> &'static str {
    match withheld {
        Withheld::RuleChanged => "not carried out: the rule was changed meanwhile",
        Withheld::Runaway => "not carried out: it matched too often in that minute",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_has_words() {
        assert_eq!(fields().count(), Field::names().count());
        assert!(fields().all(|(name, words)| Field::named(name).is_ok() && name != words), "{FIELDS:?}");
    }
}
