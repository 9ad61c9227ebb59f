//! Who did what to the accounts of a workspace.

use actionlayer_domain::{account::AuditEntry, key::Permission};
use actionlayer_store::{Page, PageRequest};

use crate::{App, Caller, ServiceError, permission::Require as _};

/// Who did what, newest first. For owners.
pub async fn list_audit(app: &App, caller: &Caller, page: &PageRequest) -> Result<Page<AuditEntry>, ServiceError> {
    caller.require(Permission::Administer)?;
    Ok(app.store.list_audit(caller.workspace_id, page).await?)
}
