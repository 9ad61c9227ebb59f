//! Stripe on this machine: its API as far as subscriptions need it, pages on which a card works or is declined, signed
//! events, and time that renews what was paid.
//!
//! It refuses what Stripe refuses, with its words (docs.stripe.com/api). Everything survives a restart.

use std::sync::{Arc, OnceLock};

use axum::{
    Router,
    extract::DefaultBodyLimit,
    routing::{get, post},
};
use tokio::sync::Notify;

mod control;
mod deliver;
mod form;
mod methods;
mod object;
mod pages;
#[cfg(test)]
mod tests;
mod time;
mod world;

pub use world::{AGENCY_PRICE, PRO_PRICE, SECRET_KEY, WEBHOOK_SECRET};

use self::world::World;
use crate::{
    clock::LocalClock,
    faults::Faults,
    kept::Kept,
    state::{State, StateError},
};

/// More than a form has.
const MAX_BODY_BYTES: usize = 64 * 1024;

/// Stripe.
pub struct Stripe {
    world: Kept<World>,
    clock: Arc<LocalClock>,
    faults: Arc<Faults>,
    http: reqwest::Client,
    /// Rung when there is something to deliver, or time may have brought something about.
    changed: Notify,
    /// Where [`router`] is served, once it is.
    api_url: OnceLock<String>,
}

impl Stripe {
    /// Opens the Stripe kept in `state`.
    pub async fn open(
        state: State,
        clock: Arc<LocalClock>,
        faults: Arc<Faults>,
        http: reqwest::Client,
    ) -> Result<Arc<Self>, StateError> {
        let world = Kept::open(state, "stripe", World::default).await?;
        Ok(Arc::new(Self { world, clock, faults, http, changed: Notify::new(), api_url: OnceLock::new() }))
    }

    /// Says where [`router`] is served.
    pub fn served_at(&self, url: &str) {
        // Served once.
        _ = self.api_url.set(url.to_owned());
    }

    fn api_url(&self) -> &str {
        self.api_url.get().map_or("", String::as_str)
    }

    /// Where events go from now on.
    pub async fn set_webhook_url(&self, url: String) -> Result<(), StateError> {
        self.world.change(|world| world.webhook_url = url).await
    }

    /// Changes the world as it is now: what time brought about comes first.
    async fn change<R>(&self, work: impl FnOnce(&mut World, i64) -> R) -> Result<R, StateError> {
        let now = self.clock.now_ms() / 1_000;
        let done = self
            .world
            .change(|world| {
                time::pass(world, now);
                work(world, now)
            })
            .await?;
        self.changed.notify_waiters();
        Ok(done)
    }
}

/// Stripe as its clients reach it, and the pages that it sends browsers to.
pub fn router(stripe: Arc<Stripe>) -> Router {
    Router::new()
        .route("/v1/{*path}", get(methods::call).post(methods::call).delete(methods::call))
        .route("/c/pay/{id}", get(pages::checkout).post(pages::pay))
        .route("/p/session/{id}", get(pages::portal).post(pages::change))
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .with_state(stripe)
}

/// Stripe as tests order it about, and the curious see it: `/local/stripe`.
pub fn local_router(stripe: Arc<Stripe>) -> Router {
    Router::new()
        .route("/local/stripe", get(pages::overview))
        .route("/local/stripe/state", get(control::state).patch(control::change))
        .route("/local/stripe/deliver", post(control::deliver_again))
        .with_state(stripe)
}

/// Delivers events, and lets what is due come about, for as long as it is polled.
pub async fn deliver(stripe: Arc<Stripe>) {
    deliver::run(stripe).await;
}
