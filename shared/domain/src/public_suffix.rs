//! Which part of a host's name one owner registered, by the public suffix list (<https://publicsuffix.org>).
//!
//! The list is compiled into code, half a megabyte of it, and again in each crate that asks it: nobody else does.

use psl::{List, Psl as _};

/// The part of a host's name that one owner registered: `example.co.uk` of `mail.example.co.uk`. None of a name under which the
/// public registers names, such as `co.uk`, and of what is no host.
pub fn registered_domain(host: &str) -> Option<&str> {
    std::str::from_utf8(List.domain(host.as_bytes())?.trim().as_bytes()).ok()
}

/// Whose a host is: its registered domain, or the host itself where it has none.
pub fn organisation(host: &str) -> &str {
    registered_domain(host).unwrap_or(host)
}

/// Whether two hosts are of one owner.
pub fn is_same_organisation(one: &str, other: &str) -> bool {
    organisation(one).eq_ignore_ascii_case(organisation(other))
}

/// The suffix under which a host's name was registered, `co.uk` of `mail.example.co.uk`, if the list knows it.
pub fn public_suffix(host: &str) -> Option<&str> {
    std::str::from_utf8(List.suffix(host.as_bytes()).filter(|suffix| suffix.is_known())?.as_bytes()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_one_owner_registered_is_found() {
        for (host, registered, suffix) in [
            ("mail.example.co.uk", Some("example.co.uk"), Some("co.uk")),
            ("example.co.uk.", Some("example.co.uk"), Some("co.uk.")),
            ("co.uk", None, Some("co.uk")),
            ("shop.github.io", Some("shop.github.io"), Some("github.io")),
            ("mail.example.unknown-suffix", Some("example.unknown-suffix"), None),
            ("localhost", None, None),
            ("", None, None),
        ] {
            assert_eq!(registered_domain(host), registered, "{host}");
            assert_eq!(organisation(host), registered.unwrap_or(host), "{host}");
            assert_eq!(public_suffix(host), suffix, "{host}");
        }
        assert!(is_same_organisation("mail.example.co.uk", "WWW.Example.co.uk"));
        assert!(!is_same_organisation("a.github.io", "b.github.io"));
    }
}
