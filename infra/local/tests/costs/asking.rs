//! What asking in every channel costs, what a press costs, and what it costs that every message says so afterwards.

use actionlayer_domain::{
    DraftId, Thread,
    work::{NotifyJob, NotifyWork},
};
use actionlayer_local::{slack, telegram};
use actionlayer_service::{approvals::notify::notify, secrets::telegram_bots, threads::list_threads::list_threads};
use actionlayer_store::{PageRequest, ThreadFilter};
use aws_lc_rs::hmac;
use axum::{Router, body::Body};
use http::{Request, StatusCode};
use mail_parser::MessageParser;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::{
    operations::{Price, Steps, mail, price},
    world::World,
};

const APPROVER: &str = "dana@approvers.example";
const SLACK_USER: &str = "U0DANA00001";

/// Asks about drafts in Slack, in Telegram and by mail at once, has them decided in each of them, and counts.
pub(crate) async fn count(world: &World) -> Vec<Price> {
    let mut till = Box::pin(Till::new(world)).await;
    let slack = till.ask(Some("ask in Slack, in Telegram and by mail")).await;
    till.tell(Some("find that all were asked"), slack.draft_id).await;
    till.in_slack("open the dialog to edit, in Slack", &slack, "edit").await;
    till.in_slack("approve in Slack", &slack, "approve").await;
    till.in_slack("approve in Slack, too late", &slack, "approve").await;
    till.tell(Some("say everywhere that it was approved"), slack.draft_id).await;
    till.tell(Some("find that everything says so"), slack.draft_id).await;
    let telegram = till.ask(None).await;
    till.in_telegram("approve and send in Telegram", &telegram, "Approve & send").await;
    till.tell(Some("say everywhere that it is on its way"), telegram.draft_id).await;
    let link = till.ask(None).await;
    till.by_mail("open the page of a link", "approve by a link", &link).await;
    till.prices
}

/// Somebody who asks and presses, and counts.
pub(crate) struct Till<'a> {
    world: &'a World,
    callback: Router,
    thread: Thread,
    /// Where the Slack app of one's own is called.
    slack_callback: String,
    telegram_secret: String,
    prices: Vec<Price>,
}

/// A draft, and where it was asked about.
pub(crate) struct Asked {
    draft_id: DraftId,
    in_slack: Value,
    in_telegram: Value,
    link: String,
}

/// A press of a button, as Slack sends it.
pub(crate) struct Press {
    pub(crate) path: String,
    pub(crate) headers: [(&'static str, String); 3],
    pub(crate) body: String,
}

impl<'a> Till<'a> {
    /// Has the identity ask in Slack, in Telegram and by mail, and receives what is to be answered.
    pub(crate) async fn new(world: &'a World) -> Self {
        let World { app, caller, identity, .. } = world;
        let channels = json!([
            {"type": "slack", "channel": slack::APPROVALS_CHANNEL, "bot_token": slack::OWN_APP_TOKEN,
             "signing_secret": slack::OWN_APP_SECRET},
            {"type": "telegram", "bot_token": telegram::BOT_TOKEN, "chat_id": telegram::DANA_ID.to_string()},
            {"type": "email", "to": [APPROVER]},
        ]);
        let request = Request::patch(format!("/v1/identities/{}", identity.id))
            .header("authorization", format!("Bearer {}", world.secret.expose()))
            .header("content-type", "application/json")
            .body(Body::from(json!({ "approval_channel": channels }).to_string()))
            .unwrap();
        let (status, saved) = ask(&function_identities::router(app.clone()), request).await;
        assert_eq!(status, StatusCode::OK, "{saved}");
        let saved: Value = serde_json::from_str(&saved).unwrap();
        let callback_url = saved["approval_channel"][0]["callback_url"].as_str().unwrap();
        let bot = telegram_bots(app).await.unwrap().pop().unwrap();
        Box::pin(world.receive("asked-about", mail("asked-about", None))).await;
        let page = PageRequest { limit: 1, offset: 0, cursor: None };
        let listed = Box::pin(list_threads(app, caller, ThreadFilter::default(), None, page)).await.unwrap();
        Self {
            world,
            callback: function_callback::router(app.clone()),
            thread: listed.items[0].clone(),
            slack_callback: callback_url[callback_url.find("/callbacks/").unwrap()..].to_owned(),
            telegram_secret: bot.secret.expose().clone(),
            prices: Vec::new(),
        }
    }

    async fn counted<T>(&mut self, operation: Option<&'static str>, step: impl Future<Output = T>) -> T {
        self.world.app.store.meter().take();
        let value = step.await;
        let cost = self.world.app.store.meter().take();
        if let Some(name) = operation {
            self.prices.push(price(name, cost.round_trips, cost.requests, cost.read_units, cost.write_units));
        }
        value
    }

    /// Submits a draft and has it asked about.
    pub(crate) async fn ask(&mut self, operation: Option<&'static str>) -> Asked {
        let draft_id = Box::pin(Steps::new(self.world, "asked").submit("submit", &self.thread)).await;
        self.tell(operation, draft_id).await;
        let in_slack = self.newest("slack", |message| message["blocks"].to_string().contains("approve_and_send")).await;
        let in_telegram =
            self.newest("telegram", |message| message["reply_markup"].to_string().contains("Approve & send")).await;
        Asked { draft_id, in_slack, in_telegram, link: self.newest_link().await }
    }

    /// Does the job that follows from a change of a draft.
    async fn tell(&mut self, operation: Option<&'static str>, draft_id: DraftId) {
        let app = &self.world.app;
        let job = NotifyJob::new(self.thread.workspace_id, draft_id, 1, false);
        // Unoptimised, the worker's future is more than a thread's stack holds beside the rest.
        self.counted(operation, Box::pin(notify(app, &NotifyWork::Draft(job)))).await.unwrap();
    }

    /// A press of a button, as Slack signs it.
    pub(crate) fn slack_press(&self, asked: &Asked, action_id: &str) -> Press {
        let message = &asked.in_slack;
        let blocks = message["blocks"].as_array().unwrap();
        let mut buttons = blocks.iter().flat_map(|block| block["elements"].as_array().into_iter().flatten());
        let button = buttons.find(|element| element["action_id"] == action_id).unwrap();
        let payload = json!({
            "type": "block_actions",
            "user": {"id": SLACK_USER, "name": "dana"},
            "channel": {"id": slack::APPROVALS_CHANNEL},
            "container": {"message_ts": message["ts"], "channel_id": slack::APPROVALS_CHANNEL},
            "trigger_id": "1.2.unknown",
            "response_url": format!("{}/actions/unknown", self.world.engine.addresses().slack),
            "actions": [{"type": "button", "action_id": action_id, "value": button["value"]}],
        });
        let body =
            form_urlencoded::Serializer::new(String::new()).append_pair("payload", &payload.to_string()).finish();
        let timestamp = (self.world.app.now().unix_ms() / 1000).to_string();
        let key = hmac::Key::new(hmac::HMAC_SHA256, slack::OWN_APP_SECRET.as_bytes());
        let signature = hex::encode(hmac::sign(&key, format!("v0:{timestamp}:{body}").as_bytes()));
        Press {
            path: self.slack_callback.clone(),
            headers: [
                ("content-type", "application/x-www-form-urlencoded".to_owned()),
                ("x-slack-request-timestamp", timestamp),
                ("x-slack-signature", format!("v0={signature}")),
            ],
            body,
        }
    }

    async fn in_slack(&mut self, operation: &'static str, asked: &Asked, action_id: &str) {
        let press = self.slack_press(asked, action_id);
        let mut request = Request::post(&press.path);
        for (name, value) in press.headers {
            request = request.header(name, value);
        }
        let request = request.body(Body::from(press.body)).unwrap();
        let callback = self.callback.clone();
        let (status, answer) = self.counted(Some(operation), ask(&callback, request)).await;
        assert_eq!((status, answer.as_str()), (StatusCode::OK, ""), "{operation}");
    }

    async fn in_telegram(&mut self, operation: &'static str, asked: &Asked, label: &str) {
        let message = &asked.in_telegram;
        let rows = message["reply_markup"]["inline_keyboard"].as_array().unwrap();
        let mut buttons = rows.iter().flat_map(|row| row.as_array().into_iter().flatten());
        let button = buttons.find(|button| button["text"] == label).unwrap();
        let chat = json!({"id": telegram::DANA_ID, "type": "private"});
        let update = json!({"update_id": 1, "callback_query": {
            "id": "1",
            "from": {"id": telegram::DANA_ID, "is_bot": false, "first_name": "Dana"},
            "message": {"message_id": message["id"], "date": 1, "chat": chat},
            "data": button["callback_data"],
        }});
        let request = Request::post(format!("/callbacks/telegram/{}", telegram::BOT_ID))
            .header("content-type", "application/json")
            .header("x-telegram-bot-api-secret-token", &self.telegram_secret)
            .body(Body::from(update.to_string()))
            .unwrap();
        let callback = self.callback.clone();
        let (status, answer) = self.counted(Some(operation), ask(&callback, request)).await;
        assert!(status == StatusCode::OK && answer.contains("on its way"), "{answer}");
    }

    async fn by_mail(&mut self, opened: &'static str, pressed: &'static str, asked: &Asked) {
        let callback = self.callback.clone();
        let request = Request::get(&asked.link).body(Body::empty()).unwrap();
        let (status, _) = self.counted(Some(opened), ask(&callback, request)).await;
        assert_eq!(status, StatusCode::OK);
        let request = Request::post(&asked.link)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Body::from("action=approve"))
            .unwrap();
        let (status, answer) = self.counted(Some(pressed), ask(&callback, request)).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
    }

    /// The newest message of a chat that is as wanted.
    async fn newest(&self, chat: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let state: Value = serde_json::from_slice(&self.local(&format!("/local/{chat}/state")).await).unwrap();
        state["messages"].as_array().unwrap().iter().rfind(|message| wanted(message)).unwrap().clone()
    }

    async fn newest_link(&self) -> String {
        let list: Value = serde_json::from_slice(&self.local("/local/outbox").await).unwrap();
        let mails = list["data"].as_array().unwrap();
        let newest = mails.iter().find(|mail| mail["envelope_to"][0] == APPROVER).unwrap();
        let url = newest["raw_url"].as_str().unwrap();
        let raw = self.local(&url[url.find("/local/").unwrap()..]).await;
        let text = MessageParser::default().parse(&raw).unwrap().body_text(0).unwrap().into_owned();
        let begin = text.find("/callbacks/email/").unwrap();
        text[begin..].split_whitespace().next().unwrap().to_owned()
    }

    async fn local(&self, path: &str) -> Vec<u8> {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let url = format!("{}{path}", self.world.engine.addresses().local_url());
        client.get(url).send().await.unwrap().error_for_status().unwrap().bytes().await.unwrap().to_vec()
    }
}

async fn ask(router: &Router, request: Request<Body>) -> (StatusCode, String) {
    let answer = Box::pin(router.clone().oneshot(request)).await.unwrap();
    let status = answer.status();
    let body = axum::body::to_bytes(answer.into_body(), usize::MAX).await.unwrap();
    (status, String::from_utf8_lossy(&body).into_owned())
}
