//! Mail addresses and domain names that are safe to use.

use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use std::{fmt, str::FromStr};

/// Why a text is not an address we can mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidAddress {
    /// Not `local@domain`.
    #[error("must be an e-mail address such as ada@example.com")]
    Shape,
    /// The part before the `@` is empty, over 64 bytes, or not a dot-atom of RFC 5322.
    #[error("the part before the @ may hold letters, digits and .!#$%&'*+/=?^_`{{|}}~- and be at most 64 bytes long")]
    LocalPart,
    /// The part after the `@` is not a domain name.
    #[error("must be, or end in, a domain name such as example.com")]
    Domain,
    /// Over 254 bytes (RFC 5321, section 4.5.3.1.3).
    #[error("must be at most 254 bytes long")]
    TooLong,
}

/// A domain name: lowercase LDH labels (RFC 1123), at least two, at most 253 bytes. An internationalised name is kept in
/// its A-label form (`xn--…`), and may be given in either (RFC 5890).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct DomainName(String);

impl DomainName {
    /// The name, lowercase, without a trailing dot.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for DomainName {
    type Err = InvalidAddress;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = match Some(text).filter(|text| !text.is_ascii()) {
            None => text.to_owned(),
            // `url` would decode percent signs, too.
            Some(text) => match url::Host::parse(text) {
                Ok(url::Host::Domain(ascii)) if !text.contains('%') => ascii,
                _ => return Err(InvalidAddress::Domain),
            },
        };
        let name = text.strip_suffix('.').unwrap_or(&text).to_ascii_lowercase();
        let label_ok = |label: &str| {
            (1..=63).contains(&label.len())
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        let labels = name.split('.').count();
        // An all-numeric last label is an IPv4 address, not a name.
        let top_is_number = name.rsplit('.').next().is_some_and(|top| top.bytes().all(|b| b.is_ascii_digit()));
        if name.len() <= 253 && labels >= 2 && name.split('.').all(label_ok) && !top_is_number {
            Ok(Self(name))
        } else {
            Err(InvalidAddress::Domain)
        }
    }
}

impl fmt::Display for DomainName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for DomainName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DomainName({})", self.0)
    }
}

/// Where mail to approvers comes from, at every domain. No identity has it: what approvers answer to it, with their links in
/// what they quote, is not for an agent to read.
pub const APPROVALS_LOCAL_PART: &str = "approvals";

/// The part of an identity's address before the `@`: lowercase letters, digits and `. _ + -`, at most 64 bytes.
#[derive(Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct LocalPart(String);

/// The text cannot be the local part of an identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be 1 to 64 lowercase letters, digits or . _ + -, starting and ending with a letter or digit, without two dots in a row"
)]
pub struct InvalidLocalPart;

impl LocalPart {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is one that no identity may have, whatever follows a `+` in it.
    pub fn is_reserved(&self) -> bool {
        is_reserved(&self.0)
    }

    /// The address of this local part at a domain.
    pub fn at(&self, domain: &DomainName) -> EmailAddress {
        EmailAddress { text: format!("{}@{}", self.0, domain), at: self.0.len() }
    }
}

impl FromStr for LocalPart {
    type Err = InvalidLocalPart;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._+-".contains(&b);
        let edge = |b: Option<&u8>| b.is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        let bytes = text.as_bytes();
        if (1..=64).contains(&bytes.len())
            && bytes.iter().copied().all(allowed)
            && edge(bytes.first())
            && edge(bytes.last())
            && !text.contains("..")
        {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidLocalPart)
        }
    }
}

fn is_reserved(local_part: &str) -> bool {
    let name = local_part.split('+').next().unwrap_or_default();
    name.eq_ignore_ascii_case(APPROVALS_LOCAL_PART)
}

debug_without_content!(LocalPart);

/// An address mail can be sent to: a dot-atom local part (RFC 5321, section 4.1.2) and a domain name. The domain is
/// lowercase; the local part keeps its case, which only the receiving host may interpret.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EmailAddress {
    text: String,
    at: usize,
}

impl EmailAddress {
    /// The whole address.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The part before the `@`.
    pub fn local_part(&self) -> &str {
        &self.text[..self.at]
    }

    /// The domain after the `@`.
    pub fn domain(&self) -> &str {
        &self.text[self.at + 1..]
    }

    /// The mailbox that an address with a detail is of (RFC 5233): `mia@` of `mia+order-4711@`. `None` when there is no
    /// detail.
    pub fn without_detail(&self) -> Option<Self> {
        let (mailbox, _) = self.local_part().split_once('+').filter(|(mailbox, _)| !mailbox.is_empty())?;
        Some(Self { text: format!("{mailbox}@{}", self.domain()), at: mailbox.len() })
    }

    /// Whether this names the mailbox of `other`, whatever detail it has.
    pub fn is_of_mailbox(&self, other: &Self) -> bool {
        self.folded() == other.folded() || self.without_detail().is_some_and(|plain| plain.folded() == other.folded())
    }

    /// Whether no identity may have it.
    pub fn is_reserved(&self) -> bool {
        is_reserved(self.local_part())
    }

    /// The address as it is compared and stored as a key: all lowercase, since no host in practice tells two people
    /// apart by case.
    pub fn folded(&self) -> String {
        self.text.to_ascii_lowercase()
    }
}

impl FromStr for EmailAddress {
    type Err = InvalidAddress;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.len() > 254 {
            return Err(InvalidAddress::TooLong);
        }
        let (local, domain) = text.rsplit_once('@').ok_or(InvalidAddress::Shape)?;
        let atom = |a: &str| {
            !a.is_empty() && a.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+/=?^_`{|}~-".contains(&b))
        };
        if local.len() > 64 || !local.split('.').all(atom) {
            return Err(InvalidAddress::LocalPart);
        }
        let domain: DomainName = domain.parse()?;
        Ok(Self { text: format!("{local}@{domain}"), at: local.len() })
    }
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for EmailAddress {
    /// Shows the domain only: addresses do not belong in logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EmailAddress(…@{})", self.domain())
    }
}

impl Serialize for EmailAddress {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

macro_rules! deserialize_by_parsing {
    ($($name:ident),+) => {$(
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                <std::borrow::Cow<'de, str>>::deserialize(deserializer)?.parse().map_err(D::Error::custom)
            }
        }
    )+};
}
deserialize_by_parsing!(DomainName, LocalPart, EmailAddress);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_what_can_be_mailed() {
        let address: EmailAddress = "Ada.Lovelace+x@Example.COM".parse().expect("valid");
        assert_eq!(address.as_str(), "Ada.Lovelace+x@example.com");
        assert_eq!((address.local_part(), address.domain()), ("Ada.Lovelace+x", "example.com"));
        assert_eq!(address.folded(), "ada.lovelace+x@example.com");
    }

    #[test]
    fn a_domain_in_other_letters_is_its_a_label() {
        for (text, address) in [
            ("info@bücher.example", "info@xn--bcher-kva.example"),
            ("info@BÜCHER.Example.", "info@xn--bcher-kva.example"),
            ("info@xn--bcher-kva.example", "info@xn--bcher-kva.example"),
            ("a@пример.испытание", "a@xn--e1afmkfd.xn--80akhbyknj4f"),
        ] {
            assert_eq!(text.parse::<EmailAddress>().expect("valid").as_str(), address, "{text}");
        }
        for bad in ["ü@b.example", "a@ü", "a@b%C3%BC.ü.example", "a@ü .example", "a@ü\r\n.example", "a@１.２.３.４"]
        {
            assert!(bad.parse::<EmailAddress>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_detail_belongs_to_its_mailbox() {
        let address = |text: &str| text.parse::<EmailAddress>().expect("valid");
        assert_eq!(address("Mia+order-4711@x.example").without_detail(), Some(address("Mia@x.example")));
        assert_eq!(address("mia+a+b@x.example").without_detail(), Some(address("mia@x.example")));
        for plain in ["mia@x.example", "+a@x.example"] {
            assert_eq!(address(plain).without_detail(), None, "{plain}");
        }
        assert!(address("MIA+a@x.example").is_of_mailbox(&address("mia@x.example")));
        assert!(!address("mia@x.example").is_of_mailbox(&address("mia+a@x.example")));
        assert!(!address("mia+a@x.example").is_of_mailbox(&address("mia@y.example")));
    }

    #[test]
    fn refuses_what_could_break_a_header_or_a_host() {
        for bad in [
            "",
            "a",
            "a@",
            "@b.c",
            "a@b",
            "a b@c.d",
            "a@b c.d",
            "a\r\nBcc: x@y.z@c.d",
            "a@c.d\n",
            "a..b@c.d",
            ".a@c.d",
            "a,b@c.d",
            "<a@c.d>",
            "a@1.2.3.4",
            "a@-c.d",
            "a@c..d",
            "\"a b\"@c.d",
        ] {
            assert!(bad.parse::<EmailAddress>().is_err(), "{bad:?}");
        }
        assert!(format!("{}@example.com", "a".repeat(65)).parse::<EmailAddress>().is_err());
    }

    #[test]
    fn a_local_part_is_what_the_contract_says() {
        for good in ["mia", "a.b_c+d-e", "0"] {
            assert!(good.parse::<LocalPart>().is_ok(), "{good:?}");
        }
        for bad in ["", "Mia", "a b", ".a", "a.", "a..b", "a@b", "é"] {
            assert!(bad.parse::<LocalPart>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn logs_see_no_address() {
        let address: EmailAddress = "ada@example.com".parse().expect("valid");
        assert!(!format!("{address:?}").contains("ada"));
    }
}
