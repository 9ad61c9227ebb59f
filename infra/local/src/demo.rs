//! `cargo run -- demo`: the whole loop, played through the public interfaces only (SMTP and HTTP) on an engine of its own.
//!
//! Every step says in a line what it did and checks what it was promised; the first broken promise ends it.

use std::{io::Write, time::Duration};

use serde_json::{Value, json};

mod chats;
mod client;
mod customer;
mod mail;

use self::{client::Client, mail::SentMail};
use crate::engine::{Engine, EngineError, EngineOptions};

/// How long anything may take to happen.
const DEADLINE: Duration = Duration::from_secs(10);
/// How soon a mail must show as a thread.
const ARRIVAL: Duration = Duration::from_secs(1);

/// Why the demonstration ended early.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// The engine did not start.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// A connection failed, or the narration could not be written.
    #[error("a connection failed")]
    Io(#[from] std::io::Error),
    /// An HTTP request failed.
    #[error("a request failed")]
    Http(#[from] reqwest::Error),
    /// Something else came out than was promised.
    #[error("{what}: expected {expected}, got {got}")]
    Broken {
        /// What was looked at.
        what: String,
        /// What should have come out.
        expected: String,
        /// What came out.
        got: String,
    },
}

/// Insists on an outcome.
fn expect(what: &str, got: impl Into<Value>, expected: impl Into<Value>) -> Result<(), DemoError> {
    let (got, expected) = (got.into(), expected.into());
    if got == expected {
        return Ok(());
    }
    Err(DemoError::Broken { what: what.to_owned(), expected: expected.to_string(), got: got.to_string() })
}

/// Plays the loop, telling each step to `out`. `Ok` only if the right mail left exactly once.
pub async fn run(out: &mut (impl Write + Send)) -> Result<(), DemoError> {
    let folder = tempfile::tempdir()?;
    let engine = Engine::start(EngineOptions::on_free_ports(folder.path())).await?;
    let client = Client::new(engine.addresses().url(), engine.addresses().smtp)?;
    let played = Play { client, out, step: 0 }.play().await;
    engine.stop().await;
    played
}

struct Play<'a, W> {
    client: Client,
    out: &'a mut W,
    step: u32,
}

/// What the office needs to work.
struct Office {
    owner_key: String,
    agent_key: String,
    identity_id: String,
}

impl<W: Write + Send> Play<'_, W> {
    fn say(&mut self, text: &str) -> Result<(), DemoError> {
        self.step += 1;
        Ok(writeln!(self.out, "{:>2}. {text}", self.step)?)
    }

    async fn play(mut self) -> Result<(), DemoError> {
        let office = self.set_up().await?;
        let thread = self.mail_arrives(&office).await?;
        let sent = self.draft_is_approved_and_sent(&office, &thread).await?;
        self.customer_replies(&office, &thread, &sent).await?;
        self.newer_mail_stops_a_draft(&office, &thread).await?;
        self.edit_outdates_its_link(&office, &thread).await?;
        self.cold_mail_is_refused(&office).await?;
        let to_customer = self.client.outbox_to(customer::ADDRESS).await?.len();
        expect("mails to the customer at the end", to_customer, 1)?;
        self.say("In the end exactly one mail has left for the customer: the one a person approved.")
    }

    async fn set_up(&mut self) -> Result<Office, DemoError> {
        let body = json!({ "workspace_name": "Blumen Böhm" });
        let made = self.client.post("/v1/auth/bootstrap", None, Some(body)).await?.created()?;
        let owner_key = text(&made["api_key"]);
        let agent = json!({ "name": "agent", "role": "agent" });
        let agent_key = text(&self.client.post("/v1/api-keys", Some(&owner_key), Some(agent)).await?.created()?["key"]);
        self.say("Made the workspace, and a key for the agent that may draft but not approve.")?;

        let body = json!({ "domain": "boehm.test" });
        let domain = self.client.post("/v1/domains", Some(&owner_key), Some(body.clone())).await?.created()?;
        expect("records of the domain", domain["records"].as_array().map_or(0, Vec::len), 5)?;
        self.say("Added the domain boehm.test: five DNS records to publish.")?;
        let verify = format!("/v1/domains/{}/verify", text(&domain["id"]));
        let early = self.client.post(&verify, Some(&owner_key), None).await?.ok()?;
        expect("the domain before its records are there", early["status"].clone(), "pending")?;
        self.client.post("/local/dns/publish", None, Some(body)).await?.ok()?;
        let verified = self.client.post(&verify, Some(&owner_key), None).await?.ok()?;
        expect("the domain", verified["status"].clone(), "verified")?;
        self.say("Published them in local DNS; real queries found all five: the domain is verified.")?;

        let body = json!({
            "domain_id": domain["id"],
            "local_part": "anna",
            "display_name": "Anna von Blumen Böhm",
            "reply_to_email": "laden@boehm.test",
            "signature_text": "Anna\nBlumen Böhm",
            "approval_channel": [
                { "type": "email", "to": ["dana@office.test"] },
                chats::slack_channel(),
                chats::telegram_channel(),
            ],
        });
        let identity = self.client.post("/v1/identities", Some(&owner_key), Some(body)).await?.created()?;
        self.client.enter_request_url(&identity["approval_channel"][1]).await?;
        self.say(
            "Made anna@boehm.test, whose drafts Dana approves by e-mail, in Slack or in Telegram (both played here).",
        )?;
        Ok(Office { owner_key, agent_key, identity_id: text(&identity["id"]) })
    }

    async fn mail_arrives(&mut self, office: &Office) -> Result<Value, DemoError> {
        self.client.smtp_send(customer::ADDRESS, "anna@boehm.test", &customer::question()).await?;
        let path = "/v1/threads?needs_review=true";
        let agent = Some(office.agent_key.as_str());
        let threads = self.client.until(ARRIVAL, path, agent, |list| list["total"] == 1).await?;
        let thread = self.client.get(&format!("/v1/threads/{}", text(&threads["data"][0]["id"])), agent).await?.ok()?;
        expect("the subject", thread["subject"].clone(), "Grüße und eine Frage 🌷")?;
        let message = &thread["messages"][0];
        expect("the author", message["from_name"].clone(), "Jörg Müller")?;
        expect("the attachment", message["attachments"][0]["filename"].clone(), "garten.pdf")?;
        self.say(
            "Jörg Müller wrote by SMTP, HTML and text with an attachment: a thread that needs review, within 1 s.",
        )?;
        Ok(thread)
    }

    async fn submit(&mut self, office: &Office, thread: &Value, body_text: &str) -> Result<Value, DemoError> {
        let path = format!("/v1/threads/{}", text(&thread["id"]));
        let thread = self.client.get(&path, Some(&office.agent_key)).await?.ok()?;
        let body = json!({
            "thread_id": thread["id"],
            "identity_id": office.identity_id,
            "based_on_message_id": thread["last_inbound_message_id"],
            "body_text": body_text,
            "rationale": "He asks for the price of tulips; the list says 12 euros.",
        });
        self.client.post("/v1/drafts", Some(&office.agent_key), Some(body)).await?.created()
    }

    /// The approval mail for a draft's text, and the link in it.
    async fn approval_link(&mut self, draft_text: &str) -> Result<String, DemoError> {
        let mail = self.client.mail_to("dana@office.test", |mail| mail.text.contains(draft_text)).await?;
        mail.link("/callbacks/email/").ok_or_else(|| DemoError::Broken {
            what: "the approval mail".to_owned(),
            expected: "a link".to_owned(),
            got: "none".to_owned(),
        })
    }

    async fn draft_is_approved_and_sent(&mut self, office: &Office, thread: &Value) -> Result<SentMail, DemoError> {
        let answer = "Lieber Herr Müller, ein Strauß Tulpen kostet 12 Euro.";
        let draft = self.submit(office, thread, answer).await?;
        let path = format!("/v1/drafts/{}", text(&draft["id"]));
        let send = format!("{path}/send");
        let agent = Some(office.agent_key.as_str());
        let early = self.client.post(&send, agent, None).await?;
        expect("sending without approval", early.status, 403)?;
        self.say("The agent submitted a draft with its reasons. Sending it unapproved: 403.")?;

        let link = self.approval_link("12 Euro").await?;
        let page = self.client.get_page(&link).await?;
        expect("the approval page shows the draft", page.contains("12 Euro"), true)?;
        let draft = self.client.get(&path, agent).await?.ok()?;
        expect("the draft after its page was opened", draft["status"].clone(), "pending")?;
        self.say("Dana got a mail with a link. Opening it shows the draft and changes nothing.")?;

        expect("approving", self.client.decide(&link, "approve").await?, 200)?;
        let draft = self.client.get(&path, agent).await?.ok()?;
        expect("the draft after Dana approved it", draft["status"].clone(), "approved")?;
        self.say("Dana pressed Approve.")?;

        expect("sending", self.client.post(&send, agent, None).await?.status, 202)?;
        let mail = self.client.mail_to(customer::ADDRESS, |_| true).await?;
        mail.check(answer)?;
        let again = self.client.post(&send, agent, None).await?;
        expect("sending it again", again.status, 409)?;
        self.say("The agent sent it: one mail left, in its thread, as text and HTML, signed. Sending it again: 409.")?;
        let path = format!("/v1/threads/{}", text(&thread["id"]));
        self.client.until(DEADLINE, &path, agent, |thread| thread["status"] == "waiting").await?;
        self.say("The thread waits for the customer.")?;
        Ok(mail)
    }

    async fn customer_replies(&mut self, office: &Office, thread: &Value, sent: &SentMail) -> Result<(), DemoError> {
        let reply = customer::reply("<antwort-1@kunde.test>", &sent.message_id, "Prima, ich nehme zwei Sträuße.");
        self.client.smtp_send(customer::ADDRESS, "anna@boehm.test", &reply).await?;
        let path = format!("/v1/threads/{}", text(&thread["id"]));
        let agent = Some(office.agent_key.as_str());
        let thread = self.client.until(DEADLINE, &path, agent, |thread| thread["message_count"] == 3).await?;
        expect("the thread after a reply", thread["status"].clone(), "open")?;
        self.say("He replied, citing only the Message-ID that SES had put in: same thread, open again.")
    }

    async fn newer_mail_stops_a_draft(&mut self, office: &Office, thread: &Value) -> Result<(), DemoError> {
        let draft = self.submit(office, thread, "Zwei Sträuße liegen für Sie bereit.").await?;
        let link = self.approval_link("liegen für Sie bereit").await?;
        let owner = Some(office.owner_key.as_str());
        let path = format!("/v1/drafts/{}", text(&draft["id"]));
        let answer = self.client.press_in_telegram("liegen für Sie bereit", "Approve").await?;
        expect("Telegram's answer to the press", answer["text"].clone(), "Approved. Its author sends it.")?;
        self.client.slack_says("liegen für Sie bereit", "Approved by Dana Scully in Telegram").await?;
        self.say(
            "Dana approved another draft in Telegram; the message in Slack says so, and has no buttons any more.",
        )?;
        let mail = customer::reply("<antwort-2@kunde.test>", "frage-1@kunde.test", "Doch lieber drei!");
        self.client.smtp_send(customer::ADDRESS, "anna@boehm.test", &mail).await?;
        let thread = format!("/v1/threads/{}", text(&thread["id"]));
        self.client.until(DEADLINE, &thread, owner, |thread| thread["message_count"] == 4).await?;
        let refused = self.client.post(&format!("{path}/send"), Some(&office.agent_key), None).await?;
        expect("sending a stale draft", refused.status, 409)?;
        expect("why", refused.body["error"].clone(), "stale_draft")?;
        expect("the stale draft", self.client.get(&path, owner).await?.ok()?["status"].clone(), "stale")?;
        expect("approving it by its link", self.client.decide(&link, "approve").await?, 409)?;
        self.say("Newer mail came between approval and send: 409 stale_draft, and its approval link says so.")
    }

    async fn edit_outdates_its_link(&mut self, office: &Office, thread: &Value) -> Result<(), DemoError> {
        let draft = self.submit(office, thread, "Drei Sträuße, gerne, für 36 Euro.").await?;
        let first = self.approval_link("für 36 Euro").await?;
        let agent = Some(office.agent_key.as_str());
        let path = format!("/v1/drafts/{}", text(&draft["id"]));
        let edit = json!({ "body_text": "Drei Sträuße, gerne, für 33 Euro." });
        let edited = self.client.patch(&path, agent, edit).await?.ok()?;
        expect("the version after an edit", edited["version"].clone(), 2)?;
        expect("approving an old version", self.client.decide(&first, "approve").await?, 409)?;
        self.client.reject_in_slack("für 33 Euro", "Die Preisliste sagt 36.").await?;
        let draft = self.client.get(&path, agent).await?.ok()?;
        expect("the draft", draft["status"].clone(), "rejected")?;
        expect("the reason", draft["reject_reason"].clone(), "Die Preisliste sagt 36.")?;
        self.client.slack_says("für 33 Euro", "Rejected by dana in Slack").await?;
        self.say("The agent edited a draft: the old link is refused, and Dana rejected the new version in Slack, with a reason.")
    }

    async fn cold_mail_is_refused(&mut self, office: &Office) -> Result<(), DemoError> {
        let body = json!({
            "identity_id": office.identity_id,
            "to": ["fremd@anderswo.test"],
            "subject": "Guten Tag",
            "body_text": "Brauchen Sie Blumen?",
        });
        let refused = self.client.post("/v1/emails/send", Some(&office.owner_key), Some(body)).await?;
        expect("cold mail", refused.status, 422)?;
        expect("why", refused.body["error"].clone(), "cold_send_blocked")?;
        self.say("A cold mail from an identity that may not send any: 422 cold_send_blocked.")
    }
}

/// A text of the API.
fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    #[tokio::test]
    async fn the_loop_plays_to_its_end() {
        let mut told = Vec::new();
        let played = super::run(&mut told).await;
        let told = String::from_utf8_lossy(&told);
        assert!(played.is_ok(), "{played:?} after\n{told}");
        assert!(told.lines().count() >= 10, "{told}");
    }
}
