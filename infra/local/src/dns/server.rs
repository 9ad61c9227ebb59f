//! The sockets: one port, UDP and TCP, answered by the published zones.

use std::net::SocketAddr;
use std::str::FromStr;
use std::time::Duration;

use async_trait::async_trait;
use hickory_proto::op::{Edns, Header, HeaderCounts, MessageType, Metadata, OpCode, ResponseCode};
use hickory_proto::rr::rdata::{A, AAAA, CNAME, MX, NS, SOA, TXT};
use hickory_proto::rr::{Name, RData, Record, RecordType};
use hickory_server::Server;
use hickory_server::net::NetError;
use hickory_server::net::runtime::Time;
use hickory_server::server::{Request, RequestHandler, ResponseHandler, ResponseInfo};
use hickory_server::zone_handler::MessageResponseBuilder;
use tokio::net::{TcpListener, UdpSocket};

use super::{Lookup, RecordKind, Zone, ZoneRecord, Zones};

/// Seconds a resolver may keep an answer: none, so that a change is seen by the next query.
const TTL_S: u32 = 0;
const TCP_IDLE: Duration = Duration::from_secs(10);
const TCP_RESPONSE_BUFFER: usize = 32;
/// Aliases of aliases are followed so far.
const MAX_ALIASES: usize = 8;
/// A free TCP port may be taken on UDP; this many ports are tried.
const PORT_ATTEMPTS: u32 = 20;

/// Why the DNS server could not start or stopped.
#[derive(Debug, thiserror::Error)]
pub enum DnsError {
    /// The address cannot be listened on.
    #[error("cannot listen for DNS on {address}")]
    Listen {
        /// The address asked for.
        address: SocketAddr,
        /// The system's reason.
        source: std::io::Error,
    },
    /// The running server failed.
    #[error("the DNS server stopped")]
    Serve(#[source] NetError),
}

/// A running DNS server; it stops when dropped.
pub struct DnsServer {
    address: SocketAddr,
    server: Server<Authority>,
}

impl DnsServer {
    /// Listens on `address` (UDP and TCP, the same port; port 0: any that is free on both) and answers from `zones`.
    pub async fn start(zones: Zones, address: SocketAddr) -> Result<Self, DnsError> {
        let (tcp, udp, bound) = bind(address).await.map_err(|source| DnsError::Listen { address, source })?;
        let mut server = Server::new(Authority { zones });
        server.register_socket(udp);
        server.register_listener(tcp, TCP_IDLE, TCP_RESPONSE_BUFFER);
        Ok(Self { address: bound, server })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops it and waits for the queries in progress.
    pub async fn stop(mut self) -> Result<(), DnsError> {
        self.server.shutdown_gracefully().await.map_err(DnsError::Serve)
    }
}

async fn bind(address: SocketAddr) -> std::io::Result<(TcpListener, UdpSocket, SocketAddr)> {
    let mut attempts = 0;
    loop {
        attempts += 1;
        let tcp = TcpListener::bind(address).await?;
        let bound = tcp.local_addr()?;
        match UdpSocket::bind(bound).await {
            Ok(udp) => return Ok((tcp, udp, bound)),
            Err(_) if address.port() == 0 && attempts < PORT_ATTEMPTS => {}
            Err(error) => return Err(error),
        }
    }
}

struct Authority {
    zones: Zones,
}

/// One answer before it is put on the wire.
struct Answer {
    code: ResponseCode,
    answers: Vec<Record>,
    soa: Option<Record>,
}

impl Answer {
    fn of(code: ResponseCode) -> Self {
        Self { code, answers: Vec::new(), soa: None }
    }
}

impl Authority {
    /// The alias of a name and the addresses of what it stands for, if they are in a published zone (RFC 1034 §4.3.2).
    async fn follow(&self, name: &str, kind: RecordKind) -> Vec<Record> {
        let (mut answers, mut name) = (Vec::new(), name.to_owned());
        for _ in 0..MAX_ALIASES {
            let aliases = self.zones.lookup(&name, RecordKind::Cname).await.unwrap_or_default();
            let (Some(alias), Some(owner)) = (aliases.first(), absolute(&name)) else { break };
            answers.extend(on_wire(&owner, alias));
            name.clone_from(&alias.value);
            let Some(owner) = absolute(&name) else { break };
            let found = self.zones.lookup(&name, kind).await.unwrap_or_default();
            answers.extend(found.iter().filter_map(|record| on_wire(&owner, record)));
            if !found.is_empty() {
                break;
            }
        }
        answers
    }

    async fn answer(&self, request: &Request) -> Answer {
        if request.metadata.message_type != MessageType::Query || request.metadata.op_code != OpCode::Query {
            return Answer::of(ResponseCode::NotImp);
        }
        let Ok(info) = request.request_info() else { return Answer::of(ResponseCode::FormErr) };
        let asked = info.query.query_type();
        let kind = match asked {
            RecordType::TXT => Some(RecordKind::Txt),
            RecordType::MX => Some(RecordKind::Mx),
            RecordType::NS => Some(RecordKind::Ns),
            RecordType::A => Some(RecordKind::A),
            RecordType::AAAA => Some(RecordKind::Aaaa),
            RecordType::CNAME => Some(RecordKind::Cname),
            _ => None,
        };
        let name = Name::from(info.query.name());
        let text = name.to_ascii();
        match self.zones.find(&text, kind).await {
            Ok(Lookup::NoSuchName { zone }) => {
                Answer { soa: zone.as_ref().and_then(soa), ..Answer::of(ResponseCode::NXDomain) }
            }
            Ok(Lookup::Found { zone, records }) => {
                let mut answers = Vec::new();
                if kind.is_some() || asked == RecordType::ANY {
                    answers.extend(records.iter().filter_map(|record| on_wire(&name, record)));
                }
                if let (true, Some(kind @ (RecordKind::A | RecordKind::Aaaa))) = (answers.is_empty(), kind) {
                    answers = self.follow(&text, kind).await;
                }
                let apex = super::canonical(&text) == zone.domain;
                if apex && (asked == RecordType::SOA || asked == RecordType::ANY) {
                    answers.extend(soa(&zone));
                }
                let published_ns = records.iter().any(|record| record.kind == RecordKind::Ns);
                if apex && !published_ns && (asked == RecordType::NS || asked == RecordType::ANY) {
                    answers.extend(name_server(&zone));
                }
                let soa = if answers.is_empty() { soa(&zone) } else { None };
                Answer { code: ResponseCode::NoError, answers, soa }
            }
            Err(error) => {
                tracing::error!(%error, "DNS lookup in the engine's state failed");
                Answer::of(ResponseCode::ServFail)
            }
        }
    }
}

#[async_trait]
impl RequestHandler for Authority {
    async fn handle_request<R: ResponseHandler, T: Time>(
        &self,
        request: &Request,
        mut response_handle: R,
    ) -> ResponseInfo {
        let answer = self.answer(request).await;
        let edns = request.edns.as_ref().map(|asked| {
            let mut edns = Edns::new();
            edns.set_max_payload(asked.max_payload().max(512)).set_version(0);
            edns
        });
        let mut metadata = Metadata::response_from_request(&request.metadata);
        metadata.authoritative = matches!(answer.code, ResponseCode::NoError | ResponseCode::NXDomain);
        metadata.response_code = answer.code;
        let response = MessageResponseBuilder::new(&request.queries, edns.as_ref()).build(
            metadata,
            answer.answers.iter(),
            std::iter::empty(),
            answer.soa.iter(),
            std::iter::empty(),
        );
        match response_handle.send_response(response).await {
            Ok(info) => info,
            Err(error) => {
                tracing::debug!(%error, "DNS answer could not be sent");
                let mut failed = Metadata::response_from_request(&request.metadata);
                failed.response_code = ResponseCode::ServFail;
                ResponseInfo::from(Header { metadata: failed, counts: HeaderCounts::default() })
            }
        }
    }
}

/// A published record as DNS data; `None` when its host is no DNS name (such a record can answer nobody).
fn on_wire(owner: &Name, record: &ZoneRecord) -> Option<Record> {
    let data = match record.kind {
        RecordKind::Txt => RData::TXT(TXT::from_bytes(if record.value.is_empty() {
            vec![b"".as_slice()]
        } else {
            record.value.as_bytes().chunks(255).collect()
        })),
        RecordKind::Mx => {
            let (preference, host) = record.exchange();
            RData::MX(MX::new(preference, absolute(host)?))
        }
        RecordKind::Ns => RData::NS(NS(absolute(&record.value)?)),
        RecordKind::A => RData::A(A(record.value.parse().ok()?)),
        RecordKind::Aaaa => RData::AAAA(AAAA(record.value.parse().ok()?)),
        RecordKind::Cname => RData::CNAME(CNAME(absolute(&record.value)?)),
    };
    Some(Record::from_rdata(owner.clone(), TTL_S, data))
}

fn soa(zone: &Zone) -> Option<Record> {
    let data = SOA::new(
        absolute(&format!("ns1.{}", zone.domain))?,
        absolute(&format!("hostmaster.{}", zone.domain))?,
        zone.serial,
        3600,
        600,
        86_400,
        TTL_S,
    );
    Some(Record::from_rdata(absolute(&zone.domain)?, TTL_S, RData::SOA(data)))
}

fn name_server(zone: &Zone) -> Option<Record> {
    let data = RData::NS(NS(absolute(&format!("ns1.{}", zone.domain))?));
    Some(Record::from_rdata(absolute(&zone.domain)?, TTL_S, data))
}

fn absolute(name: &str) -> Option<Name> {
    let mut name = Name::from_str(name.trim_end_matches('.')).ok()?;
    name.set_fqdn(true);
    Some(name)
}
