//! `Idempotency-Key` on every POST under `/v1`: one layer around all routes, so that no handler can forget it.

use std::{convert::Infallible, sync::Arc};

use actionlayer_service::{
    App, FieldError, ServiceError,
    workspace::idempotency::{self, Answer, Begun, Idempotency, Run},
};
use actionlayer_store::{AnswerHead, IdempotencyScope};
use axum::{
    body::{Body, Bytes},
    extract::{FromRequestParts, Request, State},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header, request::Parts};
use http_body_util::BodyExt as _;

use crate::{
    ApiError, Authenticated,
    body::read,
    boundary::{RequestId, SourceAddress, write_error},
    credential::{WITHOUT_KEY, bearer},
};

const KEY: HeaderName = HeaderName::from_static("idempotency-key");
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");
const MAX_KEY_BYTES: usize = 255;
/// The headers that belong to an answer rather than to its delivery.
const KEPT: [HeaderName; 2] = [header::CONTENT_TYPE, header::LOCATION];

/// Whether the request may have had its effect before; goes to the use cases whose effect must not happen twice.
#[derive(Debug, Clone, Default)]
pub(crate) struct OnceOnly(pub(crate) Idempotency);

impl<S: Sync> FromRequestParts<S> for OnceOnly {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get::<Self>().cloned().unwrap_or_default())
    }
}

/// Carries a POST with a key out once, and answers it the same way from then on.
pub(crate) async fn idempotent(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    if request.method() != Method::POST || !path.starts_with("/v1/") || !request.headers().contains_key(KEY) {
        return next.run(request).await;
    }
    let (mut parts, body) = request.into_parts();
    match Keyed::read(&app, &mut parts, body).await {
        Ok(keyed) => {
            keyed.answer(&app, parts, next).await.unwrap_or_else(|error| ApiError::from(error).into_response())
        }
        Err(refused) => refused.into_response(),
    }
}

/// What of a request with a key decides whether it came before.
struct Keyed {
    scope: IdempotencyScope,
    sender: Option<String>,
    key: String,
    route: String,
    body: Bytes,
    secret: String,
}

impl Keyed {
    async fn read(app: &Arc<App>, parts: &mut Parts, body: Body) -> Result<Self, ApiError> {
        let (scope, sender) = if WITHOUT_KEY.contains(&parts.uri.path()) {
            let source = parts.extensions.get::<SourceAddress>().cloned().unwrap_or_default();
            (IdempotencyScope::Source(source.sha256_hex()), None)
        } else {
            let Authenticated(caller) = Authenticated::from_request_parts(parts, app).await?;
            (IdempotencyScope::Workspace(caller.workspace_id), Some(caller.actor().id))
        };
        let key = key(&parts.headers)?.to_owned();
        let route = format!("{} {}", parts.method, parts.uri.path_and_query().map_or("", |path| path.as_str()));
        let secret = bearer(&parts.headers).unwrap_or_default().to_owned();
        Ok(Self { scope, sender, key, route, body: read(body).await?, secret })
    }

    fn request(&self) -> idempotency::Request<'_> {
        idempotency::Request {
            scope: &self.scope,
            sender: self.sender.clone(),
            route: &self.route,
            key: &self.key,
            body: &self.body,
            secret: &self.secret,
        }
    }

    async fn answer(self, app: &App, mut parts: Parts, next: Next) -> Result<Response, ServiceError> {
        let run = match idempotency::begin(app, &self.request()).await? {
            Begun::Run(run) => run,
            Begun::Replay(answer) => return Ok(replay(answer)),
            Begun::InFlight => return Ok(ApiError::idempotency_in_flight().into_response()),
            Begun::Reused => return Ok(ApiError::idempotency_key_reused().into_response()),
        };
        parts.extensions.insert(OnceOnly(run.idempotency.clone()));
        let request_id = parts.extensions.get::<RequestId>().cloned();
        let mut response = next.run(Request::from_parts(parts, Body::from(self.body.clone()))).await;
        if let Some(request_id) = request_id {
            write_error(&mut response, &request_id);
        }
        Ok(self.keep(app, &run, response).await)
    }

    /// Records an answer. One that says that something broke is not kept: trying again is the right thing to do.
    async fn keep(&self, app: &App, run: &Run, response: Response) -> Response {
        let (parts, body) = response.into_parts();
        // Our own answers are in memory: reading them back cannot fail.
        let body = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
        let kept = if parts.status.is_server_error() {
            idempotency::release(app, run).await
        } else {
            let headers = KEPT.iter().filter_map(|name| Some((name, parts.headers.get(name)?.to_str().ok()?)));
            let head = AnswerHead {
                status: parts.status.as_u16(),
                headers: headers.map(|(name, value)| (name.to_string(), value.to_owned())).collect(),
            };
            idempotency::record(app, run, &self.request(), &Answer { head, body: body.to_vec() }).await
        };
        if let Err(error) = kept {
            // What was done is done, and the caller is told so. Sent again, it is in flight until its lease ends.
            tracing::error!(%error, "the answer to a request with an idempotency key was not recorded");
        }
        Response::from_parts(parts, Body::from(body))
    }
}

/// The one key of a request.
fn key(headers: &HeaderMap) -> Result<&str, ApiError> {
    let mut all = headers.get_all(KEY).iter();
    let only = match (all.next(), all.next()) {
        (Some(only), None) => only.as_bytes(),
        _ => b"",
    };
    let printable = only.iter().all(|byte| (b' '..=b'~').contains(byte));
    match std::str::from_utf8(only) {
        Ok(key) if printable && (1..=MAX_KEY_BYTES).contains(&key.len()) => Ok(key),
        _ => Err(ApiError::validation(vec![FieldError::new(
            "Idempotency-Key",
            "must be given once, as 1 to 255 printable ASCII characters",
        )])),
    }
}

fn replay(answer: Answer) -> Response {
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() = StatusCode::from_u16(answer.head.status).unwrap_or(StatusCode::OK);
    for (name, value) in answer.head.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().insert(name, value);
        }
    }
    response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    response
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn headers(values: &[&[u8]]) -> HeaderMap {
        values.iter().map(|value| (KEY, HeaderValue::from_bytes(value).unwrap())).collect()
    }

    #[test]
    fn one_key_of_printable_ascii_is_taken() {
        for taken in [&b"a"[..], b"a b~!", &[b'x'; 255]] {
            assert_eq!(key(&headers(&[taken])).unwrap().as_bytes(), taken);
        }
        for refused in [&[&b""[..]][..], &[&[b'x'; 256]], &["ü".as_bytes()], &[b"a\tb"], &[b"a", b"a"]] {
            assert_eq!(key(&headers(refused)).unwrap_err().code(), "validation_error");
        }
    }
}
