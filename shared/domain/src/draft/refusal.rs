//! Why a step of a draft is refused.

use super::{Actor, DraftStatus};
use crate::{Timestamp, failure::Failure};

/// Why a step was refused. Each says what is the case, so that the loser of a race learns who won.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DraftRefusal {
    /// Somebody decided already.
    Decided {
        /// What was decided.
        status: DraftStatus,
        by: Option<Actor>,
        at: Option<Timestamp>,
    },
    /// The decision is about another version than the current one.
    Superseded {
        /// The version the decision is about.
        seen: u32,
        /// The version there is.
        current: u32,
    },
    /// Newer inbound arrived.
    Stale,
    Expired,
    /// It left already.
    AlreadySent,
    /// It is on its way.
    SendInProgress,
    /// It failed before; a failed draft is never sent again by itself.
    Failed(Option<Failure>),
    Rejected,
    /// Nobody approved it, and the caller may not.
    ApprovalRequired,
}
