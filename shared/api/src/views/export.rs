//! Exports.

use actionlayer_domain::{ExportId, Timestamp, export::ExportState};
use actionlayer_service::workspace::export_workspace::Exported;
use serde::Serialize;
use utoipa::ToSchema;

use super::ActorView;

/// All that a workspace has, in files.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = WorkspaceExport)]
pub struct ExportView {
    id: ExportId,
    state: ExportState,
    requested_by: ActorView,
    requested_at: Timestamp,
    /// When its last part was written.
    finished_at: Option<Timestamp>,
    /// Until when its files can be had.
    expires_at: Timestamp,
    /// The files that are there so far, in order.
    parts: Vec<ExportPartView>,
}

/// A file of an export: JSON lines, each with a `type` and `data`.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = WorkspaceExportPart)]
pub(crate) struct ExportPartView {
    size_bytes: u64,
    /// How many lines it has.
    records: u64,
    /// Where it can be fetched; works without a key.
    url: String,
    /// Until when that works; ask again for another URL.
    url_expires_at: Timestamp,
}

impl ExportView {
    /// The view of an export.
    pub fn of(exported: Exported) -> Self {
        let Exported { export, urls } = exported;
        let parts = export.parts.iter().zip(urls).map(|(part, signed)| ExportPartView {
            size_bytes: part.size_bytes,
            records: part.records,
            url: signed.url,
            url_expires_at: signed.expires_at,
        });
        Self {
            id: export.id,
            state: export.state,
            requested_by: ActorView::of(&export.requested_by),
            requested_at: export.requested_at,
            finished_at: export.finished_at,
            expires_at: export.expires_at(),
            parts: parts.collect(),
        }
    }
}
