//! Services that put an address of theirs in place of a link's, so that they can look at what it leads to first.

use actionlayer_domain::public_suffix::organisation;

use crate::parameters::percent_decode;

/// Where a rewriter keeps the address it replaced.
#[derive(Clone, Copy)]
enum Place {
    /// In this parameter of the query.
    Query(&'static str),
    /// In this parameter is the host, and no more.
    Host(&'static str),
    /// In this parameter, with `-` for `%` and `_` for `/` (Proofpoint's second version).
    Dashed(&'static str),
    /// Between `__` and `__;` (Proofpoint's third version).
    Underscored,
    /// Anywhere in the path, from its scheme on.
    Path,
}

/// A host (or what stands under it), the start of the path, and where the address is.
type Rewriter = (&'static str, &'static str, Place);

const REWRITERS: [Rewriter; 34] = [
    ("safelinks.protection.outlook.com", "/", Place::Query("url")),
    ("safelinks.protection.office365.us", "/", Place::Query("url")),
    ("safelinks.protection.partner.outlook.cn", "/", Place::Query("url")),
    ("statics.teams.cdn.office.net", "/evergreen-assets/safelinks/", Place::Query("url")),
    ("urldefense.proofpoint.com", "/v1/", Place::Query("u")),
    ("urldefense.proofpoint.com", "/v2/", Place::Dashed("u")),
    ("urldefense.proofpoint.com", "/", Place::Underscored),
    ("urldefense.com", "/v2/", Place::Dashed("u")),
    ("urldefense.com", "/", Place::Underscored),
    ("urldefense.us", "/v2/", Place::Dashed("u")),
    ("urldefense.us", "/", Place::Underscored),
    ("google.com", "/url", Place::Query("q")),
    ("google.com", "/url", Place::Query("url")),
    ("linkprotect.cudasvc.com", "/", Place::Query("a")),
    ("mimecast.com", "/", Place::Host("domain")),
    ("mimecastprotect.com", "/", Place::Host("domain")),
    ("secure-web.cisco.com", "/", Place::Path),
    ("protection.sophos.com", "/", Place::Host("d")),
    ("trendmicro.com", "/wis/clicktime/", Place::Query("url")),
    ("clicktime.symantec.com", "/", Place::Query("u")),
    ("protect.fireeye.com", "/", Place::Query("u")),
    ("protect2.fireeye.com", "/", Place::Query("u")),
    ("scanmail.trustwave.com", "/", Place::Query("u")),
    ("antiphishing.vadesecure.com", "/", Place::Query("u")),
    ("linklock.titanhq.com", "/", Place::Query("url")),
    ("avanan.click", "/", Place::Path),
    ("protect.checkpoint.com", "/", Place::Path),
    ("inky.com", "/link", Place::Host("domain")),
    ("url.emailprotection.link", "/", Place::Query("url")),
    ("deref-gmx.net", "/", Place::Query("redirectUrl")),
    ("deref-web.de", "/", Place::Query("redirectUrl")),
    ("l.facebook.com", "/l.php", Place::Query("u")),
    ("slack-redir.net", "/link", Place::Query("url")),
    ("awstrack.me", "/", Place::Path),
];

/// What stood in a link before it was rewritten.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Original {
    /// Nobody rewrote it.
    Same,
    /// This address.
    Url(String),
    /// An address of this host.
    Host(String),
    /// It is not told.
    Untold,
}

/// Undoes the rewriting of `url`, which is an address of `host`.
pub(super) fn original(host: &str, url: &str) -> Original {
    let host = if is_google(host) { "google.com" } else { host };
    let after_scheme = url.split_once(':').map_or("", |(_, rest)| rest).trim_start_matches(['/', '\\']);
    let start = after_scheme.find(['/', '\\', '?', '#']).unwrap_or(after_scheme.len());
    let rest = after_scheme.get(start..).unwrap_or_default();
    let path = if rest.starts_with('/') { rest } else { "/" };
    let mut is_rewritten = false;
    for (suffix, folder, place) in REWRITERS {
        let is_host = host.strip_suffix(suffix).is_some_and(|before| before.is_empty() || before.ends_with('.'));
        if !is_host || !path.get(..folder.len()).is_some_and(|start| start.eq_ignore_ascii_case(folder)) {
            continue;
        }
        is_rewritten = true;
        if let Some(found) = read(place, rest) {
            return found;
        }
    }
    if is_rewritten { Original::Untold } else { Original::Same }
}

/// `www.google.de` is `google.com` for this; a `google.` under a suffix where anybody can register is not.
fn is_google(host: &str) -> bool {
    let Some(suffix) = organisation(host).strip_prefix("google.") else { return false };
    let of_country = suffix.rsplit('.').next().is_some_and(|country| country.len() == 2);
    let own =
        suffix == "com" || (of_country && (suffix.len() == 2 || ["co.", "com."].iter().any(|s| suffix.starts_with(s))));
    own && host.strip_suffix(organisation(host)).is_some_and(|before| matches!(before, "" | "www."))
}

fn read(place: Place, rest: &str) -> Option<Original> {
    match place {
        Place::Query(name) => parameter(rest, name).map(|value| Original::Url(percent_decoded(value))),
        Place::Host(name) => parameter(rest, name)
            .map(|value| percent_decoded(value).to_lowercase())
            .filter(|host| host.contains('.') && !host.contains(['/', '@', ':', '?']))
            .map(Original::Host),
        Place::Dashed(name) => parameter(rest, name)
            .map(|value| Original::Url(percent_decoded(&value.replace('-', "%").replace('_', "/")))),
        Place::Underscored => {
            let (_, start) = rest.split_once("/__")?;
            let address = start.split("__;").next().unwrap_or_default();
            // Characters that were taken out leave a `*`; which ones is told further on.
            let authority = address.split("//").nth(1).unwrap_or(address).split('/').next().unwrap_or_default();
            (!authority.contains('*')).then(|| Original::Url(address.to_owned()))
        }
        Place::Path => {
            let lower = rest.to_ascii_lowercase();
            let at = ["http:", "https:", "http%3a", "https%3a"]
                .iter()
                .filter_map(|scheme| memchr::memmem::find(lower.as_bytes(), scheme.as_bytes()))
                .min()?;
            let address = rest.get(at..)?.split("___").next()?;
            Some(Original::Url(percent_decoded(address)))
        }
    }
}

/// The value of a parameter of the query, as it stands there.
fn parameter<'a>(rest: &'a str, name: &str) -> Option<&'a str> {
    let (_, query) = rest.split_once('?')?;
    let query = query.split('#').next().unwrap_or_default();
    query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .find(|(key, value)| key.eq_ignore_ascii_case(name) && !value.is_empty())
        .map(|(_, value)| value)
}

/// Text with `%41` and its like resolved (RFC 3986, section 2.1).
pub(super) fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    percent_decode(text, &mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_rewritten_is_read_back() {
        let target = "https://www.customer.de/prices";
        for (host, url) in [
            (
                "eur03.safelinks.protection.outlook.com",
                "https://eur03.safelinks.protection.outlook.com/?url=https%3A%2F%2Fwww.customer.de%2Fprices&data=05%7C02&reserved=0",
            ),
            ("urldefense.com", "https://urldefense.com/v3/__https://www.customer.de/prices__;!!abc!xyz$"),
            (
                "urldefense.proofpoint.com",
                "https://urldefense.proofpoint.com/v2/url?u=https-3A__www.customer.de_prices&d=DwMFaQ&c=x",
            ),
            ("www.google.com", "https://www.google.com/url?q=https://www.customer.de/prices&source=gmail&ust=1"),
            ("www.google.co.uk", "https://www.google.co.uk/url?sa=t&url=https%3A%2F%2Fwww.customer.de%2Fprices"),
            (
                "linkprotect.cudasvc.com",
                "https://linkprotect.cudasvc.com/url?a=https%3a%2f%2fwww.customer.de%2fprices&c=E,1",
            ),
            ("secure-web.cisco.com", "https://secure-web.cisco.com/1aB_c/https%3A%2F%2Fwww.customer.de%2Fprices"),
            ("protect.checkpoint.com", "https://protect.checkpoint.com/v2/___https://www.customer.de/prices___.YXA6"),
        ] {
            assert_eq!(original(host, url), Original::Url(target.to_owned()), "{url}");
        }
        let mimecast = "https://protect-us.mimecast.com/s/Ab1C?domain=customer.de";
        assert_eq!(original("protect-us.mimecast.com", mimecast), Original::Host("customer.de".to_owned()));
        for (host, url) in [
            ("protect-us.mimecast.com", "https://protect-us.mimecast.com/s/Ab1C"),
            ("urldefense.com", "https://urldefense.com/v3/__https://m*nchen.de/__;w7w!!abc$"),
        ] {
            assert_eq!(original(host, url), Original::Untold, "{url}");
        }
        for (host, url) in [
            ("customer.de", "https://customer.de/?url=https://evil.example"),
            ("www.google.shop", "https://www.google.shop/url?q=https://bank.com"),
            ("evilurldefense.com", "https://evilurldefense.com/v3/__https://bank.com__;"),
        ] {
            assert_eq!(original(host, url), Original::Same, "{url}");
        }
    }
}
