//! Who presents this key, and how often.

use actionlayer_domain::{
    ApiKeySecret, Principal, Scope,
    rate::{RateClass, RateState},
};

use crate::{App, Caller, ServiceError};

/// The caller a key stands for, and how it stands to its limit if there is one. A text that cannot be a key costs no read.
pub async fn authenticate(
    app: &App,
    bearer: &str,
    class: RateClass,
) -> Result<(Caller, Option<RateState>), ServiceError> {
    let secret: ApiKeySecret = bearer.parse().map_err(|_| ServiceError::Unauthorized)?;
    let now = app.now();
    let limits = app.settings.rate_limits;
    let credential = app.store.authenticate(&secret, limits.map(|_| class), now).await?;
    let credential = credential.ok_or(ServiceError::Unauthorized)?;
    let caller = Caller {
        workspace_id: credential.workspace_id,
        principal: Principal::ApiKey { id: credential.key_id, name: credential.name },
        authority: credential.role.into(),
        scope: Scope::of_key(credential.identity_ids),
    };
    Ok((caller, limits.map(|limits| RateState::after(limits.of(class), credential.requests_in_window, now))))
}

/// How an address that presents no key stands to its limit, if there is one.
pub async fn count_source(app: &App, source_sha256: &str) -> Result<Option<RateState>, ServiceError> {
    let Some(limits) = app.settings.rate_limits else { return Ok(None) };
    let now = app.now();
    let used = app.store.count_source(source_sha256, now).await?;
    Ok(Some(RateState::after(limits.of(RateClass::SignIn), used, now)))
}
