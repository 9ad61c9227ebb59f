//! Mail from outside: an SMTP client (RFC 5321), as small as it can be.

use std::net::SocketAddr;

use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::TcpStream,
};

/// What the server said no to, in its own words: `550 5.1.1 …`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal(pub String);

/// A conversation with an SMTP server.
#[derive(Debug)]
pub struct Conversation {
    stream: BufReader<TcpStream>,
}

impl Conversation {
    /// Connects and says hello.
    pub async fn open(server: SocketAddr) -> Self {
        Self::try_open(server).await.expect("the SMTP server takes connections")
    }

    /// The same with a server that may be gone.
    pub async fn try_open(server: SocketAddr) -> Result<Self, Refusal> {
        let gone = |error: std::io::Error| Refusal(error.to_string());
        let stream = TcpStream::connect(server).await.map_err(gone)?;
        stream.set_nodelay(true).map_err(gone)?;
        let mut conversation = Self { stream: BufReader::new(stream) };
        conversation.reply().await?;
        conversation.command("EHLO mail.customer.test").await?;
        Ok(conversation)
    }

    /// Says one line and hears the answer.
    pub async fn command(&mut self, line: &str) -> Result<String, Refusal> {
        let sent = self.stream.get_mut().write_all(format!("{line}\r\n").as_bytes()).await;
        sent.map_err(|error| Refusal(error.to_string()))?;
        self.reply().await
    }

    /// Sends one mail to these recipients. `raw` is sent as it is but for the dots that SMTP needs.
    pub async fn mail(&mut self, from: &str, to: &[&str], raw: &[u8]) -> Result<String, Refusal> {
        self.command(&format!("MAIL FROM:<{from}>")).await?;
        for recipient in to {
            self.command(&format!("RCPT TO:<{recipient}>")).await?;
        }
        self.command("DATA").await?;
        let mut data = Vec::with_capacity(raw.len() + 64);
        for line in raw.split_inclusive(|byte| *byte == b'\n') {
            if line.starts_with(b".") {
                data.push(b'.');
            }
            data.extend_from_slice(line);
        }
        if !data.ends_with(b"\r\n") {
            data.extend_from_slice(b"\r\n");
        }
        data.extend_from_slice(b".\r\n");
        let sent = self.stream.get_mut().write_all(&data).await;
        sent.map_err(|error| Refusal(error.to_string()))?;
        self.reply().await
    }

    async fn reply(&mut self) -> Result<String, Refusal> {
        loop {
            let mut line = String::new();
            let read = self.stream.read_line(&mut line).await.map_err(|error| Refusal(error.to_string()))?;
            if read == 0 {
                return Err(Refusal("the connection was closed".to_owned()));
            }
            let line = line.trim_end().to_owned();
            if line.as_bytes().get(3) == Some(&b'-') {
                continue;
            }
            return if line.starts_with(['2', '3']) { Ok(line) } else { Err(Refusal(line)) };
        }
    }
}

/// Sends one mail over a connection of its own.
pub async fn send(server: SocketAddr, from: &str, to: &[&str], raw: &[u8]) -> Result<String, Refusal> {
    Conversation::open(server).await.mail(from, to, raw).await
}
