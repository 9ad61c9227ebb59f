//! Some deliveries that are due, several at once.

use std::{collections::HashSet, sync::Arc};

use actionlayer_domain::{
    ThreadId, Timestamp, WebhookDelivery, WebhookUrl,
    webhook::{
        Care, DeliveryAnswers, DeliveryFailure, DisabledReason, MAX_IN_FLIGHT, Verdict, WebhookAttempt, WebhookSecrets,
        judge, kept, sequence_number, signature_headers,
    },
};
use actionlayer_store::{CommitError, Row, Transaction};
use tokio::task::JoinSet;

use super::Worker;
use crate::{App, ServiceError, secrets::webhook_secrets};

/// The type of the event.
const EVENT_HEADER: &str = "x-actionlayer-event";
/// The delivery's id.
const DELIVERY_HEADER: &str = "x-actionlayer-delivery";
/// Which try this is, from 1.
const ATTEMPT_HEADER: &str = "x-actionlayer-attempt";
/// Grows from event to event of a thread.
const SEQUENCE_HEADER: &str = "x-actionlayer-sequence";

/// Where deliveries go, and what they are signed with.
struct Signing {
    url: WebhookUrl,
    secrets: WebhookSecrets,
}

/// A try that was made and recorded.
struct Tried {
    thread_id: Option<ThreadId>,
    verdict: Verdict,
    next_attempt_at: Option<Timestamp>,
}

impl Worker<'_> {
    /// Tries deliveries, in order, as many at once as the endpoint has room for. Whether any was tried.
    pub(super) async fn round(&mut self, due: Vec<Row<WebhookDelivery>>) -> Result<bool, ServiceError> {
        let app = Arc::new(self.app.clone());
        let secrets = webhook_secrets(self.app, &self.webhook).await?;
        let signing = Arc::new(Signing { url: self.webhook.value.url.clone(), secrets });
        let mut waiting = due;
        let mut busy: HashSet<ThreadId> = HashSet::new();
        let mut under_way: JoinSet<Result<Tried, ServiceError>> = JoinSet::new();
        let mut tried_any = false;
        let mut outcome = Ok(());
        loop {
            while self.has_time() && outcome.is_ok() {
                let Some(row) = self.next(&mut waiting, &busy, under_way.len()) else { break };
                if !self.webhook.value.active && !row.value.requested {
                    self.give_up(&row, DeliveryFailure::WebhookInactive).await?;
                    tried_any = true;
                    continue;
                }
                busy.extend(row.value.thread_id());
                tried_any = true;
                under_way.spawn(attempt(Arc::clone(&app), Arc::clone(&signing), row));
            }
            let Some(finished) = under_way.join_next().await else { break };
            let interrupted = || ServiceError::Upstream { service: "webhook", code: "interrupted".to_owned() };
            match finished.unwrap_or_else(|_| Err(interrupted())) {
                Ok(tried) => {
                    if let Some(thread) = tried.thread_id {
                        busy.remove(&thread);
                    }
                    self.first_retry_at = self.first_retry_at.into_iter().chain(tried.next_attempt_at).min();
                    if let Err(error) = self.weigh(tried.verdict).await {
                        outcome = Err(error);
                    }
                }
                // What could not be recorded is tried again. What is under way is waited for first.
                Err(error) => outcome = Err(error),
            }
        }
        outcome.map(|()| tried_any)
    }

    /// The first delivery that may be tried now: of a thread that none is under way of, and where there is room.
    fn next(
        &self,
        waiting: &mut Vec<Row<WebhookDelivery>>,
        busy: &HashSet<ThreadId>,
        under_way: usize,
    ) -> Option<Row<WebhookDelivery>> {
        if under_way >= MAX_IN_FLIGHT {
            return None;
        }
        let is_free = |row: &Row<WebhookDelivery>| row.value.thread_id().is_none_or(|thread| !busy.contains(&thread));
        let active = self.webhook.value.active;
        let has_room = under_way < self.held.value.room(self.app.now());
        // What nobody wants any more needs no room, and what a person asked for waits for none.
        let may_go = |row: &Row<WebhookDelivery>| has_room || row.value.requested || !active;
        let place = waiting.iter().position(|row| is_free(row) && may_go(row))?;
        Some(waiting.remove(place))
    }

    /// What a try says about the endpoint.
    async fn weigh(&mut self, verdict: Verdict) -> Result<(), ServiceError> {
        let now = self.app.now();
        match verdict {
            Verdict::Taken | Verdict::Aborted => self.endpoint().succeeded(now),
            Verdict::Gone => self.disable(DisabledReason::Gone).await?,
            Verdict::NotNow { retry_after, .. } => {
                if self.endpoint().failed(now, retry_after) == Care::GiveUp {
                    self.disable(DisabledReason::Failing).await?;
                }
            }
        }
        Ok(())
    }
}

/// Makes one try, and records it.
async fn attempt(app: Arc<App>, signing: Arc<Signing>, row: Row<WebhookDelivery>) -> Result<Tried, ServiceError> {
    let mut delivery = row.value.clone();
    let body = serde_json::to_vec(&delivery.payload)
        .map_err(|_| ServiceError::Upstream { service: "webhook", code: "unserializable".to_owned() })?;
    let at = app.now();
    let headers = headers(&signing.secrets, &delivery, &body, at);
    let result = app.http.post_json(&signing.url, &headers, body).await;
    let now = app.now();
    let verdict = judge(&result, now);
    let (status_code, error) = match (&result, verdict) {
        (Ok(answer), Verdict::NotNow { error, .. }) => (Some(answer.status), Some(error)),
        (Ok(answer), Verdict::Aborted | Verdict::Gone) => {
            (Some(answer.status), Some(actionlayer_domain::webhook::AttemptError::Status))
        }
        (Ok(answer), Verdict::Taken) => (Some(answer.status), None),
        (Err(error), _) => (None, Some(*error)),
    };
    let duration_ms = u32::try_from(now.since(at).as_millis()).unwrap_or(u32::MAX);
    let made = WebhookAttempt { at, duration_ms, status_code, error };
    delivery.tried(made, verdict, now, app.entropy().next_u64());
    let answer = result.map(|answer| kept(&answer.body)).unwrap_or_default();
    record(&app, &row, &delivery, answer).await?;
    Ok(Tried { thread_id: delivery.thread_id(), verdict, next_attempt_at: delivery.next_attempt_at })
}

/// Writes a try down, with what was answered to it, if anything was.
async fn record(
    app: &App,
    row: &Row<WebhookDelivery>,
    delivery: &WebhookDelivery,
    answer: String,
) -> Result<(), ServiceError> {
    let mut transaction = Transaction::new();
    let DeliveryAnswers(mut answers) = app.store.body(row).await?;
    if answer.is_empty() && answers.is_empty() {
        transaction.replace(row, delivery)?;
    } else {
        answers.resize(row.value.attempts.len(), String::new());
        answers.push(answer);
        // Attempts and answers are counted from the end.
        let surplus = answers.len().saturating_sub(delivery.attempts.len());
        let answers = DeliveryAnswers(answers.split_off(surplus));
        transaction.replace_with_body(&app.store, row, delivery, &answers).await?;
    }
    match app.store.commit(transaction).await {
        // Only the holder of the lease writes; a conflict means that it lost it. What counts is what is written there.
        Ok(()) | Err(CommitError::Conflict { .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

fn headers(
    secrets: &WebhookSecrets,
    delivery: &WebhookDelivery,
    body: &[u8],
    at: Timestamp,
) -> Vec<(&'static str, String)> {
    let mut headers = Vec::from(signature_headers(secrets, &delivery.event_id.to_string(), body, at));
    headers.extend([
        (EVENT_HEADER, delivery.event.as_str().to_owned()),
        (DELIVERY_HEADER, delivery.id.to_string()),
        (ATTEMPT_HEADER, (delivery.tries + 1).to_string()),
        (SEQUENCE_HEADER, sequence_number(delivery.event_id).to_string()),
    ]);
    headers
}
