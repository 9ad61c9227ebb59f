//! API Gateway's HTTP API: the routes of the template, matched as it matches them, each request turned into the event
//! that the function would get (payload format 2.0) and each answer turned back.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html>

use std::{collections::BTreeMap, net::SocketAddr, sync::Arc};

use axum::{
    Extension, Router,
    body::{Body, Bytes},
    extract::{ConnectInfo, Request, State},
    response::{IntoResponse, Response},
};
use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header, request::Parts};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::{
    clock::LocalClock,
    invoke::{Functions, InvokeError},
    ses::timestamps,
    template,
};

/// The largest request body API Gateway takes, in bytes.
const MAX_BODY_BYTES: usize = 10 * 1024 * 1024;

/// A route key this gateway does not know how to match.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the route {0} is not supported: only paths of fixed segments, at most followed by {{proxy+}}, and $default")]
pub struct RouteError(String);

/// The routes, most specific first.
#[derive(Debug, Clone)]
pub struct Routes(Vec<Route>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Route {
    key: String,
    /// `None`: any.
    method: Option<Method>,
    /// `None`: `$default`.
    path: Option<PathPattern>,
    function: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct PathPattern {
    fixed: String,
    /// Whether at least one more segment must follow.
    greedy: bool,
}

impl Routes {
    /// The routes of a template.
    pub fn new(routes: &[template::Route]) -> Result<Self, RouteError> {
        let mut routes = routes.iter().map(Route::new).collect::<Result<Vec<_>, _>>()?;
        // A full match first, then the greedy one with the longest fixed part, then $default; a method before ANY.
        routes.sort_by_key(|route| {
            let path = route.path.as_ref();
            let rank = path.map_or(2, |path| u8::from(path.greedy));
            (rank, std::cmp::Reverse(path.map_or(0, |path| path.fixed.len())), route.method.is_none())
        });
        Ok(Self(routes))
    }

    fn find(&self, method: &Method, path: &str) -> Option<(&Route, Option<String>)> {
        self.0.iter().find_map(|route| {
            if route.method.as_ref().is_some_and(|wanted| wanted != method) {
                return None;
            }
            let Some(pattern) = &route.path else { return Some((route, None)) };
            if !pattern.greedy {
                return (pattern.fixed == path).then_some((route, None));
            }
            let rest = path.strip_prefix(&pattern.fixed)?.strip_prefix('/')?;
            (!rest.is_empty()).then(|| (route, Some(rest.to_owned())))
        })
    }
}

impl Route {
    fn new(route: &template::Route) -> Result<Self, RouteError> {
        let unsupported = || RouteError(route.key.clone());
        let (method, path) = if route.key == "$default" {
            (None, None)
        } else {
            let (method, path) = route.key.split_once(' ').ok_or_else(unsupported)?;
            let (fixed, greedy) = match path.strip_suffix("/{proxy+}") {
                Some(fixed) => (fixed, true),
                None => (path, false),
            };
            if !fixed.starts_with('/') || fixed.contains(['{', '}']) {
                return Err(unsupported());
            }
            let method = match method {
                "ANY" => None,
                method => Some(method.parse().map_err(|_| unsupported())?),
            };
            (method, Some(PathPattern { fixed: fixed.to_owned(), greedy }))
        };
        Ok(Self { key: route.key.clone(), method, path, function: route.function.clone() })
    }
}

/// What the gateway works with.
pub struct Gateway {
    pub routes: Routes,
    /// The functions behind them.
    pub functions: Arc<Functions>,
    /// Tells the time of requests.
    pub clock: Arc<LocalClock>,
}

/// The gateway, as the fallback of the engine's own routes.
pub fn router(gateway: Gateway) -> Router {
    Router::new().fallback(answer).with_state(Arc::new(gateway))
}

async fn answer(
    State(gateway): State<Arc<Gateway>>,
    Extension(ConnectInfo(peer)): Extension<ConnectInfo<SocketAddr>>,
    request: Request,
) -> Response {
    let request_id = uuid::Uuid::from_bytes(crate::ses::random()).to_string();
    let (parts, body) = request.into_parts();
    // The extractors of axum stop at 2 MB.
    let Ok(body) = axum::body::to_bytes(body, MAX_BODY_BYTES).await else {
        return refusal(
            StatusCode::PAYLOAD_TOO_LARGE,
            "payload_too_large",
            "The body is longer than the 10 MB that API Gateway takes, or was cut short.",
            &request_id,
        );
    };
    let Some((route, proxy)) = gateway.routes.find(&parts.method, parts.uri.path()) else {
        return refusal(StatusCode::NOT_FOUND, "not_found", "There is no such route.", &request_id);
    };
    let event = event(&gateway, route, proxy, &parts, &body, peer, &request_id);
    let answer = gateway.functions.invoke(&route.function, event).await;
    match answer.and_then(|answer| response(answer).map_err(|reason| InvokeError::Failed { reason })) {
        Ok(response) => response,
        Err(error @ InvokeError::TimedOut) => {
            tracing::error!(%error, function = route.function, request_id, "request failed");
            refusal(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "The function did not answer in time.", &request_id)
        }
        Err(error) => {
            tracing::error!(%error, function = route.function, request_id, "request failed");
            refusal(StatusCode::INTERNAL_SERVER_ERROR, "internal_error", "The function failed.", &request_id)
        }
    }
}

/// The event, payload format 2.0.
fn event(
    gateway: &Gateway,
    route: &Route,
    proxy: Option<String>,
    parts: &Parts,
    body: &Bytes,
    peer: SocketAddr,
    request_id: &str,
) -> Value {
    let query = parts.uri.query().unwrap_or_default();
    let mut headers = joined(&parts.headers);
    let cookies = headers.remove("cookie");
    headers.insert("x-forwarded-for".to_owned(), peer.ip().to_string());
    headers.insert("x-forwarded-proto".to_owned(), "http".to_owned());
    let host = headers.get("host").cloned().unwrap_or_default();
    let now_ms = gateway.clock.now_ms();
    let mut event = json!({
        "version": "2.0",
        "routeKey": route.key,
        "rawPath": parts.uri.path(),
        "rawQueryString": query,
        "headers": headers,
        "requestContext": {
            "accountId": crate::sqs::ACCOUNT_ID,
            "apiId": "local",
            "domainName": host,
            "domainPrefix": "local",
            "http": {
                "method": parts.method.as_str(),
                "path": parts.uri.path(),
                "protocol": format!("{:?}", parts.version),
                "sourceIp": peer.ip().to_string(),
                "userAgent": headers.get("user-agent").cloned().unwrap_or_default(),
            },
            "requestId": request_id,
            "routeKey": route.key,
            "stage": "$default",
            "time": timestamps::iso8601(now_ms),
            "timeEpoch": now_ms,
        },
        "isBase64Encoded": false,
    });
    if let Some(cookies) = cookies {
        event["cookies"] = cookies.split(';').map(str::trim).collect();
    }
    if let Some(proxy) = proxy {
        event["pathParameters"] = json!({ "proxy": proxy });
    }
    if !body.is_empty() {
        let text = is_text(&headers).then(|| std::str::from_utf8(body).ok()).flatten();
        event["isBase64Encoded"] = json!(text.is_none());
        event["body"] = text.map_or_else(|| BASE64.encode(body), str::to_owned).into();
    }
    event
}

/// Lower-case names; several values of one name joined by a comma. Bytes that are no text are passed on as Latin-1.
fn joined(headers: &HeaderMap) -> BTreeMap<String, String> {
    let mut joined: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in headers {
        let value: String = match value.to_str() {
            Ok(text) => text.to_owned(),
            Err(_) => value.as_bytes().iter().copied().map(char::from).collect(),
        };
        joined
            .entry(name.as_str().to_owned())
            .and_modify(|values| {
                values.push_str(if name == header::COOKIE { "; " } else { "," });
                values.push_str(&value);
            })
            .or_insert(value);
    }
    joined
}

/// Whether a body goes into the event as it is. API Gateway encodes every other kind.
fn is_text(headers: &BTreeMap<String, String>) -> bool {
    headers.get("content-type").is_some_and(|kind| {
        let kind = kind.trim().to_ascii_lowercase();
        kind.starts_with("text/") || kind.starts_with("application/json") || kind.starts_with("application/xml")
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    status_code: u16,
    #[serde(default)]
    headers: Map<String, Value>,
    #[serde(default)]
    cookies: Vec<String>,
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: bool,
}

/// The answer of a function as HTTP; why it is none.
fn response(answer: Value) -> Result<Response, String> {
    let answer: Answer = serde_json::from_value(answer).map_err(|error| error.to_string())?;
    let status = StatusCode::from_u16(answer.status_code).map_err(|error| error.to_string())?;
    let body = answer.body.unwrap_or_default();
    let body = if answer.is_base64_encoded {
        BASE64.decode(body).map_err(|error| error.to_string())?
    } else {
        body.into_bytes()
    };
    let mut response = (status, Body::from(body)).into_response();
    let headers = response.headers_mut();
    for (name, value) in &answer.headers {
        let name: HeaderName = name.parse().map_err(|_| "a header's name is none".to_owned())?;
        let value = value.as_str().and_then(|value| HeaderValue::from_str(value).ok());
        headers.insert(name, value.ok_or("a header's value is none")?);
    }
    for cookie in &answer.cookies {
        headers.append(header::SET_COOKIE, HeaderValue::from_str(cookie).map_err(|error| error.to_string())?);
    }
    // The server of the engine decides how the body is framed.
    headers.remove(header::CONTENT_LENGTH);
    headers.remove(header::TRANSFER_ENCODING);
    Ok(response)
}

/// What the gateway itself answers, in the product's error envelope.
pub(crate) fn refusal(status: StatusCode, code: &str, message: &str, request_id: &str) -> Response {
    let body = json!({ "error": code, "message": message, "request_id": request_id });
    let mut response = (status, axum::Json(body)).into_response();
    if let Ok(id) = HeaderValue::from_str(request_id) {
        response.headers_mut().insert("x-request-id", id);
    }
    response
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn routes(keys: &[&str]) -> Result<Routes, RouteError> {
        let route = |key: &&str| template::Route { key: (*key).to_owned(), function: (*key).to_owned() };
        Routes::new(&keys.iter().map(route).collect::<Vec<_>>())
    }

    #[test]
    fn the_most_specific_route_wins() {
        let routes =
            routes(&["$default", "ANY /a/{proxy+}", "ANY /a", "GET /a/b", "ANY /a/b/{proxy+}", "ANY /a/b"]).unwrap();
        for (method, path, key, proxy) in [
            ("GET", "/a", "ANY /a", None),
            ("GET", "/a/", "$default", None),
            ("GET", "/a/b", "GET /a/b", None),
            ("POST", "/a/b", "ANY /a/b", None),
            ("GET", "/a/c/d", "ANY /a/{proxy+}", Some("c/d")),
            ("GET", "/a/b/c", "ANY /a/b/{proxy+}", Some("c")),
            ("GET", "/ab", "$default", None),
            ("GET", "/A", "$default", None),
        ] {
            let (route, found) = routes.find(&method.parse().unwrap(), path).unwrap();
            assert_eq!((route.key.as_str(), found.as_deref()), (key, proxy), "{method} {path}");
        }
    }

    #[test]
    fn a_route_it_cannot_match_is_refused_at_the_start() {
        for key in ["ANY /a/{id}", "ANY a", "/a", "ANY /{x}/{proxy+}"] {
            assert_eq!(routes(&[key]).unwrap_err(), RouteError(key.to_owned()));
        }
        assert!(Routes::new(&template::Template::parse(template::TEMPLATE).unwrap().routes).is_ok());
    }

    #[test]
    fn an_answer_becomes_http() {
        let answer = json!({"statusCode": 201, "headers": {"x-a": "1", "content-length": "99"}, "cookies": ["a=1", "b=2"],
            "body": BASE64.encode("hello"), "isBase64Encoded": true, "multiValueHeaders": {}});
        let response = response(answer).unwrap();
        assert_eq!(response.status(), 201);
        assert_eq!(response.headers()["x-a"], "1");
        assert_eq!(response.headers().get_all("set-cookie").iter().count(), 2);
        assert!(super::response(json!({"statusCode": 99})).is_err());
    }
}
