//! `POST /mcp`: from an HTTP request to `rmcp` and back.

use std::sync::Arc;

use actionlayer_api::{ApiError, Authenticated, Counted, bearer, boundary, guard_guesses, read_body};
use actionlayer_service::App;
use axum::{
    Router,
    body::Body,
    extract::{FromRequestParts as _, Request, State},
    response::{IntoResponse as _, Response},
    routing::post,
};
use http::{HeaderValue, Uri, header};
use http_body_util::BodyExt as _;
use rmcp::transport::streamable_http_server::{
    StreamableHttpServerConfig, StreamableHttpService, session::never::NeverSessionManager,
};

use crate::{guard, refusal, server::Mailbox};

/// A message may carry a draft's text and small files; larger ones are uploaded.
const MAX_BODY_BYTES: usize = 6 * 1024 * 1024;

#[derive(Clone)]
struct Endpoint {
    app: Arc<App>,
    protocol: StreamableHttpService<Mailbox, NeverSessionManager>,
}

/// The endpoint as a service: with answers for other paths and methods, request ids and the request's log line.
///
/// Requests must name the host of the deployment's public URL; one with an `Origin` must come from that URL. On one
/// machine any name of the loopback interface will do. This keeps web pages from reaching a server on the reader's own
/// machine (DNS rebinding).
pub fn serve(app: Arc<App>) -> Router {
    let mailbox = Mailbox::new(Arc::clone(&app));
    let protocol =
        StreamableHttpService::new(move || Ok(mailbox.clone()), Arc::default(), config(&app.settings.public_url));
    let entropy = Arc::clone(&app.ports.entropy);
    let routes = Router::new().route("/mcp", post(answer)).with_state(Endpoint { app: Arc::clone(&app), protocol });
    boundary(guard_guesses(routes, app), entropy)
}

fn config(public_url: &str) -> StreamableHttpServerConfig {
    let host = public_url.parse::<Uri>().ok().and_then(|url| url.host().map(str::to_owned)).unwrap_or_default();
    let is_loopback = ["localhost", "127.0.0.1", "[::1]"].contains(&host.as_str());
    let loopback = ["localhost", "127.0.0.1", "::1"].into_iter().filter(|_| is_loopback).map(str::to_owned);
    StreamableHttpServerConfig::default()
        .with_legacy_session_mode(false)
        .with_json_response(true)
        .with_sse_keep_alive(None)
        .with_max_request_body_bytes(MAX_BODY_BYTES)
        .with_allowed_hosts(loopback.chain([host]))
        .with_allowed_origins([origin(public_url)])
        .enforce_origin_validation()
}

/// Scheme, host and port of a URL, all written out.
fn origin(url: &str) -> String {
    let Ok(url) = url.parse::<Uri>() else { return String::new() };
    let scheme = url.scheme_str().unwrap_or("https");
    let port = url.port_u16().unwrap_or(if scheme == "http" { 80 } else { 443 });
    format!("{scheme}://{}:{port}", url.host().unwrap_or_default())
}

async fn answer(State(endpoint): State<Endpoint>, request: Request) -> Response {
    match endpoint.answer(request).await {
        Ok(response) => response,
        Err(refused) => refused.into_response(),
    }
}

impl Endpoint {
    async fn answer(&self, request: Request) -> Result<Response, ApiError> {
        let (mut parts, body) = request.into_parts();
        // Before the body is read: a request without a credential is told so, whatever else is wrong with it.
        bearer(&parts.headers).ok_or_else(ApiError::no_credential)?;
        let body = read_body(body).await?;
        let message = guard::read(&body);
        parts
            .extensions
            .insert(Counted(message.as_ref().map_or(actionlayer_domain::rate::RateClass::Read, |m| m.class())));
        if let Err(refused) = Authenticated::from_request_parts(&mut parts, &self.app).await {
            // A model reads results, not statuses: it is told when to try again.
            return match (&message, refused.code()) {
                (Ok(message), "rate_limited") if message.is_tool_call() => {
                    Ok(message.answer(&refusal::result(&refused, &parts)))
                }
                _ => Err(refused),
            };
        }
        if let Err(refused) = message {
            return Ok(refused.into_response());
        }
        let response = self.protocol.handle(Request::from_parts(parts, Body::from(body))).await;
        Ok(as_json(response.map(Body::new)).await)
    }
}

/// A refusal of the transport that is plain text, as the JSON-RPC error that clients expect.
async fn as_json(response: Response) -> Response {
    let json = HeaderValue::from_static("application/json");
    if response.status().is_success() || response.headers().get(header::CONTENT_TYPE) == Some(&json) {
        return response;
    }
    let (parts, body) = response.into_parts();
    let text = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    guard::error(parts.status, guard::INVALID_REQUEST, &String::from_utf8_lossy(&text), None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_has_a_port() {
        assert_eq!(origin("https://mail.example.com"), "https://mail.example.com:443");
        assert_eq!(origin("http://127.0.0.1:8787"), "http://127.0.0.1:8787");
    }

    #[test]
    fn only_the_deployments_own_hosts_are_allowed() {
        assert_eq!(config("https://mail.example.com").allowed_hosts, ["mail.example.com"]);
        assert!(config("http://127.0.0.1:8787").allowed_hosts.contains(&"localhost".to_owned()));
    }
}
