//! `PATCH /local/slack/state`: what an administrator of the Slack workspace could do.

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::State as Shared,
    response::{IntoResponse, Redirect, Response},
};
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde_json::json;

use super::Slack;

/// One change after the other; what is absent stays.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Change {
    /// The app's signing secret, to name it, for what follows about an app.
    signing_secret: Option<String>,
    /// Its interactivity request URL.
    request_url: Option<String>,
    /// A bot token, for what follows about a token.
    token: Option<String>,
    revoked: Option<bool>,
    scopes: Option<Vec<String>>,
    /// A channel, for what follows about a channel.
    channel: Option<String>,
    archived: Option<bool>,
    /// Every bot is in it, or none.
    bots: Option<bool>,
}

pub(super) async fn change(Shared(slack): Shared<Arc<Slack>>, headers: HeaderMap, body: Bytes) -> Response {
    let is_form =
        headers.get("content-type").is_some_and(|kind| kind.as_bytes().starts_with(b"application/x-www-form"));
    let change: Change = if is_form {
        let mut change = Change::default();
        for (name, value) in form_urlencoded::parse(&body) {
            match name.as_ref() {
                "signing_secret" => change.signing_secret = Some(value.into_owned()),
                "request_url" => change.request_url = Some(value.trim().to_owned()),
                _ => {}
            }
        }
        change
    } else {
        match serde_json::from_slice(&body) {
            Ok(change) => change,
            Err(error) => {
                let body = json!({"error": "validation_error", "message": error.to_string()});
                return (StatusCode::UNPROCESSABLE_ENTITY, Json(body)).into_response();
            }
        }
    };
    let changed = slack
        .world
        .change(|world| {
            let apps: Vec<String> = world.apps.iter().map(|app| app.id.clone()).collect();
            let mut found = true;
            if let Some(secret) = &change.signing_secret {
                match world.apps.iter_mut().find(|app| app.signing_secret == *secret) {
                    Some(app) => {
                        app.request_url = change.request_url.clone().unwrap_or_else(|| app.request_url.clone());
                    }
                    None => found = false,
                }
            }
            if let Some(wanted) = &change.token {
                match world.tokens.iter_mut().find(|token| token.token == *wanted) {
                    Some(token) => {
                        token.revoked = change.revoked.unwrap_or(token.revoked);
                        if let Some(scopes) = &change.scopes {
                            token.scopes.clone_from(scopes);
                        }
                    }
                    None => found = false,
                }
            }
            if let Some(wanted) = &change.channel {
                match world.channels.iter_mut().find(|channel| channel.id == *wanted) {
                    Some(channel) => {
                        channel.archived = change.archived.unwrap_or(channel.archived);
                        match change.bots {
                            Some(true) => channel.apps = apps,
                            Some(false) => channel.apps.clear(),
                            None => {}
                        }
                    }
                    None => found = false,
                }
            }
            found
        })
        .await;
    match changed {
        Ok(true) if is_form => Redirect::to("/local/slack").into_response(),
        Ok(true) => Json(json!({"changed": true})).into_response(),
        Ok(false) => {
            let body =
                json!({"error": "not_found", "message": "There is no such app, token or channel in this Slack."});
            (StatusCode::NOT_FOUND, Json(body)).into_response()
        }
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
