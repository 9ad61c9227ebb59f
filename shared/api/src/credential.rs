//! What a request is to be judged by: its key, or the address it comes from where no key is asked for.

use http::{HeaderMap, header};

/// POSTs that take no key. They are counted, and their idempotency keys belong to, the address they come from.
pub(crate) const WITHOUT_KEY: [&str; 1] = ["/v1/auth/bootstrap"];

/// The token of the one `Authorization` header (RFC 6750, section 2.1); the scheme's case does not matter.
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut all = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(only), None) = (all.next(), all.next()) else { return None };
    let (scheme, token) = only.to_str().ok()?.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn headers(values: &[&str]) -> HeaderMap {
        values.iter().map(|v| (header::AUTHORIZATION, v.parse().unwrap())).collect()
    }

    #[test]
    fn one_bearer_token_is_taken() {
        assert_eq!(bearer(&headers(&["Bearer abc"])), Some("abc"));
        assert_eq!(bearer(&headers(&["bearer  abc "])), Some("abc"));
        for refused in [&[][..], &["Basic abc"], &["Bearer"], &["Bearer "], &["abc"], &["Bearer a", "Bearer b"]] {
            assert_eq!(bearer(&headers(refused)), None, "{refused:?}");
        }
    }
}
