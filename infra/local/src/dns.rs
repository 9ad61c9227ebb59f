//! The authoritative DNS of this machine: zones published in the engine's state, answered over real UDP and TCP.
//!
//! Domain verification runs the same queries here as against the world. A name outside every published zone does not
//! exist; nothing is forwarded. Records live for zero seconds, so that publishing and taking down is seen at once.

use rusqlite::{Connection, OptionalExtension, params};
use serde::{Deserialize, Serialize};

use crate::state::{State, StateError};

#[cfg(test)]
mod guard_tests;
mod routes;
mod server;
#[cfg(test)]
mod tests;

pub use routes::{RecordsError, RecordsProvider, router};
pub use server::{DnsError, DnsServer};

/// The record types a zone may publish. SOA and NS of the zone itself are made by the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RecordKind {
    /// Text, of any length: split into strings of 255 octets on the wire (RFC 1035 §3.3.14).
    #[serde(rename = "TXT")]
    Txt,
    /// Mail exchanger (RFC 1035 §3.3.9).
    #[serde(rename = "MX")]
    Mx,
    /// A name server (RFC 1035 §3.3.11).
    #[serde(rename = "NS")]
    Ns,
    /// An IPv4 address (RFC 1035 §3.4.1).
    #[serde(rename = "A")]
    A,
    /// An IPv6 address (RFC 3596).
    #[serde(rename = "AAAA")]
    Aaaa,
    /// Another name for the host (RFC 1035 §3.3.1).
    #[serde(rename = "CNAME")]
    Cname,
}

impl RecordKind {
    fn as_str(self) -> &'static str {
        match self {
            Self::Txt => "TXT",
            Self::Mx => "MX",
            Self::Ns => "NS",
            Self::A => "A",
            Self::Aaaa => "AAAA",
            Self::Cname => "CNAME",
        }
    }

    fn from_stored(text: &str) -> Option<Self> {
        [Self::Txt, Self::Mx, Self::Ns, Self::A, Self::Aaaa, Self::Cname].into_iter().find(|kind| kind.as_str() == text)
    }
}

/// One published record. The JSON form is that of a domain's `records` in the product's API.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ZoneRecord {
    /// Record type.
    #[serde(rename = "type")]
    pub kind: RecordKind,
    /// Fully qualified owner name, with or without the final dot.
    pub name: String,
    /// The text of a TXT, the host of an MX (also in the form `10 host`), the host of an NS.
    pub value: String,
    /// Preference of an MX; 10 when neither this nor the value says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<u16>,
}

impl ZoneRecord {
    /// Preference and host of an MX record, whichever of the two notations it was published in.
    fn exchange(&self) -> (u16, &str) {
        let (in_value, host) = match self.value.trim().split_once(char::is_whitespace) {
            Some((preference, host)) => (preference.parse().ok(), host.trim()),
            None => (None, self.value.trim()),
        };
        (self.priority.or(in_value).unwrap_or(10), host)
    }
}

/// What a name answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Lookup {
    /// No published zone holds the name, or the zone has nothing at or below it.
    NoSuchName { zone: Option<Zone> },
    /// The name exists; these records (perhaps none) are of the type asked for.
    Found { zone: Zone, records: Vec<ZoneRecord> },
}

/// A published zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Zone {
    /// Apex name, lower case, no final dot.
    pub(crate) domain: String,
    /// Grows with every publication.
    pub(crate) serial: u32,
}

/// The published zones. Cheap to clone: every clone sees the same state.
#[derive(Clone)]
pub struct Zones {
    state: State,
}

impl Zones {
    /// Opens the zones kept in `state`.
    pub fn open(state: State) -> Result<Self, StateError> {
        state.define(
            "CREATE TABLE IF NOT EXISTS dns_zone (domain TEXT PRIMARY KEY, serial INTEGER NOT NULL);
             CREATE TABLE IF NOT EXISTS dns_record (
                 zone TEXT NOT NULL, position INTEGER NOT NULL, name TEXT NOT NULL, kind TEXT NOT NULL,
                 value TEXT NOT NULL, priority INTEGER, PRIMARY KEY (zone, position));
             CREATE INDEX IF NOT EXISTS dns_record_name ON dns_record (zone, name);",
        )?;
        Ok(Self { state })
    }

    /// Publishes `records` as the whole content of the zone `domain`, replacing what it held.
    pub async fn publish(&self, domain: &str, records: Vec<ZoneRecord>) -> Result<(), StateError> {
        let domain = canonical(domain);
        self.state
            .call(move |tx| {
                tx.execute(
                    "INSERT INTO dns_zone (domain, serial) VALUES (?1, 1)
                     ON CONFLICT (domain) DO UPDATE SET serial = serial + 1",
                    params![domain],
                )?;
                tx.execute("DELETE FROM dns_record WHERE zone = ?1", params![domain])?;
                for (position, record) in records.iter().enumerate() {
                    tx.execute(
                        "INSERT INTO dns_record (zone, position, name, kind, value, priority)
                         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                        params![
                            domain,
                            i64::try_from(position).unwrap_or(i64::MAX),
                            canonical(&record.name),
                            record.kind.as_str(),
                            record.value,
                            record.priority
                        ],
                    )?;
                }
                Ok(())
            })
            .await
    }

    /// Takes the zone `domain` down; whether there was one.
    pub async fn unpublish(&self, domain: &str) -> Result<bool, StateError> {
        let domain = canonical(domain);
        self.state
            .call(move |tx| {
                tx.execute("DELETE FROM dns_record WHERE zone = ?1", params![domain])?;
                let removed = tx.execute("DELETE FROM dns_zone WHERE domain = ?1", params![domain])?;
                Ok(removed > 0)
            })
            .await
    }

    /// The published records of one type at `name`; empty when there are none.
    pub async fn lookup(&self, name: &str, kind: RecordKind) -> Result<Vec<ZoneRecord>, StateError> {
        Ok(match self.find(name, Some(kind)).await? {
            Lookup::Found { records, .. } => records,
            Lookup::NoSuchName { .. } => Vec::new(),
        })
    }

    /// Answers a query: existence of the name, and its records of `kind` (`None`: of every type).
    pub(crate) async fn find(&self, name: &str, kind: Option<RecordKind>) -> Result<Lookup, StateError> {
        let name = canonical(name);
        self.state.call(move |tx| find(tx, &name, kind).map_err(StateError::from)).await
    }
}

fn find(conn: &Connection, name: &str, kind: Option<RecordKind>) -> rusqlite::Result<Lookup> {
    let Some(zone) = enclosing_zone(conn, name)? else { return Ok(Lookup::NoSuchName { zone: None }) };
    // Owner names below this one make it exist too, without records of its own (RFC 8020).
    let below = format!(".{name}");
    let exists = name == zone.domain
        || conn.query_row(
            "SELECT EXISTS (SELECT 1 FROM dns_record
             WHERE zone = ?1 AND (name = ?2 OR substr(name, -length(?3)) = ?3))",
            params![zone.domain, name, below],
            |row| row.get::<_, bool>(0),
        )?;
    if !exists {
        return Ok(Lookup::NoSuchName { zone: Some(zone) });
    }
    let mut statement = conn.prepare_cached(
        "SELECT kind, name, value, priority FROM dns_record
         WHERE zone = ?1 AND name = ?2 AND (?3 IS NULL OR kind = ?3) ORDER BY position",
    )?;
    let mut rows = statement.query(params![zone.domain, name, kind.map(RecordKind::as_str)])?;
    let mut records = Vec::new();
    while let Some(row) = rows.next()? {
        let Some(kind) = RecordKind::from_stored(&row.get::<_, String>(0)?) else { continue };
        records.push(ZoneRecord { kind, name: row.get(1)?, value: row.get(2)?, priority: row.get(3)? });
    }
    Ok(Lookup::Found { zone, records })
}

/// The closest published zone at or above `name`.
fn enclosing_zone(conn: &Connection, name: &str) -> rusqlite::Result<Option<Zone>> {
    let mut statement = conn.prepare_cached("SELECT domain, serial FROM dns_zone WHERE domain = ?1")?;
    let mut candidate = Some(name);
    while let Some(domain) = candidate {
        let zone = statement
            .query_row(params![domain], |row| Ok(Zone { domain: row.get(0)?, serial: row.get(1)? }))
            .optional()?;
        if zone.is_some() {
            return Ok(zone);
        }
        candidate = domain.split_once('.').map(|(_, parent)| parent);
    }
    Ok(None)
}

/// Names compare without case and without the final dot.
fn canonical(name: &str) -> String {
    name.trim_end_matches('.').to_ascii_lowercase()
}
