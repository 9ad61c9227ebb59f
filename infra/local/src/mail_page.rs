//! `/local/mail`: the mail program of everybody else. It shows what left, with links that can be followed, and writes to the
//! domains that are verified here. Its buttons are forms; there are no scripts.

use std::{fmt::Write as _, sync::Arc};

use actionlayer_domain::EmailAddress;
use axum::{
    Form, Router,
    extract::{Query, State as Shared},
    http::StatusCode,
    response::{Html, IntoResponse, Redirect, Response},
    routing::get,
};
use mail_builder::MessageBuilder;
use mail_parser::{Address, Message, MessageParser};
use serde::Deserialize;

use crate::{
    clock::LocalClock,
    markup::{escape, linked},
    outbox::Outbox,
    smtp::{Incoming, Receiver, inbound_id_of},
    state::StateError,
};

const STYLE: &str = include_str!("mail_page.css");
/// So many are listed.
const LISTED: u32 = 30;

/// What the page works with.
#[derive(Clone)]
pub(crate) struct MailPage {
    pub(crate) outbox: Arc<Outbox>,
    pub(crate) receiver: Arc<Receiver>,
    pub(crate) clock: Arc<LocalClock>,
}

/// The route.
pub(crate) fn router(page: MailPage) -> Router {
    Router::new().route("/local/mail", get(show).post(write)).with_state(page)
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Look {
    /// The mail that is read.
    read: String,
    /// A new one is written, to this address.
    to: Option<String>,
    /// The mail that is answered.
    answer: String,
}

/// A mail as it is typed.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Typed {
    from: String,
    to: String,
    subject: String,
    text: String,
    /// The outbox's id of the mail that it answers.
    answers: String,
}

async fn show(Shared(page): Shared<MailPage>, Query(look): Query<Look>) -> Response {
    let shown = async {
        if !look.answer.is_empty() {
            return Ok(form(&page.answer(&look.answer).await?, ""));
        }
        if let Some(to) = look.to {
            return Ok(form(&Typed { to, ..Typed::default() }, ""));
        }
        if look.read.is_empty() { page.list().await } else { page.read(&look.read).await }
    };
    match shown.await {
        Ok(body) => (StatusCode::OK, body).into_response(),
        Err(error) => failed(&error),
    }
}

async fn write(Shared(page): Shared<MailPage>, Form(typed): Form<Typed>) -> Response {
    match page.receive(&typed).await {
        Ok(None) => Redirect::to("/local/mail").into_response(),
        Ok(Some(problem)) => (StatusCode::UNPROCESSABLE_ENTITY, form(&typed, problem)).into_response(),
        Err(error) => failed(&*error),
    }
}

fn failed(error: &(dyn std::error::Error + 'static)) -> Response {
    tracing::error!(error, "the mail page failed");
    (StatusCode::INTERNAL_SERVER_ERROR, "The mail could not be read or taken; see the engine's log.").into_response()
}

impl MailPage {
    async fn list(&self) -> Result<Html<String>, StateError> {
        let mut body = String::from("<p><a class=button href=\"?to=\">Write a mail</a></p><h2>What left</h2>");
        let rows = self.outbox.list(LISTED, String::new()).await?;
        if rows.is_empty() {
            body.push_str("<p class=quiet>Nothing left yet.</p>");
        }
        body.push_str("<ul>");
        for row in rows {
            let text = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
            let to = row["envelope_to"].as_array().into_iter().flatten().filter_map(|to| to.as_str());
            let raw = self.outbox.raw(text("id")).await?.unwrap_or_default();
            let subject = MessageParser::default().parse(&raw).and_then(|mail| mail.subject().map(str::to_owned));
            _ = write!(
                body,
                "<li><a href=\"?read={}\"><b>{}</b> <span class=quiet>to {}, {}</span></a></li>",
                text("id"),
                escape(subject.as_deref().unwrap_or("(no subject)")),
                escape(&to.collect::<Vec<_>>().join(", ")),
                escape(&text("sent_at")),
            );
        }
        body.push_str("</ul>");
        Ok(frame(&body, true))
    }

    async fn read(&self, id: &str) -> Result<Html<String>, StateError> {
        let raw = self.outbox.raw(id.to_owned()).await?.unwrap_or_default();
        let Some(mail) = MessageParser::default().parse(&raw) else {
            return Ok(frame("<p>There is no such mail.</p><p><a href=\"/local/mail\">What left</a></p>", false));
        };
        let text = mail.body_text(0).unwrap_or_default();
        let body = format!(
            "<p><a href=\"/local/mail\">What left</a></p><h2>{}</h2><p class=quiet>From {}<br>To {}</p><pre>{}</pre>\
             <p><a class=button href=\"?answer={id}\">Answer</a> <a href=\"/local/outbox/{id}/raw\">As it left</a></p>",
            escape(mail.subject().unwrap_or("(no subject)")),
            escape(&people(mail.from())),
            escape(&people(mail.to())),
            linked(&text),
            id = escape(id),
        );
        Ok(frame(&body, false))
    }

    /// An answer to a mail that left, as it begins.
    async fn answer(&self, id: &str) -> Result<Typed, StateError> {
        let raw = self.outbox.raw(id.to_owned()).await?.unwrap_or_default();
        let Some(mail) = MessageParser::default().parse(&raw) else { return Ok(Typed::default()) };
        let subject = mail.subject().unwrap_or_default();
        let subject = if subject.starts_with("Re: ") { subject.to_owned() } else { format!("Re: {subject}") };
        let to = first_address(mail.reply_to()).or_else(|| first_address(mail.from())).unwrap_or_default();
        let from = first_address(mail.to()).unwrap_or_default();
        Ok(Typed { from, to, subject, text: String::new(), answers: id.to_owned() })
    }

    /// Takes a mail in as SES would; a sentence when it cannot be.
    async fn receive(&self, typed: &Typed) -> Result<Option<&'static str>, Box<dyn std::error::Error>> {
        let (Ok(from), Ok(to)) = (typed.from.trim().parse::<EmailAddress>(), typed.to.trim().parse::<EmailAddress>())
        else {
            return Ok(Some("From and To are an address each."));
        };
        if !self.receiver.accepts(to.as_str()).await? {
            return Ok(Some("No domain that is verified here receives mail for this address."));
        }
        let id: [u8; 16] = crate::ses::random();
        let mut mail = MessageBuilder::new()
            .from(from.as_str())
            .to(to.as_str())
            .subject(typed.subject.trim())
            .date(self.clock.now_ms() / 1000)
            .message_id(format!("{}@{}", hex::encode(id), from.domain()))
            .text_body(typed.text.as_str());
        let answered = self.outbox.raw(typed.answers.clone()).await?.unwrap_or_default();
        if let Some(cited) = MessageParser::default().parse(&answered).as_ref().and_then(Message::message_id) {
            mail = mail.in_reply_to(cited.to_owned()).references(cited.to_owned());
        }
        let incoming = Incoming {
            message_id: inbound_id_of(&id),
            envelope_from: from.as_str().to_owned(),
            recipients: vec![to.as_str().to_owned()],
            helo: "localhost".to_owned(),
            peer: std::net::Ipv4Addr::LOCALHOST.into(),
            raw: mail.write_to_vec()?,
        };
        self.receiver.receive(incoming).await?;
        Ok(None)
    }
}

fn first_address(addresses: Option<&Address<'_>>) -> Option<String> {
    addresses?.iter().find_map(|address| address.address().map(str::to_owned))
}

fn people(addresses: Option<&Address<'_>>) -> String {
    let shown = addresses.into_iter().flat_map(Address::iter).map(|address| {
        let email = address.address().unwrap_or_default();
        address.name().map_or_else(|| email.to_owned(), |name| format!("{name} <{email}>"))
    });
    shown.collect::<Vec<_>>().join(", ")
}

fn form(typed: &Typed, problem: &str) -> Html<String> {
    let field = |name: &str, label: &str, kind: &str, value: &str| {
        format!("<label>{label}<input name={name} type={kind} required value=\"{}\"></label>", escape(value))
    };
    let problem = if problem.is_empty() { String::new() } else { format!("<p class=trouble role=alert>{problem}</p>") };
    let body = format!(
        "<p><a href=\"/local/mail\">What left</a></p><h2>A mail to here</h2>{problem}<form method=post action=/local/mail>\
         <input type=hidden name=answers value=\"{}\">{}{}{}<label>Text<textarea name=text rows=10 required>\n{}</textarea></label>\
         <button>Send</button></form>",
        escape(&typed.answers),
        field("from", "From", "email", if typed.from.is_empty() { "ada@customer.test" } else { &typed.from }),
        field("to", "To", "email", &typed.to),
        field("subject", "Subject", "text", &typed.subject),
        escape(&typed.text),
    );
    frame(&body, false)
}

/// A whole page; one that renews itself shows what leaves within seconds.
fn frame(body: &str, renews: bool) -> Html<String> {
    let renew = if renews { "<meta http-equiv=refresh content=2>" } else { "" };
    Html(format!(
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content=\"width=device-width, initial-scale=1\">{renew}\
         <title>Mail on this machine</title><style>{STYLE}</style><body><main><h1>Mail on this machine</h1>{body}</main></body></html>"
    ))
}
