//! The account: quota, the sending switch, the suppression list.

use rusqlite::{OptionalExtension, Transaction, params};
use serde::Deserialize;
use serde_json::{Value, json};

use super::error::SesError;
use super::headers::bare_address;
use crate::outbox::Outbox;
use crate::state::{State, StateError};

const DAY_MS: i64 = 24 * 3600 * 1000;

/// The account's own settings. Cheap to clone: every clone sees the same state.
#[derive(Clone)]
pub(super) struct Account {
    state: State,
}

/// Body of `PutSuppressedDestination`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct PutSuppressed {
    email_address: String,
    reason: String,
}

impl Account {
    pub(super) fn open(state: State) -> Result<Self, StateError> {
        state.define(
            "CREATE TABLE IF NOT EXISTS ses_suppressed (
                 address TEXT PRIMARY KEY, reason TEXT NOT NULL, updated_ms INTEGER NOT NULL);
             CREATE TABLE IF NOT EXISTS ses_sending (only INTEGER PRIMARY KEY CHECK (only = 1), enabled INTEGER NOT NULL)",
        )?;
        Ok(Self { state })
    }

    /// `GetAccount`.
    pub(super) async fn get(&self, now_ms: i64) -> Result<Value, SesError> {
        self.state
            .call(move |tx| {
                let sent = Outbox::count_since(tx, now_ms - DAY_MS)?;
                let enabled = sending_enabled(tx)?;
                Ok(json!({
                    "DedicatedIpAutoWarmupEnabled": false,
                    "EnforcementStatus": "HEALTHY",
                    "ProductionAccessEnabled": true,
                    "SendQuota": {"Max24HourSend": 50000.0, "MaxSendRate": 14.0, "SentLast24Hours": sent},
                    "SendingEnabled": enabled,
                    "SuppressionAttributes": {"SuppressedReasons": ["BOUNCE", "COMPLAINT"]},
                }))
            })
            .await
    }

    /// `PutAccountSendingAttributes`.
    pub(super) async fn put_sending(&self, enabled: bool) -> Result<Value, SesError> {
        self.state
            .call(move |tx| {
                let sql = "INSERT INTO ses_sending VALUES (1, ?1) ON CONFLICT DO UPDATE SET enabled = ?1";
                tx.execute(sql, params![enabled])?;
                Ok(json!({}))
            })
            .await
    }

    /// `PutSuppressedDestination`.
    pub(super) async fn suppress(&self, put: PutSuppressed, now_ms: i64) -> Result<Value, SesError> {
        if !matches!(put.reason.as_str(), "BOUNCE" | "COMPLAINT") {
            return Err(SesError::BadRequest("Reason must be BOUNCE or COMPLAINT.".to_owned()));
        }
        let address = bare_address(&put.email_address)
            .ok_or_else(|| SesError::BadRequest("Invalid email address.".to_owned()))?
            .to_ascii_lowercase();
        self.state
            .call(move |tx| {
                tx.execute(
                    "INSERT INTO ses_suppressed VALUES (?1, ?2, ?3)
                     ON CONFLICT DO UPDATE SET reason = ?2, updated_ms = ?3",
                    params![address, put.reason, now_ms],
                )?;
                Ok(json!({}))
            })
            .await
    }

    /// `GetSuppressedDestination`.
    pub(super) async fn suppressed(&self, address: &str) -> Result<Value, SesError> {
        let address = address.to_ascii_lowercase();
        self.state
            .call(move |tx| {
                let sql = "SELECT reason, updated_ms FROM ses_suppressed WHERE address = ?1";
                let found = tx.query_row(sql, params![address], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
                let (reason, updated_ms): (String, i64) = found.ok_or_else(|| not_suppressed(&address))?;
                Ok(json!({"SuppressedDestination": summary(&address, &reason, updated_ms)}))
            })
            .await
    }

    /// `ListSuppressedDestinations`: all of them, on one page.
    pub(super) async fn list_suppressed(&self) -> Result<Value, SesError> {
        self.state
            .call(|tx| {
                let sql = "SELECT address, reason, updated_ms FROM ses_suppressed ORDER BY address";
                let mut statement = tx.prepare_cached(sql)?;
                let rows = statement.query_map([], |row| {
                    Ok(summary(&row.get::<_, String>(0)?, &row.get::<_, String>(1)?, row.get(2)?))
                })?;
                let listed = rows.collect::<Result<Vec<_>, _>>()?;
                Ok(json!({"SuppressedDestinationSummaries": listed}))
            })
            .await
    }

    /// `DeleteSuppressedDestination`.
    pub(super) async fn unsuppress(&self, address: &str) -> Result<Value, SesError> {
        let address = address.to_ascii_lowercase();
        self.state
            .call(move |tx| match tx.execute("DELETE FROM ses_suppressed WHERE address = ?1", params![address])? {
                0 => Err(not_suppressed(&address)),
                _ => Ok(json!({})),
            })
            .await
    }
}

/// Whether the account may send.
pub(super) fn sending_enabled(tx: &Transaction<'_>) -> rusqlite::Result<bool> {
    let enabled = tx.query_row("SELECT enabled FROM ses_sending", [], |row| row.get(0)).optional()?;
    Ok(enabled.unwrap_or(true))
}

/// Whether the address (lower case) is on the account's suppression list.
pub(super) fn is_suppressed(tx: &Transaction<'_>, address: &str) -> rusqlite::Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM ses_suppressed WHERE address = ?1)";
    tx.prepare_cached(sql)?.query_row(params![address], |row| row.get(0))
}

fn summary(address: &str, reason: &str, updated_ms: i64) -> Value {
    // Timestamps of the SES v2 protocol are seconds since the epoch.
    json!({"EmailAddress": address, "Reason": reason, "LastUpdateTime": updated_ms / 1000})
}

fn not_suppressed(address: &str) -> SesError {
    SesError::NotFound(format!("Email address {address} does not exist on your suppression list."))
}
