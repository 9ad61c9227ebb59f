//! What happens to a mail SES receives: headers added, bytes stored, function invoked. One path for mail from SMTP and
//! for mail that left through our own SES and comes back.

use std::fmt::Write as _;
use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_s3::error::SdkError;
use aws_sdk_s3::operation::put_object::PutObjectError;
use aws_sdk_s3::primitives::ByteStream;
use serde_json::Value;

use super::event;
use super::incoming::{Incoming, ReceiverSettings};
use super::verdicts::{Findings, Verdicts};
use crate::clock::LocalClock;
use crate::ses::headers::{Headers, bare_address, domain_of};
use crate::ses::identities::Identities;
use crate::ses::timestamps;
use crate::state::StateError;

/// Takes over the invocation of the receiving function.
#[async_trait]
pub trait ReceiptSink: Send + Sync {
    /// Records `event`, a genuine SES receipt event, durably: once this returns `Ok` the mail counts as received.
    /// Called again with the same `Records[0].ses.mail.messageId` when the engine died in between; the sink keeps one.
    async fn accept(&self, event: Value) -> Result<(), Box<dyn std::error::Error + Send + Sync>>;
}

/// Why a mail could not be taken.
#[derive(Debug, thiserror::Error)]
pub enum ReceiveError {
    /// The engine's state failed.
    #[error(transparent)]
    State(#[from] StateError),
    /// The bytes could not be stored.
    #[error("the mail could not be stored in the bucket")]
    Store(#[source] Box<SdkError<PutObjectError>>),
    /// The invocation could not be recorded.
    #[error("the function's invocation could not be recorded")]
    Invoke(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// SES receiving with one receipt rule: S3 action, then Lambda action.
pub struct Receiver {
    identities: Identities,
    verdicts: Verdicts,
    s3: aws_sdk_s3::Client,
    sink: Arc<dyn ReceiptSink>,
    clock: Arc<LocalClock>,
    settings: ReceiverSettings,
}

impl Receiver {
    /// Puts the parts together.
    pub fn new(
        identities: Identities,
        verdicts: Verdicts,
        s3: aws_sdk_s3::Client,
        sink: Arc<dyn ReceiptSink>,
        clock: Arc<LocalClock>,
        settings: ReceiverSettings,
    ) -> Self {
        Self { identities, verdicts, s3, sink, clock, settings }
    }

    /// Whether mail to `recipient` is taken: any local part of a verified domain.
    pub async fn accepts(&self, recipient: &str) -> Result<bool, StateError> {
        match bare_address(recipient) {
            Some(address) => self.identities.receives(&domain_of(address)).await,
            None => Ok(false),
        }
    }

    /// Stores the mail and records the invocation. Doing it again for the same message id changes nothing.
    pub async fn receive(&self, incoming: Incoming) -> Result<(), ReceiveError> {
        let started_ms = self.clock.now_ms();
        let headers = Headers::parse(&incoming.raw);
        let findings = self.verdicts.of(&incoming.envelope_from, &headers).await?;
        let header_from = headers.addresses("From").first().and_then(|from| bare_address(from)).map(domain_of);
        let author_domain = header_from.unwrap_or_default();
        let mut raw = self.added_headers(&incoming, &author_domain, findings, started_ms).into_bytes();
        raw.extend_from_slice(&incoming.raw);
        let event = event::receipt(
            &event::Receipt {
                incoming: &incoming,
                headers: &Headers::parse(&raw),
                findings: &findings,
                received_ms: started_ms,
                processing_ms: self.clock.now_ms() - started_ms,
            },
            &self.settings,
        );
        self.s3
            .put_object()
            .bucket(&self.settings.bucket)
            .key(format!("{}{}", self.settings.key_prefix, incoming.message_id))
            .body(ByteStream::from(raw))
            .send()
            .await
            .map_err(|error| ReceiveError::Store(Box::new(error)))?;
        self.sink.accept(event).await.map_err(ReceiveError::Invoke)?;
        tracing::info!(message_id = incoming.message_id, recipients = incoming.recipients.len(), "mail received");
        Ok(())
    }

    /// `author_domain`: that of the From header, which DKIM and DMARC are about; SPF is about the envelope.
    fn added_headers(&self, incoming: &Incoming, author_domain: &str, found: Findings, now_ms: i64) -> String {
        let from = one_line(&incoming.envelope_from);
        let helo = one_line(&incoming.helo);
        // Of a null sender, the name the client gave is checked (RFC 7208 §2.4).
        let checked_domain = if from.is_empty() { helo.clone() } else { domain_of(&from) };
        let author_domain = one_line(author_domain);
        let peer = incoming.peer;
        let spf = found.spf.as_result();
        let checked =
            format!("(spfCheck: domain of {checked_domain}) client-ip={peer}; envelope-from={from}; helo={helo};");
        let mut headers = format!("Return-Path: <{from}>\r\n");
        // Writing to a String cannot fail.
        let _ = write!(
            headers,
            "Received: from {helo} ({helo} [{peer}])\r\n by inbound-smtp.{}.amazonaws.com with SMTP id {}",
            self.settings.region, incoming.message_id
        );
        // As SES does, a recipient is named only when it is the only one.
        if let [only] = incoming.recipients.as_slice() {
            let _ = write!(headers, "\r\n for {}", one_line(only));
        }
        let _ = write!(
            headers,
            ";\r\n {} (UTC)\r\nX-SES-Spam-Verdict: {}\r\nX-SES-Virus-Verdict: {}\r\nReceived-SPF: {spf} {checked}\r\n\
             Authentication-Results: amazonses.com;\r\n spf={spf} {checked}\r\n dkim={} header.i=@{author_domain};\r\n \
             dmarc={} header.from={author_domain};\r\n",
            timestamps::rfc5322(now_ms),
            found.spam.as_str(),
            found.virus.as_str(),
            found.dkim.as_result(),
            found.dmarc.as_result(),
        );
        headers
    }
}

/// Text of a client's that goes into a header: no control characters.
fn one_line(text: &str) -> String {
    text.chars().filter(|character| !character.is_control()).collect()
}

/// An id as SES gives to received mail: 40 characters of `0-9a-v`.
pub(super) fn new_message_id() -> String {
    message_id_from(&crate::ses::random::<32>())
}

/// The id of a received message that is the same each time `seed` is received.
pub(crate) fn message_id_from(seed: &[u8]) -> String {
    const DIGITS: &[u8; 32] = b"0123456789abcdefghijklmnopqrstuv";
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA384, seed);
    digest.as_ref().iter().take(40).map(|byte| char::from(DIGITS[usize::from(byte & 31)])).collect()
}
