//! Whom to ask about a draft, and which messages about it say what is not so any more.

use crate::{
    Draft, DraftStatus, EmailAddress, Timestamp,
    channel::{ApprovalChannel, ChannelKind, Notification, NotificationState},
};

/// Something to be told in a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tell<'a> {
    /// A mail to an approver.
    Mail(&'a EmailAddress),
    /// A message that asks.
    Post {
        /// Where.
        channel: &'a ApprovalChannel,
        /// The place, as notifications name it.
        place: &'a str,
        /// The first message about this draft there, which it follows.
        first_message_id: Option<&'a str>,
    },
    /// A short message below one that asked and still waits.
    Remind {
        /// Where.
        channel: &'a ApprovalChannel,
        /// Of which.
        told: &'a Notification,
    },
    /// A message that is there, to be written again.
    Show {
        /// Where.
        channel: &'a ApprovalChannel,
        /// Which.
        told: &'a Notification,
    },
}

/// What is to be told now. `again`: somebody asked for it, so those who were told of this version are told once more.
pub fn tellings<'a>(draft: &'a Draft, channels: &'a [ApprovalChannel], again: bool, now: Timestamp) -> Vec<Tell<'a>> {
    let mut tellings = Vec::new();
    let face = draft.face();
    for told in &draft.notifications {
        let is_old = told.message_id.is_some() && told.shown.as_deref() != Some(&face);
        let channel = channels.iter().find(|channel| is_at(channel, told.channel, &told.recipient));
        if let (true, Some(channel)) = (is_old, channel) {
            tellings.push(Tell::Show { channel, told });
        }
    }
    let waits = draft.status == DraftStatus::Pending && draft.expires_at.is_none_or(|at| at > now);
    if !waits {
        return tellings;
    }
    let told = |kind: ChannelKind, recipient: &str| {
        draft.notifications.iter().any(|told| {
            told.channel == kind
                && told.recipient.eq_ignore_ascii_case(recipient)
                && told.version == draft.version
                && !told.may_retry
        })
    };
    for channel in channels {
        let wanted = |recipient: &str| again || !told(channel.kind(), recipient);
        tellings.extend(channel.addresses().iter().filter(|to| wanted(to.as_str())).map(Tell::Mail));
        let Some(place) = channel.place() else { continue };
        let asked = draft.notifications.iter().find(|told| {
            is_at(channel, told.channel, &told.recipient) && told.version == draft.version && told.message_id.is_some()
        });
        if let Some(told) = asked {
            // It stands there: another one with the same buttons would be one too many.
            if again {
                tellings.push(Tell::Remind { channel, told });
            }
        } else if wanted(place) {
            let here = |told: &&Notification| told.channel == channel.kind() && told.recipient == place;
            let first = draft.notifications.iter().filter(here).find_map(|told| told.message_id.as_deref());
            tellings.push(Tell::Post { channel, place, first_message_id: first });
        }
    }
    tellings
}

/// Whether nobody could be told of the current version by any channel.
pub fn reached_nobody(draft: &Draft) -> bool {
    let mut current = draft.notifications.iter().filter(|told| told.version == draft.version).peekable();
    current.peek().is_some() && current.all(|told| told.state == NotificationState::Failed)
}

fn is_at(channel: &ApprovalChannel, kind: ChannelKind, place: &str) -> bool {
    channel.kind() == kind && channel.place() == Some(place)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::{HeaderText, Thread, draft::Actor};
    use serde_json::json;

    const NOW: Timestamp = Timestamp::from_unix_ms(1_777_000_000_000);
    const ID: &str = "0197f3a0-5c1e-7d2a-9f00-1234567890ab";

    fn draft() -> Draft {
        let id = || ID.parse().unwrap();
        let thread = Thread::start(ID.parse().unwrap(), id(), ID.parse().unwrap(), "Hours", NOW, NOW);
        let agent = Actor::api_key(ID.parse().unwrap(), &HeaderText::sanitize("agent"));
        Draft::start(ID.parse().unwrap(), &thread, HeaderText::sanitize("Re: Hours"), agent, NOW)
    }

    fn channels() -> Vec<ApprovalChannel> {
        let channels = json!([{"type": "slack", "channel": "C1"}, {"type": "email", "to": ["dana@example.com"]}]);
        serde_json::from_value(channels).unwrap()
    }

    fn posted(draft: &Draft, message_id: Option<&str>) -> Notification {
        Notification {
            channel: ChannelKind::Slack,
            recipient: "C1".to_owned(),
            version: draft.version,
            state: NotificationState::Sent,
            error: None,
            fix: None,
            at: NOW,
            message_id: message_id.map(str::to_owned),
            shown: Some(draft.face()),
            may_retry: false,
            reminded: false,
        }
    }

    fn kinds(draft: &Draft, again: bool) -> Vec<&'static str> {
        let channels = channels();
        let kind = |tell: Tell<'_>| match tell {
            Tell::Mail(_) => "mail",
            Tell::Post { first_message_id: None, .. } => "post",
            Tell::Post { first_message_id: Some(_), .. } => "post below",
            Tell::Remind { .. } => "remind",
            Tell::Show { .. } => "show",
        };
        tellings(draft, &channels, again, NOW).into_iter().map(kind).collect()
    }

    #[test]
    fn each_is_asked_once_per_version_and_shown_what_became_of_it() {
        let mut draft = draft();
        assert_eq!(kinds(&draft, false), ["post", "mail"]);
        draft.notified(posted(&draft, Some("1.1")));
        assert_eq!(kinds(&draft, false), ["mail"]);
        assert_eq!(kinds(&draft, true), ["remind", "mail"]);
        draft.edited(NOW);
        assert_eq!(kinds(&draft, false), ["show", "post below", "mail"]);
        draft.notified(posted(&draft, Some("1.2")));
        draft.approve(Actor::email(&"dana@example.com".parse().unwrap()), None, NOW).unwrap();
        assert_eq!(kinds(&draft, false), ["show", "show"]);
        assert_eq!(kinds(&draft, true), ["show", "show"], "what is decided is asked about no more");
    }

    #[test]
    fn a_failure_is_tried_again_only_if_it_may_pass() {
        let mut draft = draft();
        let failed = Notification { state: NotificationState::Failed, may_retry: true, ..posted(&draft, None) };
        draft.notified(failed.clone());
        assert_eq!(kinds(&draft, false), ["post", "mail"]);
        draft.notified(Notification { may_retry: false, ..failed });
        assert_eq!(kinds(&draft, false), ["mail"]);
        assert!(reached_nobody(&draft));
    }

    #[test]
    fn what_expired_is_not_asked_about() {
        let mut draft = draft();
        draft.expires_at = Some(NOW);
        assert!(kinds(&draft, true).is_empty());
    }
}
