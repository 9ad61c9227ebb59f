//! What SES publishes about mail sent with a configuration set
//! (<https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html>), and its way out.
//!
//! An event is stored in the transaction of what it tells about and forgotten only once handed on: an accepted mail
//! always yields its events, at least once, across restarts.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use rusqlite::{OptionalExtension, Transaction, params};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::Notify;

use super::timestamps;
use crate::state::{State, StateError};

const RETRY_PAUSE: Duration = Duration::from_millis(500);

/// Where events are published.
#[async_trait]
pub trait FeedbackSink: Send + Sync {
    /// Takes one event, as the JSON SES publishes. Called again after an error.
    async fn publish(&self, event: Value) -> Result<(), Box<dyn std::error::Error + Send + Sync>>;
}

/// Events on their way out.
pub struct Events {
    state: State,
    sink: Arc<dyn FeedbackSink>,
    added: Notify,
}

impl Events {
    /// Opens the events kept in `state`.
    pub fn open(state: State, sink: Arc<dyn FeedbackSink>) -> Result<Self, StateError> {
        state.define(
            "CREATE TABLE IF NOT EXISTS ses_event (position INTEGER PRIMARY KEY AUTOINCREMENT, body TEXT NOT NULL)",
        )?;
        Ok(Self { state, sink, added: Notify::new() })
    }

    /// Adds an event within a transaction. Call [`Self::wake`] once that is committed.
    pub(crate) fn add(tx: &Transaction<'_>, event: &Value) -> rusqlite::Result<()> {
        tx.prepare_cached("INSERT INTO ses_event (body) VALUES (?1)")?.execute(params![event.to_string()])?;
        Ok(())
    }

    /// Tells the publisher that there is something new.
    pub(crate) fn wake(&self) {
        self.added.notify_waiters();
    }

    /// Hands events on in order, for ever.
    pub async fn publish(&self) {
        loop {
            let mut added = std::pin::pin!(self.added.notified());
            added.as_mut().enable();
            match self.publish_next().await {
                Ok(true) => {}
                Ok(false) => added.await,
                Err(error) => {
                    tracing::warn!(error = &*error, "an SES event could not be handed on, it will be retried");
                    tokio::time::sleep(RETRY_PAUSE).await;
                }
            }
        }
    }

    async fn publish_next(&self) -> Result<bool, Box<dyn std::error::Error + Send + Sync>> {
        let next: Option<(i64, String)> = self
            .state
            .call(|tx| {
                let sql = "SELECT position, body FROM ses_event ORDER BY position LIMIT 1";
                let mut statement = tx.prepare_cached(sql)?;
                Ok::<_, StateError>(statement.query_row([], |row| Ok((row.get(0)?, row.get(1)?))).optional()?)
            })
            .await?;
        let Some((position, body)) = next else { return Ok(false) };
        self.sink.publish(serde_json::from_str(&body)?).await?;
        self.state
            .call(move |tx| {
                tx.prepare_cached("DELETE FROM ses_event WHERE position = ?1")?.execute(params![position])?;
                Ok::<_, StateError>(())
            })
            .await?;
        Ok(true)
    }
}

/// The `mail` object of every event about one mail.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct EventMail(pub(super) Value);

impl EventMail {
    fn event(&self, kind: &str, key: &str, about: Value) -> Value {
        let mut event = json!({"eventType": kind, "mail": self.0});
        event[key] = about;
        event
    }

    /// The mail was accepted and will be attempted.
    pub(super) fn send(&self) -> Value {
        self.event("Send", "send", json!({}))
    }

    /// The mail reached the servers of `recipients`.
    pub(crate) fn delivery(&self, recipients: &[String], sent_ms: i64, delivered_ms: i64) -> Value {
        let mut event = self.event(
            "Delivery",
            "delivery",
            json!({
                "timestamp": timestamps::iso8601(delivered_ms),
                "processingTimeMillis": (delivered_ms - sent_ms).max(0),
                "recipients": recipients,
                "smtpResponse": "250 2.6.0 Message received",
                "reportingMTA": "a8-50.smtp-out.amazonses.com",
            }),
        );
        event["mail"]["tags"]["ses:outgoing-ip"] = json!(["127.0.0.1"]);
        event
    }

    /// The server of `recipient` refused for good; `sub_type`: `General`, `Suppressed`, `OnAccountSuppressionList`.
    pub(crate) fn bounce(&self, recipient: &str, sub_type: &str, diagnostic: &str, at_ms: i64) -> Value {
        self.event(
            "Bounce",
            "bounce",
            json!({
                "feedbackId": super::feedback_id(at_ms),
                "bounceType": "Permanent",
                "bounceSubType": sub_type,
                "bouncedRecipients": [{
                    "emailAddress": recipient,
                    "action": "failed",
                    "status": "5.1.1",
                    "diagnosticCode": diagnostic,
                }],
                "timestamp": timestamps::iso8601(at_ms),
                "reportingMTA": "dns; amazonses.com",
            }),
        )
    }

    /// `recipient` called the mail unwanted.
    pub(super) fn complaint(&self, recipient: &str, at_ms: i64) -> Value {
        self.event(
            "Complaint",
            "complaint",
            json!({
                "feedbackId": super::feedback_id(at_ms),
                "complaintSubType": null,
                "complainedRecipients": [{"emailAddress": recipient}],
                "timestamp": timestamps::iso8601(at_ms),
                "userAgent": "Amazon SES Mailbox Simulator",
                "complaintFeedbackType": "abuse",
                "arrivalDate": timestamps::iso8601(at_ms),
            }),
        )
    }
}
