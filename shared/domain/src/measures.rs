//! What changes of the table count for whoever runs a deployment: how much happened, and how long people took.

use std::collections::BTreeMap;

use crate::{
    DraftStatus, Timestamp,
    event::{Entity, EventType, events},
};

/// A number that is watched. There are ten: so many of a deployment's own cost nothing at `CloudWatch`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Measure {
    /// Mails that joined a thread.
    MailsReceived,
    /// Mails that wait for a decision about their sender.
    MailsHeld,
    DraftsCreated,
    DraftsApproved,
    /// Drafts that nobody approved: rejected, overtaken by newer mail, or expired.
    DraftsEnded,
    /// From a draft's first version to its approval.
    SecondsToApproval,
    /// Mails that SES took.
    MailsSent,
    /// Mails that did not leave, or of which nobody knows.
    SendsFailed,
    /// Mails that came back, or that their recipient called unwanted.
    MailsReturned,
    /// Starts of a function's process.
    ColdStarts,
}

impl Measure {
    /// Each of them.
    pub const ALL: [Self; 10] = [
        Self::MailsReceived,
        Self::MailsHeld,
        Self::DraftsCreated,
        Self::DraftsApproved,
        Self::DraftsEnded,
        Self::SecondsToApproval,
        Self::MailsSent,
        Self::SendsFailed,
        Self::MailsReturned,
        Self::ColdStarts,
    ];

    /// Its name where it is published.
    pub const fn name(self) -> &'static str {
        match self {
            Self::MailsReceived => "mails_received",
            Self::MailsHeld => "mails_held",
            Self::DraftsCreated => "drafts_created",
            Self::DraftsApproved => "drafts_approved",
            Self::DraftsEnded => "drafts_ended",
            Self::SecondsToApproval => "seconds_to_approval",
            Self::MailsSent => "mails_sent",
            Self::SendsFailed => "sends_failed",
            Self::MailsReturned => "mails_returned",
            Self::ColdStarts => "cold_starts",
        }
    }

    /// Its unit, as `CloudWatch` calls it.
    pub const fn unit(self) -> &'static str {
        match self {
            Self::SecondsToApproval => "Seconds",
            _ => "Count",
        }
    }

    const fn of(event: EventType) -> Option<Self> {
        match event {
            EventType::EmailReceived => Some(Self::MailsReceived),
            EventType::InboundHeld => Some(Self::MailsHeld),
            EventType::DraftCreated => Some(Self::DraftsCreated),
            EventType::DraftApproved => Some(Self::DraftsApproved),
            EventType::DraftRejected | EventType::DraftStale | EventType::DraftExpired => Some(Self::DraftsEnded),
            EventType::EmailSent => Some(Self::MailsSent),
            EventType::DraftFailed => Some(Self::SendsFailed),
            EventType::EmailBounced | EventType::EmailComplained => Some(Self::MailsReturned),
            _ => None,
        }
    }
}

/// Values of measures: of counts a sum, of times one for each.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Measures(BTreeMap<Measure, Vec<u64>>);

impl Measures {
    /// Adds to a count.
    pub fn count(&mut self, measure: Measure, more: u64) {
        let values = self.0.entry(measure).or_default();
        match values.first_mut() {
            Some(sum) => *sum += more,
            None => values.push(more),
        }
    }

    /// What there is to publish.
    pub fn iter(&self) -> impl Iterator<Item = (Measure, &[u64])> {
        self.0.iter().map(|(measure, values)| (*measure, values.as_slice()))
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes in a change of an item, by what it was and is; `revision` counts its writes.
    pub fn take(&mut self, old: Option<&Entity>, new: Option<&Entity>, revision: u64) {
        for event in events(old, new, revision) {
            if let Some(measure) = Measure::of(event.event_type()) {
                self.count(measure, 1);
            }
        }
        if let (Some(Entity::Draft(old)), Some(Entity::Draft(new))) = (old, new)
            && old.status == DraftStatus::Pending
            && new.status == DraftStatus::Approved
            && let Some(decided_at) = new.decided_at
        {
            self.0.entry(Measure::SecondsToApproval).or_default().push(seconds(new.created_at, decided_at));
        }
    }
}

fn seconds(from: Timestamp, to: Timestamp) -> u64 {
    u64::try_from(to.unix_ms().saturating_sub(from.unix_ms()) / 1_000).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_different_and_counts_are_sums() {
        let names: BTreeSet<_> = Measure::ALL.map(Measure::name).into_iter().collect();
        assert_eq!(names.len(), Measure::ALL.len());
        let mut measures = Measures::default();
        assert!(measures.is_empty());
        measures.count(Measure::ColdStarts, 1);
        measures.count(Measure::ColdStarts, 2);
        assert_eq!(measures.iter().collect::<Vec<_>>(), [(Measure::ColdStarts, [3].as_slice())]);
    }

    #[test]
    fn a_wait_is_never_negative() {
        let at = Timestamp::from_unix_ms;
        assert_eq!((seconds(at(1_000), at(62_999)), seconds(at(2_000), at(1_000))), (61, 0));
    }
}
