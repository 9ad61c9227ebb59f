//! Who calls.

use std::sync::Arc;

use actionlayer_service::{App, Caller, authenticate::authenticate};
use axum::extract::FromRequestParts;
use http::{HeaderMap, header, request::Parts};

use crate::{ApiError, boundary::Tenant};

/// The owner of the key in `Authorization: Bearer …`. First among a handler's arguments, so that nothing else about a
/// request is judged before its credential.
#[derive(Debug, Clone)]
pub struct Authenticated(pub Caller);

impl FromRequestParts<Arc<App>> for Authenticated {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        let key = bearer(&parts.headers).ok_or_else(ApiError::no_credential)?;
        let caller = authenticate(app, key).await?;
        if let Some(Tenant(tenant)) = parts.extensions.get::<Tenant>() {
            // Set once per request; a second extraction would say the same.
            let _ = tenant.set(caller.workspace_id);
        }
        Ok(Self(caller))
    }
}

/// The token of the one `Authorization` header (RFC 6750, section 2.1); the scheme's case does not matter.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut all = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(only), None) = (all.next(), all.next()) else { return None };
    let (scheme, token) = only.to_str().ok()?.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn headers(values: &[&str]) -> HeaderMap {
        values.iter().map(|v| (header::AUTHORIZATION, v.parse().unwrap())).collect()
    }

    #[test]
    fn one_bearer_token_is_taken() {
        assert_eq!(bearer(&headers(&["Bearer abc"])), Some("abc"));
        assert_eq!(bearer(&headers(&["bearer  abc "])), Some("abc"));
        for refused in [&[][..], &["Basic abc"], &["Bearer"], &["Bearer "], &["abc"], &["Bearer a", "Bearer b"]] {
            assert_eq!(bearer(&headers(refused)), None, "{refused:?}");
        }
    }
}
