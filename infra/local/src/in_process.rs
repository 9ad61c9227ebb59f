//! The way from the AWS SDK's clients to the servers of this process, without a socket.
//!
//! The clients are the unmodified ones: they serialize, sign, retry and time out as ever, and what they hand to their
//! transport is the HTTP request they would have sent. Here the server's router gets it at once, instead of over two
//! sockets and through the kernel. The same servers listen on loopback as well, for programs beside this one.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock, Weak},
};

use aws_smithy_runtime_api::{
    client::{
        http::{
            HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
            SharedHttpConnector,
        },
        orchestrator::{HttpRequest, HttpResponse},
        result::ConnectorError,
        runtime_components::RuntimeComponents,
    },
    http::HttpError,
};
use aws_smithy_types::body::SdkBody;
use axum::{Router, body::Body};
use http::{HeaderValue, Uri, header};
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

use crate::roles::Role;

/// The servers of this process, by host and port.
#[derive(Debug, Default)]
pub(crate) struct InProcess {
    servers: Arc<Servers>,
}

type Servers = RwLock<HashMap<String, Router>>;

/// The way to them. It ends with the [`InProcess`] it is from: servers hold clients of other servers, so a way that kept
/// them would keep them for ever.
#[derive(Debug, Clone)]
struct Transport {
    servers: Weak<Servers>,
    /// What whoever is on this way may do; everything where there is none.
    role: Option<Arc<Role>>,
}

/// Why a request did not get an answer.
#[derive(Debug, thiserror::Error)]
enum Unanswered {
    #[error("no server of this process is at {0}")]
    Nobody(String),
    #[error("the request is none")]
    Malformed(#[from] HttpError),
    #[error("the request's target is none")]
    Target(#[from] http::Error),
    #[error("the connection was closed before the answer was whole")]
    Closed(#[from] axum::Error),
}

impl InProcess {
    /// Makes a server reachable; `url` as [`serve_on_loopback`](crate::engine::serve_on_loopback) gives it.
    pub(crate) fn add(&self, url: &str, router: Router) {
        let authority = url.trim_start_matches("http://").to_owned();
        self.servers.write().unwrap_or_else(PoisonError::into_inner).insert(authority, router);
    }

    /// As the transport of a client.
    pub(crate) fn client(&self) -> SharedHttpClient {
        SharedHttpClient::new(Transport { servers: Arc::downgrade(&self.servers), role: None })
    }

    /// As the transport of the clients of a function, which is held to its role.
    pub(crate) fn client_of(&self, role: Arc<Role>) -> SharedHttpClient {
        SharedHttpClient::new(Transport { servers: Arc::downgrade(&self.servers), role: Some(role) })
    }
}

impl Transport {
    async fn answer(self, request: HttpRequest) -> Result<HttpResponse, Unanswered> {
        let (mut parts, body) = request.try_into_http1x()?.into_parts();
        let authority = parts.uri.authority().map(ToString::to_string).unwrap_or_default();
        let servers = self.servers.upgrade();
        let known =
            servers.and_then(|servers| servers.read().unwrap_or_else(PoisonError::into_inner).get(&authority).cloned());
        let router = known.ok_or_else(|| Unanswered::Nobody(authority.clone()))?;
        // On the wire the target is a path, and the host is a header.
        let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
        parts.uri = Uri::builder().path_and_query(path).build()?;
        if !parts.headers.contains_key(header::HOST) {
            parts.headers.insert(header::HOST, HeaderValue::try_from(authority).map_err(http::Error::from)?);
        }
        if !parts.headers.contains_key(header::CONTENT_LENGTH)
            && let Some(length) = body.content_length()
        {
            parts.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
        }
        // Read to its end, as a socket would: the client watches how fast that goes.
        let body = body.collect().await.map_err(axum::Error::new)?.to_bytes();
        let response = match self.role.as_ref().and_then(|role| role.refusal(&parts, &body)) {
            Some(refusal) => refusal,
            None => {
                let Ok(response) = router.oneshot(http::Request::from_parts(parts, Body::from(body))).await;
                response
            }
        };
        let (parts, body) = response.into_parts();
        let body = body.collect().await?.to_bytes();
        Ok(http::Response::from_parts(parts, SdkBody::from(body)).try_into()?)
    }
}

impl HttpConnector for Transport {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let this = self.clone();
        HttpConnectorFuture::new(async move {
            this.answer(request).await.map_err(|unanswered| match unanswered {
                // As when the server hangs up: whether the request had its effect is not known.
                Unanswered::Closed(_) => ConnectorError::io(unanswered.into()),
                Unanswered::Nobody(_) | Unanswered::Malformed(_) | Unanswered::Target(_) => {
                    ConnectorError::user(unanswered.into())
                }
            })
        })
    }
}

impl HttpClient for Transport {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}
