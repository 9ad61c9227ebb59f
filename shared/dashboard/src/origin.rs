//! Forms of other sites are refused, as Go's `CrossOriginProtection` does it: by what the browser says of where a request
//! comes from. No token has to be kept and none can leak.

use std::sync::Arc;

use actionlayer_service::App;
use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use http::{HeaderMap, HeaderName, StatusCode, header};

use crate::problem::Refused;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Lets through what reads, and what a page of this deployment sent.
pub(crate) async fn guard(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    if request.method().is_safe() || is_from_here(request.headers(), &app.settings.public_url) {
        return next.run(request).await;
    }
    Refused::new(
        StatusCode::FORBIDDEN,
        "This did not come from a page of this dashboard",
        "Nothing was changed. Go back to the dashboard and try again from there. Where it is reached by another address \
         than its own, the parameter PublicUrl is to be that address.",
    )
    .into_response()
}

/// `Sec-Fetch-Site` where there is one; else `Origin`. A request with neither is from no browser of today, or was stripped.
fn is_from_here(headers: &HeaderMap, public_url: &str) -> bool {
    let only = |name: &HeaderName| {
        let mut all = headers.get_all(name).iter();
        match (all.next(), all.next()) {
            (Some(one), None) => one.to_str().ok(),
            _ => None,
        }
    };
    if headers.contains_key(&SEC_FETCH_SITE) {
        return matches!(only(&SEC_FETCH_SITE), Some("same-origin" | "none"));
    }
    let own = url::Url::parse(public_url).map(|url| url.origin().ascii_serialization());
    only(&header::ORIGIN).is_some_and(|origin| own.is_ok_and(|own| own == origin))
}

/// The path somebody wanted, if it is one of this deployment: a link to elsewhere is none.
pub(crate) fn own_path(wanted: &str) -> Option<&str> {
    let is_path = wanted.starts_with('/') && !wanted.starts_with("//") && !wanted.contains('\\');
    let is_plain = wanted.len() <= 2_000 && wanted.bytes().all(|byte| byte.is_ascii_graphic());
    (is_path && is_plain).then_some(wanted)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn from_here(pairs: &[(&'static str, &str)]) -> bool {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, value.parse().unwrap());
        }
        is_from_here(&headers, "https://mail.example.com")
    }

    #[test]
    fn only_what_a_page_of_ours_sends_is_let_through() {
        assert!(from_here(&[("sec-fetch-site", "same-origin")]));
        assert!(from_here(&[("sec-fetch-site", "none")]));
        assert!(from_here(&[("origin", "https://mail.example.com")]));
        for refused in [
            &[][..],
            &[("sec-fetch-site", "cross-site")],
            &[("sec-fetch-site", "same-site")],
            &[("sec-fetch-site", "")],
            &[("sec-fetch-site", "cross-site"), ("origin", "https://mail.example.com")],
            &[("sec-fetch-site", "same-origin"), ("sec-fetch-site", "cross-site")],
            &[("origin", "null")],
            &[("origin", "http://mail.example.com")],
            &[("origin", "https://mail.example.com.evil.test")],
            &[("origin", "https://mail.example.com:444")],
        ] {
            assert!(!from_here(refused), "{refused:?}");
        }
    }

    #[test]
    fn a_way_on_never_leads_elsewhere() {
        assert_eq!(own_path("/inbox?q=a%20b"), Some("/inbox?q=a%20b"));
        for elsewhere in
            ["", "https://evil.test", "//evil.test", "/\\evil.test", "/\t/evil.test", "inbox", "javascript:x"]
        {
            assert_eq!(own_path(elsewhere), None, "{elsewhere}");
        }
    }
}
