//! Slack on this machine: its Web API, signed interactions, modals, OAuth, and a page that shows a channel as its members
//! see it, with buttons that work.
//!
//! It refuses what Slack refuses, with its words (docs.slack.dev). Who is there at the start: one workspace with two
//! people, four channels and two apps. Everything that was posted survives a restart.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use axum::{
    Router,
    extract::{DefaultBodyLimit, State as Shared},
    response::Response,
    routing::{get, post},
};
use serde_json::Value;

mod check;
mod control;
mod interact;
mod methods;
mod oauth;
mod page;
#[cfg(test)]
mod tests;
mod world;

pub use world::{
    APPROVALS_CHANNEL, OWN_APP_SECRET, OWN_APP_TOKEN, SHARED_APP_ID, SHARED_APP_SECRET, SHARED_CLIENT_ID,
    SHARED_CLIENT_SECRET,
};

use self::world::World;
use crate::{
    clock::LocalClock,
    faults::Faults,
    kept::Kept,
    state::{State, StateError},
};

/// How long an app has to answer an interaction.
const ANSWER_WITHIN: Duration = Duration::from_secs(3);
/// More than a message or a view may have.
const MAX_BODY_BYTES: usize = 1024 * 1024;

/// Slack.
pub struct Slack {
    world: Kept<World>,
    clock: Arc<LocalClock>,
    faults: Arc<Faults>,
    http: reqwest::Client,
    /// Where the Web API is served, once it is.
    api_url: OnceLock<String>,
}

impl Slack {
    /// Opens the Slack kept in `state`.
    pub async fn open(
        state: State,
        clock: Arc<LocalClock>,
        faults: Arc<Faults>,
        http: reqwest::Client,
    ) -> Result<Arc<Self>, StateError> {
        let world = Kept::open(state, "slack", World::fresh).await?;
        Ok(Arc::new(Self { world, clock, faults, http, api_url: OnceLock::new() }))
    }

    /// Says where [`router`] is served.
    pub fn served_at(&self, url: &str) {
        // Served once.
        _ = self.api_url.set(url.to_owned());
    }

    fn api_url(&self) -> &str {
        self.api_url.get().map_or("", String::as_str)
    }

    /// Where the app that is installed by OAuth is called.
    pub async fn set_shared_request_url(&self, url: String) -> Result<(), StateError> {
        self.world.change(|world| world.set_request_url(SHARED_APP_ID, url)).await.map(drop)
    }
}

/// Slack as its clients reach it: `/api/<method>`, `/oauth/v2/authorize` and `/actions/<id>`.
pub fn router(slack: Arc<Slack>) -> Router {
    Router::new()
        .route("/api/{method}", post(methods::call).get(methods::call))
        .route("/oauth/v2/authorize", get(oauth::ask).post(oauth::allow))
        .route("/actions/{id}", post(interact::respond))
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .with_state(slack)
}

/// Slack as people see it, and as tests order it about: `/local/slack`.
pub fn local_router(slack: Arc<Slack>) -> Router {
    Router::new()
        .route("/local/slack", get(page::show))
        .route("/local/slack/press", post(interact::press))
        .route("/local/slack/submit", post(interact::submit))
        .route("/local/slack/close", post(interact::close))
        .route("/local/slack/state", get(state).patch(control::change).post(control::change))
        .with_state(slack)
}

/// Everything there is, for tests and the curious.
async fn state(Shared(slack): Shared<Arc<Slack>>) -> Response {
    use axum::response::IntoResponse as _;
    let world = slack.world.read(|world| serde_json::to_value(world).unwrap_or_default()).await;
    axum::Json::<Value>(world).into_response()
}
