//! Links that show one host and lead to another.

use actionlayer_domain::public_suffix::{organisation, public_suffix, registered_domain};

use super::rewriter::{Original, original, percent_decoded};
use crate::{lookalike::host_to_unicode, unseen::is_ignorable};

/// Rewriters behind one another that are followed.
const MAX_REWRITERS: usize = 5;

/// Suffixes that are also the ends of file names: what is shown bare is taken for a file.
const FILE_SUFFIXES: [&str; 11] = ["cab", "map", "md", "mov", "ps", "pub", "py", "rs", "sh", "so", "zip"];

/// Whether a link shows one host and leads to another organisation's.
pub(super) fn is_mismatch(target: &str, shown: &str) -> bool {
    let Some(target) = destination(target) else { return false };
    let shown: String = shown.chars().filter(|c| !is_ignorable(*c)).collect();
    // A lock or an arrow beside an address says nothing.
    let mut words = shown.split_whitespace().map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()));
    let mut words: Vec<&str> = words.by_ref().filter(|word| !word.is_empty()).collect();
    let is_one_word = words.len() == 1;
    words.drain(..).any(|word| {
        let host = if word.contains("://") { destination(word) } else { bare_host(word, is_one_word) };
        host.is_some_and(|host| host.contains('.') && !is_same_organisation(&host, &target))
    })
}

/// The host an address leads to, past those that rewrite links. `None` when it leads to no host, or none that is told.
fn destination(url: &str) -> Option<String> {
    let mut url = as_browsers_read(url);
    for _ in 0..MAX_REWRITERS {
        let host = web_host(&url)?;
        url = match original(&host, &url) {
            Original::Same => return Some(host),
            Original::Host(host) => return Some(host),
            Original::Untold => return None,
            Original::Url(inner) => as_browsers_read(&inner),
        };
    }
    None
}

/// An address without what browsers drop of it: control characters and blanks around it; tabs and line breaks anywhere
/// (URL standard, section 4.4).
fn as_browsers_read(url: &str) -> String {
    url.trim_matches(|c: char| c <= ' ').chars().filter(|c| !matches!(c, '\t' | '\n' | '\r')).collect()
}

/// The host of an `http` or `https` address, lower case, as a browser finds it.
fn web_host(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once(':')?;
    if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") {
        return None;
    }
    let rest = rest.trim_start_matches(['/', '\\']);
    let authority = rest.split(['/', '\\', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    let host = host.split(':').next().unwrap_or_default();
    let host = percent_decoded(host).chars().filter(|c| !is_ignorable(*c)).collect::<String>().to_lowercase();
    let host = host.trim_end_matches('.');
    (!host.is_empty()).then(|| host.to_owned())
}

/// The host that a word without a scheme names: `example.com`, not `report.docx`. Among other words, only what cannot
/// be meant otherwise counts.
fn bare_host(word: &str, is_one_word: bool) -> Option<String> {
    let has_www = word.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("www."));
    if !has_www && !is_one_word {
        return None;
    }
    let host = word.split(['/', '?', '#', ':']).next().unwrap_or_default();
    let suffix = public_suffix(host)?;
    let is_file =
        !has_www && host.len() == word.len() && FILE_SUFFIXES.iter().any(|file| suffix.eq_ignore_ascii_case(file));
    let is_host = !is_file && !host.contains(['@', '_']) && registered_domain(host).is_some();
    is_host.then(|| host.to_lowercase())
}

fn is_same_organisation(a: &str, b: &str) -> bool {
    let of = |host: &str| host_to_unicode(organisation(host));
    of(a) == of(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_that_lie() {
        for (target, shown) in [
            ("https://evil.example/x", "https://bank.com/login"),
            ("https://evil.example", "www.bank.com"),
            ("https://bank.com@evil.example", "bank.com"),
            ("https://evil.example", "Log in at https://bank.com/login now"),
            ("https://evil.example", "(www.bank.com)"),
            ("https://evil.example", "bank.com/login"),
            ("ht\ntps://evil.example", "https://bank.com"),
            (" \u{1}\thttps://evil.example", "https://bank.com"),
            ("https:\\\\evil.example", "https://bank.com"),
            ("https:evil.example", "https://bank.com"),
            ("https://evil.example", "🔒 bank.com"),
            ("https://evil.example", "→ bank.com →"),
            ("https://evil.example", "https://b\u{ad}ank.com\u{200b}"),
            ("https://www.google.com/url?q=https://evil.example", "www.bank.com"),
            (
                "https://eur03.safelinks.protection.outlook.com/?url=https%3A%2F%2Fevil.example%2F&data=x",
                "https://bank.com",
            ),
            ("https://protect-us.mimecast.com/s/Ab1C?domain=evil.example", "https://bank.com"),
            ("https://evil.example", "https://files.example.net/Offer.zip"),
            ("https://evil.example", "www.banka.rs"),
            ("https://evil.example", "banka.rs/login"),
            ("https://evil.example", "münchen.de"),
        ] {
            assert!(is_mismatch(target, shown), "{shown:?} {target:?}");
        }
    }

    #[test]
    fn honest_links() {
        for (target, shown) in [
            ("https://click.bank.com/x", "www.bank.com"),
            ("https://evil.example", "click here"),
            ("https://x.example", "report.docx"),
            ("https://x.example", "read about bank.com and others"),
            ("https://x.example", "mail ada@bank.com"),
            ("mailto:a@b.c", "bank.com"),
            ("https://customer.sharepoint.com/x", "Offer_v2.zip"),
            ("https://github.com/x", "readme.md"),
            ("https://github.com/x", "main.rs"),
            ("https://github.com/x", "📄 run.sh"),
            ("https://github.com/x", "my_notes.com"),
            ("https://xn--mnchen-3ya.de/", "https://münchen.de"),
            ("https://münchen.de/", "xn--mnchen-3ya.de"),
            ("https://urldefense.com/v3/__https://www.customer.de/x__;!!abc!xyz$", "https://www.customer.de/x"),
            ("https://protect-us.mimecast.com/s/Ab1C", "https://www.customer.de/x"),
            ("https://www.customer.de/x", "https://urldefense.com/v3/__https://www.customer.de/x__;!!abc!xyz$"),
            (
                "https://urldefense.com/v3/__https://www.google.com/url?q=https%3A%2F%2Fcustomer.de__;!!a$",
                "www.customer.de",
            ),
            ("https://b%61nk.com", "bank.com"),
        ] {
            assert!(!is_mismatch(target, shown), "{shown:?} {target:?}");
        }
    }
}
