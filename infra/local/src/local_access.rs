//! Who may use `/local`: it shows approval links and changes the engine's world, so it is for this machine alone.
//!
//! A page of the web can send requests to a loopback address, and point a name of its own at one. The first say where they
//! come from (`Origin`, `Sec-Fetch-Site`) or are no JSON, the second name a host that is not this machine.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use axum::{
    Extension,
    extract::{ConnectInfo, Request, State},
    middleware::Next,
    response::Response,
};
use http::{HeaderMap, HeaderName, Method, StatusCode, header, uri::Authority};
use subtle::ConstantTimeEq as _;

use crate::gateway::refusal;

/// What `/local` asks of a request beside coming from this machine.
#[derive(Clone, Default)]
pub struct LocalToken(Option<Arc<str>>);

impl LocalToken {
    /// Asks for this token.
    pub fn new(token: &str) -> Self {
        Self(Some(token.into()))
    }

    /// Asks for a token that nobody can guess.
    pub fn generate() -> Self {
        let token: [u8; 16] = crate::ses::random();
        Self::new(&hex::encode(token))
    }

    /// The token, if one is asked for.
    pub fn as_str(&self) -> Option<&str> {
        self.0.as_deref()
    }
}

impl std::fmt::Debug for LocalToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.0.is_some() { "LocalToken(…)" } else { "LocalToken(none)" })
    }
}

/// Answers requests from elsewhere with 403, and those without the token with 401.
pub(crate) async fn guard(
    State(token): State<LocalToken>,
    Extension(ConnectInfo(peer)): Extension<ConnectInfo<SocketAddr>>,
    request: Request,
    next: Next,
) -> Response {
    let request_id = uuid::Uuid::from_bytes(crate::ses::random()).to_string();
    let refuse = |status, code, message| refusal(status, code, message, &request_id);
    let headers = request.headers();
    if !peer.ip().to_canonical().is_loopback() || !is_from_here(headers) {
        let message =
            "/local is for programs on this machine: call it by its loopback address, and not from a web page.";
        return refuse(StatusCode::FORBIDDEN, "forbidden", message);
    }
    let reads = matches!(*request.method(), Method::GET | Method::HEAD | Method::DELETE);
    if !reads && has_body(headers) && !is_json(headers) && !is_own_form(headers) {
        let message = "Send `Content-Type: application/json`.";
        return refuse(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", message);
    }
    if let Some(token) = token.as_str() {
        let given = text(headers, &header::AUTHORIZATION).and_then(|value| value.strip_prefix("Bearer "));
        if !given.is_some_and(|given| given.trim().as_bytes().ct_eq(token.as_bytes()).into()) {
            let message = "This engine asks for its token: send `Authorization: Bearer` and what `--local-token` says, or \
                           what was printed at the start.";
            return refuse(StatusCode::UNAUTHORIZED, "unauthorized", message);
        }
    }
    next.run(request).await
}

fn text<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// Whether a request names this machine, and is not sent by a page of another one.
fn is_from_here(headers: &HeaderMap) -> bool {
    let Some(host) = text(headers, &header::HOST) else { return false };
    let is_named = |host: Authority| !host.as_str().contains('@') && is_loopback(host.host());
    if !host.parse::<Authority>().is_ok_and(is_named) {
        return false;
    }
    if text(headers, &HeaderName::from_static("sec-fetch-site"))
        .is_some_and(|site| !matches!(site, "same-origin" | "none"))
    {
        return false;
    }
    match headers.get(header::ORIGIN) {
        None => true,
        Some(origin) => origin.to_str().is_ok_and(|origin| origin.strip_prefix("http://") == Some(host)),
    }
}

fn is_loopback(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn has_body(headers: &HeaderMap) -> bool {
    headers.contains_key(header::TRANSFER_ENCODING)
        || text(headers, &header::CONTENT_LENGTH).is_some_and(|length| length.trim() != "0")
}

/// A form of a page of `/local` itself, as its browser says: where it comes from was checked before. Without a word about
/// that it may be anybody's.
fn is_own_form(headers: &HeaderMap) -> bool {
    headers.contains_key(header::ORIGIN) && is_kind(headers, "application/x-www-form-urlencoded")
}

fn is_json(headers: &HeaderMap) -> bool {
    is_kind(headers, "application/json")
}

fn is_kind(headers: &HeaderMap, wanted: &str) -> bool {
    text(headers, &header::CONTENT_TYPE)
        .is_some_and(|kind| kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case(wanted)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from_here(pairs: &[(&'static str, &str)]) -> bool {
        let headers = pairs
            .iter()
            .filter_map(|(name, value)| Some((HeaderName::from_static(name), value.parse().ok()?)))
            .collect::<HeaderMap>();
        is_from_here(&headers)
    }

    #[test]
    fn pages_of_the_web_are_told_apart() {
        for host in ["127.0.0.1:8787", "localhost:8787", "localhost", "[::1]:8787", "127.9.9.9"] {
            assert!(from_here(&[("host", host)]), "{host}");
            assert!(from_here(&[("host", host), ("origin", &format!("http://{host}"))]), "{host}");
            assert!(!from_here(&[("host", host), ("origin", "https://evil.example")]), "{host}");
            assert!(!from_here(&[("host", host), ("origin", "null")]), "{host}");
            assert!(!from_here(&[("host", host), ("sec-fetch-site", "cross-site")]), "{host}");
        }
        for host in
            ["evil.example:8787", "127.0.0.1.evil.example", "localhost.evil.example", "10.0.0.1", "", "a@127.0.0.1"]
        {
            assert!(!from_here(&[("host", host)]), "{host}");
        }
        assert!(!from_here(&[]));
    }
}
