//! The two cookies there are: the session, and what is to be said on the next page.

use actionlayer_domain::account::{MAX_LIFETIME, SessionToken};
use actionlayer_service::App;
use http::{HeaderMap, HeaderValue, header};

/// What came of a form, shown by the page it leads to.
pub(crate) const NOTICE: &str = "notice";
/// A redirect takes no longer than that.
const NOTICE_SECONDS: u32 = 60;
/// A sentence or two.
const MAX_NOTICE_BYTES: usize = 600;

fn is_https(app: &App) -> bool {
    app.settings.public_url.starts_with("https://")
}

/// The session's cookie. Where there is TLS its name says that no other host, and nobody without TLS, can have set it.
fn session_name(app: &App) -> &'static str {
    if is_https(app) { "__Host-session" } else { "session" }
}

fn cookie(app: &App, name: &str, value: &str, seconds: u64) -> HeaderValue {
    let secure = if is_https(app) { "; Secure" } else { "" };
    let text = format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}");
    // Names and values are of ours, and ASCII.
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(""))
}

/// Lets the browser keep a session.
pub(crate) fn keep_session(app: &App, token: &SessionToken) -> HeaderValue {
    cookie(app, session_name(app), &token.expose(), MAX_LIFETIME.as_secs())
}

/// Lets it forget the one it has.
pub(crate) fn forget_session(app: &App) -> HeaderValue {
    cookie(app, session_name(app), "", 0)
}

/// Lets the next page say something.
pub(crate) fn keep_notice(app: &App, text: &str) -> HeaderValue {
    let text = &text[..text.floor_char_boundary(MAX_NOTICE_BYTES)];
    let encoded: String = form_urlencoded::byte_serialize(text.as_bytes()).collect();
    cookie(app, NOTICE, &encoded, NOTICE_SECONDS.into())
}

/// It was said.
pub(crate) fn forget_notice(app: &App) -> HeaderValue {
    cookie(app, NOTICE, "", 0)
}

/// What the browser shows as its session.
pub(crate) fn session(app: &App, headers: &HeaderMap) -> Option<String> {
    find(headers, session_name(app))
}

/// What is to be said.
pub(crate) fn notice(headers: &HeaderMap) -> Option<String> {
    let encoded = find(headers, NOTICE)?;
    let pair = format!("n={encoded}");
    let (_, text) = form_urlencoded::parse(pair.as_bytes()).next()?;
    (!text.is_empty()).then(|| text.into_owned())
}

fn find(headers: &HeaderMap, name: &str) -> Option<String> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .find_map(|pair| {
            let (found, value) = pair.trim().split_once('=')?;
            (found == name && !value.is_empty()).then(|| value.to_owned())
        })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_cookie_is_found_by_its_whole_name() {
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, "xsession=1; session=2".parse().unwrap());
        headers.append(header::COOKIE, "notice=It+is%20sent%21".parse().unwrap());
        assert_eq!(find(&headers, "session").as_deref(), Some("2"));
        assert_eq!(notice(&headers).as_deref(), Some("It is sent!"));
        assert_eq!(find(&headers, "other"), None);
    }
}
