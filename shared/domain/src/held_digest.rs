//! How often approvers of an identity are told of new senders: of the first at once, of those that come within the hour in
//! one digest when it is over. So somebody who writes under a hundred names makes two mails and not a hundred.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{HeldId, IdentityId, Timestamp, WorkspaceId};

/// How long senders are gathered.
pub const GATHERED_FOR: Duration = Duration::from_hours(1);
/// How many senders are remembered one by one; of more, how many.
const MAX_WAITING: usize = 50;
/// A worker that has been telling for so long is dead.
const TELLING_LASTS: Duration = Duration::from_mins(5);

/// The hour of an identity, and who wrote in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldDigest {
    pub workspace_id: WorkspaceId,
    pub identity_id: IdentityId,
    /// The held mail of the sender who was told of at once; none after a digest.
    pub opened_by: Option<HeldId>,
    /// When the hour is over.
    pub until: Timestamp,
    /// The held mails of senders nobody was told of yet, in the order in which they came.
    pub waiting: Vec<HeldId>,
    /// How many more there were.
    pub more: u32,
    /// Until when a worker is at it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub telling_until: Option<Timestamp>,
    /// Addresses and places that were told of the digest, while others were not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub told: Vec<String>,
}

/// What is to be done about a sender.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Arrival {
    /// Tell of them now; the digest to be written first, if it changes.
    Tell(Option<HeldDigest>),
    /// They are in the digest; to be written, if it changes.
    Gather(Option<HeldDigest>),
}

impl HeldDigest {
    /// A sender whose mail is held. `is_open` says whether the one who was told of at once still waits for a decision: where
    /// somebody decides, they look, and the next is told at once again.
    pub fn arrive(
        known: Option<&Self>,
        (workspace_id, identity_id): (WorkspaceId, IdentityId),
        held_id: HeldId,
        is_open: bool,
        now: Timestamp,
    ) -> Arrival {
        let begun = || Self {
            workspace_id,
            identity_id,
            opened_by: Some(held_id),
            until: now.after(GATHERED_FOR),
            waiting: Vec::new(),
            more: 0,
            telling_until: None,
            told: Vec::new(),
        };
        let Some(known) = known else { return Arrival::Tell(Some(begun())) };
        if known.opened_by == Some(held_id) {
            // The job came again: for those who could not be told the first time.
            return Arrival::Tell(None);
        }
        if known.waiting.contains(&held_id) {
            return Arrival::Gather(None);
        }
        let is_over = known.until <= now || (known.opened_by.is_some() && !is_open);
        if is_over && known.waiting.is_empty() {
            return Arrival::Tell(Some(begun()));
        }
        let mut digest = known.clone();
        if digest.waiting.len() < MAX_WAITING {
            digest.waiting.push(held_id);
        } else {
            digest.more = digest.more.saturating_add(1);
        }
        Arrival::Gather(Some(digest))
    }

    /// When it is to be told; none while there is nobody to tell of.
    pub fn due_at(&self) -> Option<Timestamp> {
        (!self.waiting.is_empty()).then(|| self.telling_until.unwrap_or(self.until).max(self.until))
    }

    /// A worker takes it. `None` when it is not due, or another one is at it.
    #[must_use]
    pub fn take(&self, now: Timestamp) -> Option<Self> {
        let is_due = self.due_at().is_some_and(|due| due <= now);
        is_due.then(|| Self { telling_until: Some(now.after(TELLING_LASTS)), ..self.clone() })
    }

    /// The worker told of these; whoever came meanwhile waits for the next hour.
    #[must_use]
    pub fn told_of(&self, told: &Self, now: Timestamp) -> Self {
        let waiting = self.waiting.iter().filter(|held| !told.waiting.contains(held)).copied().collect();
        let more = self.more.saturating_sub(told.more);
        let until = now.after(GATHERED_FOR);
        Self { opened_by: None, until, waiting, more, telling_until: None, told: Vec::new(), ..self.clone() }
    }

    /// The worker reached these and not others; it comes again.
    #[must_use]
    pub fn told_some(&self, told: Vec<String>) -> Self {
        Self { told, telling_until: None, ..self.clone() }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const NOW: Timestamp = Timestamp::from_unix_ms(1_000_000);

    fn of() -> (WorkspaceId, IdentityId) {
        (WorkspaceId::from_bytes([1; 16]), IdentityId::from_bytes([2; 16]))
    }

    fn held(n: u8) -> HeldId {
        HeldId::from_bytes([n; 16])
    }

    fn arrive(known: Option<&HeldDigest>, n: u8, now: Timestamp) -> Arrival {
        HeldDigest::arrive(known, of(), held(n), true, now)
    }

    fn gathered(arrival: Arrival) -> HeldDigest {
        let Arrival::Gather(Some(digest)) = arrival else { panic!("{arrival:?}") };
        digest
    }

    #[test]
    fn the_first_is_told_at_once_and_the_rest_of_the_hour_together() {
        let Arrival::Tell(Some(first)) = arrive(None, 1, NOW) else { panic!() };
        assert_eq!((first.due_at(), arrive(Some(&first), 1, NOW)), (None, Arrival::Tell(None)));
        let second = gathered(arrive(Some(&first), 2, NOW));
        assert_eq!(arrive(Some(&second), 2, NOW), Arrival::Gather(None));
        let third = gathered(arrive(Some(&second), 3, NOW));
        assert_eq!((third.due_at(), third.take(NOW)), (Some(first.until), None));
        let taken = third.take(first.until).unwrap();
        assert_eq!(taken.take(first.until), None, "one worker at a time");
        // Somebody comes while it is told: they are in the next one.
        let fourth = gathered(arrive(Some(&taken), 4, first.until));
        let after = fourth.told_of(&taken, first.until);
        assert_eq!((after.waiting.clone(), after.due_at()), (vec![held(4)], Some(first.until.after(GATHERED_FOR))));
    }

    #[test]
    fn a_quiet_hour_or_a_decision_begins_anew() {
        let Arrival::Tell(Some(first)) = arrive(None, 1, NOW) else { panic!() };
        let later = first.until;
        assert!(matches!(arrive(Some(&first), 2, later), Arrival::Tell(Some(_))));
        assert!(matches!(HeldDigest::arrive(Some(&first), of(), held(2), false, NOW), Arrival::Tell(Some(_))));
        // Not past those who wait.
        let second = gathered(arrive(Some(&first), 2, NOW));
        assert!(matches!(HeldDigest::arrive(Some(&second), of(), held(3), false, NOW), Arrival::Gather(Some(_))));
    }

    #[test]
    fn a_flood_is_counted() {
        let Arrival::Tell(Some(mut digest)) = arrive(None, 0, NOW) else { panic!() };
        for n in 1..=200 {
            digest = gathered(arrive(Some(&digest), n, NOW));
        }
        assert_eq!((digest.waiting.len(), digest.more), (MAX_WAITING, 150));
    }
}
