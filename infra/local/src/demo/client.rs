//! A client as anybody could write it: HTTP, and SMTP by hand.

use std::{net::SocketAddr, time::Duration};

use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::TcpStream,
    time::Instant,
};

use super::{DEADLINE, DemoError, mail::SentMail};

/// Between two looks at something that is about to happen.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

pub(super) struct Client {
    http: reqwest::Client,
    url: String,
    smtp: SocketAddr,
}

/// An answer of the API.
#[derive(Debug)]
pub(super) struct Answer {
    what: String,
    pub(super) status: u16,
    pub(super) body: Value,
}

impl Answer {
    pub(super) fn ok(self) -> Result<Value, DemoError> {
        self.with(200)
    }

    pub(super) fn created(self) -> Result<Value, DemoError> {
        self.with(201)
    }

    fn with(self, status: u16) -> Result<Value, DemoError> {
        if self.status == status {
            return Ok(self.body);
        }
        let got = format!("{} {}", self.status, self.body);
        Err(DemoError::Broken { what: self.what, expected: status.to_string(), got })
    }
}

impl Client {
    pub(super) fn new(url: String, smtp: SocketAddr) -> Result<Self, DemoError> {
        let http = reqwest::Client::builder().no_proxy().timeout(DEADLINE).build()?;
        Ok(Self { http, url, smtp })
    }

    pub(super) async fn get(&self, path: &str, key: Option<&str>) -> Result<Answer, DemoError> {
        self.ask(reqwest::Method::GET, path, key, None).await
    }

    pub(super) async fn post(&self, path: &str, key: Option<&str>, body: Option<Value>) -> Result<Answer, DemoError> {
        self.ask(reqwest::Method::POST, path, key, body).await
    }

    pub(super) async fn patch(&self, path: &str, key: Option<&str>, body: Value) -> Result<Answer, DemoError> {
        self.ask(reqwest::Method::PATCH, path, key, Some(body)).await
    }

    async fn ask(
        &self,
        method: reqwest::Method,
        path: &str,
        key: Option<&str>,
        body: Option<Value>,
    ) -> Result<Answer, DemoError> {
        let what = format!("{method} {path}");
        let mut request = self.http.request(method, format!("{}{path}", self.url));
        if let Some(key) = key {
            request = request.bearer_auth(key);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await?;
        let status = response.status().as_u16();
        let body = serde_json::from_slice(&response.bytes().await?).unwrap_or_default();
        Ok(Answer { what, status, body })
    }

    /// Looks until what is wanted is there.
    pub(super) async fn until(
        &self,
        deadline: Duration,
        path: &str,
        key: Option<&str>,
        wanted: impl Fn(&Value) -> bool,
    ) -> Result<Value, DemoError> {
        let begun = Instant::now();
        loop {
            let answer = self.get(path, key).await?.ok()?;
            if wanted(&answer) {
                return Ok(answer);
            }
            if begun.elapsed() > deadline {
                let expected = format!("another answer within {deadline:?}");
                return Err(DemoError::Broken { what: path.to_owned(), expected, got: answer.to_string() });
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    pub(super) async fn get_page(&self, url: &str) -> Result<String, DemoError> {
        Ok(self.http.get(url).send().await?.error_for_status()?.text().await?)
    }

    /// Presses a button of an approval page; the status of what comes.
    pub(super) async fn decide(&self, link: &str, action: &str) -> Result<u16, DemoError> {
        let form = format!("action={action}");
        let kind = ("content-type", "application/x-www-form-urlencoded");
        let response = self.http.post(link).header(kind.0, kind.1).body(form).send().await?;
        Ok(response.status().as_u16())
    }

    /// Everything that left for an address, newest first.
    pub(super) async fn outbox_to(&self, recipient: &str) -> Result<Vec<Value>, DemoError> {
        let outbox = self.get("/local/outbox", None).await?.ok()?;
        let to = |mail: &&Value| mail["envelope_to"].as_array().is_some_and(|to| to.iter().any(|to| to == recipient));
        Ok(outbox["data"].as_array().map(|mails| mails.iter().filter(to).cloned().collect()).unwrap_or_default())
    }

    /// Waits for a mail that left for an address.
    pub(super) async fn mail_to(
        &self,
        recipient: &str,
        wanted: impl Fn(&SentMail) -> bool,
    ) -> Result<SentMail, DemoError> {
        let begun = Instant::now();
        loop {
            for mail in self.outbox_to(recipient).await? {
                let url = mail["raw_url"].as_str().unwrap_or_default();
                let mail = SentMail::parse(&self.http.get(url).send().await?.bytes().await?);
                if wanted(&mail) {
                    return Ok(mail);
                }
            }
            if begun.elapsed() > DEADLINE {
                return Err(DemoError::Broken {
                    what: format!("the outbox, for {recipient}"),
                    expected: format!("such a mail within {DEADLINE:?}"),
                    got: "none".to_owned(),
                });
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    /// Sends a mail; `Ok` when the server has taken it.
    pub(super) async fn smtp_send(&self, from: &str, to: &str, mail: &str) -> Result<(), DemoError> {
        let mut stream = BufReader::new(TcpStream::connect(self.smtp).await?);
        let stuffed = mail.replace("\r\n.", "\r\n..");
        let commands = [
            (String::new(), "220"),
            ("EHLO kunde.test\r\n".to_owned(), "250"),
            (format!("MAIL FROM:<{from}>\r\n"), "250"),
            (format!("RCPT TO:<{to}>\r\n"), "250"),
            ("DATA\r\n".to_owned(), "354"),
            (format!("{stuffed}\r\n.\r\n"), "250"),
            ("QUIT\r\n".to_owned(), "221"),
        ];
        for (command, expected) in commands {
            stream.get_mut().write_all(command.as_bytes()).await?;
            let reply = last_line(&mut stream).await?;
            if !reply.starts_with(expected) {
                let what = command.lines().next().unwrap_or("the greeting").to_owned();
                return Err(DemoError::Broken { what, expected: expected.to_owned(), got: reply });
            }
        }
        Ok(())
    }
}

/// The last line of a reply; those before it have a hyphen after the code.
async fn last_line(stream: &mut BufReader<TcpStream>) -> Result<String, DemoError> {
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Ok("nothing".to_owned());
        }
        if line.as_bytes().get(3) != Some(&b'-') {
            return Ok(line.trim_end().to_owned());
        }
    }
}
