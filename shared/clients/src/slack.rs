//! Slack's Web API, as far as approvals need it. See docs.slack.dev/reference/methods.

use std::time::Duration;

use actionlayer_domain::Secret;
use serde_json::{Value, json};

use crate::providers::{CALL_TIMEOUT, Http};

mod error;

pub use error::SlackError;

/// Where Slack is.
pub const SLACK_URL: &str = "https://slack.com";
/// Where it takes answers to interactions.
const RESPONSES_URL: &str = "https://hooks.slack.com";

/// A client of Slack, for any bot token.
#[derive(Debug, Clone)]
pub struct Slack {
    http: Http,
    base_url: String,
}

/// What `auth.test` says about a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlackBot {
    /// The Slack workspace.
    pub team_id: String,
    pub team_name: String,
    /// The bot's user.
    pub user_id: String,
}

/// A bot that was installed by OAuth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlackGrant {
    /// The Slack workspace.
    pub team_id: String,
    pub team_name: String,
    /// The bot's token.
    pub bot_token: Secret<String>,
    /// What it may do.
    pub scopes: Vec<String>,
}

/// The deployment's own app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlackClientCredentials {
    pub client_id: String,
    pub client_secret: Secret<String>,
}

impl Slack {
    /// Slack at this URL, [`SLACK_URL`] but for tests.
    pub fn at(base_url: &str) -> Self {
        Self { http: Http::default(), base_url: base_url.trim_end_matches('/').to_owned() }
    }

    /// Where people allow an app.
    pub fn authorize_url(&self, parameters: &[(&str, &str)]) -> String {
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
        format!("{}/oauth/v2/authorize?{query}", self.base_url)
    }

    /// `auth.test`: whose token it is.
    pub async fn auth_test(&self, token: &Secret<String>) -> Result<SlackBot, SlackError> {
        let answer = self.call("auth.test", token, &json!({}), CALL_TIMEOUT).await?;
        let text = |field: &str| answer[field].as_str().unwrap_or_default().to_owned();
        Ok(SlackBot { team_id: text("team_id"), team_name: text("team"), user_id: text("user_id") })
    }

    /// `chat.postMessage`; gives the message's `ts`. In a thread when `thread_ts` is given.
    pub async fn post_message(
        &self,
        token: &Secret<String>,
        channel: &str,
        thread_ts: Option<&str>,
        text: &str,
        blocks: &Value,
    ) -> Result<String, SlackError> {
        let mut body = message(channel, text, blocks);
        body["unfurl_links"] = false.into();
        body["unfurl_media"] = false.into();
        if let Some(thread_ts) = thread_ts {
            body["thread_ts"] = thread_ts.into();
        }
        let answer = self.call("chat.postMessage", token, &body, CALL_TIMEOUT).await?;
        // Taken, but nobody can say where it is: as good as no answer.
        answer["ts"].as_str().map(str::to_owned).ok_or(SlackError::NoAnswer)
    }

    /// `chat.update`.
    pub async fn update_message(
        &self,
        token: &Secret<String>,
        channel: &str,
        ts: &str,
        text: &str,
        blocks: &Value,
    ) -> Result<(), SlackError> {
        let mut body = message(channel, text, blocks);
        body["ts"] = ts.into();
        self.call("chat.update", token, &body, CALL_TIMEOUT).await.map(drop)
    }

    /// `chat.postEphemeral`: only that person sees it.
    pub async fn post_ephemeral(
        &self,
        token: &Secret<String>,
        channel: &str,
        user: &str,
        text: &str,
    ) -> Result<(), SlackError> {
        let body = json!({"channel": channel, "user": user, "text": text, "mrkdwn": false});
        self.call("chat.postEphemeral", token, &body, CALL_TIMEOUT).await.map(drop)
    }

    /// `views.open`. A trigger is good for three seconds, so there is no more time than `timeout`.
    pub async fn open_view(
        &self,
        token: &Secret<String>,
        trigger_id: &str,
        view: &Value,
        timeout: Duration,
    ) -> Result<(), SlackError> {
        let body = json!({"trigger_id": trigger_id, "view": view});
        self.call("views.open", token, &body, timeout).await.map(drop)
    }

    /// Answers an interaction so that only its author sees it. An address that is not Slack's is refused, whoever signed
    /// it.
    pub async fn respond(&self, response_url: &str, text: &str) -> Result<(), SlackError> {
        let is_slacks = |base: &str| response_url.strip_prefix(base).is_some_and(|path| path.starts_with('/'));
        if !is_slacks(RESPONSES_URL) && !is_slacks(&self.base_url) {
            return Err(SlackError::Other("not_a_response_url".to_owned()));
        }
        let body = json!({"response_type": "ephemeral", "replace_original": false, "text": text, "mrkdwn": false});
        let answer = Http::call(self.http.client()?.post(response_url).json(&body)).await?;
        match answer.status {
            200..=299 => Ok(()),
            429 => Err(SlackError::RateLimited { retry_after_seconds: answer.retry_after_seconds.unwrap_or(1) }),
            500..=599 => Err(SlackError::NoAnswer),
            _ => Err(SlackError::Other("response_url_refused".to_owned())),
        }
    }

    /// `oauth.v2.access`: turns the code of a redirect into a bot token.
    pub async fn oauth_access(
        &self,
        credentials: &SlackClientCredentials,
        code: &str,
        redirect_uri: &str,
    ) -> Result<SlackGrant, SlackError> {
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("code", code)
            .append_pair("redirect_uri", redirect_uri)
            .finish();
        let request = self
            .http
            .client()?
            .post(format!("{}/api/oauth.v2.access", self.base_url))
            .basic_auth(&credentials.client_id, Some(credentials.client_secret.expose()))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form);
        let answer = SlackError::of_answer(Http::call(request).await?)?;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let bot_token = text(&answer["access_token"]);
        if bot_token.is_empty() {
            return Err(SlackError::Other("no_access_token".to_owned()));
        }
        Ok(SlackGrant {
            team_id: text(&answer["team"]["id"]),
            team_name: text(&answer["team"]["name"]),
            bot_token: Secret::new(bot_token),
            scopes: text(&answer["scope"]).split(',').map(str::to_owned).collect(),
        })
    }

    async fn call(
        &self,
        method: &str,
        token: &Secret<String>,
        body: &Value,
        timeout: Duration,
    ) -> Result<Value, SlackError> {
        let request = self
            .http
            .client()?
            .post(format!("{}/api/{method}", self.base_url))
            .bearer_auth(token.expose())
            .timeout(timeout)
            .json(body);
        SlackError::of_answer(Http::call(request).await?)
    }
}

fn message(channel: &str, text: &str, blocks: &Value) -> Value {
    json!({"channel": channel, "text": text, "blocks": blocks, "mrkdwn": false, "parse": "none", "link_names": false})
}
