//! A domain the owner controls, and the five DNS records that prove it and route its mail.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{DomainId, DomainName, Timestamp, WorkspaceId};

/// A claim of a name that was not proven for so long gives way to another one.
pub const CLAIM_LIFETIME: Duration = Duration::from_hours(7 * 24);

/// Where a domain stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum DomainStatus {
    /// Not all five records were found yet.
    Pending,
    /// All five were found, and SES may send for it.
    Verified,
    /// It was verified, or had 7 days to be, and records are missing.
    Failed,
}

impl DomainStatus {
    /// The name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Verified => "verified",
            Self::Failed => "failed",
        }
    }
}

/// The type of a DNS record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum RecordType {
    /// Text.
    Txt,
    /// Mail exchanger.
    Mx,
}

/// What a record is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RecordPurpose {
    /// Proves that the workspace controls the name.
    Ownership,
    /// Lets SES send for it.
    Spf,
    /// The public key mail is signed with.
    Dkim,
    /// Lets SES receive for it.
    SesVerification,
    /// Routes its mail here.
    Inbound,
}

/// One record the owner must add, and what was last found in its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DnsRecord {
    /// TXT or MX.
    #[serde(rename = "type")]
    pub record_type: RecordType,
    /// The full name, without a trailing dot.
    pub name: String,
    /// The name without the registered domain, as registrars want it; `@` for the registered domain itself.
    pub registrar_name: String,
    /// The value to add. For MX the host; its preference is `priority`.
    pub value: String,
    /// Preference of an MX record.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub priority: Option<u16>,
    pub purpose: RecordPurpose,
    /// Whether the last check found it.
    pub verified: bool,
    /// What the last check found under that name and type.
    pub found: Vec<String>,
}

/// A domain of a workspace.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SendingDomain {
    pub id: DomainId,
    /// The workspace that claimed it.
    pub workspace_id: WorkspaceId,
    pub domain: DomainName,
    /// Where it stands.
    pub status: DomainStatus,
    /// The DKIM selector (RFC 6376, section 3.1).
    pub dkim_selector: String,
    /// The five records.
    pub records: Vec<DnsRecord>,
    /// A subdomain to use instead, when the name already receives mail elsewhere.
    pub suggestion: Option<String>,
    /// When it was claimed.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When DNS was last asked.
    pub last_checked_at: Option<Timestamp>,
    /// When all five were first found.
    pub verified_at: Option<Timestamp>,
}

impl SendingDomain {
    /// The records the last check did not find.
    pub fn missing_records(&self) -> impl Iterator<Item = &DnsRecord> {
        self.records.iter().filter(|record| !record.verified)
    }
}
