//! What Slack and Telegram call when somebody presses a button, and the way through "Add to Slack". Not part of the
//! documented API: the signature, the secret or the state is the credential.

use std::sync::Arc;

use actionlayer_pages::outcome::Outcome;
use actionlayer_service::{
    App,
    approvals::{
        slack_callback::{SlackAnswer, SlackRequest, slack_callback},
        slack_install::{InstallProblem, begin_install, finish_install},
        telegram_callback::{TelegramAnswer, telegram_callback},
    },
};
use axum::{
    Json, Router,
    body::Bytes,
    extract::{DefaultBodyLimit, Path, State},
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use http::{HeaderMap, StatusCode, header};

use super::email_links::answer::outcome;
use crate::{ApiError, Query};

/// More than an interaction with the longest text has, however it is encoded.
const MAX_BODY_BYTES: usize = 512 * 1024;
/// Binds an installation to the browser that began it.
const COOKIE: &str = "actionlayer_slack";

/// The callbacks of chats.
pub fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/callbacks/slack", post(slack_app))
        .route("/callbacks/slack/install", get(begin))
        .route("/callbacks/slack/oauth", get(finish))
        .route("/callbacks/slack/{callback_id}", post(slack_own))
        .route("/callbacks/telegram/{bot_id}", post(telegram))
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

async fn slack_app(State(app): State<Arc<App>>, headers: HeaderMap, body: Bytes) -> Result<Response, ApiError> {
    slack(&app, None, &headers, &body).await
}

async fn slack_own(
    State(app): State<Arc<App>>,
    Path(callback_id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, ApiError> {
    slack(&app, Some(&callback_id), &headers, &body).await
}

async fn slack(app: &App, callback_id: Option<&str>, headers: &HeaderMap, body: &[u8]) -> Result<Response, ApiError> {
    let request = SlackRequest {
        callback_id,
        timestamp: text(headers, "x-slack-request-timestamp"),
        signature: text(headers, "x-slack-signature"),
        body,
    };
    Ok(match slack_callback(app, request).await? {
        SlackAnswer::Empty => StatusCode::OK.into_response(),
        SlackAnswer::Modal(answer) => Json(answer).into_response(),
        SlackAnswer::Unauthorized => StatusCode::UNAUTHORIZED.into_response(),
        SlackAnswer::Malformed => StatusCode::BAD_REQUEST.into_response(),
    })
}

async fn telegram(
    State(app): State<Arc<App>>,
    Path(bot_id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, ApiError> {
    let Ok(bot_id) = bot_id.parse() else { return Ok(StatusCode::UNAUTHORIZED.into_response()) };
    let secret = text(&headers, "x-telegram-bot-api-secret-token");
    Ok(match telegram_callback(&app, bot_id, secret, &body).await? {
        TelegramAnswer::Empty => StatusCode::OK.into_response(),
        TelegramAnswer::Call(call) => Json(call).into_response(),
        TelegramAnswer::Unauthorized => StatusCode::UNAUTHORIZED.into_response(),
        TelegramAnswer::Malformed => StatusCode::BAD_REQUEST.into_response(),
    })
}

/// A browser begins: it gets a cookie and goes on to Slack.
async fn begin(State(app): State<Arc<App>>, mut query: Query) -> Response {
    let state = query.text("state").unwrap_or_default();
    match begin_install(&app, &state).await {
        Ok(begun) => {
            let secure = if app.settings.public_url.starts_with("https://") { "; Secure" } else { "" };
            let cookie = format!(
                "{COOKIE}={}; Path=/callbacks/slack; HttpOnly; SameSite=Lax; Max-Age=600{secure}",
                begun.browser
            );
            ([(header::SET_COOKIE, cookie)], Redirect::to(&begun.authorize_url)).into_response()
        }
        Err(problem) => not_installed(&problem),
    }
}

/// Slack sent the browser back.
async fn finish(State(app): State<Arc<App>>, headers: HeaderMap, mut query: Query) -> Response {
    let state = query.text("state").unwrap_or_default();
    let code = query.text("code");
    let browser = text(&headers, "cookie").and_then(|cookies| {
        cookies.split(';').find_map(|cookie| cookie.trim().strip_prefix(COOKIE)?.strip_prefix('='))
    });
    match finish_install(&app, &state, code.as_deref(), browser).await {
        Ok(team) => outcome(StatusCode::OK, &Outcome::SlackInstalled { team: &team }),
        Err(problem) => not_installed(&problem),
    }
}

fn not_installed(problem: &InstallProblem) -> Response {
    let (status, reason) = match problem {
        InstallProblem::BadState => {
            (StatusCode::GONE, "The link was used already, or is older than ten minutes.".to_owned())
        }
        InstallProblem::OtherBrowser => {
            (StatusCode::FORBIDDEN, "Another browser began. Open the link in this one.".to_owned())
        }
        InstallProblem::Denied => (StatusCode::OK, "Access was not granted.".to_owned()),
        InstallProblem::Slack { word, fix } => (StatusCode::BAD_GATEWAY, format!("Slack says: {word}. {fix}")),
        InstallProblem::Service(error) => {
            tracing::error!(%error, "Slack could not be installed");
            (StatusCode::SERVICE_UNAVAILABLE, "Something of ours failed. Try again.".to_owned())
        }
    };
    outcome(status, &Outcome::SlackNotInstalled { reason: &reason })
}
