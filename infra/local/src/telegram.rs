//! Telegram on this machine: a Bot API server, webhooks and `getUpdates`, and a page that shows a chat as its members see
//! it, with buttons that work.
//!
//! It refuses what the Bot API refuses, with its words (core.telegram.org/bots/api; tdlib/telegram-bot-api), and takes
//! webhooks by http as a Bot API server with `--local` does. Who is there at the start: two people, a bot, its chat with
//! one of them, a group and a supergroup. Everything survives a restart.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, State as Shared},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde_json::Value;
use tokio::sync::Notify;

mod control;
mod deliver;
mod html;
mod methods;
mod page;
mod poll;
#[cfg(test)]
mod tests;
mod updates;
mod world;

pub(crate) use poll::{Polling, poll};
pub use world::{BOT_ID, BOT_TOKEN, DANA_ID, EVE_ID, GROUP_ID, SUPERGROUP_ID};

use self::world::World;
use crate::{
    clock::LocalClock,
    faults::Faults,
    kept::Kept,
    state::{State, StateError},
};

const MAX_BODY_BYTES: usize = 256 * 1024;

/// Telegram.
pub struct Telegram {
    world: Kept<World>,
    clock: Arc<LocalClock>,
    faults: Arc<Faults>,
    http: reqwest::Client,
    /// There is something new: an update to deliver, or an answer to a press.
    changed: Notify,
}

impl Telegram {
    /// Opens the Telegram kept in `state`.
    pub async fn open(
        state: State,
        clock: Arc<LocalClock>,
        faults: Arc<Faults>,
        http: reqwest::Client,
    ) -> Result<Arc<Self>, StateError> {
        let world = Kept::open(state, "telegram", World::fresh).await?;
        Ok(Arc::new(Self { world, clock, faults, http, changed: Notify::new() }))
    }
}

/// The Bot API: `/bot<token>/<method>`.
pub fn router(telegram: Arc<Telegram>) -> Router {
    Router::new()
        .route("/{bot}/{method}", post(methods::call).get(methods::call))
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .with_state(telegram)
}

/// Telegram as people see it, and as tests order it about: `/local/telegram`.
pub fn local_router(telegram: Arc<Telegram>) -> Router {
    Router::new()
        .route("/local/telegram", get(page::show))
        .route("/local/telegram/press", post(updates::press))
        .route("/local/telegram/write", post(updates::write))
        .route("/local/telegram/state", get(state).patch(control::change))
        .with_state(telegram)
}

/// Delivers updates to webhooks, for ever.
pub async fn deliver(telegram: Arc<Telegram>) {
    deliver::run(telegram).await;
}

/// Everything there is, for tests and the curious.
async fn state(Shared(telegram): Shared<Arc<Telegram>>) -> Response {
    let world = telegram.world.read(|world| serde_json::to_value(world).unwrap_or_default()).await;
    Json::<Value>(world).into_response()
}
