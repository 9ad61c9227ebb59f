//! Who did what to the accounts of a workspace.

use actionlayer_domain::{AuditId, account::AuditEntry, key::Permission};

use crate::{App, Caller, ServiceError, permission::Require as _};

/// How many entries a page has.
const PAGE: u16 = 100;

/// The newest entries, or those before one; and whether there are more. For owners.
pub async fn list_audit(
    app: &App,
    caller: &Caller,
    before: Option<AuditId>,
) -> Result<(Vec<AuditEntry>, bool), ServiceError> {
    caller.require(Permission::Administer)?;
    let mut entries = app.store.audit(caller.workspace_id, before, PAGE + 1).await?;
    let has_more = entries.len() > usize::from(PAGE);
    entries.truncate(PAGE.into());
    Ok((entries, has_more))
}
