//! Who calls.

use std::sync::Arc;

use actionlayer_domain::rate::{RateClass, RateState};
use actionlayer_service::{App, Caller, workspace::authenticate::authenticate};
use axum::{
    extract::{FromRequestParts, Request, State},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use http::{Extensions, request::Parts};

use crate::{
    ApiError,
    boundary::{Rate, SourceAddress, note_tenant},
    credential::{WITHOUT_KEY, bearer},
};

/// The owner of the key in `Authorization: Bearer …`. First among a handler's arguments, so that nothing else about a
/// request is judged before its credential.
#[derive(Debug, Clone)]
pub struct Authenticated(pub Caller);

/// What a request counts as, where its method does not tell: put into its extensions before its caller is looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counted(pub RateClass);

impl FromRequestParts<Arc<App>> for Authenticated {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        // Around the routes somebody may have asked already; a credential is looked up once per request.
        if let Some(known) = parts.extensions.get::<Self>() {
            return Ok(known.clone());
        }
        let key = bearer(&parts.headers).ok_or_else(ApiError::no_credential)?;
        let by_method = if parts.method.is_safe() { RateClass::Read } else { RateClass::Write };
        let class = parts.extensions.get::<Counted>().map_or(by_method, |Counted(class)| *class);
        let (caller, rate) = authenticate(app, key, class).await?;
        note_tenant(&parts.extensions, caller.workspace_id);
        note_rate(&parts.extensions, rate)?;
        let authenticated = Self(caller);
        parts.extensions.insert(authenticated.clone());
        Ok(authenticated)
    }
}

/// Counts requests without a key by the address they come from, in memory: nothing is written for one that is refused.
pub(crate) async fn limit_sign_ins(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    if WITHOUT_KEY.contains(&request.uri().path()) {
        let source = request.extensions().get::<SourceAddress>().cloned().unwrap_or_default();
        let now = app.now();
        let rate = app.settings.rate_limits.map(|limits| {
            let used = app.guesses.count_without_key(&source.network(), now);
            RateState::after(limits.of(RateClass::SignIn), used, now)
        });
        if let Err(refused) = note_rate(request.extensions(), rate) {
            return refused.into_response();
        }
    }
    next.run(request).await
}

/// Leaves word of how a request stands to its limit, for the headers of whatever is answered; refuses one too many.
pub(crate) fn note_rate(extensions: &Extensions, rate: Option<RateState>) -> Result<(), ApiError> {
    let Some(rate) = rate else { return Ok(()) };
    if let Some(Rate(slot)) = extensions.get::<Rate>() {
        // Set once per request; a second one would say the same.
        let _ = slot.set(rate);
    }
    if rate.exceeded { Err(ApiError::rate_limited(rate)) } else { Ok(()) }
}
