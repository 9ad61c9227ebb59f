//! One SMTP conversation (RFC 5321 with PIPELINING, SIZE, 8BITMIME, ENHANCEDSTATUSCODES).

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use smtp_proto::request::receiver::{DataReceiver, DummyDataReceiver, RequestReceiver};
use smtp_proto::{Error as ProtocolError, Request};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::MAX_MESSAGE_BYTES;
use super::incoming::Incoming;
use super::receive::{Receiver, new_message_id};

const READ_BUFFER_BYTES: usize = 64 * 1024;
/// Recipients SES takes per message.
const MAX_RECIPIENTS: usize = 500;
/// A client that only makes mistakes is hung up on.
const MAX_ERRORS: u32 = 50;

/// Tells a client beyond the connection limit to come back.
pub(super) async fn turn_away(mut stream: TcpStream) -> io::Result<()> {
    stream.write_all(b"421 4.3.2 Too many connections, try again later\r\n").await?;
    stream.shutdown().await
}

/// Holds the conversation until QUIT, end of stream or silence.
pub(super) async fn run(stream: TcpStream, peer: SocketAddr, receiver: &Receiver, idle: Duration) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut session = Session { receiver, peer, helo: None, envelope: None, replies: Vec::new(), errors: 0 };
    session.converse(stream, idle).await
}

/// What MAIL and RCPT have set so far.
struct Envelope {
    from: String,
    recipients: Vec<String>,
}

enum Phase {
    Commands,
    Data {
        receiver: DataReceiver,
        message: Vec<u8>,
    },
    /// The message is over the limit: read to its end and forget it.
    Discard(DummyDataReceiver),
    Closing,
}

struct Session<'a> {
    receiver: &'a Receiver,
    peer: SocketAddr,
    helo: Option<String>,
    envelope: Option<Envelope>,
    replies: Vec<u8>,
    errors: u32,
}

impl Session<'_> {
    async fn converse(&mut self, mut stream: TcpStream, idle: Duration) -> io::Result<()> {
        self.reply("220 inbound-smtp.local ESMTP actionlayer");
        let mut commands = RequestReceiver::default();
        let mut phase = Phase::Commands;
        let mut buffer = vec![0; READ_BUFFER_BYTES];
        loop {
            stream.write_all(&self.replies).await?;
            self.replies.clear();
            if matches!(phase, Phase::Closing) {
                return stream.shutdown().await;
            }
            let Ok(read) = tokio::time::timeout(idle, stream.read(&mut buffer)).await else {
                self.reply("421 4.4.2 Timeout waiting for data from client");
                phase = Phase::Closing;
                continue;
            };
            let length = read?;
            if length == 0 {
                return Ok(());
            }
            let mut bytes = buffer[..length].iter();
            while !bytes.as_slice().is_empty() && !matches!(phase, Phase::Closing) {
                phase = match phase {
                    Phase::Commands => match commands.ingest(&mut bytes).map(Request::into_owned) {
                        Ok(request) => self.command(request).await,
                        Err(ProtocolError::NeedsMoreData { .. }) => break,
                        Err(error) => self.refuse(&error),
                    },
                    Phase::Data { mut receiver, mut message } => {
                        if receiver.ingest(&mut bytes, &mut message) {
                            self.accept(message).await;
                            Phase::Commands
                        } else if message.len() > MAX_MESSAGE_BYTES {
                            Phase::Discard(DummyDataReceiver::new_data(&receiver))
                        } else {
                            Phase::Data { receiver, message }
                        }
                    }
                    Phase::Discard(mut receiver) => {
                        if receiver.ingest(&mut bytes) {
                            self.envelope = None;
                            self.reply("552 5.3.4 Message size exceeds fixed limit");
                            Phase::Commands
                        } else {
                            Phase::Discard(receiver)
                        }
                    }
                    Phase::Closing => Phase::Closing,
                };
            }
        }
    }

    fn reply(&mut self, line: &str) {
        self.replies.extend_from_slice(line.as_bytes());
        self.replies.extend_from_slice(b"\r\n");
    }

    async fn command(&mut self, request: Request<String>) -> Phase {
        match request {
            Request::Ehlo { host } => {
                self.greet(host);
                self.reply("250-inbound-smtp.local");
                self.reply("250-8BITMIME");
                self.reply(&format!("250-SIZE {MAX_MESSAGE_BYTES}"));
                self.reply("250-PIPELINING");
                self.reply("250 ENHANCEDSTATUSCODES");
            }
            Request::Helo { host } => {
                self.greet(host);
                self.reply("250 inbound-smtp.local");
            }
            Request::Mail { from } => self.mail(from.address, from.size),
            Request::Rcpt { to } => self.rcpt(to.address).await,
            Request::Data => return self.data(),
            Request::Rset => {
                self.envelope = None;
                self.reply("250 2.0.0 OK");
            }
            Request::Noop { .. } => self.reply("250 2.0.0 OK"),
            Request::Vrfy { .. } => self.reply("252 2.5.0 Cannot verify, send the message to find out"),
            Request::Help { .. } => self.reply("214 2.0.0 EHLO MAIL RCPT DATA RSET NOOP QUIT"),
            Request::Quit => {
                self.reply("221 2.0.0 Bye");
                return Phase::Closing;
            }
            // What follows BDAT and BURL is message data: reading it as commands would obey the message.
            Request::Bdat { .. } | Request::Burl { .. } => {
                self.reply("502 5.5.1 Not supported");
                return Phase::Closing;
            }
            other => return self.mistake(&format!("502 5.5.1 {} is not supported", other.name())),
        }
        Phase::Commands
    }

    fn greet(&mut self, host: String) {
        self.helo = Some(host);
        self.envelope = None;
    }

    fn mail(&mut self, from: String, size_bytes: usize) {
        if self.helo.is_none() {
            self.reply("503 5.5.1 EHLO first");
        } else if self.envelope.is_some() {
            self.reply("503 5.5.1 Sender already given");
        } else if size_bytes > MAX_MESSAGE_BYTES {
            self.reply("552 5.3.4 Message size exceeds fixed limit");
        } else {
            self.envelope = Some(Envelope { from, recipients: Vec::new() });
            self.reply("250 2.1.0 OK");
        }
    }

    async fn rcpt(&mut self, to: String) {
        let Some(envelope) = &mut self.envelope else {
            self.reply("503 5.5.1 MAIL first");
            return;
        };
        if envelope.recipients.len() >= MAX_RECIPIENTS {
            self.reply("452 4.5.3 Too many recipients");
            return;
        }
        match self.receiver.accepts(&to).await {
            Ok(true) => {
                if !envelope.recipients.contains(&to) {
                    envelope.recipients.push(to);
                }
                self.reply("250 2.1.5 OK");
            }
            Ok(false) => self.reply("550 5.1.1 Requested action not taken: mailbox unavailable"),
            Err(error) => {
                tracing::error!(%error, "SMTP recipient could not be checked");
                self.reply("451 4.3.0 Temporary local failure");
            }
        }
    }

    fn data(&mut self) -> Phase {
        match &self.envelope {
            None => self.reply("503 5.5.1 MAIL first"),
            Some(envelope) if envelope.recipients.is_empty() => self.reply("554 5.5.1 No valid recipients"),
            Some(_) => {
                self.reply("354 End data with <CR><LF>.<CR><LF>");
                let mut receiver = DataReceiver::new();
                // The line end of DATA itself counts: a message may be empty or begin with a stuffed dot.
                receiver.ingest(&mut b"\r\n".iter(), &mut Vec::new());
                return Phase::Data { receiver, message: Vec::new() };
            }
        }
        Phase::Commands
    }

    async fn accept(&mut self, message: Vec<u8>) {
        let Some(envelope) = self.envelope.take() else { return };
        if message.len() > MAX_MESSAGE_BYTES {
            self.reply("552 5.3.4 Message size exceeds fixed limit");
            return;
        }
        let id = new_message_id();
        let incoming = Incoming {
            message_id: id.clone(),
            envelope_from: envelope.from,
            recipients: envelope.recipients,
            helo: self.helo.clone().unwrap_or_default(),
            peer: self.peer.ip(),
            raw: message,
        };
        match self.receiver.receive(incoming).await {
            Ok(()) => self.reply(&format!("250 OK {id}")),
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "received mail could not be stored");
                self.reply("451 4.3.0 Temporary local failure");
            }
        }
    }

    /// Answers what is no valid command.
    fn refuse(&mut self, error: &ProtocolError) -> Phase {
        match error {
            ProtocolError::UnknownCommand | ProtocolError::InvalidResponse { .. } => {
                self.mistake("500 5.5.1 Unknown command")
            }
            ProtocolError::InvalidSenderAddress => self.mistake("553 5.1.7 Bad sender address"),
            ProtocolError::InvalidRecipientAddress => self.mistake("553 5.1.3 Bad recipient address"),
            ProtocolError::SyntaxError { syntax } => self.mistake(&format!("501 5.5.4 Syntax: {syntax}")),
            ProtocolError::InvalidParameter { param } => self.mistake(&format!("501 5.5.4 Invalid parameter {param}")),
            ProtocolError::UnsupportedParameter { param } => {
                self.mistake(&format!("555 5.5.4 Unsupported parameter {param}"))
            }
            // The rest of an overlong line would be read as commands.
            ProtocolError::ResponseTooLong => {
                self.reply("500 5.5.2 Line too long");
                Phase::Closing
            }
            ProtocolError::NeedsMoreData { .. } => Phase::Commands,
        }
    }

    fn mistake(&mut self, line: &str) -> Phase {
        self.errors += 1;
        if self.errors > MAX_ERRORS {
            self.reply("421 4.7.0 Too many errors");
            return Phase::Closing;
        }
        self.reply(line);
        Phase::Commands
    }
}
