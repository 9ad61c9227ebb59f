//! Updates go to webhooks: one at a time for each person, tried again until a 2xx. Its body may carry a method call.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use serde_json::{Map, Value};

use super::{
    Telegram, methods,
    world::{Bot, Update, Webhook, World},
};
use crate::faults::{FaultKind, Service};

const ANSWER_WITHIN: Duration = Duration::from_secs(30);
const RETRY_FIRST_MS: i64 = 1_000;
const RETRY_MAX_MS: i64 = 60_000;
/// A press that could not be delivered for so long is dropped.
const PRESS_LIVES_MS: i64 = 150_000;

pub(super) async fn run(telegram: Arc<Telegram>) {
    loop {
        let mut changed = std::pin::pin!(telegram.changed.notified());
        changed.as_mut().enable();
        let now_ms = telegram.clock.now_ms();
        let (due, next_ms) = telegram.world.read(|world| due(world, now_ms)).await;
        if !due.is_empty() {
            let deliveries = due.into_iter().map(|(bot, webhook, update)| {
                let telegram = telegram.clone();
                async move { deliver(&telegram, &bot, &webhook, update).await }
            });
            let mut running: tokio::task::JoinSet<()> = tokio::task::JoinSet::new();
            deliveries.for_each(|delivery| _ = running.spawn(delivery));
            while running.join_next().await.is_some() {}
            continue;
        }
        tokio::select! {
            () = changed => {}
            () = telegram.clock.sleep_until(next_ms.unwrap_or(i64::MAX)), if next_ms.is_some() => {}
        }
    }
}

/// The first update of each person and bot, if it is due; and when the next one will be.
fn due(world: &World, now_ms: i64) -> (Vec<(Bot, Webhook, Update)>, Option<i64>) {
    let mut seen = BTreeSet::new();
    let (mut due, mut next_ms) = (Vec::new(), None::<i64>);
    for update in &world.updates {
        let Some(bot) = world.bot(update.bot_id) else { continue };
        let Some(webhook) = &bot.webhook else { continue };
        if !seen.insert((update.bot_id, update.user_id)) {
            continue;
        }
        if update.due_ms <= now_ms {
            due.push((bot.clone(), webhook.clone(), update.clone()));
        } else {
            next_ms = Some(next_ms.map_or(update.due_ms, |next| next.min(update.due_ms)));
        }
    }
    (due, next_ms)
}

async fn deliver(telegram: &Telegram, bot: &Bot, webhook: &Webhook, update: Update) {
    let now_ms = telegram.clock.now_ms();
    if update.kind == "callback_query" && now_ms - update.made_ms > PRESS_LIVES_MS {
        settle(telegram, &update, None).await;
        return;
    }
    let twice = telegram.faults.take(Service::Telegram, "webhook", &[FaultKind::DuplicateDelivery]).is_some();
    let mut outcome = post(telegram, webhook, &update).await;
    if twice {
        outcome = post(telegram, webhook, &update).await;
    }
    match outcome {
        Ok(answer) => {
            if let Some(mut call) = answer {
                let method =
                    call.remove("method").and_then(|method| method.as_str().map(str::to_owned)).unwrap_or_default();
                // As with the real one, nobody is told whether it was carried out.
                _ = methods::carry_out(telegram, &bot.token, &method, &call).await;
            }
            settle(telegram, &update, None).await;
        }
        Err((reason, retry_after_ms)) => {
            let delay = retry_after_ms.unwrap_or((RETRY_FIRST_MS << update.tries.min(6)).min(RETRY_MAX_MS));
            settle(telegram, &update, Some((reason, telegram.clock.now_ms() + delay))).await;
        }
    }
}

type Answer = Result<Option<Map<String, Value>>, (String, Option<i64>)>;

async fn post(telegram: &Telegram, webhook: &Webhook, update: &Update) -> Answer {
    let mut request = telegram.http.post(&webhook.url).timeout(ANSWER_WITHIN).json(&update.body);
    if !webhook.secret.is_empty() {
        request = request.header("x-telegram-bot-api-secret-token", &webhook.secret);
    }
    let answer = request.send().await.map_err(|_| ("Connection refused".to_owned(), None))?;
    let status = answer.status();
    let retry_after = answer.headers().get("retry-after").and_then(|value| value.to_str().ok()?.parse::<i64>().ok());
    let bytes = answer.bytes().await.map_err(|_| ("Read timeout expired".to_owned(), None))?;
    if !status.is_success() {
        let reason = format!(
            "Wrong response from the webhook: {} {}",
            status.as_u16(),
            status.canonical_reason().unwrap_or_default()
        );
        return Err((reason, retry_after.map(|seconds| seconds * 1000)));
    }
    let call: Option<Map<String, Value>> = serde_json::from_slice(&bytes).ok();
    Ok(call.filter(|call| call.contains_key("method")))
}

/// Forgets an update, or says when it is tried again.
async fn settle(telegram: &Telegram, update: &Update, failed: Option<(String, i64)>) {
    let id = update.id;
    let now_ms = telegram.clock.now_ms();
    let kept = telegram
        .world
        .change(|world| match failed {
            None => world.updates.retain(|update| update.id != id),
            Some((reason, due_ms)) => {
                if let Some(update) = world.updates.iter_mut().find(|update| update.id == id) {
                    update.tries += 1;
                    update.due_ms = due_ms;
                }
                let bot = world.bots.iter_mut().find(|bot| bot.id == update.bot_id);
                if let Some(webhook) = bot.and_then(|bot| bot.webhook.as_mut()) {
                    webhook.last_error = Some(reason);
                    webhook.last_error_ms = Some(now_ms);
                }
            }
        })
        .await;
    if let Err(error) = kept {
        tracing::error!(%error, "an update's delivery could not be kept, it will come again");
    }
    telegram.changed.notify_waiters();
}
