//! Lists of drafts.

use actionlayer_domain::{Draft, DraftStatus, IdentityId, ThreadId, WorkspaceId};

use crate::{
    Page, PageRequest, Store, StoreError,
    counted::TotalsKey,
    keys::{self, Index},
};

/// Which drafts. A filter that is `None` asks nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DraftFilter {
    pub thread_id: Option<ThreadId>,
    /// Where they stand.
    pub status: Option<DraftStatus>,
    /// Sent as whom.
    pub identity_id: Option<IdentityId>,
}

impl DraftFilter {
    /// Whether a draft passes.
    pub fn takes(&self, draft: &Draft) -> bool {
        let Self { thread_id, status, identity_id } = *self;
        thread_id.is_none_or(|id| draft.thread_id == id)
            && status.is_none_or(|status| draft.status == status)
            && identity_id.is_none_or(|id| draft.identity_id == id)
    }
}

impl Store {
    /// Drafts, newest first, without their bodies.
    pub async fn list_drafts(
        &self,
        workspace: WorkspaceId,
        filter: &DraftFilter,
        page: &PageRequest,
    ) -> Result<Page<Draft>, StoreError> {
        let filter = *filter;
        let drafts = self.newest_first::<Draft>(workspace, &filter);
        let all = DraftStatus::ALL.map(|status| keys::drafts_with_status(workspace, status)).to_vec();
        let drafts = match (filter.thread_id, filter.status, filter.identity_id) {
            // The drafts of a thread lie beside it: the table itself is the index.
            (Some(thread), status, identity) => {
                let drafts = drafts.beside(vec![keys::family_pk(workspace, thread.family())], keys::DRAFT_PREFIX);
                match (status, identity) {
                    (None, None) => drafts,
                    _ => drafts.that(move |draft| filter.takes(draft)),
                }
            }
            (None, Some(status @ (DraftStatus::Pending | DraftStatus::Approved)), None) => {
                drafts.in_index(Index::State, keys::drafts_with_status(workspace, status))
            }
            (None, Some(status), None) => drafts
                .in_index(Index::State, keys::drafts_with_status(workspace, status))
                .counted_by(TotalsKey::DraftsWithStatus(status)),
            (None, Some(status), Some(_)) => drafts
                .in_index(Index::State, keys::drafts_with_status(workspace, status))
                .that(move |draft| filter.takes(draft)),
            (None, None, Some(identity)) => drafts
                .in_index_all(Index::State, all)
                .that(move |draft| filter.takes(draft))
                .counted_by(TotalsKey::DraftsOfIdentity(identity)),
            (None, None, None) => drafts.in_index_all(Index::State, all).counted_by(TotalsKey::Drafts),
        };
        drafts.page(page).await
    }
}
