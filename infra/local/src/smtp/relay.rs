//! A plain SMTP client: hands mail to the host given as `--relay smtp://host:port`.

use std::str::FromStr;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

const TIMEOUT: Duration = Duration::from_mins(1);
const MAX_REPLY_LINES: usize = 100;
const DEFAULT_PORT: u16 = 25;

/// An SMTP host that takes mail for the world.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relay {
    host: String,
    port: u16,
}

/// The text is no `smtp://host[:port]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a relay is given as smtp://host or smtp://host:port")]
pub struct RelayAddressError;

impl FromStr for Relay {
    type Err = RelayAddressError;

    fn from_str(text: &str) -> Result<Self, RelayAddressError> {
        let rest = text.strip_prefix("smtp://").ok_or(RelayAddressError)?;
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let authority: axum::http::uri::Authority = rest.parse().map_err(|_| RelayAddressError)?;
        if rest.contains('@') || authority.host().is_empty() || rest.ends_with(':') {
            return Err(RelayAddressError);
        }
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
        Ok(Self { host, port: authority.port_u16().unwrap_or(DEFAULT_PORT) })
    }
}

/// What became of each recipient.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct RelayOutcome {
    pub(crate) delivered: Vec<String>,
    /// Refused for good, with the host's words.
    pub(crate) refused: Vec<(String, String)>,
    /// To be tried again.
    pub(crate) deferred: Vec<String>,
}

impl RelayOutcome {
    pub(crate) fn all_delivered(recipients: &[String]) -> Self {
        Self { delivered: recipients.to_vec(), ..Self::default() }
    }

    pub(crate) fn all_deferred(recipients: &[String]) -> Self {
        Self { deferred: recipients.to_vec(), ..Self::default() }
    }
}

/// Why a conversation ended early.
#[derive(Debug, thiserror::Error)]
enum RelayError {
    #[error(transparent)]
    Io(#[from] std::io::Error),
    #[error("the relay took too long")]
    Timeout(#[from] tokio::time::error::Elapsed),
    #[error("the relay does not speak SMTP")]
    Protocol,
    #[error("the relay refused: {0}")]
    Refused(String),
}

/// One reply: its code and its last line.
struct Reply {
    code: u16,
    text: String,
}

impl Reply {
    fn is_positive(&self) -> bool {
        (200..400).contains(&self.code)
    }
}

impl Relay {
    /// Hands over one mail. Never fails: what is not known to be taken or refused is deferred.
    pub(crate) async fn send(&self, from: &str, recipients: &[String], raw: &[u8]) -> RelayOutcome {
        match self.converse(from, recipients, raw).await {
            Ok(outcome) => outcome,
            Err(error) => {
                tracing::warn!(%error, relay = self.host, "the relay did not take a mail, it will be retried");
                RelayOutcome::all_deferred(recipients)
            }
        }
    }

    async fn converse(&self, from: &str, recipients: &[String], raw: &[u8]) -> Result<RelayOutcome, RelayError> {
        let stream = tokio::time::timeout(TIMEOUT, TcpStream::connect((self.host.as_str(), self.port))).await??;
        stream.set_nodelay(true)?;
        let mut connection = Connection { stream: BufReader::new(stream) };
        connection.reply().await?.positive()?;
        connection.command("EHLO actionlayer.local").await?.positive()?;
        let mut outcome = RelayOutcome::default();
        let sender = connection.command(&format!("MAIL FROM:<{from}>")).await?;
        if (500..600).contains(&sender.code) {
            outcome.refused = recipients.iter().map(|to| (to.clone(), format!("smtp; {}", sender.text))).collect();
            return Ok(outcome);
        }
        sender.positive()?;
        let mut taken = Vec::new();
        for recipient in recipients {
            let reply = connection.command(&format!("RCPT TO:<{recipient}>")).await?;
            match reply.code {
                200..300 => taken.push(recipient.clone()),
                500..600 => outcome.refused.push((recipient.clone(), format!("smtp; {}", reply.text))),
                _ => outcome.deferred.push(recipient.clone()),
            }
        }
        if taken.is_empty() {
            return Ok(outcome);
        }
        connection.command("DATA").await?.positive()?;
        let reply = connection.write(&stuffed(raw)).await?;
        match reply.code {
            200..300 => outcome.delivered = taken,
            500..600 => {
                outcome.refused.extend(taken.into_iter().map(|to| (to, format!("smtp; {}", reply.text))));
            }
            _ => outcome.deferred.extend(taken),
        }
        // The mail is settled; whether the host says goodbye does not matter.
        let _ = connection.command("QUIT").await;
        Ok(outcome)
    }
}

impl Reply {
    fn positive(self) -> Result<(), RelayError> {
        if self.is_positive() { Ok(()) } else { Err(RelayError::Refused(self.text)) }
    }
}

struct Connection {
    stream: BufReader<TcpStream>,
}

impl Connection {
    async fn command(&mut self, line: &str) -> Result<Reply, RelayError> {
        self.write(format!("{line}\r\n").as_bytes()).await
    }

    async fn write(&mut self, bytes: &[u8]) -> Result<Reply, RelayError> {
        tokio::time::timeout(TIMEOUT, self.stream.write_all(bytes)).await??;
        self.reply().await
    }

    async fn reply(&mut self) -> Result<Reply, RelayError> {
        for _ in 0..MAX_REPLY_LINES {
            let mut line = Vec::new();
            tokio::time::timeout(TIMEOUT, self.stream.read_until(b'\n', &mut line)).await??;
            let text = String::from_utf8_lossy(&line).trim_end().to_owned();
            let code = text.get(..3).and_then(|code| code.parse().ok()).ok_or(RelayError::Protocol)?;
            if text.as_bytes().get(3) != Some(&b'-') {
                return Ok(Reply { code, text });
            }
        }
        Err(RelayError::Protocol)
    }
}

/// The message as DATA carries it: lines ended by CR LF, leading dots doubled, the final dot.
fn stuffed(raw: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(raw.len() + raw.len() / 32 + 8);
    for line in raw.split_inclusive(|byte| *byte == b'\n') {
        if line.starts_with(b".") {
            out.push(b'.');
        }
        match line.strip_suffix(b"\n") {
            Some(line) => out.extend_from_slice(line.strip_suffix(b"\r").unwrap_or(line)),
            None => out.extend_from_slice(line),
        }
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b".\r\n");
    out
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn relay_addresses() {
        let relay = |host: &str, port| Ok(Relay { host: host.to_owned(), port });
        assert_eq!("smtp://mail.example:2525".parse::<Relay>(), relay("mail.example", 2525));
        assert_eq!("smtp://mail.example".parse::<Relay>(), relay("mail.example", 25));
        assert_eq!("smtp://[::1]:26/".parse::<Relay>(), relay("::1", 26));
        for bad in ["mail.example", "smtp://", "smtp://a b", "smtp://h:", "smtp://u:p@h", "smtp://h/path", "smtps://h"]
        {
            assert_eq!(bad.parse::<Relay>(), Err(RelayAddressError), "{bad}");
        }
    }

    #[test]
    fn data_is_stuffed_and_ended() {
        assert_eq!(stuffed(b".a\n..\r\n\xff"), b"..a\r\n...\r\n\xff\r\n.\r\n");
        assert_eq!(stuffed(b""), b".\r\n");
    }
}
