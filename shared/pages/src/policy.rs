//! What a page may do in a browser, as values of `Content-Security-Policy`. Every page has one from here.

/// The pages behind an approval link show themselves with its own style, and post to where it
/// came from. No script, no picture, no frame around it. The frame in it, made from an attribute, inherits all of this;
/// `style-src-attr` is for what stands in it.
pub const APPROVAL: &str = "default-src 'none'; style-src 'sha256-fmhggNprbwPAx6Ko4MMeiNJL8/ke9gJQx6uM/qYsZvA='; style-src-attr 'unsafe-inline'; form-action 'self'; \
                                           frame-ancestors 'none'; base-uri 'none'";

/// The reference loads nothing but its own style.
pub const REFERENCE: &str =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The dashboard loads its style sheet and its script from where it is. Its forms post there; Slack, which they lead on to,
/// is named as well, since a browser holds redirects after a form to it.
pub const DASHBOARD: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; \
                             frame-src 'self'; form-action 'self' https://slack.com; frame-ancestors 'none'; base-uri 'none'";

/// Somebody's HTML in a frame of the dashboard: it may do nothing and load nothing, and is shown nowhere else.
pub const MAIL_FRAME: &str = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; \
                              frame-ancestors 'self'; base-uri 'none'";

#[cfg(test)]
mod tests {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    use sha2::{Digest as _, Sha256};

    use super::*;
    use crate::STYLE;

    #[test]
    fn the_policy_knows_the_style() {
        let hash = STANDARD.encode(Sha256::digest(STYLE));
        assert!(APPROVAL.contains(&format!("style-src 'sha256-{hash}'")), "{hash}");
    }
}
