//! That a workspace is to be deleted: asked for, a week in which that can be taken back, then step by step until nothing is left.
//!
//! ```text
//! scheduled ──7 days──► closing ──► emptying the table ──1 hour──► again ──► emptying the bucket ──► gone
//!     └── taken back ──► gone
//! ```

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{Timestamp, WorkspaceId, draft::Actor};

/// How long it can be taken back. Until then everything works as before.
pub const GRACE: Duration = Duration::from_hours(7 * 24);
/// What was on its way when the table was emptied has written what it had to by then.
const SECOND_LOOK: Duration = Duration::from_hours(1);
/// How often the table is gone through.
const PASSES: u8 = 2;

/// How far it came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "phase", rename_all = "snake_case")]
pub enum ErasurePhase {
    /// It can be taken back.
    Scheduled,
    /// Nothing comes in or leaves any more: identities, domains, webhooks, keys and members go.
    Closing,
    /// What the table has of it goes.
    Table {
        /// How often the table was gone through before.
        done: u8,
        /// The item after which to go on, by its keys.
        after: Option<(String, String)>,
    },
    /// What the bucket has of it goes.
    Bucket,
}

/// That a workspace is to be deleted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Erasure {
    pub workspace_id: WorkspaceId,
    pub requested_by: Actor,
    pub requested_at: Timestamp,
    #[serde(flatten)]
    pub phase: ErasurePhase,
    /// When the next step is due.
    pub due_at: Timestamp,
}

impl Erasure {
    /// One that can be taken back.
    pub fn schedule(workspace_id: WorkspaceId, requested_by: Actor, now: Timestamp) -> Self {
        Self { workspace_id, requested_by, requested_at: now, phase: ErasurePhase::Scheduled, due_at: now.after(GRACE) }
    }

    /// Whether it can still be taken back.
    pub fn can_be_taken_back(&self) -> bool {
        self.phase == ErasurePhase::Scheduled
    }

    /// The same in its next phase. In the table it goes on `after` an item; none once it was gone through.
    #[must_use]
    pub fn further(&self, after: Option<(String, String)>, now: Timestamp) -> Self {
        let from_the_start = |done| ErasurePhase::Table { done, after: None };
        let (phase, due_at) = match &self.phase {
            ErasurePhase::Scheduled => (ErasurePhase::Closing, now),
            ErasurePhase::Closing => (from_the_start(0), now),
            ErasurePhase::Table { done, .. } if after.is_some() => (ErasurePhase::Table { done: *done, after }, now),
            ErasurePhase::Table { done, .. } if done + 1 < PASSES => (from_the_start(done + 1), now.after(SECOND_LOOK)),
            ErasurePhase::Table { .. } | ErasurePhase::Bucket => (ErasurePhase::Bucket, now),
        };
        Self { phase, due_at, ..self.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draft::ActorKind;

    #[test]
    fn it_goes_step_by_step_and_twice_through_the_table() {
        let olga = Actor { kind: ActorKind::User, id: String::new(), name: "Olga".to_owned() };
        let (start, now) = (Timestamp::from_unix_ms(0), Timestamp::from_unix_ms(1_000));
        let scheduled = Erasure::schedule(WorkspaceId::from_bytes([1; 16]), olga, start);
        assert_eq!(scheduled.due_at, start.after(GRACE));
        assert!(scheduled.can_be_taken_back());
        let closing = scheduled.further(None, now);
        assert!(!closing.can_be_taken_back());
        let first = closing.further(None, now);
        let item = Some(("pk".to_owned(), "sk".to_owned()));
        let midway = first.further(item.clone(), now);
        assert_eq!(midway.phase, ErasurePhase::Table { done: 0, after: item });
        let again = midway.further(None, now);
        assert_eq!(again.phase, ErasurePhase::Table { done: 1, after: None });
        assert_eq!(again.due_at, now.after(SECOND_LOOK));
        assert_eq!(again.further(None, now).phase, ErasurePhase::Bucket);
    }
}
