//! `actionlayer listen`: prints the events of a deployment as they happen, and forwards them to an address of one's own
//! machine, signed as a webhook's deliveries are. It needs a key and no tunnel: it follows `/v1/events`.

use std::{io::Write, time::Duration};

use actionlayer_domain::{
    Timestamp, WebhookUrl,
    webhook::{InvalidWebhookUrl, Reach, WebhookSecrets, generate_secret, signature_headers},
};
use actionlayer_runtime::OsEntropy;
use reqwest::{Client, StatusCode};
use serde_json::Value;

/// How long the deployment may take to answer: it waits 20 seconds for something to happen.
const POLL_TIMEOUT: Duration = Duration::from_secs(30);
/// How long the address may take to answer, as for a webhook.
const FORWARD_TIMEOUT: Duration = Duration::from_secs(15);
/// The pause after a poll that failed; twice as long each time,
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// up to this.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// What to listen to, and where to forward it.
#[derive(Debug, Clone)]
pub struct ListenOptions {
    /// The deployment, without a trailing slash: `http://127.0.0.1:8787`.
    pub url: String,
    /// An API key of it.
    pub key: String,
    /// Where events are posted; nowhere when none.
    pub forward: Option<String>,
    /// Which events; all when none.
    pub events: Vec<String>,
}

/// Why listening ended.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// The address cannot be forwarded to.
    #[error("--forward {0}")]
    Forward(#[from] InvalidWebhookUrl),
    /// The deployment refused, and would again.
    #[error("{url} answered {status}: {message}")]
    Refused {
        /// Which deployment.
        url: String,
        status: u16,
        /// In its own words.
        message: String,
    },
    /// No HTTP client could be made.
    #[error("no HTTP client could be made")]
    Client(#[from] reqwest::Error),
    /// The output was closed.
    #[error("the output was closed")]
    Output(#[from] std::io::Error),
}

/// Listens until the output is closed or the key is refused.
pub async fn listen(options: &ListenOptions, out: &mut impl Write) -> Result<(), ListenError> {
    let url = options.url.trim_end_matches('/');
    let client = Client::builder().timeout(POLL_TIMEOUT).build()?;
    let forward = options.forward.as_deref().map(|to| WebhookUrl::parse(to, Reach::Anywhere)).transpose()?;
    let forward = forward.map(Forward::to).transpose()?;
    if let Some(forward) = &forward {
        writeln!(out, "forwarding to {}, signed with {}", forward.url, forward.secrets.secret.expose())?;
    }
    let (mut cursor, mut pause) = (None::<String>, FIRST_PAUSE);
    writeln!(out, "listening to {url}")?;
    loop {
        // A cursor is of letters that need no escaping.
        let behind = cursor.as_deref().map(|cursor| format!("&cursor={cursor}")).unwrap_or_default();
        let asked = client.get(format!("{url}/v1/events?wait=20&limit=100{behind}")).bearer_auth(&options.key);
        let answer = match asked.send().await {
            Ok(answer) => answer,
            Err(error) => {
                writeln!(out, "{url} does not answer ({}); trying again in {pause:?}", error.without_url())?;
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
                continue;
            }
        };
        let status = answer.status();
        if status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error() {
            writeln!(out, "{url} answered {}; trying again in {pause:?}", status.as_u16())?;
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
            continue;
        }
        let page: Value = answer.json().await.unwrap_or_default();
        if !status.is_success() {
            let message = page["message"].as_str().unwrap_or("no message").to_owned();
            return Err(ListenError::Refused { url: url.to_owned(), status: status.as_u16(), message });
        }
        pause = FIRST_PAUSE;
        for event in page["data"].as_array().into_iter().flatten() {
            let name = event["event"].as_str().unwrap_or_default();
            if !options.events.is_empty() && options.events.iter().all(|wanted| wanted != name) {
                continue;
            }
            let (at, id) = (event["created_at"].as_str().unwrap_or_default(), event["id"].as_str().unwrap_or_default());
            write!(out, "{at}  {name:<18} {id}")?;
            match &forward {
                Some(forward) => writeln!(out, "  {}", forward.post(id, &event["payload"]).await)?,
                None => writeln!(out, "  {}", event["payload"])?,
            }
        }
        out.flush()?;
        cursor = page["next_cursor"].as_str().map(str::to_owned);
    }
}

/// An address of one's own, as if it were a webhook's.
struct Forward {
    url: WebhookUrl,
    secrets: WebhookSecrets,
    client: Client,
}

impl Forward {
    fn to(url: WebhookUrl) -> Result<Self, reqwest::Error> {
        let secrets = WebhookSecrets::new(generate_secret(&OsEntropy));
        Ok(Self { url, secrets, client: Client::builder().timeout(FORWARD_TIMEOUT).build()? })
    }

    /// Posts an event once; what became of it, in a word.
    async fn post(&self, id: &str, payload: &Value) -> String {
        let body = payload.to_string().into_bytes();
        let mut request = self.client.post(self.url.as_str()).header("content-type", "application/json");
        for (name, value) in signature_headers(&self.secrets, id, &body, now()) {
            request = request.header(name, value);
        }
        match request.body(body).send().await {
            Ok(answer) => format!("[{}]", answer.status().as_u16()),
            Err(error) if error.is_timeout() => "[no answer within 15 seconds]".to_owned(),
            Err(_) => "[no connection]".to_owned(),
        }
    }
}

fn now() -> Timestamp {
    use actionlayer_domain::Clock as _;
    actionlayer_runtime::SystemClock.now()
}
