//! Whom to ask, and which messages say what is not so any more: one rule for drafts and for senders whose mail is held.

use crate::{
    Draft, DraftStatus, EmailAddress, Timestamp,
    channel::ApprovalChannel,
    contact::{SenderDecision, SenderNotice},
    notification::{Notification, NotificationState, PostedMessage},
};

/// Something that people are asked, as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question<'a> {
    /// What became of asking so far.
    pub notifications: &'a [Notification],
    /// The version that is asked about; 1 for what has none.
    pub version: u32,
    /// How it stands, as far as a message about it says so: it is to be written again when this changes.
    pub face: String,
    /// Whether an answer is still wanted.
    pub waits: bool,
}

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
        /// The first message about the same there, which it follows.
        first: Option<&'a PostedMessage>,
    },
    /// A short message below one that asked and still waits.
    Remind {
        /// Where.
        channel: &'a ApprovalChannel,
        told: &'a Notification,
    },
    /// A message that is there, to be written again.
    Show {
        /// Where.
        channel: &'a ApprovalChannel,
        told: &'a Notification,
        /// What it is changed with.
        posted: &'a PostedMessage,
    },
}

impl Draft {
    /// "May this be sent?"
    pub fn question(&self, now: Timestamp) -> Question<'_> {
        Question {
            notifications: &self.notifications,
            version: self.version,
            face: self.face(),
            waits: self.status == DraftStatus::Pending && self.expires_at.is_none_or(|at| at > now),
        }
    }
}

impl SenderNotice {
    /// "May they write?"
    pub fn question(&self) -> Question<'_> {
        let waits = self.decision.is_none();
        Question { notifications: &self.notifications, version: 1, face: face_of(self.decision.as_ref()), waits }
    }
}

impl SenderDecision {
    /// "May they write?", which was asked by these, and is answered by this.
    pub fn question<'a>(&self, notifications: &'a [Notification]) -> Question<'a> {
        Question { notifications, version: 1, face: face_of(Some(self)), waits: false }
    }
}

fn face_of(decision: Option<&SenderDecision>) -> String {
    match decision {
        None => "waits",
        Some(SenderDecision { trusted: true, .. }) => "trusted",
        Some(SenderDecision { trusted: false, .. }) => "blocked",
    }
    .to_owned()
}

/// What is to be told now. `again`: somebody asked for it, so those who were told of this version are told once more.
pub fn tellings<'a>(question: &Question<'a>, channels: &'a [ApprovalChannel], again: bool) -> Vec<Tell<'a>> {
    let Question { notifications, version, face, waits } = question;
    let mut tellings = Vec::new();
    for told in *notifications {
        let Some(posted) = told.posted.as_ref().filter(|_| told.shown.as_ref() != Some(face)) else { continue };
        if let Some(channel) = channels.iter().find(|channel| is_in(told, channel)) {
            tellings.push(Tell::Show { channel, told, posted });
        }
    }
    if !waits {
        return tellings;
    }
    let current = || notifications.iter().filter(|told| told.version == *version);
    for channel in channels {
        let is_wanted =
            |recipient: &str| again || !current().any(|told| told.is_to(channel.kind(), recipient) && !told.may_retry);
        tellings.extend(channel.addresses().iter().filter(|to| is_wanted(to.as_str())).map(Tell::Mail));
        let Some(place) = channel.place() else { continue };
        if let Some(told) = current().find(|told| is_in(told, channel) && told.posted.is_some()) {
            // It stands there: another one with the same buttons would be one too many.
            if again {
                tellings.push(Tell::Remind { channel, told });
            }
        } else if is_wanted(place) {
            let first = notifications.iter().filter(|told| is_in(told, channel)).find_map(|told| told.posted.as_ref());
            tellings.push(Tell::Post { channel, place, first });
        }
    }
    tellings
}

/// Whether nobody could be told of the current version by any channel.
pub fn reached_nobody(draft: &Draft) -> bool {
    let mut current = draft.notifications.iter().filter(|told| told.version == draft.version).peekable();
    current.peek().is_some() && current.all(|told| told.state == NotificationState::Failed)
}

fn is_in(told: &Notification, channel: &ApprovalChannel) -> bool {
    channel.kind() == told.channel && channel.place() == Some(&told.recipient)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::{
        HeaderText, Thread,
        channel::ChannelKind,
        draft::{Actor, Telling},
        notification::record,
    };
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

    fn posted(draft: &Draft, ts: Option<&str>) -> Notification {
        Notification {
            posted: ts.map(|ts| PostedMessage::Slack { channel: "C1".to_owned(), ts: ts.to_owned() }),
            shown: Some(draft.face()),
            ..Notification::sent(ChannelKind::Slack, "C1", draft.version, NOW)
        }
    }

    fn kinds(draft: &Draft, again: bool) -> Vec<&'static str> {
        let channels = channels();
        let kind = |tell: Tell<'_>| match tell {
            Tell::Mail(_) => "mail",
            Tell::Post { first: None, .. } => "post",
            Tell::Post { first: Some(_), .. } => "post below",
            Tell::Remind { .. } => "remind",
            Tell::Show { .. } => "show",
        };
        tellings(&draft.question(NOW), &channels, again).into_iter().map(kind).collect()
    }

    #[test]
    fn each_is_asked_once_per_version_and_shown_what_became_of_it() {
        let mut draft = draft();
        assert_eq!(kinds(&draft, false), ["post", "mail"]);
        let told = posted(&draft, Some("1.1"));
        record(&mut draft.notifications, told);
        assert_eq!(kinds(&draft, false), ["mail"]);
        assert_eq!(kinds(&draft, true), ["remind", "mail"]);
        draft.edited(draft.submitted_by.clone(), NOW);
        assert_eq!(kinds(&draft, false), ["show", "post below", "mail"]);
        let told = posted(&draft, Some("1.2"));
        record(&mut draft.notifications, told);
        draft.approve(Actor::email(&"dana@example.com".parse().unwrap()), None, NOW).unwrap();
        assert_eq!(kinds(&draft, false), ["show", "show"]);
        assert_eq!(kinds(&draft, true), ["show", "show"], "what is decided is asked about no more");
    }

    #[test]
    fn a_message_that_a_slow_worker_wrote_last_is_written_again() {
        let channels: Vec<ApprovalChannel> =
            serde_json::from_value(json!([{"type": "slack", "channel": "C1"}])).unwrap();
        let shows = |draft: &Draft| tellings(&draft.question(NOW), &channels, false).len();
        let (slow, next) = (Telling { nonce: 1, until: NOW }, Telling { nonce: 2, until: NOW });
        // The slow one has the channels when the draft is approved, and writes that; then it counts as dead. Another one
        // takes them once the draft was sent.
        for slow_is_first in [true, false] {
            let mut draft = draft();
            let asked = posted(&draft, Some("1.1"));
            record(&mut draft.notifications, asked);
            let before = draft.notifications.clone();
            draft.approve(Actor::email(&"dana@example.com".parse().unwrap()), None, NOW).unwrap();
            let late = posted(&draft, Some("1.1"));
            draft.stale_warning = true;
            let newest = posted(&draft, Some("1.1"));
            draft.telling = Some(next);
            if slow_is_first {
                draft.told(&[late], &before, slow);
                assert_eq!((draft.telling, shows(&draft)), (Some(next), 1));
                draft.told(std::slice::from_ref(&newest), &before, next);
            } else {
                draft.told(std::slice::from_ref(&newest), &before, next);
                assert_eq!((draft.telling, shows(&draft)), (None, 0));
                draft.told(&[late], &before, slow);
            }
            // Nobody knows whose words were written last.
            assert_eq!((draft.telling, shows(&draft)), (None, 1), "{slow_is_first}");
            draft.telling = Some(next);
            let before = draft.notifications.clone();
            draft.told(&[newest], &before, next);
            assert_eq!(shows(&draft), 0);
        }
    }

    #[test]
    fn a_failure_is_tried_again_only_if_it_may_pass() {
        let mut draft = draft();
        let failed = Notification { state: NotificationState::Failed, may_retry: true, ..posted(&draft, None) };
        record(&mut draft.notifications, failed.clone());
        assert_eq!(kinds(&draft, false), ["post", "mail"]);
        record(&mut draft.notifications, Notification { may_retry: false, ..failed });
        assert_eq!(kinds(&draft, false), ["mail"]);
        assert!(reached_nobody(&draft));
    }

    #[test]
    fn a_sender_is_asked_about_once_and_the_answer_is_shown() {
        let mut notice: SenderNotice = serde_json::from_value(json!({
            "workspace_id": ID, "identity_id": ID, "from_email": "ada@example.org", "held_id": ID,
            "notifications": [], "created_at": NOW,
        }))
        .unwrap();
        let channels = channels();
        assert_eq!(tellings(&notice.question(), &channels, false).len(), 2);
        let shown = Some(notice.question().face);
        notice.notifications.push(Notification { shown, ..posted(&draft(), Some("1.1")) });
        notice.notifications.push(Notification::sent(ChannelKind::Email, "dana@example.com", 1, NOW));
        assert!(tellings(&notice.question(), &channels, false).is_empty());
        let by = Actor::email(&"dana@example.com".parse().unwrap());
        let decision = SenderDecision { trusted: true, by, at: NOW };
        let answered = decision.question(&notice.notifications);
        assert!(matches!(tellings(&answered, &channels, false)[..], [Tell::Show { .. }]));
    }

    #[test]
    fn what_expired_is_not_asked_about() {
        let mut draft = draft();
        draft.expires_at = Some(NOW);
        assert!(kinds(&draft, true).is_empty());
    }
}
