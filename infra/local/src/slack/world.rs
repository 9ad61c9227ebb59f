//! Who and what there is in this Slack.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The Slack workspace.
pub(crate) const TEAM_ID: &str = "T0LOCAL0001";
pub(crate) const TEAM_NAME: &str = "Novacore";
/// The channel that both apps are in.
pub const APPROVALS_CHANNEL: &str = "C0APPROVALS";
/// The app of one's own: its bot token.
pub const OWN_APP_TOKEN: &str = "xoxb-local-own-app-0001";
/// The app of one's own: its signing secret.
pub const OWN_APP_SECRET: &str = "0a11ce5100000000000000000000000f";
/// The app that is installed by OAuth.
pub const SHARED_APP_ID: &str = "A0SHARED001";
/// Its signing secret.
pub const SHARED_APP_SECRET: &str = "5ba4ed5100000000000000000000000f";
/// Its client id.
pub const SHARED_CLIENT_ID: &str = "1001.2002";
/// Its client secret.
pub const SHARED_CLIENT_SECRET: &str = "local-client-secret";

/// The most messages kept of a channel.
const MOST_MESSAGES: usize = 500;

#[derive(Serialize, Deserialize)]
pub(crate) struct World {
    pub(crate) apps: Vec<App>,
    pub(crate) tokens: Vec<Grant>,
    pub(crate) users: Vec<User>,
    pub(crate) channels: Vec<Channel>,
    pub(crate) messages: Vec<Message>,
    /// Modals that are open, by user.
    pub(crate) views: BTreeMap<String, Modal>,
    pub(crate) triggers: Vec<Trigger>,
    pub(crate) responses: Vec<ResponseUrl>,
    pub(crate) codes: Vec<Consent>,
    pub(crate) last_number: u64,
}

#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct App {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) client_id: String,
    pub(crate) client_secret: String,
    pub(crate) signing_secret: String,
    /// Interactivity & Shortcuts, Request URL.
    pub(crate) request_url: String,
    pub(crate) bot_user_id: String,
}

#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Grant {
    pub(crate) token: String,
    pub(crate) app_id: String,
    pub(crate) scopes: Vec<String>,
    pub(crate) revoked: bool,
}

#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct User {
    pub(crate) id: String,
    /// The handle.
    pub(crate) name: String,
    pub(crate) real_name: String,
}

#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Channel {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) archived: bool,
    pub(crate) private: bool,
    /// Apps whose bot is in it.
    pub(crate) apps: Vec<String>,
}

#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Message {
    pub(crate) channel: String,
    pub(crate) ts: String,
    pub(crate) app_id: String,
    pub(crate) text: String,
    pub(crate) blocks: Value,
    pub(crate) thread_ts: Option<String>,
    /// Only this person sees it.
    pub(crate) only_for: Option<String>,
    pub(crate) edited: bool,
    /// An interaction with it was not answered in time, or not with 200.
    pub(crate) trouble: Option<String>,
}

#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Modal {
    pub(crate) id: String,
    pub(crate) app_id: String,
    pub(crate) view: Value,
    pub(crate) hash: String,
    /// What was typed, by block id.
    pub(crate) typed: BTreeMap<String, String>,
    /// What the app said against it, by block id.
    pub(crate) errors: BTreeMap<String, String>,
}

#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Trigger {
    pub(crate) id: String,
    pub(crate) app_id: String,
    pub(crate) user: String,
    pub(crate) made_ms: i64,
    pub(crate) used: bool,
}

#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct ResponseUrl {
    pub(crate) id: String,
    pub(crate) app_id: String,
    pub(crate) channel: String,
    pub(crate) user: String,
    pub(crate) made_ms: i64,
    pub(crate) uses: u32,
}

#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Consent {
    pub(crate) code: String,
    pub(crate) app_id: String,
    pub(crate) redirect_uri: String,
    pub(crate) scopes: Vec<String>,
    pub(crate) used: bool,
}

/// The app of one's own.
const OWN: &str = "A0OWNAPP001";

impl World {
    pub(crate) fn fresh() -> Self {
        let app = |id: &str, name: &str, client_id: &str, client_secret: &str, signing_secret: &str, bot: &str| App {
            id: id.to_owned(),
            name: name.to_owned(),
            client_id: client_id.to_owned(),
            client_secret: client_secret.to_owned(),
            signing_secret: signing_secret.to_owned(),
            request_url: String::new(),
            bot_user_id: bot.to_owned(),
        };
        let user = |id: &str, name: &str, real_name: &str| User {
            id: id.to_owned(),
            name: name.to_owned(),
            real_name: real_name.to_owned(),
        };
        let channel = |id: &str, name: &str, archived: bool, private: bool, apps: &[&str]| Channel {
            id: id.to_owned(),
            name: name.to_owned(),
            archived,
            private,
            apps: apps.iter().map(|app| (*app).to_owned()).collect(),
        };
        Self {
            apps: vec![
                app(OWN, "Novacore Approvals", "1001.1001", "own-client-secret", OWN_APP_SECRET, "U0OWNBOT001"),
                app(
                    SHARED_APP_ID,
                    "ActionLayer",
                    SHARED_CLIENT_ID,
                    SHARED_CLIENT_SECRET,
                    SHARED_APP_SECRET,
                    "U0SHAREDBOT",
                ),
            ],
            tokens: vec![Grant {
                token: OWN_APP_TOKEN.to_owned(),
                app_id: OWN.to_owned(),
                scopes: vec!["chat:write".to_owned(), "channels:read".to_owned(), "groups:read".to_owned()],
                revoked: false,
            }],
            users: vec![user("U0DANA00001", "dana", "Dana Scully"), user("U0EVE000001", "eve", "Eve Moneypenny")],
            channels: vec![
                channel(APPROVALS_CHANNEL, "approvals", false, false, &[OWN, SHARED_APP_ID]),
                channel("C0RANDOM001", "random", false, false, &[]),
                channel("G0PRIVATE01", "leadership", false, true, &[]),
                channel("C0ARCHIVED1", "old-projects", true, false, &[OWN]),
            ],
            messages: Vec::new(),
            views: BTreeMap::new(),
            triggers: Vec::new(),
            responses: Vec::new(),
            codes: Vec::new(),
            last_number: 0,
        }
    }

    /// A number that was not given out before.
    pub(crate) fn number(&mut self) -> u64 {
        self.last_number += 1;
        self.last_number
    }

    /// A message's `ts`: seconds and a counter.
    pub(crate) fn ts(&mut self, now_ms: i64) -> String {
        format!("{}.{:06}", now_ms / 1000, self.number())
    }

    pub(crate) fn app(&self, id: &str) -> Option<&App> {
        self.apps.iter().find(|app| app.id == id)
    }

    pub(crate) fn user(&self, id: &str) -> Option<&User> {
        self.users.iter().find(|user| user.id == id)
    }

    pub(crate) fn channel(&self, id_or_name: &str) -> Option<&Channel> {
        let name = id_or_name.strip_prefix('#').unwrap_or(id_or_name);
        self.channels.iter().find(|channel| channel.id == id_or_name || channel.name == name)
    }

    pub(crate) fn message(&mut self, channel: &str, ts: &str) -> Option<&mut Message> {
        self.messages.iter_mut().find(|message| message.channel == channel && message.ts == ts)
    }

    pub(crate) fn add(&mut self, message: Message) {
        self.messages.push(message);
        let too_many = self.messages.len().saturating_sub(MOST_MESSAGES * self.channels.len());
        self.messages.drain(..too_many);
    }

    pub(crate) fn set_request_url(&mut self, app_id: &str, url: String) {
        if let Some(app) = self.apps.iter_mut().find(|app| app.id == app_id) {
            app.request_url = url;
        }
    }
}
