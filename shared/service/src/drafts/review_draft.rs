//! A draft as a person decides about it: with the mail it answers, its conversation and the version before.

use actionlayer_domain::DraftId;

use super::draft_context::{self, DraftContext};
use crate::{App, Caller, ServiceError};

/// A draft with everything that a person needs to decide on it, as it is now.
pub async fn review_draft(app: &App, caller: &Caller, id: DraftId) -> Result<DraftContext, ServiceError> {
    let context = draft_context::load(app, caller.workspace_id, id).await?;
    context.filter(|context| caller.sees(context.draft.identity_id)).ok_or(ServiceError::NotFound { what: "draft" })
}
