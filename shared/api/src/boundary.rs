//! What happens around every request: its id, its headers, the body of its error, its one log line.

use std::{
    future::{Future, poll_fn},
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    sync::{Arc, OnceLock},
    task::Poll,
    time::Instant,
};

use actionlayer_domain::{Entropy, WorkspaceId, rate::RateState};
use actionlayer_service::guesses::network_of;
use axum::{
    Router,
    body::Body,
    extract::{MatchedPath, Request},
    middleware::{Next, from_fn},
    response::{IntoResponse, Response},
};
use http::{HeaderName, HeaderValue, Method, StatusCode, header};

use sha2::{Digest, Sha256};

use crate::ApiError;

/// The id of a request, given by the platform it runs on: put into the request's extensions by whoever knows it. A
/// header of the request is not asked.
#[derive(Debug, Clone)]
pub struct RequestId(HeaderValue);

impl RequestId {
    /// An id of the platform's; none when the text could not stand in a header.
    pub fn new(id: &str) -> Option<Self> {
        let visible = !id.is_empty() && id.len() <= 128 && id.bytes().all(|b| b.is_ascii_graphic());
        if visible { HeaderValue::from_str(id).ok().map(Self) } else { None }
    }

    fn generate(entropy: &dyn Entropy) -> Self {
        let id = format!("{:016x}{:016x}", entropy.next_u64(), entropy.next_u64());
        Self(HeaderValue::from_str(&id).unwrap_or(HeaderValue::from_static("unknown")))
    }

    /// The id.
    pub fn as_str(&self) -> &str {
        self.0.to_str().unwrap_or("unknown")
    }
}

/// Where a request comes from, as the platform saw it: put into the request's extensions like its id. No header is asked.
#[derive(Debug, Clone, Default)]
pub struct SourceAddress(String);

impl SourceAddress {
    /// An IP address.
    pub fn new(address: impl Into<String>) -> Self {
        Self(address.into())
    }

    /// The network it is of; see [`network_of`].
    pub fn network(&self) -> String {
        network_of(&self.0)
    }

    /// Its hash, for keys: an address has no place in the table.
    pub fn sha256_hex(&self) -> String {
        hex::encode(Sha256::digest(self.0.as_bytes()))
    }
}

/// Whose request it turned out to be; filled by [`note_tenant`], read for the log line.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tenant(pub(crate) Arc<OnceLock<WorkspaceId>>);

/// Leaves word of whose request it turned out to be, for the log line.
pub fn note_tenant(extensions: &http::Extensions, workspace_id: WorkspaceId) {
    if let Some(Tenant(tenant)) = extensions.get::<Tenant>() {
        // Set once per request; a second one would say the same.
        let _ = tenant.set(workspace_id);
    }
}

/// What was asked for and why it was refused, for the log line of a request whose path and status do not say: MCP puts
/// every operation into one path, and a refusal into an answer with status 200.
#[derive(Debug, Clone, Default)]
pub struct Noted(Arc<OnceLock<(&'static str, Option<ApiError>)>>);

impl Noted {
    /// Notes it, once per request.
    pub fn note(&self, operation: &'static str, refused: Option<ApiError>) {
        // A second note would be about the same request.
        let _ = self.0.set((operation, refused));
    }
}

/// How it stands to its limit; filled where that is counted, read for the headers.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rate(pub(crate) Arc<OnceLock<RateState>>);

static REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Puts around the routes what every response has. `entropy` makes request ids where the platform gave none.
pub fn boundary(routes: Router, entropy: Arc<dyn Entropy>) -> Router {
    routes
        .fallback(|| async { ApiError::no_such_path() })
        .method_not_allowed_fallback(wrong_method)
        .layer(from_fn(move |request, next| handle(request, next, Arc::clone(&entropy))))
}

/// The router adds `Allow` to whatever is answered here.
async fn wrong_method(method: Method) -> Response {
    if method == Method::OPTIONS {
        return StatusCode::NO_CONTENT.into_response();
    }
    ApiError::method_not_allowed().into_response()
}

async fn handle(mut request: Request, next: Next, entropy: Arc<dyn Entropy>) -> Response {
    let begun = Instant::now();
    let request_id = request.extensions_mut().remove::<RequestId>().unwrap_or_else(|| RequestId::generate(&*entropy));
    request.extensions_mut().insert(request_id.clone());
    let tenant = Tenant::default();
    request.extensions_mut().insert(tenant.clone());
    let rate = Rate::default();
    request.extensions_mut().insert(rate.clone());
    let noted = Noted::default();
    request.extensions_mut().insert(noted.clone());
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());

    let mut response = catch_panic(next.run(request)).await;
    write_error(&mut response, &request_id);
    let (operation, refused) =
        noted.0.get().map_or((None, None), |(operation, refused)| (Some(*operation), refused.clone()));
    let error = response.extensions_mut().remove::<ApiError>().or(refused);
    let headers = response.headers_mut();
    if let Some(rate) = rate.0.get() {
        headers.insert("ratelimit-limit", rate.limit.into());
        headers.insert("ratelimit-remaining", rate.remaining.into());
        headers.insert("ratelimit-reset", rate.reset_seconds.into());
    }
    headers.insert(REQUEST_ID.clone(), request_id.0.clone());
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));

    let status = response.status();
    let workspace_id = tenant.0.get().map(tracing::field::display);
    let duration_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    macro_rules! log {
        ($level:ident) => {
            tracing::$level!(
                method = method.as_str(),
                route = route.as_deref().unwrap_or("none"),
                operation,
                status = status.as_u16(),
                duration_ms,
                request_id = request_id.as_str(),
                workspace_id,
                error = error.as_ref().map(ApiError::code),
                cause = error.as_ref().and_then(ApiError::cause),
                "request"
            )
        };
    }
    if status.is_server_error() || error.as_ref().is_some_and(|error| error.status().is_server_error()) {
        log!(error);
    } else {
        log!(info);
    }
    response
}

/// Writes the body of a refusal. Again, if need be: it stays the same.
pub(crate) fn write_error(response: &mut Response, request_id: &RequestId) {
    let Some(body) = response.extensions().get::<ApiError>().map(|error| error.body(request_id.as_str())) else {
        return;
    };
    *response.body_mut() = Body::from(body);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response.headers_mut().remove(header::CONTENT_LENGTH);
}

/// A panic fails its request, not the process: on one machine the other requests go on.
async fn catch_panic(response: impl Future<Output = Response>) -> Response {
    let mut response = pin!(response);
    poll_fn(|context| match catch_unwind(AssertUnwindSafe(|| response.as_mut().poll(context))) {
        Ok(poll) => poll,
        Err(_) => Poll::Ready(ApiError::internal("a handler panicked").into_response()),
    })
    .await
}
