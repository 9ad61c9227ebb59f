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
