//! What SES "found" about a sender: every check passes unless a rule for the sender says otherwise.

use axum::extract::{Query, State as Shared};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use bytes::Bytes;
use rusqlite::{OptionalExtension, params};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::ses::headers::{Headers, bare_address, domain_of};
use crate::state::{State, StateError};

/// The status of one check, in SES's words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Verdict {
    /// The check passed.
    #[default]
    Pass,
    /// The check failed.
    Fail,
    /// No conclusion (the sender publishes no policy, say).
    Gray,
    /// The check could not be done.
    ProcessingFailed,
    /// The check is switched off (spam and virus only).
    Disabled,
}

impl Verdict {
    /// As `X-SES-Spam-Verdict` and the event write it.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "PASS",
            Self::Fail => "FAIL",
            Self::Gray => "GRAY",
            Self::ProcessingFailed => "PROCESSING_FAILED",
            Self::Disabled => "DISABLED",
        }
    }

    /// As `Authentication-Results` writes it (RFC 8601 §2.7).
    pub(super) fn as_result(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Gray | Self::Disabled => "none",
            Self::ProcessingFailed => "temperror",
        }
    }
}

/// DMARC policy of a sender's domain; SES tells it when DMARC fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DmarcPolicy {
    /// Monitor only.
    None,
    /// Treat as suspicious.
    Quarantine,
    /// Refuse.
    #[default]
    Reject,
}

/// All checks of one mail.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Findings {
    /// Sender Policy Framework.
    pub spf: Verdict,
    /// DKIM signature.
    pub dkim: Verdict,
    /// DMARC: alignment of one of the two with From.
    pub dmarc: Verdict,
    /// Spam scan.
    pub spam: Verdict,
    /// Virus scan.
    pub virus: Verdict,
    /// Told only when DMARC fails.
    pub dmarc_policy: DmarcPolicy,
}

/// Findings for one sender: an address or a whole domain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct VerdictRule {
    /// `local@domain` or `domain`.
    pub sender: String,
    /// What is found about mail of that sender.
    #[serde(flatten)]
    pub findings: Findings,
}

/// The rules, kept in the engine's state.
#[derive(Clone)]
pub struct Verdicts {
    state: State,
}

impl Verdicts {
    /// Opens the rules kept in `state`.
    pub fn open(state: State) -> Result<Self, StateError> {
        state.define("CREATE TABLE IF NOT EXISTS verdict (sender TEXT PRIMARY KEY, findings TEXT NOT NULL)")?;
        Ok(Self { state })
    }

    /// Sets the rule for its sender, replacing an earlier one.
    pub async fn set(&self, rule: VerdictRule) -> Result<(), StateError> {
        let sender = rule.sender.to_ascii_lowercase();
        let findings = json!(rule.findings).to_string();
        self.state
            .call(move |tx| {
                tx.execute(
                    "INSERT INTO verdict (sender, findings) VALUES (?1, ?2)
                     ON CONFLICT (sender) DO UPDATE SET findings = excluded.findings",
                    params![sender, findings],
                )?;
                Ok(())
            })
            .await
    }

    /// Every rule, by sender.
    pub async fn list(&self) -> Result<Vec<VerdictRule>, StateError> {
        self.state
            .call(|tx| {
                let mut statement = tx.prepare_cached("SELECT sender, findings FROM verdict ORDER BY sender")?;
                let rows = statement.query_map([], |row| {
                    Ok(VerdictRule { sender: row.get(0)?, findings: stored(&row.get::<_, String>(1)?)? })
                })?;
                Ok(rows.collect::<Result<_, _>>()?)
            })
            .await
    }

    /// Forgets the rule of one sender, or all of them.
    pub async fn clear(&self, sender: Option<String>) -> Result<(), StateError> {
        let sender = sender.map(|sender| sender.to_ascii_lowercase());
        self.state
            .call(move |tx| {
                tx.execute("DELETE FROM verdict WHERE ?1 IS NULL OR sender = ?1", params![sender])?;
                Ok(())
            })
            .await
    }

    /// What is found about a mail: the rule of its From address, else of its envelope sender, else of their domains.
    pub(super) async fn of(&self, envelope_from: &str, headers: &Headers) -> Result<Findings, StateError> {
        let header_from = headers.addresses("From").into_iter().next().unwrap_or_default();
        let header_from = bare_address(&header_from).unwrap_or_default().to_ascii_lowercase();
        let envelope_from = envelope_from.to_ascii_lowercase();
        let domains = [domain_of(&header_from), domain_of(&envelope_from)];
        self.state
            .call(move |tx| {
                let mut statement = tx.prepare_cached("SELECT findings FROM verdict WHERE sender = ?1")?;
                for sender in [&header_from, &envelope_from].into_iter().chain(&domains) {
                    let rule = statement.query_row(params![sender], |row| row.get::<_, String>(0)).optional()?;
                    if let Some(rule) = rule {
                        return Ok(stored(&rule)?);
                    }
                }
                Ok(Findings::default())
            })
            .await
    }
}

fn stored(findings: &str) -> rusqlite::Result<Findings> {
    serde_json::from_str(findings)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, Box::new(error)))
}

/// `/local/verdicts`: `GET` lists, `PUT` sets one, `DELETE` (perhaps `?sender=`) forgets.
pub fn router(verdicts: Verdicts) -> Router {
    Router::new().route("/local/verdicts", get(list).put(set).delete(clear)).with_state(verdicts)
}

async fn list(Shared(verdicts): Shared<Verdicts>) -> Response {
    match verdicts.list().await {
        Ok(rules) => Json(json!({"data": rules})).into_response(),
        Err(error) => failed(&error),
    }
}

async fn set(Shared(verdicts): Shared<Verdicts>, body: Bytes) -> Response {
    let rule = match rule_from(&body) {
        Ok(rule) => rule,
        Err(error) if error.is_data() => return refused(StatusCode::UNPROCESSABLE_ENTITY, &error.to_string()),
        Err(error) => return refused(StatusCode::BAD_REQUEST, &error.to_string()),
    };
    if rule.sender.is_empty() || rule.sender.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return refused(StatusCode::UNPROCESSABLE_ENTITY, "sender must be an address or a domain");
    }
    match verdicts.set(rule.clone()).await {
        Ok(()) => Json(rule).into_response(),
        Err(error) => failed(&error),
    }
}

/// Reads a rule strictly: a misspelt check must not pass for "unchanged".
fn rule_from(body: &[u8]) -> serde_json::Result<VerdictRule> {
    let mut fields: Map<String, Value> = serde_json::from_slice(body)?;
    let sender = fields.remove("sender").ok_or_else(|| serde::de::Error::missing_field("sender"))?;
    Ok(VerdictRule { sender: serde_json::from_value(sender)?, findings: serde_json::from_value(fields.into())? })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClearQuery {
    sender: Option<String>,
}

async fn clear(Shared(verdicts): Shared<Verdicts>, Query(query): Query<ClearQuery>) -> Response {
    match verdicts.clear(query.sender).await {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(error) => failed(&error),
    }
}

fn refused(status: StatusCode, message: &str) -> Response {
    let code = if status == StatusCode::BAD_REQUEST { "invalid_json" } else { "validation_error" };
    (status, Json(json!({"error": code, "message": message}))).into_response()
}

fn failed(error: &StateError) -> Response {
    tracing::error!(%error, "verdicts could not be read or written");
    let body = Json(json!({"error": "internal", "message": "The engine's state failed; see its log."}));
    (StatusCode::INTERNAL_SERVER_ERROR, body).into_response()
}
