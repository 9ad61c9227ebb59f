//! A machine that is not reached from outside asks Telegram for updates and hands them to the callback, as Telegram itself
//! would: so a real bot works from a laptop with nothing but its token.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use actionlayer_service::{App, secrets::telegram_bots};
use serde_json::{Value, json};
use tokio::{task::JoinSet, time::sleep};

/// How long Telegram holds a request while there is nothing new.
const WAIT_SECONDS: u64 = 25;
/// Between two looks at which bots there are.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// After a failure.
const PAUSE: Duration = Duration::from_secs(2);

/// Where things are.
#[derive(Clone)]
pub(crate) struct Polling {
    pub(crate) app: Arc<App>,
    pub(crate) http: reqwest::Client,
    /// The Bot API.
    pub(crate) api_url: String,
    /// This engine.
    pub(crate) own_url: String,
}

/// Asks for the updates of every bot that identities use, for ever.
pub(crate) async fn poll(polling: Polling) {
    let mut asking: BTreeMap<i64, tokio::task::AbortHandle> = BTreeMap::new();
    let mut tasks = JoinSet::new();
    loop {
        match telegram_bots(&polling.app).await {
            Ok(bots) => {
                let now: Vec<i64> = bots.iter().map(|bot| bot.bot_id).collect();
                asking.retain(|id, task| {
                    let kept = now.contains(id) && !task.is_finished();
                    if !kept {
                        task.abort();
                    }
                    kept
                });
                for bot in bots {
                    let (token, secret) = (bot.token.expose().clone(), bot.secret.expose().clone());
                    let polling = polling.clone();
                    asking.entry(bot.bot_id).or_insert_with(|| {
                        tasks.spawn(async move { ask(&polling, bot.bot_id, &token, &secret).await })
                    });
                }
            }
            Err(error) => tracing::warn!(%error, "the bots could not be read"),
        }
        while tasks.try_join_next().is_some() {}
        sleep(LOOK_AGAIN).await;
    }
}

async fn ask(polling: &Polling, bot_id: i64, token: &str, secret: &str) {
    let mut offset = 0;
    loop {
        let wanted = json!({"offset": offset, "timeout": WAIT_SECONDS, "allowed_updates": ["message", "callback_query", "my_chat_member"]});
        let answer = call(polling, token, "getUpdates", &wanted).await;
        let Some(updates) = answer.as_ref().and_then(|answer| answer["result"].as_array()) else {
            let said = answer.and_then(|answer| answer["description"].as_str().map(str::to_owned));
            tracing::warn!(bot_id, said, "Telegram gave no updates");
            sleep(PAUSE).await;
            continue;
        };
        for update in updates {
            if !hand_over(polling, bot_id, token, secret, update).await {
                break;
            }
            offset = update["update_id"].as_i64().map_or(offset, |id| id + 1);
        }
    }
}

/// `false`: not taken; it is asked for again.
async fn hand_over(polling: &Polling, bot_id: i64, token: &str, secret: &str, update: &Value) -> bool {
    let request = polling
        .http
        .post(format!("{}/callbacks/telegram/{bot_id}", polling.own_url))
        .header("x-telegram-bot-api-secret-token", secret)
        .json(update);
    let Ok(answer) = request.send().await else {
        sleep(PAUSE).await;
        return false;
    };
    // What is refused for good is let go, so that it does not stop what comes after it.
    if answer.status().is_server_error() {
        sleep(PAUSE).await;
        return false;
    }
    let mut method: Value = answer.json().await.unwrap_or_default();
    let name = method["method"].as_str().map(str::to_owned);
    if let (Some(name), Some(fields)) = (name, method.as_object_mut()) {
        fields.remove("method");
        call(polling, token, &name, &method).await;
    }
    true
}

async fn call(polling: &Polling, token: &str, method: &str, body: &Value) -> Option<Value> {
    let request = polling.http.post(format!("{}/bot{token}/{method}", polling.api_url)).json(body);
    // The address holds the token, so no error of this is logged.
    request.timeout(Duration::from_secs(WAIT_SECONDS + 10)).send().await.ok()?.json().await.ok()
}
