//! Who presents this key.

use actionlayer_domain::ApiKeySecret;

use crate::{App, Caller, ServiceError};

/// The caller a key stands for. A text that cannot be a key costs no read.
pub async fn authenticate(app: &App, bearer: &str) -> Result<Caller, ServiceError> {
    let secret: ApiKeySecret = bearer.parse().map_err(|_| ServiceError::Unauthorized)?;
    let credential = app.store.authenticate(&secret, app.now()).await?.ok_or(ServiceError::Unauthorized)?;
    Ok(Caller {
        workspace_id: credential.workspace_id,
        key_id: credential.key_id,
        key_name: credential.name,
        role: credential.role,
        identity_ids: credential.identity_ids,
    })
}
