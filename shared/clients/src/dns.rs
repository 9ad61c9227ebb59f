//! DNS questions about domains that are not ours.
//!
//! Asked of the zone's own name servers where they answer, since a resolver between may go on saying for an hour that a
//! record just added is not there; else of the system's resolver. Nothing is cached. No answer is never taken for "no".

#[cfg(test)]
mod tests;

use std::{
    net::{IpAddr, SocketAddr},
    sync::{Arc, OnceLock},
    time::Duration,
};

use actionlayer_domain::{DomainName, public_address::is_public, public_suffix::registered_domain};
use hickory_proto::rr::{RData, RecordType};
use hickory_resolver::{
    TokioResolver,
    config::{ConnectionConfig, NameServerConfig, ResolverConfig, ResolverOpts},
    net::{DnsError, NetError, runtime::TokioRuntimeProvider},
};

/// How long one question may take, all tries together.
const QUESTION_TIMEOUT: Duration = Duration::from_secs(4);
/// How long one try may take.
const TRY_TIMEOUT: Duration = Duration::from_millis(1_500);
/// The most name servers of a zone that are asked.
const MAX_NAME_SERVERS: usize = 4;

/// A question nobody answered: a time-out, a refusal, a broken answer; or nobody who could be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("DNS gave no answer")]
pub struct NoAnswer;

/// DNS, as this deployment reaches it.
#[derive(Clone, Default)]
pub struct Dns {
    /// The one name server to ask, which knows everything. None for the system's resolver, and every zone's own name servers.
    server: Option<SocketAddr>,
    /// Made when it is first asked: a function that asks nothing has none of its code. None when the system's settings
    /// cannot be read.
    resolver: Arc<OnceLock<Option<TokioResolver>>>,
}

impl std::fmt::Debug for Dns {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Dns").field("server", &self.server).finish_non_exhaustive()
    }
}

/// Who answers for one domain and the names below it.
pub struct Zone {
    own: Option<TokioResolver>,
    fallback: Dns,
}

fn options() -> ResolverOpts {
    let mut options = ResolverOpts::default();
    options.cache_size = 0;
    options.timeout = TRY_TIMEOUT;
    options.attempts = 1;
    options.try_tcp_on_error = true;
    options
}

fn resolver(servers: Vec<NameServerConfig>) -> Result<TokioResolver, NetError> {
    let config = ResolverConfig::from_parts(None, Vec::new(), servers);
    let mut builder = TokioResolver::builder_with_config(config, TokioRuntimeProvider::default());
    *builder.options_mut() = options();
    builder.build()
}

fn system_resolver() -> Result<TokioResolver, NetError> {
    let mut builder = TokioResolver::builder_tokio()?;
    *builder.options_mut() = options();
    builder.build()
}

fn name_server(address: SocketAddr) -> NameServerConfig {
    let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()]
        .map(|mut connection| {
            connection.port = address.port();
            connection
        })
        .to_vec();
    NameServerConfig::new(address.ip(), true, connections)
}

impl Dns {
    /// The system's resolver, and every zone's own name servers.
    pub fn system() -> Self {
        Self::default()
    }

    /// One name server that knows everything: the one-machine engine's.
    pub fn at(server: SocketAddr) -> Self {
        Self { server: Some(server), ..Self::default() }
    }

    async fn ask(&self, name: &str, record_type: RecordType) -> Result<Vec<RData>, NoAnswer> {
        let made = self.resolver.get_or_init(|| {
            let made = match self.server {
                Some(server) => resolver(vec![name_server(server)]),
                None => system_resolver(),
            };
            made.inspect_err(|error| tracing::error!(%error, "no DNS resolver could be made")).ok()
        });
        ask(made.as_ref().ok_or(NoAnswer)?, name, record_type).await
    }

    /// The addresses of a host, IPv4 first; none when it has none. Asked anew each time.
    pub async fn addresses(&self, host: &str) -> Result<Vec<IpAddr>, NoAnswer> {
        let (v4, v6) = tokio::join!(self.ask(host, RecordType::A), self.ask(host, RecordType::AAAA));
        if v4.is_err() && v6.is_err() {
            return Err(NoAnswer);
        }
        let found = v4.into_iter().chain(v6).flatten().filter_map(|data| match data {
            RData::A(address) => Some(IpAddr::V4(address.0)),
            RData::AAAA(address) => Some(IpAddr::V6(address.0)),
            _ => None,
        });
        Ok(found.collect())
    }

    /// Finds who answers for a domain.
    pub async fn zone(&self, domain: &DomainName) -> Zone {
        let own = if self.server.is_none() { self.own_name_servers(domain).await } else { None };
        Zone { own, fallback: self.clone() }
    }

    /// The name servers of the closest zone at or above a domain, by their public addresses.
    async fn own_name_servers(&self, domain: &DomainName) -> Option<TokioResolver> {
        let registered = registered_domain(domain.as_str())?;
        let mut name = domain.as_str();
        let hosts = loop {
            let answers = self.ask(name, RecordType::NS).await.unwrap_or_default();
            let hosts: Vec<String> = answers
                .into_iter()
                .filter_map(|data| match data {
                    RData::NS(host) => Some(host.0.to_string()),
                    _ => None,
                })
                .collect();
            if !hosts.is_empty() {
                break hosts;
            }
            if name == registered {
                return None;
            }
            name = name.split_once('.')?.1;
        };
        let mut servers = Vec::new();
        for host in hosts.iter().take(MAX_NAME_SERVERS) {
            // Whoever owns the domain chooses these addresses: they must not lead inside.
            let addresses = self.ask(host, RecordType::A).await.unwrap_or_default();
            servers.extend(addresses.into_iter().filter_map(|data| match data {
                RData::A(address) => Some(IpAddr::V4(address.0)).filter(is_public),
                _ => None,
            }));
            if servers.len() >= 2 {
                break;
            }
        }
        if servers.is_empty() {
            return None;
        }
        resolver(servers.into_iter().map(|ip| name_server(SocketAddr::new(ip, 53))).collect()).ok()
    }
}

impl Zone {
    /// The TXT records of a name; each joined from its strings, as SPF and DKIM want it (RFC 7208, section 3.3).
    pub async fn txt(&self, name: &str) -> Result<Vec<String>, NoAnswer> {
        let answers = self.ask(name, RecordType::TXT).await?;
        Ok(answers
            .into_iter()
            .filter_map(|data| match data {
                RData::TXT(text) => Some(String::from_utf8_lossy(&text.txt_data.concat()).into_owned()),
                _ => None,
            })
            .collect())
    }

    /// The MX records of a name: preference and host, lowercase, without a trailing dot.
    pub async fn mx(&self, name: &str) -> Result<Vec<(u16, String)>, NoAnswer> {
        let answers = self.ask(name, RecordType::MX).await?;
        Ok(answers
            .into_iter()
            .filter_map(|data| match data {
                RData::MX(mx) => {
                    let host = mx.exchange.to_string();
                    Some((mx.preference, host.trim_end_matches('.').to_ascii_lowercase()))
                }
                _ => None,
            })
            .collect())
    }

    async fn ask(&self, name: &str, record_type: RecordType) -> Result<Vec<RData>, NoAnswer> {
        if let Some(own) = &self.own
            && let Ok(answers) = ask(own, name, record_type).await
        {
            return Ok(answers);
        }
        self.fallback.ask(name, record_type).await
    }
}

async fn ask(resolver: &TokioResolver, name: &str, record_type: RecordType) -> Result<Vec<RData>, NoAnswer> {
    // The final dot keeps the machine's search list out.
    let name = format!("{}.", name.trim_end_matches('.'));
    match tokio::time::timeout(QUESTION_TIMEOUT, resolver.lookup(name, record_type)).await {
        Ok(Ok(lookup)) => Ok(lookup.answers().iter().map(|record| record.data.clone()).collect()),
        // The name or the type is not there. Other response codes (SERVFAIL, REFUSED) say nothing.
        Ok(Err(NetError::Dns(DnsError::NoRecordsFound(_)))) => Ok(Vec::new()),
        Ok(Err(_)) | Err(_) => Err(NoAnswer),
    }
}
