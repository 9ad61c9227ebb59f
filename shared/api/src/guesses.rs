//! What stands before every route: an address that many wrong guesses came from is not listened to for the rest of a minute.

use std::sync::Arc;

use actionlayer_service::App;
use axum::{
    Router,
    extract::{Request, State},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse as _, Response},
};
use http::StatusCode;

use crate::{ApiError, authenticated::note_rate, boundary::SourceAddress, credential::bearer};

/// In the extensions of an answer: what was asked for could only be known to somebody who was given it, and is none.
#[derive(Debug, Clone, Copy)]
pub struct WrongGuess;

/// Where providers call: all of them from few addresses, so that nobody is judged by the address there.
const OF_PROVIDERS: [&str; 3] = ["/callbacks/slack", "/callbacks/stripe", "/callbacks/telegram"];

/// Puts it before the routes; nothing where the deployment has no limits.
pub fn guard_guesses(routes: Router, app: Arc<App>) -> Router {
    routes.layer(from_fn_with_state(app, guard))
}

async fn guard(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    if app.settings.rate_limits.is_none() || OF_PROVIDERS.iter().any(|prefix| path.starts_with(prefix)) {
        return next.run(request).await;
    }
    let network = request.extensions().get::<SourceAddress>().cloned().unwrap_or_default().network();
    let key = bearer(request.headers()).map(str::to_owned);
    if let Some(rate) = app.guesses.refusal(&network, key.as_deref(), app.now()) {
        return match note_rate(request.extensions(), Some(rate)) {
            Ok(()) => ApiError::rate_limited(rate).into_response(),
            Err(refused) => refused.into_response(),
        };
    }
    let mut response = next.run(request).await;
    let is_wrong = response.extensions_mut().remove::<WrongGuess>().is_some();
    let status = response.status();
    if is_wrong || (status == StatusCode::UNAUTHORIZED && key.is_some()) {
        app.guesses.count_wrong(&network, app.now());
    } else if let Some(key) = key.filter(|_| status.is_success()) {
        app.guesses.was_good(&key, app.now());
    }
    response
}
