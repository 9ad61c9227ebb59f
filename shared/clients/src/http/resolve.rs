//! From a host's name to the addresses that may be dialled.

use std::{
    fmt,
    net::{IpAddr, SocketAddr},
};

use actionlayer_domain::webhook::AttemptError;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::AddressFilter;
use crate::dns::Dns;

/// Why a name leads nowhere.
#[derive(Debug)]
pub(super) struct Unreachable(pub(super) AttemptError);

impl fmt::Display for Unreachable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the name leads nowhere: {:?}", self.0)
    }
}

impl std::error::Error for Unreachable {}

/// Resolves a name once for each connection, and gives the connector only what passes the filter.
pub(super) struct GuardedResolver {
    pub(super) dns: Dns,
    /// Whether names that DNS does not have are looked up as other programs of this machine do: `localhost`.
    pub(super) system_too: bool,
    pub(super) allows: AddressFilter,
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (dns, allows, system_too) = (self.dns.clone(), self.allows.clone(), self.system_too);
        Box::pin(async move {
            let mut found = dns.addresses(name.as_str()).await.unwrap_or_default();
            if found.is_empty() && system_too {
                let system = tokio::net::lookup_host((name.as_str(), 0)).await;
                found = system.map(|addresses| addresses.map(|address| address.ip()).collect()).unwrap_or_default();
            }
            if found.is_empty() {
                return Err(Unreachable(AttemptError::DnsError).into());
            }
            let allowed: Vec<IpAddr> = found.into_iter().filter(|address| allows(address)).collect();
            if allowed.is_empty() {
                return Err(Unreachable(AttemptError::BlockedAddress).into());
            }
            // Port 0 stands for the URL's.
            let addresses: Addrs = Box::new(allowed.into_iter().map(|address| SocketAddr::new(address, 0)));
            Ok(addresses)
        })
    }
}
