//! What a machine wrote about another mail: a claim of its sender. Nothing about a mail of ours is settled by one.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a report is about, by the name of its format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ReportKind {
    /// A mail was delivered, delayed or returned: a bounce (delivery status notification, RFC 3464).
    Dsn,
    /// A mail was opened or deleted: a read receipt (message disposition notification, RFC 8098).
    Mdn,
    /// Somebody complained about a mail (abuse reporting format, RFC 5965).
    Arf,
}

/// A report, as far as it can be read.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// What it is about.
    pub kind: ReportKind,
    /// The Message-ID of the mail it is about, without angle brackets.
    pub original_message_id: Option<String>,
    /// For whom that mail was, and what became of it.
    pub recipients: Vec<ReportedRecipient>,
    /// `Disposition` or `Feedback-Type`, lower case: `manual-action/mdn-sent-manually; displayed`, `abuse`.
    pub reason: Option<String>,
}

impl std::fmt::Debug for Report {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Report({:?}, …)", self.kind)
    }
}

/// One recipient of the mail a report is about.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportedRecipient {
    /// The address, as the report has it.
    pub email: String,
    /// `Action`, lower case: `failed`, `delayed`, `delivered`, `relayed` or `expanded`.
    pub action: Option<String>,
    /// `Status` (RFC 3463): `5.1.1`.
    pub status: Option<String>,
}

debug_without_content!(ReportedRecipient);
