//! "Add to Slack": OAuth v2, with its page. See "Installing with OAuth", docs.slack.dev.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Query, State as Shared},
    response::{Html, IntoResponse, Redirect, Response},
};
use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use http::{HeaderMap, StatusCode, header};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    Slack,
    methods::Refusal,
    page::frame,
    world::{Consent, Grant, TEAM_ID, TEAM_NAME},
};
use crate::{markup::escape, ses::random};

#[derive(Deserialize)]
pub(super) struct Asked {
    client_id: String,
    #[serde(default)]
    scope: String,
    #[serde(default)]
    redirect_uri: String,
    #[serde(default)]
    state: String,
}

/// Asks a person whether the app may be installed.
pub(super) async fn ask(Shared(slack): Shared<Arc<Slack>>, Query(asked): Query<Asked>) -> Response {
    let name = slack
        .world
        .read(|world| world.apps.iter().find(|app| app.client_id == asked.client_id).map(|app| app.name.clone()))
        .await;
    let Some(name) = name else {
        return (StatusCode::BAD_REQUEST, Html(frame("Slack", "<p>invalid_client_id</p>", false))).into_response();
    };
    let hidden = [
        ("client_id", &asked.client_id),
        ("scope", &asked.scope),
        ("redirect_uri", &asked.redirect_uri),
        ("state", &asked.state),
    ]
    .map(|(field, value)| format!("<input type=hidden name={field} value=\"{}\">", escape(value)))
    .concat();
    let body = format!(
        "<main class=oauth><h1>{name} asks for access to {TEAM_NAME}</h1><p>It will be able to: <code>{}</code></p>\
         <form method=post>{hidden}<button class=primary>Allow</button></form></main>",
        escape(&asked.scope),
        name = escape(&name),
    );
    Html(frame("Add to Slack", &body, false)).into_response()
}

/// They allow it: back to the app, with a code.
pub(super) async fn allow(Shared(slack): Shared<Arc<Slack>>, axum::Form(asked): axum::Form<Asked>) -> Response {
    let made = slack
        .world
        .change(|world| {
            let app_id = world.apps.iter().find(|app| app.client_id == asked.client_id)?.id.clone();
            let code = format!("{}.{}", world.number(), hex::encode(random::<12>()));
            world.codes.push(Consent {
                code: code.clone(),
                app_id,
                redirect_uri: asked.redirect_uri.clone(),
                scopes: asked.scope.split(',').map(|scope| scope.trim().to_owned()).collect(),
                used: false,
            });
            Some(code)
        })
        .await;
    let Ok(Some(code)) = made else { return StatusCode::BAD_REQUEST.into_response() };
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("code", &code)
        .append_pair("state", &asked.state)
        .finish();
    Redirect::to(&format!("{}?{query}", asked.redirect_uri)).into_response()
}

/// `oauth.v2.access`.
pub(super) async fn access(slack: &Slack, headers: &HeaderMap, arguments: &Map<String, Value>) -> Response {
    let text = |name: &str| arguments.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let basic = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Basic "));
    let basic = basic.and_then(|value| BASE64.decode(value).ok()).and_then(|bytes| String::from_utf8(bytes).ok());
    let (client_id, client_secret) = match basic.as_deref().and_then(|pair| pair.split_once(':')) {
        Some((id, secret)) => (id.to_owned(), secret.to_owned()),
        None => (text("client_id"), text("client_secret")),
    };
    let granted = slack
        .world
        .change(|world| {
            let app = world.apps.iter().find(|app| app.client_id == client_id).cloned();
            let app = app.ok_or(Refusal::Word("invalid_client_id"))?;
            if app.client_secret != client_secret {
                return Err(Refusal::Word("bad_client_secret"));
            }
            let code = world.codes.iter_mut().find(|code| code.code == text("code") && code.app_id == app.id);
            let code = code.ok_or(Refusal::Word("invalid_code"))?;
            if code.used {
                return Err(Refusal::Word("code_already_used"));
            }
            if code.redirect_uri != text("redirect_uri") {
                return Err(Refusal::Word("bad_redirect_uri"));
            }
            code.used = true;
            let scopes = code.scopes.clone();
            let token = format!("xoxb-local-{}", hex::encode(random::<12>()));
            // Slack keeps one token for an app and workspace; installing again gives the same with the new scopes.
            let token = match world.tokens.iter_mut().find(|token| token.app_id == app.id && !token.revoked) {
                Some(known) => {
                    known.scopes.clone_from(&scopes);
                    known.token.clone()
                }
                None => {
                    world.tokens.push(Grant {
                        token: token.clone(),
                        app_id: app.id.clone(),
                        scopes: scopes.clone(),
                        revoked: false,
                    });
                    token
                }
            };
            Ok(json!({
                "ok": true, "access_token": token, "token_type": "bot", "scope": scopes.join(","), "app_id": app.id,
                "bot_user_id": app.bot_user_id, "team": {"id": TEAM_ID, "name": TEAM_NAME}, "enterprise": null,
                "is_enterprise_install": false, "authed_user": {"id": "U0DANA00001"},
            }))
        })
        .await;
    match granted {
        Ok(Ok(answer)) => Json(answer).into_response(),
        Ok(Err(refusal)) => refusal.into_response(),
        Err(_) => Refusal::Word("internal_error").into_response(),
    }
}
