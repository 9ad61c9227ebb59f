//! Domains: what to enter at the registrar, and what DNS says about it.

use actionlayer_channels::legible::line;
use actionlayer_domain::{
    SendingDomain, Timestamp,
    sending_domain::{DnsRecord, DomainStatus, RecordPurpose, RecordType},
};
use askama::Template;

use super::{
    Access, Problem, Screen,
    parts::{When, when},
};
use crate::dashboard::Section;

#[derive(Template)]
#[template(path = "screens/domains.html")]
struct ListPage<'a> {
    problem: Option<Problem>,
    rows: Vec<Row>,
    access: Access,
    entered: &'a str,
}

struct Row {
    id: String,
    name: String,
    status: DomainStatus,
    missing: usize,
    at: When,
}

/// All domains, and the form for another.
pub fn domains(
    domains: &[SendingDomain],
    access: Access,
    entered: &str,
    problem: Option<Problem>,
    now: Timestamp,
) -> Screen {
    let row = |domain: &SendingDomain| Row {
        id: domain.id.to_string(),
        name: domain.domain.to_string(),
        status: domain.status,
        missing: domain.missing_records().count(),
        at: when(domain.created_at, now),
    };
    let page = ListPage { problem, rows: domains.iter().map(row).collect(), access, entered };
    Screen::of(Section::Domains, "Domains", &page)
}

#[derive(Template)]
#[template(path = "screens/domain.html")]
struct Page {
    problem: Option<Problem>,
    id: String,
    name: String,
    status: DomainStatus,
    records: Records,
    suggestion: Option<String>,
    access: Access,
    identities: usize,
}

/// The five records, as a table.
pub(super) struct Records {
    pub(super) rows: Vec<Record>,
    pub(super) is_verified: bool,
    pub(super) checked: Option<When>,
    /// What enters them where the DNS is a stand-in on one machine.
    pub(super) command: Option<String>,
}

pub(super) struct Record {
    pub(super) kind: &'static str,
    pub(super) purpose: &'static str,
    pub(super) name: String,
    pub(super) full_name: String,
    pub(super) value: String,
    pub(super) priority: Option<u16>,
    pub(super) verified: bool,
    /// What is wrong, and what to do.
    pub(super) says: String,
}

/// One domain with its records.
pub fn domain(
    domain: &SendingDomain,
    identities: usize,
    public_url: &str,
    access: Access,
    problem: Option<Problem>,
    now: Timestamp,
) -> Screen {
    let page = Page {
        problem,
        id: domain.id.to_string(),
        name: domain.domain.to_string(),
        status: domain.status,
        records: records(domain, public_url, now),
        suggestion: domain.suggestion.clone().filter(|_| domain.status != DomainStatus::Verified),
        access,
        identities,
    };
    Screen::of(Section::Domains, domain.domain.to_string(), &page)
}

/// Where this deployment is reached, if that is one machine for itself: its DNS is a stand-in, and no registrar's.
pub(super) fn own_machine(public_url: &str) -> Option<&str> {
    let is_loopback = ["http://127.0.0.1:", "http://localhost:", "http://[::1]:"];
    is_loopback.iter().any(|start| public_url.starts_with(start)).then_some(public_url)
}

pub(super) fn records(domain: &SendingDomain, public_url: &str, now: Timestamp) -> Records {
    let is_verified = domain.status == DomainStatus::Verified;
    let command = own_machine(public_url).filter(|_| !is_verified).map(|url| {
        let name = &domain.domain;
        format!("curl -s {url}/local/dns/publish -H 'Content-Type: application/json' -d '{{\"domain\": \"{name}\"}}'")
    });
    Records {
        rows: domain.records.iter().map(record).collect(),
        is_verified,
        command,
        checked: domain.last_checked_at.map(|at| when(at, now)),
    }
}

fn record(record: &DnsRecord) -> Record {
    Record {
        kind: match record.record_type {
            RecordType::Txt => "TXT",
            RecordType::Mx => "MX",
        },
        purpose: match record.purpose {
            RecordPurpose::Ownership => "Proves that the domain is yours",
            RecordPurpose::Spf => "SPF: allows sending",
            RecordPurpose::Dkim => "DKIM: signs what is sent",
            RecordPurpose::SesVerification => "Lets Amazon SES receive",
            RecordPurpose::Inbound => "Brings its mail here",
        },
        name: record.registrar_name.clone(),
        full_name: record.name.clone(),
        value: record.value.clone(),
        priority: record.priority,
        verified: record.verified,
        says: says(record),
    }
}

fn says(record: &DnsRecord) -> String {
    if record.verified {
        return String::new();
    }
    let found: Vec<_> = record.found.iter().map(|found| line(found)).collect();
    if found.is_empty() {
        return "Not found yet. New records show up within minutes, sometimes within hours.".to_owned();
    }
    let found = found.join("; ");
    match record.purpose {
        RecordPurpose::Spf => format!(
            "Found {found}. A name has one SPF record: replace it by the value here, which keeps what yours allows."
        ),
        RecordPurpose::Inbound => {
            format!("Found {found}: mail of this domain goes elsewhere. Replace it, or use a subdomain of its own.")
        }
        RecordPurpose::Dkim | RecordPurpose::Ownership | RecordPurpose::SesVerification => {
            format!("Found {found}. That is another value: copy it again, whole and without quotes.")
        }
    }
}
