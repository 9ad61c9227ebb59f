//! A mail that somebody outside writes.

use std::{
    fmt::Write as _,
    sync::atomic::{AtomicU64, Ordering},
};

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};

static WRITTEN: AtomicU64 = AtomicU64::new(1);

/// A plain mail, ready to be sent. Each has a Message-ID of its own.
#[derive(Debug, Clone)]
pub struct Letter {
    pub envelope_from: String,
    pub subject: String,
    from: String,
    message_id: Option<String>,
    headers: Vec<(String, String)>,
    text: String,
}

impl Letter {
    /// A letter of this person: `ada@customer.test`.
    pub fn from(email: &str) -> Self {
        let number = WRITTEN.fetch_add(1, Ordering::Relaxed);
        let domain = email.split_once('@').map_or("customer.test", |(_, domain)| domain);
        Self {
            envelope_from: email.to_owned(),
            from: format!("{} <{email}>", encoded("Ada Löwe")),
            subject: format!("Question {number}"),
            message_id: Some(format!("letter.{}.{number}@{domain}", std::process::id())),
            headers: Vec::new(),
            text: format!("This is question {number}."),
        }
    }

    /// Sets the subject.
    #[must_use]
    pub fn subject(mut self, subject: &str) -> Self {
        subject.clone_into(&mut self.subject);
        self
    }

    /// Sets the text.
    #[must_use]
    pub fn text(mut self, text: &str) -> Self {
        text.clone_into(&mut self.text);
        self
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Says which mail this answers, and nothing else: what iOS does. The id goes without brackets.
    #[must_use]
    pub fn in_reply_to(self, id: &str) -> Self {
        self.header("In-Reply-To", &format!("<{id}>"))
    }

    /// Takes the Message-ID away.
    #[must_use]
    pub fn without_id(mut self) -> Self {
        self.message_id = None;
        self
    }

    /// The Message-ID, without brackets.
    pub fn id(&self) -> &str {
        self.message_id.as_deref().expect("the letter has a Message-ID")
    }

    /// The bytes, addressed to `to`.
    pub fn bytes(&self, to: &str) -> Vec<u8> {
        let mut raw = format!("From: {}\r\nTo: <{to}>\r\nSubject: {}\r\n", self.from, encoded(&self.subject));
        raw.push_str("Date: Thu, 30 Apr 2026 14:28:00 +0000\r\nMIME-Version: 1.0\r\n");
        raw.push_str("Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n");
        if let Some(id) = &self.message_id {
            let _ = write!(raw, "Message-ID: <{id}>\r\n");
        }
        for (name, value) in &self.headers {
            let _ = write!(raw, "{name}: {value}\r\n");
        }
        let _ = write!(raw, "\r\n{}\r\n", self.text.replace('\n', "\r\n"));
        raw.into_bytes()
    }
}

/// As RFC 2047 writes what is not ASCII.
pub fn encoded(text: &str) -> String {
    if text.is_ascii() { text.to_owned() } else { format!("=?utf-8?B?{}?=", BASE64.encode(text)) }
}
