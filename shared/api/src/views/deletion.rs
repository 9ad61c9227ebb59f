//! That the workspace is to be deleted.

use actionlayer_domain::{Timestamp, erasure::Erasure};
use serde::Serialize;
use utoipa::ToSchema;

use super::ActorView;

/// That the workspace is to be deleted.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = WorkspaceDeletion)]
pub struct DeletionView {
    requested_by: ActorView,
    requested_at: Timestamp,
    /// When it begins, or its next step is due. Until it begins it can be taken back.
    due_at: Timestamp,
    /// Whether it can still be taken back.
    can_be_canceled: bool,
}

impl DeletionView {
    /// The view of a deletion.
    pub fn of(erasure: &Erasure) -> Self {
        Self {
            requested_by: ActorView::of(&erasure.requested_by),
            requested_at: erasure.requested_at,
            due_at: erasure.due_at,
            can_be_canceled: erasure.can_be_taken_back(),
        }
    }
}
