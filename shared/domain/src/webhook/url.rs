//! Where a webhook may be.

use serde::{Deserialize, Serialize};
use std::{fmt, net::IpAddr};
use url::{Host, Url};

use crate::public_address::is_public;

/// A URL that events can be delivered to, in the form in which it will be asked for.
///
/// A name says nothing about the address behind it: whoever delivers still has to look at the address it connects to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct WebhookUrl(String);

/// Where webhooks may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Only on the public Internet, by https.
    Public,
    /// Also on this machine and its network, also by http: for trying out.
    Anywhere,
}

/// Why a URL cannot be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidWebhookUrl {
    /// It is not a URL with a host, or has characters that no URL has.
    #[error("must be a URL such as https://example.com/hooks")]
    Malformed,
    #[error("must be at most 2000 characters long")]
    TooLong,
    #[error("must begin with https://")]
    NotHttps,
    /// It has a user name or a password.
    #[error("must not contain a user name or password: check the signature instead")]
    Credentials,
    #[error("must not have a fragment: what follows `#` is never sent")]
    Fragment,
    /// It has a port that is none of the web's.
    #[error("must have port 443 or 8443")]
    Port,
    /// It leads to the machine itself or into a private network.
    #[error("must lead to a public host")]
    NotPublic,
}

const MAX_CHARS: usize = 2_000;
/// Other ports are those of other services: a webhook must not be a way to talk to them.
const PORTS: [u16; 2] = [443, 8443];

impl WebhookUrl {
    /// Reads a URL as the URL Standard does, so that no other spelling of an address slips through: `https://2130706433/`
    /// and `https://0x7f.1/` are both 127.0.0.1.
    pub fn parse(text: &str, reach: Reach) -> Result<Self, InvalidWebhookUrl> {
        if text.chars().count() > MAX_CHARS {
            return Err(InvalidWebhookUrl::TooLong);
        }
        // The standard drops these silently.
        if text.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return Err(InvalidWebhookUrl::Malformed);
        }
        let url = Url::parse(text).map_err(|_| InvalidWebhookUrl::Malformed)?;
        match (url.scheme(), reach) {
            ("https", _) | ("http", Reach::Anywhere) => {}
            _ => return Err(InvalidWebhookUrl::NotHttps),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(InvalidWebhookUrl::Credentials);
        }
        if url.fragment().is_some() {
            return Err(InvalidWebhookUrl::Fragment);
        }
        if reach == Reach::Public && !url.port_or_known_default().is_some_and(|port| PORTS.contains(&port)) {
            return Err(InvalidWebhookUrl::Port);
        }
        let public = match url.host().ok_or(InvalidWebhookUrl::Malformed)? {
            Host::Domain(name) => is_public_name(name),
            Host::Ipv4(address) => is_public(&IpAddr::V4(address)),
            Host::Ipv6(address) => is_public(&IpAddr::V6(address)),
        };
        if !public && reach == Reach::Public {
            return Err(InvalidWebhookUrl::NotPublic);
        }
        if url.as_str().len() > MAX_CHARS {
            return Err(InvalidWebhookUrl::TooLong);
        }
        Ok(Self(url.into()))
    }

    /// The URL.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for WebhookUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Names without a dot are of the local network; `localhost` and what is below it is the machine itself (RFC 6761), and
/// `local` the local link (RFC 6762).
fn is_public_name(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name);
    let top = name.rsplit('.').next().unwrap_or_default();
    name.contains('.') && !["localhost", "local", "internal"].contains(&top)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn public(text: &str) -> Result<String, InvalidWebhookUrl> {
        WebhookUrl::parse(text, Reach::Public).map(|url| url.as_str().to_owned())
    }

    #[test]
    fn a_public_url_is_taken_as_it_will_be_asked_for() {
        assert_eq!(public("https://Example.com/Hooks?a=1").unwrap(), "https://example.com/Hooks?a=1");
        assert_eq!(public("https://example.com").unwrap(), "https://example.com/");
        assert_eq!(public("https://example.com:8443/x").unwrap(), "https://example.com:8443/x");
        assert_eq!(public("https://1.1.1.1/").unwrap(), "https://1.1.1.1/");
        assert_eq!(public("https://bücher.example/").unwrap(), "https://xn--bcher-kva.example/");
    }

    #[test]
    fn what_leads_inside_is_refused_in_every_spelling() {
        for inside in [
            "https://127.0.0.1/",
            "https://127.1/",
            "https://2130706433/",
            "https://0x7f000001/",
            "https://0177.0.0.1/",
            "https://0x7f.1/",
            "https://10.0.0.8/",
            "https://192.168.0.1:8443/",
            "https://169.254.169.254/latest/meta-data",
            "https://100.64.0.1/",
            "https://0/",
            "https://[::1]/",
            "https://[::]/",
            "https://[::ffff:127.0.0.1]/",
            "https://[::ffff:a9fe:a9fe]/",
            "https://[fe80::1]/",
            "https://[fd00:ec2::254]/",
            "https://[64:ff9b::a9fe:a9fe]/",
            "https://localhost/",
            "https://LOCALHOST./",
            "https://a.localhost/",
            "https://intranet/",
            "https://printer.local/",
            "https://metadata.google.internal/",
            "https://１２７.０.０.１/",
        ] {
            assert_eq!(public(inside), Err(InvalidWebhookUrl::NotPublic), "{inside}");
            WebhookUrl::parse(inside, Reach::Anywhere).unwrap();
        }
        assert!(WebhookUrl::parse("http://127.0.0.1:9999/hook", Reach::Anywhere).is_ok());
    }

    #[test]
    fn what_is_no_plain_https_url_is_refused() {
        for (text, error) in [
            ("", InvalidWebhookUrl::Malformed),
            ("example.com/hooks", InvalidWebhookUrl::Malformed),
            ("https://", InvalidWebhookUrl::Malformed),
            ("https://exa mple.com/", InvalidWebhookUrl::Malformed),
            ("https://example.com/\n", InvalidWebhookUrl::Malformed),
            ("https://1.2.3.4.5/", InvalidWebhookUrl::Malformed),
            ("https://[::1/", InvalidWebhookUrl::Malformed),
            ("http://example.com/", InvalidWebhookUrl::NotHttps),
            ("ftp://example.com/", InvalidWebhookUrl::NotHttps),
            ("file:///etc/passwd", InvalidWebhookUrl::NotHttps),
            ("javascript:alert(1)", InvalidWebhookUrl::NotHttps),
            ("https://user@example.com/", InvalidWebhookUrl::Credentials),
            ("https://user:secret@example.com/", InvalidWebhookUrl::Credentials),
            ("https://example.com/#part", InvalidWebhookUrl::Fragment),
            ("https://example.com:80/", InvalidWebhookUrl::Port),
            ("https://example.com:22/", InvalidWebhookUrl::Port),
            ("https://example.com:0/", InvalidWebhookUrl::Port),
        ] {
            assert_eq!(public(text), Err(error), "{text}");
        }
        let long = format!("https://example.com/{}", "a".repeat(2_000));
        assert_eq!(public(&long), Err(InvalidWebhookUrl::TooLong));
        assert_eq!(WebhookUrl::parse("ws://example.com/", Reach::Anywhere), Err(InvalidWebhookUrl::NotHttps));
    }
}
