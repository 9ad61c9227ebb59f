//! Everything that left: kept as it was sent, listed for people, and carried on to where it has a place to go.
//!
//! A mail enters in the very transaction that accepts it, with a row for each recipient still to be reached. Recipients
//! of domains verified here come back in through SES receiving; the others go to the relay when there is one. What is
//! undelivered when the engine dies is delivered at the next start; coming back in is keyed by the outbox id, so that a
//! repetition is the same received message.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{Path, Query, State as Shared};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use rusqlite::{OptionalExtension, Transaction, params};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::clock::LocalClock;
use crate::ses::events::{EventMail, Events};
use crate::ses::timestamps;
use crate::smtp::relay::{Relay, RelayOutcome};
use crate::smtp::{Incoming, Receiver, inbound_id_of};
use crate::state::{State, StateError};

const RETRY_FIRST_MS: i64 = 500;
const RETRY_MAX_MS: i64 = 60_000;
/// How long SES tries to deliver before it gives up: 14 hours.
const GIVE_UP_MS: i64 = 14 * 3600 * 1000;
const EXPIRED: &str = "smtp; 554 4.4.7 Message expired: unable to deliver in 840 minutes";
const STATE_RETRY_PAUSE: Duration = Duration::from_secs(1);
const LIST_DEFAULT: u32 = 1000;

/// Where a recipient is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    /// Back in through SES receiving.
    LoopBack,
    /// The SMTP host given at start.
    Relay,
}

impl Route {
    fn as_str(self) -> &'static str {
        match self {
            Self::LoopBack => "loop_back",
            Self::Relay => "relay",
        }
    }
}

/// A mail being accepted.
pub(crate) struct Outgoing {
    pub(crate) id: String,
    pub(crate) ses_message_id: String,
    pub(crate) envelope_from: String,
    pub(crate) envelope_to: Vec<String>,
    pub(crate) sent_ms: i64,
    pub(crate) raw: Vec<u8>,
    /// Recipients still to be reached, and where.
    pub(crate) routes: Vec<(String, Route)>,
    /// What events about this mail say; `None`: nobody asked for events.
    pub(crate) events: Option<EventMail>,
}

/// The outbox.
pub struct Outbox {
    state: State,
    clock: Arc<LocalClock>,
    relay: Option<Relay>,
    events: Arc<Events>,
    added: Notify,
}

/// Recipients of one mail to be reached over one route.
struct Due {
    outbox_id: String,
    recipients: Vec<String>,
    attempts: u32,
    envelope_from: String,
    raw: Vec<u8>,
    sent_ms: i64,
    events: Option<EventMail>,
}

enum Step {
    Attempted,
    NothingDue { next_due_ms: Option<i64> },
}

impl Outbox {
    /// Opens the outbox kept in `state`. Without a relay, mail to the world stays here and counts as delivered.
    pub fn open(
        state: State,
        clock: Arc<LocalClock>,
        events: Arc<Events>,
        relay: Option<Relay>,
    ) -> Result<Self, StateError> {
        state.define(
            "CREATE TABLE IF NOT EXISTS outbox (
                 position INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, ses_message_id TEXT NOT NULL,
                 envelope_from TEXT NOT NULL, envelope_to TEXT NOT NULL, sent_ms INTEGER NOT NULL, events TEXT,
                 raw BLOB NOT NULL);
             CREATE TABLE IF NOT EXISTS outbox_delivery (
                 outbox_id TEXT NOT NULL, recipient TEXT NOT NULL, route TEXT NOT NULL,
                 attempts INTEGER NOT NULL DEFAULT 0, due_ms INTEGER NOT NULL, PRIMARY KEY (outbox_id, recipient));
             CREATE INDEX IF NOT EXISTS outbox_delivery_due ON outbox_delivery (route, due_ms);",
        )?;
        Ok(Self { state, clock, relay, events, added: Notify::new() })
    }

    pub(crate) fn has_relay(&self) -> bool {
        self.relay.is_some()
    }

    /// Adds a mail within the transaction that accepts it. Call [`Self::wake`] once that is committed.
    pub(crate) fn add(tx: &Transaction<'_>, mail: &Outgoing) -> rusqlite::Result<()> {
        tx.execute(
            "INSERT INTO outbox (id, ses_message_id, envelope_from, envelope_to, sent_ms, events, raw)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            params![
                mail.id,
                mail.ses_message_id,
                mail.envelope_from,
                json!(mail.envelope_to).to_string(),
                mail.sent_ms,
                mail.events.as_ref().map(|events| json!(events).to_string()),
                mail.raw,
            ],
        )?;
        for (recipient, route) in &mail.routes {
            tx.execute(
                "INSERT OR IGNORE INTO outbox_delivery (outbox_id, recipient, route, due_ms) VALUES (?1, ?2, ?3, ?4)",
                params![mail.id, recipient, route.as_str(), mail.sent_ms],
            )?;
        }
        Ok(())
    }

    /// Tells the deliverers that there is something new.
    pub(crate) fn wake(&self) {
        self.added.notify_waiters();
    }

    /// Mails accepted since `since_ms`.
    pub(crate) fn count_since(tx: &Transaction<'_>, since_ms: i64) -> rusqlite::Result<i64> {
        tx.query_row("SELECT count(*) FROM outbox WHERE sent_ms >= ?1", params![since_ms], |row| row.get(0))
    }

    /// Delivers what is due, for ever. `receiver` takes what comes back in.
    pub async fn deliver(&self, receiver: &Receiver) {
        tokio::join!(self.work(Route::LoopBack, receiver), self.work(Route::Relay, receiver));
    }

    async fn work(&self, route: Route, receiver: &Receiver) {
        loop {
            let mut added = std::pin::pin!(self.added.notified());
            added.as_mut().enable();
            let next_due_ms = match self.step(route, receiver).await {
                Ok(Step::Attempted) => continue,
                Ok(Step::NothingDue { next_due_ms }) => next_due_ms,
                Err(error) => {
                    tracing::error!(%error, "the outbox could not be read or written, it will be tried again");
                    tokio::time::sleep(STATE_RETRY_PAUSE).await;
                    continue;
                }
            };
            tokio::select! {
                () = added => {}
                () = self.clock.sleep_until(next_due_ms.unwrap_or(i64::MAX)), if next_due_ms.is_some() => {}
            }
        }
    }

    async fn step(&self, route: Route, receiver: &Receiver) -> Result<Step, StateError> {
        match self.due(route).await? {
            Some(due) => self.attempt(route, due, receiver).await.map(|()| Step::Attempted),
            None => Ok(Step::NothingDue { next_due_ms: self.next_due_ms(route).await? }),
        }
    }

    async fn attempt(&self, route: Route, due: Due, receiver: &Receiver) -> Result<(), StateError> {
        let outcome = match (route, &self.relay) {
            (Route::LoopBack, _) => loop_back(&due, receiver).await,
            (Route::Relay, Some(relay)) => relay.send(&due.envelope_from, &due.recipients, &due.raw).await,
            // Accepted when there was a relay; without one the outbox is where mail ends.
            (Route::Relay, None) => RelayOutcome::all_delivered(&due.recipients),
        };
        let now_ms = self.clock.now_ms();
        let gives_up = now_ms - due.sent_ms > GIVE_UP_MS;
        let retry_ms = now_ms + (RETRY_FIRST_MS << due.attempts.min(10)).min(RETRY_MAX_MS);
        self.state
            .call(move |tx| {
                let mut settled = outcome.delivered.clone();
                let mut bounced = outcome.refused;
                for recipient in outcome.deferred {
                    if gives_up {
                        bounced.push((recipient, EXPIRED.to_owned()));
                    } else {
                        tx.execute(
                            "UPDATE outbox_delivery SET attempts = attempts + 1, due_ms = ?3
                             WHERE outbox_id = ?1 AND recipient = ?2",
                            params![due.outbox_id, recipient, retry_ms],
                        )?;
                    }
                }
                if let Some(mail) = &due.events {
                    if !outcome.delivered.is_empty() {
                        Events::add(tx, &mail.delivery(&outcome.delivered, due.sent_ms, now_ms))?;
                    }
                    for (recipient, diagnostic) in &bounced {
                        Events::add(tx, &mail.bounce(recipient, "General", diagnostic, now_ms))?;
                    }
                }
                settled.extend(bounced.into_iter().map(|(recipient, _)| recipient));
                for recipient in &settled {
                    tx.execute(
                        "DELETE FROM outbox_delivery WHERE outbox_id = ?1 AND recipient = ?2",
                        params![due.outbox_id, recipient],
                    )?;
                }
                Ok::<_, StateError>(())
            })
            .await?;
        self.events.wake();
        Ok(())
    }

    /// The mail longest due on a route, with all its recipients there that are due.
    async fn due(&self, route: Route) -> Result<Option<Due>, StateError> {
        let now_ms = self.clock.now_ms();
        self.state
            .call(move |tx| {
                let oldest: Option<String> = tx
                    .prepare_cached(
                        "SELECT outbox_id FROM outbox_delivery WHERE route = ?1 AND due_ms <= ?2
                         ORDER BY due_ms LIMIT 1",
                    )?
                    .query_row(params![route.as_str(), now_ms], |row| row.get(0))
                    .optional()?;
                let Some(outbox_id) = oldest else { return Ok(None) };
                let mut recipients = Vec::new();
                let mut attempts = 0;
                let mut statement = tx.prepare_cached(
                    "SELECT recipient, attempts FROM outbox_delivery
                     WHERE outbox_id = ?1 AND route = ?2 AND due_ms <= ?3 ORDER BY rowid",
                )?;
                let mut rows = statement.query(params![outbox_id, route.as_str(), now_ms])?;
                while let Some(row) = rows.next()? {
                    recipients.push(row.get(0)?);
                    attempts = row.get::<_, u32>(1)?.max(attempts);
                }
                let due = tx
                    .prepare_cached("SELECT envelope_from, raw, sent_ms, events FROM outbox WHERE id = ?1")?
                    .query_row(params![outbox_id], |row| {
                        let events: Option<String> = row.get(3)?;
                        Ok(Due {
                            outbox_id: outbox_id.clone(),
                            recipients,
                            attempts,
                            envelope_from: row.get(0)?,
                            raw: row.get(1)?,
                            sent_ms: row.get(2)?,
                            events: events.and_then(|events| serde_json::from_str(&events).ok()),
                        })
                    })?;
                Ok(Some(due))
            })
            .await
    }

    async fn next_due_ms(&self, route: Route) -> Result<Option<i64>, StateError> {
        self.state
            .call(move |tx| {
                let sql = "SELECT min(due_ms) FROM outbox_delivery WHERE route = ?1";
                Ok(tx.query_row(sql, params![route.as_str()], |row| row.get(0))?)
            })
            .await
    }

    pub(crate) async fn list(&self, limit: u32, base_url: String) -> Result<Vec<Value>, StateError> {
        self.state
            .call(move |tx| {
                let mut statement = tx.prepare_cached(
                    "SELECT id, envelope_from, envelope_to, ses_message_id, sent_ms FROM outbox
                     ORDER BY position DESC LIMIT ?1",
                )?;
                let rows = statement.query_map(params![limit], |row| {
                    let id: String = row.get(0)?;
                    let envelope_to: String = row.get(2)?;
                    Ok(json!({
                        "raw_url": format!("{base_url}/local/outbox/{id}/raw"),
                        "id": id,
                        "envelope_from": row.get::<_, String>(1)?,
                        "envelope_to": serde_json::from_str::<Value>(&envelope_to).unwrap_or_default(),
                        "ses_message_id": row.get::<_, String>(3)?,
                        "sent_at": timestamps::iso8601(row.get(4)?),
                    }))
                })?;
                Ok(rows.collect::<Result<_, _>>()?)
            })
            .await
    }

    pub(crate) async fn raw(&self, id: String) -> Result<Option<Vec<u8>>, StateError> {
        self.state
            .call(move |tx| {
                let sql = "SELECT raw FROM outbox WHERE id = ?1";
                Ok(tx.query_row(sql, params![id], |row| row.get(0)).optional()?)
            })
            .await
    }
}

async fn loop_back(due: &Due, receiver: &Receiver) -> RelayOutcome {
    let incoming = Incoming {
        message_id: inbound_id_of(due.outbox_id.as_bytes()),
        envelope_from: due.envelope_from.clone(),
        recipients: due.recipients.clone(),
        helo: "a8-50.smtp-out.amazonses.com".to_owned(),
        peer: std::net::Ipv4Addr::LOCALHOST.into(),
        raw: due.raw.clone(),
    };
    match receiver.receive(incoming).await {
        Ok(()) => RelayOutcome::all_delivered(&due.recipients),
        Err(error) => {
            tracing::warn!(error = &error as &dyn std::error::Error, "mail could not come back in, it will be retried");
            RelayOutcome::all_deferred(&due.recipients)
        }
    }
}

/// `GET /local/outbox` (newest first; `?limit=`, default 1000) and `GET /local/outbox/{id}/raw`.
pub fn router(outbox: Arc<Outbox>) -> axum::Router {
    axum::Router::new().route("/local/outbox", get(list)).route("/local/outbox/{id}/raw", get(raw)).with_state(outbox)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ListQuery {
    limit: Option<u32>,
}

async fn list(Shared(outbox): Shared<Arc<Outbox>>, Query(query): Query<ListQuery>, headers: HeaderMap) -> Response {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let base_url = host.map(|host| format!("http://{host}")).unwrap_or_default();
    match outbox.list(query.limit.unwrap_or(LIST_DEFAULT), base_url).await {
        Ok(mails) => Json(json!({"data": mails})).into_response(),
        Err(error) => failed(&error),
    }
}

async fn raw(Shared(outbox): Shared<Arc<Outbox>>, Path(id): Path<String>) -> Response {
    match outbox.raw(id).await {
        Ok(Some(raw)) => ([(header::CONTENT_TYPE, "message/rfc822")], raw).into_response(),
        Ok(None) => {
            let body = json!({"error": "not_found", "message": "No mail of that id has left."});
            (StatusCode::NOT_FOUND, Json(body)).into_response()
        }
        Err(error) => failed(&error),
    }
}

fn failed(error: &StateError) -> Response {
    tracing::error!(%error, "the outbox could not be read");
    let body = json!({"error": "internal", "message": "The engine's state failed; see its log."});
    (StatusCode::INTERNAL_SERVER_ERROR, Json(body)).into_response()
}
